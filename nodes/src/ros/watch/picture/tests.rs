//! Pictures of every encoding, and those that are none.

use super::*;

fn image(encoding: &str, width: u32, height: u32, step: u32, data: Vec<u8>) -> Image {
    Image { encoding: encoding.to_owned(), width, height, step, data, ..Default::default() }
}

#[test]
fn sizes_that_do_not_fit_and_unknown_encodings_are_refused_with_the_reason() {
    let why = |message| Picture::of(message).unwrap_err();
    assert!(why(image("yuv422", 2, 2, 4, vec![0; 8])).contains("yuv422"));
    assert!(why(image("", 2, 2, 4, vec![0; 8])).contains("encoding"));
    assert!(why(image("rgb8", 0, 2, 0, vec![])).contains("0 x 2"));
    assert!(why(image("rgb8", 2, 2, 5, vec![0; 12])).contains("step is 5"));
    assert!(why(image("rgb8", 2, 2, 6, vec![0; 11])).contains("11 came"));
    assert!(why(image("mono8", u32::MAX, u32::MAX, u32::MAX, vec![0; 9])).contains("pixels"));
    assert!(why(image("mono8", 60_000, 60_000, u32::MAX, vec![])).contains("pixels"));
    assert!(why(image("mono8", 4, 60_000, u32::MAX, vec![])).contains("came"));
}

#[test]
fn padding_is_left_out_and_the_last_row_may_lack_it() {
    let data = vec![1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12];
    let picture = Picture::of(image("rgb8", 2, 2, 8, data.clone())).unwrap();
    assert_eq!(picture.rgb(false, 3), (1..=12).collect::<Vec<u8>>());
    let picture = Picture::of(image("bgr8", 2, 2, 8, data)).unwrap();
    assert_eq!(picture.rgb(true, 3)[..6], [3, 2, 1, 6, 5, 4]);
    let picture = Picture::of(image("bgra8", 1, 1, 4, vec![1, 2, 3, 255])).unwrap();
    assert_eq!(picture.rgb(true, 4), [3, 2, 1]);
}

#[test]
fn depths_are_millimetres_in_either_byte_order_and_no_number_is_no_depth() {
    let picture = Picture::of(image("16UC1", 2, 1, 4, vec![0x01, 0x02, 0xff, 0xff])).unwrap();
    assert_eq!(picture.depths_mm(), [0x0201, 0xffff]);
    let big = Image { is_bigendian: 1, ..image("16UC1", 1, 1, 2, vec![0x01, 0x02]) };
    assert_eq!(Picture::of(big).unwrap().depths_mm(), [0x0102]);
    let metres = [1.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 100.0];
    let data: Vec<u8> = metres.iter().flat_map(|m| m.to_le_bytes()).collect();
    let picture = Picture::of(image("32FC1", 6, 1, 24, data)).unwrap();
    assert_eq!(picture.depths_mm(), [1500, 0, 65_535, 0, 0, 65_535]);
}

#[test]
fn every_form_is_encoded() {
    for (encoding, bytes) in [("rgb8", 3), ("bgr8", 3), ("mono8", 1), ("16UC1", 2), ("32FC1", 4)] {
        let picture = Picture::of(image(encoding, 5, 3, 5 * bytes, vec![7; 15 * bytes as usize])).unwrap();
        assert!(picture.encoded().is_ok(), "{encoding}");
    }
}

#[test]
fn what_comes_encoded_is_known_by_its_first_bytes() {
    let message = |format: &str, data: &[u8]| CompressedImage {
        format: format.to_owned(),
        data: data.to_vec(),
        ..Default::default()
    };
    assert!(matches!(compressed(message("png", &JPEG)), Ok(What::Encoded(_))), "it says png and is JPEG");
    assert!(matches!(compressed(message("", &PNG)), Ok(What::Encoded(_))));
    assert!(compressed(message("jpeg", b"")).is_err());
    assert!(compressed(message("h264", b"\0\0\0\x01")).is_err());
    let depth = [&[0; DEPTH_HEADER][..], &PNG].concat();
    assert!(matches!(compressed(message("16UC1; compressedDepth png", &depth)), Ok(What::EncodedDepth(_))));
    assert!(compressed(message("16UC1; compressedDepth png", b"short")).is_err());
    assert!(compressed(message("32FC1; compressedDepth png", &depth)).is_err());
}
