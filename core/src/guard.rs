//! The guard: the last stage before the world, and the only maker of [`Checked`] commands.

use serde::{Deserialize, Serialize};

/// Why a command was refused. The numbers are stable.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
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

/// A refusal: the code, the number that broke the limit, and the limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{code} (value {value:.4}, limit {limit:.4}, at {index})")]
pub struct Rejection {
    /// The code.
    pub code: RejectCode,
    /// Joint or axis it is about.
    pub index: usize,
    /// The number that broke the limit.
    pub value: f64,
    /// The limit.
    pub limit: f64,
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
    command: crate::command::Command,
    clipped: Option<Clip>,
    rejected: Option<Rejection>,
}

impl Checked {
    /// What to send.
    pub fn command(&self) -> &crate::command::Command {
        &self.command
    }

    /// What was shortened, if anything.
    pub fn clipped(&self) -> Option<Clip> {
        self.clipped
    }

    /// Why this is a stop in place of what was asked, if it is.
    pub fn rejected(&self) -> Option<Rejection> {
        self.rejected
    }
}
