//! Stops: braking keeps accelerations whatever the motion was, the emergency stop latches, and commands that come too
//! fast do not make the robot faster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod common;
mod oracle;
mod trial;

use std::sync::Arc;

use oracle::code;
use ponder_core::command::BaseTwist;
use ponder_core::guard::RejectCode;
use ponder_core::observation::Observation;
use ponder_core::robot::{Braking, EmergencyStop};
use ponder_core::{Pose, Stamp};
use rand::Rng;
use trial::{Manners, Trial, both};

#[test]
fn braking_from_any_motion_keeps_accelerations() {
    let robot = both();
    let arm = robot.arm.as_ref().unwrap();
    for seed in 0..400 {
        let mut trial = Trial::new(robot.clone(), 9000 + seed, Manners::Insists, false);
        // Found in full motion, then stopped: there is nothing to hold on to but the measured speeds.
        for (vel, limit) in trial.senses.joint_vel_rad_s.iter_mut().zip(&arm.limits) {
            *vel = trial.rng.random_range(-limit.vel_rad_s..limit.vel_rad_s);
        }
        trial.senses.base.as_mut().unwrap().twist = BaseTwist {
            linear_m_s: trial.rng.random_range(-0.6..0.6),
            angular_rad_s: trial.rng.random_range(-2.0..2.0),
        };
        if seed % 2 == 0 {
            trial.guard.stop();
        }
        for turn in 0..80 {
            let mut wish = trial.wish();
            wish.arm.as_mut().unwrap().pos_rad[0] += 1.0;
            let got = trial.turn(&wish);
            assert!(got.rejected().is_some());
            let rest = trial.oracle.arm_speed() == 0.0;
            assert!(turn < 40 || rest, "still moving after {turn} periods");
        }
        let base = trial.oracle.base();
        assert_eq!((base.linear_m_s, base.angular_rad_s), (0.0, 0.0));
    }
}

#[test]
fn an_emergency_stop_latches_until_it_is_resumed_at_rest() {
    let robot = both();
    for seed in 0..100 {
        let mut trial = Trial::new(robot.clone(), 11_000 + seed, Manners::Resets, false);
        for _ in 0..40 {
            let wish = trial.wish();
            trial.turn(&wish);
        }
        let moved = trial.oracle.arm_speed() > 0.0;
        trial.guard.stop();
        if moved {
            assert!(trial.guard.resume(&trial.senses).is_err(), "still in motion");
            assert!(trial.guard.is_stopped());
        }
        for _ in 0..80 {
            let wish = trial.wish();
            assert_eq!(code(&trial.turn(&wish)), Some(RejectCode::EmergencyStop));
        }
        let mut blind = trial.senses.clone();
        blind.joint_pos_rad[3] = f64::NAN;
        assert_eq!(trial.guard.resume(&blind).unwrap_err().code, RejectCode::SensorFault);
        blind.clone_from(&trial.senses);
        blind.stamp = Stamp(0);
        assert_eq!(trial.guard.resume(&blind).unwrap_err().code, RejectCode::StaleObservation);
        blind.clone_from(&trial.senses);
        blind.joint_vel_rad_s[2] = 0.3;
        assert_eq!(trial.guard.resume(&blind).unwrap_err().code, RejectCode::JointVelocity);
        trial.guard.resume(&trial.senses).unwrap();
        trial.oracle.resumed(&trial.senses);
        assert!(!trial.guard.is_stopped());
        // Not from somewhere else …
        let mut wish = trial.wish();
        wish.base = None;
        let start: Vec<f64> = trial.senses.joint_pos_rad.to_vec();
        let mut set = |offset_rad: f64, trial: &mut Trial| {
            (wish.stamp, wish.deadline) = (trial.now(), trial.now().plus_s(0.01));
            let target = wish.arm.as_mut().unwrap();
            (target.pos_rad, target.vel_rad_s) =
                (start.iter().map(|p| p + offset_rad).collect(), start.iter().map(|_| 0.0).collect());
            trial.turn(&wish)
        };
        assert_eq!(code(&set(0.05, &mut trial)), Some(RejectCode::JointJump));
        // … but from where it stands.
        assert_eq!(code(&set(0.0, &mut trial)), None);
    }
}

#[test]
fn commands_that_come_too_fast_do_not_make_the_robot_faster() {
    let robot = both();
    let arm = robot.arm.as_ref().unwrap();
    for seed in 0..60 {
        let mut trial = Trial::new(robot.clone(), 15_000 + seed, Manners::Insists, false);
        let start_s = trial.now().as_s();
        let mut now = trial.now();
        let mut first: Option<(f64, Vec<f64>)> = None;
        for _ in 0..400 {
            now = now.plus_s(trial.rng.random_range(0.0..0.012));
            let mut wish = trial.wish();
            (wish.stamp, wish.deadline) = (now, now.plus_s(0.01));
            let senses = Observation { stamp: now, ..trial.senses.clone() };
            let checked = trial.guard.check(now, &wish, &senses);
            trial.pass(&checked);
            let Some(sent) = &checked.command().arm else {
                continue;
            };
            let (since_s, from) = first.get_or_insert_with(|| (start_s, sent.pos_rad.to_vec()));
            let time_s = now.as_s() - *since_s + 2.5 * robot.timing.period_s;
            for ((to, from), limit) in sent.pos_rad.iter().zip(from.iter()).zip(&arm.limits) {
                assert!((to - from).abs() <= limit.vel_rad_s * 1.05 * time_s + 0.02);
            }
            if checked.rejected().is_some() {
                trial.pos_rad = sent.pos_rad.to_vec();
                trial.vel_rad_s = sent.vel_rad_s.to_vec();
            }
        }
    }
}

#[test]
fn an_emergency_stop_is_as_quick_as_the_robot_file_says_and_no_other_stop_is() {
    let robot = both();
    let limits = &robot.arm.as_ref().unwrap().limits;
    let (mut quick, mut slow) = (0, 0);
    for seed in 0..200 {
        let emergency = seed % 2 == 0;
        let mut trial = Trial::new(robot.clone(), 17_000 + seed, Manners::Insists, false);
        for (vel, limit) in trial.senses.joint_vel_rad_s.iter_mut().zip(limits) {
            *vel = trial.rng.random_range(-limit.vel_rad_s..limit.vel_rad_s);
        }
        let felt = trial.senses.joint_vel_rad_s.clone();
        trial.senses.base.as_mut().unwrap().twist = BaseTwist { linear_m_s: 0.5, angular_rad_s: -1.0 };
        if emergency {
            trial.guard.stop();
        }
        let braking = if emergency { Braking::Emergency } else { Braking::Ordinary };
        let rest_s = felt.iter().zip(limits).map(|(v, l)| v.abs() / l.brake_rad_s2(braking)).fold(0.0, f64::max);
        let turns = (rest_s / robot.timing.period_s).ceil() as usize;
        for turn in 1..=turns {
            let mut wish = trial.wish();
            wish.arm.as_mut().unwrap().pos_rad[0] += 1.0; // a jump: refused, if by nothing else
            trial.turn(&wish);
            let base = trial.oracle.base();
            assert_eq!(base.linear_m_s == 0.0 && base.angular_rad_s == 0.0, emergency, "after {turn} periods");
            assert_eq!(trial.oracle.arm_speed() == 0.0, turn == turns, "after {turn} of {turns} periods");
        }
        let most = if emergency { &mut quick } else { &mut slow };
        *most = turns.max(*most);
    }
    assert!(quick <= 4 && slow > quick, "{quick} and {slow} periods");
}

#[test]
fn a_file_that_says_nothing_of_emergencies_brakes_as_in_any_stop() {
    let mut robot = (*both()).clone();
    robot.base.as_mut().unwrap().emergency_stop = EmergencyStop::Ramp;
    robot.arm.as_mut().unwrap().limits.iter_mut().for_each(|limit| limit.emergency_acc_rad_s2 = None);
    let robot = Arc::new(robot);
    for seed in 0..40 {
        let started = |stopped: bool| {
            let mut trial = Trial::new(robot.clone(), 19_000 + seed, Manners::Insists, false);
            trial.senses.joint_vel_rad_s.iter_mut().for_each(|vel| *vel = 0.9);
            trial.senses.base.as_mut().unwrap().twist = BaseTwist { linear_m_s: 0.5, angular_rad_s: -1.0 };
            if stopped {
                trial.guard.stop();
            }
            trial
        };
        let (mut stopped, mut refused) = (started(true), started(false));
        for _ in 0..80 {
            let mut wish = stopped.wish();
            wish.arm.as_mut().unwrap().pos_rad[0] += 1.0;
            assert_eq!(stopped.turn(&wish).command(), refused.turn(&wish).command());
        }
        assert_eq!(stopped.oracle.base(), BaseTwist::default());
    }
}

/// Told zero at once, a base that turned may slide straight on: whatever passed, that stays in its area too.
#[test]
fn a_base_that_brakes_itself_has_room_to_slide_straight_on() {
    let robot = both();
    let base = robot.base.unwrap();
    let (mut passed, mut turning) = (0, 0);
    for seed in 0..120 {
        let mut trial = Trial::new(robot.clone(), 21_000 + seed, Manners::Resets, false);
        for _ in 0..250 {
            let mut wish = trial.wish();
            wish.arm = None;
            let before = trial.senses.base.unwrap().world_from_base;
            if trial.turn(&wish).rejected().is_some() {
                continue;
            }
            let state = trial.senses.base.unwrap();
            let outside_m = |at: &Pose| {
                let at_m = at.translation.vector;
                let past = |i: usize| (base.area.min_m[i] - at_m[i]).max(at_m[i] - base.area.max_m[i]).max(0.0);
                past(0).hypot(past(1))
            };
            let slide_m = state.twist.linear_m_s * state.twist.linear_m_s.abs() / (2.0 * base.linear_m_s2);
            let end = state.world_from_base * Pose::translation(slide_m, 0.0, 0.0);
            assert!(outside_m(&end) <= outside_m(&before).max(2e-3), "slides {} m out", outside_m(&end));
            passed += 1;
            turning += usize::from(state.twist.angular_rad_s.abs() > 0.5 && slide_m.abs() > 0.1);
        }
    }
    assert!(passed > 10_000 && turning > 1000, "{passed} passed, {turning} of them in a curve");
}
