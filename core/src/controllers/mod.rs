//! The controllers of a robot's parts and [`RobotController`], which gives each of them its share of an action. In the
//! ring: Action → Controller → Command. The part that an action is not about holds still, and the gripper keeps its
//! grip. Everything stands on the robot file's own kinematics and limits, and the same inputs give the same commands
//! to the bit.

pub mod arm;
pub mod base;
pub mod clearance;
pub mod comfort;
pub mod curve;
pub mod gripper;
pub mod ik;
pub mod motion;
pub mod path;
pub mod planner;
pub mod profile;
pub mod watch;

use std::sync::Arc;

use arm::ArmController;
use base::BaseController;
use gripper::GripperController;

use crate::Vec3;
use crate::action::{Action, MotionRefusal, MotionState, MotionStatus, Path};
use crate::command::{Command, GripperTarget};
use crate::controller::Controller;
use crate::observation::Observation;
use crate::robot::RobotSpec;

/// A command is good for so many periods.
const DEADLINE_PERIODS: f64 = 2.0;
/// How far a number may be off its range before the action counts as malformed.
const SLACK: f64 = 1e-6;

/// Controls any robot that a robot file can describe.
pub struct RobotController {
    robot: Arc<RobotSpec>,
    arm: Option<ArmController>,
    gripper: Option<GripperController>,
    base: Option<BaseController>,
}

impl RobotController {
    /// For a checked robot. All memory it will need is taken here.
    pub fn new(robot: Arc<RobotSpec>) -> Self {
        let period_s = robot.timing.period_s;
        Self {
            arm: robot.arm.as_ref().map(|arm| ArmController::new(arm, period_s)),
            gripper: robot.arm.as_ref().map(|arm| GripperController::new(arm.gripper, period_s)),
            base: robot.base.as_ref().map(|base| BaseController::new(*base, period_s)),
            robot,
        }
    }

    /// Is the action one that this robot's parts can take up?
    fn check(&self, action: &Action) -> Result<(), MotionRefusal> {
        let has_part = match action {
            Action::Hold | Action::Park => true,
            Action::Reach { .. } | Action::Grip { .. } => self.arm.is_some(),
            Action::Drive { .. } | Action::LookAt { .. } => self.base.is_some(),
        };
        let share = |speed: f64| speed > 0.0 && speed <= 1.0 + SLACK;
        let finite = |vector: &Vec3| vector.iter().all(|v| v.is_finite());
        let well_formed = match action {
            Action::Hold | Action::Park => true,
            Action::Reach { world_from_tool, path, speed, until_contact_n } => {
                let pose = finite(&world_from_tool.translation.vector)
                    && (world_from_tool.rotation.as_vector().norm() - 1.0).abs() < 1e-3;
                let way = match path {
                    Path::Joint | Path::Straight => true,
                    Path::Arc { about_m, axis, angle_rad } => {
                        finite(about_m) && (axis.norm() - 1.0).abs() < 1e-3 && angle_rad.abs() <= std::f64::consts::TAU
                    }
                };
                pose && way
                    && share(*speed)
                    && until_contact_n.is_none_or(|force_n| force_n > 0.0 && force_n.is_finite())
            }
            Action::Grip { width_m, force_n } => self.robot.arm.as_ref().is_some_and(|arm| {
                let within = |value: f64, max: f64| value >= -SLACK && value <= max + SLACK;
                within(*width_m, arm.gripper.max_width_m) && within(*force_n, arm.gripper.max_force_n) && *force_n > 0.0
            }),
            Action::Drive { x_m, y_m, yaw_rad, speed } => {
                x_m.is_finite() && y_m.is_finite() && yaw_rad.is_none_or(f64::is_finite) && share(*speed)
            }
            Action::LookAt { point_m } => finite(point_m),
        };
        match (has_part, well_formed) {
            (false, _) => Err(MotionRefusal::NoSuchPart),
            (true, false) => Err(MotionRefusal::Malformed),
            (true, true) => Ok(()),
        }
    }
}

impl Controller for RobotController {
    fn tick(&mut self, action: &Action, observation: &Observation) -> (Command, MotionStatus) {
        let checked = self.check(action);
        let asked = if checked.is_ok() { *action } else { Action::Hold };
        let for_arm = match asked {
            Action::Reach { .. } | Action::Park => asked,
            _ => Action::Hold,
        };
        let for_gripper = match asked {
            Action::Grip { width_m, force_n } => self.robot.arm.as_ref().map(|arm| GripperTarget {
                width_m: width_m.clamp(0.0, arm.gripper.max_width_m),
                force_n: force_n.min(arm.gripper.max_force_n),
            }),
            _ => None,
        };
        let for_base = match asked {
            Action::Drive { .. } | Action::LookAt { .. } => asked,
            _ => Action::Hold,
        };
        let stamp = observation.stamp;
        let mut command = Command::nothing(stamp, stamp.plus_s(DEADLINE_PERIODS * self.robot.timing.period_s));
        let (mut arm_state, mut gripper_state, mut base_state) =
            (MotionState::Reached, MotionState::Reached, MotionState::Reached);
        if let Some(arm) = &mut self.arm {
            (command.arm, arm_state) = arm.tick(&for_arm, observation);
        }
        if let Some(gripper) = &mut self.gripper {
            (command.gripper, gripper_state) = gripper.tick(for_gripper, observation.gripper_width_m);
        }
        if let Some(base) = &mut self.base {
            let (twist, state) = base.tick(&for_base, observation.base.as_ref());
            (command.base, base_state) = (Some(twist), state);
        }
        let state = match (checked, asked) {
            (Err(refusal), _) => MotionState::Refused(refusal),
            (Ok(()), Action::Hold) if arm_state == MotionState::Reached => base_state,
            (Ok(()), Action::Park) if self.arm.is_none() => base_state,
            (Ok(()), Action::Hold | Action::Reach { .. } | Action::Park) => arm_state,
            (Ok(()), Action::Grip { .. }) => gripper_state,
            (Ok(()), Action::Drive { .. } | Action::LookAt { .. }) => base_state,
        };
        (command, MotionStatus { action: *action, state })
    }

    fn reset(&mut self, _observation: &Observation) {
        if let Some(arm) = &mut self.arm {
            arm.reset();
        }
        if let Some(gripper) = &mut self.gripper {
            gripper.reset();
        }
        if let Some(base) = &mut self.base {
            base.reset();
        }
    }
}
