//! Pictures for rerun: colours are kept as JPEG, depths as PNG of 16 bits in millimetres.

use image::ImageEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use r2r::sensor_msgs::msg::CompressedImage;
use rerun::components::MediaType;
use rerun::{AsComponents, EncodedDepthImage, EncodedImage};

use super::painter::What;
use crate::ros::picture::Picture;

/// Quality of colour pictures, 1 to 100.
const QUALITY: u8 = 80;
/// Depths are written in millimetres.
const UNITS_PER_M: f32 = 1000.0;
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];
/// What stands before a compressed depth picture's PNG: the settings of ROS's compressed_depth_image_transport.
const DEPTH_HEADER: usize = 12;

/// As rerun takes it.
///
/// # Errors
/// What the encoder says.
pub fn encoded(picture: &Picture) -> Result<Box<dyn AsComponents>, String> {
    let (width, height) = picture.size_px();
    let (width, height) = (width as u32, height as u32);
    let mut out = Vec::new();
    if let Some(rgb) = picture.rgb() {
        JpegEncoder::new_with_quality(&mut out, QUALITY)
            .write_image(&rgb, width, height, image::ExtendedColorType::Rgb8)
            .map_err(|e| e.to_string())?;
        return Ok(Box::new(EncodedImage::new(out).with_media_type(MediaType::JPEG)));
    }
    let bytes: Vec<u8> = picture.depths_mm().into_iter().flat_map(u16::to_ne_bytes).collect();
    PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Up)
        .write_image(&bytes, width, height, image::ExtendedColorType::L16)
        .map_err(|e| e.to_string())?;
    let depths = EncodedDepthImage::new(out).with_media_type(MediaType::PNG).with_meter(UNITS_PER_M);
    Ok(Box::new(depths))
}

/// A picture that comes encoded. What it is, its first bytes tell; its `format` only whether it is a depth.
///
/// # Errors
/// For people: neither PNG nor JPEG, or a depth of another kind than 16 bits.
pub fn compressed(message: CompressedImage) -> Result<What, String> {
    let CompressedImage { format, mut data, .. } = message;
    let short: String = format.chars().take(60).collect();
    if format.contains("compressedDepth") {
        if !format.starts_with("16UC1") || !data.get(DEPTH_HEADER..).is_some_and(|png| png.starts_with(&PNG)) {
            return Err(format!("format `{short}`: depths of 16UC1 as PNG are shown"));
        }
        data.drain(..DEPTH_HEADER);
        let depths = EncodedDepthImage::new(data).with_media_type(MediaType::PNG).with_meter(UNITS_PER_M);
        return Ok(What::EncodedDepth(depths));
    }
    let media = if data.starts_with(&PNG) {
        MediaType::PNG
    } else if data.starts_with(&JPEG) {
        MediaType::JPEG
    } else {
        return Err(format!("format `{short}`: its bytes are neither PNG nor JPEG"));
    };
    let depth = media == MediaType::PNG && format.starts_with("16UC1");
    Ok(match depth {
        true => What::EncodedDepth(EncodedDepthImage::new(data).with_media_type(media).with_meter(UNITS_PER_M)),
        false => What::Encoded(EncodedImage::new(data).with_media_type(media)),
    })
}

#[cfg(test)]
mod tests;
