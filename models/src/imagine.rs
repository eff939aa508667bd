//! The Imaginer of the ring: a Janus draws pictures from words, to model environments and to test perception.

use std::path::Path;

use ponder_core::imaginer::{ImagineError, Imaginer, Picture};
use ponder_core::thinker::Cancel;

use crate::engine::{DrawOptions, Janus, LoadError, Options, RunError, Sampling};

/// Draws with a Janus.
pub struct JanusImaginer {
    janus: Janus,
    name: String,
    /// How far to go from no words towards the words: 1 is not at all more than usual.
    pub guidance: f32,
    /// 1 draws as it learnt; less is tamer.
    pub temperature: f32,
}

impl JanusImaginer {
    /// Opens a model's folder, with the guidance and temperature that its makers use.
    ///
    /// # Errors
    /// [`LoadError`]
    pub fn open(folder: &Path, options: &Options) -> Result<Self, LoadError> {
        let name = folder.file_name().map_or_else(|| "janus".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Self { janus: Janus::open(folder, options)?, name, guidance: 5.0, temperature: 1.0 })
    }
}

impl Imaginer for JanusImaginer {
    fn name(&self) -> &str {
        &self.name
    }

    fn imagine(
        &mut self,
        prompt: &str,
        seed: u64,
        progress: &mut dyn FnMut(f32),
        cancel: &Cancel,
    ) -> Result<Picture, ImagineError> {
        let failed = |error: RunError| match error {
            RunError::Cancelled => ImagineError::Cancelled,
            other => ImagineError::Failed(other.to_string()),
        };
        let sampling = Sampling { temperature: self.temperature, seed, ..Sampling::default() };
        let options = DrawOptions { sampling, guidance: self.guidance, count: 1 };
        let mut told = |done: usize, all: usize| progress(done as f32 / all.max(1) as f32);
        let drawing = self.janus.draw(prompt, &options, &mut told, &|| cancel.is_cancelled()).map_err(failed)?;
        let side = self.janus.picture_size();
        Ok(Picture { width_px: side, height_px: side, rgb: drawing.rgb(0).map_err(failed)? })
    }
}
