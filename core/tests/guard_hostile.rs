//! Tens of thousands of hostile commands and bad senses at the guard: none passes, every refusal names its reason, and
//! every stop is a stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod common;
mod oracle;
mod trial;

use std::collections::BTreeMap;

use oracle::code;
use ponder_core::Stamp;
use ponder_core::command::{BaseTwist, Command, GripperTarget};
use ponder_core::guard::{Guard, RejectCode};
use ponder_core::observation::SensorFault;
use ponder_core::robot::RobotSpec;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trial::{Manners, Trial, add, both};

/// Makes a good command bad in one way; the code that must be said, where only one is right.
fn spoil(rng: &mut ChaCha8Rng, command: &mut Command, robot: &RobotSpec, now: Stamp) -> Option<RejectCode> {
    use RejectCode::*;
    let junk = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let huge = [1e3, -1e6, 1e18, -1e300, f64::MAX];
    let arm = robot.arm.as_ref().unwrap();
    let joint = rng.random_range(0..arm.limits.len());
    let limit = arm.limits[joint];
    let target = command.arm.as_mut().unwrap();
    let gripper = GripperTarget { width_m: 0.04, force_n: 20.0 };
    match rng.random_range(0..22) {
        0 => target.pos_rad[joint] = *junk.choose(rng).unwrap(),
        1 => target.vel_rad_s[joint] = *junk.choose(rng).unwrap(),
        2 => command.gripper = Some(GripperTarget { width_m: *junk.choose(rng).unwrap(), ..gripper }),
        3 => command.gripper = Some(GripperTarget { force_n: *junk.choose(rng).unwrap(), ..gripper }),
        4 => command.base.as_mut().unwrap().linear_m_s = *junk.choose(rng).unwrap(),
        5 => command.base.as_mut().unwrap().angular_rad_s = *junk.choose(rng).unwrap(),
        6 => {
            target.pos_rad.pop();
            return Some(JointCount);
        }
        7 => {
            target.vel_rad_s.truncate(rng.random_range(0..3));
            return Some(JointCount);
        }
        8 => {
            target.pos_rad.push(0.0);
            return Some(JointCount);
        }
        9 => {
            target.pos_rad[joint] = *huge.choose(rng).unwrap();
            return Some(JointJump);
        }
        10 => {
            target.vel_rad_s[joint] = *huge.choose(rng).unwrap();
            return Some(JointVelocity);
        }
        11 => {
            target.vel_rad_s[joint] = limit.vel_rad_s * 1.06;
            return Some(JointVelocity);
        }
        12 => {
            let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
            target.pos_rad[joint] += sign * rng.random_range(0.03..3.0);
            return Some(JointJump);
        }
        13 => {
            // No speed too high, but a change of speed that no joint can make.
            target.pos_rad[joint] += 3.0 * limit.acc_rad_s2 * robot.timing.period_s.powi(2);
            return None; // at rest after a stop this much is granted
        }
        14 => {
            command.stamp = Stamp(now.0 - (rng.random_range(0.2..50.0) * 1e9) as u64);
            return Some(StaleCommand);
        }
        15 => {
            command.stamp = now.plus_s(rng.random_range(0.02..1e6));
            return Some(StaleCommand);
        }
        16 => {
            command.deadline = Stamp(now.0 - rng.random_range(1..1_000_000_000));
            return Some(StaleCommand);
        }
        17 => {
            let width_m = *[-0.01, 0.09, 1.0, -1e9, 1e300].choose(rng).unwrap();
            command.gripper = Some(GripperTarget { width_m, ..gripper });
            return Some(GripperWidth);
        }
        18 => {
            let force_n = *[-1.0, 78.0, 1e9, f64::MAX].choose(rng).unwrap();
            command.gripper = Some(GripperTarget { force_n, ..gripper });
            return Some(GripperForce);
        }
        19 => {
            command.base.as_mut().unwrap().linear_m_s = *[0.76, -0.8, 1e9, f64::MIN].choose(rng).unwrap();
            return Some(BaseSpeed);
        }
        20 => {
            command.base.as_mut().unwrap().angular_rad_s = *[2.6, -3.0, 1e9, f64::MIN].choose(rng).unwrap();
            return Some(BaseSpeed);
        }
        _ => {
            // Slightly over: shortened or refused, never sent.
            command.gripper = Some(GripperTarget { width_m: 0.083, force_n: 75.0 });
            command.base = Some(BaseTwist { linear_m_s: 0.7, angular_rad_s: -2.2 });
            return None;
        }
    }
    Some(NotFinite)
}

#[test]
fn spoilt_commands_are_refused_for_the_right_reason() {
    let robot = both();
    let mut all = BTreeMap::new();
    let mut spoilt = 0;
    for seed in 0..300 {
        let mut trial = Trial::new(robot.clone(), 1000 + seed, Manners::Resets, false);
        for turn in 0..150 {
            let mut wish = trial.wish();
            let before = trial.oracle.gripper();
            // Let it get up speed between the blows.
            if turn % 3 != 0 && seed % 3 != 0 {
                trial.turn(&wish);
                continue;
            }
            let now = trial.now();
            let want = spoil(&mut trial.rng, &mut wish, &robot, now);
            let got = trial.turn(&wish);
            spoilt += 1;
            if let Some(want) = want {
                let got_code = code(&got).unwrap_or_else(|| panic!("passed: {wish:?}"));
                // Where two things are wrong at once (a jump while it still brakes), either may be named.
                let other = [RejectCode::JointJump, RejectCode::JointVelocity, RejectCode::JointPosition];
                let space = [RejectCode::Workspace, RejectCode::KeepOut, RejectCode::ToolSpeed, RejectCode::BaseArea];
                let early = matches!(want, RejectCode::NotFinite | RejectCode::JointCount | RejectCode::StaleCommand);
                let also = !early && (other.contains(&got_code) || space.contains(&got_code));
                assert!(got_code == want || also, "{want:?} wanted, {got_code:?} said: {wish:?}");
                assert_eq!(got.command().gripper, before, "the grip is kept");
            }
        }
        add(&mut all, &trial);
    }
    println!("{spoilt} spoilt: {all:?}");
    assert!(spoilt >= 20_000);
}

#[test]
fn faulty_or_old_senses_stop_it_and_cameras_do_not() {
    let robot = both();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for seed in 0..200 {
        let mut trial = Trial::new(robot.clone(), 13_000 + seed, Manners::Resets, false);
        for _ in 0..30 {
            let wish = trial.wish();
            trial.turn(&wish);
        }
        for _ in 0..50 {
            let wish = trial.wish();
            let mut senses = trial.senses.clone();
            let joint = rng.random_range(0..7);
            let mut now = trial.now();
            let want = match rng.random_range(0..8) {
                0 => {
                    senses.joint_pos_rad[joint] = f64::NAN;
                    RejectCode::SensorFault
                }
                1 => {
                    senses.joint_vel_rad_s[joint] = f64::INFINITY;
                    RejectCode::SensorFault
                }
                2 => {
                    senses.joint_pos_rad.pop();
                    RejectCode::SensorFault
                }
                3 => {
                    senses.faults.push(SensorFault::JointsSilent);
                    RejectCode::SensorFault
                }
                4 => {
                    senses.faults.push(SensorFault::JointNotFinite);
                    RejectCode::SensorFault
                }
                5 => {
                    senses.base.as_mut().unwrap().world_from_base.translation.x = f64::NAN;
                    RejectCode::SensorFault
                }
                6 => {
                    senses.stamp = Stamp(now.0 - 200_000_000);
                    RejectCode::StaleObservation
                }
                _ => {
                    senses.stamp = now.plus_s(1.0);
                    RejectCode::StaleObservation
                }
            };
            let got = trial.turn_with(now, &wish, &senses);
            assert_eq!(code(&got), Some(want));
            now = trial.now();
            let mut senses = trial.senses.clone();
            senses.faults.push(SensorFault::CameraFrozen);
            senses.faults.push(SensorFault::CameraSilent);
            let hold = Command::nothing(now, now.plus_s(0.01));
            assert_eq!(code(&trial.turn_with(now, &hold, &senses)), None);
        }
    }
}

#[test]
fn parts_that_are_not_there_are_not_moved() {
    let (arm7, rover) = (common::arm7(), common::rover());
    let mut trial = Trial::new(both(), 1, Manners::Resets, false);
    let wish = trial.wish();
    let senses = trial.senses.clone();
    let stamp = wish.stamp;
    let only = |arm: bool, gripper: bool, base: bool| Command {
        arm: if arm { wish.arm.clone() } else { None },
        gripper: gripper.then_some(GripperTarget { width_m: 0.01, force_n: 1.0 }),
        base: if base { wish.base } else { None },
        ..Command::nothing(stamp, wish.deadline)
    };
    for (robot, command, part) in [
        (&rover, only(true, false, false), 0),
        (&rover, only(false, true, true), 1),
        (&arm7, only(true, true, true), 2),
    ] {
        let checked = Guard::new(robot.clone()).check(stamp, &command, &senses);
        let rejection = checked.rejected().unwrap();
        assert_eq!((rejection.code, rejection.index), (RejectCode::NoSuchPart, part));
        assert!(robot.arm.is_some() || (checked.command().arm.is_none() && checked.command().gripper.is_none()));
        assert!(robot.base.is_some() || checked.command().base.is_none());
    }
}
