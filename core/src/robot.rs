//! A robot as the stack knows it: joints, limits, reach, keep-outs, timing. Made from a robot file plus the chain
//! read from its URDF or MJCF; checked once, trusted after.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::geometry::Aabb;
use crate::kinematics::Chain;
use crate::observation::MAX_CAMERAS;

/// Most joints an arm may have.
pub const MAX_JOINTS: usize = 10;
/// One number a joint, in the robot file's order; unit in the name of the value.
pub type JointVec = ArrayVec<f64, MAX_JOINTS>;

/// How much more a stop may jerk than other motion where a robot file does not say: a stop that first has to turn an
/// acceleration round smoothly takes longer, and it is the accelerations that wear an arm.
pub const STOP_JERK_FACTOR: f64 = 10.0;

/// What a stop is for, and so how hard it may be. All stops are controlled, with power on: category 2 of IEC 60204-1 the
/// ordinary one, 1 or 2 the emergency stop, as the drives behind it do or don't cut the power once at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Braking {
    /// In place of a refused command, or of one that leaves a part out.
    Ordinary,
    /// The emergency stop (ISO 13850): as hard as the robot stands.
    Emergency,
}

/// Limits of one joint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointLimits {
    /// Smallest position, radians.
    pub min_rad: f64,
    /// Largest position, radians.
    pub max_rad: f64,
    /// Largest speed, rad/s.
    pub vel_rad_s: f64,
    /// Largest acceleration, rad/s².
    pub acc_rad_s2: f64,
    /// Largest jerk, rad/s³.
    pub jerk_rad_s3: f64,
    /// Largest deceleration of a stop, rad/s²; no less than `acc_rad_s2`.
    pub stop_acc_rad_s2: f64,
    /// Largest jerk of a stop, rad/s³; no less than `jerk_rad_s3`.
    pub stop_jerk_rad_s3: f64,
    /// Largest deceleration of an emergency stop, rad/s²; no less than `stop_acc_rad_s2`, which it is where nothing is
    /// said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_acc_rad_s2: Option<f64>,
}

impl JointLimits {
    /// The acceleration that may take a joint from one speed (rad/s) to another: more where it only slows down.
    pub fn acc_between_rad_s2(&self, from_rad_s: f64, to_rad_s: f64) -> f64 {
        let slows = to_rad_s.abs() <= from_rad_s.abs() && to_rad_s * from_rad_s >= 0.0;
        if slows { self.stop_acc_rad_s2 } else { self.acc_rad_s2 }
    }

    /// How hard a stop may brake, rad/s².
    pub fn brake_rad_s2(&self, braking: Braking) -> f64 {
        match braking {
            Braking::Ordinary => self.stop_acc_rad_s2,
            Braking::Emergency => self.emergency_acc_rad_s2.unwrap_or(self.stop_acc_rad_s2),
        }
    }
}

/// An arm with its gripper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Joint names as in the model, base to tip.
    pub joint_names: Vec<String>,
    /// Limits, same order.
    pub limits: Vec<JointLimits>,
    /// Kinematics from the world to the tool (the base is bolted to the world).
    pub chain: Chain,
    /// Radius of a tube round the lines between the joints' frames that holds the links, metres. From the last joint
    /// to the tool it tapers to nothing, so that fingers may come close to what they grasp.
    pub link_radius_m: f64,
    /// Posture to park in.
    pub home_rad: JointVec,
    /// Where the tool may be, world frame.
    pub workspace: Aabb,
    /// Boxes that no part of the arm beyond its first joint may enter, world frame.
    pub keep_out: Vec<Aabb>,
    /// Fastest tool, m/s.
    pub tool_speed_m_s: f64,
    /// The gripper.
    pub gripper: Gripper,
}

/// A parallel gripper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gripper {
    /// Widest opening, metres.
    pub max_width_m: f64,
    /// Largest force, newtons.
    pub max_force_n: f64,
    /// Fastest change of width, m/s.
    pub speed_m_s: f64,
    /// How far an object may stand up between the fingers above the tool point, metres.
    pub finger_depth_m: f64,
}

/// A differential-drive base.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Radius of the circle around the base's origin that holds the whole robot, metres.
    pub radius_m: f64,
    /// Fastest forward or backward, m/s.
    pub linear_m_s: f64,
    /// Fastest turn, rad/s.
    pub angular_rad_s: f64,
    /// Largest acceleration, m/s².
    pub linear_m_s2: f64,
    /// Largest angular acceleration, rad/s².
    pub angular_rad_s2: f64,
    /// What it is told in an emergency stop.
    #[serde(default, skip_serializing_if = "EmergencyStop::is_ramp")]
    pub emergency_stop: EmergencyStop,
    /// Where the base's origin may be (z ignored), world frame.
    pub area: Aabb,
}

/// What a base is told in an emergency stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyStop {
    /// Speeds that come down to zero by `linear_m_s2` and `angular_rad_s2`, as in any stop.
    #[default]
    Ramp,
    /// Zero in the very first command. How it brakes is then its own controller's or its motors' affair, as it is when
    /// twist_mux locks or diff_drive_controller hears nothing any more: for a base that brakes from zero commands at
    /// least as hard as `linear_m_s2` and does not tip over by it.
    AtOnce,
}

impl EmergencyStop {
    /// Does it say nothing but what holds anyway?
    pub fn is_ramp(&self) -> bool {
        *self == Self::Ramp
    }
}

/// How old things may get before the guard stops the robot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Control period, seconds.
    pub period_s: f64,
    /// Oldest observation to act on, seconds.
    pub max_observation_age_s: f64,
    /// Oldest scene to act on, seconds.
    pub max_scene_age_s: f64,
    /// Longest wait for a perceiver or reasoner, seconds.
    pub max_think_s: f64,
}

/// A robot, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RobotSpec {
    /// Name of the robot file.
    pub name: String,
    /// Its arm, if it has one.
    pub arm: Option<Arm>,
    /// Its base, if it drives.
    pub base: Option<Base>,
    /// Cameras by name.
    pub cameras: Vec<String>,
    /// Timing.
    pub timing: Timing,
}

/// What is wrong with a robot file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RobotError {
    /// Neither arm nor base.
    #[error("robot `{0}` has neither an arm nor a base: nothing to control")]
    Empty(String),
    /// Counts that must agree do not.
    #[error("robot `{robot}`: {what}: {got} given, {want} wanted")]
    Count {
        /// Robot's name.
        robot: String,
        /// Which list.
        what: &'static str,
        /// Entries given.
        got: usize,
        /// Entries wanted.
        want: usize,
    },
    /// An arm whose model was not read.
    #[error("robot `{robot}` has an arm, but no chain of joints was found for it in `{model}`")]
    NoChain {
        /// Robot's name.
        robot: String,
        /// The model.
        model: String,
    },
    /// A joint is not the one that the model has there.
    #[error("robot `{robot}`: joint `{got}` stands where the model has `{want}`: list them from the base to the tool")]
    JointName {
        /// Robot's name.
        robot: String,
        /// Name in the robot file.
        got: String,
        /// Name in the model.
        want: String,
    },
    /// A number outside what makes sense.
    #[error("robot `{robot}`: {what} is {value}: {want}")]
    Value {
        /// Robot's name.
        robot: String,
        /// Which number.
        what: String,
        /// Its value.
        value: f64,
        /// What it must be.
        want: &'static str,
    },
}

impl RobotSpec {
    /// Checks every count and number; a robot that passes can be controlled without further looking.
    ///
    /// # Errors
    /// [`RobotError`], naming the robot, the field and the value.
    pub fn checked(self) -> Result<Self, RobotError> {
        let robot = || self.name.clone();
        let positive = |what: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(())
            } else {
                Err(RobotError::Value { robot: robot(), what: what.to_owned(), value, want: "must be above zero" })
            }
        };
        let not_negative = |what: &str, value: f64| {
            if value.is_finite() && value >= 0.0 {
                Ok(())
            } else {
                Err(RobotError::Value { robot: robot(), what: what.to_owned(), value, want: "must not be negative" })
            }
        };
        let boxed = |what: &str, area: &Aabb| {
            (0..3).try_for_each(|i| positive(&format!("{what}: extent {i}"), area.max_m[i] - area.min_m[i]))
        };
        if self.arm.is_none() && self.base.is_none() {
            return Err(RobotError::Empty(robot()));
        }
        if let Some(arm) = &self.arm {
            let want = arm.chain.len();
            let counts = [
                ("joint names", arm.joint_names.len()),
                ("joint limits", arm.limits.len()),
                ("home", arm.home_rad.len()),
            ];
            for (what, got) in counts {
                if got != want || got > MAX_JOINTS {
                    return Err(RobotError::Count { robot: robot(), what, got, want });
                }
            }
            for ((name, limit), home) in arm.joint_names.iter().zip(&arm.limits).zip(&arm.home_rad) {
                positive(&format!("{name}: range"), limit.max_rad - limit.min_rad)?;
                positive(&format!("{name}: vel_rad_s"), limit.vel_rad_s)?;
                positive(&format!("{name}: acc_rad_s2"), limit.acc_rad_s2)?;
                positive(&format!("{name}: jerk_rad_s3"), limit.jerk_rad_s3)?;
                not_negative(
                    &format!("{name}: stop_acc_rad_s2 - acc_rad_s2"),
                    limit.stop_acc_rad_s2 - limit.acc_rad_s2,
                )?;
                not_negative(
                    &format!("{name}: stop_jerk_rad_s3 - jerk_rad_s3"),
                    limit.stop_jerk_rad_s3 - limit.jerk_rad_s3,
                )?;
                not_negative(
                    &format!("{name}: emergency_acc_rad_s2 - stop_acc_rad_s2"),
                    limit.brake_rad_s2(Braking::Emergency) - limit.stop_acc_rad_s2,
                )?;
                if !(*home >= limit.min_rad && *home <= limit.max_rad) {
                    let what = format!("{name}: home_rad");
                    return Err(RobotError::Value {
                        robot: robot(),
                        what,
                        value: *home,
                        want: "must lie in the range",
                    });
                }
            }
            not_negative("link_radius_m", arm.link_radius_m)?;
            positive("tool_speed_m_s", arm.tool_speed_m_s)?;
            positive("gripper max_width_m", arm.gripper.max_width_m)?;
            positive("gripper max_force_n", arm.gripper.max_force_n)?;
            positive("gripper speed_m_s", arm.gripper.speed_m_s)?;
            not_negative("gripper finger_depth_m", arm.gripper.finger_depth_m)?;
            boxed("workspace", &arm.workspace)?;
            arm.keep_out.iter().try_for_each(|keep_out| boxed("keep_out", keep_out))?;
        }
        if let Some(base) = &self.base {
            positive("base radius_m", base.radius_m)?;
            positive("base linear_m_s", base.linear_m_s)?;
            positive("base angular_rad_s", base.angular_rad_s)?;
            positive("base linear_m_s2", base.linear_m_s2)?;
            positive("base angular_rad_s2", base.angular_rad_s2)?;
            boxed("base area", &base.area)?;
        }
        if self.cameras.len() > MAX_CAMERAS {
            let (got, want) = (self.cameras.len(), MAX_CAMERAS);
            return Err(RobotError::Count { robot: robot(), what: "cameras", got, want });
        }
        positive("period_s", self.timing.period_s)?;
        positive("max_observation_age_s", self.timing.max_observation_age_s)?;
        positive("max_scene_age_s", self.timing.max_scene_age_s)?;
        positive("max_think_s", self.timing.max_think_s)?;
        Ok(self)
    }
}
