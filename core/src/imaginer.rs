//! Imaginers draw pictures from words: to model environments, and to test perception.

use crate::thinker::Cancel;

/// A drawn picture: RGB, u8, `[h, w, 3]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width_px: usize,
    /// Rows.
    pub height_px: usize,
    /// Pixels.
    pub rgb: Vec<u8>,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImagineError {
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The model failed.
    #[error("{0}")]
    Failed(String),
}

/// Draws.
pub trait Imaginer: Send {
    /// Name for banners and records.
    fn name(&self) -> &str;

    /// Draws what the prompt says; the same seed gives the same picture. `progress` takes the share done, 0 to 1.
    ///
    /// # Errors
    /// [`ImagineError`].
    fn imagine(
        &mut self,
        prompt: &str,
        seed: u64,
        progress: &mut dyn FnMut(f32),
        cancel: &Cancel,
    ) -> Result<Picture, ImagineError>;
}
