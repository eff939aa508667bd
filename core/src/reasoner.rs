//! Reasoners turn a goal and a scene into a thought and a draft of a plan. Slow: run behind a thinker, cancellable.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::check::PlanError;
use crate::goal::Goal;
use crate::outcome::Failure;
use crate::plan::{Draft, DraftCall};
use crate::robot::RobotSpec;
use crate::scene::Scene;
use crate::thinker::Cancel;
use crate::thought::Thought;

/// What became of an earlier answer to the same goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Steps that worked before it ended.
    pub done: Vec<DraftCall>,
    /// The step that failed, and why.
    pub failed: Option<(DraftCall, Failure)>,
    /// Why the checker refused the draft, if it came no further.
    pub rejected: Option<PlanError>,
}

/// What a reasoner is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The person's goal.
    pub goal: Arc<Goal>,
    /// What is around.
    pub scene: Arc<Scene>,
    /// What the robot is.
    pub robot: Arc<RobotSpec>,
    /// What was tried before for this goal, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its words.
    pub thought: Thought,
    /// Its proposal, unchecked.
    pub draft: Draft,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReasonError {
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Its text is no plan.
    #[error("the answer can't be read: {0}")]
    Unreadable(String),
    /// The model or server failed.
    #[error("{0}")]
    Failed(String),
}

/// Thinks.
pub trait Reasoner: Send {
    /// Name for banners and records, e.g. `symbolic (baseline)`.
    fn name(&self) -> &str;

    /// Answers a question; `say` is called with pieces of thought as they come.
    ///
    /// # Errors
    /// [`ReasonError`]; a refusal or a question back is an answer, not an error.
    fn think(&mut self, question: &Question, say: &mut dyn FnMut(&str), cancel: &Cancel)
    -> Result<Answer, ReasonError>;
}
