//! The project's two robots for tests, from their real robot files. The arm's chain is written out here from its
//! published Denavit–Hartenberg parameters (modified convention), as its model has them.
#![allow(dead_code, clippy::expect_used)] // each test file uses a part; what fails is a test

use std::sync::Arc;

use ponder_core::kinematics::{Chain, Joint};
use ponder_core::robot::RobotSpec;
use ponder_core::robot_file::{NamedChain, RobotFile};
use ponder_core::{Pose, Rotation, Vec3};

/// `launch/robots/arm7.yaml` as text.
pub const ARM7: &str = include_str!("../../../launch/robots/arm7.yaml");
/// `launch/robots/rover.yaml` as text.
pub const ROVER: &str = include_str!("../../../launch/robots/rover.yaml");

/// The chain of `sim/robots/arm7.xml`, world to tool.
pub fn arm7_chain() -> NamedChain {
    let half = std::f64::consts::FRAC_PI_2;
    // a before the joint, d along it, α before the joint.
    let rows = [
        (0.0, 0.333, 0.0),
        (0.0, 0.0, -half),
        (0.0, 0.316, half),
        (0.0825, 0.0, half),
        (-0.0825, 0.384, -half),
        (0.0, 0.0, half),
        (0.088, 0.0, half),
    ];
    let joint = |&(a_m, d_m, alpha_rad): &(f64, f64, f64)| {
        let turn = Rotation::from_axis_angle(&Vec3::x_axis(), alpha_rad);
        let parent_from_joint =
            Pose::from_parts((Vec3::new(a_m, 0.0, 0.0) + turn * Vec3::new(0.0, 0.0, d_m)).into(), turn);
        Joint { parent_from_joint, axis: Vec3::z_axis() }
    };
    let hand = Rotation::from_axis_angle(&Vec3::z_axis(), -half / 2.0);
    let last_from_tool = Pose::from_parts(Vec3::new(0.0, 0.0, 0.107 + 0.114).into(), hand);
    let chain = Chain::new(rows.iter().map(joint).collect(), last_from_tool).expect("seven joints");
    NamedChain { joint_names: (1..=7).map(|i| format!("joint{i}")).collect(), chain }
}

/// A robot file's text, parsed.
pub fn parse(yaml: &str) -> RobotFile {
    serde_norway::from_str(yaml).expect("a robot file")
}

/// The arm.
pub fn arm7() -> Arc<RobotSpec> {
    Arc::new(parse(ARM7).into_spec(Some(arm7_chain())).expect("a checked robot"))
}

/// The driving robot.
pub fn rover() -> Arc<RobotSpec> {
    Arc::new(parse(ROVER).into_spec(None).expect("a checked robot"))
}
