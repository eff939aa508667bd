//! What the guard looks at before any limit: is the command well formed and in time, and are the senses sane?

use super::verdict::{RejectCode, Rejection};
use crate::Stamp;
use crate::command::Command;
use crate::observation::{Observation, SensorFault};
use crate::robot::RobotSpec;

/// Parts that are there, counts that fit, numbers that are numbers.
pub(super) fn form(robot: &RobotSpec, command: &Command) -> Result<(), Rejection> {
    let lacks = [
        command.arm.is_some() && robot.arm.is_none(),
        command.gripper.is_some() && robot.arm.is_none(),
        command.base.is_some() && robot.base.is_none(),
    ];
    if let Some(part) = lacks.iter().position(|lacks| *lacks) {
        return Err(Rejection::new(RejectCode::NoSuchPart, part, 1.0, 0.0));
    }
    let finite = |index: usize, value: f64| Rejection::unless_finite(RejectCode::NotFinite, index, value);
    if let (Some(target), Some(arm)) = (&command.arm, &robot.arm) {
        let want = arm.limits.len();
        for (index, given) in [target.pos_rad.len(), target.vel_rad_s.len()].into_iter().enumerate() {
            if given != want {
                return Err(Rejection::new(RejectCode::JointCount, index, given as f64, want as f64));
            }
        }
        for values in [&target.pos_rad, &target.vel_rad_s] {
            values.iter().enumerate().try_for_each(|(i, value)| finite(i, *value))?;
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
pub(super) fn time(robot: &RobotSpec, now: Stamp, command: &Command) -> Result<(), Rejection> {
    let timing = &robot.timing;
    let (age_s, late_s) = (now.since_s(command.stamp), now.since_s(command.deadline));
    let stale = |index, value, limit| Err(Rejection::new(RejectCode::StaleCommand, index, value, limit));
    if age_s < -timing.period_s {
        return stale(0, age_s, -timing.period_s);
    }
    if age_s > timing.max_observation_age_s {
        return stale(0, age_s, timing.max_observation_age_s);
    }
    if late_s > 0.0 { stale(1, late_s, 0.0) } else { Ok(()) }
}

/// Fresh and sane senses, as far as motion depends on them: a camera may fail.
pub(super) fn senses(robot: &RobotSpec, now: Stamp, observation: &Observation) -> Result<(), Rejection> {
    let timing = &robot.timing;
    let age_s = now.since_s(observation.stamp);
    let fault = RejectCode::SensorFault;
    if age_s < -timing.period_s {
        return Err(Rejection::new(RejectCode::StaleObservation, 0, age_s, -timing.period_s));
    }
    if age_s > timing.max_observation_age_s {
        return Err(Rejection::new(RejectCode::StaleObservation, 0, age_s, timing.max_observation_age_s));
    }
    if let Some(arm) = &robot.arm {
        for values in [&observation.joint_pos_rad, &observation.joint_vel_rad_s] {
            values.iter().enumerate().try_for_each(|(i, value)| Rejection::unless_finite(fault, i, *value))?;
            if values.len() != arm.limits.len() {
                return Err(Rejection::new(fault, values.len().min(arm.limits.len()), 1.0, 0.0));
            }
        }
    }
    if let (Some(_), Some(base)) = (&robot.base, &observation.base) {
        let at_m = base.world_from_base.translation.vector;
        let turn = base.world_from_base.rotation.coords;
        let all = [at_m.x, at_m.y, turn.norm_squared(), base.twist.linear_m_s, base.twist.angular_rad_s];
        all.iter().enumerate().try_for_each(|(i, value)| Rejection::unless_finite(fault, i, *value))?;
    }
    let blind = |f: &SensorFault| matches!(f, SensorFault::JointsSilent | SensorFault::JointNotFinite);
    match observation.faults.iter().any(blind) {
        true => Err(Rejection::new(fault, 0, 1.0, 0.0)),
        false => Ok(()),
    }
}
