//! A Janus that looks at pictures: a picture and a question in, words out. What the perceiver and `ponder see` stand on.

use std::path::Path;

use candle_core::Tensor;
use ponder_core::thinker::Cancel;

use super::Describer;
use crate::engine::{ChatOptions, End, Janus, LoadError, Message, Options, Reply, RunError, Sampling};
use crate::picture::{Picture, PictureError, Prepare};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SightError {
    /// The picture can't be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The model can't answer.
    #[error(transparent)]
    Model(#[from] RunError),
}

impl From<candle_core::Error> for SightError {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}

/// A Janus and its name.
pub struct Sight {
    janus: Janus,
    name: String,
    /// The picture last looked at and what it became: asked about again, it is not looked at anew.
    last: Option<(Picture, Tensor)>,
}

impl Sight {
    /// Opens a model's folder.
    ///
    /// # Errors
    /// [`LoadError`]
    pub fn open(folder: &Path, options: &Options) -> Result<Self, LoadError> {
        let name = folder.file_name().map_or_else(|| "janus".to_owned(), |name| name.to_string_lossy().into_owned());
        let janus = Janus::open(folder, options)?;
        if !janus.sees() {
            return Err(LoadError::Blind(folder.to_owned()));
        }
        Ok(Self { janus, name, last: None })
    }

    /// Name of the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Answers a question about a picture. `on_text` is given the words as they come, `cancelled` is asked before every
    /// token: a cancelled answer ends with [`End::Cancelled`].
    ///
    /// # Errors
    /// [`SightError`]
    pub fn answer(
        &mut self,
        picture: &Picture,
        question: &str,
        options: &ChatOptions,
        on_text: &mut dyn FnMut(&str),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Reply, SightError> {
        let shown = match &self.last {
            Some((last, shown)) if last == picture => shown.clone(),
            _ => {
                let side = self.janus.picture_size();
                let values = Prepare::of_side(side).values(picture)?;
                let shown = Tensor::from_vec(values, (3, side, side), &candle_core::Device::Cpu)?;
                self.last = Some((picture.clone(), shown.clone()));
                shown
            }
        };
        let message = Message::user(question).with_picture(shown);
        Ok(self.janus.chat(&[message], options, on_text, cancelled)?)
    }
}

impl Describer for Sight {
    fn name(&self) -> &str {
        &self.name
    }

    fn describe(&mut self, picture: &Picture, question: &str, cancel: &Cancel) -> Result<Option<String>, String> {
        let options = ChatOptions { sampling: Sampling::default(), max_tokens: 1024, ..ChatOptions::default() };
        let reply = self.answer(picture, question, &options, &mut |_| {}, &|| cancel.is_cancelled());
        let reply = reply.map_err(|error| error.to_string())?;
        Ok((reply.end != End::Cancelled).then_some(reply.text))
    }
}
