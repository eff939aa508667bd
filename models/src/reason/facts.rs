//! Facts as a model writes them, `in(red_block, green_bowl)`: core's own names for them, arguments in brackets. Which
//! facts a goal may name is read off the skills: what some call can promise here, and what is so already.

use ponder_core::check::check_call;
use ponder_core::fact::Fact;
use ponder_core::plan::{DraftArg, DraftCall, SkillCall};
use ponder_core::scene::{Affordance, ObjectId, Scene};
use ponder_core::skill::{ParamKind, SkillSpec};
use ponder_core::skills::SKILLS;
use ponder_core::state::{Side, State, Support};

use super::quote::name;

/// A fact's name and objects, and the side for `moved`.
fn parts(fact: &Fact) -> (&'static str, Option<Side>) {
    match fact {
        Fact::HandEmpty => ("hand_empty", None),
        Fact::Held(_) => ("held", None),
        Fact::On(..) => ("on", None),
        Fact::In(..) => ("in", None),
        Fact::Open(_) => ("open", None),
        Fact::Closed(_) => ("closed", None),
        Fact::TurnedOn(_) => ("turned_on", None),
        Fact::TurnedOff(_) => ("turned_off", None),
        Fact::Near(..) => ("near", None),
        Fact::RobotAt(_) => ("robot_at", None),
        Fact::Upright(_) => ("upright", None),
        Fact::LeftOf(..) => ("left_of", None),
        Fact::RightOf(..) => ("right_of", None),
        Fact::InFrontOf(..) => ("in_front_of", None),
        Fact::Behind(..) => ("behind", None),
        Fact::Moved(_, side) => ("moved", Some(*side)),
    }
}

/// The fact as a model writes it.
pub fn write(fact: &Fact) -> String {
    let (verb, side) = parts(fact);
    let side = side.and_then(|side| Side::NAMES.get(side as usize)).map(|side| (*side).to_owned());
    let args: Vec<String> = fact.objects().map(|id| name(&id)).chain(side).collect();
    if args.is_empty() { verb.to_owned() } else { format!("{verb}({})", args.join(", ")) }
}

/// The fact of that name and arguments, if there is one that takes so many.
pub fn read(verb: &str, args: &[String]) -> Option<Fact> {
    let id = |i: usize| args.get(i).and_then(|text| ObjectId::from(text).ok());
    let side =
        || Side::ALL.iter().find(|(_, name)| Some(*name) == args.get(1).map(String::as_str)).map(|(side, _)| *side);
    let (takes, fact) = match verb {
        "hand_empty" => (0, Some(Fact::HandEmpty)),
        "held" => (1, id(0).map(Fact::Held)),
        "open" => (1, id(0).map(Fact::Open)),
        "closed" => (1, id(0).map(Fact::Closed)),
        "turned_on" => (1, id(0).map(Fact::TurnedOn)),
        "turned_off" => (1, id(0).map(Fact::TurnedOff)),
        "robot_at" => (1, id(0).map(Fact::RobotAt)),
        "upright" => (1, id(0).map(Fact::Upright)),
        "on" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::On(a, b))),
        "in" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::In(a, b))),
        "near" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::Near(a, b))),
        "left_of" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::LeftOf(a, b))),
        "right_of" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::RightOf(a, b))),
        "in_front_of" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::InFrontOf(a, b))),
        "behind" => (2, id(0).zip(id(1)).map(|(a, b)| Fact::Behind(a, b))),
        "moved" => (2, id(0).zip(side()).map(|(a, side)| Fact::Moved(a, side))),
        _ => return None,
    };
    if args.len() == takes { fact } else { None }
}

/// Can both be true at the end? Judged by what the skills' effects leave of each other.
pub fn go_together(a: &Fact, b: &Fact) -> bool {
    use Fact::*;
    let is_side = |fact: &Fact| matches!(fact, LeftOf(..) | RightOf(..) | InFrontOf(..) | Behind(..));
    let rests = |fact: &Fact| matches!(fact, On(..) | In(..) | Held(_));
    let first = |fact: &Fact| fact.objects().next();
    match (a, b) {
        (a, b) if a == b => false,
        (HandEmpty, Held(_)) | (Held(_), HandEmpty) | (Held(_), Held(_)) | (RobotAt(_), RobotAt(_)) => false,
        (Open(x), Closed(y)) | (Closed(x), Open(y)) => x != y,
        (TurnedOn(x), TurnedOff(y)) | (TurnedOff(x), TurnedOn(y)) => x != y,
        (Moved(x, _), Moved(y, _)) => x != y,
        (Moved(x, _), other) | (other, Moved(x, _)) if rests(other) || is_side(other) => {
            !other.objects().any(|id| id == *x)
        }
        (a, b) if rests(a) && rests(b) => {
            // One support each, and no ring of things that rest on each other.
            let under = |fact: &Fact| fact.objects().nth(1);
            first(a) != first(b) && !(under(a) == first(b) && under(b) == first(a))
        }
        // Put down beside one thing, it is beside no other for sure; held or shut in, it is beside nothing.
        (a, b) if is_side(a) && is_side(b) => !a.objects().any(|id| b.objects().any(|other| other == id)),
        (side, rest) | (rest, side) if is_side(side) && rests(rest) => {
            !side.objects().any(|id| Some(id) == first(rest)) || matches!(rest, On(..)) && first(side) == first(rest)
        }
        _ => true,
    }
}

/// Every call of a skill that the robot has the part for on these objects, numbers at the least they take.
pub fn calls(spec: &'static SkillSpec, scene: &Scene, state: &State) -> Vec<(DraftCall, SkillCall)> {
    let mut all = vec![DraftCall { skill: spec.name.to_owned(), args: Default::default() }];
    for param in spec.params {
        let values: Vec<DraftArg> = match param.kind {
            ParamKind::Object(can) => {
                scene.objects.iter().filter(|o| o.can(can)).map(|o| DraftArg::Word(o.id.to_string())).collect()
            }
            ParamKind::AnyObject => scene.objects.iter().map(|o| DraftArg::Word(o.id.to_string())).collect(),
            ParamKind::Number { min, .. } => vec![DraftArg::Number(min)],
            ParamKind::Choice(words) => words.iter().map(|word| DraftArg::Word((*word).to_owned())).collect(),
        };
        let with = |call: DraftCall| {
            values.clone().into_iter().map(move |value| {
                let mut call = call.clone();
                call.args.insert(param.name.to_owned(), value);
                call
            })
        };
        all = all.into_iter().flat_map(with).collect();
    }
    let checked = |draft: DraftCall| check_call(1, &draft, scene, state.robot()).ok().map(|call| (draft, call));
    all.into_iter().filter_map(checked).collect()
}

/// What a goal may say here: facts that some skill can promise once all else is put aside, and facts that hold now.
pub fn reachable(scene: &Scene, now: &State) -> Vec<Fact> {
    let mut cleared = now.clone();
    for i in 0..cleared.situations.len() {
        cleared.put(i, Support::Ground);
    }
    let mut opened = cleared.clone();
    for (object, situation) in scene.objects.iter().zip(&mut opened.situations) {
        if object.can(Affordance::Openable) {
            situation.open = Some(true); // whether it is closed now or half open
        }
    }
    let all: Vec<SkillCall> =
        SKILLS.iter().flat_map(|skill| calls(skill.spec(), scene, now)).map(|(_, call)| call).collect();
    let promised = |state: &State| {
        let can = |call: &&SkillCall| call.skill().check(call, state).is_ok();
        all.iter().filter(can).flat_map(|call| call.skill().promise(call, state)).collect::<Vec<_>>()
    };
    let mut facts = promised(&cleared);
    for (i, object) in scene.objects.iter().enumerate() {
        if facts.contains(&Fact::Held(object.id)) || now.holding == Some(i) {
            let mut held = opened.clone();
            held.put(i, Support::Hand);
            facts.extend(promised(&held));
        }
    }
    facts.extend(known(scene, now));
    let mut seen = std::collections::HashSet::new();
    facts.retain(|fact| seen.insert(*fact));
    facts
}

/// Facts that hold in the state, without sides: those are as many as pairs of things, and rarely meant.
fn known(scene: &Scene, state: &State) -> Vec<Fact> {
    let mut facts = vec![Fact::HandEmpty];
    for (object, situation) in scene.objects.iter().zip(&state.situations) {
        let id = object.id;
        facts.extend([Fact::Held(id), Fact::Open(id), Fact::Closed(id), Fact::TurnedOn(id), Fact::TurnedOff(id)]);
        facts.push(Fact::RobotAt(id));
        match situation.support {
            Support::On(under) => facts.push(Fact::On(id, scene.objects[under].id)),
            Support::In(holder) => facts.push(Fact::In(id, scene.objects[holder].id)),
            Support::Hand | Support::Ground => {}
        }
    }
    facts.retain(|fact| state.holds(fact));
    facts
}
