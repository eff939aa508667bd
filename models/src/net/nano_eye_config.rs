//! The shape of janus-nano's eye.

use candle_core::Result;

use super::nano_eye::{COARSE, FINE};

/// Shape of an eye.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Side of the square picture, pixels; a multiple of [`COARSE`].
    pub side_px: usize,
    /// Channels of a pixel: colours and geometry.
    pub channels: usize,
    /// Channels after each of the three halvings.
    pub stem: [usize; 3],
    /// Width of the tokens.
    pub width: usize,
    /// Layers over the tokens.
    pub layers: usize,
    /// Heads; divides `width`.
    pub heads: usize,
    /// Kinds of slots of a cell: small things, what carries them, what bears those.
    pub slots: usize,
    /// Side of the close-up of a middle, pixels of a picture [`FINER`] times as fine; a multiple of 8.
    pub fovea_px: usize,
    /// Channels after each of the close-up's three halvings.
    pub close: [usize; 3],
    /// Width inside the head.
    pub head: usize,
    /// How many times as wide as what they are added to the residual maps are inside; 0: there are none.
    #[serde(default)]
    pub inner: usize,
    /// Numbers said of a thing.
    pub outputs: usize,
}

impl Config {
    /// As it is shipped; for things described by so many numbers.
    #[must_use]
    pub fn nano(outputs: usize) -> Self {
        Self {
            side_px: 192,
            channels: 6,
            stem: [16, 32, 64],
            width: 96,
            layers: 6,
            heads: 4,
            slots: 3,
            fovea_px: 32,
            close: [16, 24, 48],
            head: 160,
            inner: 2,
            outputs,
        }
    }

    /// Small enough to test whole.
    #[must_use]
    pub fn tiny(outputs: usize) -> Self {
        Self {
            side_px: 32,
            stem: [4, 8, 8],
            width: 16,
            layers: 1,
            heads: 2,
            fovea_px: 8,
            close: [4, 4, 8],
            head: 16,
            ..Self::nano(outputs)
        }
    }

    /// Fine cells along a side.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.side_px / FINE
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.side_px == 0 || !self.side_px.is_multiple_of(COARSE) {
            candle_core::bail!("an eye's picture of {} pixels: a multiple of {COARSE} is wanted", self.side_px);
        }
        if self.fovea_px == 0 || !self.fovea_px.is_multiple_of(8) {
            candle_core::bail!("an eye's close-up of {} pixels: a multiple of 8 is wanted", self.fovea_px);
        }
        if self.heads == 0 || !self.width.is_multiple_of(self.heads) {
            candle_core::bail!("{} heads don't divide the width {}", self.heads, self.width);
        }
        Ok(())
    }
}
