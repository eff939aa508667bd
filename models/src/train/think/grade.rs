//! Marks for a reasoner: lessons of a split asked one by one, each answer judged by its truth in symbolic simulation.
//! With the answer's grammar, or with none, to see what the model knows by itself.

use std::collections::BTreeMap;

use ponder_core::plan::Draft;
use ponder_core::reasoner::{ReasonError, Reasoner};
use ponder_core::thinker::Cancel;

use super::lessons::Lesson;
use super::truth::{Truth, Verdict};
use crate::engine::write::{Ask, Script, TextModel, WriteError};
use crate::reason::alias::Aliases;
use crate::reason::{answer, compact};

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The lesson's family.
    pub family: &'static str,
    /// How the answer was judged; none if it could not be read.
    pub verdict: Option<Verdict>,
    /// The truth is a refusal or a question.
    pub refusal: bool,
    /// The thought.
    pub thought: String,
    /// The answer, as it stands in the model's grammar.
    pub answer: String,
}

impl Mark {
    /// Right?
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.verdict == Some(Verdict::Right)
    }
}

fn mark(lesson: &Lesson, thought: String, draft: Option<&Draft>, text: String) -> Mark {
    let verdict = draft.map(|draft| lesson.truth.judge(draft, &lesson.question.scene, &lesson.question.robot));
    Mark { family: lesson.family, verdict, refusal: !matches!(lesson.truth, Truth::Do(_)), thought, answer: text }
}

/// Asks a reasoner.
///
/// # Errors
/// The reasoner fails.
pub fn ask(reasoner: &mut dyn Reasoner, lesson: &Lesson) -> Result<Mark, ReasonError> {
    let answer = reasoner.think(&lesson.question, &mut |_| {}, &Cancel::default())?;
    let text = answer::write(&answer.draft);
    Ok(mark(lesson, answer.thought.text, Some(&answer.draft), text))
}

/// Asks a model that writes, with no grammar but lines.
///
/// # Errors
/// The model fails.
pub fn ask_freely(model: &mut dyn TextModel, lesson: &Lesson, thought_tokens: usize) -> Result<Mark, WriteError> {
    let turns = [compact::turn(&Aliases::of(&lesson.question).1)];
    let mut script = Lines::default();
    let mut ask = Ask { turns: &turns, thought_tokens, script: &mut script, seed: 0 };
    match model.write(&mut ask, &mut |_| {}, &Cancel::default()) {
        Ok(written) => {
            let draft = lesson.read(&written.answer).ok();
            Ok(mark(lesson, written.thought, draft.as_ref(), written.answer))
        }
        Err(WriteError::Unfinished(_)) => Ok(mark(lesson, String::new(), None, String::new())),
        Err(error) => Err(error),
    }
}

/// Any lines, up to one that ends an answer.
#[derive(Debug, Default)]
struct Lines {
    count: usize,
    ended: bool,
}

impl Script for Lines {
    fn next(&self) -> Option<String> {
        (!self.ended && self.count < 40).then(|| "start: /[^\\n]{1,300}/ \"\\n\"\n".to_owned())
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        self.count += 1;
        self.ended = line == answer::END || line.starts_with("refuse(") || line.starts_with("ask(");
        Ok(())
    }
}

/// Right and asked, of a family or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Right answers.
    pub right: usize,
    /// Questions.
    pub of: usize,
}

impl Share {
    /// The share, 0 to 1.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.right as f64 / self.of.max(1) as f64
    }
}

/// Shares of all, of plans (`plans`), of refusals and questions (`refusals`), and of each family.
#[must_use]
pub fn shares(marks: &[Mark]) -> BTreeMap<&'static str, Share> {
    let mut shares: BTreeMap<&'static str, Share> = BTreeMap::new();
    for mark in marks {
        for key in ["all", if mark.refusal { "refusals" } else { "plans" }, mark.family] {
            let share = shares.entry(key).or_default();
            share.of += 1;
            share.right += usize::from(mark.is_right());
        }
    }
    shares
}
