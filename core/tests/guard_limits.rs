//! Clients that creep towards every limit, fast and slowly, from inside and from outside: whatever the guard answers, a
//! second opinion finds every limit kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod common;
mod oracle;
mod trial;

use std::collections::BTreeMap;

use ponder_core::command::{Command, JointTarget};
use ponder_core::guard::RejectCode;
use rand::Rng;
use trial::{Manners, Trial, add, both};

#[test]
fn creeping_towards_every_limit_breaks_none() {
    let robot = both();
    let mut all = BTreeMap::new();
    for seed in 0..240 {
        let manners = if seed % 2 == 0 { Manners::Resets } else { Manners::Insists };
        let mut trial = Trial::new(robot.clone(), seed, manners, false);
        for _ in 0..250 {
            let wish = trial.wish();
            trial.turn(&wish);
            assert!(trial.base_outside_m() < 2e-3, "{} m out of its area", trial.base_outside_m());
        }
        add(&mut all, &trial);
    }
    println!("{all:?}");
    for limit in [
        RejectCode::JointPosition,
        RejectCode::JointJump,
        RejectCode::Workspace,
        RejectCode::KeepOut,
        RejectCode::ToolSpeed,
        RejectCode::BaseArea,
    ] {
        assert!(all.get(&Some(limit)).is_some_and(|n| *n > 50), "{limit:?} was hardly tried: {all:?}");
    }
    assert!(all[&None] > 10_000, "hardly anything passed: {all:?}");
}

#[test]
fn what_is_found_outside_may_only_move_inwards() {
    let robot = both();
    let mut all = BTreeMap::new();
    for seed in 0..300 {
        let mut trial = Trial::new(robot.clone(), 5000 + seed, Manners::Resets, true);
        let mut outside_m = trial.base_outside_m();
        for _ in 0..120 {
            let wish = trial.wish();
            trial.turn(&wish);
            assert!(trial.base_outside_m() < outside_m.max(0.0) + 2e-3, "{outside_m} m, then farther out");
            outside_m = outside_m.min(trial.base_outside_m());
        }
        add(&mut all, &trial);
    }
    println!("{all:?}");
}

#[test]
fn whatever_lessens_a_breach_passes() {
    let robot = both();
    let arm = robot.arm.as_ref().unwrap();
    let vel_rad_s = 0.02; // any change of course is within accelerations
    let (mut led, mut tried, mut asked, mut refused) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut trial = Trial::new(robot.clone(), 7000 + seed, Manners::Resets, true);
        let outside =
            |pos_rad: &[f64], i: usize| (arm.limits[i].min_rad - pos_rad[i]).max(pos_rad[i] - arm.limits[i].max_rad);
        tried += usize::from(oracle::breaches(arm, &trial.pos_rad) != [0.0; 3]);
        for _ in 0..3000 {
            let from = trial.pos_rad.clone();
            let here = oracle::breaches(arm, &from);
            if here == [0.0; 3] {
                led += 1;
                break;
            }
            // Downhill, or some way aside of it, that lessens what is broken and breaks nothing else.
            let slope = |i: usize| {
                let mut beside = from.clone();
                beside[i] += 1e-5;
                oracle::breaches(arm, &beside).iter().sum::<f64>() - here.iter().sum::<f64>()
            };
            let slopes: Vec<f64> = (0..from.len()).map(slope).collect();
            let steepest = slopes.iter().fold(1e-12, |most: f64, s| most.max(s.abs()));
            let lessens = |course: &[f64]| {
                let along =
                    |time_s: f64| -> Vec<f64> { from.iter().zip(course).map(|(p, v)| p + v * time_s).collect() };
                let (next, rest) = (along(0.01), along(0.03));
                let joints = (0..from.len()).all(|i| outside(&rest, i) <= outside(&from, i).max(0.0));
                let there = [oracle::breaches(arm, &next), oracle::breaches(arm, &rest)];
                joints && (1..3).all(|i| there.iter().all(|b| b[i] == 0.0 || b[i] < here[i] - 1e-5))
            };
            let course = (0..20).find_map(|attempt| {
                let mut one = |i: usize| {
                    let aside = f64::from(attempt) * 0.1 * trial.rng.random_range(-1.0..1.0);
                    let inwards = outside(&from, i) > -1e-3 && slopes[i] == 0.0;
                    if inwards { 0.0 } else { vel_rad_s * (aside - slopes[i] / steepest).clamp(-1.0, 1.0) }
                };
                let course: Vec<f64> = (0..from.len()).map(&mut one).collect();
                lessens(&course).then_some(course)
            });
            let Some(course) = course else { break };
            let target = JointTarget {
                pos_rad: from.iter().zip(&course).map(|(p, v)| p + v * 0.01).collect(),
                vel_rad_s: course.iter().copied().collect(),
            };
            let now = trial.now();
            let wish = Command { arm: Some(target.clone()), ..Command::nothing(now, now.plus_s(0.01)) };
            trial.pos_rad = target.pos_rad.to_vec();
            asked += 1;
            let passed = trial.turn(&wish).rejected();

            refused += usize::from(passed.is_some_and(|r| r.code != RejectCode::JointJump));
        }
    }
    println!("{led} of {tried} led back, {refused} of {asked} refused");
    // The others are far out, or on the wrong side of the post: half a minute does not bring them back.
    assert!(tried > 40 && led > 20, "only {led} of {tried}");
    assert!(asked > 10_000 && refused * 1000 < asked, "{refused} of {asked} refused");
}
