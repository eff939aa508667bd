//! What the controllers cost: inverse kinematics for poses near and far, the tick that starts an action, and the ticks
//! that carry it on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands
#![allow(missing_docs)] // criterion's macros make functions without any

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use nalgebra::{Translation3, UnitQuaternion};
use ponder_core::action::{Action, Path};
use ponder_core::controller::Controller;
use ponder_core::controllers::RobotController;
use ponder_core::controllers::ik::Ik;
use ponder_core::observation::Observation;
use ponder_core::{Pose, Vec3};

fn down(x_m: f64, y_m: f64, z_m: f64) -> Pose {
    let flip = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
    Pose::from_parts(Translation3::new(x_m, y_m, z_m), flip)
}

fn reach(pose: Pose, path: Path) -> Action {
    Action::Reach { world_from_tool: pose, path, speed: 1.0, until_contact_n: None }
}

fn benches(c: &mut Criterion) {
    let robot = common::arm7();
    let Some(arm) = robot.arm.clone() else { return };
    let mut ik = Ik::new(&arm);
    let cases = [
        ("10 cm away", down(0.55, 0.1, 0.4)),
        ("across the table", down(0.3, -0.45, 0.05)),
        ("out of reach", down(0.75, 0.5, 0.05)),
    ];
    for (name, pose) in cases {
        c.bench_function(&format!("inverse kinematics, {name}"), |b| {
            b.iter(|| ik.solve(black_box(&pose), &arm.home_rad, |_| true))
        });
    }
    let observation = Observation {
        joint_pos_rad: arm.home_rad.clone(),
        joint_vel_rad_s: arm.home_rad.iter().map(|_| 0.0).collect(),
        gripper_width_m: Some(0.08),
        ..Observation::default()
    };
    for (name, action) in [
        ("joint reach", reach(down(0.5, -0.3, 0.2), Path::Joint)),
        ("straight reach of 20 cm", reach(down(0.45, 0.0, 0.3), Path::Straight)),
        ("straight reach that is refused", reach(down(0.2, 0.0, 0.03), Path::Straight)),
    ] {
        let ready = || {
            let mut controller = RobotController::new(robot.clone());
            controller.tick(&Action::Hold, &observation);
            controller
        };
        let start = |controller: &mut RobotController| controller.tick(&action, &observation).0;
        c.bench_function(&format!("tick that starts a {name}"), |b| {
            b.iter_batched_ref(ready, start, BatchSize::SmallInput)
        });
        let underway = || {
            let mut controller = ready();
            (0..30).for_each(|_| drop(controller.tick(&action, &observation)));
            controller
        };
        c.bench_function(&format!("tick of a {name}"), |b| b.iter_batched_ref(underway, start, BatchSize::SmallInput));
    }
}

criterion_group!(controllers, benches);
criterion_main!(controllers);
