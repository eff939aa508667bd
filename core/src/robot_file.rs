//! The robot file as people write it (YAML or JSON under `launch/robots/`): raw names and numbers that become a checked
//! [`RobotSpec`] once the chain of the model it names is known. Whoever reads files parses one with serde, opens the
//! MJCF or URDF it points to, walks the chain to its tool, and calls [`RobotFile::into_spec`].

use serde::{Deserialize, Serialize};

use crate::geometry::Aabb;
use crate::kinematics::Chain;
use crate::robot::{Arm, Base, EmergencyStop, Gripper, JointLimits, RobotError, RobotSpec, STOP_JERK_FACTOR, Timing};

/// A robot file. Lengths in metres, angles in radians, times in seconds; unknown fields are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotFile {
    /// Name in lists, banners and records.
    pub name: String,
    /// MJCF or URDF of the robot, relative to the robot file.
    pub model: String,
    /// Its arm, if it has one.
    #[serde(default)]
    pub arm: Option<ArmFile>,
    /// Its driving base, if it has one.
    #[serde(default)]
    pub base: Option<BaseFile>,
    /// Cameras to read, by their names in the model or scene.
    #[serde(default)]
    pub cameras: Vec<String>,
    /// Timing.
    pub timing: Timing,
    /// How it is spoken to where it lives among others.
    #[serde(default)]
    pub ros: RosFile,
}

/// Names of a robot's interfaces in a ROS graph: those that ros2_control's controllers and camera drivers have by
/// default, where nothing else is said. A name with a leading `/` is that; any other is relative to the robot's
/// namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RosFile {
    /// Topic of the joint states.
    pub joint_states: String,
    /// The arm's joint trajectory controller: its topic `joint_trajectory`, its action `follow_joint_trajectory`.
    pub arm_controller: String,
    /// The gripper's action (`control_msgs/GripperCommand`; its position is the opening of one finger or of both, see
    /// `gripper_position`).
    pub gripper_action: String,
    /// What the gripper action's position means.
    pub gripper_position: GripperPosition,
    /// Topic of the base's velocity commands.
    pub cmd_vel: String,
    /// They are `TwistStamped`, not `Twist`.
    pub cmd_vel_stamped: bool,
    /// Topic of the base's odometry.
    pub odom: String,
    /// Topic of the wrist's force and torque, if there is one.
    pub wrench: String,
    /// Topic of the robot's URDF.
    pub robot_description: String,
    /// The frame that places are given in.
    pub world_frame: String,
    /// The frame of the base.
    pub base_frame: String,
    /// Every camera's topics start with its own name, in this namespace.
    pub camera_namespace: String,
}

impl RosFile {
    /// Where a camera's topics are: its name in the cameras' namespace, absolute where that is.
    pub fn camera_topic(&self, camera: &str) -> String {
        if self.camera_namespace.is_empty() {
            return camera.to_owned();
        }
        format!("{}/{camera}", self.camera_namespace.trim_end_matches('/'))
    }
}

/// What a gripper action's position is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GripperPosition {
    /// The opening between the fingers, metres.
    #[default]
    Opening,
    /// How far each finger is from closed, metres: half of it.
    Finger,
}

impl Default for RosFile {
    fn default() -> Self {
        let name = |text: &str| text.to_owned();
        Self {
            joint_states: name("joint_states"),
            arm_controller: name("arm_controller"),
            gripper_action: name("gripper_controller/gripper_cmd"),
            gripper_position: GripperPosition::default(),
            cmd_vel: name("cmd_vel"),
            cmd_vel_stamped: false,
            odom: name("odom"),
            wrench: name("wrench"),
            robot_description: name("robot_description"),
            world_frame: name("world"),
            base_frame: name("base_link"),
            camera_namespace: name(""),
        }
    }
}

/// An arm in a robot file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmFile {
    /// The joints, base to tip: every moving joint between the world and the tool.
    pub joints: Vec<JointFile>,
    /// Site (MJCF) or frame (URDF) of the tool: between the fingertips, z out of the hand.
    pub tool: String,
    /// See [`Arm::link_radius_m`].
    pub link_radius_m: f64,
    /// Where the tool may be, world frame.
    pub workspace: Aabb,
    /// Boxes that no part of the arm may enter, world frame.
    #[serde(default)]
    pub keep_out: Vec<Aabb>,
    /// Fastest tool, m/s.
    pub tool_speed_m_s: f64,
    /// The gripper.
    pub gripper: GripperFile,
}

/// A joint in a robot file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointFile {
    /// Name in the model.
    pub name: String,
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
    /// Largest deceleration of a stop, rad/s²: what the drives and the load stand now and then; `acc_rad_s2` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_acc_rad_s2: Option<f64>,
    /// Largest jerk of a stop, rad/s³; [`STOP_JERK_FACTOR`] times `jerk_rad_s3` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_jerk_rad_s3: Option<f64>,
    /// Largest deceleration of an emergency stop, rad/s²: the most that the drives can do and the robot stands without
    /// harm or losing what it holds; `stop_acc_rad_s2` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_acc_rad_s2: Option<f64>,
    /// Position in the posture to park in, radians.
    pub home_rad: f64,
}

/// A parallel gripper in a robot file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GripperFile {
    /// Sliding joints of the fingers in the model; the opening is the sum of their positions.
    pub fingers: Vec<String>,
    /// Widest opening, metres.
    pub max_width_m: f64,
    /// Largest force, newtons.
    pub max_force_n: f64,
    /// Fastest change of width, m/s.
    pub speed_m_s: f64,
    /// How deep the fingers reach beyond the tool point, metres.
    pub finger_depth_m: f64,
}

/// A differential-drive base in a robot file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseFile {
    /// Its wheels.
    pub wheels: WheelsFile,
    /// Radius of the circle around its origin that holds the whole robot, metres.
    pub radius_m: f64,
    /// Fastest forward or backward, m/s.
    pub linear_m_s: f64,
    /// Fastest turn, rad/s.
    pub angular_rad_s: f64,
    /// Largest acceleration, m/s².
    pub linear_m_s2: f64,
    /// Largest angular acceleration, rad/s².
    pub angular_rad_s2: f64,
    /// What it is told in an emergency stop: `ramp` (the default: down to zero within the accelerations above) or
    /// `at_once` (zero; it brakes itself), see [`EmergencyStop`].
    #[serde(default, skip_serializing_if = "EmergencyStop::is_ramp")]
    pub emergency_stop: EmergencyStop,
    /// Where its origin may be (z ignored), world frame.
    pub area: Aabb,
}

/// Driven wheels in a robot file: joints of the model that turn forward for positive speeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WheelsFile {
    /// Joint of the left wheel.
    pub left: String,
    /// Joint of the right wheel.
    pub right: String,
    /// Radius of a wheel, metres.
    pub radius_m: f64,
    /// Distance between the wheels, metres.
    pub track_m: f64,
}

/// The chain that a model reader found: the joints from the world to the tool, with their names.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedChain {
    /// Names, base to tip.
    pub joint_names: Vec<String>,
    /// Kinematics.
    pub chain: Chain,
}

impl RobotFile {
    /// The checked robot. `chain` is the one found in the model for the arm's tool; `None` for a robot with no arm.
    ///
    /// # Errors
    /// [`RobotError`], naming the robot, the field and the value: counts or names of joints that differ between file
    /// and model, limits that make no sense, a home posture that the guard would never let the arm reach.
    pub fn into_spec(self, chain: Option<NamedChain>) -> Result<RobotSpec, RobotError> {
        let robot = self.name.clone();
        let arm = match (self.arm, chain) {
            (Some(file), Some(named)) => Some(file.into_arm(&robot, named)?),
            (Some(_), None) => {
                return Err(RobotError::NoChain { robot, model: self.model });
            }
            (None, _) => None,
        };
        if let Some(base) = &self.base {
            for (what, value) in [("wheels radius_m", base.wheels.radius_m), ("wheels track_m", base.wheels.track_m)] {
                if !(value.is_finite() && value > 0.0) {
                    return Err(RobotError::Value { robot, what: what.to_owned(), value, want: "must be above zero" });
                }
            }
        }
        let base = self.base.map(BaseFile::into_base);
        let spec = RobotSpec { name: self.name, arm, base, cameras: self.cameras, timing: self.timing }.checked()?;
        if let Some(arm) = &spec.arm {
            let tool_m = arm.chain.world_from_tool(&arm.home_rad).translation.vector;
            if let Some(i) = (0..3).find(|&i| !(arm.workspace.min_m[i]..=arm.workspace.max_m[i]).contains(&tool_m[i])) {
                let what = format!("home_rad: tool's {} there", ["x", "y", "z"][i]);
                return Err(RobotError::Value { robot, what, value: tool_m[i], want: "must lie in the workspace" });
            }
        }
        Ok(spec)
    }
}

impl ArmFile {
    fn into_arm(self, robot: &str, named: NamedChain) -> Result<Arm, RobotError> {
        if self.joints.len() != named.chain.len() {
            let (got, want) = (self.joints.len(), named.chain.len());
            return Err(RobotError::Count { robot: robot.to_owned(), what: "joints", got, want });
        }
        if let Some((file, model)) = self.joints.iter().zip(&named.joint_names).find(|(f, m)| f.name != **m) {
            let (got, want) = (file.name.clone(), model.clone());
            return Err(RobotError::JointName { robot: robot.to_owned(), got, want });
        }
        let limits = self.joints.iter().map(|j| JointLimits {
            min_rad: j.min_rad,
            max_rad: j.max_rad,
            vel_rad_s: j.vel_rad_s,
            acc_rad_s2: j.acc_rad_s2,
            jerk_rad_s3: j.jerk_rad_s3,
            stop_acc_rad_s2: j.stop_acc_rad_s2.unwrap_or(j.acc_rad_s2),
            stop_jerk_rad_s3: j.stop_jerk_rad_s3.unwrap_or(STOP_JERK_FACTOR * j.jerk_rad_s3),
            emergency_acc_rad_s2: j.emergency_acc_rad_s2,
        });
        Ok(Arm {
            limits: limits.collect(),
            home_rad: self.joints.iter().map(|j| j.home_rad).collect(), // no more than the chain's, so it fits
            joint_names: named.joint_names,
            chain: named.chain,
            link_radius_m: self.link_radius_m,
            workspace: self.workspace,
            keep_out: self.keep_out,
            tool_speed_m_s: self.tool_speed_m_s,
            gripper: Gripper {
                max_width_m: self.gripper.max_width_m,
                max_force_n: self.gripper.max_force_n,
                speed_m_s: self.gripper.speed_m_s,
                finger_depth_m: self.gripper.finger_depth_m,
            },
        })
    }
}

impl BaseFile {
    fn into_base(self) -> Base {
        Base {
            radius_m: self.radius_m,
            linear_m_s: self.linear_m_s,
            angular_rad_s: self.angular_rad_s,
            linear_m_s2: self.linear_m_s2,
            angular_rad_s2: self.angular_rad_s2,
            emergency_stop: self.emergency_stop,
            area: self.area,
        }
    }
}
