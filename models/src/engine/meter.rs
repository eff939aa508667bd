//! What writing took: the grammar's time apart from the network's, so that what the constraint costs can be told.

use std::ops::Sub;
use std::time::{Duration, Instant};

/// Counts and times since a model was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Tokens of prompts that had to be computed.
    pub prompt_tokens: usize,
    /// In the network, for those.
    pub prompt: Duration,
    /// Tokens thought.
    pub thought_tokens: usize,
    /// In the network, for those.
    pub thought: Duration,
    /// Tokens written under a grammar, forced ones among them.
    pub answer_tokens: usize,
    /// In the network, for those.
    pub answer: Duration,
    /// Tokens that the grammar forced: the network chose none of them.
    pub forced_tokens: usize,
    /// In the grammar: telling, compiling, masks, taking tokens and lines.
    pub grammar: Duration,
}

impl Meter {
    /// The grammar's share of the time of answers, 0 to 1.
    #[must_use]
    pub fn grammar_of_answers(&self) -> f64 {
        share(self.grammar, self.answer)
    }

    /// The grammar's share of the time of thoughts and answers together, 0 to 1.
    #[must_use]
    pub fn grammar_of_decode(&self) -> f64 {
        share(self.grammar, self.answer + self.thought)
    }
}

impl Sub for Meter {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens - before.prompt_tokens,
            prompt: self.prompt - before.prompt,
            thought_tokens: self.thought_tokens - before.thought_tokens,
            thought: self.thought - before.thought,
            answer_tokens: self.answer_tokens - before.answer_tokens,
            answer: self.answer - before.answer,
            forced_tokens: self.forced_tokens - before.forced_tokens,
            grammar: self.grammar - before.grammar,
        }
    }
}

fn share(part: Duration, rest: Duration) -> f64 {
    part.as_secs_f64() / (part + rest).as_secs_f64().max(1e-9)
}

/// Runs `f` and adds its time to a sum.
pub(super) fn timed<T>(sum: &mut Duration, f: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = f();
    *sum += start.elapsed();
    out
}
