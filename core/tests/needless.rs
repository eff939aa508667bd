//! Steps that a goal does not need: those that handle something else on the way are found, those that clear the way are
//! not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod scenes;

use std::collections::BTreeMap;

use ponder_core::check::{check, has_needless_steps};
use ponder_core::fact::Fact;
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::scene::Color::*;
use ponder_core::scene::ObjectId;
use scenes::{Builder, arm_robot};

fn call(skill: &str, param: &str, object: &str) -> DraftCall {
    DraftCall { skill: skill.to_owned(), args: BTreeMap::from([(param.to_owned(), DraftArg::Word(object.to_owned()))]) }
}

fn id(name: &str) -> ObjectId {
    ObjectId::from(name).unwrap()
}

#[test]
fn what_is_handled_besides_is_found() {
    let scene = Builder::table()
        .drawer(0.6, 0.3)
        .block(Red, 0.4, 0.0)
        .cup(Blue, 0.4, -0.2)
        .bowl(Green, 0.5, -0.35)
        .block(Yellow, 0.4, 0.0)
        .on("red_block")
        .scene();
    let robot = arm_robot();
    let needless = |steps: Vec<DraftCall>, goal: Vec<Fact>| {
        let plan = check(&Draft::Do { steps, goal }, &scene, &robot).unwrap_or_else(|error| panic!("{error}"));
        has_needless_steps(&plan, &scene, &robot)
    };
    let (open, close) = (call("open", "object", "drawer"), call("close", "object", "drawer"));
    let pick = |object: &str| call("pick", "object", object);
    let on = |surface: &str| call("place_on", "surface", surface);
    let into = |container: &str| call("place_in", "container", container);
    let closed = vec![Fact::Closed(id("drawer"))];
    let in_bowl = |object: &str| vec![Fact::In(id(object), id("green_bowl"))];

    assert!(needless(vec![open.clone(), pick("blue_cup"), on("table"), close.clone()], closed.clone()));
    assert!(needless(
        vec![pick("yellow_block"), into("green_bowl"), pick("blue_cup"), on("table")],
        in_bowl("yellow_block")
    ));
    assert!(!needless(vec![open, close], closed), "only what the goal speaks of is handled");
    let way = vec![pick("yellow_block"), on("table"), pick("red_block"), into("green_bowl")];
    assert!(!needless(way.clone(), in_bowl("red_block")), "it is in the way");
    assert!(!needless(way, Vec::new()), "nobody knows what for");
}
