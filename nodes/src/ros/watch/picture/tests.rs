//! Every form is encoded, and what comes encoded is known for what it is.

use r2r::sensor_msgs::msg::Image;

use super::*;

#[test]
fn every_form_is_encoded() {
    for (encoding, bytes) in [("rgb8", 3), ("bgr8", 3), ("mono8", 1), ("16UC1", 2), ("32FC1", 4)] {
        let picture = Picture::of(Image {
            encoding: encoding.to_owned(),
            width: 5,
            height: 3,
            step: 5 * bytes,
            data: vec![7; 15 * bytes as usize],
            ..Default::default()
        })
        .unwrap();
        assert!(encoded(&picture).is_ok(), "{encoding}");
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
