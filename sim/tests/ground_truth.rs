//! The ground-truth perception baseline: what it passes on, and what it takes to be held.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::Path;
use std::sync::Arc;

use ponder_core::fact::EMPTY_WIDTH_M;
use ponder_core::observation::{Observation, Truth};
use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, Affordances, Label, ObjectId, Scene, SceneObject};
use ponder_core::thinker::Cancel;
use ponder_core::{Pose, Stamp, Vec3};
use ponder_sim::{GroundTruth, SceneSpec};

fn robot() -> Arc<RobotSpec> {
    SceneSpec::default().build(0, Path::new(".")).expect("an empty table builds").robot
}

/// A thing whose centre lies `off_m` from the tool's point, in the tool's frame turned to stand as the tool does.
fn thing(id: &str, world_from_tool: &Pose, off_m: Vec3, size_m: Vec3, affordance: Affordance) -> SceneObject {
    SceneObject {
        id: ObjectId::from(id).expect("a short name"),
        label: Label::from("block").expect("a short name"),
        color: None,
        world_from_object: world_from_tool * nalgebra::Translation3::from(off_m),
        size_m,
        score: 1.0,
        seen: Stamp(0),
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: Affordances::of(&[affordance]),
    }
}

fn seen(robot: &RobotSpec, width_m: f64, objects: Vec<SceneObject>) -> Scene {
    let arm = robot.arm.as_ref().expect("an arm");
    let truth = Some(Arc::new(Truth { stamp: Stamp(7), objects }));
    let joint_pos_rad = arm.home_rad.clone();
    let observation =
        Observation { seq: 3, joint_pos_rad, gripper_width_m: Some(width_m), truth, ..Observation::default() };
    GroundTruth.perceive(&Look { observation, before: None }, robot, &Cancel::default()).expect("there is truth")
}

#[test]
fn passes_truth_on_and_never_makes_it_up() {
    let robot = robot();
    let tool = robot.arm.as_ref().map(|arm| arm.chain.world_from_tool(&arm.home_rad)).expect("an arm");
    let block = thing("block", &tool, Vec3::new(0.3, 0.0, 0.0), Vec3::repeat(0.04), Affordance::Graspable);
    let scene = seen(&robot, 0.08, vec![block.clone()]);
    assert_eq!((scene.stamp, scene.observation_seq, scene.holding), (Stamp(7), 3, None));
    assert_eq!(scene.objects, [block]);
    let blind = GroundTruth.perceive(&Look::default(), &robot, &Cancel::default());
    assert!(matches!(blind, Err(PerceiveError::Missing(_))), "{blind:?}");
}

#[test]
fn holds_what_is_between_closed_fingers_and_nothing_else() {
    let robot = robot();
    let tool = robot.arm.as_ref().map(|arm| arm.chain.world_from_tool(&arm.home_rad)).expect("an arm");
    let size_m = Vec3::new(0.04, 0.05, 0.06);
    let graspable = |id: &str, off_m: Vec3| thing(id, &tool, off_m, size_m, Affordance::Graspable);
    let held =
        |width_m: f64, objects: Vec<SceneObject>| seen(&robot, width_m, objects).holding.map(|id| id.to_string());
    let here = graspable("here", Vec3::zeros());

    // The fingers close along the tool's y, where the block is 50 mm wide.
    assert_eq!(held(0.05, vec![here.clone()]).as_deref(), Some("here"));
    assert_eq!(held(0.045, vec![here.clone()]).as_deref(), Some("here"), "pressed a little");
    assert_eq!(held(0.075, vec![here.clone()]), None, "fingers open around it");
    assert_eq!(held(0.02, vec![here.clone()]), None, "too narrow to be around it");
    assert_eq!(held(EMPTY_WIDTH_M, vec![here.clone()]), None, "closed on nothing");
    assert_eq!(held(0.05, vec![graspable("off", Vec3::new(0.0, 0.0, 0.06))]), None, "below the fingers");
    let wall = thing("wall", &tool, Vec3::zeros(), size_m, Affordance::Fixed);
    assert_eq!(held(0.05, vec![wall]), None, "bolted down");
    let bowl = thing("bowl", &tool, Vec3::zeros(), Vec3::new(0.15, 0.15, 0.06), Affordance::Graspable);
    assert_eq!(held(0.05, vec![bowl.clone()]), None, "the hand is in the bowl, not on it");
    let near = graspable("near", Vec3::new(0.02, 0.0, 0.0));
    assert_eq!(held(0.05, vec![near, bowl, here]).as_deref(), Some("here"), "the nearest of two");
}
