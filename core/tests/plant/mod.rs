//! A small ideal robot for controller tests: joints and wheels follow their targets with a lag, fingers stop on what is
//! between them, and what the controller sends is held against the robot file's limits every period.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)] // a part serves each test file; what fails is a test

use std::sync::Arc;

use ponder_core::action::{Action, MotionState};
use ponder_core::command::Command;
use ponder_core::controller::Controller;
use ponder_core::controllers::RobotController;
use ponder_core::observation::{BaseState, Observation, Wrench};
use ponder_core::robot::RobotSpec;
use ponder_core::{Pose, Stamp, Vec3};

/// Time constant of the joints, seconds.
const LAG_S: f64 = 0.03;

/// The robot, its controller, and what was sent so far.
pub struct Plant {
    pub robot: Arc<RobotSpec>,
    pub controller: RobotController,
    pub observation: Observation,
    /// Joint setpoints sent, one row a period.
    pub sent: Vec<Vec<f64>>,
    /// Joints that do not move.
    pub frozen: bool,
    /// Wheels that slip.
    pub stuck: bool,
    /// Width of a thing between the fingers, metres.
    pub between_m: f64,
    /// Height of a floor that pushes back with 5 N/mm.
    pub floor_m: Option<f64>,
    /// Are there stops among the motions, which may brake and jerk more than others?
    pub stops: bool,
}

impl Plant {
    pub fn new(robot: Arc<RobotSpec>) -> Self {
        let mut observation = Observation::default();
        if let Some(arm) = &robot.arm {
            observation.joint_pos_rad = arm.home_rad.clone();
            observation.joint_vel_rad_s = arm.home_rad.iter().map(|_| 0.0).collect();
            observation.gripper_width_m = Some(arm.gripper.max_width_m);
            observation.wrench = Some(Wrench { force_n: Vec3::zeros(), torque_nm: Vec3::zeros() });
        }
        observation.base =
            robot.base.map(|_| BaseState { world_from_base: Pose::identity(), twist: Default::default() });
        let controller = RobotController::new(robot.clone());
        let (frozen, stuck, between_m, floor_m, stops) = (false, false, 0.0, None, false);
        Self { robot, controller, observation, sent: Vec::new(), frozen, stuck, between_m, floor_m, stops }
    }

    /// The arm alone with both parts' limits: for tests in which every action has its part.
    pub fn both(arm: &RobotSpec, base: &RobotSpec) -> Self {
        Self::new(Arc::new(RobotSpec { base: base.base, ..arm.clone() }))
    }

    pub fn tool(&self) -> Pose {
        self.robot.arm.as_ref().unwrap().chain.world_from_tool(&self.observation.joint_pos_rad)
    }

    /// Tool's pose at the latest setpoint.
    pub fn sent_tool(&self) -> Pose {
        self.robot.arm.as_ref().unwrap().chain.world_from_tool(self.sent.last().unwrap())
    }

    /// One period. Panics when a command breaks a limit.
    pub fn tick(&mut self, action: &Action) -> MotionState {
        let (command, status) = self.controller.tick(action, &self.observation);
        assert_eq!(command.stamp, self.observation.stamp);
        self.check(&command);
        self.follow(&command);
        status.of(action)
    }

    /// Turns until the state is no longer `Moving`; panics after `most_s`.
    pub fn run(&mut self, action: &Action, most_s: f64) -> MotionState {
        let periods = (most_s / self.robot.timing.period_s) as usize;
        for _ in 0..periods {
            let state = self.tick(action);
            if state != MotionState::Moving {
                return state;
            }
        }
        panic!("still moving after {most_s} s: {action:?}");
    }

    /// Ignores the action's state for a while.
    pub fn for_s(&mut self, action: &Action, seconds: f64) {
        for _ in 0..(seconds / self.robot.timing.period_s).round() as usize {
            self.tick(action);
        }
    }

    fn check(&mut self, command: &Command) {
        let period_s = self.robot.timing.period_s;
        if let (Some(target), Some(arm)) = (&command.arm, &self.robot.arm) {
            assert_eq!(target.pos_rad.len(), arm.limits.len());
            self.sent.push(target.pos_rad.to_vec());
            let n = self.sent.len();
            for (i, limit) in arm.limits.iter().enumerate() {
                let pos = target.pos_rad[i];
                assert!(pos >= limit.min_rad - 1e-9 && pos <= limit.max_rad + 1e-9, "joint {i} at {pos}: {limit:?}");
                assert!(target.vel_rad_s[i].abs() <= limit.vel_rad_s * 1.0001, "joint {i} at {}", target.vel_rad_s[i]);
                let p = |back: usize| self.sent[n - 1 - back][i];
                if n >= 2 {
                    let vel = (p(0) - p(1)) / period_s;
                    assert!(vel.abs() <= limit.vel_rad_s * 1.0001, "joint {i}: {vel} rad/s, {limit:?}");
                }
                if n >= 3 {
                    let acc = (p(0) - 2.0 * p(1) + p(2)) / period_s.powi(2);
                    let most = match self.stops {
                        true => limit.acc_between_rad_s2(p(1) - p(2), p(0) - p(1)),
                        false => limit.acc_rad_s2,
                    };
                    assert!(acc.abs() <= most * 1.001, "joint {i}: {acc} rad/s², {limit:?}");
                }
                if n >= 4 {
                    let jerk = (p(0) - 3.0 * p(1) + 3.0 * p(2) - p(3)) / period_s.powi(3);
                    let most = if self.stops { limit.stop_jerk_rad_s3 } else { limit.jerk_rad_s3 };
                    assert!(jerk.abs() <= most * 1.01 + 0.5, "joint {i}: {jerk} rad/s³, {limit:?}");
                }
            }
            if n >= 2 {
                let at_m = |row: &Vec<f64>| arm.chain.world_from_tool(row).translation.vector;
                let speed_m_s = (at_m(&self.sent[n - 1]) - at_m(&self.sent[n - 2])).norm() / period_s;
                assert!(speed_m_s <= arm.tool_speed_m_s, "tool at {speed_m_s} m/s");
            }
        }
        if let (Some(target), Some(arm)) = (command.gripper, &self.robot.arm) {
            assert!(target.width_m >= 0.0 && target.width_m <= arm.gripper.max_width_m);
            assert!(target.force_n > 0.0 && target.force_n <= arm.gripper.max_force_n);
        }
        if let (Some(twist), Some(base)) = (command.base, &self.robot.base) {
            assert!(twist.linear_m_s.abs() <= base.linear_m_s + 1e-9);
            assert!(twist.angular_rad_s.abs() <= base.angular_rad_s + 1e-9);
        }
    }

    pub fn follow(&mut self, command: &Command) {
        let period_s = self.robot.timing.period_s;
        let observation = &mut self.observation;
        if let Some(target) = &command.arm {
            for (i, target) in target.pos_rad.iter().enumerate() {
                let vel = if self.frozen { 0.0 } else { (target - observation.joint_pos_rad[i]) / (LAG_S + period_s) };
                observation.joint_vel_rad_s[i] = vel;
                observation.joint_pos_rad[i] += vel * period_s;
            }
        }
        if let (Some(floor_m), Some(arm)) = (self.floor_m, &self.robot.arm) {
            let tool = arm.chain.world_from_tool(&observation.joint_pos_rad);
            let push_n = 5000.0 * (floor_m - tool.translation.z).max(0.0);
            // Half a kilogram of hand hangs on the sensor all the time.
            let force_n = tool.rotation.inverse() * Vec3::new(0.0, 0.0, push_n - 5.0);
            observation.wrench = Some(Wrench { force_n, torque_nm: Vec3::zeros() });
        }
        if let (Some(target), Some(width_m)) = (command.gripper, &mut observation.gripper_width_m) {
            let moved = (target.width_m - *width_m) * 0.3;
            *width_m = (*width_m + moved).max(self.between_m);
        }
        if let (Some(twist), Some(base)) = (command.base, &mut observation.base) {
            let share = if self.stuck { 0.0 } else { 0.3 };
            base.twist.linear_m_s += share * (twist.linear_m_s - base.twist.linear_m_s);
            base.twist.angular_rad_s += share * (twist.angular_rad_s - base.twist.angular_rad_s);
            let step = Vec3::x() * base.twist.linear_m_s * period_s;
            let turn = Vec3::z() * base.twist.angular_rad_s * period_s;
            base.world_from_base *= Pose::new(step, turn);
        }
        observation.stamp = observation.stamp.plus_s(period_s);
        observation.seq += 1;
        assert!(observation.stamp > Stamp(0));
    }
}
