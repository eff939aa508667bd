//! Bicubic resampling with antialiasing, equal to Pillow's to the bit: two passes, along rows and along columns, with
//! weights in fixed point and a rounding to 8 bits after each. A model that was trained on pictures made smaller by
//! Pillow sees here what it saw there. Which pass goes first is Pillow 13's choice: along columns where the height
//! shrinks by more than twice what the width does; until 12 it was always rows, which may differ by one level there. The kernel is Keys' with a = -0.5 (R. Keys, "Cubic convolution interpolation for
//! digital image processing", 1981), widened by the factor of reduction.

use super::{Picture, PictureError};

/// Bits behind the point of a weight: eight of the pixel and two for overshoot fit before it in an `i32`.
const PRECISION: u32 = 32 - 8 - 2;
/// Half the width of the kernel, in pixels of the coarser grid.
const SUPPORT: f64 = 2.0;
/// Channels: red, green, blue.
const RGB: usize = 3;

/// The weights of one pass: output `i` is the sum of `weights[start..]` over the inputs from `first`.
struct Taps {
    /// First input and number of inputs of every output.
    spans: Vec<(usize, usize)>,
    /// Weights in fixed point, `most` a output.
    weights: Vec<i32>,
    most: usize,
}

fn kernel(x: f64) -> f64 {
    let x = x.abs();
    // In this order of operations, or the last bit would differ.
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
    } else {
        0.0
    }
}

impl Taps {
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let widen = scale.max(1.0);
        let (support, narrow) = (SUPPORT * widen, 1.0 / widen);
        let most = support.ceil() as usize * 2 + 1;
        let mut taps = Self { spans: Vec::with_capacity(to), weights: vec![0; most * to], most };
        let mut exact = vec![0.0; most];
        for (out, into) in taps.weights.chunks_exact_mut(most).enumerate() {
            let centre = (out as f64 + 0.5) * scale;
            // A cast cuts towards zero and a negative number to it, as wanted.
            let first = (centre - support + 0.5) as usize;
            let count = ((centre + support + 0.5) as usize).min(from).saturating_sub(first);
            let mut sum = 0.0;
            for (at, weight) in exact.iter_mut().take(count).enumerate() {
                *weight = kernel(((at + first) as f64 - centre + 0.5) * narrow);
                sum += *weight;
            }
            for (fixed, weight) in into.iter_mut().zip(&exact).take(count) {
                let share = if sum == 0.0 { *weight } else { weight / sum };
                let scaled = share * f64::from(1_u32 << PRECISION);
                *fixed = (if share < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32;
            }
            taps.spans.push((first, count));
        }
        taps
    }

    fn of(&self, out: usize) -> (usize, &[i32]) {
        let (first, count) = self.spans[out];
        (first, &self.weights[out * self.most..][..count])
    }
}

fn rounded(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

const HALF: i32 = 1 << (PRECISION - 1);

fn along_rows(rgb: &[u8], width: usize, to: usize) -> Vec<u8> {
    let taps = Taps::new(width, to);
    let mut out = Vec::with_capacity(rgb.len() / width * to);
    for row in rgb.chunks_exact(width * RGB) {
        for column in 0..to {
            let (first, weights) = taps.of(column);
            let mut sums = [HALF; RGB];
            for (pixel, weight) in row[first * RGB..].chunks_exact(RGB).zip(weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum = sum.wrapping_add(i32::from(*value).wrapping_mul(*weight));
                }
            }
            out.extend(sums.map(rounded));
        }
    }
    out
}

fn along_columns(rgb: &[u8], width: usize, height: usize, to: usize) -> Vec<u8> {
    let (taps, stride) = (Taps::new(height, to), width * RGB);
    let mut out = Vec::with_capacity(stride * to);
    let mut sums = vec![HALF; stride];
    for row in 0..to {
        let (first, weights) = taps.of(row);
        sums.fill(HALF);
        for (line, weight) in rgb[first * stride..].chunks_exact(stride).zip(weights) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum = sum.wrapping_add(i32::from(*value).wrapping_mul(*weight));
            }
        }
        out.extend(sums.iter().map(|sum| rounded(*sum)));
    }
    out
}

/// The picture at `width` × `height` pixels (both at least 1), as `Image.resize(…, BICUBIC)` of Pillow makes it, to the
/// bit. A side that stays is not resampled.
///
/// # Errors
/// [`PictureError`] for a picture without pixels, one whose bytes don't fit its sides, and for a size of zero.
pub fn resize(picture: &Picture, width: usize, height: usize) -> Result<Picture, PictureError> {
    super::decode::check_pixels(picture)?;
    super::decode::check_sides(width as u64, height as u64)?;
    let mut rgb = std::borrow::Cow::from(&picture.rgb);
    let (old_width, old_height) = (picture.width_px, picture.height_px);
    let (less_width, less_height) = (old_width as i64 - width as i64, old_height as i64 - height as i64);
    let columns_first = less_height > 0 && less_height > 2 * less_width;
    if columns_first {
        rgb = along_columns(&rgb, old_width, old_height, height).into();
    }
    if width != old_width {
        rgb = along_rows(&rgb, old_width, width).into();
    }
    if height != old_height && !columns_first {
        rgb = along_columns(&rgb, width, old_height, height).into();
    }
    Ok(Picture { width_px: width, height_px: height, rgb: rgb.into_owned() })
}
