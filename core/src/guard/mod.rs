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
//! What is found outside its limits (at the start, or pushed) may move inwards: what lessens the breach passes.
//!
//! Clipped, not refused: speeds of the base up to a quarter too fast (both scaled, the curve stays), its accelerations,
//! a gripper force a tenth too large, a width up to 5 mm out of range.

mod arm;
mod base;
mod gripper;
mod space;
mod verdict;

use std::sync::Arc;

pub use verdict::{Checked, Clip, RejectCode, Rejection};

use crate::Stamp;
use crate::command::{Command, GripperTarget};
use crate::observation::{Observation, SensorFault};
use crate::robot::RobotSpec;

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
pub struct Guard {
    robot: Arc<RobotSpec>,
    stopped: bool,
    pace: Pace,
    arm: arm::Setpoints,
    base: base::Speeds,
    gripper: Option<GripperTarget>,
}

impl Guard {
    /// A guard that has sent nothing yet. Its first command must start from the measured posture.
    pub fn new(robot: Arc<RobotSpec>) -> Self {
        let (arm, base) = (arm::Setpoints::default(), base::Speeds::default());
        Self {
            robot,
            stopped: false,
            pace: Pace::default(),
            arm,
            base,
            gripper: None,
        }
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
        self.sensors(self.pace.now, observation)?;
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
        if self.sensors(now, observation).is_ok() {
            if let Some(arm) = &self.robot.arm {
                self.arm.begin(arm, observation);
            }
            self.base.begin(observation);
        }
        let checked = self
            .judge(now, command, observation)
            .unwrap_or_else(|rejection| self.brake(now, rejection));
        self.pace.step(timing.period_s);
        checked
    }

    fn judge(
        &mut self,
        now: Stamp,
        command: &Command,
        observation: &Observation,
    ) -> Result<Checked, Rejection> {
        if self.stopped {
            return Err(Rejection::new(RejectCode::EmergencyStop, 0, 1.0, 0.0));
        }
        self.well_formed(command)?;
        self.in_time(now, command)?;
        self.sensors(now, observation)?;
        let period_s = self.robot.timing.period_s;
        let ready = self.pace.is_ready(period_s);
        // Judge every part before any part's state changes: a command passes whole or not at all.
        let arm = match (&self.robot.arm, &command.arm) {
            (Some(arm), Some(target)) => {
                Some(self.arm.judge(arm, target, observation, period_s, ready)?)
            }
            _ => None,
        };
        let (gripper, squeezed) = match (&self.robot.arm, &command.gripper) {
            (Some(arm), Some(target)) => {
                gripper::judge(&arm.gripper, target).map(|(g, clip)| (Some(g), clip))?
            }
            _ => (None, None),
        };
        let (twist, slowed) = match (&self.robot.base, &command.base) {
            (Some(base), Some(twist)) => {
                let step_s = if ready { period_s } else { 0.0 };
                let delay_s = now.since_s(observation.stamp).max(0.0) + period_s;
                self.base
                    .judge(base, twist, observation, step_s, delay_s)
                    .map(|(t, clip)| (Some(t), clip))?
            }
            _ => (None, None),
        };
        let mut sent = Command {
            gripper,
            ..Command::nothing(command.stamp, command.deadline)
        };
        sent.arm = match (arm, &self.robot.arm) {
            (Some(next), _) => self.arm.take(next, command.arm.clone()),
            (None, Some(arm)) if !self.arm.is_at_rest() => self.arm.brake(arm, period_s, ready),
            (None, _) => None,
        };
        sent.base = match (twist, &self.robot.base) {
            (Some(twist), _) => Some(self.base.take(twist)),
            (None, Some(base)) => Some(self.base.brake(base, if ready { period_s } else { 0.0 })),
            (None, None) => None,
        };
        self.gripper = gripper.or(self.gripper);
        Ok(Checked {
            command: sent,
            clipped: squeezed.or(slowed),
            rejected: None,
        })
    }

    /// The stop in place of a refused command.
    fn brake(&mut self, now: Stamp, rejection: Rejection) -> Checked {
        let period_s = self.robot.timing.period_s;
        let ready = self.pace.is_ready(period_s);
        let mut command = Command::nothing(now, now.plus_s(period_s));
        if let Some(arm) = &self.robot.arm {
            command.arm = self.arm.brake(arm, period_s, ready);
            command.gripper = self.gripper;
        }
        if let Some(base) = &self.robot.base {
            command.base = Some(self.base.brake(base, if ready { period_s } else { 0.0 }));
        }
        Checked {
            command,
            clipped: None,
            rejected: Some(rejection),
        }
    }

    /// Parts that are there, counts that fit, numbers that are numbers.
    fn well_formed(&self, command: &Command) -> Result<(), Rejection> {
        let lacks = [
            command.arm.is_some() && self.robot.arm.is_none(),
            command.gripper.is_some() && self.robot.arm.is_none(),
            command.base.is_some() && self.robot.base.is_none(),
        ];
        if let Some(part) = lacks.iter().position(|lacks| *lacks) {
            return Err(Rejection::new(RejectCode::NoSuchPart, part, 1.0, 0.0));
        }
        let finite = |index: usize, value: f64| {
            Rejection::unless_finite(RejectCode::NotFinite, index, value)
        };
        if let (Some(target), Some(arm)) = (&command.arm, &self.robot.arm) {
            let want = arm.limits.len();
            for (index, given) in [target.pos_rad.len(), target.vel_rad_s.len()]
                .into_iter()
                .enumerate()
            {
                if given != want {
                    return Err(Rejection::new(
                        RejectCode::JointCount,
                        index,
                        given as f64,
                        want as f64,
                    ));
                }
            }
            for values in [&target.pos_rad, &target.vel_rad_s] {
                values
                    .iter()
                    .enumerate()
                    .try_for_each(|(i, value)| finite(i, *value))?;
            }
        }
        if let Some(gripper) = &command.gripper {
            finite(0, gripper.width_m)?;
            finite(1, gripper.force_n)?;
        }
        if let Some(twist) = &command.base {
            finite(0, twist.linear_m_s)?;
            finite(1, twist.angular_rad_s)?;
        }
        Ok(())
    }

    /// Neither too old nor from the future, whatever deadline it claims.
    fn in_time(&self, now: Stamp, command: &Command) -> Result<(), Rejection> {
        let timing = &self.robot.timing;
        let (age_s, late_s) = (now.since_s(command.stamp), now.since_s(command.deadline));
        let stale = |index, value, limit| {
            Err(Rejection::new(
                RejectCode::StaleCommand,
                index,
                value,
                limit,
            ))
        };
        if age_s < -timing.period_s {
            return stale(0, age_s, -timing.period_s);
        }
        if age_s > timing.max_observation_age_s {
            return stale(0, age_s, timing.max_observation_age_s);
        }
        if late_s > 0.0 {
            stale(1, late_s, 0.0)
        } else {
            Ok(())
        }
    }

    /// Fresh and sane senses, as far as motion depends on them: a camera may fail.
    fn sensors(&self, now: Stamp, observation: &Observation) -> Result<(), Rejection> {
        let timing = &self.robot.timing;
        let age_s = now.since_s(observation.stamp);
        let fault = RejectCode::SensorFault;
        if age_s < -timing.period_s {
            return Err(Rejection::new(
                RejectCode::StaleObservation,
                0,
                age_s,
                -timing.period_s,
            ));
        }
        if age_s > timing.max_observation_age_s {
            return Err(Rejection::new(
                RejectCode::StaleObservation,
                0,
                age_s,
                timing.max_observation_age_s,
            ));
        }
        if let Some(arm) = &self.robot.arm {
            for values in [&observation.joint_pos_rad, &observation.joint_vel_rad_s] {
                values
                    .iter()
                    .enumerate()
                    .try_for_each(|(i, value)| Rejection::unless_finite(fault, i, *value))?;
                if values.len() != arm.limits.len() {
                    return Err(Rejection::new(
                        fault,
                        values.len().min(arm.limits.len()),
                        1.0,
                        0.0,
                    ));
                }
            }
        }
        if let (Some(_), Some(base)) = (&self.robot.base, &observation.base) {
            let at_m = base.world_from_base.translation.vector;
            let turn = base.world_from_base.rotation.coords;
            let all = [
                at_m.x,
                at_m.y,
                turn.norm_squared(),
                base.twist.linear_m_s,
                base.twist.angular_rad_s,
            ];
            all.iter()
                .enumerate()
                .try_for_each(|(i, value)| Rejection::unless_finite(fault, i, *value))?;
        }
        let blind =
            |f: &SensorFault| matches!(f, SensorFault::JointsSilent | SensorFault::JointNotFinite);
        match observation.faults.iter().any(blind) {
            true => Err(Rejection::new(fault, 0, 1.0, 0.0)),
            false => Ok(()),
        }
    }
}

/// Keeps commands from coming faster than the control period: a bucket of time that each step empties by a period, so
/// a late period may be followed by an early one, and no others may.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    now: Stamp,
    begun: bool,
    saved_s: f64,
}

impl Pace {
    /// Takes in the clock; gives the time since the last turn, seconds.
    fn turn(&mut self, now: Stamp, period_s: f64) -> f64 {
        let gap_s = if self.begun {
            now.since_s(self.now).max(0.0)
        } else {
            period_s
        };
        (self.now, self.begun) = (now, true);
        self.saved_s = (self.saved_s + gap_s).min(1.5 * period_s);
        gap_s
    }

    /// May setpoints move in this turn?
    fn is_ready(&self, period_s: f64) -> bool {
        self.saved_s >= 0.5 * period_s
    }

    /// Ends a turn.
    fn step(&mut self, period_s: f64) {
        if self.is_ready(period_s) {
            self.saved_s -= period_s;
        }
    }
}
