//! A serial chain of revolute joints, as read from a URDF or MJCF: forward kinematics and the geometric Jacobian.
//! (Siciliano et al., Robotics, 2009, ch. 2–3.)

use arrayvec::ArrayVec;
use nalgebra::{Matrix6xX, Unit};
use serde::{Deserialize, Serialize};

use crate::robot::MAX_JOINTS;
use crate::{Pose, Rotation, Vec3};

/// One revolute joint: a fixed offset from the joint before (or the world), then a turn about an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joint {
    /// Pose of the joint's frame in the frame of the joint before it, at angle zero.
    pub parent_from_joint: Pose,
    /// Axis in the joint's own frame.
    pub axis: Unit<Vec3>,
}

/// Poses of the frames after each joint's turn, base to tip.
pub type Frames = ArrayVec<Pose, MAX_JOINTS>;

/// A chain from the world to a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    joints: ArrayVec<Joint, MAX_JOINTS>,
    last_from_tool: Pose,
}

/// Why a chain can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No joints.
    #[error("the chain has no joints")]
    Empty,
    /// More joints than [`MAX_JOINTS`].
    #[error("the chain has {0} joints, at most {MAX_JOINTS} are supported")]
    TooLong(usize),
}

impl Chain {
    /// A chain of joints with the tool's pose in the last joint's frame.
    ///
    /// # Errors
    /// [`ChainError`] for no joints or too many.
    pub fn new(joints: Vec<Joint>, last_from_tool: Pose) -> Result<Self, ChainError> {
        if joints.is_empty() {
            return Err(ChainError::Empty);
        }
        if joints.len() > MAX_JOINTS {
            return Err(ChainError::TooLong(joints.len()));
        }
        Ok(Self { joints: joints.into_iter().collect(), last_from_tool })
    }

    /// Number of joints.
    #[allow(clippy::len_without_is_empty)] // never empty by construction
    pub fn len(&self) -> usize {
        self.joints.len()
    }

    /// The joints, base to tip.
    pub fn joints(&self) -> &[Joint] {
        &self.joints
    }

    /// Pose of the tool in the last joint's frame.
    pub fn last_from_tool(&self) -> &Pose {
        &self.last_from_tool
    }

    /// World poses of the frame after each joint; missing angles count as zero.
    pub fn frames(&self, pos_rad: &[f64]) -> Frames {
        let mut world_from_parent = Pose::identity();
        let turned = self.joints.iter().enumerate().map(|(i, joint)| {
            let turn = Rotation::from_axis_angle(&joint.axis, pos_rad.get(i).copied().unwrap_or(0.0));
            world_from_parent = world_from_parent * joint.parent_from_joint * turn;
            world_from_parent
        });
        turned.collect()
    }

    /// World pose of the tool.
    pub fn world_from_tool(&self, pos_rad: &[f64]) -> Pose {
        self.tool_of(&self.frames(pos_rad))
    }

    /// World pose of the tool, from frames already computed.
    pub fn tool_of(&self, frames: &Frames) -> Pose {
        frames.last().copied().unwrap_or_else(Pose::identity) * self.last_from_tool
    }

    /// Geometric Jacobian of the tool in the world, rows linear then angular: written into `out` (6 × joints).
    pub fn jacobian_into(&self, frames: &Frames, out: &mut Matrix6xX<f64>) {
        let tool_m = self.tool_of(frames).translation.vector;
        for (i, (frame, joint)) in frames.iter().zip(&self.joints).enumerate() {
            let axis = frame.rotation * joint.axis.into_inner();
            let linear = axis.cross(&(tool_m - frame.translation.vector));
            out.fixed_view_mut::<3, 1>(0, i).copy_from(&linear);
            out.fixed_view_mut::<3, 1>(3, i).copy_from(&axis);
        }
    }
}
