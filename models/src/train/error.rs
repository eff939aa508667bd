//! What can go wrong in learning, and what to do about it.

use std::path::PathBuf;

/// A training step, a checkpoint or a set of parameters that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// No gradient reaches some parameters: an operation without a backward pass stands between them and the loss, or
    /// they are not used.
    #[error(
        "no gradient reaches {} of the parameters, so they would never learn: {}; either they take no part in the loss \
         (then freeze them, or say so by Trainer::may_idle), or an operation between them and the loss has no backward \
         pass (candle's fused softmax, norms and rope have none: use those of net::layers)",
        names.len(), names.join(", ")
    )]
    NoGradient {
        /// The parameters.
        names: Vec<String>,
    },
    /// A loss or the gradients are NaN or infinite; the parameters are as before the step.
    #[error("step {step}: {what} is {value}; nothing was changed; lower peak_lr, or look for bad data in this batch")]
    NotFinite {
        /// The step, from 0.
        step: u64,
        /// What is not finite.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A step without a single loss.
    #[error("step {step} was given no loss: at least one micro-batch with a weight above 0 is needed")]
    Empty {
        /// The step, from 0.
        step: u64,
    },
    /// A recipe that makes no sense.
    #[error("recipe: {name} is {value}, it must be {range}")]
    Recipe {
        /// Which field.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A checkpoint made by another recipe than the one given now.
    #[error(
        "{}: made by another recipe: there {there}, here {here}; resume with the same one, or start anew from its \
         parameters by Params::load", path.display()
    )]
    OtherRecipe {
        /// Which file.
        path: PathBuf,
        /// The recipe in the file, as JSON.
        there: String,
        /// The recipe given, as JSON.
        here: String,
    },
    /// A checkpoint that doesn't fit the parameters.
    #[error("{}: {what}; it belongs to a network of another shape", path.display())]
    Mismatch {
        /// Which file.
        path: PathBuf,
        /// What doesn't fit.
        what: String,
    },
    /// A file that can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is no safetensors file or holds no checkpoint.
    #[error("{}: {what}", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}
