//! The scene as the checker and symbolic planners see it: who is on, in or beside whom, what is open, what is held.
//! Skills state their preconditions and effects on this, so a plan can be run through before anything moves.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::fact::{self, Fact};
use crate::robot::RobotSpec;
use crate::scene::{Affordance, ObjectId, Scene, SceneObject};

/// What an object rests on or in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Support {
    /// On another object, by index.
    On(usize),
    /// Inside another object, by index.
    In(usize),
    /// In the gripper.
    Hand,
    /// On the floor, the table's edge, or nothing that is known.
    Ground,
}

/// Where something was put relative to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Side {
    Left,
    Right,
    Front,
    Behind,
}

impl Side {
    /// Every side with its name.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Left, "left"), (Self::Right, "right"), (Self::Front, "front"), (Self::Behind, "behind")];

    /// Names in the order of [`Side::ALL`], for a skill's choices.
    pub const NAMES: &'static [&'static str] = &["left", "right", "front", "behind"];

    /// The side of a choice by index.
    pub fn nth(index: usize) -> Option<Self> {
        Self::ALL.get(index).map(|(side, _)| *side)
    }

    /// Unit vector to this side, in the world of a robot that looks along +x.
    pub fn direction(self) -> crate::Vec3 {
        match self {
            Self::Left => crate::Vec3::y(),
            Self::Right => -crate::Vec3::y(),
            Self::Front => -crate::Vec3::x(),
            Self::Behind => crate::Vec3::x(),
        }
    }

    /// As a way to go: left, right, nearer, away.
    pub fn way(self) -> &'static str {
        ["to the left", "to the right", "nearer", "away"][self as usize]
    }

    /// The fact that `a` is on this side of `b`.
    pub fn fact(self, a: ObjectId, b: ObjectId) -> Fact {
        match self {
            Self::Left => Fact::LeftOf(a, b),
            Self::Right => Fact::RightOf(a, b),
            Self::Front => Fact::InFrontOf(a, b),
            Self::Behind => Fact::Behind(a, b),
        }
    }
}

/// The part of an object's state that plans change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Situation {
    /// What carries it.
    pub support: Support,
    /// Open, closed, or half-way (`None`) for what opens.
    pub open: Option<bool>,
    /// On or off.
    pub on: Option<bool>,
    /// Sides of other objects it is known to be on.
    pub beside: Vec<(usize, Side)>,
    /// Where it was pushed since the start.
    pub pushed: Option<Side>,
}

/// A symbolic state: fixed objects, changing situations.
#[derive(Clone, Debug)]
pub struct State {
    objects: Arc<Vec<SceneObject>>,
    robot: Arc<RobotSpec>,
    /// One situation an object, in the scene's order.
    pub situations: Vec<Situation>,
    /// What the gripper holds.
    pub holding: Option<usize>,
    /// Where the base stands.
    pub at: Option<usize>,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.situations == other.situations && self.holding == other.holding && self.at == other.at
    }
}
impl Eq for State {}
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&self.situations, self.holding, self.at).hash(hasher);
    }
}

impl State {
    /// The symbolic state of a scene, by the measures of [`fact`].
    pub fn of(scene: &Scene, robot: &Arc<RobotSpec>) -> Self {
        let ids: Vec<ObjectId> = scene.objects.iter().map(|o| o.id).collect();
        let holds = |fact: Fact| fact::measure(&fact, scene, None).holds;
        let situation = |i: usize, object: &SceneObject| {
            let others = || (0..ids.len()).filter(move |j| *j != i);
            let movable = object.can(Affordance::Graspable);
            // The smallest thing that contains or carries it is what it is in or on.
            let volume = |j: &usize| scene.objects[*j].size_m.product();
            let smallest = |pick: &dyn Fn(usize) -> bool| {
                others().filter(|j| pick(*j)).min_by(|a, b| volume(a).total_cmp(&volume(b)))
            };
            let container = smallest(&|j| {
                movable && scene.objects[j].can(Affordance::Container) && holds(Fact::In(ids[i], ids[j]))
            });
            let surface = || smallest(&|j| movable && holds(Fact::On(ids[i], ids[j])));
            let support = if scene.holding == Some(object.id) {
                Support::Hand
            } else if let Some(j) = container {
                Support::In(j)
            } else {
                surface().map_or(Support::Ground, Support::On)
            };
            let beside = if movable {
                let sides = |j: usize| Side::ALL.iter().map(move |(side, _)| (j, *side));
                others().flat_map(sides).filter(|(j, side)| holds(side.fact(ids[i], ids[*j]))).collect()
            } else {
                Vec::new()
            };
            let open = object.open_fraction.and_then(|open| {
                if open >= fact::open_from(object) {
                    Some(true)
                } else {
                    (open <= fact::CLOSED_FRACTION).then_some(false)
                }
            });
            Situation { support, open, on: object.on, beside, pushed: None }
        };
        let situations = scene.objects.iter().enumerate().map(|(i, o)| situation(i, o)).collect();
        let index = |id: &ObjectId| ids.iter().position(|other| other == id);
        let at = ids
            .iter()
            .position(|id| scene.get(id).is_some_and(|o| o.can(Affordance::Place)) && holds(Fact::RobotAt(*id)));
        Self {
            objects: Arc::new(scene.objects.clone()),
            robot: robot.clone(),
            situations,
            holding: scene.holding.as_ref().and_then(index),
            at,
        }
    }

    /// The objects, in the order of the situations.
    pub fn objects(&self) -> &[SceneObject] {
        &self.objects
    }

    /// The robot that would act.
    pub fn robot(&self) -> &RobotSpec {
        &self.robot
    }

    /// Index of an object by name.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.objects.iter().position(|o| o.id.as_str() == id)
    }

    /// Does anything rest on the object (not in it)?
    pub fn is_covered(&self, index: usize) -> Option<usize> {
        self.situations.iter().position(|s| s.support == Support::On(index))
    }

    /// The closed thing that an object is inside of, however deep, if any.
    pub fn shut_in(&self, mut index: usize) -> Option<usize> {
        for _ in 0..self.situations.len() {
            match self.situations[index].support {
                Support::In(holder) if self.situations[holder].open == Some(false) => {
                    return Some(holder);
                }
                Support::In(holder) | Support::On(holder) => index = holder,
                Support::Hand | Support::Ground => return None,
            }
        }
        None
    }

    /// Moves an object to a new support and forgets which sides it was on.
    pub fn put(&mut self, index: usize, support: Support) {
        self.situations[index].support = support;
        self.situations[index].beside.clear();
        for situation in &mut self.situations {
            situation.beside.retain(|(other, _)| *other != index);
        }
        if support == Support::Hand {
            self.holding = Some(index);
        } else if self.holding == Some(index) {
            self.holding = None;
        }
    }

    /// Does the fact hold in this state?
    pub fn holds(&self, fact: &Fact) -> bool {
        use Fact::*;
        let at = |id: &ObjectId| self.index(id);
        let situation = |id: &ObjectId| at(id).map(|i| &self.situations[i]);
        let beside = |a: &ObjectId, b: &ObjectId, side: Side| {
            at(b).zip(situation(a)).is_some_and(|(b, s)| s.beside.contains(&(b, side)))
        };
        match fact {
            HandEmpty => self.holding.is_none(),
            Held(a) => self.holding.is_some() && self.holding == at(a),
            On(a, b) => at(b).zip(situation(a)).is_some_and(|(b, s)| s.support == Support::On(b)),
            In(a, b) => at(b).zip(situation(a)).is_some_and(|(b, s)| s.support == Support::In(b)),
            Open(a) => situation(a).is_some_and(|s| s.open == Some(true)),
            Closed(a) => situation(a).is_some_and(|s| s.open == Some(false)),
            TurnedOn(a) => situation(a).is_some_and(|s| s.on == Some(true)),
            TurnedOff(a) => situation(a).is_some_and(|s| s.on == Some(false)),
            Near(a, b) => Side::ALL.iter().any(|(side, _)| beside(a, b, *side)),
            RobotAt(a) => self.at.is_some() && self.at == at(a),
            Upright(a) => at(a).is_some(),
            LeftOf(a, b) => beside(a, b, Side::Left),
            RightOf(a, b) => beside(a, b, Side::Right),
            InFrontOf(a, b) => beside(a, b, Side::Front),
            Behind(a, b) => beside(a, b, Side::Behind),
            Moved(a, side) => situation(a).is_some_and(|s| s.pushed == Some(*side)),
        }
    }
}
