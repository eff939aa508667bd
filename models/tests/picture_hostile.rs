//! Files that are no pictures, lie about their size or end too early: each is refused with its reason, none panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::Path;

use ponder_models::picture::{Picture, PictureError, Prepare, decode, read, resize, write_png};
use proptest::prelude::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/picture").join(name)).unwrap()
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// A PNG that says that it has this size.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = fixture("rgb.png");
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// A JPEG that says that it has this size.
fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = fixture("photo_444.jpg");
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

#[test]
fn sizes_that_lie_are_refused_before_anything_is_read() {
    for bytes in [png_of(20_000, 20_000), png_of(100_001, 1000), jpeg_of(65_000, 65_000)] {
        let error = decode(&bytes).unwrap_err();
        assert!(matches!(error, PictureError::TooLarge { .. }), "{error}");
    }
    let error = decode(&png_of(u32::MAX >> 1, 1)).unwrap_err();
    assert!(matches!(error, PictureError::TooWide), "{error}");
    // Within the bound, and the pixels are not there.
    let error = decode(&png_of(9_000, 9_000)).unwrap_err();
    assert!(matches!(error, PictureError::Truncated | PictureError::Damaged(_)), "{error}");
    for bytes in [png_of(0, 10), png_of(10, 0), jpeg_of(0, 10)] {
        let error = decode(&bytes).unwrap_err();
        assert!(matches!(error, PictureError::Empty { .. } | PictureError::Damaged(_)), "{error}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for name in ["rgb.png", "photo_444.jpg", "photo_420.jpg", "photo_progressive.jpg", "plain.bmp", "lossless.webp"] {
        let whole = fixture(name);
        assert!(decode(&whole).is_ok());
        // A PNG may lose what stands after its pixels: twelve bytes of end, four of checksum, four of the stream's own.
        let last = if name.ends_with("png") { whole.len() - 20 } else { whole.len() - 2 };
        for end in (0..last).step_by(7) {
            assert!(decode(&whole[..end]).is_err(), "{name} cut at {end} of {}", whole.len());
        }
    }
    let error = decode(&fixture("photo_444.jpg")[..900]).unwrap_err();
    assert!(matches!(error, PictureError::Truncated), "{error}");
}

#[test]
fn what_is_no_picture_is_said() {
    assert!(matches!(decode(b""), Err(PictureError::Unknown)));
    assert!(matches!(decode(b"hello, world, this is text"), Err(PictureError::Unknown)));
    assert!(matches!(decode(b"GIF89a\x01\x00\x01\x00\x00\x00\x00"), Err(PictureError::Unsupported(_))));
    let missing = read(Path::new("nowhere/there.png")).unwrap_err();
    assert!(missing.to_string().contains("nowhere/there.png"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(folder.path()), Err(PictureError::File { .. })));
}

#[test]
fn pixels_that_do_not_fit_are_refused() {
    let wrong = Picture { width_px: 3, height_px: 3, rgb: vec![0; 26] };
    assert!(matches!(resize(&wrong, 5, 5), Err(PictureError::Bytes { got: 26, want: 27, .. })));
    assert!(matches!(Prepare::JANUS.values(&wrong), Err(PictureError::Bytes { .. })));
    assert!(write_png(&wrong, Path::new("x.png")).is_err());
    let none = Picture { width_px: 0, height_px: 3, rgb: Vec::new() };
    assert!(matches!(Prepare::JANUS.values(&none), Err(PictureError::Empty { .. })));
    let one = Picture { width_px: 1, height_px: 1, rgb: vec![9; 3] };
    assert!(matches!(resize(&one, 0, 1), Err(PictureError::Empty { .. })));
    assert!(matches!(resize(&one, 20_000, 20_000), Err(PictureError::TooLarge { .. })));
    assert!(matches!(write_png(&one, Path::new("no/such/folder/x.png")), Err(PictureError::Write { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Bytes turned at random never panic.
    #[test]
    fn damage_never_panics(which in 0_usize..8, at in any::<prop::sample::Index>(), to in any::<u8>(), more in any::<prop::sample::Index>()) {
        let names = ["rgb.png", "rgba_16_bit.png", "palette.png", "photo_420.jpg", "photo_progressive.jpg", "cmyk.jpg", "plain.bmp", "lossless.webp"];
        let mut bytes = fixture(names[which]);
        let (at, more) = (at.index(bytes.len()), more.index(bytes.len()));
        bytes[at] = to;
        bytes[more] ^= to;
        if let Ok(picture) = decode(&bytes) {
            prop_assert_eq!(picture.rgb.len(), picture.width_px * picture.height_px * 3);
        }
    }
}
