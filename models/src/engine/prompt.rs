//! A conversation as tokens, in DeepSeek's template: `<|User|>: text`, an empty line, `<|Assistant|>:`, and the end token
//! behind each answer. A picture takes one place for each of its features, between a token that opens and one that closes
//! it.

use candle_core::Tensor;

use super::error::{LoadError, RunError};
use super::hf_config::JanusConfig;
use super::tokenizer::Tokenizer;

/// What DeepSeek sets before every conversation about pictures.
pub const SYSTEM: &str = "You are a helpful language and vision assistant. You are able to understand the visual content \
                          that the user provides, and assist the user with a variety of tasks using natural language.";

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A person, or the robot's own senses.
    User,
    /// The model.
    Assistant,
}

/// A piece of what is said.
#[derive(Clone, Debug)]
pub enum Part {
    /// Words. Control tokens spelled out in them stay words.
    Text(String),
    /// A picture [3, size, size] or [1, 3, size, size], f32 in [-1, 1]. Clones of one tensor count as one picture and are
    /// looked at once.
    Picture(Tensor),
}

/// What one side says at a time.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

impl Message {
    /// Words of a user.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, parts: vec![Part::Text(text.into())] }
    }

    /// An answer given before.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, parts: vec![Part::Text(text.into())] }
    }

    /// The same with a picture ahead of what is said, on a line of its own; of several, the last added stands first.
    #[must_use]
    pub fn with_picture(mut self, picture: Tensor) -> Self {
        self.parts.splice(0..0, [Part::Picture(picture), Part::Text("\n".into())]);
        self
    }
}

/// Tokens that steer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Opens every prompt.
    pub bos: u32,
    /// Ends every answer.
    pub eos: u32,
    /// Stands for nothing.
    pub pad: u32,
    /// Stands for one feature of a picture.
    pub picture: u32,
    /// Opens a picture.
    pub open: u32,
    /// Closes a picture.
    pub close: u32,
    /// Announces the user.
    pub user: u32,
    /// Announces the model.
    pub assistant: u32,
}

impl Control {
    /// By their spelling, or as the configuration has them.
    ///
    /// # Errors
    /// [`LoadError::Tokenizer`] naming the token that is nowhere.
    pub fn find(tokenizer: &Tokenizer, cfg: &JanusConfig, folder: &std::path::Path) -> Result<Self, LoadError> {
        let missing = |token: &str| LoadError::Tokenizer {
            path: folder.join("tokenizer.json"),
            why: format!("there is no token {token}: is this the tokenizer of a Janus?"),
        };
        let vocab = cfg.network.language.vocab_size;
        let id = |token: &str, configured: Option<u32>| {
            let id = configured.or_else(|| tokenizer.id(token)).ok_or_else(|| missing(token))?;
            if (id as usize) < vocab {
                return Ok(id);
            }
            let why = format!("token {token} is {id}, the model knows {vocab}");
            Err(LoadError::Tokenizer { path: folder.join("tokenizer.json"), why })
        };
        Ok(Self {
            bos: id("<｜begin▁of▁sentence｜>", cfg.bos_token)?,
            eos: id("<｜end▁of▁sentence｜>", cfg.eos_token)?,
            pad: id("<｜▁pad▁｜>", cfg.pad_token)?,
            picture: id("<image_placeholder>", cfg.image_token)?,
            open: id("<begin_of_image>", None)?,
            close: id("<end_of_image>", None)?,
            user: id("<|User|>", None)?,
            assistant: id("<|Assistant|>", None)?,
        })
    }
}

/// Tokens, and the pictures that the places in them stand for.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Tokens.
    pub ids: Vec<u32>,
    /// Pictures in the order of their places.
    pub pictures: Vec<Tensor>,
}

/// Writes a prompt: words wait until a control token, so that they are cut into tokens as a whole.
struct Writer<'a> {
    tokenizer: &'a Tokenizer,
    ids: Vec<u32>,
    words: String,
}

impl Writer<'_> {
    fn control(&mut self, ids: impl IntoIterator<Item = u32>) -> Result<(), RunError> {
        self.ids.extend(self.tokenizer.encode(&std::mem::take(&mut self.words))?);
        self.ids.extend(ids);
        Ok(())
    }
}

/// A conversation up to where the model is to speak. `places`: features a picture.
///
/// # Errors
/// [`RunError::Empty`] if nobody said anything, or [`RunError::Tokenizer`].
pub fn conversation(
    tokenizer: &Tokenizer,
    control: &Control,
    places: usize,
    system: &str,
    messages: &[Message],
) -> Result<Prompt, RunError> {
    if messages.is_empty() {
        return Err(RunError::Empty);
    }
    let mut writer = Writer { tokenizer, ids: vec![control.bos], words: String::new() };
    let mut pictures = Vec::new();
    if !system.is_empty() {
        writer.words = format!("{system}\n\n");
    }
    for message in messages {
        let role = if message.role == Role::User { control.user } else { control.assistant };
        writer.control([role])?;
        writer.words.push_str(": ");
        let last = message.parts.len().saturating_sub(1);
        for (i, part) in message.parts.iter().enumerate() {
            match part {
                Part::Text(text) => {
                    let text = if i == 0 { text.trim_start() } else { text };
                    writer.words.push_str(if i == last { text.trim_end() } else { text });
                }
                Part::Picture(picture) => {
                    let seen = std::iter::repeat_n(control.picture, places);
                    writer.control(std::iter::once(control.open).chain(seen).chain([control.close]))?;
                    pictures.push(picture.clone());
                }
            }
        }
        match message.role {
            Role::User => writer.words.push_str("\n\n"),
            Role::Assistant => writer.control([control.eos])?,
        }
    }
    writer.control([control.assistant])?;
    writer.words.push(':');
    writer.control([])?;
    Ok(Prompt { ids: writer.ids, pictures })
}

/// What is to be drawn, up to where the codes of the picture begin: with the words, and with nothing in their place.
///
/// # Errors
/// [`RunError::Empty`] without words, or [`RunError::Tokenizer`].
pub fn drawing(tokenizer: &Tokenizer, control: &Control, words: &str) -> Result<[Vec<u32>; 2], RunError> {
    if words.trim().is_empty() {
        return Err(RunError::Empty);
    }
    let mut with = conversation(tokenizer, control, 0, "", &[Message::user(words)])?.ids;
    with.push(control.open);
    let mut without = vec![control.pad; with.len()];
    without[0] = control.bos;
    if let Some(last) = without.last_mut() {
        *last = control.open;
    }
    Ok([with, without])
}
