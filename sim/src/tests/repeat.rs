//! The same seed and commands give the same bits: from run to run, thread to thread, and after a restore.

use std::path::Path;
use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::command::{Command, GripperTarget, JointTarget};
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use rand::Rng;

use crate::rng::{Stream, stream};
use crate::{Built, SceneSpec, SimWorld};

const SCENE: &str = "
sensors: {joint_pos_noise_rad: 0.001, joint_vel_noise_rad_s: 0.01, latency_periods: 3, frame_drop: 0.2}
objects:
  - {kind: block, color: [red, green, blue], at: {x_m: {min: 0.4, max: 0.6}, y_m: {min: -0.2, max: 0.2}}}
  - {kind: block, color: [red, green, blue], at: {x_m: {min: 0.4, max: 0.6}, y_m: {min: -0.2, max: 0.2}}}
  - {kind: ball, at: {x_m: {min: 0.4, max: 0.6}, y_m: {min: -0.2, max: 0.2}}}
  - {kind: cup, at: {x_m: {min: 0.4, max: 0.6}, y_m: {min: -0.3, max: 0.3}}}";

fn built(seed: u64) -> Arc<Built> {
    Arc::new(SceneSpec::parse(SCENE, "test").unwrap().build(seed, Path::new(".")).unwrap())
}

/// Flails about low over the table for so many periods.
fn flail(world: &mut SimWorld, periods: usize, seed: u64) {
    let mut rng = stream(seed, Stream::Disturb);
    let home = world.robot().arm.as_ref().unwrap().home_rad.clone();
    let mut target = home.clone();
    for _ in 0..periods {
        for (q, home) in target.iter_mut().zip(&home) {
            *q = (*q + rng.random_range(-0.012..0.012)).clamp(home - 0.5, home + 0.5);
        }
        target[1] = (target[1] + 0.004).min(home[1] + 0.75);
        let now = world.now();
        world.send(&Command {
            stamp: now,
            deadline: Stamp(now.0 + 50_000_000),
            arm: Some(JointTarget { pos_rad: target.clone(), vel_rad_s: Default::default() }),
            gripper: Some(GripperTarget { width_m: rng.random_range(0.0..0.08), force_n: 20.0 }),
            base: None,
        });
        world.period().unwrap();
    }
}

/// Every bit that matters: physics, senses, record.
fn bits(world: &mut SimWorld) -> (Vec<u64>, Vec<u64>, String) {
    let mut seen = Observation::default();
    world.observe(Want::default(), &mut seen).unwrap();
    let exact = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect();
    (exact(world.data().qpos()), exact(&seen.joint_pos_rad), format!("{:?}", world.record()))
}

#[test]
fn runs_repeat_to_the_bit() {
    let run = || {
        let mut world = SimWorld::new(built(5)).unwrap();
        flail(&mut world, 400, 9);
        bits(&mut world)
    };
    let first = run();
    assert_eq!(first, run(), "two runs");
    assert_eq!(first, std::thread::spawn(run).join().unwrap(), "another thread");
    let mut other = SimWorld::new(built(6)).unwrap();
    flail(&mut other, 400, 9);
    assert_ne!(first.0, bits(&mut other).0, "another seed is another run");
}

#[test]
fn a_restored_world_goes_on_to_the_bit() {
    let mut world = SimWorld::new(built(5)).unwrap();
    flail(&mut world, 150, 9);
    let snapshot = world.snapshot();
    flail(&mut world, 150, 10);
    let straight = bits(&mut world);
    world.restore(&snapshot).unwrap();
    flail(&mut world, 150, 10);
    assert_eq!(straight, bits(&mut world), "after going back");
    let mut other = SimWorld::new(world.built().clone()).unwrap();
    flail(&mut other, 7, 3);
    other.restore(&snapshot).unwrap();
    flail(&mut other, 150, 10);
    assert_eq!(straight, bits(&mut other), "in another world of the scene");
    world.reset().unwrap();
    let text = "objects: [{kind: block, at: {x_m: 0.5}}]";
    let elsewhere = SceneSpec::parse(text, "test").unwrap();
    let mut elsewhere = SimWorld::open(&elsewhere, 1, Path::new(".")).unwrap();
    let refused = elsewhere.restore(&snapshot).unwrap_err().to_string();
    assert!(refused.contains("another scene"), "{refused}");
    let fresh = bits(&mut SimWorld::new(world.built().clone()).unwrap());
    assert_eq!(fresh, bits(&mut world), "after a reset");
}

#[test]
fn pictures_repeat_to_the_bit() {
    let run = || {
        let mut world = SimWorld::new(built(5)).unwrap();
        let mut seen = Observation::default();
        let mut frames = Vec::new();
        for _ in 0..10 {
            flail(&mut world, 30, 9);
            world.observe(Want { cameras: true, truth: false }, &mut seen).unwrap();
            frames.extend(seen.cameras.iter().map(|c| {
                (c.stamp, c.rgb.clone(), c.depth_m.clone().map(|d| d.iter().map(|v| v.to_bits()).collect::<Vec<_>>()))
            }));
        }
        frames
    };
    let first = run();
    assert_eq!(first.len(), 20);
    assert!(first == run(), "two runs draw different pictures");
    let dropped = first.windows(3).any(|w| w[0].0 == w[2].0);
    assert!(dropped, "a fifth of the frames should be lost");
}
