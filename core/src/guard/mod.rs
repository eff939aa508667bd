//! The guard: the last stage before the world, and the only maker of [`Checked`] commands. It trusts nothing above it
//! and runs whether or not anything above it is alive.
//!
//! It keeps one promise: **whatever was sent last, the robot can be braked from there within its accelerations without
//! leaving its limits.** So a command passes only if it and the whole way to rest from it are inside joint limits,
//! workspace, area and clear of the keep-out boxes, and a refusal never has to choose between a jerk and a crash. (The
//! idea of always holding a safe stop in reserve: Fraichard & Asama, "Inevitable Collision States", 2004.)
//!
//! In place of a refused command it sends a stop: the arm brakes from its last setpoint along its way, all joints at
//! rest at once; the base slows to rest; the gripper keeps its last target, so nothing held is dropped. A part that a
//! command leaves out is brought to rest the same way. After a stop the arm starts anew only at rest, from where it is
//! measured to be: whoever made the refused command must reset itself from the observation first.
//!
//! The latched emergency stop does the same as hard as the robot file says that the robot stands: an arm by decelerations
//! of their own on the same way, a base by zero at once where it brakes itself. Both ways to rest are looked at before a
//! command passes.
//!
//! What is found outside its limits (at the start, or pushed) may move inwards: what lessens the breach passes.
//!
//! Clipped, not refused: speeds of the base up to a quarter too fast (both scaled, the curve stays), its accelerations,
//! a gripper force a tenth too large, a width up to 5 mm out of range.

mod arm;
mod base;
mod door;
mod gripper;
mod pace;
mod space;
mod verdict;

use std::sync::Arc;

pub use verdict::{Checked, Clip, RejectCode, Rejection};

use crate::Stamp;
use crate::command::{Command, GripperTarget};
use crate::observation::Observation;
use crate::robot::{Braking, RobotSpec};

/// How far a step may be above what the limits allow, as a share: rounding of trajectories and of clocks.
pub const STEP_TOLERANCE: f64 = 0.05;
/// How far the change of speed in a step may be above what the limits allow, as a share.
pub const ACC_TOLERANCE: f64 = 0.2;
/// How far from the measured joints the first setpoint after a stop may be, radians.
pub const START_TOLERANCE_RAD: f64 = 0.02;
/// Measured joints slower than this are at rest, rad/s.
pub const REST_RAD_S: f64 = 0.1;
/// A base slower than this is at rest, m/s and rad/s.
pub const REST_BASE: f64 = 0.02;
/// Breaches of space limits smaller than this are rounding, metres and radians.
pub const ROUNDING: f64 = 1e-6;

/// The guard of one robot.
#[derive(Clone, Debug)]
pub struct Guard {
    robot: Arc<RobotSpec>,
    stopped: bool,
    pace: pace::Pace,
    arm: arm::Setpoints,
    base: base::Speeds,
    gripper: Option<GripperTarget>,
}

impl Guard {
    /// A guard that has sent nothing yet. Its first command must start from the measured posture.
    pub fn new(robot: Arc<RobotSpec>) -> Self {
        let (arm, base) = (arm::Setpoints::default(), base::Speeds::default());
        Self { robot, stopped: false, pace: pace::Pace::default(), arm, base, gripper: None }
    }

    /// Latches the emergency stop: from now on every command is refused, until [`Guard::resume`].
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Is the emergency stop latched?
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Releases the emergency stop. The next command must start from the posture measured here.
    ///
    /// # Errors
    /// Why it stays latched: the robot still brakes or moves, or its sensors are at fault or silent.
    pub fn resume(&mut self, observation: &Observation) -> Result<(), Rejection> {
        if !self.stopped {
            return Ok(());
        }
        door::senses(&self.robot, self.pace.now(), observation)?;
        if let Some(arm) = &self.robot.arm {
            self.arm.must_rest(observation)?;
            self.arm.restart_from(arm, observation);
        }
        if self.robot.base.is_some() {
            self.base.must_rest(observation)?;
        }
        self.stopped = false;
        Ok(())
    }

    /// Judges one control period's command; to be called every period, at the world's clock. What comes back is safe
    /// to send: the command, the command shortened, or a stop in its place. Never allocates.
    pub fn check(&mut self, now: Stamp, command: &Command, observation: &Observation) -> Checked {
        let timing = self.robot.timing;
        let gap_s = self.pace.turn(now, timing.period_s);
        if gap_s > timing.max_observation_age_s {
            self.arm.stood_still(); // the actuators have held the last setpoint since
        }
        if door::senses(&self.robot, now, observation).is_ok() {
            if let Some(arm) = &self.robot.arm {
                self.arm.begin(arm, observation);
            }
            self.base.begin(observation);
        }
        let checked = self.judge(now, command, observation).unwrap_or_else(|rejection| self.brake(now, rejection));
        self.pace.step(timing.period_s);
        checked
    }

    fn judge(&mut self, now: Stamp, command: &Command, observation: &Observation) -> Result<Checked, Rejection> {
        if self.stopped {
            return Err(Rejection::new(RejectCode::EmergencyStop, 0, 1.0, 0.0));
        }
        door::form(&self.robot, command)?;
        door::time(&self.robot, now, command)?;
        door::senses(&self.robot, now, observation)?;
        let period_s = self.robot.timing.period_s;
        let ready = self.pace.is_ready(period_s);
        // Judge every part before any part's state changes: a command passes whole or not at all.
        let arm = match (&self.robot.arm, &command.arm) {
            (Some(arm), Some(target)) => Some(self.arm.judge(arm, target, observation, period_s, ready)?),
            _ => None,
        };
        let (gripper, squeezed) = match (&self.robot.arm, &command.gripper) {
            (Some(arm), Some(target)) => gripper::judge(&arm.gripper, target).map(|(g, clip)| (Some(g), clip))?,
            _ => (None, None),
        };
        let (twist, slowed) = match (&self.robot.base, &command.base) {
            (Some(base), Some(twist)) => {
                let step_s = if ready { period_s } else { 0.0 };
                let delay_s = now.since_s(observation.stamp).max(0.0) + period_s;
                self.base.judge(base, twist, observation, step_s, delay_s).map(|(t, clip)| (Some(t), clip))?
            }
            _ => (None, None),
        };
        let mut sent = Command { gripper, ..Command::nothing(command.stamp, command.deadline) };
        sent.arm = match (arm, &self.robot.arm) {
            (Some(next), _) => self.arm.take(next, command.arm.clone()),
            (None, Some(arm)) if !self.arm.is_at_rest() => self.arm.brake(arm, Braking::Ordinary, period_s, ready),
            (None, _) => None,
        };
        sent.base = match (twist, &self.robot.base) {
            (Some(twist), _) => Some(self.base.take(twist)),
            (None, Some(base)) => Some(self.base.brake(base, Braking::Ordinary, if ready { period_s } else { 0.0 })),
            (None, None) => None,
        };
        self.gripper = gripper.or(self.gripper);
        Ok(Checked { command: sent, clipped: squeezed.or(slowed), rejected: None })
    }

    /// The stop in place of a refused command.
    fn brake(&mut self, now: Stamp, rejection: Rejection) -> Checked {
        let period_s = self.robot.timing.period_s;
        let ready = self.pace.is_ready(period_s);
        let braking = if self.stopped { Braking::Emergency } else { Braking::Ordinary };
        let mut command = Command::nothing(now, now.plus_s(period_s));
        if let Some(arm) = &self.robot.arm {
            command.arm = self.arm.brake(arm, braking, period_s, ready);
            command.gripper = self.gripper;
        }
        if let Some(base) = &self.robot.base {
            command.base = Some(self.base.brake(base, braking, if ready { period_s } else { 0.0 }));
        }
        Checked { command, clipped: None, rejected: Some(rejection) }
    }
}
