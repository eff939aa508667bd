//! What the robot's sensors say at one instant. Fixed size apart from shared pixels, so that copying it is cheap.

use std::sync::Arc;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::command::BaseTwist;
use crate::image::CameraFrame;
use crate::robot::JointVec;
use crate::scene::SceneObject;
use crate::{Pose, Stamp, Vec3};

/// Most cameras in one observation.
pub const MAX_CAMERAS: usize = 4;

/// A force and torque at the wrist, in the tool's frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wrench {
    /// Force, newtons.
    pub force_n: Vec3,
    /// Torque, newton metres.
    pub torque_nm: Vec3,
}

/// Where the base is (by its odometry or localisation) and how it moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseState {
    /// Pose of the base's origin on the floor.
    pub world_from_base: Pose,
    /// Velocity in its own frame.
    pub twist: BaseTwist,
}

/// Something a driver knows to be wrong with its sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SensorFault {
    /// A camera delivers the same frame again and again.
    #[error("a camera is frozen")]
    CameraFrozen,
    /// A camera delivers nothing.
    #[error("a camera is silent")]
    CameraSilent,
    /// Joint states are missing.
    #[error("joint states are missing")]
    JointsSilent,
    /// A joint state is not a number.
    #[error("a joint state is not a number")]
    JointNotFinite,
}

impl SensorFault {
    /// Are pictures not to be trusted under it?
    pub fn blinds(&self) -> bool {
        matches!(self, Self::CameraFrozen | Self::CameraSilent)
    }
}

/// One instant of the robot's senses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When the joint states were read.
    pub stamp: Stamp,
    /// Counts up by one an observation.
    pub seq: u64,
    /// Joint positions, radians, robot file's order; empty without an arm.
    pub joint_pos_rad: JointVec,
    /// Joint velocities, rad/s.
    pub joint_vel_rad_s: JointVec,
    /// Opening between the fingers, metres.
    pub gripper_width_m: Option<f64>,
    /// Force and torque at the wrist.
    pub wrench: Option<Wrench>,
    /// The base.
    pub base: Option<BaseState>,
    /// What the driver knows to be wrong.
    pub faults: ArrayVec<SensorFault, 4>,
    /// Pictures, only when they were asked for; never written to a journal.
    #[serde(skip)]
    pub cameras: ArrayVec<CameraFrame, MAX_CAMERAS>,
    /// A simulator's own knowledge, only when a baseline asked for it; real robots have none.
    #[serde(skip)]
    pub truth: Option<Arc<Truth>>,
}

/// Slower than this is at rest, rad/s and m/s.
const REST_SPEED: f64 = 0.05;

impl Observation {
    /// Do the senses say that nothing moves?
    pub fn is_at_rest(&self) -> bool {
        let joints = self.joint_vel_rad_s.iter().all(|vel_rad_s| vel_rad_s.abs() < REST_SPEED);
        let still = |twist: &BaseTwist| twist.linear_m_s.abs().max(twist.angular_rad_s.abs()) < REST_SPEED;
        joints && self.base.is_none_or(|base| still(&base.twist))
    }
}

/// What the simulator knows and a robot can't: for the `ground-truth` perception baseline and judges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// When it was so.
    pub stamp: Stamp,
    /// Every object with its exact pose and state.
    pub objects: Vec<SceneObject>,
}
