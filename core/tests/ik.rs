//! Inverse kinematics on a Panda-like arm: reachable poses are solved within limits and tolerance, others reported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use std::time::Instant;

use nalgebra::{Translation3, UnitQuaternion};
use ponder_core::controllers::ik::Ik;
use ponder_core::robot::Arm;
use ponder_core::{Pose, Vec3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random_posture(arm: &Arm, rng: &mut ChaCha8Rng) -> Vec<f64> {
    arm.limits.iter().map(|l| rng.random_range(l.min_rad + 0.02..l.max_rad - 0.02)).collect()
}

fn assert_solves(arm: &Arm, pos_rad: &[f64], target: &Pose) {
    for (pos, limit) in pos_rad.iter().zip(&arm.limits) {
        assert!(*pos >= limit.min_rad && *pos <= limit.max_rad, "{pos} out of {limit:?}");
    }
    let tool = arm.chain.world_from_tool(pos_rad);
    assert!((tool.translation.vector - target.translation.vector).norm() < 5e-4);
    assert!(tool.rotation.angle_to(&target.rotation) < 0.5_f64.to_radians());
}

#[test]
fn reachable_poses_are_solved() {
    let arm = common::arm7().arm.clone().unwrap();
    let mut ik = Ik::new(&arm);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut solved, mut micros) = (0, Vec::new());
    for _ in 0..2000 {
        let target = arm.chain.world_from_tool(&random_posture(&arm, &mut rng));
        let near = random_posture(&arm, &mut rng);
        let start = Instant::now();
        let answer = ik.solve(&target, &near, |_| true);
        micros.push(start.elapsed().as_secs_f64() * 1e6);
        assert_eq!(answer, ik.solve(&target, &near, |_| true), "equal questions, equal answers");
        if let Some(pos_rad) = answer {
            assert_solves(&arm, &pos_rad, &target);
            solved += 1;
        }
    }
    micros.sort_by(f64::total_cmp);
    println!(
        "{solved} of 2000 solved; median {:.0} µs, 99 % {:.0} µs, worst {:.0} µs",
        micros[1000], micros[1980], micros[1999]
    );
    assert!(solved >= 1980, "{solved} of 2000");
}

#[test]
fn a_near_target_keeps_the_posture() {
    let arm = common::arm7().arm.clone().unwrap();
    let mut ik = Ik::new(&arm);
    let home = arm.home_rad.clone();
    let here = arm.chain.world_from_tool(&home);
    for offset in [Vec3::x(), -Vec3::x(), Vec3::y(), -Vec3::y(), Vec3::z(), -Vec3::z()] {
        let target = Translation3::from(offset * 0.1) * here;
        let pos_rad = ik.solve(&target, &home, |_| true).unwrap();
        assert_solves(&arm, &pos_rad, &target);
        let turned = pos_rad.iter().zip(&home).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(turned < 0.5, "a joint turned {turned} rad for 10 cm");
    }
}

#[test]
fn unreachable_poses_are_reported() {
    let arm = common::arm7().arm.clone().unwrap();
    let mut ik = Ik::new(&arm);
    let turn = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
    let mut worst_us = 0.0_f64;
    for at in
        [[1.2, 0.0, 0.4], [0.0, 0.0, 2.0], [0.9, 0.5, 0.3], [0.05, 0.0, 0.1], [1e9, 0.0, 0.0], [f64::NAN, 0.0, 0.0]]
    {
        let start = Instant::now();
        let answer = ik.solve(&Pose::from_parts(Translation3::from(Vec3::from(at)), turn), &arm.home_rad, |_| true);
        worst_us = worst_us.max(start.elapsed().as_secs_f64() * 1e6);
        assert_eq!(answer, None, "{at:?}");
    }
    println!("an unreachable pose is reported after {worst_us:.0} µs at worst");
}
