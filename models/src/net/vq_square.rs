//! The other encoder of [`super::vq`], for a small code: a few dense layers look at each square of pixels for itself. What
//! looks alike then has the same code wherever it stands and whatever stands beside it; norms and attention over all of a
//! picture give one square many codes, and who shall say them from words must learn which.

use candle_core::{Result, Tensor};

use super::layers::{LayerNorm, Linear, Weights, gelu_erf, half_block};
use crate::kernel::learn::Middle;

/// Epsilon of every norm.
const EPS: f64 = 1e-6;

struct Layer {
    norm: LayerNorm,
    fc1: Linear,
    fc2: Linear,
}

impl Layer {
    fn new(width: usize, weights: &Weights) -> Result<Self> {
        Ok(Self {
            norm: LayerNorm::new(width, EPS, &weights.pp("norm"))?,
            fc1: Linear::new(width, 2 * width, true, &weights.pp("fc1"))?,
            fc2: Linear::new(2 * width, width, true, &weights.pp("fc2"))?,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        if let Some(xs) = half_block(xs, &self.norm, &[&self.fc1], &self.fc2, || Middle::Gelu)? {
            return Ok(xs);
        }
        self.fc2.forward_onto(&gelu_erf(&self.fc1.forward(&self.norm.forward(xs)?)?)?, xs)
    }
}

/// Dense layers over squares.
pub(super) struct SquareEncoder {
    first: Linear,
    layers: Vec<Layer>,
    norm: LayerNorm,
    last: Linear,
}

impl SquareEncoder {
    /// For squares of `inputs` values, to `outputs` channels.
    pub(super) fn new(inputs: usize, outputs: usize, layers: usize, weights: &Weights) -> Result<Self> {
        let width = 4 * outputs;
        Ok(Self {
            first: Linear::new(inputs, width, true, &weights.pp("square_in"))?,
            layers: (0..layers).map(|i| Layer::new(width, &weights.pp("squares").pp(i))).collect::<Result<_>>()?,
            norm: LayerNorm::new(width, EPS, &weights.pp("norm_out"))?,
            last: Linear::new(width, outputs, true, &weights.pp("square_out"))?,
        })
    }

    /// Squares as channels [batch, inputs, high, wide] to [batch, outputs, high, wide].
    pub(super) fn forward(&self, squares: &Tensor) -> Result<Tensor> {
        let (batch, inputs, high, wide) = squares.dims4()?;
        let rows = squares.reshape((batch, inputs, high * wide))?.transpose(1, 2)?.contiguous()?;
        let mut xs = self.first.forward(&rows)?;
        for layer in &self.layers {
            xs = layer.forward(&xs)?;
        }
        let found = self.last.forward(&self.norm.forward(&xs)?)?;
        found.transpose(1, 2)?.contiguous()?.reshape((batch, (), high, wide))
    }
}
