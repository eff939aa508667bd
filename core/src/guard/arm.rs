//! The guard's part for an arm: the setpoints follow each other as joints can, keep inside what the arm may, and can
//! at any time be braked to rest inside it.

use super::space;
use super::verdict::{RejectCode, Rejection};
use super::{ACC_TOLERANCE, REST_RAD_S, ROUNDING, START_TOLERANCE_RAD, STEP_TOLERANCE};
use crate::Vec3;
use crate::command::JointTarget;
use crate::observation::Observation;
use crate::robot::{Arm, Braking, JointVec};

/// What the arm was told last.
#[derive(Clone, Debug)]
pub(super) struct Setpoint {
    pos_rad: JointVec,
    /// Velocity of the step that led here.
    vel_rad_s: JointVec,
    tool_m: Vec3,
}

impl Setpoint {
    fn is_at_rest(&self) -> bool {
        self.vel_rad_s.iter().all(|vel| *vel == 0.0)
    }
}

/// The arm's setpoints so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Setpoints {
    /// The last one; `None` before the first good observation.
    last: Option<Setpoint>,
    /// Nothing passed since the arm was last braked: it may start anew from the measured posture.
    braked: bool,
}

impl Setpoints {
    /// Takes the first good observation as the posture to hold, with the measured speed to brake from.
    pub(super) fn begin(&mut self, arm: &Arm, observation: &Observation) {
        if self.last.is_none() {
            self.restart_from(arm, observation);
            if let (Some(last), Err(_)) = (&mut self.last, must_rest_measured(observation)) {
                last.vel_rad_s = observation.joint_vel_rad_s.clone();
            }
        }
    }

    /// Takes the measured posture, at rest, as the last setpoint.
    pub(super) fn restart_from(&mut self, arm: &Arm, observation: &Observation) {
        let pos_rad = observation.joint_pos_rad.clone();
        let tool_m = arm.chain.world_from_tool(&pos_rad).translation.vector;
        let vel_rad_s = pos_rad.iter().map(|_| 0.0).collect();
        self.last = Some(Setpoint { pos_rad, vel_rad_s, tool_m });
        self.braked = true;
    }

    /// The last setpoint was held for long: there is no speed to go on with.
    pub(super) fn stood_still(&mut self) {
        if let Some(last) = &mut self.last {
            last.vel_rad_s.iter_mut().for_each(|vel| *vel = 0.0);
        }
        self.braked = true;
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.last.as_ref().is_none_or(Setpoint::is_at_rest)
    }

    /// Is the arm at rest, by what was sent and by what is measured?
    pub(super) fn must_rest(&self, observation: &Observation) -> Result<(), Rejection> {
        let sent = self.last.iter().flat_map(|last| last.vel_rad_s.iter().enumerate());
        for (i, vel) in sent {
            Rejection::unless_within(RejectCode::JointVelocity, i, *vel, 0.0)?;
        }
        must_rest_measured(observation)
    }

    /// The setpoint that the target makes, or why it may not be sent. The target is finite and its counts fit.
    pub(super) fn judge(
        &self,
        arm: &Arm,
        target: &JointTarget,
        observation: &Observation,
        period_s: f64,
        ready: bool,
    ) -> Result<Setpoint, Rejection> {
        let Some(last) = &self.last else {
            return Err(Rejection::new(RejectCode::SensorFault, 0, 1.0, 0.0)); // nobody knows where it is
        };
        for (i, (vel, limit)) in target.vel_rad_s.iter().zip(&arm.limits).enumerate() {
            let limit_rad_s = limit.vel_rad_s * (1.0 + STEP_TOLERANCE);
            Rejection::unless_within(RejectCode::JointVelocity, i, *vel, limit_rad_s)?;
        }
        let anew = self.braked && last.is_at_rest() && must_rest_measured(observation).is_ok();
        let followed = if ready { follow(arm, last, target, period_s) } else { repeat(last, target) };
        let (vel_rad_s, started) = match followed {
            Ok(vel_rad_s) => (vel_rad_s, false),
            Err(_) if anew => (start(arm, target, observation, period_s)?, true),
            Err(jump) => return Err(jump),
        };
        let tool_m = arm.chain.world_from_tool(&target.pos_rad).translation.vector;
        if !started {
            let speed_m_s = (tool_m - last.tool_m).norm() / period_s;
            let limit_m_s = arm.tool_speed_m_s * (1.0 + STEP_TOLERANCE);
            Rejection::unless_within(RejectCode::ToolSpeed, 0, speed_m_s, limit_m_s)?;
        }
        let next = Setpoint { pos_rad: target.pos_rad.clone(), vel_rad_s, tool_m };
        let before = [Some(&last.pos_rad), started.then_some(&observation.joint_pos_rad)];
        space::stays_inside(arm, &next.pos_rad, &next.vel_rad_s, before)?;
        Ok(next)
    }

    /// Remembers what is sent.
    pub(super) fn take(&mut self, next: Setpoint, target: Option<JointTarget>) -> Option<JointTarget> {
        self.last = Some(next);
        self.braked = false;
        target
    }

    /// One period slower on the way to rest: all joints along their course, the slowest to stop at its deceleration.
    pub(super) fn brake(&mut self, arm: &Arm, braking: Braking, period_s: f64, ready: bool) -> Option<JointTarget> {
        self.braked = true;
        let last = self.last.as_mut()?;
        if ready && !last.is_at_rest() {
            let rest_s = rest_s(arm, braking, &last.vel_rad_s);
            let keep = if rest_s > period_s { 1.0 - period_s / rest_s } else { 0.0 };
            for (pos, vel) in last.pos_rad.iter_mut().zip(&mut last.vel_rad_s) {
                *vel *= keep;
                *pos += *vel * period_s;
            }
            last.tool_m = arm.chain.world_from_tool(&last.pos_rad).translation.vector;
        }
        Some(JointTarget { pos_rad: last.pos_rad.clone(), vel_rad_s: last.vel_rad_s.clone() })
    }
}

/// Err for a measured joint that moves.
fn must_rest_measured(observation: &Observation) -> Result<(), Rejection> {
    let measured = observation.joint_vel_rad_s.iter().enumerate();
    measured.clone().try_for_each(|(i, vel)| Rejection::unless_within(RejectCode::JointVelocity, i, *vel, REST_RAD_S))
}

/// Velocities of the step from the last setpoint to the target, if joints can make it.
fn follow(arm: &Arm, last: &Setpoint, target: &JointTarget, period_s: f64) -> Result<JointVec, Rejection> {
    let mut step_rad_s = JointVec::new();
    let joints = target.pos_rad.iter().zip(&target.vel_rad_s).zip(last.pos_rad.iter().zip(&last.vel_rad_s));
    for (i, (((pos, vel), (last_pos, last_vel)), limit)) in joints.zip(&arm.limits).enumerate() {
        let step_rad = pos - last_pos;
        let reach_rad = limit.vel_rad_s * period_s * (1.0 + STEP_TOLERANCE) + ROUNDING;
        Rejection::unless_within(RejectCode::JointJump, i, step_rad, reach_rad)?;
        let bend_rad = |acc_rad_s2: f64| acc_rad_s2 * period_s * period_s * (1.0 + ACC_TOLERANCE) + ROUNDING;
        let most_rad = bend_rad(limit.acc_between_rad_s2(*last_vel, step_rad / period_s));
        Rejection::unless_within(RejectCode::JointJump, i, step_rad - last_vel * period_s, most_rad)?;
        // The velocity sent along with it must be the motion's own.
        let most_rad = bend_rad(limit.acc_between_rad_s2(*last_vel, *vel));
        Rejection::unless_within(RejectCode::JointJump, i, vel * period_s - step_rad, most_rad)?;
        let moves = step_rad.abs() > 1e-12; // what is held is at rest, to the last bit
        step_rad_s.push(if moves { step_rad / period_s } else { 0.0 });
    }
    Ok(step_rad_s)
}

/// Too soon after the last command: only the same setpoint passes.
fn repeat(last: &Setpoint, target: &JointTarget) -> Result<JointVec, Rejection> {
    for (i, (pos, last_pos)) in target.pos_rad.iter().zip(&last.pos_rad).enumerate() {
        Rejection::unless_within(RejectCode::JointJump, i, pos - last_pos, 0.0)?;
    }
    Ok(last.vel_rad_s.clone())
}

/// Velocities of a first setpoint, if it starts where the arm is.
fn start(arm: &Arm, target: &JointTarget, observation: &Observation, period_s: f64) -> Result<JointVec, Rejection> {
    let joints = target.pos_rad.iter().zip(&observation.joint_pos_rad).zip(target.vel_rad_s.iter().zip(&arm.limits));
    for (i, ((pos, measured), (vel, limit))) in joints.enumerate() {
        Rejection::unless_within(RejectCode::JointJump, i, pos - measured, START_TOLERANCE_RAD)?;
        let begin_rad_s = limit.acc_rad_s2 * period_s * (1.0 + ACC_TOLERANCE);
        Rejection::unless_within(RejectCode::JointVelocity, i, *vel, begin_rad_s)?;
    }
    Ok(target.vel_rad_s.clone())
}

/// Time that the joints need to come to rest together, seconds.
pub(super) fn rest_s(arm: &Arm, braking: Braking, vel_rad_s: &JointVec) -> f64 {
    vel_rad_s
        .iter()
        .zip(&arm.limits)
        .fold(0.0, |longest, (vel, limit)| (vel.abs() / limit.brake_rad_s2(braking)).max(longest))
}
