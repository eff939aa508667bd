//! Whatever is asked of the controllers, what they send is finite and within the robot file's limits: the plant checks
//! every command. And the same asks give the same commands to the bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod plant;

use nalgebra::{Quaternion, Translation3, UnitQuaternion};
use plant::Plant;
use ponder_core::action::{Action, Path};
use ponder_core::{Pose, Vec3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A number from sensible to absurd.
fn number(rng: &mut ChaCha8Rng, usual: std::ops::Range<f64>) -> f64 {
    match rng.random_range(0..150) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -1e300,
        3 => 0.0,
        4 => f64::MIN_POSITIVE,
        5 => rng.random_range(-1e3..1e3),
        _ => rng.random_range(usual),
    }
}

fn vector(rng: &mut ChaCha8Rng, usual: std::ops::Range<f64>) -> Vec3 {
    Vec3::from_fn(|_, _| number(rng, usual.clone()))
}

fn hostile(rng: &mut ChaCha8Rng, plant: &Plant) -> Action {
    match rng.random_range(0..12) {
        0 => Action::Hold,
        1 => Action::Park,
        2 => Action::Grip { width_m: number(rng, -0.01..0.1), force_n: number(rng, 0.0..80.0) },
        3 => {
            let yaw_rad = rng.random_bool(0.5).then(|| number(rng, -7.0..7.0));
            Action::Drive {
                x_m: number(rng, -3.0..3.0),
                y_m: number(rng, -3.0..3.0),
                yaw_rad,
                speed: number(rng, 0.0..1.0),
            }
        }
        4 => Action::LookAt { point_m: vector(rng, -3.0..3.0) },
        _ => {
            let rotation = match rng.random_range(0..4) {
                0 => UnitQuaternion::new_unchecked(Quaternion::from(nalgebra::Vector4::from_fn(|_, _| {
                    number(rng, -1.0..1.0)
                }))),
                1 => UnitQuaternion::from_scaled_axis(Vec3::from_fn(|_, _| rng.random_range(-3.0..3.0))),
                _ => plant.tool().rotation,
            };
            let near = rng.random_bool(0.4);
            let offset = Vec3::from_fn(|_, _| number(rng, -0.2..0.2));
            let place = if near {
                plant.tool().translation.vector + offset
            } else {
                Vec3::new(number(rng, 0.1..0.85), number(rng, -0.6..0.6), number(rng, 0.0..0.8))
            };
            let path = match rng.random_range(0..3) {
                0 => Path::Joint,
                1 => Path::Straight,
                _ => {
                    let axis = [Vec3::x(), Vec3::y(), Vec3::z(), vector(rng, -1.0..1.0)][rng.random_range(0..4)];
                    Path::Arc { about_m: vector(rng, -0.5..0.7), axis, angle_rad: number(rng, -2.0..2.0) }
                }
            };
            let until_contact_n = rng.random_bool(0.3).then(|| number(rng, 0.0..20.0));
            let world_from_tool = Pose::from_parts(Translation3::from(place), rotation);
            Action::Reach { world_from_tool, path, speed: number(rng, 0.0..1.0), until_contact_n }
        }
    }
}

/// Asks that many hostile things, each for a random while, of a robot that also goes blind or is stuck at times.
fn torment(seed: u64, asks: usize) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut plant = Plant::both(&common::arm7(), &common::rover());
    plant.stops = true; // stops are among them
    plant.floor_m = Some(0.02);
    for _ in 0..asks {
        let action = hostile(&mut rng, &plant);
        plant.frozen = rng.random_bool(0.03);
        plant.stuck = rng.random_bool(0.05);
        plant.between_m = if rng.random_bool(0.3) { 0.03 } else { 0.0 };
        let seen = plant.observation.clone();
        let blind = rng.random_bool(0.05);
        if blind {
            plant.observation.joint_pos_rad[2] = f64::NAN;
            plant.observation.base = None;
            plant.observation.wrench = None;
        }
        plant.for_s(&action, if blind { 0.01 } else { rng.random_range(0.01..0.6) });
        if blind {
            plant.observation.joint_pos_rad = seen.joint_pos_rad;
            plant.observation.base = seen.base;
            plant.observation.wrench = seen.wrench;
        }
    }
    plant.sent
}

#[test]
fn ten_thousand_hostile_actions_break_no_limit() {
    let sent = torment(11, 10_000);
    assert!(sent.iter().flatten().all(|pos| pos.is_finite()));
    // It was no walk in place: the joints went about.
    let spans = (0..7).map(|joint| {
        let pos = || sent.iter().map(|row| row[joint]);
        pos().fold(f64::MIN, f64::max) - pos().fold(f64::MAX, f64::min)
    });
    let spans: Vec<f64> = spans.collect();
    assert!(spans.iter().sum::<f64>() > 7.0, "the joints spanned {spans:.2?} rad");
}

#[test]
fn equal_asks_give_equal_commands_to_the_bit() {
    let bits = |sent: Vec<Vec<f64>>| sent.into_iter().flatten().map(f64::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(torment(5, 300)), bits(torment(5, 300)));
}
