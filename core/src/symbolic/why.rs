//! Why something is not done: the reasons that the symbolic reasoner knows, by object, without words.

use crate::check::PlanError;
use crate::outcome::{FailureCode, RefusalReason};
use crate::plan::SkillCall;
use crate::skill::Unmet;
use crate::state::State;
use crate::symbolic::reading::{Description, Missing};
use crate::symbolic::resolve::Lost;

/// Why there is no plan. Objects are indices into the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// Words that no table knows; and what was understood all the same.
    NotUnderstood(Vec<String>),
    /// Words for harm.
    Unsafe(String),
    /// Words for what no skill does.
    Unable(String),
    /// A description found nothing, several, too few; or a pronoun stands for nothing.
    Lost(Lost),
    /// A verb without something it needs.
    Incomplete(String, Missing),
    /// Only things that must not be done were said.
    NothingToDo,
    /// It was asked for and forbidden at once.
    Contradiction,
    /// Nothing says where it shall go.
    NoDestination(usize),
    /// Several fit the place.
    WhichPlace(Description, Vec<usize>),
    /// The thing can't be lifted.
    Fixed(usize),
    /// Nothing can be put in or on it.
    NotAPlace(usize),
    /// Nothing can be put under a thing.
    NotUnder(usize),
    /// It can't be opened or closed.
    NotOpenable(usize),
    /// It is no switch and no button.
    NoSwitch(usize),
    /// It is no place to drive to.
    NotReachable(usize),
    /// It can't be put in or on itself.
    Itself(usize),
    /// It does not fit.
    DoesNotFit(usize, usize),
    /// The gripper does not open wide enough.
    TooWide(usize),
    /// It is out of reach.
    OutOfReach(usize),
    /// Nothing stays on it.
    NotSteady(usize),
    /// The robot has no arm.
    NoArm,
    /// The robot does not drive.
    NoBase,
    /// More things than hands.
    OneHand(Vec<usize>),
    /// No place has its colour.
    NoColorPlace(usize),
    /// Places are many, things are not as many.
    HowToShare,
    /// A wait is too long.
    TooLong(f64),
    /// What must be left alone is in the way.
    InTheWay(Vec<usize>),
    /// A step failed again and again and nothing else is left to try.
    GaveUp(SkillCall, FailureCode, usize),
    /// All steps worked, again and again, and the goal was not reached.
    NeverReached(usize),
    /// No order of steps leads there.
    NoWay,
    /// The checker refused the plan that was found: too long, or a mistake of the search.
    Rejected(PlanError),
}

impl Why {
    /// The reason for machines; `None` where the person is asked.
    pub fn reason(&self) -> Option<RefusalReason> {
        use RefusalReason as R;
        Some(match self {
            Self::NotUnderstood(_) => R::NotUnderstood,
            Self::Unsafe(_) => R::Unsafe,
            Self::Lost(Lost::NotThere(..) | Lost::TooFew(..)) => R::NotThere,
            Self::Lost(_) | Self::Incomplete(..) | Self::NothingToDo | Self::Contradiction | Self::NoDestination(_) => {
                return None;
            }
            Self::WhichPlace(..) | Self::NoColorPlace(_) | Self::HowToShare => return None,
            Self::Unable(_) | Self::NoArm | Self::NoBase | Self::OneHand(_) | Self::Fixed(_) | Self::NotAPlace(_) => {
                R::NotAble
            }
            Self::NotUnder(_) | Self::NotOpenable(_) | Self::NoSwitch(_) | Self::NotReachable(_) | Self::TooLong(_) => {
                R::NotAble
            }
            Self::Itself(_) | Self::DoesNotFit(..) | Self::TooWide(_) | Self::NotSteady(_) => R::DoesNotFit,
            Self::OutOfReach(_) | Self::GaveUp(_, FailureCode::Unreachable, _) => R::OutOfReach,
            Self::InTheWay(_) | Self::GaveUp(..) | Self::NeverReached(_) | Self::NoWay | Self::Rejected(_) => R::NoPlan,
        })
    }

    /// The reason for a precondition that can't be brought about.
    pub fn of_unmet(unmet: &Unmet, state: &State) -> Self {
        let at = |id: &crate::scene::ObjectId| state.index(id).unwrap_or(0);
        match unmet {
            Unmet::DoesNotFit(a, b) => Self::DoesNotFit(at(a), at(b)),
            Unmet::TooWide(a) => Self::TooWide(at(a)),
            Unmet::OutOfReach(a) => Self::OutOfReach(at(a)),
            Unmet::Itself(a) => Self::Itself(at(a)),
            Unmet::NotSteady(a) => Self::NotSteady(at(a)),
            Unmet::HandFull(_)
            | Unmet::HandEmpty
            | Unmet::Covered(..)
            | Unmet::ShutIn(..)
            | Unmet::NotOpen(_)
            | Unmet::Already(_) => Self::NoWay,
        }
    }

    /// Objects it is about, for the thought.
    pub fn objects(&self) -> Vec<usize> {
        match self {
            Self::Lost(Lost::NotThere(_, some) | Lost::Ambiguous(_, some) | Lost::TooFew(_, some)) => some.clone(),
            Self::WhichPlace(_, some) | Self::OneHand(some) | Self::InTheWay(some) => some.clone(),
            Self::DoesNotFit(a, b) => vec![*a, *b],
            Self::Fixed(a)
            | Self::NotAPlace(a)
            | Self::NotUnder(a)
            | Self::NotOpenable(a)
            | Self::NoSwitch(a)
            | Self::NotReachable(a) => vec![*a],
            Self::Itself(a)
            | Self::TooWide(a)
            | Self::OutOfReach(a)
            | Self::NotSteady(a)
            | Self::NoColorPlace(a)
            | Self::NoDestination(a) => vec![*a],
            _ => Vec::new(),
        }
    }
}

impl From<Lost> for Why {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}
