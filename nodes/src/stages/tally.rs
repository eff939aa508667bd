//! Counts what a reasoner is asked and what that takes. A wrapper around a reasoner: who asks can't tell.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ponder_core::reasoner::{Answer, Question, ReasonError, Reasoner};
use ponder_core::thinker::Cancel;
use serde::Serialize;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Questions answered.
    pub answers: u64,
    /// Questions that failed.
    pub failures: u64,
    /// Tokens (or words) thought, in all.
    pub thought_tokens: u64,
    /// Time on the wall, in all, seconds.
    pub think_s: f64,
    /// Longest, seconds.
    pub longest_s: f64,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.answers.max(1) as f64;
        let (tokens, mean_s) = (self.thought_tokens as f64 / count, self.think_s / count);
        write!(f, "{} answers, {tokens:.0} tokens of thought and {mean_s:.3} s each", self.answers)?;
        write!(f, ", the longest {:.3} s; {} failed", self.longest_s, self.failures)
    }
}

/// A tally that several add to.
pub(super) type Shared = Arc<Mutex<Tally>>;

/// A reasoner that is counted.
pub(super) struct Counted<R> {
    pub inner: R,
    pub tally: Shared,
}

impl<R: Reasoner> Reasoner for Counted<R> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn think(
        &mut self,
        question: &Question,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer, ReasonError> {
        let begun = Instant::now();
        let answer = self.inner.think(question, say, cancel);
        let took_s = begun.elapsed().as_secs_f64();
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match &answer {
            Ok(answer) => {
                tally.answers += 1;
                tally.thought_tokens += u64::from(answer.thought.tokens);
                tally.think_s += took_s;
                tally.longest_s = tally.longest_s.max(took_s);
            }
            Err(ReasonError::Cancelled) => {}
            Err(_) => tally.failures += 1,
        }
        answer
    }
}
