//! What a robot looks like: the visible primitives of its links, for recordings. Each hangs on a part whose pose follows
//! from an observation by the robot's own kinematics, so that drawing it needs no simulator.

use ponder_core::{Pose, Vec3};
use serde::{Deserialize, Serialize};

/// What a shape moves with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// The world: the foot of a bolted-down arm.
    World,
    /// The base's frame.
    Base,
    /// The frame after the joint of this number.
    Joint(usize),
    /// A finger: the frame after the last joint, moved by this much for each metre of opening.
    Finger(Vec3),
}

/// A primitive about its own origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Half extents, metres.
    Box(Vec3),
    /// Half axes, metres.
    Ellipsoid(Vec3),
    /// Along z.
    Cylinder {
        /// Radius, metres.
        radius_m: f64,
        /// Length, metres.
        length_m: f64,
    },
    /// Along z, round ends beyond the length.
    Capsule {
        /// Radius, metres.
        radius_m: f64,
        /// Length between the centres of the ends, metres.
        length_m: f64,
    },
}

/// One visible primitive of a robot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Name of its link.
    pub link: String,
    /// What it moves with.
    pub mount: Mount,
    /// Its form.
    pub form: Form,
    /// Where it is on its mount.
    pub mount_from_shape: Pose,
    /// Colour, sRGB with opacity.
    pub rgba: [u8; 4],
}
