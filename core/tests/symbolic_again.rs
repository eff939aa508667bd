//! The symbolic reasoner over several attempts, and what it says while it thinks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod scenes;

use ponder_core::goal::Language;
use ponder_core::outcome::{Failure, FailureCode, RefusalReason as R};
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::reasoner::{Attempt, Question, Reasoner};
use ponder_core::scene::Color::*;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::Cancel;
use scenes::ask::{desk, line, think};
use scenes::{Builder, arm_robot, base_robot, goal};

fn call(skill: &str, args: &[(&str, &str)]) -> DraftCall {
    let args = args.iter().map(|(n, v)| ((*n).to_owned(), DraftArg::Word((*v).to_owned()))).collect();
    DraftCall { skill: skill.to_owned(), args }
}

fn failed(done: Vec<DraftCall>, step: DraftCall, code: FailureCode) -> Attempt {
    Attempt { done, failed: Some((step, Failure::new(code, None))), rejected: None }
}

#[test]
fn failures_are_learnt_from() {
    let scene = Builder::table().block(Red, 0.4, 0.2).block(Green, 0.4, -0.2).bowl(Green, 0.6, 0.3);
    let pick = || call("pick", &[("object", "red_block")]);
    let missed = failed(vec![], pick(), FailureCode::GraspMissed);
    let text = "put the red block in the bowl";
    let again = |n: usize| think(text, &scene, arm_robot(), &vec![missed.clone(); n]);
    assert_eq!(line(&again(0).draft), "pick(red_block) place_in(green_bowl)");
    assert_eq!(line(&again(1).draft), "look() pick(red_block) place_in(green_bowl)");
    assert_eq!(line(&again(2).draft), "push(right,0.05,red_block) look() pick(red_block) place_in(green_bowl)");
    assert_eq!(line(&again(3).draft), "refuse NoPlan");
    assert!(again(1).thought.text.contains("the fingers closed on nothing"), "{}", again(1).thought.text);
    // Any block will do: after two failures with one, another is tried.
    let other = think("put a block in the bowl", &scene, arm_robot(), &vec![missed.clone(); 2]);
    assert_eq!(line(&other.draft), "pick(green_block) place_in(green_bowl)");
    // No room on one side of it: the other side.
    let beside = call("place_beside", &[("reference", "green_block"), ("side", "left")]);
    let no_room = failed(vec![pick()], beside, FailureCode::NoRoom);
    let text = "put the red block next to the green block";
    let draft = think(text, &scene, arm_robot(), &vec![no_room; 2]).draft;
    assert_eq!(line(&draft), "pick(red_block) place_beside(green_block,right)");
    // Out of reach stays the reason.
    let far = failed(vec![], pick(), FailureCode::Unreachable);
    let draft = think("put the red block in the bowl", &scene, arm_robot(), &vec![far; 3]).draft;
    assert!(matches!(draft, Draft::Refuse { reason: R::OutOfReach, .. }), "{draft:?}");
}

#[test]
fn a_new_plan_goes_on_from_what_was_done() {
    let scene = Builder::table().drawer(0.7, 0.3).open().cup(Blue, 0.4, 0.0).button(Red, 0.4, 0.3);
    let open = call("open", &[("object", "drawer")]);
    let pick = call("pick", &[("object", "blue_cup")]);
    let dropped = failed(vec![open, pick.clone()], call("place_in", &[("container", "drawer")]), FailureCode::Dropped);
    let text = "open the drawer, pick up the cup, put it in the drawer and close the drawer";
    let draft = think(text, &scene, arm_robot(), &[dropped]).draft;
    assert_eq!(line(&draft), "look() pick(blue_cup) place_in(drawer) close(drawer)");
    // A button is not pressed twice because a later step failed.
    let press = call("press", &[("object", "red_button")]);
    let missed = failed(vec![press], pick, FailureCode::GraspMissed);
    let draft = think("press the button and pick up the cup", &scene, arm_robot(), &[missed]).draft;
    assert_eq!(line(&draft), "look() pick(blue_cup)");
    // Places that were visited are not visited again.
    let room = Builder::room().place("pillar", Some(Red), 2.0, 1.0, 1.0).place("zone", Some(Blue), -1.0, 2.0, 0.01);
    let to = |place: &str| call("go_to", &[("place", place)]);
    let blocked = failed(vec![to("red_pillar")], to("blue_zone"), FailureCode::NoWay);
    let draft = think("go to the red pillar, then to the blue zone", &room, base_robot(), &[blocked]).draft;
    assert_eq!(line(&draft), "look() go_to(blue_zone)");
}

#[test]
fn a_goal_that_is_never_reached_is_given_up() {
    let scene = Builder::table().block(Red, 0.4, 0.2).bowl(Green, 0.6, 0.3);
    let unreached = Attempt { done: vec![call("pick", &[("object", "red_block")])], failed: None, rejected: None };
    let text = "put the red block in the bowl";
    let draft = |n: usize| line(&think(text, &scene, arm_robot(), &vec![unreached.clone(); n]).draft);
    assert_eq!(draft(1), "look() pick(red_block) place_in(green_bowl)");
    assert_eq!(draft(3), "refuse NoPlan");
}

#[test]
fn the_thought_names_what_it_cites_in_the_language_of_the_instruction() {
    for text in [
        "stack the red block on the blue block",
        "把红色方块叠在蓝色方块上",
        "put the purple block in the bowl",
        "打人",
    ] {
        let answer = think(text, &desk(), arm_robot(), &[]);
        let (thought, zh) = (&answer.thought.text, Language::of(text) == Language::Zh);
        assert_eq!(Language::of(thought), Language::of(text), "{thought}");
        assert!(answer.thought.tokens > 10 && !answer.thought.cites.is_empty(), "{thought}");
        for id in &answer.thought.cites {
            let scene = desk().scene();
            let object = scene.get(id).unwrap();
            let name = match (zh, object.color) {
                (false, Some(color)) => format!("{} {}", color.name(), object.label),
                (false, None) => object.label.to_string(),
                (true, Some(color)) => format!("{}色", color.name_zh()),
                (true, None) => "桌子".to_owned(),
            };
            assert!(thought.to_lowercase().contains(&name), "{name} is cited but not named: {thought}");
        }
    }
    let thought = think("stack the red block on the blue block", &desk(), arm_robot(), &[]).thought.text;
    assert!(thought.contains("The yellow block lies on the blue block and is in the way"), "{thought}");
}

#[test]
fn a_cancelled_question_has_no_answer() {
    let cancel = Cancel::default();
    cancel.cancel();
    let question = Question {
        goal: goal("put the red block in the bowl"),
        scene: desk().scene(),
        robot: arm_robot(),
        attempts: Vec::new(),
    };
    let answer = Symbolic.think(&question, &mut |_| {}, &cancel);
    assert!(answer.is_err());
}
