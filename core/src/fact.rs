//! What can be true of a scene, and how it is measured: the one vocabulary of preconditions, effects, goals, evidence
//! and judges. Measured from poses and sensors only, never from a model's words.

use serde::{Deserialize, Serialize};

use crate::geometry::Aabb;
use crate::observation::Observation;
use crate::scene::{ObjectId, Scene, SceneObject};
use crate::state::Side;

/// Gap between two things that still count as touching when one rests on the other, metres.
pub const REST_GAP_M: f64 = 0.015;
/// How much deeper than that a thing must lie to count as inside where it, or what it is in, was recognised rather than
/// known for sure: a judge by the physics stands at the edge itself, and heights are seen a few millimetres off.
pub const SEEN_DEEPER_M: f64 = 0.004;
/// Gap up to which two things are near each other, metres.
pub const NEAR_GAP_M: f64 = 0.10;
/// Largest gap between a base's origin and a thing it is at, metres.
pub const AT_GAP_M: f64 = 0.60;
/// Fraction from which something counts as open: more than a judge asks for, as what is measured may be off.
pub const OPEN_FRACTION: f64 = 0.7;
/// Fraction from which a lid does: one that leans over its box is in the hand's way.
pub const LID_OPEN_FRACTION: f64 = 0.8;
/// Fraction up to which something counts as closed.
pub const CLOSED_FRACTION: f64 = 0.1;
/// Largest tilt of an upright thing, radians (20°).
pub const UPRIGHT_TILT_RAD: f64 = 0.35;
/// Fingers closer than this hold nothing, metres.
pub const EMPTY_WIDTH_M: f64 = 0.004;
/// Smallest offset for left, right, front, behind, metres.
pub const SIDE_OFFSET_M: f64 = 0.02;

/// Fraction from which this counts as open.
pub fn open_from(object: &SceneObject) -> f64 {
    if object.has_lid() { LID_OPEN_FRACTION } else { OPEN_FRACTION }
}

/// A statement about the world. Sides are as seen from the robot's base looking along +x: left is +y, behind is +x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Nothing is in the gripper.
    HandEmpty,
    /// The gripper holds it.
    Held(ObjectId),
    /// The first rests on the second.
    On(ObjectId, ObjectId),
    /// The first is inside the second.
    In(ObjectId, ObjectId),
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
    /// The first is left of the second.
    LeftOf(ObjectId, ObjectId),
    /// The first is right of the second.
    RightOf(ObjectId, ObjectId),
    /// The first is in front of the second (nearer the robot).
    InFrontOf(ObjectId, ObjectId),
    /// The first is behind the second (farther from the robot).
    Behind(ObjectId, ObjectId),
    /// It was moved to that side since the step (or, in a goal, the task) began.
    Moved(ObjectId, Side),
}

impl Fact {
    /// The objects it speaks of.
    pub fn objects(&self) -> impl Iterator<Item = ObjectId> {
        use Fact::*;
        let (a, b) = match *self {
            HandEmpty => (None, None),
            Held(a) | Open(a) | Closed(a) | TurnedOn(a) | TurnedOff(a) | RobotAt(a) | Upright(a) | Moved(a, _) => {
                (Some(a), None)
            }
            On(a, b) | In(a, b) | Near(a, b) | LeftOf(a, b) | RightOf(a, b) | InFrontOf(a, b) | Behind(a, b) => {
                (Some(a), Some(b))
            }
        };
        a.into_iter().chain(b)
    }

    /// The same of objects by other names.
    #[must_use]
    pub fn renamed(self, to: impl Fn(ObjectId) -> ObjectId) -> Self {
        use Fact::*;
        match self {
            HandEmpty => HandEmpty,
            Held(a) => Held(to(a)),
            On(a, b) => On(to(a), to(b)),
            In(a, b) => In(to(a), to(b)),
            Open(a) => Open(to(a)),
            Closed(a) => Closed(to(a)),
            TurnedOn(a) => TurnedOn(to(a)),
            TurnedOff(a) => TurnedOff(to(a)),
            Near(a, b) => Near(to(a), to(b)),
            RobotAt(a) => RobotAt(to(a)),
            Upright(a) => Upright(to(a)),
            LeftOf(a, b) => LeftOf(to(a), to(b)),
            RightOf(a, b) => RightOf(to(a), to(b)),
            InFrontOf(a, b) => InFrontOf(to(a), to(b)),
            Behind(a, b) => Behind(to(a), to(b)),
            Moved(a, side) => Moved(to(a), side),
        }
    }
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use Fact::*;
        match self {
            HandEmpty => write!(f, "the hand is empty"),
            Held(a) => write!(f, "{a} is held"),
            On(a, b) => write!(f, "{a} is on {b}"),
            In(a, b) => write!(f, "{a} is in {b}"),
            Open(a) => write!(f, "{a} is open"),
            Closed(a) => write!(f, "{a} is closed"),
            TurnedOn(a) => write!(f, "{a} is on"),
            TurnedOff(a) => write!(f, "{a} is off"),
            Near(a, b) => write!(f, "{a} is near {b}"),
            RobotAt(a) => write!(f, "the robot is at {a}"),
            Upright(a) => write!(f, "{a} is upright"),
            LeftOf(a, b) => write!(f, "{a} is left of {b}"),
            RightOf(a, b) => write!(f, "{a} is right of {b}"),
            InFrontOf(a, b) => write!(f, "{a} is in front of {b}"),
            Behind(a, b) => write!(f, "{a} is behind {b}"),
            Moved(a, side) => write!(f, "{a} was moved {}", side.way()),
        }
    }
}

/// What a fact was measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// An object it needs is not in the scene; the value is 0.
    Missing,
    /// Opening of the fingers, metres.
    GripperWidth,
    /// Height of the lower face of the first over the upper face of the second, metres.
    RestHeight,
    /// Horizontal distance of the first's centre outside the second's footprint, metres.
    Outside,
    /// Open fraction.
    OpenFraction,
    /// 1 on, 0 off.
    Switch,
    /// Gap between the two, metres.
    Gap,
    /// Tilt from upright, radians.
    Tilt,
    /// Offset along the side's axis, metres.
    Offset,
}

/// A fact, whether it holds, and the number that decided it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The fact.
    pub fact: Fact,
    /// Does it hold?
    pub holds: bool,
    /// What was measured.
    pub measure: Measure,
    /// The measured value, unit as the measure says.
    pub value: f64,
    /// The limit it was held against.
    pub limit: f64,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verb = if self.holds { "" } else { "NOT: " };
        let Self { fact, value, limit, .. } = self;
        match self.measure {
            Measure::Missing => write!(f, "{verb}{fact} (an object is not in sight)"),
            Measure::GripperWidth => {
                write!(f, "{verb}{fact} (fingers {:.1} mm apart)", value * 1e3)
            }
            Measure::RestHeight => write!(f, "{verb}{fact} (height over it {:.1} mm)", value * 1e3),
            Measure::Outside => write!(f, "{verb}{fact} ({:.1} mm outside)", value * 1e3),
            Measure::OpenFraction => write!(f, "{verb}{fact} ({:.0} % open, limit {:.0} %)", value * 1e2, limit * 1e2),
            Measure::Switch => write!(f, "{verb}{fact}"),
            Measure::Gap => write!(f, "{verb}{fact} (gap {:.1} cm, limit {:.0} cm)", value * 1e2, limit * 1e2),
            Measure::Tilt => write!(f, "{verb}{fact} (tilt {:.0}°)", value.to_degrees()),
            Measure::Offset => write!(f, "{verb}{fact} (offset {:.1} cm)", value * 1e2),
        }
    }
}

/// Measures a fact on a scene, and on the fingers where sensors are given.
pub fn measure(fact: &Fact, scene: &Scene, senses: Option<&Observation>) -> Finding {
    measure_since(fact, scene, senses, None)
}

/// Measures a fact as [`measure`] does, and movement against the scene `before`.
pub fn measure_since(fact: &Fact, scene: &Scene, senses: Option<&Observation>, before: Option<&Scene>) -> Finding {
    use Fact::*;
    let found = |holds: bool, measure, value: f64, limit: f64| Finding { fact: *fact, holds, measure, value, limit };
    let missing = found(false, Measure::Missing, 0.0, 0.0);
    let one = |a: &ObjectId, f: &dyn Fn(&SceneObject) -> Finding| scene.get(a).map_or(missing, f);
    let two = |a: &ObjectId, b: &ObjectId, f: &dyn Fn(&SceneObject, &SceneObject) -> Finding| {
        scene.get(a).zip(scene.get(b)).map_or(missing, |(a, b)| f(a, b))
    };
    let side = |a: &ObjectId, b: &ObjectId, axis: usize, sign: f64| {
        two(a, b, &|a, b| {
            let offset_m = a.position_m() - b.position_m();
            let along_m = sign * offset_m[axis];
            let lies = along_m > SIDE_OFFSET_M && along_m >= offset_m[1 - axis].abs();
            // What the hand carries about is nowhere yet.
            let holds = lies && !held(a, scene) && !held(b, scene);
            found(holds, Measure::Offset, along_m, SIDE_OFFSET_M)
        })
    };
    let width_m = senses.and_then(|s| s.gripper_width_m).unwrap_or(f64::NAN);
    match fact {
        HandEmpty => found(scene.holding.is_none(), Measure::GripperWidth, width_m, EMPTY_WIDTH_M),
        Held(a) => {
            let fingers_agree = senses.is_none() || width_m > EMPTY_WIDTH_M;
            found(scene.holding == Some(*a) && fingers_agree, Measure::GripperWidth, width_m, EMPTY_WIDTH_M)
        }
        On(a, b) => two(a, b, &|a, b| {
            let height_m = a.bottom_m() - b.top_m();
            let outside_m = outside_footprint_m(a, b);
            if outside_m > 0.0 {
                return found(false, Measure::Outside, outside_m, 0.0);
            }
            found(height_m.abs() <= REST_GAP_M && !held(a, scene), Measure::RestHeight, height_m, REST_GAP_M)
        }),
        In(a, b) => two(a, b, &|a, b| {
            let outside_m = outside_footprint_m(a, b);
            if outside_m > 0.0 {
                return found(false, Measure::Outside, outside_m, 0.0);
            }
            // Its lower part must be between the container's floor and rim, not merely above it.
            let height_m = a.bottom_m() - b.top_m();
            let deep_m = REST_GAP_M + if a.score.min(b.score) < 1.0 { SEEN_DEEPER_M } else { 0.0 };
            let holds = height_m < -deep_m && a.bottom_m() > b.bottom_m() - REST_GAP_M && !held(a, scene);
            found(holds, Measure::RestHeight, height_m, -deep_m)
        }),
        Open(a) => one(a, &|a| {
            let open = a.open_fraction.unwrap_or(f64::NAN);
            found(open >= open_from(a), Measure::OpenFraction, open, open_from(a))
        }),
        Closed(a) => one(a, &|a| {
            let open = a.open_fraction.unwrap_or(f64::NAN);
            found(open <= CLOSED_FRACTION, Measure::OpenFraction, open, CLOSED_FRACTION)
        }),
        TurnedOn(a) => one(a, &|a| found(a.on == Some(true), Measure::Switch, f64::from(a.on == Some(true)), 1.0)),
        TurnedOff(a) => one(a, &|a| found(a.on == Some(false), Measure::Switch, f64::from(a.on == Some(true)), 0.0)),
        Near(a, b) => two(a, b, &|a, b| {
            let gap_m = horizontal_gap_m(a, b);
            found(gap_m <= NEAR_GAP_M, Measure::Gap, gap_m, NEAR_GAP_M)
        }),
        RobotAt(a) => one(a, &|a| {
            let Some(base) = scene.world_from_base else {
                return missing;
            };
            let mut base_m = base.translation.vector;
            base_m.z = a.position_m().z;
            let half_m = a.world_half_extents_m();
            let bounds = Aabb { min_m: a.position_m() - half_m, max_m: a.position_m() + half_m };
            let gap_m = bounds.distance_m(&base_m);
            // A flat zone is a place to stand in, anything tall a place to stand next to.
            let limit_m = if a.size_m.z < 0.05 { 0.0 } else { AT_GAP_M };
            found(gap_m <= limit_m, Measure::Gap, gap_m, limit_m)
        }),
        Upright(a) => one(a, &|a| {
            let tilt_rad = (a.world_from_object.rotation * crate::Vec3::z()).z.clamp(-1.0, 1.0).acos();
            found(tilt_rad <= UPRIGHT_TILT_RAD, Measure::Tilt, tilt_rad, UPRIGHT_TILT_RAD)
        }),
        LeftOf(a, b) => side(a, b, 1, 1.0),
        RightOf(a, b) => side(a, b, 1, -1.0),
        InFrontOf(a, b) => side(a, b, 0, -1.0),
        Behind(a, b) => side(a, b, 0, 1.0),
        Moved(a, side) => one(a, &|now| {
            let Some(then) = before.and_then(|scene| scene.get(a)) else {
                return missing;
            };
            let way = side.direction();
            let offset_m = now.position_m() - then.position_m();
            let along_m = offset_m.dot(&way);
            let across_m = (offset_m - way * along_m).norm();
            found(along_m > SIDE_OFFSET_M && along_m > across_m, Measure::Offset, along_m, SIDE_OFFSET_M)
        }),
    }
}

fn held(object: &SceneObject, scene: &Scene) -> bool {
    scene.holding == Some(object.id)
}

/// How far `a`'s centre lies outside `b`'s footprint, metres, zero inside.
fn outside_footprint_m(a: &SceneObject, b: &SceneObject) -> f64 {
    let local = b.world_from_object.inverse_transform_point(&a.position_m().into());
    let over = |i: usize| (local[i].abs() - b.size_m[i] * 0.5).max(0.0);
    over(0).hypot(over(1))
}

/// Horizontal gap between the world boxes of two objects, metres, zero when they overlap.
fn horizontal_gap_m(a: &SceneObject, b: &SceneObject) -> f64 {
    let reach = a.world_half_extents_m() + b.world_half_extents_m();
    let offset = (a.position_m() - b.position_m()).abs() - reach;
    offset.x.max(0.0).hypot(offset.y.max(0.0))
}
