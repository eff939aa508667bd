//! How a run learns: AdamW's numbers (Loshchilov and Hutter, 2019), a learning rate that warms up and falls along a cosine
//! (Loshchilov and Hutter, 2017), and a bound on the gradient's norm (Pascanu et al., 2013).

use serde::{Deserialize, Serialize};

use super::error::TrainError;

/// All that fixes the course of a run but data and seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Steps of the whole run, to which the cosine is stretched; at least 1. Later steps go on at the lowest rate.
    pub steps: u64,
    /// Steps over which the rate rises from nearly 0; 0 for none.
    pub warmup: u64,
    /// The highest learning rate, above 0.
    pub peak_lr: f64,
    /// The lowest one at the end, as a fraction of the highest, 0..=1; 1 keeps the rate constant.
    pub final_lr: f64,
    /// Decay of the gradient's mean, 0..1.
    pub beta1: f64,
    /// Decay of the gradient's square, 0..1.
    pub beta2: f64,
    /// Added below the fraction, above 0.
    pub eps: f64,
    /// Decay of matrices and kernels towards 0, times the rate, 0..=1. Norms, biases and whatever else has one dimension
    /// do not decay.
    pub weight_decay: f64,
    /// The gradient's norm over all parameters is cut to this, above 0; none for no bound.
    pub clip: Option<f64>,
    /// Matrices inside the network by Muon, whose momentum is `beta1`; all else by AdamW.
    #[serde(default)]
    pub muon: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            steps: 1000,
            warmup: 50,
            peak_lr: 1e-3,
            final_lr: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            weight_decay: 0.1,
            clip: Some(1.0),
            muon: false,
        }
    }
}

impl Recipe {
    /// The learning rate of a step, from 0.
    #[must_use]
    pub fn lr(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.peak_lr * (step + 1) as f64 / self.warmup as f64;
        }
        let rest = self.steps.saturating_sub(self.warmup).max(1) as f64;
        let done = ((step - self.warmup) as f64 / rest).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.peak_lr * (self.final_lr + (1.0 - self.final_lr) * cosine)
    }

    /// Says what makes no sense.
    ///
    /// # Errors
    /// [`TrainError::Recipe`].
    pub fn check(&self) -> Result<(), TrainError> {
        let within = |name, value: f64, good: bool, range| {
            if good { Ok(()) } else { Err(TrainError::Recipe { name, value, range }) }
        };
        let decay = |beta: f64| (0.0..1.0).contains(&beta);
        within("steps", self.steps as f64, self.steps > 0, "at least 1")?;
        within("peak_lr", self.peak_lr, self.peak_lr > 0.0 && self.peak_lr.is_finite(), "above 0")?;
        within("final_lr", self.final_lr, (0.0..=1.0).contains(&self.final_lr), "a fraction, 0 to 1")?;
        within("beta1", self.beta1, decay(self.beta1), "from 0 to below 1")?;
        within("beta2", self.beta2, decay(self.beta2), "from 0 to below 1")?;
        within("eps", self.eps, self.eps > 0.0 && self.eps.is_finite(), "above 0")?;
        within("weight_decay", self.weight_decay, (0.0..=1.0).contains(&self.weight_decay), "0 to 1")?;
        let clip = self.clip.unwrap_or(1.0);
        within("clip", clip, clip > 0.0 && !clip.is_nan(), "above 0, or none")
    }
}
