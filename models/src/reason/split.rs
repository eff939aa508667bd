//! Splits a stream of text into the thought between `<think>` and `</think>` and the answer after it, whatever pieces it
//! comes in: a tag may be spread over several. (The format of DeepSeek-R1, arXiv 2501.12948.)

use crate::engine::write::Piece;

/// Begins a thought.
pub const OPEN: &str = "<think>";
/// Ends it.
pub const CLOSE: &str = "</think>";

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before a first word: either may follow.
    Start,
    Thought,
    /// After `</think>`, before the answer's first word.
    Gap,
    Answer,
}

/// The splitter. Feed it pieces in order, then [`Split::end`].
#[derive(Clone, Debug)]
pub struct Split {
    at: At,
    held: String,
    /// White space at the thought's edge that is said only once a word follows it.
    space: String,
    said: bool,
}

impl Split {
    /// For a stream that begins inside the thought (`opened`: the prompt ended with `<think>`), or with either.
    pub fn new(opened: bool) -> Self {
        let at = if opened { At::Thought } else { At::Start };
        Self { at, held: String::new(), space: String::new(), said: false }
    }

    /// Has the thought ended?
    pub fn is_answer(&self) -> bool {
        matches!(self.at, At::Gap | At::Answer)
    }

    /// Takes the next piece of text and says what is certain by now.
    pub fn feed(&mut self, text: &str, say: &mut dyn FnMut(Piece<'_>)) {
        self.held.push_str(text);
        loop {
            match self.at {
                At::Start => {
                    let rest = self.held.trim_start();
                    if let Some(after) = rest.strip_prefix(OPEN) {
                        self.held = after.to_owned();
                        self.at = At::Thought;
                    } else if OPEN.starts_with(rest) {
                        return; // nothing, or a tag that has only begun
                    } else {
                        self.held = rest.to_owned();
                        self.at = At::Answer;
                    }
                }
                At::Thought => {
                    let Some((at, tag)) = first_of(&self.held, &[OPEN, CLOSE]) else {
                        let keep = begun(&self.held, &[OPEN, CLOSE]);
                        let ready = self.held.len() - keep;
                        let thought: String = self.held.drain(..ready).collect();
                        self.think(&thought, say);
                        return;
                    };
                    let rest = self.held.split_off(at + tag.len());
                    let mut thought = std::mem::replace(&mut self.held, rest);
                    thought.truncate(at);
                    if tag == OPEN {
                        thought.push(' '); // what stood around a stray tag must not join into another
                    }
                    self.think(&thought, say);
                    if tag == CLOSE {
                        self.at = At::Gap;
                    }
                }
                At::Gap => {
                    let rest = self.held.trim_start();
                    if rest.is_empty() {
                        return;
                    }
                    self.held = rest.to_owned();
                    self.at = At::Answer;
                }
                At::Answer => {
                    if !self.held.is_empty() {
                        say(Piece::Answer(&self.held));
                        self.held.clear();
                    }
                    return;
                }
            }
        }
    }

    /// Ends the stream: what was held back as a possible tag is text after all.
    pub fn end(&mut self, say: &mut dyn FnMut(Piece<'_>)) {
        let held = std::mem::take(&mut self.held);
        match self.at {
            At::Thought => self.think(&held, say),
            At::Start | At::Answer | At::Gap if !held.trim().is_empty() => say(Piece::Answer(held.trim_start())),
            _ => {}
        }
    }

    /// Says thought without white space at its edges.
    fn think(&mut self, text: &str, say: &mut dyn FnMut(Piece<'_>)) {
        let words = text.trim_end();
        let start = if self.said { words } else { words.trim_start() };
        if start.is_empty() {
            if self.said {
                self.space.push_str(text);
            }
            return;
        }
        let whole = std::mem::take(&mut self.space) + start;
        say(Piece::Thought(&whole));
        self.said = true;
        self.space.push_str(&text[words.len()..]);
    }
}

fn first_of<'t>(text: &str, tags: &[&'t str]) -> Option<(usize, &'t str)> {
    tags.iter().filter_map(|tag| Some((text.find(tag)?, *tag))).min()
}

/// Bytes at the end of the text that may be the beginning of a tag.
fn begun(text: &str, tags: &[&str]) -> usize {
    let longest = tags.iter().map(|tag| tag.len() - 1).max().unwrap_or(0).min(text.len());
    let may =
        |n: usize| text.is_char_boundary(text.len() - n) && tags.iter().any(|t| t.starts_with(&text[text.len() - n..]));
    (1..=longest).rev().find(|n| may(*n)).unwrap_or(0)
}
