//! Robot files: ours are right, and what is wrong in one is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use common::{ARM7, ROVER, arm7, arm7_chain, parse, rover};
use ponder_core::robot::RobotError;
use ponder_core::robot_file::{RobotFile, RosFile};

#[test]
fn our_files_make_checked_robots() {
    let (arm7, rover) = (arm7(), rover());
    let arm = arm7.arm.as_ref().expect("an arm");
    assert_eq!(arm.chain.len(), 7);
    let home = arm.chain.world_from_tool(&arm.home_rad);
    assert!(arm.workspace.contains(&home.translation.vector), "home {home}");
    let down = home.rotation * ponder_core::Vec3::z();
    assert!(down.z < -0.999, "at home the hand points down: {down}");
    assert!(rover.arm.is_none() && rover.base.is_some());
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |from: &str, to: &str, chain| {
        let text = ARM7.replacen(from, to, 1);
        assert_ne!(text, ARM7, "`{from}` is in the file");
        parse(&text).into_spec(chain).expect_err(to)
    };
    let named = || Some(arm7_chain());
    for (from, to, says) in [
        ("vel_rad_s: 1.1", "vel_rad_s: -1.1", "joint1: vel_rad_s is -1.1"),
        ("acc_rad_s2: 3.75", "acc_rad_s2: .nan", "joint2: acc_rad_s2 is NaN"),
        ("min_rad: -2.877", "min_rad: 3.0", "joint1: range"),
        ("emergency_acc_rad_s2: 40.0", "emergency_acc_rad_s2: 19.0", "joint1: emergency_acc_rad_s2 - stop_acc_rad_s2"),
        ("emergency_acc_rad_s2: 40.0", "emergency_acc_rad_s2: .inf", "joint1: emergency_acc_rad_s2"),
        ("home_rad: -2.356", "home_rad: 0.5", "joint4: home_rad is 0.5"),
        ("min_m: [0.15,", "min_m: [0.9,", "workspace: extent 0"),
        ("max_width_m: 0.08", "max_width_m: .inf", "max_width_m"),
        ("min_m: [0.15, -0.55, 0.004]", "min_m: [0.7, -0.55, 0.004]", "home_rad: tool's x"),
        ("period_s: 0.01", "period_s: 0.0", "period_s"),
        ("cameras: [scene, wrist]", "cameras: [a, b, c, d, e]", "cameras: 5 given, 4 wanted"),
    ] {
        let error = wrong(from, to, named()).to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(matches!(wrong("joint1", "elbow", named()), RobotError::JointName { got, .. } if got == "elbow"));
    assert!(matches!(parse(ARM7).into_spec(None), Err(RobotError::NoChain { .. })));
    let wheel = ROVER.replace("track_m: 0.36", "track_m: 0.0");
    assert!(matches!(parse(&wheel).into_spec(None), Err(RobotError::Value { .. })));
}

#[test]
fn unknown_fields_are_errors() {
    let typo = ROVER.replace("  linear_m_s:", "  lineer_m_s:");
    let error = serde_norway::from_str::<RobotFile>(&typo).expect_err("a typo").to_string();
    assert!(error.contains("lineer_m_s"), "{error}");
    let halfway = ROVER.replace("emergency_stop: at_once", "emergency_stop: soon");
    let error = serde_norway::from_str::<RobotFile>(&halfway).expect_err("no such stop").to_string();
    assert!(error.contains("soon") && error.contains("at_once"), "{error}");
}

#[test]
fn cameras_topics_are_in_their_namespace() {
    let at =
        |namespace: &str| RosFile { camera_namespace: namespace.into(), ..RosFile::default() }.camera_topic("wrist");
    assert_eq!(
        [at(""), at("eyes"), at("eyes/"), at("/eyes"), at("/")],
        ["wrist", "eyes/wrist", "eyes/wrist", "/eyes/wrist", "/wrist"]
    );
}
