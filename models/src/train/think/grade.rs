//! Marks for a reasoner: lessons of a split asked one by one, each answer judged by its truth in symbolic simulation.

use std::collections::BTreeMap;

use ponder_core::plan::Draft;
use ponder_core::reasoner::{Answer, ReasonError, Reasoner};
use ponder_core::thinker::Cancel;

use super::lessons::Lesson;
use super::truth::{Truth, Verdict};
use crate::reason::answer;

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The lesson's family.
    pub family: &'static str,
    /// How the answer was judged.
    pub verdict: Verdict,
    /// The truth is a refusal or a question.
    pub refusal: bool,
    /// It would have moved the robot.
    pub acts: bool,
    /// The thought.
    pub thought: String,
    /// The answer, in the scene's names.
    pub answer: String,
}

impl Mark {
    /// Right?
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.verdict == Verdict::Right
    }
}

/// Asks a reasoner.
///
/// # Errors
/// The reasoner fails.
pub fn ask(reasoner: &mut dyn Reasoner, lesson: &Lesson, cancel: &Cancel) -> Result<Mark, ReasonError> {
    let Answer { thought, draft } = reasoner.think(&lesson.question, &mut |_| {}, cancel)?;
    let verdict = lesson.truth.judge(&draft, &lesson.question.scene, &lesson.question.robot);
    let refusal = !matches!(lesson.truth, Truth::Do(_));
    let (acts, thought) = (matches!(draft, Draft::Do { .. }), thought.text);
    Ok(Mark { family: lesson.family, verdict, refusal, acts, thought, answer: answer::write(&draft) })
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

/// Shares of all, of plans (`plans`), of refusals and questions (`refusals`), of answers that move the robot (`moves`), and
/// of each family.
#[must_use]
pub fn shares(marks: &[Mark]) -> BTreeMap<&'static str, Share> {
    let mut shares: BTreeMap<&'static str, Share> = BTreeMap::new();
    for mark in marks {
        let of = if mark.refusal { "refusals" } else { "plans" };
        for key in ["all", of, mark.family].into_iter().chain(mark.acts.then_some("moves")) {
            let share = shares.entry(key).or_default();
            share.of += 1;
            share.right += usize::from(mark.is_right());
        }
    }
    shares
}
