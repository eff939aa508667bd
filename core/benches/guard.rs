//! What the guard costs a period: at rest, in full motion (it looks along the whole way to rest), in a refusal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands
#![allow(missing_docs)] // criterion's macros make functions without any

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use nalgebra::{Translation3, UnitQuaternion};
use ponder_core::action::{Action, Path};
use ponder_core::command::Command;
use ponder_core::controller::Controller;
use ponder_core::controllers::RobotController;
use ponder_core::guard::Guard;
use ponder_core::observation::{BaseState, Observation};
use ponder_core::robot::RobotSpec;
use ponder_core::{Pose, Vec3};

/// A guard that has passed `periods` of an action, the next command, and what was sensed.
fn underway(robot: &Arc<RobotSpec>, action: &Action, periods: usize) -> (Guard, Command, Observation) {
    let mut senses = Observation {
        gripper_width_m: Some(0.08),
        base: robot.base.map(|_| BaseState { world_from_base: Pose::identity(), twist: Default::default() }),
        ..Observation::default()
    };
    if let Some(arm) = &robot.arm {
        senses.joint_pos_rad = arm.home_rad.clone();
        senses.joint_vel_rad_s = arm.home_rad.iter().map(|_| 0.0).collect();
    }
    let (mut guard, mut controller) = (Guard::new(robot.clone()), RobotController::new(robot.clone()));
    controller.reset(&senses);
    for _ in 0..periods {
        let (command, _) = controller.tick(action, &senses);
        let checked = guard.check(senses.stamp, &command, &senses);
        assert_eq!(checked.rejected(), None);
        if let Some(target) = command.arm {
            senses.joint_pos_rad = target.pos_rad;
            senses.joint_vel_rad_s = target.vel_rad_s;
        }
        senses.stamp = senses.stamp.plus_s(robot.timing.period_s);
    }
    let (command, _) = controller.tick(action, &senses);
    (guard, command, senses)
}

fn benches(c: &mut Criterion) {
    let flip = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
    let reach = Action::Reach {
        world_from_tool: Pose::from_parts(Translation3::new(0.4, -0.4, 0.1), flip),
        path: Path::Joint,
        speed: 1.0,
        until_contact_n: None,
    };
    let drive = Action::Drive { x_m: 2.0, y_m: 1.0, yaw_rad: None, speed: 1.0 };
    let (arm7, rover) = (common::arm7(), common::rover());
    let mut jump = underway(&arm7, &reach, 60);
    if let Some(target) = &mut jump.1.arm {
        target.pos_rad[3] += 0.1;
    }
    for (name, (guard, command, senses)) in [
        ("an arm at rest", underway(&arm7, &Action::Hold, 3)),
        ("an arm in full motion", underway(&arm7, &reach, 60)),
        ("an arm's refusal in full motion", jump),
        ("a base in full motion", underway(&rover, &drive, 100)),
    ] {
        c.bench_function(&format!("guard, {name}"), |b| {
            let check = |guard: &mut Guard| guard.check(senses.stamp, black_box(&command), &senses);
            b.iter_batched_ref(|| guard.clone(), check, BatchSize::SmallInput);
        });
    }
}

criterion_group!(guard, benches);
criterion_main!(guard);
