//! The Imaginer of the ring: a Janus draws pictures from words, to model environments and to test perception. Where it
//! draws what one known camera would see, heights and all, its picture is also a camera's frame.

use std::path::Path;

use ponder_core::image::CameraFrame;
use ponder_core::imaginer::{ImagineError, Imaginer, Picture};
use ponder_core::thinker::Cancel;
use ponder_core::view::{CHANNELS, View};

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

/// What was drawn.
#[derive(Clone, Debug)]
pub struct Imagined {
    /// Its colours.
    pub picture: Picture,
    /// All its bytes [side, side, channels].
    pub pixels: Vec<u8>,
    /// As the frame of a camera with depth, which an eye can be shown; none where the model draws colours alone.
    pub frame: Option<CameraFrame>,
}

impl JanusImaginer {
    /// Opens a model's folder, with the guidance and temperature that its makers use.
    ///
    /// # Errors
    /// [`LoadError`]
    pub fn open(folder: &Path, options: &Options) -> Result<Self, LoadError> {
        let name = folder.file_name().map_or_else(|| "janus".to_owned(), |name| name.to_string_lossy().into_owned());
        let janus = Janus::open(folder, options)?;
        let (guidance, temperature) = (janus.draws().guidance, janus.draws().temperature);
        Ok(Self { janus, name, guidance, temperature })
    }

    /// The model.
    #[must_use]
    pub fn janus(&self) -> &Janus {
        &self.janus
    }

    /// The camera that its pictures are taken by, where it is always the same.
    #[must_use]
    pub fn view(&self) -> Option<&View> {
        let fits = |view: &&View| {
            view.side_px == self.janus.picture_size() && self.janus.network().config().vq.out_channels == CHANNELS
        };
        self.janus.draws().view.as_ref().filter(fits)
    }

    /// As [`Imaginer::imagine`], with all that is drawn.
    ///
    /// # Errors
    /// [`ImagineError`].
    pub fn sketch(
        &self,
        prompt: &str,
        seed: u64,
        progress: &mut dyn FnMut(f32),
        cancel: &Cancel,
    ) -> Result<Imagined, ImagineError> {
        let failed = |error: RunError| match error {
            RunError::Cancelled => ImagineError::Cancelled,
            other => ImagineError::Failed(other.to_string()),
        };
        let sampling = Sampling { temperature: self.temperature, seed, ..Sampling::default() };
        let options = DrawOptions { sampling, guidance: self.guidance, count: 1 };
        let mut told = |done: usize, all: usize| progress(done as f32 / all.max(1) as f32);
        let drawing = self.janus.draw(prompt, &options, &mut told, &|| cancel.is_cancelled()).map_err(failed)?;
        let side = self.janus.picture_size();
        let picture = Picture { width_px: side, height_px: side, rgb: drawing.rgb(0).map_err(failed)? };
        let pixels = drawing.bytes(0).map_err(failed)?;
        let frame = self.view().and_then(|view| view.frame(&pixels));
        Ok(Imagined { picture, pixels, frame })
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
        Ok(self.sketch(prompt, seed, progress, cancel)?.picture)
    }
}
