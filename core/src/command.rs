//! What goes to actuators, what the guard let through, and what was really sent.

use serde::{Deserialize, Serialize};

use crate::Stamp;
use crate::guard::{Clip, Rejection};
use crate::robot::JointVec;

/// Joint targets of the arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointTarget {
    /// Positions, radians, in the robot file's joint order.
    pub pos_rad: JointVec,
    /// Velocities at that point of the trajectory, rad/s.
    pub vel_rad_s: JointVec,
}

/// Target of the parallel gripper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GripperTarget {
    /// Opening between the fingers, metres.
    pub width_m: f64,
    /// Largest force, newtons.
    pub force_n: f64,
}

/// Velocity of a base on the floor, in its own frame (ROS `Twist`, linear.x and angular.z).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BaseTwist {
    /// Forward, m/s.
    pub linear_m_s: f64,
    /// Counter-clockwise, rad/s.
    pub angular_rad_s: f64,
}

/// One control period's wish in actuator space. `None`: leave that part as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// When it was made.
    pub stamp: Stamp,
    /// After this it must not be sent any more.
    pub deadline: Stamp,
    /// The arm's joints.
    pub arm: Option<JointTarget>,
    /// The gripper.
    pub gripper: Option<GripperTarget>,
    /// The base.
    pub base: Option<BaseTwist>,
}

impl Command {
    /// A command that asks nothing of any actuator.
    pub fn nothing(stamp: Stamp, deadline: Stamp) -> Self {
        Self { stamp, deadline, arm: None, gripper: None, base: None }
    }
}

/// What was really sent to the actuators in a period, as the world reports it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// When it was sent.
    pub stamp: Stamp,
    /// What was sent.
    pub sent: Command,
    /// What the guard shortened, if anything.
    pub clipped: Option<Clip>,
    /// Why the guard sent a stop in the wish's place, if it did.
    pub rejected: Option<Rejection>,
}
