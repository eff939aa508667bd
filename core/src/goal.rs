//! What a person wants: the words as they were said, and how long the robot may try.

use serde::{Deserialize, Serialize};

use crate::Stamp;

/// Longest instruction taken, in bytes of UTF-8.
pub const MAX_INSTRUCTION_BYTES: usize = 2000;

/// Language of an instruction, so that thoughts and answers keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English, and anything else in Latin script.
    En,
    /// Chinese: the text has CJK ideographs.
    Zh,
}

impl Language {
    /// Chinese if any CJK unified ideograph is present.
    pub fn of(text: &str) -> Self {
        let cjk = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c) || ('\u{3400}'..='\u{4dbf}').contains(&c);
        if text.chars().any(cjk) { Self::Zh } else { Self::En }
    }
}

/// A person's instruction, checked at the door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Number of the goal within the run.
    pub id: u64,
    /// The instruction, trimmed, without control characters.
    pub instruction: String,
    /// Its language.
    pub language: Language,
    /// When it was given.
    pub given: Stamp,
    /// How long the robot may try, seconds.
    pub time_limit_s: f64,
}

/// Why an instruction was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GoalError {
    /// Nothing but white space.
    #[error("the instruction is empty: say what the robot should do")]
    Empty,
    /// More than [`MAX_INSTRUCTION_BYTES`].
    #[error("the instruction has {0} bytes, at most {MAX_INSTRUCTION_BYTES} are taken")]
    TooLong(usize),
    /// Control characters.
    #[error("the instruction has the control character {0:?}")]
    Control(char),
    /// A limit that is not a positive number of seconds.
    #[error("the time limit is {0} s: it must be above 0 and at most 86400")]
    TimeLimit(f64),
}

impl Goal {
    /// Checks and trims an instruction.
    ///
    /// # Errors
    /// [`GoalError`] for empty, overlong or binary text and for a time limit outside (0, 86400] seconds.
    pub fn new(id: u64, instruction: &str, given: Stamp, time_limit_s: f64) -> Result<Self, GoalError> {
        let text = instruction.trim();
        if text.is_empty() {
            return Err(GoalError::Empty);
        }
        if text.len() > MAX_INSTRUCTION_BYTES {
            return Err(GoalError::TooLong(text.len()));
        }
        if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
            return Err(GoalError::Control(c));
        }
        if !(time_limit_s > 0.0 && time_limit_s <= 86_400.0) {
            return Err(GoalError::TimeLimit(time_limit_s));
        }
        Ok(Self { id, instruction: text.to_owned(), language: Language::of(text), given, time_limit_s })
    }
}
