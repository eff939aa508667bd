//! Rotary positions (Su et al., 2021): the angle a position turns each pair of a head by, with the stretches of long
//! contexts: linear interpolation (Chen et al., 2023) and Llama 3's by wavelength (Grattafiori et al., 2024).

use candle_core::{DType, Device, Result, Tensor};

/// How positions are stretched beyond the context of pre-training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    #[default]
    None,
    /// Every position divided by `factor`.
    Linear {
        /// At least 1.
        factor: f64,
    },
    /// Long wavelengths divided by `factor`, short ones kept, those between blended.
    Llama3 {
        /// At least 1.
        factor: f64,
        /// Wavelengths longer than `original / low` are divided.
        low: f64,
        /// Wavelengths shorter than `original / high` are kept; above `low`.
        high: f64,
        /// Context of pre-training, in tokens.
        original: usize,
    },
}

/// Angles by position.
#[derive(Clone, Debug)]
pub struct Rope {
    /// Radians a position, [1, head_dim / 2], f32.
    turn: Tensor,
}

impl Rope {
    /// For heads of `head_dim` (even), with `theta` the base of the wavelengths.
    ///
    /// # Errors
    /// The device refuses the table.
    pub fn new(head_dim: usize, theta: f64, scaling: RopeScaling, device: &Device) -> Result<Self> {
        let half = head_dim / 2;
        let turn: Vec<f32> = (0..half)
            .map(|i| 1.0 / (theta as f32).powf((2 * i) as f32 / head_dim as f32))
            .map(|turn| stretch(f64::from(turn), scaling) as f32)
            .collect();
        Ok(Self { turn: Tensor::from_vec(turn, (1, half), device)? })
    }

    /// Cosines and sines of `count` positions from `start`: [count, head_dim / 2] each.
    ///
    /// # Errors
    /// The device refuses the tables.
    pub fn at(&self, start: usize, count: usize, dtype: DType) -> Result<(Tensor, Tensor)> {
        let positions = Tensor::arange(start as f32, (start + count) as f32, self.turn.device())?;
        let angles = positions.reshape((count, 1))?.matmul(&self.turn)?;
        Ok((angles.cos()?.to_dtype(dtype)?, angles.sin()?.to_dtype(dtype)?))
    }
}

/// A turn a position, stretched.
fn stretch(turn: f64, scaling: RopeScaling) -> f64 {
    match scaling {
        RopeScaling::None => turn,
        RopeScaling::Linear { factor } => turn / factor,
        RopeScaling::Llama3 { factor, low, high, original } => {
            // Wavelengths that fit into the original context.
            let fits = original as f64 * turn / std::f64::consts::TAU;
            let keep = ((fits - low) / (high - low)).clamp(0.0, 1.0);
            keep * turn + (1.0 - keep) * turn / factor
        }
    }
}
