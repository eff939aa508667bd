//! The latest that was heard of the robot and of what is around it, and one observation made of it. What can't be used
//! is kept as the reason why there is none: an old value never stands in for a bad one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ponder_core::command::BaseTwist;
use ponder_core::observation::{BaseState, Observation, Truth};
use ponder_core::perceiver::Look;
use ponder_core::robot::JointVec;
use ponder_core::robot_file::RobotFile;
use r2r::nav_msgs::msg::Odometry;
use r2r::ponder_msgs::msg::Scene;
use r2r::sensor_msgs::msg::JointState;

use crate::ros::convert;

/// What was last heard longer ago counts as silence.
pub const SILENT: Duration = Duration::from_secs(1);

type Latest<T> = Option<(Instant, Result<T, String>)>;

/// What the joint states say.
#[derive(Clone, Debug, Default, PartialEq)]
struct Joints {
    stamp: ponder_core::Stamp,
    pos_rad: JointVec,
    vel_rad_s: JointVec,
    width_m: Option<f64>,
}

/// What was heard last.
#[derive(Debug, Default)]
pub struct Senses {
    joints: Latest<Joints>,
    base: Latest<BaseState>,
    truth: Latest<(u64, Arc<Truth>)>,
    /// Something new was heard since the last look.
    pub fresh: bool,
}

impl Senses {
    /// Hears joint states: the arm's joints and the fingers by their names, in any order, among any others.
    pub fn hear_joints(&mut self, file: &RobotFile, message: &JointState) {
        self.joints = Some((Instant::now(), joints(file, message)));
        self.fresh = true;
    }

    /// Hears odometry.
    pub fn hear_odom(&mut self, message: &Odometry) {
        self.base = Some((Instant::now(), base(message)));
        self.fresh = true;
    }

    /// Hears what the simulator knows.
    pub fn hear_truth(&mut self, file: &RobotFile, message: &Scene) {
        self.truth = Some((Instant::now(), truth(file, message)));
        self.fresh = true;
    }

    /// Was nothing of what is needed heard for too long?
    pub fn is_silent(&self) -> bool {
        let heard_at = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() <= SILENT);
        !heard_at(self.truth.as_ref().map(|t| t.0))
    }

    /// One look made of the latest of everything.
    ///
    /// # Errors
    /// What is missing, silent or can't be used.
    pub fn look(&self, file: &RobotFile) -> Result<Look, String> {
        let (seq, truth) = latest("ground truth", &self.truth)?;
        let mut observation =
            Observation { stamp: truth.stamp, seq: *seq, truth: Some(truth.clone()), ..Observation::default() };
        if file.arm.is_some() {
            let joints = latest("joint states", &self.joints)?;
            observation.stamp = joints.stamp;
            observation.joint_pos_rad = joints.pos_rad.clone();
            observation.joint_vel_rad_s = joints.vel_rad_s.clone();
            observation.gripper_width_m = joints.width_m;
        }
        if file.base.is_some() {
            observation.base = Some(*latest("odometry", &self.base)?);
        }
        Ok(Look { observation, before: None })
    }
}

fn latest<'a, T>(what: &str, of: &'a Latest<T>) -> Result<&'a T, String> {
    match of {
        None => Err(format!("no {what} yet")),
        Some((at, _)) if at.elapsed() > SILENT => Err(format!("no {what} for {:.1} s", at.elapsed().as_secs_f64())),
        Some((_, Err(why))) => Err(format!("{what}: {why}")),
        Some((_, Ok(value))) => Ok(value),
    }
}

fn joints(file: &RobotFile, message: &JointState) -> Result<Joints, String> {
    let Some(arm) = &file.arm else {
        return Ok(Joints::default());
    };
    let at = |name: &str| {
        let found = message.name.iter().position(|known| known == name);
        found.ok_or_else(|| format!("there is no joint `{name}` among {} joints", message.name.len()))
    };
    let number = |name: &str, of: &[f64]| match of.get(at(name)?) {
        Some(value) if value.is_finite() => Ok(*value),
        Some(_) => Err(format!("joint `{name}` is not a number")),
        None => Err(format!("joint `{name}` has no value")),
    };
    let mut joints = Joints { stamp: convert::stamp(&message.header.stamp), ..Joints::default() };
    for joint in &arm.joints {
        let full = |_| "the robot file has too many joints".to_owned();
        joints.pos_rad.try_push(number(&joint.name, &message.position)?).map_err(full)?;
        // A driver may know no speeds.
        let vel_rad_s = if message.velocity.is_empty() { 0.0 } else { number(&joint.name, &message.velocity)? };
        joints.vel_rad_s.try_push(vel_rad_s).map_err(full)?;
    }
    let mut width_m = 0.0;
    for finger in &arm.gripper.fingers {
        width_m += number(finger, &message.position)?;
    }
    joints.width_m = (!arm.gripper.fingers.is_empty()).then_some(width_m);
    Ok(joints)
}

fn base(message: &Odometry) -> Result<BaseState, String> {
    let world_from_base = convert::pose("pose", &message.pose.pose).map_err(|e| e.to_string())?;
    let twist = &message.twist.twist;
    let twist = BaseTwist { linear_m_s: twist.linear.x, angular_rad_s: twist.angular.z };
    if !(twist.linear_m_s.is_finite() && twist.angular_rad_s.is_finite()) {
        return Err("twist is not finite".to_owned());
    }
    Ok(BaseState { world_from_base, twist })
}

fn truth(file: &RobotFile, message: &Scene) -> Result<(u64, Arc<Truth>), String> {
    let (frame, want) = (&message.header.frame_id, &file.ros.world_frame);
    if frame != want {
        return Err(format!("its places are in the frame `{frame}`, not in `{want}`"));
    }
    let scene = convert::scene(message).map_err(|e| e.to_string())?;
    Ok((scene.observation_seq, Arc::new(Truth { stamp: scene.stamp, objects: scene.objects })))
}

#[cfg(test)]
mod tests;
