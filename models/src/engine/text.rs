//! Writing with a language network: prompt in, thought up to a budget, then an answer under a grammar. What the network
//! read for the last question stays where the next one begins alike. (Thought first, then a constrained answer; the
//! thought is closed, not cut, when its budget is used up: Muennighoff et al., s1, arXiv 2501.19393.)

use std::path::Path;

use ponder_core::thinker::Cancel;

use super::beginnings::Beginnings;
use super::error::RunError;
use super::grammar::{Grammars, VocabError};
use super::house::House;
use super::meter::{Meter, timed};
use super::network::Network;
use super::reading::Reader;
use super::refused::Refused;
use super::sampling::{Sampler, Sampling};
use super::talk::Chat;
use super::utf8::Utf8;
use super::write::{Ask, Manner, Piece, Reckoned, Script, TextModel, WriteError, Written};
use crate::reason::split::{CLOSE, Split};

/// What DeepSeek gives for R1 and its distillates.
pub const R1: Sampling =
    Sampling { temperature: 0.6, top_k: 0, top_p: 0.95, min_p: 0.0, repetition_penalty: 1.0, seed: 0 };
/// What Liquid AI gives for LFM2.
pub const LFM2: Sampling =
    Sampling { temperature: 0.3, top_k: 0, top_p: 1.0, min_p: 0.15, repetition_penalty: 1.05, seed: 0 };

/// So often a word of a thought that is wrong is drawn anew: more often than there are numbers in one token.
const REDRAWS: usize = 150;

/// How far back a repeated token counts.
const RECENT: usize = 64;

/// How a model writes. The seeds of the samplings are mixed with the ask's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// How thoughts are drawn.
    pub thought: Sampling,
    /// How answers are drawn.
    pub answer: Sampling,
    /// Most tokens of an answer; kept free of the context for it.
    pub answer_tokens: usize,
    /// Tokens of the prompt that are read at once; between them a cancelled question is given up.
    pub stride: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { thought: R1, answer: Sampling::default(), answer_tokens: 1024, stride: 64 }
    }
}

/// A model that writes with a network in this process.
pub struct Writer {
    name: String,
    reader: Reader,
    chat: Chat,
    grammars: Grammars,
    style: Style,
    house: House,
    meter: Meter,
}

impl Writer {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`VocabError`] when the tokenizer does not fit the network.
    pub fn new(name: impl Into<String>, net: Box<dyn Network>, chat: Chat, style: Style) -> Result<Self, VocabError> {
        let end = chat.ends.first().copied().unwrap_or(0);
        let grammars = Grammars::new(chat.tokenizer(), net.vocab(), end)?;
        let (name, reader, house, meter) = (name.into(), Reader::new(net), House::default(), Meter::default());
        Ok(Self { name, reader, chat, grammars, style, house, meter })
    }

    /// The same, which is asked and thinks as its folder says.
    #[must_use]
    pub fn housed(mut self, house: House) -> Self {
        self.house = house;
        self
    }

    /// The same, which keeps beginnings of prompts in a folder for the next process that opens the model at this path.
    #[must_use]
    pub fn keeping(mut self, folder: &Path, model: &Path) -> Self {
        self.reader.beginnings = Some(Beginnings::new(folder, model));
        self
    }

    /// Tokenizer and template.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// What writing took so far.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter
    }

    /// Writes the thought; gives the tokens that are to be read next.
    fn think(
        &mut self,
        mut logits: Vec<f32>,
        budget: usize,
        script: &dyn Script,
        pen: &mut Pen<'_>,
        written: &mut Written,
    ) -> Result<Vec<u32>, WriteError> {
        let mut split = Split::new(true);
        let mut text = Utf8::default();
        let (mut thought, mut begun) = (String::new(), String::new());
        let mut said = Vec::new();
        let closing = loop {
            if written.thought_tokens >= budget {
                break format!("\n{CLOSE}\n\n");
            }
            if pen.cancel.is_cancelled() {
                return Err(WriteError::Cancelled);
            }
            for (token, logit) in (0u32..).zip(logits.iter_mut()) {
                let may =
                    !self.chat.is_added(token) || Some(token) == self.chat.close || self.chat.ends.contains(&token);
                if !may || self.grammars.is_blank(token) && !self.chat.is_added(token) {
                    *logit = f32::NEG_INFINITY;
                }
            }
            let token = pen.draw_of(&mut logits, &said, &mut |token| {
                let words = std::str::from_utf8(self.grammars.bytes(token)).ok();
                let Some(words) = words.filter(|_| !self.chat.is_added(token)) else { return Reckoned::Open };
                let kept = begun.len();
                begun.push_str(words);
                let reckoned = script.reckon(&begun);
                begun.truncate(kept);
                reckoned
            })?;
            if Some(token) == self.chat.close {
                break format!("{CLOSE}\n\n");
            }
            if self.chat.ends.contains(&token) {
                break format!("\n{CLOSE}\n\n"); // it ended its turn while thinking: the answer is still due
            }
            said.push(token);
            written.thought_tokens += 1;
            let mut heard = |piece: Piece<'_>| {
                if let Piece::Thought(words) = piece {
                    thought.push_str(words);
                    (pen.hear)(piece);
                }
            };
            let piece = text.push(self.grammars.bytes(token));
            begun.push_str(&piece);
            split.feed(&piece, &mut heard);
            if split.is_answer() {
                self.reader.read(&[token])?;
                break "\n\n".to_owned(); // it wrote the tag in letters
            }
            logits = self.reader.read(&[token])?;
        };
        let mut heard = |piece: Piece<'_>| {
            if let Piece::Thought(words) = piece {
                thought.push_str(words);
                (pen.hear)(piece);
            }
        };
        split.end(&mut heard);
        written.thought = thought;
        self.chat.tokens(&closing)
    }

    /// Writes the answer, line by line as the script has it. `unread` are tokens that the network has yet to read before;
    /// `logits` count where there are none.
    fn answer(
        &mut self,
        mut logits: Vec<f32>,
        mut unread: Vec<u32>,
        script: &mut dyn Script,
        pen: &mut Pen<'_>,
        written: &mut Written,
    ) -> Result<(), WriteError> {
        let (mut said, mut meter) = (Vec::new(), self.meter);
        while let Some(lark) = timed(&mut meter.grammar, || script.next()) {
            let mut grammar = timed(&mut meter.grammar, || self.grammars.start(&lark))?;
            let mut line = Vec::new();
            while !grammar.is_done() {
                if pen.cancel.is_cancelled() {
                    return Err(WriteError::Cancelled);
                }
                if written.answer_tokens >= self.style.answer_tokens {
                    return Err(WriteError::Unfinished(written.answer_tokens));
                }
                let mut tokens = timed(&mut meter.grammar, || grammar.forced());
                meter.forced_tokens += tokens.len();
                if tokens.is_empty() {
                    if !unread.is_empty() {
                        let new = std::mem::take(&mut unread);
                        logits = timed(&mut meter.answer, || self.reader.read(&new))?;
                    }
                    timed(&mut meter.grammar, || grammar.allowed().map(|allowed| allowed.mask(&mut logits)))?;
                    let token = pen.draw(&mut logits, &said)?;
                    timed(&mut meter.grammar, || grammar.take(token))?;
                    tokens.push(token);
                }
                for token in tokens {
                    line.extend_from_slice(self.grammars.bytes(token));
                    unread.push(token);
                    said.push(token);
                    written.answer_tokens += 1;
                    meter.answer_tokens += 1;
                }
            }
            let line = String::from_utf8(line).map_err(|_| WriteError::Grammar("a line is no UTF-8".to_owned()))?;
            (pen.hear)(Piece::Answer(&line));
            written.answer.push_str(&line);
            timed(&mut meter.grammar, || script.take(line.trim_end_matches('\n'))).map_err(WriteError::Grammar)?;
        }
        self.meter = meter;
        Ok(())
    }

    /// Writes an answer that no grammar holds, until the model ends its turn or the script has what it wants.
    fn answer_freely(
        &mut self,
        mut logits: Vec<f32>,
        mut unread: Vec<u32>,
        script: &mut dyn Script,
        pen: &mut Pen<'_>,
        written: &mut Written,
    ) -> Result<(), WriteError> {
        let (mut said, mut text, mut taken) = (Vec::new(), Utf8::default(), 0);
        while script.next().is_some() {
            if pen.cancel.is_cancelled() {
                return Err(WriteError::Cancelled);
            }
            if written.answer_tokens >= self.style.answer_tokens {
                return Err(WriteError::Unfinished(written.answer_tokens));
            }
            if !unread.is_empty() {
                logits = self.reader.read(&std::mem::take(&mut unread))?;
            }
            for (token, logit) in (0u32..).zip(logits.iter_mut()) {
                let is_end = self.chat.ends.contains(&token);
                if !is_end && (self.chat.is_added(token) || self.grammars.is_blank(token)) {
                    *logit = f32::NEG_INFINITY;
                }
            }
            let token = pen.draw(&mut logits, &said)?;
            if self.chat.ends.contains(&token) {
                break;
            }
            said.push(token);
            unread.push(token);
            written.answer_tokens += 1;
            let piece = text.push(self.grammars.bytes(token));
            (pen.hear)(Piece::Answer(&piece));
            written.answer.push_str(&piece);
            while let Some(end) = written.answer[taken..].find('\n') {
                let line = &written.answer[taken..taken + end];
                script.take(line).map_err(WriteError::Grammar)?;
                taken += end + 1;
            }
        }
        Ok(())
    }
}

impl TextModel for Writer {
    fn name(&self) -> &str {
        &self.name
    }

    fn manner(&self) -> Manner {
        self.house.prompt
    }

    fn asks_below(&self) -> f32 {
        self.house.ask_below
    }

    fn second_thoughts(&self) -> usize {
        self.house.second_thoughts
    }

    fn refused(&self) -> Option<&Refused> {
        Some(&self.house.refused)
    }

    fn write(
        &mut self,
        ask: &mut Ask<'_>,
        hear: &mut dyn FnMut(Piece<'_>),
        cancel: &Cancel,
    ) -> Result<Written, WriteError> {
        let think = ask.thought_tokens > 0;
        let encoded = self.chat.encode(ask.turns, think)?;
        let (prompt, context) = (encoded.ids.len(), self.reader.context());
        // The closing tag and what stands round it take some tokens too.
        let answer = self.style.answer_tokens + 32;
        if prompt == 0 || prompt + answer > context {
            return Err(WriteError::ContextFull { prompt, answer, context });
        }
        let budget = ask.thought_tokens.min(context - prompt - answer);
        let mut written = Written::default();
        let mut meter = self.meter;
        let (logits, new) = timed(&mut meter.prompt, || {
            let stride = self.style.stride.max(1);
            self.reader.read_prompt(&encoded.ids, encoded.fixed, stride, cancel)
        })?;
        written.prompt_tokens = new;
        meter.prompt_tokens += new;
        let sampler = |how: Sampling, row| {
            let temperature = ask.temperature.unwrap_or(how.temperature);
            let how = Sampling { seed: how.seed ^ ask.seed, temperature, ..how };
            Sampler::new(how, row).map_err(|error| WriteError::Failed(error.to_string()))
        };
        let mut pen = Pen { sampler: sampler(self.style.thought, 0)?, least: ask.weigh.then_some(1.0), hear, cancel };
        let (logits, unread) = if think {
            let unread = timed(&mut meter.thought, || self.think(logits, budget, ask.script, &mut pen, &mut written))?;
            meter.thought_tokens += written.thought_tokens;
            (Vec::new(), unread)
        } else {
            (logits, Vec::new())
        };
        self.meter = meter;
        pen.sampler = sampler(self.style.answer, 1)?;
        if ask.script.is_free() {
            self.answer_freely(logits, unread, ask.script, &mut pen, &mut written)?;
        } else {
            self.answer(logits, unread, ask.script, &mut pen, &mut written)?;
        }
        written.least = pen.least;
        Ok(written)
    }
}

/// What every token passes through.
struct Pen<'a> {
    sampler: Sampler,
    /// Of the tokens so far, the probability of the least probable, if it is to be told.
    least: Option<f32>,
    hear: &'a mut dyn FnMut(Piece<'_>),
    cancel: &'a Cancel,
}

impl Pen<'_> {
    fn draw(&mut self, logits: &mut [f32], said: &[u32]) -> Result<u32, WriteError> {
        self.draw_of(logits, said, &mut |_| Reckoned::Open)
    }

    /// Draws anew what is wrong. Where all there is is wrong, what was drawn first stands, as something improbable; what is
    /// known to be right counts as certain.
    fn draw_of(
        &mut self,
        logits: &mut [f32],
        said: &[u32],
        reckon: &mut dyn FnMut(u32) -> Reckoned,
    ) -> Result<u32, WriteError> {
        let recent = &said[said.len().saturating_sub(RECENT)..];
        let failed = |error: RunError| WriteError::Failed(error.to_string());
        let first = self.sampler.choose(logits, recent).map_err(failed)?;
        let (mut token, mut left) = (first, REDRAWS);
        loop {
            match reckon(token) {
                Reckoned::Open => break,
                Reckoned::Right => return Ok(token),
                Reckoned::Wrong => logits[token as usize] = f32::NEG_INFINITY,
            }
            // A repeated token was made less likely already.
            let other = self.sampler.choose(logits, &[]).ok().filter(|_| left > 0);
            left = left.saturating_sub(1);
            token = other.unwrap_or(first);
            if other.is_none() {
                break;
            }
        }
        if let Some(least) = &mut self.least {
            let chosen = logits.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
            let beside: f32 = logits.iter().map(|logit| (logit - chosen).exp()).sum();
            *least = least.min(1.0 / beside);
        }
        Ok(token)
    }
}
