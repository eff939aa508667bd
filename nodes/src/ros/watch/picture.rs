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
    if let Some(depths_mm) = picture.depths_mm() {
        let bytes: Vec<u8> = depths_mm.into_iter().flat_map(u16::to_ne_bytes).collect();
        PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Up)
            .write_image(&bytes, width, height, image::ExtendedColorType::L16)
            .map_err(|e| e.to_string())?;
        return Ok(Box::new(EncodedDepthImage::new(out).with_media_type(MediaType::PNG).with_meter(UNITS_PER_M)));
    }
    let (pixels, color) = match picture.grey() {
        Some(grey) => (grey, image::ExtendedColorType::L8),
        None => (picture.rgb().ok_or("neither depths nor colours")?, image::ExtendedColorType::Rgb8),
    };
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    encoder.write_image(&pixels, width, height, color).map_err(|e| e.to_string())?;
    Ok(Box::new(EncodedImage::new(out).with_media_type(MediaType::JPEG)))
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
