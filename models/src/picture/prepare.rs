//! What Janus's eye is shown: the picture's longest side at 384 pixels, the rest grey, values in [-1, 1]. The rule is
//! DeepSeek's own (`VLMImageProcessor` of their Janus repository), to the bit: the short side is cut, not rounded, to
//! whole pixels, and is never under 14. (transformers rounds: 1280 × 719 gives 384 × 216 there and 384 × 215 here.)

use super::{Picture, PictureError, resize};

/// How a picture becomes the input of a vision tower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepare {
    /// Side of the square, pixels.
    pub side_px: usize,
    /// The short side is never under this, pixels; at most `side_px`.
    pub least_px: usize,
    /// Grey around a picture that is not square.
    pub grey: u8,
}

impl Prepare {
    /// Janus-Pro of any size.
    pub const JANUS: Self = Self { side_px: 384, least_px: 14, grey: 127 };

    /// A Janus whose eye has this side.
    #[must_use]
    pub fn of_side(side_px: usize) -> Self {
        Self { side_px, least_px: Self::JANUS.least_px.min(side_px), ..Self::JANUS }
    }

    /// The size, columns and rows, at which a picture of this size is pasted into the square.
    pub fn fitted(&self, width_px: usize, height_px: usize) -> (usize, usize) {
        let longest = width_px.max(height_px).max(1) as f64;
        // In this order of operations, or a side could differ by one.
        let cut = |side: usize| ((side as f64 / longest * self.side_px as f64) as usize).max(self.least_px);
        (cut(width_px), cut(height_px))
    }

    /// The picture in the middle of a grey square of `side_px`.
    ///
    /// # Errors
    /// [`PictureError`] for a picture without pixels or whose bytes don't fit its sides.
    pub fn square(&self, picture: &Picture) -> Result<Picture, PictureError> {
        let (width, height) = self.fitted(picture.width_px, picture.height_px);
        let small = resize(picture, width, height)?;
        let side = width.max(height);
        let mut rgb = vec![self.grey; side * side * 3];
        let (left, top) = ((side - width) / 2, (side - height) / 2);
        let lines = rgb.chunks_exact_mut(side * 3).skip(top);
        for (line, row) in lines.zip(small.rgb.chunks_exact(width * 3)) {
            line[left * 3..][..row.len()].copy_from_slice(row);
        }
        Ok(Picture { width_px: side, height_px: side, rgb })
    }

    /// The values `[3, side, side]`, channel after channel, f32 in [-1, 1]: each pixel over 255, less 0.5, over 0.5.
    ///
    /// # Errors
    /// As [`Self::square`].
    pub fn values(&self, picture: &Picture) -> Result<Vec<f32>, PictureError> {
        let square = self.square(picture)?;
        let value = |pixel: &u8| ((f64::from(*pixel) * (1.0 / 255.0)) as f32 - 0.5) / 0.5;
        Ok((0..3).flat_map(|channel| square.rgb.iter().skip(channel).step_by(3).map(value)).collect())
    }
}
