//! The robots of lessons: an arm before a table, a rover in a room. Below the ring: the reasoner's schooling.

use std::sync::Arc;

use ponder_core::geometry::Aabb;
use ponder_core::kinematics::{Chain, Joint};
use ponder_core::robot::{Arm, Base, Gripper, JointLimits, RobotSpec, Timing};
use ponder_core::{Pose, Vec3};

/// The two robots of all lessons: an arm bolted to a table whose top is z = 0, and a rover in a room of six metres.
#[derive(Clone, Debug)]
pub struct Robots {
    /// The arm.
    pub arm: Arc<RobotSpec>,
    /// The rover.
    pub rover: Arc<RobotSpec>,
}

impl Robots {
    /// Both, as the robot files of the suites have them where plans depend on it; `None` only if core's own checks change.
    #[must_use]
    pub fn new() -> Option<Self> {
        let timing = Timing { period_s: 0.01, max_observation_age_s: 0.1, max_scene_age_s: 2.0, max_think_s: 30.0 };
        let joint = Joint { parent_from_joint: Pose::translation(0.0, 0.0, 0.3), axis: Vec3::z_axis() };
        let limits = JointLimits {
            min_rad: -2.0,
            max_rad: 2.0,
            vel_rad_s: 1.0,
            acc_rad_s2: 5.0,
            jerk_rad_s3: 50.0,
            stop_acc_rad_s2: 5.0,
            stop_jerk_rad_s3: 50.0,
            emergency_acc_rad_s2: None,
        };
        let arm = Arm {
            joint_names: vec!["joint".to_owned()],
            limits: vec![limits],
            chain: Chain::new(vec![joint], Pose::identity()).ok()?,
            home_rad: [0.0].into_iter().collect(),
            workspace: Aabb { min_m: Vec3::new(0.15, -0.55, 0.004), max_m: Vec3::new(0.80, 0.55, 0.75) },
            keep_out: Vec::new(),
            link_radius_m: 0.06,
            tool_speed_m_s: 0.7,
            gripper: Gripper { max_width_m: 0.08, max_force_n: 70.0, speed_m_s: 0.2, finger_depth_m: 0.045 },
        };
        let base = Base {
            radius_m: 0.25,
            linear_m_s: 0.6,
            angular_rad_s: 2.0,
            linear_m_s2: 0.8,
            angular_rad_s2: 4.0,
            emergency_stop: Default::default(),
            area: Aabb { min_m: Vec3::new(-2.7, -2.7, 0.0), max_m: Vec3::new(2.7, 2.7, 1.0) },
        };
        let robot = |name: &str, arm, base| {
            Arc::new(RobotSpec { name: name.to_owned(), arm, base, cameras: Vec::new(), timing })
        };
        Some(Self { arm: robot("arm7", Some(arm), None), rover: robot("rover", None, Some(base)) })
    }
}
