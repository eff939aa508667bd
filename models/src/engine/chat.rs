//! Talking: a conversation in, an answer out, token by token, to be stopped at any of them. What was read for the last
//! question is kept: the next one reads only what is new, and looks only at pictures it has not seen.

use candle_core::{DType, IndexOp, Tensor, TensorId};

use super::error::RunError;
use super::janus::Janus;
use super::prompt::{self, Message, Prompt};
use super::sampling::{Sampler, Sampling};
use super::tokenizer::TextStream;
use crate::net::decoder::Cache;

/// Tokens of a prompt read at a time: between them it can be stopped.
const READ: usize = 128;

/// How to answer.
#[derive(Clone, Debug)]
pub struct ChatOptions {
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Longest answer, in tokens.
    pub max_tokens: usize,
    /// What stands before the conversation, empty: nothing; none: what the model's makers set there.
    pub system: Option<String>,
}

impl Default for ChatOptions {
    fn default() -> Self {
        Self { sampling: Sampling::default(), max_tokens: 512, system: None }
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model had said it all.
    Whole,
    /// At the longest answer allowed.
    Tokens,
    /// At the end of the context.
    Context,
    /// Stopped from outside.
    Cancelled,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// All of its text.
    pub text: String,
    /// Its tokens, without the one that ends it.
    pub tokens: Vec<u32>,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Those of them still known from before.
    pub reused_tokens: usize,
    /// Why it ended.
    pub end: End,
}

/// A place in the context: a token, or one of a picture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Token(u32),
    Picture(TensorId),
}

/// What the mind has read last.
pub(super) struct Memory {
    cache: Cache,
    read: Vec<Place>,
}

impl Memory {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, read: Vec::new() }
    }
}

impl Janus {
    /// Answers a conversation. `on_text` is given the text as it comes, whole letters only; `cancelled` is asked before
    /// every token.
    ///
    /// # Errors
    /// [`RunError`]: nothing said, an option or picture that is wrong, a prompt beyond the context, or the network.
    pub fn chat(
        &mut self,
        messages: &[Message],
        options: &ChatOptions,
        on_text: &mut dyn FnMut(&str),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Reply, RunError> {
        let mut sampler = Sampler::new(options.sampling, 0)?;
        let places = self.network.config().num_seen_tokens();
        let system = options.system.as_deref().unwrap_or(&self.system);
        let prompt = prompt::conversation(&self.tokenizer, &self.control, places, system, messages)?;
        if prompt.ids.len() >= self.context {
            return Err(RunError::TooLong { tokens: prompt.ids.len(), context: self.context });
        }
        let mut reply = Reply {
            text: String::new(),
            tokens: Vec::new(),
            prompt_tokens: prompt.ids.len(),
            reused_tokens: 0,
            end: End::Cancelled,
        };
        let Some(mut logits) = self.read(&prompt, &mut reply, cancelled)? else { return Ok(reply) };
        let mut before = prompt.ids;
        let tokenizer = self.tokenizer.clone();
        let mut stream = TextStream::new(&tokenizer);
        let mut say = |text: String| {
            if !text.is_empty() {
                on_text(&text);
                reply.text.push_str(&text);
            }
        };
        reply.end = loop {
            if reply.tokens.len() >= options.max_tokens {
                break End::Tokens;
            }
            if cancelled() {
                break End::Cancelled;
            }
            let token = sampler.choose(&mut logits, &before)?;
            if token == self.control.eos {
                break End::Whole;
            }
            reply.tokens.push(token);
            before.push(token);
            say(stream.push(token)?);
            if self.memory.cache.len() >= self.context {
                break End::Context;
            }
            if reply.tokens.len() < options.max_tokens {
                logits = self.next(token)?;
            }
        };
        say(stream.finish()?);
        Ok(reply)
    }

    /// Reads a prompt, as far as it is new, to the logits of what follows; none if stopped on the way.
    fn read(
        &mut self,
        prompt: &Prompt,
        reply: &mut Reply,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<f32>>, RunError> {
        let each = self.network.config().num_seen_tokens();
        let mut seen = 0;
        let places = prompt.ids.iter().map(|&id| {
            if id != self.control.picture {
                return Place::Token(id);
            }
            seen += 1;
            prompt.pictures.get((seen - 1) / each.max(1)).map_or(Place::Token(id), |p| Place::Picture(p.id()))
        });
        let places = places.collect::<Vec<_>>();
        let known = self.memory.read.iter().zip(&places).take_while(|(a, b)| a == b).count();
        // The last token is read anew: its logits were not kept.
        let known = known.min(places.len() - 1);
        self.memory.cache.truncate(known);
        self.memory.read.truncate(known);
        reply.reused_tokens = known;

        // A picture is known whole or not at all: its places are alike, and the last token is none of them.
        let past = places[..known].iter().filter(|place| matches!(place, Place::Picture(_))).count();
        let mut features = Vec::new();
        for (index, picture) in prompt.pictures.iter().enumerate().skip(past / each.max(1)) {
            if cancelled() {
                return Ok(None);
            }
            features.push(self.look(index, picture)?);
        }
        let features = if features.is_empty() { None } else { Some(Tensor::cat(&features, 0)?) };
        let row = vec![prompt.ids[known..].to_vec()];
        let embeddings = self.network.embed(&row, self.control.picture, features.as_ref())?;
        let mut logits = Vec::new();
        for start in (known..places.len()).step_by(READ) {
            if cancelled() {
                return Ok(None);
            }
            let count = READ.min(places.len() - start);
            let piece = embeddings.narrow(1, start - known, count)?;
            let hidden = self.network.language.forward(&piece, Some(&mut self.memory.cache))?;
            self.memory.read.extend_from_slice(&places[start..start + count]);
            if start + count == places.len() {
                logits = self.logits(&hidden.narrow(1, count - 1, 1)?)?;
            }
        }
        Ok(Some(logits))
    }

    /// Reads one token of its own.
    fn next(&mut self, token: u32) -> Result<Vec<f32>, RunError> {
        let id = Tensor::new(&[[token]], self.network.language.device())?;
        let embedding = self.network.language.embed(&id)?;
        let hidden = self.network.language.forward(&embedding, Some(&mut self.memory.cache))?;
        self.memory.read.push(Place::Token(token));
        self.logits(&hidden)
    }

    fn logits(&self, hidden: &Tensor) -> Result<Vec<f32>, RunError> {
        Ok(self.network.language.logits(hidden)?.i((0, 0))?.to_dtype(DType::F32)?.to_vec1()?)
    }
}
