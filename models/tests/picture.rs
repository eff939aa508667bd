//! Pictures read and prepared as Pillow and DeepSeek do it, to the bit. `tests/parity/gen_preproc.py` made the fixtures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::{Path, PathBuf};

use ponder_models::picture::{Picture, Prepare, decode, read, resize, write_png};
use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/picture")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same sums as in the script.
fn pattern(width: usize, height: usize) -> Picture {
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height as u32 {
        for x in 0..width as u32 {
            for c in 0..3 {
                let mixed = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)).wrapping_add(c * 97);
                let noise = (mixed.wrapping_mul(2_246_822_519) >> 24) & 31;
                let ramp = ((x * 3 + y * 5 + c * 80) / 7) & 127;
                let board = ((x / 23 + y / 17) & 1) * 96;
                rgb.push((noise + ramp + board) as u8);
            }
        }
    }
    Picture { width_px: width, height_px: height, rgb }
}

fn pair(value: &serde_json::Value) -> (usize, usize) {
    (value[0].as_u64().unwrap() as usize, value[1].as_u64().unwrap() as usize)
}

fn prepared() -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder().join("prepared.json")).unwrap()).unwrap()
}

#[test]
fn what_the_eye_is_shown_is_equal_to_the_bit() {
    let cases = prepared()["prepared"].as_array().unwrap().clone();
    assert!(cases.len() >= 10);
    for case in &cases {
        let (width, height) = pair(&case["size"]);
        let picture = pattern(width, height);
        assert_eq!(Prepare::JANUS.fitted(width, height), pair(&case["fitted"]), "{width} × {height}");
        let square = Prepare::JANUS.square(&picture).unwrap();
        assert_eq!((square.width_px, square.height_px), (384, 384));
        for (row, want) in case["rows"].as_object().unwrap() {
            let row: usize = row.parse().unwrap();
            let got = &sha256(&square.rgb[row * 384 * 3..][..384 * 3])[..8];
            assert_eq!(got, want, "{width} × {height}: row {row}");
        }
        assert_eq!(sha256(&square.rgb), case["square"], "{width} × {height}");
        let values = Prepare::JANUS.values(&picture).unwrap();
        assert!(values.len() == 3 * 384 * 384 && values.iter().all(|v| (-1.0..=1.0).contains(v)));
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(sha256(&bytes), case["values"], "{width} × {height}");
    }
    assert_eq!(Prepare::JANUS.fitted(1280, 719), (384, 215), "cut, not rounded");
}

#[test]
fn resampling_is_equal_to_the_bit() {
    for case in prepared()["resized"].as_array().unwrap() {
        let ((width, height), (to_width, to_height)) = (pair(&case["size"]), pair(&case["to"]));
        let got = resize(&pattern(width, height), to_width, to_height).unwrap();
        assert_eq!(sha256(&got.rgb), case["pixels"], "{width} × {height} to {to_width} × {to_height}");
    }
}

/// What differs most between two pictures, and by how much on average.
fn difference(got: &Picture, want: &Picture, name: &str) -> (u8, f64) {
    assert_eq!((got.width_px, got.height_px), (want.width_px, want.height_px), "{name}");
    let each = got.rgb.iter().zip(&want.rgb).map(|(a, b)| a.abs_diff(*b));
    let sum: f64 = each.clone().map(f64::from).sum();
    (each.max().unwrap(), sum / got.rgb.len() as f64)
}

#[test]
fn files_of_every_kind_are_read_as_pillow_reads_them() {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".want.png") || name.ends_with(".json") {
            continue;
        }
        let got = read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let want = read(&folder().join(format!("{name}.want.png"))).unwrap();
        let (most, mean) = difference(&got, &want, &name);
        if name.starts_with("photo") {
            // A lossy JPEG: another decoder rounds elsewhere.
            assert!(most <= 3 && mean < 0.5, "{name}: {most} at most, {mean:.3} on average");
        } else {
            assert_eq!(most, 0, "{name} is not equal to the bit");
        }
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} files");
}

#[test]
fn what_is_written_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.png");
    let picture = pattern(37, 21);
    write_png(&picture, &path).unwrap();
    assert_eq!(read(&path).unwrap(), picture);
    assert_eq!(decode(&std::fs::read(&path).unwrap()).unwrap(), picture);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
}
