//! A Janus with its words: opened from a folder, it chats about pictures and draws them. The adapters that reason,
//! perceive and imagine stand on it.

use std::path::Path;

use candle_core::{DType, Tensor};

use super::chat::Memory;
use super::checkpoint::{Options, networks};
use super::error::{LoadError, RunError};
use super::house::{Draws, House};
use super::prompt::{Control, SYSTEM};
use super::tokenizer::Tokenizer;
use crate::net::janus;

/// Networks, words, and the memory of the conversation last held.
pub struct Janus {
    pub(super) network: janus::Janus,
    pub(super) tokenizer: Tokenizer,
    pub(super) control: Control,
    pub(super) context: usize,
    pub(super) memory: Memory,
    pub(super) system: String,
    draws: Draws,
}

impl Janus {
    /// Opens a model's folder, in DeepSeek's layout or transformers': `config.json`, `tokenizer.json`, and weights as
    /// safetensors or pickles, in one file or in shards. What it takes is told before it is loaded.
    ///
    /// # Errors
    /// [`LoadError`], naming file and tensor.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, LoadError> {
        // A model of our own is held to its hashes, and says how it draws.
        let house = House::read(folder)?;
        let (system, draws) = house.map_or((None, None), |house| (house.system, house.draws));
        let tokenizer = Tokenizer::open(folder)?;
        let (network, cfg) = networks(folder, options)?;
        let control = Control::find(&tokenizer, &cfg, folder)?;
        let context = options.context.min(network.language.config().max_positions);
        let system = system.unwrap_or_else(|| SYSTEM.to_owned());
        let (memory, draws) = (Memory::new(network.language.cache()), draws.unwrap_or_default());
        Ok(Self { memory, network, tokenizer, control, context, system, draws })
    }

    /// The networks alone.
    #[must_use]
    pub fn network(&self) -> &janus::Janus {
        &self.network
    }

    /// The words.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tokens that steer.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// How it draws best.
    #[must_use]
    pub fn draws(&self) -> &Draws {
        &self.draws
    }

    /// Has it an eye? One without draws only.
    #[must_use]
    pub fn sees(&self) -> bool {
        self.network.understanding.is_some()
    }

    /// Side of the pictures it sees and draws, in pixels.
    #[must_use]
    pub fn picture_size(&self) -> usize {
        self.network.config().picture_px
    }

    /// Tokens that fit into one conversation.
    #[must_use]
    pub fn context(&self) -> usize {
        self.context
    }

    /// A picture [3, size, size] or [1, 3, size, size] with values in [-1, 1] as features [1, image tokens, hidden].
    pub(super) fn look(&self, index: usize, picture: &Tensor) -> Result<Tensor, RunError> {
        let eye = self.network.understanding.as_ref().ok_or(RunError::Blind)?;
        let size = self.picture_size();
        let wrong = |found: String| RunError::Picture { index, found, size };
        let whole = match picture.dims() {
            [3, height, width] if (*height, *width) == (size, size) => picture.unsqueeze(0)?,
            [1, 3, height, width] if (*height, *width) == (size, size) => picture.clone(),
            dims => return Err(wrong(format!("of shape {dims:?}"))),
        };
        let whole = whole.to_device(self.network.language.device())?.to_dtype(DType::F32)?;
        // A sum that is no number has one in it.
        if !whole.sum_all()?.to_scalar::<f32>()?.is_finite() {
            return Err(wrong("with values that are no numbers".into()));
        }
        let beyond = whole.abs()?.max_all()?.to_scalar::<f32>()?;
        if beyond > 1.001 {
            return Err(wrong(format!("with a value of size {beyond}")));
        }
        Ok(eye.forward(&whole)?)
    }
}
