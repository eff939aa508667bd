//! Tens of thousands of malformed plans at the checker: a second opinion, written from the skills' specifications alone,
//! decides which drafts may not pass; what does pass is run through to see that the skills keep their own promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod common;
mod drafts;

use std::collections::BTreeMap;
use std::sync::Arc;

use drafts::{any_fact, fine_plan, is_unseen, nasty, nasty_arg, robots, scene, spoil};
use ponder_core::check::{MAX_GOAL_FACTS, PlanError, check};
use ponder_core::fact::Fact;
use ponder_core::plan::{Draft, DraftArg, DraftCall, MAX_STEPS, Plan};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Scene;
use ponder_core::skill::{ParamKind, Part};
use ponder_core::skills::SKILLS;
use ponder_core::state::{State, Support};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CASES: u64 = 15_000;

/// Second opinion on one call, from the specification alone: what is wrong with it, if anything.
fn wrong_with(call: &DraftCall, scene: &Scene, robot: &RobotSpec) -> Option<&'static str> {
    let Some(spec) = SKILLS.iter().map(|s| s.spec()).find(|spec| spec.name == call.skill) else {
        return Some("no such skill");
    };
    let has_part = match spec.needs {
        Part::Any => true,
        Part::Arm => robot.arm.is_some(),
        Part::Base => robot.base.is_some(),
    };
    if !has_part {
        return Some("no such part");
    }
    let mut names: Vec<&str> = spec.params.iter().map(|p| p.name).collect();
    names.sort_unstable();
    if !call.args.keys().map(String::as_str).eq(names) {
        return Some("other arguments");
    }
    for param in spec.params {
        let fits = match (&call.args[param.name], param.kind) {
            (DraftArg::Number(n), ParamKind::Number { min, max, .. }) => *n >= min && *n <= max,
            (DraftArg::Word(word), ParamKind::Choice(words)) => words.contains(&word.as_str()),
            (DraftArg::Word(word), ParamKind::AnyObject) => scene.objects.iter().any(|o| o.id.as_str() == word),
            (DraftArg::Word(word), ParamKind::Object(can)) => {
                scene.objects.iter().any(|o| o.id.as_str() == word && o.affordances.has(can))
            }
            _ => false,
        };
        if !fits {
            return Some("an argument that does not fit");
        }
    }
    None
}

/// The step that an error is about, from 1.
fn step_of(error: &PlanError) -> Option<usize> {
    use PlanError::*;
    match error {
        UnknownSkill { step, .. }
        | NoPart { step, .. }
        | MissingArg { step, .. }
        | UnknownArg { step, .. }
        | WrongType { step, .. }
        | OutOfRange { step, .. }
        | UnknownObject { step, .. }
        | CannotAfford { step, .. }
        | Precondition { step, .. } => Some(*step),
        NotAPlan | Empty | TooLong { .. } | GoalUnknownObject { .. } | GoalMissed { .. } => None,
    }
}

/// Judges the checker on one draft; the name of the error, or `passed`.
fn judge(draft: &Draft, scene: &Scene, robot: &Arc<RobotSpec>) -> String {
    let got = check(draft, scene, robot);
    if let Err(error) = &got {
        let said = error.to_string();
        assert!(!said.trim().is_empty() && said.chars().count() < 300, "{} chars: {said}", said.len());
        assert!(!said.chars().any(|c| c.is_control() || is_unseen(c)), "{said:?}");
        // It travels in journals and in the next question.
        let json = serde_json::to_string(error).unwrap();
        let back: PlanError = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
        assert_eq!(&back, error);
        assert!(json.len() < 2000, "{json}");
    }
    let Draft::Do { steps, goal } = draft else {
        assert_eq!(got, Err(PlanError::NotAPlan));
        return "NotAPlan".to_owned();
    };
    let bad = steps.iter().position(|s| wrong_with(s, scene, robot).is_some());
    let stranger = goal.iter().any(|f| f.objects().any(|id| scene.get(&id).is_none()));
    let too_long = steps.len() > MAX_STEPS || goal.len() > MAX_GOAL_FACTS;
    match &got {
        Ok(plan) => {
            assert!(bad.is_none(), "passed with {:?}: {draft:?}", wrong_with(&steps[bad.unwrap()], scene, robot));
            let empty = steps.is_empty() && goal.is_empty();
            assert!(!(stranger || too_long || empty), "passed: {draft:?}");
            assert_eq!(&plan.steps().iter().map(|s| s.to_draft()).collect::<Vec<_>>(), steps);
            assert_eq!((plan.goal(), plan.scene_stamp()), (goal.as_slice(), scene.stamp));
            keeps_promises(plan, scene, robot);
            "passed".to_owned()
        }
        Err(error) => {
            if too_long {
                assert!(matches!(error, PlanError::TooLong { .. }), "{error}");
            } else if let Some(bad) = bad {
                assert_eq!(step_of(error), Some(bad + 1), "{error}: {draft:?}");
                assert!(!matches!(error, PlanError::Precondition { .. }), "{error}");
            } else {
                let late = matches!(
                    error,
                    PlanError::Precondition { .. } | PlanError::GoalMissed { .. } | PlanError::GoalUnknownObject { .. }
                );
                assert!(late || (steps.is_empty() && goal.is_empty()), "{error}: {draft:?}");
                assert!(stranger || !matches!(error, PlanError::GoalUnknownObject { .. }), "{error}");
            }
            format!("{error:?}").split([' ', '{', '(']).next().unwrap().to_owned()
        }
    }
}

/// Runs a plan that passed: after every step what its skill promises must hold, with one thing in the hand at most.
fn keeps_promises(plan: &Plan, scene: &Scene, robot: &Arc<RobotSpec>) {
    let mut state = State::of(scene, robot);
    for call in plan.steps() {
        let before = state.clone();
        call.skill().check(call, &state).expect("checked before");
        call.skill().effect(call, &mut state);
        for fact in call.skill().promise(call, &before) {
            let measured_only = matches!(fact, Fact::Near(..) | Fact::Upright(_));
            assert!(measured_only || state.holds(&fact), "{call} promises that {fact}, and its effect is not so");
        }
        let in_hand: Vec<usize> =
            (0..state.situations.len()).filter(|i| state.situations[*i].support == Support::Hand).collect();
        assert_eq!(in_hand, Vec::from_iter(state.holding), "after {call}");
        for i in 0..state.situations.len() {
            let mut under = i;
            for depth in 0.. {
                match state.situations[under].support {
                    Support::On(j) | Support::In(j) => under = j,
                    Support::Hand | Support::Ground => break,
                }
                assert!(depth <= state.situations.len(), "after {call} things rest on each other in a ring");
            }
        }
    }
}

type Tally = BTreeMap<String, usize>;

#[test]
fn fine_plans_pass() {
    let scene = scene();
    let mut steps_seen = BTreeMap::<String, usize>::new();
    for seed in 0..CASES / 5 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let robot = robots()[seed as usize % 3].clone();
        let (steps, state) = fine_plan(&mut rng, &scene, &robot);
        steps.iter().for_each(|s| *steps_seen.entry(s.skill.clone()).or_default() += 1);
        let mut goal = Vec::new();
        for _ in 0..4 {
            goal.extend(Some(any_fact(&mut rng, &scene)).filter(|f| state.holds(f)));
        }
        let known = |f: &Fact| f.objects().all(|id| scene.get(&id).is_some());
        goal.retain(known);
        let empty = steps.is_empty() && goal.is_empty();
        let got = judge(&Draft::Do { steps, goal }, &scene, &robot);
        assert_eq!(got, if empty { "Empty" } else { "passed" });
    }
    println!("{steps_seen:?}");
    for skill in SKILLS {
        let name = skill.spec().name;
        assert!(steps_seen.contains_key(name), "no plan could be made with `{name}`");
    }
}

#[test]
fn spoilt_plans_pass_only_where_they_are_still_right() {
    let scene = scene();
    let mut tally = Tally::new();
    for seed in 0..CASES {
        let mut rng = ChaCha8Rng::seed_from_u64(100_000 + seed);
        let robot = robots()[seed as usize % 3].clone();
        let (mut steps, _) = fine_plan(&mut rng, &scene, &robot);
        let mut goal = Vec::new();
        for _ in 0..rng.random_range(1..3) {
            spoil(&mut rng, &mut steps, &mut goal, &scene);
        }
        *tally.entry(judge(&Draft::Do { steps, goal }, &scene, &robot)).or_default() += 1;
    }
    println!("{tally:?}");
    for error in [
        "UnknownSkill",
        "NoPart",
        "MissingArg",
        "UnknownArg",
        "WrongType",
        "OutOfRange",
        "UnknownObject",
        "CannotAfford",
        "Precondition",
        "GoalUnknownObject",
        "GoalMissed",
        "TooLong",
    ] {
        assert!(tally.get(error).is_some_and(|n| *n >= 10), "{error} was hardly tried: {tally:?}");
    }
}

#[test]
fn nonsense_never_passes() {
    let scene = scene();
    let mut tally = Tally::new();
    for seed in 0..CASES {
        let mut rng = ChaCha8Rng::seed_from_u64(200_000 + seed);
        let robot = robots()[seed as usize % 3].clone();
        let call = |rng: &mut ChaCha8Rng| {
            let skill =
                if rng.random_bool(0.3) { nasty(rng) } else { SKILLS.choose(rng).unwrap().spec().name.to_owned() };
            let names = ["object", "container", "surface", "side", "seconds", "place", "way", "to", "from", "force"];
            let count = rng.random_range(0..4);
            let mut args = BTreeMap::new();
            for _ in 0..count {
                let name = if rng.random_bool(0.8) { (*names.choose(rng).unwrap()).to_owned() } else { nasty(rng) };
                let word = || DraftArg::Word("red_block".to_owned());
                args.insert(name, if rng.random_bool(0.3) { word() } else { nasty_arg(rng) });
            }
            DraftCall { skill, args }
        };
        let draft = match seed % 50 {
            0 => Draft::Ask { question: nasty(&mut rng) },
            1 => Draft::Do { steps: vec![], goal: vec![] },
            _ => Draft::Do {
                steps: (0..rng.random_range(1..6)).map(|_| call(&mut rng)).collect(),
                goal: (0..rng.random_range(0..3)).map(|_| any_fact(&mut rng, &scene)).collect(),
            },
        };
        *tally.entry(judge(&draft, &scene, &robot)).or_default() += 1;
    }
    println!("{tally:?}");
    // `park` and `look` need no arguments: a little nonsense is sense.
    assert!(tally.get("passed").is_none_or(|n| *n < CASES as usize / 20), "{tally:?}");
}

#[test]
fn broken_text_never_passes() {
    let scene = scene();
    let (mut tally, mut parsed) = (Tally::new(), 0);
    for seed in 0..CASES {
        let mut rng = ChaCha8Rng::seed_from_u64(300_000 + seed);
        let robot = robots()[0].clone();
        let (mut steps, _) = fine_plan(&mut rng, &scene, &robot);
        steps.truncate(3);
        let mut text = serde_json::to_string(&Draft::Do { steps, goal: vec![Fact::HandEmpty] }).unwrap().into_bytes();
        let tokens: [&[u8]; 12] =
            [b"\"", b"{", b"}", b"[", b"]", b",", b":", b"1e999", b"-", b"null", b"NaN", b"\"object\":\"red_block\","];
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..text.len());
            match rng.random_range(0..4) {
                0 => drop(text.remove(at)),
                1 => text[at] = rng.random_range(32..127),
                2 => drop(text.splice(at..at, tokens.choose(&mut rng).unwrap().iter().copied())),
                _ => {
                    let end = rng.random_range(at..text.len());
                    drop(text.drain(at..end));
                }
            }
            if text.is_empty() {
                break;
            }
        }
        if let Ok(draft) = serde_json::from_slice::<Draft>(&text) {
            parsed += 1;
            *tally.entry(judge(&draft, &scene, &robot)).or_default() += 1;
        }
    }
    println!("{parsed} of {CASES} still parse: {tally:?}");
    assert!(parsed > 500);
}
