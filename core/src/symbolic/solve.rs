//! From facts to steps: the facts one after the other in an order that does not undo what was reached, each by
//! [`search`]; all at once where no such order is. (Goal ordering: Koehler, Hoffmann 2000.)

use std::sync::Arc;

use crate::fact::{self, Fact};
use crate::plan::SkillCall;
use crate::robot::RobotSpec;
use crate::scene::{ObjectId, Scene};
use crate::skill::Unmet;
use crate::state::{Side, State, Support};
use crate::symbolic::search::{Aim, Bounds, calls_on, search};

/// Most states looked at for one fact.
const NODES_ONE: usize = 800;
/// Most states looked at for facts all at once.
const NODES_ALL: usize = 3000;

/// The state that plans start from: like [`State::of`], but things count as beside each other only when they are
/// near, so that `put it left of the bowl` is not done by standing somewhere to the left.
pub fn start(scene: &Scene, robot: &Arc<RobotSpec>) -> State {
    near_only(&State::of(scene, robot), scene)
}

/// A state in which only near things count as beside each other.
pub fn near_only(state: &State, scene: &Scene) -> State {
    let mut near = state.clone();
    let ids: Vec<ObjectId> = state.objects().iter().map(|o| o.id).collect();
    for (i, situation) in near.situations.iter_mut().enumerate() {
        situation.beside.retain(|(j, _)| fact::measure(&Fact::Near(ids[i], ids[*j]), scene, None).holds);
        situation.beside.shrink_to_fit();
    }
    near
}

/// The shortest plan found that makes all facts true on this scene, or the first fact that no plan reaches.
///
/// # Errors
/// The fact for which there is no way.
pub fn solve(goal: &[Fact], scene: &Scene, robot: &Arc<RobotSpec>) -> Result<Vec<SkillCall>, Fact> {
    achieve(&start(scene, robot), goal, &Bounds::default()).map(|(steps, _)| steps)
}

/// Steps from a state to all facts, in a good order.
///
/// # Errors
/// The first fact for which there is no way.
pub fn achieve(from: &State, goal: &[Fact], bounds: &Bounds<'_>) -> Result<(Vec<SkillCall>, State), Fact> {
    let ordered = order(from, goal);
    let in_turn = one_by_one(from, &ordered, bounds);
    let stuck = match in_turn {
        Ok(way) => return Ok(way),
        Err(fact) => fact,
    };
    if goal.len() > 1 && hopeless(&stuck, from).is_none() {
        let bounds = Bounds { nodes: NODES_ALL, ..*bounds };
        if let Some(way) = search(from, Aim::Facts(goal), &bounds) {
            return Ok(way);
        }
    }
    Err(stuck)
}

fn one_by_one(from: &State, goal: &[Fact], bounds: &Bounds<'_>) -> Result<(Vec<SkillCall>, State), Fact> {
    let mut keep: Vec<Fact> = bounds.keep.to_vec();
    if let Some(fact) = goal.iter().find(|f| !from.holds(f) && hopeless(f, from).is_some()) {
        return Err(*fact);
    }
    let (mut steps, mut state) = (Vec::new(), from.clone());
    for fact in goal {
        let bounds = Bounds { keep: &keep, nodes: NODES_ONE, ..*bounds };
        let (more, after) = search(&state, Aim::Facts(&[*fact]), &bounds).ok_or(*fact)?;
        steps.extend(more);
        state = after;
        keep.push(*fact);
    }
    Ok((steps, state))
}

/// Steps after which a call can be carried out, with the call itself.
pub fn make_ready(from: &State, call: &SkillCall, bounds: &Bounds<'_>) -> Option<(Vec<SkillCall>, State)> {
    let bounds = Bounds { nodes: NODES_ONE, ..*bounds };
    let (mut steps, mut state) = search(from, Aim::Ready(call), &bounds)?;
    call.skill().effect(call, &mut state);
    steps.push(*call);
    Some((steps, state))
}

/// What no preparation can help: the precondition of the skills that would bring the fact about, where the hand is
/// empty, all is open and nothing lies on what the fact speaks of.
pub fn hopeless(fact: &Fact, state: &State) -> Option<Unmet> {
    let mut best = state.clone();
    let objects: Vec<usize> = fact.objects().filter_map(|id| best.index(&id)).collect();
    let first = *objects.first()?;
    for i in 0..best.situations.len() {
        best.situations[i].open = best.situations[i].open.map(|_| true);
        if matches!(best.situations[i].support, Support::On(j) if objects.contains(&j)) {
            best.put(i, Support::Ground);
        }
    }
    if let Some(held) = best.holding {
        best.put(held, Support::Ground);
    }
    let hard = |unmet: &Unmet| {
        matches!(
            unmet,
            Unmet::DoesNotFit(..) | Unmet::TooWide(_) | Unmet::OutOfReach(_) | Unmet::Itself(_) | Unmet::NotSteady(_)
        )
    };
    let calls = calls_on(&best, &objects);
    let refused = |state: &State, promised: &dyn Fn(&Fact) -> bool| {
        let promises = |call: &&SkillCall| call.skill().promise(call, state).iter().any(promised);
        let mut first = None;
        for call in calls.iter().filter(promises) {
            match call.skill().check(call, state) {
                Ok(()) => return None,
                Err(unmet) => first = first.or(Some(unmet).filter(hard)),
            }
        }
        first
    };
    if matches!(fact, Fact::Held(_)) || objects.len() == 2 {
        let held = Fact::Held(best.objects()[first].id);
        if let Some(unmet) = refused(&best, &|f| *f == held) {
            return Some(unmet);
        }
        best.put(first, Support::Hand);
    }
    let near = matches!(fact, Fact::Near(..));
    refused(&best, &|f| f == fact || near && f.objects().eq(fact.objects()))
}

/// Do two facts exclude each other?
pub fn clash(a: &Fact, b: &Fact) -> bool {
    use Fact::*;
    if a == b {
        return false;
    }
    let opposite = |x: Side, y: Side| {
        matches!(
            (x, y),
            (Side::Left, Side::Right)
                | (Side::Right, Side::Left)
                | (Side::Front, Side::Behind)
                | (Side::Behind, Side::Front)
        )
    };
    match (a, b) {
        (Open(x), Closed(y)) | (Closed(x), Open(y)) | (TurnedOn(x), TurnedOff(y)) | (TurnedOff(x), TurnedOn(y)) => {
            x == y
        }
        (RobotAt(_), RobotAt(_)) | (HandEmpty, Held(_)) | (Held(_), HandEmpty) | (Held(_), Held(_)) => true,
        (On(x, _) | In(x, _) | Held(x), On(y, _) | In(y, _) | Held(y)) => x == y,
        (Held(x), other) | (other, Held(x)) => side_of(other).is_some_and(|(y, ..)| y == *x),
        (In(x, _), other) | (other, In(x, _)) => side_of(other).is_some_and(|(y, ..)| y == *x),
        (On(x, p), other) | (other, On(x, p)) => side_of(other).is_some_and(|(y, q, _)| y == *x && q == *p),
        (a, b) => match (side_of(a), side_of(b)) {
            (Some((x, p, Some(s))), Some((y, q, Some(t)))) => x == y && p == q && opposite(s, t),
            _ => false,
        },
    }
}

fn side_of(fact: &Fact) -> Option<(ObjectId, ObjectId, Option<Side>)> {
    match *fact {
        Fact::LeftOf(a, b) => Some((a, b, Some(Side::Left))),
        Fact::RightOf(a, b) => Some((a, b, Some(Side::Right))),
        Fact::InFrontOf(a, b) => Some((a, b, Some(Side::Front))),
        Fact::Behind(a, b) => Some((a, b, Some(Side::Behind))),
        Fact::Near(a, b) => Some((a, b, None)),
        _ => None,
    }
}

/// What moves, and to what, for facts that move things.
fn moves(fact: &Fact) -> Option<(ObjectId, ObjectId)> {
    match *fact {
        Fact::On(a, b) | Fact::In(a, b) => Some((a, b)),
        ref other => side_of(other).map(|(a, b, _)| (a, b)),
    }
}

/// The facts in an order in which none undoes another: what carries comes before what is carried, what lies on top
/// leaves before what is under it; beyond that, as they were said.
pub fn order(state: &State, goal: &[Fact]) -> Vec<Fact> {
    let mut left: Vec<Fact> = goal.to_vec();
    let mut ordered = Vec::with_capacity(goal.len());
    let above = |top: ObjectId, under: ObjectId| {
        let (Some(top), Some(under)) = (state.index(&top), state.index(&under)) else {
            return false;
        };
        let mut at = top;
        for _ in 0..state.situations.len() {
            match state.situations[at].support {
                Support::On(j) if j == under => return true,
                Support::On(j) => at = j,
                _ => return false,
            }
        }
        false
    };
    let waits = |fact: &Fact, other: &Fact, soft: bool| {
        if matches!(fact, Fact::Held(_)) && !matches!(other, Fact::Held(_)) {
            return true; // the hand is needed for all the rest
        }
        let (Some((a, b)), Some((x, _))) = (moves(fact), moves(other)) else {
            return false;
        };
        (x == b && x != a) || (soft && (above(x, a) || above(x, b)))
    };
    while !left.is_empty() {
        let free = |soft: bool| {
            (0..left.len()).find(|i| {
                !left
                    .iter()
                    .enumerate()
                    .any(|(j, other)| j != *i && !state.holds(other) && waits(&left[*i], other, soft))
            })
        };
        let next = free(true).or_else(|| free(false)).unwrap_or(0);
        ordered.push(left.remove(next));
    }
    ordered
}
