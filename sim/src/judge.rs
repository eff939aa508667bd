//! The judge: decides conditions on the physics, not on poses alone. "On" and "in" mean carried through contact and at
//! rest, "held" means pressed by both fingers and carried by nothing else, "open" is a joint's position. Every fact comes
//! with the number that decided it. Limits that a person would notice are those of the shared vocabulary (`core::fact`);
//! the measurement is this file's own.

use ponder_core::Vec3;
use ponder_core::fact::{AT_GAP_M, CLOSED_FRACTION, NEAR_GAP_M, REST_GAP_M, SIDE_OFFSET_M, UPRIGHT_TILT_RAD};
use ponder_core::geometry::Aabb;
use ponder_core::scene::ObjectId;
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, Each, IT};
use crate::moment::{Carrier, Moment, Thing};

/// Slower than this is at rest, m/s.
pub const REST_SPEED_M_S: f64 = 0.03;
/// Smallest share of an object's support that makes something its carrier.
pub const CARRIED_SHARE: f64 = 0.5;
/// Largest share of its support that a held object may get from anything but the robot.
pub const HELD_SHARE: f64 = 0.2;
/// An object farther than this from where it began was moved, metres.
pub const MOVED_M: f64 = 0.03;
/// Fraction from which something is open.
const OPEN_FRACTION: f64 = 0.6;
/// A solid thing at least so high is stood next to, a flatter one stood in, metres.
const TALL_M: f64 = 0.05;

/// A fact that was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    /// The fact, e.g. `in(red_block, bowl)`.
    pub fact: String,
    /// Does it hold?
    pub holds: bool,
    /// What decided it, with its unit: `outside (m)`.
    pub measure: String,
    /// The number.
    pub value: f64,
    /// The limit it was held against.
    pub limit: f64,
}

impl std::fmt::Display for Ruling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { fact, holds, measure, value, limit } = self;
        write!(f, "{} {fact}: {measure} {value:.3}, limit {limit:.3}", if *holds { "yes" } else { "NO " })
    }
}

/// A measurement before it has a name.
struct Found {
    holds: bool,
    measure: &'static str,
    value: f64,
    limit: f64,
}

impl Found {
    fn most(measure: &'static str, value: f64, limit: f64) -> Self {
        Self { holds: value <= limit, measure, value, limit }
    }

    fn least(measure: &'static str, value: f64, limit: f64) -> Self {
        Self { holds: value >= limit, measure, value, limit }
    }

    /// This one if it fails, else what comes next.
    fn then(self, next: impl FnOnce() -> Self) -> Self {
        if self.holds { next() } else { self }
    }

    /// Something that the fact needs is not there: it never holds.
    const fn lacking(measure: &'static str) -> Self {
        Self { holds: false, measure, value: 0.0, limit: 0.0 }
    }
}

/// Decides a condition. `began` is the episode's first instant; every fact that was looked at goes to `rulings`.
///
/// All parts are looked at, whatever the first ones say, so that the record is complete.
pub fn decide(condition: &Condition, now: &Moment, began: &Moment, rulings: &mut Vec<Ruling>) -> bool {
    let mut count = |list: &[Condition]| {
        let held = list.iter().filter(|c| decide(c, now, began, rulings));
        held.count()
    };
    match condition {
        Condition::All(list) => count(list) == list.len(),
        Condition::Any(list) => count(list) > 0,
        Condition::Not(one) => !decide(one, now, began, rulings),
        Condition::Every(each) => {
            let members = each_of(each, now);
            count(&members) == members.len() && !members.is_empty()
        }
        Condition::Exists(each) => count(&each_of(each, now)) > 0,
        fact => {
            let Found { holds, measure, value, limit } = measure(fact, now, began);
            rulings.push(Ruling { fact: fact.to_string(), holds, measure: measure.to_owned(), value, limit });
            holds
        }
    }
}

/// The inner condition once for each object of the kind.
fn each_of(each: &Each, now: &Moment) -> Vec<Condition> {
    let of_kind = |thing: &&Thing| {
        each.label.is_none_or(|label| label == thing.label)
            && each.color.is_none_or(|color| Some(color) == thing.color)
            && !each.except.contains(&thing.id)
    };
    let bound = |thing: &Thing| each.is.renamed(&|name: &ObjectId| if name.as_str() == IT { thing.id } else { *name });
    now.here().filter(of_kind).map(bound).collect()
}

fn measure(fact: &Condition, now: &Moment, began: &Moment) -> Found {
    use Condition::*;
    const NOT_THERE: Found = Found::lacking("object is not there");
    let find = |id: &ObjectId| now.index(id);
    let one = |a: &ObjectId, f: &dyn Fn(usize, &Thing) -> Found| match find(a) {
        Some(i) => f(i, &now.things[i]),
        None => NOT_THERE,
    };
    let two = |a: &ObjectId, b: &ObjectId, f: &dyn Fn(usize, usize) -> Found| match (find(a), find(b)) {
        (Some(a), Some(b)) if a != b => f(a, b),
        _ => NOT_THERE,
    };
    let side = |a: &ObjectId, b: &ObjectId, axis: usize, sign: f64| {
        two(a, b, &|a, b| at_rest(&now.things[a]).then(|| beside(&now.things[a], &now.things[b], axis, sign)))
    };
    match fact {
        In(a, b) => two(a, b, &|a, b| inside(now, a, b)),
        On(a, b) => two(a, b, &|a, b| upon(now, a, b)),
        Open(a) => one(a, &|_, a| match a.open {
            Some(open) => Found::least("open fraction", open, OPEN_FRACTION),
            None => Found::lacking("it has nothing that opens"),
        }),
        Closed(a) => one(a, &|_, a| match a.open {
            Some(open) => Found::most("open fraction", open, CLOSED_FRACTION),
            None => Found::lacking("it has nothing that opens"),
        }),
        TurnedOn(a) => one(a, &|_, a| match a.on {
            Some(on) => Found::least("on (1) or off (0)", f64::from(on), 1.0),
            None => Found::lacking("it has no switch"),
        }),
        TurnedOff(a) => one(a, &|_, a| match a.on {
            Some(on) => Found::most("on (1) or off (0)", f64::from(on), 0.0),
            None => Found::lacking("it has no switch"),
        }),
        Near(a, b) => two(a, b, &|a, b| {
            let (a, b) = (&now.things[a], &now.things[b]);
            let reach_m = a.world_half_m() + b.world_half_m();
            let gap_m = (a.position_m() - b.position_m()).abs() - reach_m;
            let gap_m = gap_m.x.max(0.0).hypot(gap_m.y.max(0.0));
            at_rest(a).then(|| Found::most("gap (m)", gap_m, NEAR_GAP_M))
        }),
        RobotAt(a) => one(a, &|_, a| match &now.base {
            Some((base, speed_m_s)) => {
                let base_m = base.translation.vector;
                let center_m = Vec3::new(a.position_m().x, a.position_m().y, base_m.z);
                let half_m = a.world_half_m();
                let bounds = Aabb { min_m: center_m - half_m, max_m: center_m + half_m };
                let limit_m = if a.size_m.z < TALL_M { 0.0 } else { AT_GAP_M };
                Found::most("speed of the base (m/s)", *speed_m_s, REST_SPEED_M_S)
                    .then(|| Found::most("gap from the base (m)", bounds.distance_m(&base_m), limit_m))
            }
            None => Found::lacking("the robot does not drive"),
        }),
        Upright(a) => one(a, &|_, a| {
            let up = (a.world_from_object.rotation * Vec3::z()).z;
            Found::most("tilt (rad)", up.clamp(-1.0, 1.0).acos(), UPRIGHT_TILT_RAD)
        }),
        Held(a) => one(a, &|i, a| {
            let by_others = 1.0 - now.share(i, Carrier::Robot);
            Found::least("fingers on it", a.fingers as f64, 2.0)
                .then(|| Found::most("share carried by other things", by_others, HELD_SHARE))
        }),
        HandEmpty => {
            let fingers = now.here().map(|thing| thing.fingers).max().unwrap_or(0);
            Found::most("fingers on one thing", fingers as f64, 1.0)
        }
        LeftOf(a, b) => side(a, b, 1, 1.0),
        RightOf(a, b) => side(a, b, 1, -1.0),
        InFrontOf(a, b) => side(a, b, 0, -1.0),
        Behind(a, b) => side(a, b, 0, 1.0),
        Moved(a) => one(a, &|_, thing| match began.get(a) {
            Some(before) => Found::least(
                "distance from where it was (m)",
                (thing.position_m() - before.position_m()).norm(),
                MOVED_M,
            ),
            None => NOT_THERE,
        }),
        Touched(a) => one(a, &|_, a| Found::least("robot touches it", f64::from(a.touched), 1.0)),
        All(_) | Any(_) | Not(_) | Every(_) | Exists(_) => Found::lacking("not a fact"),
    }
}

fn at_rest(thing: &Thing) -> Found {
    Found::most("speed (m/s)", thing.speed_m_s, REST_SPEED_M_S)
}

fn let_go(thing: &Thing) -> Found {
    Found::most("fingers on it", thing.fingers as f64, 1.0)
}

/// `a` lies within `b`'s inner volume, let go, at rest, and at least half of its weight goes into `b`.
fn inside(now: &Moment, a: usize, b: usize) -> Found {
    let (thing, holder) = (&now.things[a], &now.things[b]);
    let Some(inner) = holder.inner else {
        return Found::lacking("it holds nothing inside");
    };
    Found::most("outside (m)", inner.outside_m(&thing.position_m()), 0.0)
        .then(|| Found::most("bottom over the rim (m)", thing.bottom_m() - inner.rim_m(), -0.5 * REST_GAP_M))
        .then(|| let_go(thing))
        .then(|| at_rest(thing))
        .then(|| Found::least("share carried by it", now.chain_share(a, b), CARRIED_SHARE))
}

/// `a` is let go, at rest, not inside `b`, and at least half of its weight goes straight into `b`. Paint carries
/// nothing: there `a` must lie with its centre over it and its bottom at its height, carried by something that stands.
fn upon(now: &Moment, a: usize, b: usize) -> Found {
    let (thing, under) = (&now.things[a], &now.things[b]);
    let free = let_go(thing).then(|| at_rest(thing));
    if under.solid {
        return free.then(|| Found::least("share carried by it", now.share(a, Carrier::Thing(b)), CARRIED_SHARE)).then(
            || match inside(now, a, b).holds {
                true => Found::lacking("it is inside rather than on it"),
                false => Found::least("share carried by it", now.share(a, Carrier::Thing(b)), CARRIED_SHARE),
            },
        );
    }
    let local_m = under.world_from_object.inverse_transform_point(&thing.position_m().into()).coords;
    let over = |axis: usize| (local_m[axis].abs() - under.size_m[axis] * 0.5).max(0.0);
    free.then(|| Found::most("outside (m)", over(0).hypot(over(1)), 0.0))
        .then(|| Found::most("height over it (m)", (thing.bottom_m() - under.top_m()).abs(), REST_GAP_M))
        .then(|| Found::most("share carried by the robot", now.share(a, Carrier::Robot), HELD_SHARE))
}

/// `a`'s centre lies at least [`SIDE_OFFSET_M`] to that side of `b`'s, and more so than sideways.
fn beside(a: &Thing, b: &Thing, axis: usize, sign: f64) -> Found {
    let offset_m = a.position_m() - b.position_m();
    let along_m = sign * offset_m[axis];
    Found::least("offset (m)", along_m, SIDE_OFFSET_M)
        .then(|| Found::least("offset beyond the sideways one (m)", along_m - offset_m[1 - axis].abs(), 0.0))
}
