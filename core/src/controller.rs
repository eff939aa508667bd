//! Controllers turn actions into commands, one control period at a time, on the robot's own kinematics.

use crate::action::{Action, MotionStatus};
use crate::command::Command;
use crate::observation::Observation;

/// Moves one robot (all its parts).
pub trait Controller: Send {
    /// One period: what to send now, and how the action goes. Never waits and, once warm, never allocates.
    fn tick(&mut self, action: &Action, observation: &Observation) -> (Command, MotionStatus);

    /// Forgets its setpoints and takes the robot as it stands, after an emergency stop or a reset.
    fn reset(&mut self, observation: &Observation);
}
