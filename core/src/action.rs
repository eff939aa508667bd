//! What a skill asks of the robot, in task space: it names poses, widths, forces and places, never a joint.

use serde::{Deserialize, Serialize};

use crate::{Pose, Vec3};

/// How the tool gets to a pose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// Whatever joint motion is quickest within limits (the tool's way between the ends is not stated).
    Joint,
    /// A straight line of the tool, orientation interpolated on the shortest arc.
    Straight,
    /// A circle of the tool about an axis in the world, from where it is now; the reach's pose is its end.
    Arc {
        /// A point on the axis, metres.
        about_m: Vec3,
        /// Unit direction of the axis.
        axis: Vec3,
        /// Signed angle, radians.
        angle_rad: f64,
    },
}

/// One thing asked of the robot. Repeated unchanged every tick until it is reached; a changed value is a new ask.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop smoothly and hold still; the gripper keeps its grip.
    #[default]
    Hold,
    /// Bring the tool (between the fingertips, z out of the hand) to a pose.
    Reach {
        /// Where the tool shall be.
        world_from_tool: Pose,
        /// How it gets there.
        path: Path,
        /// Share of the robot file's speed, (0, 1].
        speed: f64,
        /// Stop and count as reached when the wrist's force along the motion exceeds this, newtons.
        until_contact_n: Option<f64>,
    },
    /// Move the fingers to a width with a force; stalling on an object before the width counts as `Blocked`.
    Grip {
        /// Opening between the fingers, metres.
        width_m: f64,
        /// Force when holding, newtons.
        force_n: f64,
    },
    /// Fold the arm to its home posture (or stop the base, for a robot with no arm).
    Park,
    /// Drive the base to a place on the floor.
    Drive {
        /// Target x in the world, metres.
        x_m: f64,
        /// Target y in the world, metres.
        y_m: f64,
        /// Heading at the end, radians; any if `None`.
        yaw_rad: Option<f64>,
        /// Share of the robot file's speed, (0, 1].
        speed: f64,
    },
    /// Turn the base (or the camera arm) so that a camera faces a point.
    LookAt {
        /// The point in the world, metres.
        point_m: Vec3,
    },
}

/// How the controller is getting on with an action.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MotionState {
    /// On its way.
    #[default]
    Moving,
    /// There, within tolerance and at rest (or contact was met where that was asked for).
    Reached,
    /// Stopped short by something: fingers on an object, a joint that does not follow, wheels that do not move.
    Blocked,
    /// Can't be done at all; nothing moved for it.
    Refused(MotionRefusal),
}

/// Why a controller will not start an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum MotionRefusal {
    /// No joint posture within limits puts the tool there.
    #[error("no joint posture within limits reaches the pose")]
    Unreachable,
    /// The straight line or arc leaves what the joints can do.
    #[error("the path between the poses leaves what the joints can do")]
    PathLeavesReach,
    /// The action has a value that is not finite or out of range.
    #[error("the action has a value that is not finite or out of range")]
    Malformed,
    /// The robot has no such part (arm, gripper, base).
    #[error("the robot has no part for this action")]
    NoSuchPart,
    /// The drivable space holds no way there.
    #[error("no free way leads there")]
    NoWay,
}

/// What the controller says each tick: the action it is on and how that goes.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct MotionStatus {
    /// The action the state is about.
    pub action: Action,
    /// Its state.
    pub state: MotionState,
}

impl MotionStatus {
    /// State of `action`: `Moving` until the controller has taken it up.
    pub fn of(&self, action: &Action) -> MotionState {
        let same = |a: &Action, b: &Action| a == b;
        // What is not a number does not equal itself; its refusal would be waited for forever.
        let malformed = self.state == MotionState::Refused(MotionRefusal::Malformed);
        if same(&self.action, action) || (malformed && !same(action, action)) {
            self.state
        } else {
            MotionState::Moving
        }
    }
}
