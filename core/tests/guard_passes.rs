//! The guard lets the real controller through: on random tasks of an ideal robot nothing is refused or shortened, and
//! after every kind of stop the robot can be moved again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod plant;

use std::f64::consts::PI;

use nalgebra::{Translation3, UnitQuaternion};
use plant::Plant;
use ponder_core::action::{Action, MotionState, Path};
use ponder_core::controller::Controller;
use ponder_core::guard::{Guard, RejectCode, Rejection};
use ponder_core::{Pose, Vec3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A plant with a guard before it.
struct Guarded {
    plant: Plant,
    guard: Guard,
}

impl Guarded {
    fn new(robot: std::sync::Arc<ponder_core::robot::RobotSpec>) -> Self {
        Self { guard: Guard::new(robot.clone()), plant: Plant::new(robot) }
    }

    /// One turn: controller, guard, plant; a refusal resets the controller, as the loop does.
    fn turn(&mut self, action: &Action) -> (MotionState, Option<Rejection>) {
        let Plant { controller, observation, .. } = &mut self.plant;
        let (command, status) = controller.tick(action, observation);
        let checked = self.guard.check(observation.stamp, &command, observation);
        if checked.rejected().is_some() {
            controller.reset(observation);
        } else {
            assert_eq!(checked.clipped(), None, "{command:?}");
        }
        self.plant.follow(checked.command());
        (status.state, checked.rejected())
    }

    /// Turns until the action ends; the refusals met.
    fn run(&mut self, action: &Action) -> (MotionState, Vec<Rejection>) {
        let mut rejections = Vec::new();
        for _ in 0..4000 {
            let (state, rejected) = self.turn(action);
            rejections.extend(rejected);
            if state != MotionState::Moving || rejections.len() > 100 {
                return (state, rejections);
            }
        }
        panic!("no end: {action:?}");
    }
}

fn down(x_m: f64, y_m: f64, z_m: f64, yaw_rad: f64) -> Pose {
    let flip = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), PI);
    let turn = UnitQuaternion::from_axis_angle(&Vec3::z_axis(), yaw_rad);
    Pose::from_parts(Translation3::new(x_m, y_m, z_m), turn * flip)
}

fn reach(x_m: f64, y_m: f64, z_m: f64, yaw_rad: f64, path: Path) -> Action {
    let world_from_tool = down(x_m, y_m, z_m, yaw_rad);
    Action::Reach { world_from_tool, path, speed: 1.0, until_contact_n: None }
}

#[test]
fn picking_all_over_the_table_is_never_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut robot = Guarded::new(common::arm7());
    let mut done = 0;
    for _ in 0..80 {
        let (x_m, y_m) = (rng.random_range(0.3..0.7), rng.random_range(-0.4..0.4));
        let (z_m, yaw) = (rng.random_range(0.012..0.1), rng.random_range(-1.5..1.5));
        let grip = |width_m| Action::Grip { width_m, force_n: 20.0 };
        for action in [
            reach(x_m, y_m, z_m + 0.12, yaw, Path::Joint),
            reach(x_m, y_m, z_m, yaw, Path::Straight),
            grip(0.03),
            reach(x_m, y_m, z_m + 0.12, yaw, Path::Straight),
            grip(0.08),
        ] {
            let (state, rejections) = robot.run(&action);
            assert_eq!(rejections, vec![], "{action:?}");
            done += usize::from(state == MotionState::Reached);
        }
    }
    println!("{done} of 400 actions reached");
    assert!(done > 300);
}

#[test]
fn driving_about_is_never_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let mut robot = Guarded::new(common::rover());
    for _ in 0..40 {
        let (x_m, y_m) = (rng.random_range(-2.4..2.4), rng.random_range(-2.4..2.4));
        let yaw_rad = rng.random_bool(0.5).then(|| rng.random_range(-PI..PI));
        let drive = Action::Drive { x_m, y_m, yaw_rad, speed: 1.0 };
        let (state, rejections) = robot.run(&drive);
        assert_eq!(rejections, vec![], "{drive:?}");
        assert_eq!(state, MotionState::Reached);
    }
}

#[test]
fn after_an_emergency_stop_it_moves_again() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    for _ in 0..30 {
        let mut robot = Guarded::new(common::arm7());
        let action = reach(
            rng.random_range(0.35..0.65),
            rng.random_range(-0.35..0.35),
            rng.random_range(0.1..0.4),
            0.0,
            Path::Joint,
        );
        for _ in 0..rng.random_range(1..80) {
            assert_eq!(robot.turn(&action).1, None);
        }
        robot.guard.stop();
        let mut turns = 0;
        loop {
            assert_eq!(robot.turn(&action).1.map(|r| r.code), Some(RejectCode::EmergencyStop));
            turns += 1;
            if robot.guard.resume(&robot.plant.observation).is_ok() {
                break;
            }
            assert!(turns < 150, "{:?}", robot.guard.resume(&robot.plant.observation));
        }
        assert_eq!(robot.run(&action), (MotionState::Reached, vec![]));
    }
}

#[test]
fn after_a_refusal_it_moves_again() {
    let mut robot = Guarded::new(common::arm7());
    let to = reach(0.5, 0.3, 0.2, 0.0, Path::Joint);
    for _ in 0..60 {
        assert_eq!(robot.turn(&to).1, None);
    }
    // One joint state is lost in the middle of the motion.
    robot.plant.observation.faults.push(ponder_core::observation::SensorFault::JointsSilent);
    assert_eq!(robot.turn(&to).1.map(|r| r.code), Some(RejectCode::SensorFault));
    robot.plant.observation.faults.clear();
    let (mut refused, mut state) = (0, MotionState::Moving);
    while state == MotionState::Moving {
        let (now, rejection) = robot.turn(&to);
        (state, refused) = (now, refused + usize::from(rejection.is_some()));
        assert!(refused < 60, "{rejection:?}");
    }
    assert_eq!(state, MotionState::Reached);
    println!("stopped for {refused} periods");
}
