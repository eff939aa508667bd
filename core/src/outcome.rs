//! How a step or a whole task ended: done with evidence, or a closed, numbered reason.

use serde::{Deserialize, Serialize};

use crate::action::MotionRefusal;
use crate::check::PlanError;
use crate::fact::Finding;
use crate::guard::RejectCode;
use crate::scene::ObjectId;
use crate::skill::Unmet;

/// Why a step failed. The numbers are stable: they travel as result codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum FailureCode {
    /// The fingers closed on nothing.
    #[error("the fingers closed on nothing")]
    GraspMissed = 1,
    /// Something held was lost on the way.
    #[error("what was held was dropped")]
    Dropped = 2,
    /// An object is not where it was.
    #[error("an object was moved")]
    ObjectMoved = 3,
    /// An object is not in the scene any more.
    #[error("an object is not in sight")]
    ObjectGone = 4,
    /// No posture reaches the pose.
    #[error("out of reach")]
    Unreachable = 5,
    /// A motion was stopped by something.
    #[error("the motion was blocked")]
    Blocked = 6,
    /// No free way for the base.
    #[error("no free way leads there")]
    NoWay = 7,
    /// There is no room to put it.
    #[error("there is no room for it")]
    NoRoom = 8,
    /// The skill's promise is not true after it.
    #[error("the effect did not come about")]
    NoEffect = 9,
    /// A precondition no longer holds.
    #[error("a precondition no longer holds")]
    PreconditionLost = 10,
    /// It took too long.
    #[error("it took too long")]
    StepTimedOut = 11,
    /// The guard refused its commands.
    #[error("the guard refused the motion")]
    GuardRefused = 12,
    /// Every step worked, yet the goal is not reached.
    #[error("every step worked, yet the goal is not reached")]
    GoalNotReached = 13,
}

/// A failed step: the code and what it was about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The code.
    pub code: FailureCode,
    /// The object it is about, if one.
    pub object: Option<ObjectId>,
    /// The measurement that decided it, if one.
    pub finding: Option<Finding>,
    /// The precondition that was lost, if that was it.
    pub unmet: Option<Unmet>,
    /// The controller's refusal, if that was it.
    pub refusal: Option<MotionRefusal>,
}

impl Failure {
    /// A failure with nothing but its code and, perhaps, an object.
    pub fn new(code: FailureCode, object: Option<ObjectId>) -> Self {
        Self { code, object, finding: None, unmet: None, refusal: None }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(object) = self.object {
            write!(f, " ({object})")?;
        }
        if let Some(finding) = self.finding {
            write!(f, ": {finding}")?;
        }
        if let Some(unmet) = self.unmet {
            write!(f, ": {unmet}")?;
        }
        if let Some(refusal) = self.refusal {
            write!(f, ": {refusal}")?;
        }
        Ok(())
    }
}

/// Why something is not done at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum RefusalReason {
    /// It speaks of something that is not there.
    #[error("it is not there")]
    NotThere = 1,
    /// It does not fit.
    #[error("it does not fit")]
    DoesNotFit = 2,
    /// It is out of reach.
    #[error("it is out of reach")]
    OutOfReach = 3,
    /// No skill or no part of the robot can do it.
    #[error("the robot can't do that")]
    NotAble = 4,
    /// It could hurt somebody or break something.
    #[error("it is not safe")]
    Unsafe = 5,
    /// The instruction was not understood.
    #[error("the instruction was not understood")]
    NotUnderstood = 6,
    /// No order of steps leads there.
    #[error("no way of doing it was found")]
    NoPlan = 7,
}

/// Why the robot was stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// The emergency stop is latched.
    #[error("emergency stop")]
    EmergencyStop,
    /// A person or program asked for it.
    #[error("cancelled")]
    Cancelled,
    /// The guard keeps refusing.
    #[error("the guard stopped the robot: {0}")]
    Guard(RejectCode),
    /// The world (simulator, driver) failed.
    #[error("the world failed: {0}")]
    World(String),
    /// No scene came in time.
    #[error("perception gave no scene in {waited_s:.1} s")]
    NoScene {
        /// How long was waited.
        waited_s: f64,
    },
    /// Perception failed.
    #[error("perception failed: {0}")]
    Perception(String),
    /// No plan came in time.
    #[error("the reasoner gave no answer in {waited_s:.1} s")]
    NoPlan {
        /// How long was waited.
        waited_s: f64,
    },
    /// The reasoner failed.
    #[error("the reasoner failed: {0}")]
    Reasoning(String),
    /// The reasoner's plans do not check.
    #[error("no plan passed the checker: {0}")]
    PlanRejected(PlanError),
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every promise and the goal were measured to be true.
    Done {
        /// The measurements, in the order they were made.
        evidence: Vec<Finding>,
    },
    /// Steps failed more often than may be tried.
    Failed {
        /// The last failure.
        failure: Failure,
    },
    /// The reasoner refused.
    Refused {
        /// Why.
        reason: RefusalReason,
        /// Its words.
        text: String,
    },
    /// The reasoner asks something first.
    Asked {
        /// The question.
        question: String,
    },
    /// The robot was stopped.
    Halted {
        /// Why.
        halt: Halt,
    },
    /// The goal's time was up.
    TimedOut {
        /// The limit, seconds.
        limit_s: f64,
    },
}

impl Outcome {
    /// Short name for tables: `done`, `failed:dropped`, `refused:not_there`.
    pub fn code(&self) -> String {
        let name = |value: &dyn std::fmt::Debug| snake(&format!("{value:?}"));
        match self {
            Self::Done { .. } => "done".to_owned(),
            Self::Failed { failure } => format!("failed:{}", name(&failure.code)),
            Self::Refused { reason, .. } => format!("refused:{}", name(reason)),
            Self::Asked { .. } => "asked".to_owned(),
            Self::Halted { halt } => format!("halted:{}", name(halt)),
            Self::TimedOut { .. } => "timed_out".to_owned(),
        }
    }
}

/// The leading identifier of a Debug text in snake case: `NoPlan { … }` becomes `no_plan`.
fn snake(debug: &str) -> String {
    let mut out = String::new();
    for (i, c) in debug.chars().take_while(char::is_ascii_alphanumeric).enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done { evidence } => write!(f, "done, on {} measurements", evidence.len()),
            Self::Failed { failure } => write!(f, "failed: {failure}"),
            Self::Refused { reason, text } => write!(f, "refused ({reason}): {text}"),
            Self::Asked { question } => write!(f, "asks: {question}"),
            Self::Halted { halt } => write!(f, "halted: {halt}"),
            Self::TimedOut { limit_s } => write!(f, "not done within {limit_s} s"),
        }
    }
}
