//! A* over symbolic states with the skills' own preconditions and effects (Hart, Nilsson, Raphael 1968). Only calls on
//! objects that the goal has to do with are tried, and only changes that the goal asks for, or that clear its way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};

use crate::fact::Fact;
use crate::plan::{Arg, MAX_ARGS, SkillCall};
use crate::scene::{Affordance, ObjectId};
use crate::skill::ParamKind;
use crate::skills::SKILLS;
use crate::state::{State, Support};

/// Skills that are carried out when they are asked for, never as a means.
const ASKED_ONLY: &[&str] = &["look", "push", "hand_over", "park", "wait"];

/// What the search is for.
#[derive(Clone, Copy, Debug)]
pub enum Aim<'a> {
    /// All of these facts.
    Facts(&'a [Fact]),
    /// That this call can be carried out.
    Ready(&'a SkillCall),
}

impl Aim<'_> {
    fn facts(&self) -> &[Fact] {
        match self {
            Self::Facts(facts) => facts,
            Self::Ready(_) => &[],
        }
    }

    fn is_met(&self, state: &State) -> bool {
        match self {
            Self::Facts(facts) => facts.iter().all(|fact| state.holds(fact)),
            Self::Ready(call) => call.skill().check(call, state).is_ok(),
        }
    }

    fn objects(&self) -> Vec<ObjectId> {
        match self {
            Self::Facts(facts) => facts.iter().flat_map(Fact::objects).collect(),
            Self::Ready(call) => (0..MAX_ARGS).filter_map(|i| call.object(i)).collect(),
        }
    }
}

/// What must stay as it is while the search looks for a way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    /// Facts that hold and must go on holding.
    pub keep: &'a [Fact],
    /// Facts that must not come true.
    pub forbidden: &'a [Fact],
    /// Objects to leave alone.
    pub avoid: &'a [usize],
    /// Calls that are known not to work.
    pub banned: &'a [SkillCall],
    /// Most states to look at.
    pub nodes: usize,
}

/// The shortest sequence of calls from a state to an aim, and the state it ends in.
pub fn search(from: &State, aim: Aim<'_>, bounds: &Bounds<'_>) -> Option<(Vec<SkillCall>, State)> {
    if aim.is_met(from) {
        return Some((Vec::new(), from.clone()));
    }
    let relevant = relevant(from, &aim);
    let calls = groundings(from, &relevant, bounds);
    let tables = free_surfaces(from);
    let mut nodes: Vec<(State, Option<(usize, usize)>, usize)> = vec![(from.clone(), None, 0)];
    let mut seen: HashSet<State, BuildHasherDefault<DefaultHasher>> = HashSet::default();
    seen.insert(from.clone());
    let mut open = BinaryHeap::new();
    open.push((Reverse(estimate(from, &aim)), 0, Reverse(0)));
    while let Some((_, steps, Reverse(at))) = open.pop() {
        if nodes.len() > bounds.nodes {
            return None;
        }
        for (c, call) in calls.iter().enumerate() {
            let before = &nodes[at].0;
            if call.skill().check(call, before).is_err() {
                continue;
            }
            let mut after = before.clone();
            call.skill().effect(call, &mut after);
            if !is_fit(before, &after, &aim, bounds, &tables) || seen.contains(&after) {
                continue;
            }
            let done = aim.is_met(&after);
            let cost = steps + 1 + estimate(&after, &aim);
            nodes.push((after.clone(), Some((at, c)), steps + 1));
            if done {
                let way = trace(&nodes, &calls);
                return Some((way, after));
            }
            seen.insert(after);
            open.push((Reverse(cost), steps + 1, Reverse(nodes.len() - 1)));
        }
    }
    None
}

fn trace(nodes: &[(State, Option<(usize, usize)>, usize)], calls: &[SkillCall]) -> Vec<SkillCall> {
    let mut way = Vec::new();
    let mut at = nodes.len() - 1;
    while let Some((parent, call)) = nodes[at].1 {
        way.push(calls[call]);
        at = parent;
    }
    way.reverse();
    way
}

/// Surfaces where a thing may be put out of the way: those that stay where they are, the largest first.
pub fn free_surfaces(state: &State) -> Vec<usize> {
    let objects = state.objects();
    let steady = |i: &usize| objects[*i].can(Affordance::Surface) && objects[*i].can(Affordance::Fixed);
    let area = |i: usize| objects[i].size_m.x * objects[i].size_m.y;
    let mut surfaces: Vec<usize> = (0..objects.len()).filter(steady).collect();
    surfaces.sort_by(|a, b| area(*b).total_cmp(&area(*a)));
    surfaces.truncate(1);
    surfaces
}

/// The objects that the aim speaks of, and whatever is on, around, or in the hand in place of them.
fn relevant(state: &State, aim: &Aim<'_>) -> Vec<usize> {
    let mut relevant: Vec<usize> = aim.objects().iter().filter_map(|id| state.index(id)).collect();
    relevant.extend(state.holding);
    let mut i = 0;
    while i < relevant.len() {
        let index = relevant[i];
        let add = |other: usize, relevant: &mut Vec<usize>| {
            if !relevant.contains(&other) {
                relevant.push(other);
            }
        };
        let is_table = state.objects()[index].can(Affordance::Fixed) && state.objects()[index].can(Affordance::Surface);
        for (other, situation) in state.situations.iter().enumerate() {
            if situation.support == Support::On(index) && !is_table {
                add(other, &mut relevant);
            }
        }
        if let Support::In(holder) | Support::On(holder) = state.situations[index].support
            && (state.situations[holder].open.is_some() || matches!(state.situations[index].support, Support::In(_)))
        {
            add(holder, &mut relevant);
        }
        i += 1;
    }
    for table in free_surfaces(state) {
        if !relevant.contains(&table) {
            relevant.push(table);
        }
    }
    relevant.sort_unstable();
    relevant.dedup();
    relevant
}

fn groundings(state: &State, relevant: &[usize], bounds: &Bounds<'_>) -> Vec<SkillCall> {
    let usable: Vec<usize> = relevant.iter().copied().filter(|i| !bounds.avoid.contains(i)).collect();
    let mut calls = calls_on(state, &usable);
    calls.retain(|call| !bounds.banned.contains(call));
    calls
}

/// Every call of the skills, on these objects, that type-checks for this robot.
pub fn calls_on(state: &State, objects: &[usize]) -> Vec<SkillCall> {
    let mut calls = Vec::new();
    for skill in SKILLS {
        let spec = skill.spec();
        if ASKED_ONLY.contains(&spec.name) || !spec.needs.of(state.robot()) {
            continue;
        }
        let mut partial: Vec<[Option<Arg>; MAX_ARGS]> = vec![[None; MAX_ARGS]];
        for (slot, param) in spec.params.iter().enumerate() {
            let values: Vec<Arg> = match param.kind {
                ParamKind::Object(_) | ParamKind::AnyObject => {
                    let fits = |i: &&usize| match param.kind {
                        ParamKind::Object(affordance) => state.objects()[**i].can(affordance),
                        _ => true,
                    };
                    objects.iter().filter(fits).map(|i| Arg::Object(state.objects()[*i].id)).collect()
                }
                ParamKind::Choice(words) => (0..words.len()).map(Arg::Choice).collect(),
                ParamKind::Number { .. } => Vec::new(),
            };
            let extend = |args: &[Option<Arg>; MAX_ARGS]| {
                let args = *args;
                values
                    .iter()
                    .map(move |value| {
                        let mut args = args;
                        args[slot] = Some(*value);
                        args
                    })
                    .collect::<Vec<_>>()
            };
            partial = partial.iter().flat_map(extend).collect();
        }
        calls.extend(partial.into_iter().map(|args| SkillCall { skill: *skill, args }));
    }
    calls
}

/// Is a step no side trip: does each thing that it changed go where the aim wants it, into the hand, or out of the way?
fn is_fit(before: &State, after: &State, aim: &Aim<'_>, bounds: &Bounds<'_>, tables: &[usize]) -> bool {
    let facts = aim.facts();
    if bounds.keep.iter().any(|fact| !after.holds(fact))
        || bounds.forbidden.iter().any(|fact| after.holds(fact) && !before.holds(fact))
    {
        return false;
    }
    let id = |i: usize| after.objects()[i].id;
    let asked = |fact: Fact| facts.contains(&fact);
    let wanted = |i: usize| {
        facts
            .iter()
            .chain(bounds.keep)
            .any(|fact| fact.objects().next() == Some(id(i)) && after.holds(fact) && is_place(fact))
    };
    let sided = |i: usize| {
        let side = |fact: &&Fact| is_place(fact) && !matches!(fact, Fact::On(..) | Fact::In(..));
        facts.iter().filter(side).any(|fact| fact.objects().next() == Some(id(i)) && after.holds(fact))
    };
    let situations = before.situations.iter().zip(&after.situations).enumerate();
    let fit = situations.into_iter().all(|(i, (was, is))| {
        let place = was.support == is.support && was.beside.len() >= is.beside.len()
            || match is.support {
                Support::Hand => true,
                // Beside something only where that is asked, and never both on one small thing.
                _ if !is.beside.is_empty() => {
                    sided(i) && !matches!(is.support, Support::On(j) if after.objects()[j].can(Affordance::Graspable))
                }
                Support::On(j) => wanted(i) || tables.contains(&j),
                Support::In(_) | Support::Ground => wanted(i),
            };
        let switch =
            was.on == is.on || asked(if is.on == Some(true) { Fact::TurnedOn(id(i)) } else { Fact::TurnedOff(id(i)) });
        let opening = was.open == is.open || is.open == Some(true) || asked(Fact::Closed(id(i)));
        place && switch && opening
    });
    fit && (before.at == after.at || after.at.is_some_and(|i| asked(Fact::RobotAt(id(i)))))
}

fn is_place(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::On(..)
            | Fact::In(..)
            | Fact::Near(..)
            | Fact::LeftOf(..)
            | Fact::RightOf(..)
            | Fact::InFrontOf(..)
            | Fact::Behind(..)
    )
}

/// Steps that are still needed at least: two for each thing that must move, one for each that must open or switch.
fn estimate(state: &State, aim: &Aim<'_>) -> usize {
    let mut moves: Vec<usize> = Vec::new();
    let (mut singles, mut opens) = (0, Vec::new());
    let open_for = |index: usize, opens: &mut Vec<usize>| {
        if let Some(holder) = state.shut_in(index)
            && !opens.contains(&holder)
        {
            opens.push(holder);
        }
    };
    let uncover = |index: usize, moves: &mut Vec<usize>| {
        let mut under = index;
        while let Some(top) = state.is_covered(under) {
            if moves.contains(&top) || state.objects()[under].can(Affordance::Fixed) {
                break;
            }
            moves.push(top);
            under = top;
        }
    };
    for fact in aim.facts().iter().filter(|fact| !state.holds(fact)) {
        let mut objects = fact.objects().filter_map(|id| state.index(&id));
        let (first, second) = (objects.next(), objects.next());
        match fact {
            Fact::Held(_) => {
                singles += 1;
                if let Some(a) = first {
                    uncover(a, &mut moves);
                    open_for(a, &mut opens);
                }
            }
            fact if is_place(fact) => {
                if let Some(a) = first {
                    if !moves.contains(&a) {
                        moves.push(a);
                    }
                    uncover(a, &mut moves);
                    open_for(a, &mut opens);
                }
                if let (Fact::In(..), Some(b)) = (fact, second)
                    && state.situations[b].open.is_some()
                    && state.situations[b].open != Some(true)
                    && !opens.contains(&b)
                {
                    opens.push(b);
                }
                if let (Fact::On(..), Some(b)) = (fact, second)
                    && state.objects()[b].can(Affordance::Graspable)
                {
                    uncover(b, &mut moves);
                }
            }
            Fact::HandEmpty => {}
            _ => singles += 1,
        }
    }
    let held = usize::from(state.holding.is_some_and(|h| moves.contains(&h)));
    let to_drop = usize::from(
        state.holding.is_some_and(|h| !moves.contains(&h)) && (!moves.is_empty() || !opens.is_empty() || singles > 0),
    );
    let in_hand = aim.facts().iter().any(|f| matches!(f, Fact::Held(_)) && state.holds(f));
    2 * moves.len() - held + singles + opens.len() + if in_hand { 0 } else { to_drop }
}
