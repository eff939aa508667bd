//! Words as tokens and back. What people and pictures say is text, whatever it looks like: a control token spelled out in
//! it stays a row of letters. Control tokens are put in by id, by the prompt alone.

use std::path::Path;

use super::error::{LoadError, RunError};

/// A folder's `tokenizer.json`.
#[derive(Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Tokens that stand for themselves, as they are spelled.
    control: Vec<String>,
}

impl Tokenizer {
    /// Reads `tokenizer.json` of a model's folder.
    ///
    /// # Errors
    /// [`LoadError::Io`] or [`LoadError::Tokenizer`].
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let path = folder.join("tokenizer.json");
        let bytes = std::fs::read(&path).map_err(LoadError::io(&path))?;
        let inner = tokenizers::Tokenizer::from_bytes(bytes)
            .map_err(|error| LoadError::Tokenizer { path: path.clone(), why: format!("can't be used: {error}") })?;
        let added = inner.get_added_tokens_decoder();
        let control = added.values().map(|token| token.content.clone()).filter(|content| !content.is_empty());
        Ok(Self { control: control.collect(), inner })
    }

    /// The id of a token by its spelling.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// Tokens in the vocabulary, with those added.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Text to tokens, none of them a control token, nothing put before or behind.
    ///
    /// # Errors
    /// [`RunError::Tokenizer`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, RunError> {
        let mut ids = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let spelled = self.control.iter().filter_map(|token| Some((rest.find(token.as_str())?, token)));
            // A control token is cut after its first letter, so neither half is one.
            let cut = spelled
                .min_by_key(|(at, _)| *at)
                .map_or(rest.len(), |(at, token)| at + token.chars().next().map_or(0, char::len_utf8));
            let (piece, after) = rest.split_at(cut);
            let encoding = self.inner.encode_fast(piece, false).map_err(|e| RunError::Tokenizer(e.to_string()))?;
            ids.extend_from_slice(encoding.get_ids());
            rest = after;
        }
        Ok(ids)
    }

    /// Tokens to text, control tokens left out.
    ///
    /// # Errors
    /// [`RunError::Tokenizer`].
    pub fn decode(&self, ids: &[u32]) -> Result<String, RunError> {
        self.inner.decode(ids, true).map_err(|error| RunError::Tokenizer(error.to_string()))
    }
}

/// Text as it comes, token by token: a letter of several tokens is given once it is whole.
pub struct TextStream<'a> {
    tokenizer: &'a Tokenizer,
    ids: Vec<u32>,
    /// Tokens whose text was given, and from which of them on the text is decoded, for what stands before changes it.
    given: usize,
    from: usize,
}

impl<'a> TextStream<'a> {
    /// Nothing said yet.
    #[must_use]
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Self { tokenizer, ids: Vec::new(), given: 0, from: 0 }
    }

    /// The text that this token makes whole; empty while a letter is unfinished.
    ///
    /// # Errors
    /// [`RunError::Tokenizer`].
    pub fn push(&mut self, id: u32) -> Result<String, RunError> {
        self.ids.push(id);
        self.take(false)
    }

    /// What was held back: letters that never became whole.
    ///
    /// # Errors
    /// [`RunError::Tokenizer`].
    pub fn finish(&mut self) -> Result<String, RunError> {
        self.take(true)
    }

    fn take(&mut self, all: bool) -> Result<String, RunError> {
        let before = self.tokenizer.decode(&self.ids[self.from..self.given])?;
        let now = self.tokenizer.decode(&self.ids[self.from..])?;
        if !all && now.ends_with(char::REPLACEMENT_CHARACTER) {
            return Ok(String::new());
        }
        (self.from, self.given) = (self.given, self.ids.len());
        Ok(now.get(before.len()..).unwrap_or_default().to_owned())
    }
}
