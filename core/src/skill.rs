//! Skills: the only things a plan can ask for. A skill states what it needs, what it changes and what it promises, on
//! the symbolic state; and unrolls, on the real scene, into a short list of task-space phases that the executive runs.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::Pose;
use crate::action::Action;
use crate::observation::Observation;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::robot::RobotSpec;
use crate::scene::{Affordance, ObjectId, Scene};
use crate::state::State;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// An object of the scene that affords this.
    Object(Affordance),
    /// Any object of the scene.
    AnyObject,
    /// A number in a closed range.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Its unit.
        unit: &'static str,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl ParamKind {
    /// The words of a choice; empty for other kinds.
    pub fn choices(&self) -> &'static [&'static str] {
        match self {
            Self::Choice(words) => words,
            _ => &[],
        }
    }
}

/// A named parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name in plans.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParamKind,
    /// What it means, for prompts and help.
    pub doc: &'static str,
}

/// A part of the robot that a skill needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Any robot will do.
    Any,
    /// An arm with a gripper.
    Arm,
    /// A driving base.
    Base,
}

impl Part {
    /// Does the robot have it?
    pub fn of(self, robot: &RobotSpec) -> bool {
        match self {
            Self::Any => true,
            Self::Arm => robot.arm.is_some(),
            Self::Base => robot.base.is_some(),
        }
    }
}

/// What a skill is, for checkers, prompts, grammars and people.
#[derive(Clone, Copy, Debug)]
pub struct SkillSpec {
    /// Name in plans.
    pub name: &'static str,
    /// One line for people and prompts.
    pub summary: &'static str,
    /// Parameters, at most [`crate::plan::MAX_ARGS`], all required.
    pub params: &'static [Param],
    /// What the robot must have.
    pub needs: Part,
    /// Longest it may take, seconds.
    pub timeout_s: f64,
    /// How often it may be tried again when its promise did not come true.
    pub retries: u32,
}

/// A precondition that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// The gripper must be empty.
    #[error("the gripper already holds {0}")]
    HandFull(ObjectId),
    /// Something must be held.
    #[error("the gripper holds nothing")]
    HandEmpty,
    /// Something lies on it.
    #[error("{0} has {1} on it")]
    Covered(ObjectId, ObjectId),
    /// It is inside something closed.
    #[error("{0} is inside {1}, which is closed")]
    ShutIn(ObjectId, ObjectId),
    /// It must be open.
    #[error("{0} is not open")]
    NotOpen(ObjectId),
    /// It is so already.
    #[error("{0} already is so")]
    Already(ObjectId),
    /// It does not fit.
    #[error("{0} does not fit {1}")]
    DoesNotFit(ObjectId, ObjectId),
    /// The gripper does not open wide enough.
    #[error("{0} is wider than the gripper opens")]
    TooWide(ObjectId),
    /// It is outside of where the tool or base may be.
    #[error("{0} is out of reach")]
    OutOfReach(ObjectId),
    /// A thing can't be put on or in itself.
    #[error("{0} can't be put on or in itself")]
    Itself(ObjectId),
    /// Nothing can rest on it as it is.
    #[error("nothing can rest on {0}")]
    NotSteady(ObjectId),
}

/// What a skill may look at when it unrolls itself.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The call to carry out.
    pub call: &'a SkillCall,
    /// The latest scene, taken at rest.
    pub scene: &'a Scene,
    /// The latest observation.
    pub observation: &'a Observation,
    /// The robot.
    pub robot: &'a RobotSpec,
    /// Where the tool is, for robots with an arm.
    pub world_from_tool: Option<Pose>,
    /// How often this step was tried before.
    pub attempt: u32,
}

/// What happens when the controller reports a phase's motion as blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBlocked {
    /// The step fails.
    Fail(FailureCode),
    /// That was what the phase was for: go on.
    Continue,
}

/// One stretch of a skill: an action until it is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// What it is, for people: `approach`, `close`.
    pub name: &'static str,
    /// The action.
    pub action: Action,
    /// Shortest time to stay in the phase, seconds (zero: leave as soon as it is reached).
    pub dwell_s: f64,
    /// What a block means.
    pub on_blocked: OnBlocked,
    /// What it means if the action is reached unblocked, where that is a failure (fingers that met nothing).
    pub on_reached: Option<FailureCode>,
    /// Fresh scenes are looked at during the phase, by [`Skill::still_fits`].
    pub watch: bool,
    /// An object is carried: fingers that close further than a grip mean it was dropped.
    pub carrying: bool,
}

impl Phase {
    /// A phase that ends when its action is reached and fails when it is blocked.
    pub fn new(name: &'static str, action: Action) -> Self {
        let on_blocked = OnBlocked::Fail(FailureCode::Blocked);
        Self { name, action, dwell_s: 0.0, on_blocked, on_reached: None, watch: false, carrying: false }
    }

    /// The phase that moves the robot out of its cameras' view.
    pub fn clear_the_view() -> Self {
        Self::new("clear the view", Action::Park)
    }
}

/// Most phases of a skill.
pub const MAX_PHASES: usize = 24;
/// The phases of one call.
pub type Phases = ArrayVec<Phase, MAX_PHASES>;

/// A skill. Stateless: everything that changes is in the executive.
pub trait Skill: Sync {
    /// What it is.
    fn spec(&self) -> &'static SkillSpec;

    /// Can the call work in this state?
    ///
    /// # Errors
    /// The precondition that does not hold.
    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet>;

    /// What the call changes, where it works. Called only after [`Skill::check`] passed.
    fn effect(&self, call: &SkillCall, state: &mut State);

    /// What must be true after it, to be measured on a fresh scene. `before` is the state it started from.
    fn promise(&self, call: &SkillCall, before: &State) -> Facts;

    /// The motions, from the scene as it is now.
    ///
    /// # Errors
    /// Why there is no motion that could work.
    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure>;

    /// Can a watched phase go on, now that a newer scene has come?
    ///
    /// # Errors
    /// What has come in its way.
    fn still_fits(&self, _context: &Context<'_>, _phase: &Phase) -> Result<(), Failure> {
        Ok(())
    }
}
