//! The ring of a run or an episode, made of whoever perceives and reasons in it (`stages` has the choice) and of what is
//! made to break. The ring can't tell one choice from another.

use ponder_core::Stamp;
use ponder_core::controllers::RobotController;
use ponder_core::perceiver::Look;
use ponder_core::reasoner::Question;
use ponder_core::run::{self, Limits, Parts, Ring};
use ponder_core::sink::Sink;
use ponder_core::thinker::{Cancel, Inline, Threaded};
use ponder_core::world::{Want, World};
use ponder_sim::Fault;
use ponder_sim::harness::{SEE_S, THINK_S};
use ponder_sim::trial::Trial;

use crate::stages::{Eyes, Mind};

/// Simulated time that a reasoner that hangs takes, seconds.
const HUNG_S: f64 = 60.0;

/// What a ring is made of.
#[derive(Clone, Default)]
pub struct Stack {
    /// Who perceives.
    pub perception: Eyes,
    /// Who reasons.
    pub planner: Mind,
    /// How often things may be tried.
    pub limits: Limits,
    /// Stages that take their time get a thread each and the loop goes on meanwhile, as on a robot. Otherwise every stage
    /// takes a fixed time of the loop's own, however long it takes on the wall.
    pub is_live: bool,
    /// The reasoner hangs.
    pub hung_planner: bool,
    /// The perceiver is made to look at pictures even if it needs none, so that broken cameras matter to it.
    pub looks_at_pictures: bool,
}

impl Stack {
    /// What its perceiver needs in an observation.
    pub fn wants(&self) -> Want {
        let wants = self.perception.wants();
        Want { cameras: wants.cameras || self.looks_at_pictures, ..wants }
    }

    /// The same with what breaks in its slow stages. What breaks in the body is for [`break_body`].
    pub fn broken_by(self, faults: &[Breakage]) -> Self {
        let breaks = |which: &dyn Fn(What) -> bool| faults.iter().any(|fault| which(fault.what));
        Self {
            hung_planner: breaks(&|what| what == What::HungPlanner),
            looks_at_pictures: breaks(&|what| matches!(what, What::Body(Fault::FrozenCamera | Fault::SilentCamera))),
            ..self
        }
    }

    /// A ring around a simulated world.
    ///
    /// # Errors
    /// When the operating system gives no thread to a stage that needs one.
    pub fn ring(&self, world: Box<dyn World>, sinks: Vec<Box<dyn Sink>>) -> std::io::Result<Ring> {
        let robot = world.robot().clone();
        let (mut eyes, mut mind) = (self.perception.perceiver(), self.planner.reasoner());
        let wants = self.wants();
        let controller = Box::new(RobotController::new(robot.clone()));
        let see = move |look: &Look, _: &mut dyn FnMut(&str), cancel: &Cancel| eyes.perceive(look, &robot, cancel);
        let think =
            move |question: &Question, say: &mut dyn FnMut(&str), cancel: &Cancel| mind.think(question, say, cancel);
        let think_s = if self.hung_planner { HUNG_S } else { THINK_S };
        let eyes: run::Eyes = if self.is_live && self.perception.is_slow() {
            Box::new(Threaded::spawn("see", Box::new(see))?)
        } else {
            Box::new(Inline::new(Box::new(see), SEE_S))
        };
        let mind: run::Mind = if self.is_live && self.planner.is_slow() && !self.hung_planner {
            Box::new(Threaded::spawn("think", Box::new(think))?)
        } else {
            Box::new(Inline::new(Box::new(think), think_s))
        };
        let parts = Parts { world, eyes, wants, mind, controller, sinks };
        Ok(Ring::new(parts, self.limits))
    }
}

/// Something that can be made to break in a run, by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breakage {
    /// What breaks.
    pub what: What,
    /// When, on the loop's clock, seconds.
    pub at_s: f64,
}

/// What can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Something of the robot's body.
    Body(Fault),
    /// The reasoner: it answers after a minute, from the start.
    HungPlanner,
    /// The emergency stop is pressed.
    EmergencyStop,
}

/// Names of what is not the body's.
const OTHERS: [(What, &str); 2] = [(What::HungPlanner, "hung_planner"), (What::EmergencyStop, "emergency_stop")];

impl What {
    /// Every one with its name.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        Fault::ALL.into_iter().map(|(fault, name)| (Self::Body(fault), name)).chain(OTHERS)
    }
}

/// Lets everything that breaks in a robot's body break at its time.
pub fn break_body(faults: &[Breakage], trial: &mut Trial) {
    for fault in faults {
        if let What::Body(what) = fault.what {
            trial.break_at(Stamp::from_s(fault.at_s), what);
        }
    }
}

/// Why text is no breakage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BreakageError {
    /// No such name.
    #[error("there is no fault `{name}`: give one of {known}")]
    Unknown {
        /// Name given.
        name: String,
        /// Names there are.
        known: String,
    },
    /// A time that is none.
    #[error("`{0}` is no time: give the seconds after which it breaks, such as nan_joint@2.5")]
    Time(String),
}

impl std::str::FromStr for Breakage {
    type Err = BreakageError;

    /// `nan_joint` breaks from the start, `nan-joint@2.5` after two and a half seconds.
    fn from_str(text: &str) -> Result<Self, BreakageError> {
        let (name, at) = text.split_once('@').unwrap_or((text, "0"));
        let at_s: f64 = at.parse().ok().filter(|s: &f64| *s >= 0.0).ok_or(BreakageError::Time(at.to_owned()))?;
        let plain = name.trim().replace('-', "_");
        let found = What::all().find(|(_, known)| *known == plain);
        let known = || What::all().map(|(_, name)| name).collect::<Vec<_>>().join(", ");
        let unknown = || BreakageError::Unknown { name: name.to_owned(), known: known() };
        Ok(Self { what: found.ok_or_else(unknown)?.0, at_s })
    }
}

impl std::fmt::Display for Breakage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = What::all().find(|(what, _)| *what == self.what).map_or("", |(_, name)| name);
        if self.at_s > 0.0 { write!(f, "{name}@{}", self.at_s) } else { write!(f, "{name}") }
    }
}
