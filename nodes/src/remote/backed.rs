//! A reasoner with another behind it: when the first fails, the second thinks, and says that it does. After some failures
//! in a row the first is left alone for a while, so that a robot does not wait for a server that is away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ponder_core::reasoner::{Answer, Question, ReasonError, Reasoner};
use ponder_core::thinker::Cancel;

/// Counts failures in a row. Clones share one count.
#[derive(Clone, Debug)]
pub struct Breaker {
    most: u32,
    rest: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new(3, Duration::from_secs(30))
    }
}

impl Breaker {
    /// Opens after `most` failures in a row, and lets one try through after each `rest`.
    pub fn new(most: u32, rest: Duration) -> Self {
        Self { most: most.max(1), rest, state: Arc::default() }
    }

    /// May it be tried now? Of several who ask after a rest, one may.
    fn allows(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + self.rest);
                true
            }
            None => true,
        }
    }

    fn note(&self, now: Instant, worked: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if worked {
            *state = State::default();
        } else {
            state.failures = state.failures.saturating_add(1);
            if state.failures >= self.most {
                state.open_until = Some(now + self.rest);
            }
        }
    }
}

/// See the module.
pub struct Backed {
    name: String,
    first: Box<dyn Reasoner>,
    second: Option<Box<dyn Reasoner>>,
    breaker: Breaker,
}

impl Backed {
    /// `first`, and behind it `second` if there is one.
    pub fn new(first: Box<dyn Reasoner>, second: Option<Box<dyn Reasoner>>, breaker: Breaker) -> Self {
        let name = match &second {
            Some(second) => format!("{}, else {}", first.name(), second.name()),
            None => first.name().to_owned(),
        };
        Self { name, first, second, breaker }
    }
}

impl Reasoner for Backed {
    fn name(&self) -> &str {
        &self.name
    }

    fn think(
        &mut self,
        question: &Question,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer, ReasonError> {
        let mut said = String::new();
        let why = if self.breaker.allows(Instant::now()) {
            let mut hear = |piece: &str| {
                said.push_str(piece);
                say(piece);
            };
            match self.first.think(question, &mut hear, cancel) {
                Err(ReasonError::Failed(why)) => {
                    self.breaker.note(Instant::now(), false);
                    why
                }
                // Who cancels says nothing about the server.
                Err(ReasonError::Cancelled) => return Err(ReasonError::Cancelled),
                other => {
                    self.breaker.note(Instant::now(), true);
                    return other;
                }
            }
        } else {
            format!("{} failed {} times in a row and is left alone for a while", self.first.name(), self.breaker.most)
        };
        let Some(second) = &mut self.second else {
            return Err(ReasonError::Failed(why));
        };
        let gap = if said.is_empty() { "" } else { "\n" };
        let note = format!("{gap}({why}; {} thinks instead)\n", second.name());
        say(&note);
        let mut answer = second.think(question, say, cancel)?;
        answer.thought.text = format!("{said}{note}{}", answer.thought.text);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_opens_and_lets_one_through_after_a_rest() {
        let (now, rest) = (Instant::now(), Duration::from_secs(10));
        let breaker = Breaker::new(2, rest);
        breaker.note(now, false);
        assert!(breaker.allows(now), "one failure is none");
        breaker.note(now, false);
        assert!(!breaker.clone().allows(now), "clones share it");
        assert!(breaker.allows(now + rest), "after a rest one may try");
        assert!(!breaker.allows(now + rest), "and only one");
        breaker.note(now + rest, true);
        assert!(breaker.allows(now + rest));
        breaker.note(now, false);
        breaker.note(now, true);
        breaker.note(now, false);
        assert!(breaker.allows(now), "only failures in a row count");
    }
}
