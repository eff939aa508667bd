//! Everything that happens, as it happens: what sinks are told. Cheap to clone; large things are shared.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::{Action, MotionState};
use crate::check::PlanError;
use crate::command::{Applied, Command};
use crate::fact::Finding;
use crate::goal::Goal;
use crate::guard::Rejection;
use crate::observation::Observation;
use crate::outcome::{Failure, Halt, Outcome};
use crate::plan::DraftCall;
use crate::reasoner::Answer;
use crate::scene::Scene;
use crate::world::WorldError;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A goal was taken up.
    Goal(Arc<Goal>),
    /// Senses, every turn (pictures travel with it but are not journalled).
    Observed(Observation),
    /// The world failed this turn: it gave no observation, took no command, or has no next period.
    WorldFailed(WorldError),
    /// A perceiver was asked.
    LookAsked,
    /// A scene came from the perceiver.
    Looked(Arc<Scene>),
    /// The perceiver failed.
    LookFailed(Arc<str>),
    /// The reasoner was asked, the n-th time for this goal.
    ThinkAsked(u32),
    /// A piece of thought, as it is thought.
    ThoughtPiece(Arc<str>),
    /// The reasoner answered.
    Answered(Arc<Answer>),
    /// The reasoner failed.
    ThinkFailed(Arc<str>),
    /// The checker refused the draft.
    PlanRejected(Arc<PlanError>),
    /// The checker passed the plan: steps in words of their own.
    Planned(Arc<Vec<DraftCall>>),
    /// A step starts: which, and which attempt at it.
    StepStarted {
        /// From 0.
        step: usize,
        /// From 0.
        attempt: u32,
    },
    /// A phase of the step starts.
    PhaseStarted {
        /// From 0.
        step: usize,
        /// Its name.
        phase: arrayvec::ArrayString<32>,
    },
    /// The executive's action changed.
    Acting(Action),
    /// The controller's state on it changed.
    Motion(MotionState),
    /// What the controller wished, every turn that it did.
    Commanded(Command),
    /// The guard refused it and sent a stop.
    Rejected(Rejection),
    /// What was sent, every turn.
    Applied(Applied),
    /// Something was measured as evidence.
    Evidence(Finding),
    /// A step worked.
    StepDone(usize),
    /// A step failed.
    StepFailed {
        /// From 0.
        step: usize,
        /// Why.
        failure: Failure,
    },
    /// A person or program asked for the task to end.
    Cancelled,
    /// Something that the task needs is lost, and the task ends with it.
    Lost(Arc<Halt>),
    /// The emergency stop was latched or released.
    EmergencyStop(bool),
    /// The task ended.
    Ended(Arc<Outcome>),
}
