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
    assert_eq!(picture.rgb().unwrap(), (1..=12).collect::<Vec<u8>>());
    let picture = Picture::of(image("bgr8", 2, 2, 8, data)).unwrap();
    assert_eq!(picture.rgb().unwrap()[..6], [3, 2, 1, 6, 5, 4]);
    let picture = Picture::of(image("bgra8", 1, 1, 4, vec![1, 2, 3, 255])).unwrap();
    assert_eq!(picture.rgb().unwrap(), [3, 2, 1]);
    let picture = Picture::of(image("mono8", 2, 1, 2, vec![7, 9])).unwrap();
    assert_eq!(picture.rgb().unwrap(), [7, 7, 7, 9, 9, 9]);
    assert!(picture.depths_m().is_none() && picture.depths_mm().is_none());
    assert_eq!(picture.grey().unwrap(), [7, 9]);
}

#[test]
fn depths_are_millimetres_in_either_byte_order_and_no_number_is_no_depth() {
    let picture = Picture::of(image("16UC1", 2, 1, 4, vec![0x01, 0x02, 0xff, 0xff])).unwrap();
    assert_eq!(picture.depths_mm().unwrap(), [0x0201, 0xffff]);
    let big = Image { is_bigendian: 1, ..image("16UC1", 1, 1, 2, vec![0x01, 0x02]) };
    assert_eq!(Picture::of(big).unwrap().depths_mm().unwrap(), [0x0102]);
    let metres = [1.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 100.0];
    let data: Vec<u8> = metres.iter().flat_map(|m| m.to_le_bytes()).collect();
    let picture = Picture::of(image("32FC1", 6, 1, 24, data)).unwrap();
    assert_eq!(picture.depths_mm().unwrap(), [1500, 0, 65_535, 0, 0, 65_535]);
    let depths_m = picture.depths_m().unwrap();
    assert_eq!((depths_m[0], depths_m[5]), (1.5, 100.0));
    assert!(depths_m[1..5].iter().all(|depth_m| depth_m.is_nan()), "{depths_m:?}");
    let raw = Picture::of(image("16UC1", 2, 1, 4, vec![0xdc, 0x05, 0, 0])).unwrap().depths_m().unwrap();
    assert!((raw[0] - 1.5).abs() < 1e-6 && raw[1].is_nan());
}
