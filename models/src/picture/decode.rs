//! Files and bytes to RGB, as `ImageOps.exif_transpose(Image.open(…)).convert("RGB")` of Pillow gives it: the camera's
//! turn is applied, alpha is dropped, palettes and grey become colours, of 16-bit colours the high byte stays. Two things
//! to know: a 16-bit *grey* picture is cut at 255, not scaled (so does Pillow: most of it turns white), and a lossy JPEG
//! may differ from libjpeg's by a few levels. The header is looked at first, so that no file, however it was made, takes
//! more memory than its bound.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::{Picture, jpeg};

/// Most pixels of a picture.
pub const MOST_PIXELS: u64 = 100_000_000;
/// Longest side, pixels.
pub const MOST_SIDE: u64 = 1_000_000;
/// Longest file, bytes.
pub const MOST_BYTES: u64 = 512 << 20;
/// Most memory of a decoder, bytes: 16 bits of four channels of the largest picture, and room.
const MOST_MEMORY: u64 = 1 << 30;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file can't be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Too long to be a picture.
    #[error("{0} bytes are no picture: at most {MOST_BYTES} are read")]
    TooLong(u64),
    /// Not one of the formats.
    #[error("no picture that can be read here: PNG, JPEG, WebP and BMP can")]
    Unknown,
    /// A format or a variant of it that is not read.
    #[error("a picture of a kind that is not read: {0}")]
    Unsupported(String),
    /// A side of zero.
    #[error("a picture of {width} × {height} pixels has nothing to see")]
    Empty {
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
    },
    /// Too many pixels.
    #[error("{width} × {height} pixels are too many: at most {MOST_PIXELS} are read")]
    TooLarge {
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
    },
    /// A side that is too long.
    #[error("a side of the picture is longer than {MOST_SIDE} pixels")]
    TooWide,
    /// The file ends too early.
    #[error("the picture is cut off: its file ends before it does")]
    Truncated,
    /// Bytes that are no picture of their format.
    #[error("the picture is damaged: {0}")]
    Damaged(String),
    /// Pixels that don't fit the sides.
    #[error("{got} bytes of pixels, {width} × {height} RGB pixels have {want}")]
    Bytes {
        /// Bytes given.
        got: usize,
        /// Bytes wanted.
        want: usize,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A picture can't be written.
    #[error("{path} can't be written: {why}", path = path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Self::Truncated,
            ImageError::Limits(e) if matches!(e.kind(), LimitErrorKind::DimensionError) => Self::TooWide,
            ImageError::Limits(e) if matches!(e.kind(), LimitErrorKind::InsufficientMemory) => {
                Self::Unsupported(format!("it would take more than {} MiB to read", MOST_MEMORY >> 20))
            }
            ImageError::Unsupported(e) => Self::Unsupported(e.to_string()),
            other => Self::Damaged(other.to_string()),
        }
    }
}

pub(super) fn check_sides(width: u64, height: u64) -> Result<(), PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Empty { width, height });
    }
    if width.max(height) > MOST_SIDE {
        return Err(PictureError::TooWide);
    }
    if width.saturating_mul(height) > MOST_PIXELS {
        return Err(PictureError::TooLarge { width, height });
    }
    Ok(())
}

pub(super) fn check_pixels(picture: &Picture) -> Result<(), PictureError> {
    let (width, height, got) = (picture.width_px, picture.height_px, picture.rgb.len());
    check_sides(width as u64, height as u64)?;
    let want = width * height * 3;
    if got == want { Ok(()) } else { Err(PictureError::Bytes { got, want, width, height }) }
}

/// Reads a picture file: PNG, JPEG, WebP or BMP, by its content whatever its name.
///
/// # Errors
/// [`PictureError`]
pub fn read(path: &Path) -> Result<Picture, PictureError> {
    let failed = |source| PictureError::File { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    decode(&bytes)
}

/// Reads a picture from the bytes of its file.
///
/// # Errors
/// [`PictureError`], within the memory that the largest picture takes.
pub fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(PictureError::TooLong(bytes.len() as u64));
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| PictureError::Unknown)?;
    let format = reader.format().ok_or(PictureError::Unknown)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE as u32), Some(MOST_SIDE as u32));
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    check_sides(width.into(), height.into())?;
    if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
        return Err(PictureError::Truncated);
    }
    let orientation = decoder.orientation()?;
    let mut image = plain(DynamicImage::from_decoder(decoder)?)?;
    image.apply_orientation(orientation);
    let rgb = image.into_rgb8();
    let (width, height) = rgb.dimensions();
    Ok(Picture { width_px: width as usize, height_px: height as usize, rgb: rgb.into_raw() })
}

/// To 8-bit RGB by Pillow's rules, which are not those of the `image` crate.
fn plain(image: DynamicImage) -> Result<DynamicImage, PictureError> {
    let (width, height) = (image.width(), image.height());
    let rgb: Vec<u8> = match &image {
        DynamicImage::ImageRgb8(_) => return Ok(image),
        DynamicImage::ImageLuma8(grey) => grey.iter().flat_map(|v| [*v; 3]).collect(),
        DynamicImage::ImageLumaA8(grey) => grey.iter().step_by(2).flat_map(|v| [*v; 3]).collect(),
        DynamicImage::ImageRgba8(rgba) => rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        DynamicImage::ImageLuma16(grey) => grey.iter().flat_map(|v| [(*v).min(255) as u8; 3]).collect(),
        DynamicImage::ImageLumaA16(grey) => grey.iter().step_by(2).flat_map(|v| [(v >> 8) as u8; 3]).collect(),
        DynamicImage::ImageRgb16(rgb) => rgb.iter().map(|v| (v >> 8) as u8).collect(),
        DynamicImage::ImageRgba16(rgba) => {
            rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]].map(|v| (v >> 8) as u8)).collect()
        }
        other => return Err(PictureError::Unsupported(format!("pixels of {:?}", other.color()))),
    };
    image::RgbImage::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8).ok_or(PictureError::Truncated)
}

/// Writes a picture as a PNG file, whole or not at all.
///
/// # Errors
/// [`PictureError::Write`], and for pixels that don't fit their sides.
pub fn write_png(picture: &Picture, path: &Path) -> Result<(), PictureError> {
    check_pixels(picture)?;
    let failed = |why: String| PictureError::Write { path: path.to_owned(), why };
    let (width, height) = (picture.width_px as u32, picture.height_px as u32);
    let mut bytes = Cursor::new(Vec::new());
    image::write_buffer_with_format(
        &mut bytes,
        &picture.rgb,
        width,
        height,
        image::ExtendedColorType::Rgb8,
        ImageFormat::Png,
    )
    .map_err(|error| failed(error.to_string()))?;
    let mut name = path.file_name().ok_or_else(|| failed("it names no file".to_owned()))?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    std::fs::write(&part, bytes.into_inner()).and_then(|()| std::fs::rename(&part, path)).map_err(|error| {
        drop(std::fs::remove_file(&part));
        failed(error.to_string())
    })
}
