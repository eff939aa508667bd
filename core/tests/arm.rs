//! The arm's controller on an ideal arm: accurate, straight, within every limit (the plant checks each command), and
//! honest about what stopped it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod plant;

use std::sync::Arc;

use nalgebra::{Translation3, UnitQuaternion};
use plant::Plant;
use ponder_core::action::{Action, MotionRefusal, MotionState, Path};
use ponder_core::controller::Controller;
use ponder_core::geometry::Aabb;
use ponder_core::guard::Guard;
use ponder_core::{Pose, Vec3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn arm7() -> Plant {
    Plant::new(common::arm7())
}

/// The hand pointing down at a place, turned about z.
fn down(x_m: f64, y_m: f64, z_m: f64, yaw_rad: f64) -> Pose {
    let flip = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
    let turn = UnitQuaternion::from_axis_angle(&Vec3::z_axis(), yaw_rad);
    Pose::from_parts(Translation3::new(x_m, y_m, z_m), turn * flip)
}

fn reach(world_from_tool: Pose, path: Path, speed: f64) -> Action {
    Action::Reach { world_from_tool, path, speed, until_contact_n: None }
}

fn assert_at(plant: &Plant, pose: &Pose) {
    let off_m = (plant.sent_tool().translation.vector - pose.translation.vector).norm();
    let off_rad = plant.sent_tool().rotation.angle_to(&pose.rotation);
    assert!(off_m < 5e-4 && off_rad < 0.5_f64.to_radians(), "setpoint {off_m} m, {off_rad} rad off");
    assert!((plant.tool().translation.vector - pose.translation.vector).norm() < 0.01);
}

fn random_down(rng: &mut ChaCha8Rng) -> Pose {
    let z_m = rng.random_range(0.05..0.45);
    down(rng.random_range(0.3..0.65), rng.random_range(-0.35..0.35), z_m, rng.random_range(-1.5..1.5))
}

#[test]
fn joint_reaches_are_accurate_and_within_limits() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut plant = arm7();
    for speed in [1.0, 0.3] {
        for _ in 0..40 {
            let pose = random_down(&mut rng);
            assert_eq!(plant.run(&reach(pose, Path::Joint, speed), 20.0), MotionState::Reached, "{pose}");
            assert_at(&plant, &pose);
        }
    }
    assert_eq!(plant.run(&Action::Park, 20.0), MotionState::Reached);
}

#[test]
fn straight_lines_are_straight() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut plant = arm7();
    let (mut reached, mut worst_m) = (0, 0.0_f64);
    for _ in 0..60 {
        let start = random_down(&mut rng);
        assert_eq!(plant.run(&reach(start, Path::Joint, 1.0), 20.0), MotionState::Reached);
        let from_m = plant.sent_tool().translation.vector;
        let end = random_down(&mut rng);
        let action = reach(end, Path::Straight, 1.0);
        let rows = plant.sent.len();
        match plant.run(&action, 30.0) {
            MotionState::Refused(MotionRefusal::PathLeavesReach) => continue,
            state => assert_eq!(state, MotionState::Reached),
        }
        reached += 1;
        assert_at(&plant, &end);
        let way = (end.translation.vector - from_m).normalize();
        let arm = plant.robot.arm.clone().unwrap();
        for row in &plant.sent[rows..] {
            let offset_m = arm.chain.world_from_tool(row).translation.vector - from_m;
            worst_m = worst_m.max((offset_m - way * offset_m.dot(&way)).norm());
        }
    }
    println!("{reached} of 60 random lines done, at most {:.3} mm off the line", worst_m * 1e3);
    assert!(worst_m < 1e-3);
    assert!(reached >= 54, "{reached}");
}

#[test]
fn arcs_turn_about_their_axis() {
    for (keeps_orientation, angle_rad) in [(false, 0.6), (true, 0.6), (false, -0.5)] {
        let mut plant = arm7();
        let start = down(0.5, 0.0, 0.2, 0.0);
        assert_eq!(plant.run(&reach(start, Path::Joint, 1.0), 20.0), MotionState::Reached);
        let (about_m, axis) = (Vec3::new(0.3, 0.0, 0.2), Vec3::z());
        let turn = UnitQuaternion::from_scaled_axis(axis * angle_rad);
        let place_m = about_m + turn * (start.translation.vector - about_m);
        let rotation = if keeps_orientation { start.rotation } else { turn * start.rotation };
        let end = Pose::from_parts(place_m.into(), rotation);
        let rows = plant.sent.len();
        let action = reach(end, Path::Arc { about_m, axis, angle_rad }, 0.5);
        assert_eq!(plant.run(&action, 20.0), MotionState::Reached);
        assert_at(&plant, &end);
        let arm = plant.robot.arm.clone().unwrap();
        for row in &plant.sent[rows..] {
            let radius_m = (arm.chain.world_from_tool(row).translation.vector - about_m).norm();
            assert!((radius_m - 0.2).abs() < 1e-3, "{radius_m}");
        }
    }
}

#[test]
fn a_new_action_takes_over_in_full_motion() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut plant = arm7();
    plant.stops = true; // stops are among them
    for i in 0..150 {
        let path = if i % 3 == 0 { Path::Straight } else { Path::Joint };
        let action = reach(random_down(&mut rng), path, rng.random_range(0.2..1.0));
        // Cut off at a random moment; the plant holds every setpoint against the limits.
        plant.for_s(&action, rng.random_range(0.05..1.2));
        if i % 10 == 0 {
            assert_eq!(plant.run(&Action::Hold, 3.0), MotionState::Reached);
        }
    }
}

#[test]
fn hold_stops_from_full_speed() {
    let mut plant = arm7();
    plant.for_s(&reach(down(0.4, 0.45, 0.3, 0.0), Path::Joint, 1.0), 0.5);
    let rows = plant.sent.len();
    plant.stops = true;
    assert_eq!(plant.run(&Action::Hold, 2.0), MotionState::Reached);
    let stop_s = (plant.sent.len() - rows) as f64 * plant.robot.timing.period_s;
    assert!(stop_s < 0.095, "took {stop_s} s to stop");
    let held = plant.sent.last().cloned();
    plant.for_s(&Action::Hold, 0.5);
    assert_eq!(plant.sent.last().cloned(), held);
}

#[test]
fn contact_ends_a_reach() {
    for path in [Path::Straight, Path::Joint] {
        let mut plant = arm7();
        plant.floor_m = Some(0.10);
        assert_eq!(plant.run(&reach(down(0.5, 0.1, 0.2, 0.3), Path::Joint, 1.0), 20.0), MotionState::Reached);
        plant.stops = true;
        let world_from_tool = down(0.5, 0.1, 0.04, 0.3);
        let action = Action::Reach { world_from_tool, path, speed: 0.1, until_contact_n: Some(8.0) };
        assert_eq!(plant.run(&action, 20.0), MotionState::Reached);
        plant.for_s(&action, 0.5);
        let depth_m = 0.10 - plant.tool().translation.z;
        assert!(depth_m > 0.0 && depth_m < 0.012, "stopped {depth_m} m in the floor");
    }
}

#[test]
fn a_reach_that_meets_nothing_ends_at_its_pose() {
    let mut plant = arm7();
    plant.floor_m = Some(-1.0);
    let world_from_tool = down(0.5, 0.1, 0.1, 0.3);
    let action = Action::Reach { world_from_tool, path: Path::Joint, speed: 0.5, until_contact_n: Some(8.0) };
    assert_eq!(plant.run(&action, 20.0), MotionState::Reached);
    assert_at(&plant, &world_from_tool);
}

#[test]
fn a_joint_that_does_not_follow_is_blocked() {
    let mut plant = arm7();
    let action = reach(down(0.45, 0.3, 0.2, 0.0), Path::Joint, 1.0);
    plant.for_s(&action, 0.4);
    plant.frozen = true;
    assert_eq!(plant.run(&action, 0.8), MotionState::Blocked);
    plant.for_s(&action, 1.5);
    for (sent, is) in plant.sent.last().unwrap().iter().zip(&plant.observation.joint_pos_rad) {
        assert!((sent - is).abs() < 1e-3, "holds at {sent}, the joint is at {is}");
    }
    // It stays blocked until asked for something else, then goes.
    assert_eq!(plant.tick(&action), MotionState::Blocked);
    plant.frozen = false;
    assert_eq!(plant.run(&Action::Park, 10.0), MotionState::Reached);
}

#[test]
fn what_cannot_be_done_is_refused_and_nothing_moves() {
    let mut plant = arm7();
    plant.run(&Action::Hold, 1.0);
    let start = plant.sent.last().cloned();
    let here = plant.tool();
    let far = [down(0.79, 0.54, 0.02, 0.0), down(2.0, 0.0, 0.3, 0.0)];
    for pose in far {
        let state = plant.run(&reach(pose, Path::Joint, 1.0), 1.0);
        assert_eq!(state, MotionState::Refused(MotionRefusal::Unreachable), "{pose}");
    }
    let state = plant.run(&reach(far[0], Path::Straight, 1.0), 1.0);
    assert_eq!(state, MotionState::Refused(MotionRefusal::PathLeavesReach));
    let mut nan = here;
    nan.translation.x = f64::NAN;
    let arc = |axis: Vec3, angle_rad| Path::Arc { about_m: Vec3::zeros(), axis, angle_rad };
    let touch = |newtons| Action::Reach {
        world_from_tool: here,
        path: Path::Straight,
        speed: 1.0,
        until_contact_n: Some(newtons),
    };
    let malformed = [
        reach(nan, Path::Joint, 1.0),
        reach(here, Path::Joint, 0.0),
        reach(here, Path::Joint, 1.5),
        reach(here, Path::Joint, f64::NAN),
        reach(here, arc(Vec3::zeros(), 1.0), 1.0),
        reach(here, arc(Vec3::z(), f64::INFINITY), 1.0),
        touch(-1.0),
        touch(f64::NAN),
        Action::Grip { width_m: f64::NAN, force_n: 10.0 },
        Action::Grip { width_m: 0.5, force_n: 10.0 },
        Action::Grip { width_m: 0.01, force_n: -1.0 },
    ];
    for action in malformed {
        let state = plant.run(&action, 1.0);
        assert_eq!(state, MotionState::Refused(MotionRefusal::Malformed), "{action:?}");
    }
    let drive = Action::Drive { x_m: 1.0, y_m: 0.0, yaw_rad: None, speed: 1.0 };
    assert_eq!(plant.run(&drive, 1.0), MotionState::Refused(MotionRefusal::NoSuchPart));
    plant.observation.wrench = None;
    assert_eq!(plant.run(&touch(5.0), 1.0), MotionState::Refused(MotionRefusal::NoSuchPart));
    assert_eq!(plant.sent.last().cloned(), start);
}

#[test]
fn reset_takes_the_arm_as_it_stands() {
    let mut plant = arm7();
    plant.run(&Action::Hold, 1.0);
    for pos in &mut plant.observation.joint_pos_rad {
        *pos -= 0.2;
    }
    plant.controller.reset(&plant.observation);
    plant.sent.clear();
    plant.run(&Action::Hold, 1.0);
    assert_eq!(plant.sent.last().unwrap(), &plant.observation.joint_pos_rad.to_vec());
}

#[test]
fn silent_joints_stop_the_arm() {
    let mut plant = arm7();
    let action = reach(down(0.45, 0.3, 0.2, 0.0), Path::Joint, 1.0);
    plant.for_s(&action, 0.5);
    let seen = plant.observation.joint_pos_rad.clone();
    plant.observation.joint_pos_rad[3] = f64::NAN;
    let mut blind = plant.observation.clone();
    plant.stops = true;
    for _ in 0..100 {
        plant.observation = blind.clone();
        assert_eq!(plant.tick(&action), MotionState::Moving);
        blind.stamp = plant.observation.stamp;
    }
    let held = plant.sent.last().cloned().unwrap();
    assert_eq!(plant.sent[plant.sent.len() - 20], held, "at rest while blind");
    plant.observation.joint_pos_rad = held.into_iter().collect();
    plant.observation.joint_vel_rad_s = seen.iter().map(|_| 0.0).collect();
    assert_eq!(plant.run(&action, 10.0), MotionState::Reached);
}

#[test]
fn joint_motion_goes_round_what_is_forbidden() {
    let mut robot = (*common::arm7()).clone();
    let wall = Aabb { min_m: Vec3::new(0.35, -0.03, 0.0), max_m: Vec3::new(0.75, 0.03, 0.25) };
    robot.arm.as_mut().unwrap().keep_out.push(wall);
    let mut plant = Plant::new(Arc::new(robot));
    let left = reach(down(0.5, 0.25, 0.15, 0.0), Path::Joint, 1.0);
    let right = reach(down(0.5, -0.25, 0.15, 0.0), Path::Joint, 1.0);
    assert_eq!(plant.run(&left, 20.0), MotionState::Reached);
    let rows = plant.sent.len();
    assert_eq!(plant.run(&right, 20.0), MotionState::Reached);
    let arm = plant.robot.arm.clone().unwrap();
    for row in &plant.sent[rows..] {
        let tool_m = arm.chain.world_from_tool(row).translation.vector;
        assert!(wall.distance_m(&tool_m) > 0.0, "through the wall at {tool_m}");
    }
    // In a straight line there is no way round.
    let state = plant.run(&reach(down(0.5, 0.25, 0.15, 0.0), Path::Straight, 1.0), 20.0);
    assert_eq!(state, MotionState::Refused(MotionRefusal::PathLeavesReach));
}

#[test]
fn the_guard_hardly_ever_has_to_step_in() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut plant = arm7();
    let mut guard = Guard::new(plant.robot.clone());
    let mut refusals = Vec::new();
    for _ in 0..600 {
        let mut pose = random_down(&mut rng);
        if rng.random_bool(0.3) {
            let tilt = Vec3::from_fn(|_, _| rng.random_range(-1.0..1.0));
            pose.rotation = UnitQuaternion::from_scaled_axis(tilt) * pose.rotation;
        }
        let path = if rng.random_bool(0.4) { Path::Straight } else { Path::Joint };
        let action = reach(pose, path, rng.random_range(0.1..1.0));
        // Half of them are cut off by the next.
        let periods = if rng.random_bool(0.5) { rng.random_range(1..100) } else { 1000 };
        for _ in 0..periods {
            let (command, status) = plant.controller.tick(&action, &plant.observation);
            let checked = guard.check(plant.observation.stamp, &command, &plant.observation);
            plant.follow(checked.command());
            if let Some(rejection) = checked.rejected() {
                refusals.push((rejection, action));
                // What follows a stop is no further refusal.
                plant.controller.reset(&plant.observation);
                guard = Guard::new(plant.robot.clone());
                break;
            }
            if status.state != MotionState::Moving {
                break;
            }
        }
    }
    assert!(refusals.len() <= 1, "{refusals:#?}");
}
