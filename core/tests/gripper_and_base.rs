//! Gripper and base controllers on ideal parts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod plant;

use plant::Plant;
use ponder_core::Vec3;
use ponder_core::action::{Action, MotionRefusal, MotionState};
use ponder_core::controller::Controller;
use ponder_core::geometry::{wrap_rad, yaw_rad};

const CLOSE: Action = Action::Grip { width_m: 0.0, force_n: 20.0 };

#[test]
fn fingers_that_meet_something_are_blocked_and_keep_their_grip() {
    let mut plant = Plant::new(common::arm7());
    plant.between_m = 0.03;
    assert_eq!(plant.run(&CLOSE, 3.0), MotionState::Blocked);
    let (command, _) = plant.controller.tick(&Action::Park, &plant.observation.clone());
    let grip = command.gripper.expect("the grip persists");
    assert!(grip.width_m < 0.03 && grip.force_n == 20.0);
    let open = Action::Grip { width_m: 0.08, force_n: 20.0 };
    assert_eq!(plant.run(&open, 3.0), MotionState::Reached);
    assert!(plant.observation.gripper_width_m.unwrap() > 0.078);
}

#[test]
fn fingers_that_meet_nothing_reach_and_a_lost_thing_shows() {
    let mut plant = Plant::new(common::arm7());
    assert_eq!(plant.run(&CLOSE, 3.0), MotionState::Reached);
    let mut plant = Plant::new(common::arm7());
    plant.between_m = 0.05;
    assert_eq!(plant.run(&CLOSE, 3.0), MotionState::Blocked);
    plant.between_m = 0.0;
    plant.for_s(&CLOSE, 1.0);
    assert_eq!(plant.tick(&CLOSE), MotionState::Reached);
}

fn drive(x_m: f64, y_m: f64, yaw_rad: Option<f64>, speed: f64) -> Action {
    Action::Drive { x_m, y_m, yaw_rad, speed }
}

#[test]
fn the_base_drives_to_places_and_headings() {
    let mut plant = Plant::new(common::rover());
    let area = plant.robot.base.unwrap().area;
    let within = |x: f64, y: f64| area.contains(&Vec3::new(x, y, 0.0));
    for (x_m, y_m, yaw, speed) in [
        (1.0, 0.0, None, 1.0),
        (0.0, 0.0, Some(0.0), 1.0),
        (0.6, 0.6, Some(-2.0), 0.5),
        (0.62, 0.6, Some(3.1), 1.0),
        (-0.5, 0.4, Some(-3.1), 1.0),
        (-0.5, 0.38, None, 0.3),
    ] {
        assert!(within(x_m, y_m));
        assert_eq!(plant.run(&drive(x_m, y_m, yaw, speed), 30.0), MotionState::Reached);
        let pose = plant.observation.base.unwrap().world_from_base;
        let off_m = (pose.translation.x - x_m).hypot(pose.translation.y - y_m);
        assert!(off_m <= 0.05, "{off_m} m off");
        let off_rad = yaw.map_or(0.0, |yaw| wrap_rad(yaw - yaw_rad(&pose)).abs());
        assert!(off_rad <= 3.0_f64.to_radians(), "{off_rad} rad off");
    }
    let point_m = Vec3::new(-2.0, -1.0, 0.5);
    assert_eq!(plant.run(&Action::LookAt { point_m }, 10.0), MotionState::Reached);
    let pose = plant.observation.base.unwrap().world_from_base;
    let nose = pose.inverse_transform_point(&point_m.into());
    assert!(nose.y.atan2(nose.x).abs() < 3.0_f64.to_radians());
}

#[test]
fn slipping_wheels_are_blocked() {
    let mut plant = Plant::new(common::rover());
    let action = drive(1.0, 0.0, None, 1.0);
    plant.for_s(&action, 0.5);
    plant.stuck = true;
    plant.observation.base.as_mut().unwrap().twist = Default::default();
    assert_eq!(plant.run(&action, 3.0), MotionState::Blocked);
    plant.for_s(&action, 1.0);
    plant.stuck = false;
    let at = plant.observation.base.unwrap().world_from_base;
    plant.for_s(&action, 1.0);
    assert_eq!(plant.observation.base.unwrap().world_from_base, at, "blocked, it stands still");
}

#[test]
fn the_base_refuses_what_it_cannot_do() {
    let mut plant = Plant::new(common::rover());
    let refused = |why| MotionState::Refused(why);
    assert_eq!(plant.run(&drive(100.0, 0.0, None, 1.0), 1.0), refused(MotionRefusal::NoWay));
    assert_eq!(plant.run(&drive(0.1, 0.0, Some(f64::NAN), 1.0), 1.0), refused(MotionRefusal::Malformed));
    assert_eq!(plant.run(&CLOSE, 1.0), refused(MotionRefusal::NoSuchPart));
    assert_eq!(plant.run(&Action::Park, 1.0), MotionState::Reached);
    assert!(plant.observation.base.unwrap().world_from_base.translation.vector.norm() < 1e-9);
}
