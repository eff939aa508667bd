//! What the guard says: a numbered reason with the number that broke the limit, what it shortened, and the command
//! that may be sent.

use serde::{Deserialize, Serialize};

use crate::command::Command;

/// Why a command was refused. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum RejectCode {
    /// The emergency stop is latched.
    #[error("the emergency stop is latched")]
    EmergencyStop = 1,
    /// A value is not a number.
    #[error("a value is not finite")]
    NotFinite = 2,
    /// The wrong number of joints.
    #[error("the wrong number of joints")]
    JointCount = 3,
    /// A joint position out of its limits.
    #[error("a joint position is out of its limits")]
    JointPosition = 4,
    /// A joint speed out of its limits.
    #[error("a joint speed is out of its limits")]
    JointVelocity = 5,
    /// A step between two commands that no joint could follow.
    #[error("a jump between two commands")]
    JointJump = 6,
    /// The tool would leave the workspace.
    #[error("the tool would leave the workspace")]
    Workspace = 7,
    /// A part would enter a keep-out box.
    #[error("a part would enter a keep-out box")]
    KeepOut = 8,
    /// The tool would be too fast.
    #[error("the tool would be too fast")]
    ToolSpeed = 9,
    /// A gripper width out of range.
    #[error("a gripper width is out of range")]
    GripperWidth = 10,
    /// A gripper force out of range.
    #[error("a gripper force is out of range")]
    GripperForce = 11,
    /// A base speed out of range.
    #[error("a base speed is out of range")]
    BaseSpeed = 12,
    /// The base would leave its area.
    #[error("the base would leave its area")]
    BaseArea = 13,
    /// A part that the robot does not have.
    #[error("the robot has no such part")]
    NoSuchPart = 14,
    /// The observation is too old.
    #[error("the observation is too old")]
    StaleObservation = 15,
    /// The command is too old, or from the future.
    #[error("the command is too old or from the future")]
    StaleCommand = 16,
    /// A sensor that the motion depends on is at fault.
    #[error("a sensor is at fault")]
    SensorFault = 17,
}

/// A refusal: the code, the number that broke the limit, and the limit. Both numbers are finite, so that every record
/// can hold them.
///
/// | code | `index` | `value` against `limit` |
/// |---|---|---|
/// | `EmergencyStop` | 0 | 1 against 0 |
/// | `NotFinite` | joint; gripper: 0 width, 1 force; base: 0 linear, 1 angular | 0 for NaN, ±1 for ±∞, against 0 |
/// | `JointCount` | 0 positions, 1 velocities | joints given, joints wanted |
/// | `JointPosition` | joint | position (there, or where it would come to rest), radians |
/// | `JointVelocity` | joint | speed, rad/s |
/// | `JointJump` | joint | distance from the last setpoint, from its continuation, or from the measured joint, radians |
/// | `Workspace` | axis | coordinate of the tool (there, or on the way to rest), metres |
/// | `KeepOut` | box | distance of the closest part's middle line, and how much it needs, metres |
/// | `ToolSpeed` | 0 | speed, m/s |
/// | `GripperWidth`, `GripperForce` | 0 | width, metres; force, newtons |
/// | `BaseSpeed` | 0 linear, 1 angular | speed, m/s or rad/s |
/// | `BaseArea` | axis | coordinate of the base on its way to rest, metres |
/// | `NoSuchPart` | 0 arm, 1 gripper, 2 base | 1 asked for, 0 there |
/// | `StaleObservation` | 0 | age, seconds (negative: from the future) |
/// | `StaleCommand` | 0 stamp, 1 deadline | age or time past the deadline, seconds (negative: from the future) |
/// | `SensorFault` | joint, or axis of the base | 0 for NaN, ±1 for ±∞, missing or reported by the driver, against 0 |
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// The code.
    pub code: RejectCode,
    /// Joint, axis or part it is about.
    pub index: usize,
    /// The number that broke the limit.
    pub value: f64,
    /// The limit.
    pub limit: f64,
}

impl Rejection {
    pub(super) fn new(code: RejectCode, index: usize, value: f64, limit: f64) -> Self {
        Self { code, index, value: value.clamp(f64::MIN, f64::MAX), limit }
    }

    /// `Err` unless the value is finite.
    pub(super) fn unless_finite(code: RejectCode, index: usize, value: f64) -> Result<(), Self> {
        let sign = if value.is_nan() { 0.0 } else { value.signum() };
        if value.is_finite() { Ok(()) } else { Err(Self::new(code, index, sign, 0.0)) }
    }

    /// `Err` if the size of the value is above the limit (or no number).
    pub(super) fn unless_within(code: RejectCode, index: usize, value: f64, limit: f64) -> Result<(), Self> {
        if value.abs() <= limit { Ok(()) } else { Err(Self::new(code, index, value, limit)) }
    }
}

impl std::error::Error for Rejection {}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, index, value, limit } = self;
        if value.abs() < 1e6 {
            write!(f, "{code} (value {value:.4}, limit {limit:.4}, at {index})")
        } else {
            write!(f, "{code} (value {value:.1e}, limit {limit:.4}, at {index})")
        }
    }
}

/// Something the guard shortened to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    /// What kind of limit.
    pub code: RejectCode,
    /// What was asked.
    pub asked: f64,
    /// What was sent.
    pub sent: f64,
}

/// A command that passed the guard. No other code can make one, and [`crate::world::World::apply`] takes nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub(super) command: Command,
    pub(super) clipped: Option<Clip>,
    pub(super) rejected: Option<Rejection>,
}

impl Checked {
    /// What to send.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// What was shortened, if anything (the first, if there was more).
    pub fn clipped(&self) -> Option<Clip> {
        self.clipped
    }

    /// Why this is a stop in place of what was asked, if it is.
    pub fn rejected(&self) -> Option<Rejection> {
        self.rejected
    }
}
