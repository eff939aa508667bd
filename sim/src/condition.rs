//! What a task wants to be true, as data: facts joined by all, any and not, with words for "every red block". Scenario
//! files hold these; the judge evaluates them on the simulator's truth, never on what the robot believes.
//!
//! Names stand for objects of the scene, for a task's own `let` names, or for `it`: the object at hand inside `every`
//! and `some`.

use ponder_core::scene::{Color, Label, ObjectId};
use serde::{Deserialize, Serialize};

/// The object at hand inside [`Condition::Every`] and [`Condition::Exists`].
pub const IT: &str = "it";

/// Something that is true or not of the physical world. Sides are as seen from the robot's base looking along +x.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// Every object of a kind; false when there is none.
    Every(Each),
    /// At least one object of a kind.
    #[serde(rename = "some")]
    Exists(Each),
    /// The first rests inside the second: within its inner volume and carried by it, perhaps through other things.
    In(ObjectId, ObjectId),
    /// The first rests on the second: carried by it through contact.
    On(ObjectId, ObjectId),
    /// It is open.
    Open(ObjectId),
    /// It is closed.
    Closed(ObjectId),
    /// It is switched on.
    TurnedOn(ObjectId),
    /// It is switched off.
    TurnedOff(ObjectId),
    /// The two are near each other.
    Near(ObjectId, ObjectId),
    /// The base stands at it.
    RobotAt(ObjectId),
    /// It stands upright.
    Upright(ObjectId),
    /// Both fingers hold it and nothing else carries it.
    Held(ObjectId),
    /// Nothing is between the fingers.
    HandEmpty,
    /// The first is left of the second.
    LeftOf(ObjectId, ObjectId),
    /// The first is right of the second.
    RightOf(ObjectId, ObjectId),
    /// The first is in front of the second (nearer the robot).
    InFrontOf(ObjectId, ObjectId),
    /// The first is behind the second (farther from the robot).
    Behind(ObjectId, ObjectId),
    /// It is not where it was when the episode began.
    Moved(ObjectId),
    /// The robot touches it.
    Touched(ObjectId),
}

/// A kind of object and what shall be true of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Only objects with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Only objects of this colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ObjectId>,
    /// What shall be true, with the object named `it`.
    pub is: Box<Condition>,
}

impl Each {
    /// The kind in words: `red block`, `object`.
    pub fn kind(&self) -> String {
        let noun = self.label.as_ref().map_or("object", |label| label.as_str());
        self.color.map_or_else(|| noun.to_owned(), |color| format!("{} {noun}", color.name()))
    }
}

impl Condition {
    /// The fact's name in scenario files and records, e.g. `in`.
    pub fn word(&self) -> &'static str {
        use Condition::*;
        match self {
            All(_) => "all",
            Any(_) => "any",
            Not(_) => "not",
            Every(_) => "every",
            Exists(_) => "some",
            In(..) => "in",
            On(..) => "on",
            Open(_) => "open",
            Closed(_) => "closed",
            TurnedOn(_) => "turned_on",
            TurnedOff(_) => "turned_off",
            Near(..) => "near",
            RobotAt(_) => "robot_at",
            Upright(_) => "upright",
            Held(_) => "held",
            HandEmpty => "hand_empty",
            LeftOf(..) => "left_of",
            RightOf(..) => "right_of",
            InFrontOf(..) => "in_front_of",
            Behind(..) => "behind",
            Moved(_) => "moved",
            Touched(_) => "touched",
        }
    }

    /// The names that a fact itself speaks of; empty for what joins other conditions.
    pub fn names(&self) -> Vec<ObjectId> {
        use Condition::*;
        match self {
            All(_) | Any(_) | Not(_) | Every(_) | Exists(_) | HandEmpty => Vec::new(),
            Open(a) | Closed(a) | TurnedOn(a) | TurnedOff(a) | RobotAt(a) | Upright(a) | Held(a) | Moved(a)
            | Touched(a) => vec![*a],
            In(a, b) | On(a, b) | Near(a, b) | LeftOf(a, b) | RightOf(a, b) | InFrontOf(a, b) | Behind(a, b) => {
                vec![*a, *b]
            }
        }
    }

    /// The same condition with every name put through `rename`.
    pub fn renamed(&self, rename: &dyn Fn(&ObjectId) -> ObjectId) -> Self {
        use Condition::*;
        let many = |list: &[Self]| list.iter().map(|c| c.renamed(rename)).collect();
        let each = |e: &Each| Each {
            except: e.except.iter().map(rename).collect(),
            is: Box::new(e.is.renamed(rename)),
            ..e.clone()
        };
        match self {
            All(list) => All(many(list)),
            Any(list) => Any(many(list)),
            Not(one) => Not(Box::new(one.renamed(rename))),
            Every(e) => Every(each(e)),
            Exists(e) => Exists(each(e)),
            In(a, b) => In(rename(a), rename(b)),
            On(a, b) => On(rename(a), rename(b)),
            Open(a) => Open(rename(a)),
            Closed(a) => Closed(rename(a)),
            TurnedOn(a) => TurnedOn(rename(a)),
            TurnedOff(a) => TurnedOff(rename(a)),
            Near(a, b) => Near(rename(a), rename(b)),
            RobotAt(a) => RobotAt(rename(a)),
            Upright(a) => Upright(rename(a)),
            Held(a) => Held(rename(a)),
            HandEmpty => HandEmpty,
            LeftOf(a, b) => LeftOf(rename(a), rename(b)),
            RightOf(a, b) => RightOf(rename(a), rename(b)),
            InFrontOf(a, b) => InFrontOf(rename(a), rename(b)),
            Behind(a, b) => Behind(rename(a), rename(b)),
            Moved(a) => Moved(rename(a)),
            Touched(a) => Touched(rename(a)),
        }
    }

    /// Calls `visit` on this condition and all within it; `bound` says whether `it` has a meaning there.
    pub fn walk(&self, bound: bool, visit: &mut dyn FnMut(&Self, bool)) {
        visit(self, bound);
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|c| c.walk(bound, visit)),
            Self::Not(one) => one.walk(bound, visit),
            Self::Every(each) | Self::Exists(each) => each.is.walk(true, visit),
            _ => {}
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |list: &[Self], word: &str| {
            list.iter().map(ToString::to_string).collect::<Vec<_>>().join(&format!(" {word} "))
        };
        match self {
            Self::All(list) => write!(f, "({})", joined(list, "and")),
            Self::Any(list) => write!(f, "({})", joined(list, "or")),
            Self::Not(one) => write!(f, "not {one}"),
            Self::Every(each) => write!(f, "every {}: {}", each.kind(), each.is),
            Self::Exists(each) => write!(f, "some {}: {}", each.kind(), each.is),
            fact => {
                write!(f, "{}", fact.word())?;
                let names: Vec<_> = fact.names().iter().map(ToString::to_string).collect();
                if names.is_empty() { Ok(()) } else { write!(f, "({})", names.join(", ")) }
            }
        }
    }
}
