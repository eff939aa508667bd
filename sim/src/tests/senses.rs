//! Senses: where pixels are is where things are; noise, latency and faults are as asked; the wrist feels what it holds.

use std::path::Path;

use ponder_core::observation::{Observation, SensorFault};
use ponder_core::world::{Want, World, WorldError};
use ponder_core::{Stamp, Vec3};

use super::hand::{Hand, down};
use crate::{Fault, SceneSpec, SimWorld};

const LOOK: Want = Want { cameras: true, truth: false };

fn world(yaml: &str) -> SimWorld {
    SimWorld::open(&SceneSpec::parse(yaml, "test").unwrap(), 3, Path::new(".")).unwrap()
}

fn observe(world: &mut SimWorld, want: Want) -> Observation {
    let mut seen = Observation::default();
    world.observe(want, &mut seen).unwrap();
    seen
}

/// The middle of all purple pixels, taken into the world by depth and intrinsics, is on the face of the purple ball.
#[test]
fn pixels_depth_and_poses_agree() {
    let yaml = "
cameras:
  - {name: scene, width_px: 320, height_px: 240, eye_m: [1.3, 0.4, 0.8]}
  - {name: top, eye_m: [0.5, 0.0, 1.2], target_m: [0.5, 0.0, 0.0], fov_deg: 60}
objects: [{kind: ball, id: ball, color: purple, size_m: [0.07, 0.07, 0.07], at: {x_m: 0.45, y_m: 0.1}}]";
    let mut world = world(yaml);
    let ball_m = world.truth().objects.iter().find(|o| o.id.as_str() == "ball").unwrap().position_m();
    let seen = observe(&mut world, LOOK);
    let names: Vec<_> = seen.cameras.iter().map(|c| c.name.to_string()).collect();
    assert_eq!(names, ["scene", "top", "wrist"]);
    for camera in &seen.cameras {
        let purple: Vec<usize> = (0..camera.width_px * camera.height_px)
            .filter(|i| {
                let [r, g, b] = [0, 1, 2].map(|c| i32::from(camera.rgb[i * 3 + c]));
                b > 60 && b > g * 2 && r > g + 20 && b > r
            })
            .collect();
        assert!(purple.len() > 30, "{} sees {} purple pixels", camera.name, purple.len());
        let mean =
            |of: &dyn Fn(usize) -> usize| purple.iter().map(|i| of(*i) as f64).sum::<f64>() / purple.len() as f64;
        let (column, row) = (mean(&|i| i % camera.width_px), mean(&|i| i / camera.width_px));
        let depth_m =
            camera.depth_m.as_ref().unwrap()[row.round() as usize * camera.width_px + column.round() as usize];
        let seen_m =
            camera.world_from_camera * nalgebra::Point3::from(camera.intrinsics.deproject(column, row, depth_m.into()));
        // The face of a ball towards the camera is a radius before its centre.
        let eye_m = camera.world_from_camera.translation.vector;
        let expected_m = ball_m + (eye_m - ball_m).normalize() * 0.035;
        let off_m = (seen_m.coords - expected_m).norm();
        assert!(off_m < 0.004, "{}: {off_m} m off", camera.name);
        let back = camera.intrinsics.project(&(camera.world_from_camera.inverse() * seen_m).coords).unwrap();
        assert!((back.0 - column).abs() < 1e-6 && (back.1 - row).abs() < 1e-6);
    }
    assert_eq!(seen.cameras[0].rgb.len(), 320 * 240 * 3);
}

#[test]
fn noise_and_latency_are_as_asked() {
    let mut clean = world("objects: []");
    let mut noisy = world("sensors: {joint_pos_noise_rad: 0.01, latency_periods: 4}");
    let mut values = Vec::new();
    for _ in 0..400 {
        clean.period().unwrap();
        noisy.period().unwrap();
        let (a, b) = (observe(&mut clean, Want::default()), observe(&mut noisy, Want::default()));
        assert_eq!(a.stamp, clean.now());
        assert_eq!(b.stamp.0, noisy.now().0.saturating_sub(40_000_000));
        values.extend(a.joint_pos_rad.iter().zip(&b.joint_pos_rad).map(|(a, b)| a - b));
    }
    let deviation = (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
    assert!((deviation - 0.01).abs() < 0.0006, "deviation {deviation}");
    let one = observe(&mut noisy, Want::default());
    let again = observe(&mut noisy, Want::default());
    assert_eq!(one.joint_pos_rad, again.joint_pos_rad, "looking twice in a period reads the same");
    assert_eq!(again.seq, one.seq + 1);
}

#[test]
fn faults_by_name() {
    let mut world = world("objects: []");
    let mut seen = observe(&mut world, LOOK);
    assert!(seen.faults.is_empty() && seen.cameras.len() == 2);
    let set = |world: &mut SimWorld, name: &str, there| world.inject(Fault::named(name).unwrap(), there);

    set(&mut world, "frozen_camera", true);
    for i in 1..5 {
        world.period().unwrap();
        world.observe(LOOK, &mut seen).unwrap();
        assert_eq!(seen.cameras[0].stamp, Stamp(0), "the old frame with its old stamp");
        assert_eq!(seen.faults.contains(&SensorFault::CameraFrozen), i >= 3);
    }
    set(&mut world, "frozen_camera", false);
    world.observe(LOOK, &mut seen).unwrap();
    assert!(seen.faults.is_empty() && seen.cameras[0].stamp == world.now());

    set(&mut world, "silent_camera", true);
    world.observe(LOOK, &mut seen).unwrap();
    assert!(seen.cameras.is_empty() && seen.faults.contains(&SensorFault::CameraSilent));
    set(&mut world, "silent_camera", false);

    set(&mut world, "nan_joint", true);
    world.observe(Want::default(), &mut seen).unwrap();
    assert!(seen.joint_pos_rad[6].is_nan() && seen.faults.contains(&SensorFault::JointNotFinite));
    set(&mut world, "nan_joint", false);

    set(&mut world, "sensor_silence", true);
    let before = seen.stamp;
    for _ in 0..20 {
        world.period().unwrap();
    }
    let silent = world.observe(Want::default(), &mut seen);
    assert!(matches!(silent, Err(WorldError::Silent { age_s }) if (age_s - 0.2).abs() < 1e-9), "{silent:?}");
    assert_eq!(seen.stamp, before, "old values stay");
    set(&mut world, "sensor_silence", false);
    world.observe(Want::default(), &mut seen).unwrap();
    assert!(Fault::named("gremlins").unwrap_err().to_string().contains("frozen_camera"));
}

#[test]
fn late_commands_do_not_move_the_arm() {
    let mut hand = Hand::new("objects: []", 1);
    let start_m = hand.tool_m();
    hand.world.inject(Fault::LateCommand, true);
    hand.move_to(start_m + Vec3::new(0.1, 0.0, -0.1), down(0.0), 0.3);
    hand.tick(100);
    assert!((hand.tool_m() - start_m).norm() < 0.002, "held still");
    assert!(hand.world.record().late_commands > 50);
    assert_eq!(hand.world.record().violations(), 0);
}

#[test]
fn the_wrist_feels_weight_and_touch() {
    let mut hand = Hand::new("objects: [{kind: block, id: block, at: {x_m: 0.5, y_m: 0.0}}]", 1);
    let feel = |hand: &mut Hand| observe(&mut hand.world, Want::default()).wrench.unwrap();
    hand.tick(50);
    let nothing = feel(&mut hand);
    assert!(nothing.force_n.norm() < 0.05 && nothing.torque_nm.norm() < 0.01, "{nothing:?}");
    let at_m = hand.object("block").position_m();
    hand.move_to(at_m + Vec3::z() * 0.1, down(0.0), 0.3);
    hand.move_to(at_m, down(0.0), 0.1);
    hand.grip(0.0, 30.0);
    hand.move_to(at_m + Vec3::z() * 0.1, down(0.0), 0.1);
    hand.tick(100);
    // The block pulls along the tool's z, which points down.
    let weight_n = 0.04_f64.powi(3) * 700.0 * 9.81;
    let held = feel(&mut hand);
    assert!((held.force_n.z - weight_n).abs() < 0.1, "{held:?}, the block weighs {weight_n} N");
    // Fingers on the table push back, against the tool's z.
    let mut hand = Hand::new("objects: []", 1);
    hand.grip(0.0, 10.0);
    hand.move_to(Vec3::new(0.5, 0.0, 0.05), down(0.0), 0.3);
    hand.move_to(Vec3::new(0.5, 0.0, 0.007), down(0.0), 0.05);
    hand.tick(50);
    let pressed = feel(&mut hand);
    assert!(pressed.force_n.z < -3.0, "{pressed:?}");
}
