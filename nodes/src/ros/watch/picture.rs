//! Pictures: what a message says of itself is checked before a pixel is read, so that nothing it says can go wrong
//! later. Colours are kept as JPEG, depths as PNG of 16 bits in millimetres.

use image::ImageEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use r2r::sensor_msgs::msg::{CompressedImage, Image};
use rerun::components::MediaType;
use rerun::{AsComponents, EncodedDepthImage, EncodedImage};

use super::painter::What;

/// Quality of colour pictures, 1 to 100.
const QUALITY: u8 = 80;
/// Depths are written in millimetres.
const UNITS_PER_M: f32 = 1000.0;
/// Widest and highest that a JPEG takes.
const MOST: usize = 65_535;
/// Most pixels.
const MOST_PIXELS: usize = 1 << 26;

const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];
/// What stands before a compressed depth picture's PNG: the settings of ROS's compressed_depth_image_transport.
const DEPTH_HEADER: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Rgb { swapped: bool, bytes: usize },
    Grey,
    Millimetres,
    Metres,
}

impl Form {
    fn of(encoding: &str) -> Option<Self> {
        Some(match encoding {
            "rgb8" => Self::Rgb { swapped: false, bytes: 3 },
            "bgr8" => Self::Rgb { swapped: true, bytes: 3 },
            "rgba8" => Self::Rgb { swapped: false, bytes: 4 },
            "bgra8" => Self::Rgb { swapped: true, bytes: 4 },
            "mono8" | "8UC1" => Self::Grey,
            "16UC1" | "mono16" => Self::Millimetres,
            "32FC1" => Self::Metres,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Rgb { bytes, .. } => bytes,
            Self::Grey => 1,
            Self::Millimetres => 2,
            Self::Metres => 4,
        }
    }
}

/// A picture whose size and form fit its data.
#[derive(Debug)]
pub struct Picture {
    form: Form,
    width: usize,
    height: usize,
    step: usize,
    big_endian: bool,
    data: Vec<u8>,
}

impl Picture {
    /// Checks a message.
    ///
    /// # Errors
    /// For people: an encoding that is not known, or sizes that don't fit.
    pub fn of(message: Image) -> Result<Self, String> {
        let known = "rgb8, bgr8, rgba8, bgra8, mono8, 16UC1 and 32FC1 are shown";
        let encoding: String = message.encoding.chars().take(40).collect();
        let form = Form::of(&message.encoding).ok_or_else(|| format!("encoding `{encoding}`: {known}"))?;
        let (width, height, step) = (message.width as usize, message.height as usize, message.step as usize);
        if width == 0 || height == 0 || width > MOST || height > MOST || width * height > MOST_PIXELS {
            return Err(format!("a picture of {width} x {height} pixels"));
        }
        let row = width * form.bytes();
        if step < row {
            return Err(format!("a row of {width} {encoding} pixels takes {row} bytes, and step is {step}"));
        }
        // The last row may do without its padding.
        let want = step * (height - 1) + row;
        if message.data.len() < want {
            return Err(format!(
                "{width} x {height} {encoding} pixels in steps of {step} are {want} bytes, and {} came",
                message.data.len()
            ));
        }
        Ok(Self { form, width, height, step, big_endian: message.is_bigendian != 0, data: message.data })
    }

    /// Its pixels' bytes without padding, row by row.
    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let row = self.width * self.form.bytes();
        self.data.chunks(self.step).take(self.height).filter_map(move |bytes| bytes.get(..row))
    }

    /// Red, green, blue.
    fn rgb(&self, swapped: bool, bytes: usize) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.width * self.height * 3);
        for row in self.rows() {
            for pixel in row.chunks_exact(bytes) {
                let [a, b, c] = [pixel[0], pixel[1], pixel[2]];
                rgb.extend_from_slice(&if swapped { [c, b, a] } else { [a, b, c] });
            }
        }
        rgb
    }

    fn depths_mm(&self) -> Vec<u16> {
        let mut depths = Vec::with_capacity(self.width * self.height);
        for row in self.rows() {
            if self.form == Form::Millimetres {
                depths.extend(row.chunks_exact(2).map(|b| {
                    let b = [b[0], b[1]];
                    if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
                }));
            } else {
                depths.extend(row.chunks_exact(4).map(|b| {
                    let b = [b[0], b[1], b[2], b[3]];
                    let depth_m = if self.big_endian { f32::from_be_bytes(b) } else { f32::from_le_bytes(b) };
                    // No number is no depth; what is further than the form reaches is at its end.
                    (depth_m * UNITS_PER_M).round().clamp(0.0, f32::from(u16::MAX)) as u16
                }));
            }
        }
        depths
    }

    /// As rerun takes it.
    ///
    /// # Errors
    /// What the encoder says.
    pub fn encoded(&self) -> Result<Box<dyn AsComponents>, String> {
        let (width, height) = (self.width as u32, self.height as u32);
        let jpeg = |pixels: &[u8], color: image::ExtendedColorType| {
            let mut out = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
            encoder.write_image(pixels, width, height, color).map_err(|e| e.to_string())?;
            Ok::<_, String>(Box::new(EncodedImage::new(out).with_media_type(MediaType::JPEG)))
        };
        match self.form {
            Form::Rgb { swapped, bytes } => {
                let image = jpeg(&self.rgb(swapped, bytes), image::ExtendedColorType::Rgb8)?;
                Ok(image)
            }
            Form::Grey => {
                let image = jpeg(&self.rows().flatten().copied().collect::<Vec<_>>(), image::ExtendedColorType::L8)?;
                Ok(image)
            }
            Form::Millimetres | Form::Metres => {
                let bytes: Vec<u8> = self.depths_mm().into_iter().flat_map(u16::to_ne_bytes).collect();
                let mut out = Vec::new();
                PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Up)
                    .write_image(&bytes, width, height, image::ExtendedColorType::L16)
                    .map_err(|e| e.to_string())?;
                let depths = EncodedDepthImage::new(out).with_media_type(MediaType::PNG).with_meter(UNITS_PER_M);
                Ok(Box::new(depths))
            }
        }
    }
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
