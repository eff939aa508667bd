//! The guard on trial: a robot that follows with a lag, a client that drives it towards its limits, and a second opinion
//! on every answer.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a part serves each test file

use std::collections::BTreeMap;
use std::sync::Arc;

use ponder_core::command::{BaseTwist, Command, GripperTarget, JointTarget};
use ponder_core::geometry::Aabb;
use ponder_core::guard::{Checked, Guard, RejectCode};
use ponder_core::observation::{BaseState, Observation};
use ponder_core::robot::{JointVec, RobotSpec};
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common;
use crate::oracle::{self, Oracle, code};

/// An arm that drives, with a post in its reach: every part and limit at once.
pub fn both() -> Arc<RobotSpec> {
    let mut robot = RobotSpec { base: common::rover().base, ..(*common::arm7()).clone() };
    let post = Aabb { min_m: Vec3::new(0.5, 0.25, 0.0), max_m: Vec3::new(0.6, 0.35, 0.4) };
    robot.arm.as_mut().unwrap().keep_out.push(post);
    Arc::new(robot)
}

/// How a client of the guard behaves when it is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manners {
    /// Starts anew from the measured posture, as the loop's controller does.
    Resets,
    /// Goes on as if nothing had happened.
    Insists,
}

/// A robot that follows with a lag, a client that pushes towards the limits, and the two opinions.
pub struct Trial {
    pub rng: ChaCha8Rng,
    pub robot: Arc<RobotSpec>,
    pub guard: Guard,
    pub oracle: Oracle,
    pub senses: Observation,
    pub manners: Manners,
    pub pos_rad: Vec<f64>,
    pub vel_rad_s: Vec<f64>,
    pub aim: Vec<f64>,
    pub twist_aim: BaseTwist,
    pub tally: BTreeMap<Option<RejectCode>, usize>,
}

impl Trial {
    pub fn new(robot: Arc<RobotSpec>, seed: u64, manners: Manners, stray: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut senses = Observation { stamp: Stamp::from_s(100.0), ..Default::default() };
        let arm = robot.arm.as_ref().unwrap();
        let posture = loop {
            let spread = if stray { 3.0 } else { 0.6 };
            let one = |(home, l): (&f64, &ponder_core::robot::JointLimits), rng: &mut ChaCha8Rng| {
                let beyond = if stray { 0.1 } else { -0.05 };
                (home + rng.random_range(-spread..spread)).clamp(l.min_rad - beyond, l.max_rad + beyond)
            };
            let posture: JointVec = arm.home_rad.iter().zip(&arm.limits).map(|j| one(j, &mut rng)).collect();
            if stray || oracle::breaches(arm, &posture) == [0.0; 3] {
                break posture;
            }
        };
        senses.joint_vel_rad_s = posture.iter().map(|_| 0.0).collect();
        senses.joint_pos_rad = posture.clone();
        senses.gripper_width_m = Some(0.05);
        let wide = if stray { 3.2 } else { 2.6 };
        let at_m = Vec3::new(rng.random_range(-wide..wide), rng.random_range(-wide..wide), 0.0);
        let turn = Rotation::from_axis_angle(&Vec3::z_axis(), rng.random_range(-3.1..3.1));
        let twist = BaseTwist::default();
        senses.base = Some(BaseState { world_from_base: Pose::from_parts(at_m.into(), turn), twist });
        Self {
            guard: Guard::new(robot.clone()),
            oracle: Oracle::new(&robot),
            pos_rad: posture.to_vec(),
            vel_rad_s: vec![0.0; posture.len()],
            aim: vec![0.0; posture.len()],
            twist_aim: twist,
            tally: BTreeMap::new(),
            rng,
            robot,
            senses,
            manners,
        }
    }

    pub fn now(&self) -> Stamp {
        self.senses.stamp
    }

    pub fn period_s(&self) -> f64 {
        self.robot.timing.period_s
    }

    /// A command that a good controller could send, driven towards whatever limit lies ahead.
    pub fn wish(&mut self) -> Command {
        let arm = self.robot.arm.as_ref().unwrap();
        if self.rng.random_bool(0.03) {
            let share = *[0.05, 0.3, 1.0, 1.09].choose(&mut self.rng).unwrap();
            for (aim, limit) in self.aim.iter_mut().zip(&arm.limits) {
                *aim = *[-1.0, 0.0, 1.0].choose(&mut self.rng).unwrap() * limit.vel_rad_s * share;
            }
        }
        if self.rng.random_bool(0.03) {
            let pick = |rng: &mut ChaCha8Rng| *[-1.0, -0.5, 0.0, 0.5, 1.0, 1.0].choose(rng).unwrap();
            self.twist_aim.linear_m_s = pick(&mut self.rng) * 0.6;
            self.twist_aim.angular_rad_s = pick(&mut self.rng) * 2.0;
        }
        let period_s = self.period_s();
        let mut target = JointTarget { pos_rad: JointVec::new(), vel_rad_s: JointVec::new() };
        for (i, limit) in arm.limits.iter().enumerate() {
            let reach = limit.acc_rad_s2 * period_s;
            self.vel_rad_s[i] += (self.aim[i] - self.vel_rad_s[i]).clamp(-reach, reach);
            self.pos_rad[i] += self.vel_rad_s[i] * period_s;
            target.pos_rad.push(self.pos_rad[i]);
            // Who goes too fast says that he does not.
            let most = 1.04 * limit.vel_rad_s;
            target.vel_rad_s.push(self.vel_rad_s[i].clamp(-most, most));
        }
        let last = self.oracle.base();
        let base = self.robot.base.as_ref().unwrap();
        let towards = |from: f64, to: f64, acc: f64| from + (to - from).clamp(-acc * period_s, acc * period_s);
        Command {
            stamp: self.now(),
            deadline: self.now().plus_s(period_s),
            arm: Some(target),
            gripper: self.rng.random_bool(0.2).then_some(GripperTarget { width_m: 0.04, force_n: 20.0 }),
            base: Some(BaseTwist {
                linear_m_s: towards(last.linear_m_s, self.twist_aim.linear_m_s, base.linear_m_s2),
                angular_rad_s: towards(last.angular_rad_s, self.twist_aim.angular_rad_s, base.angular_rad_s2),
            }),
        }
    }

    /// The guard's answer, judged; then a period passes in which the robot follows.
    pub fn turn(&mut self, command: &Command) -> Checked {
        let now = self.now();
        let senses = self.senses.clone();
        self.turn_with(now, command, &senses)
    }

    pub fn turn_with(&mut self, now: Stamp, command: &Command, senses: &Observation) -> Checked {
        let checked = self.guard.check(now, command, senses);
        if let Err(wrong) = self.oracle.follow(now, command, senses, &checked) {
            panic!("{wrong}\nasked {command:?}\nrejected {:?}", checked.rejected());
        }
        *self.tally.entry(code(&checked)).or_default() += 1;
        self.pass(&checked);
        if checked.rejected().is_some() && self.manners == Manners::Resets {
            self.pos_rad = self.senses.joint_pos_rad.to_vec();
            self.vel_rad_s.iter_mut().for_each(|v| *v = 0.0);
        }
        checked
    }

    pub fn pass(&mut self, checked: &Checked) {
        let period_s = self.period_s();
        if let Some(target) = &checked.command().arm {
            for (i, to) in target.pos_rad.iter().enumerate() {
                let vel = (to - self.senses.joint_pos_rad[i]) / 0.03;
                self.senses.joint_pos_rad[i] += vel * period_s;
                self.senses.joint_vel_rad_s[i] = vel;
            }
        }
        let (twist, base) = (checked.command().base.unwrap(), self.senses.base.as_mut().unwrap());
        // Along the very arc, so that what leaves the area is the guard's fault.
        let step = Rotation::from_axis_angle(&Vec3::z_axis(), twist.angular_rad_s * period_s * 0.5);
        let half = Pose::from_parts(Vec3::zeros().into(), step);
        let along = Pose::translation(twist.linear_m_s * period_s, 0.0, 0.0);
        base.world_from_base *= half * along * half;
        base.twist = twist;
        self.senses.stamp = self.senses.stamp.plus_s(period_s);
        self.senses.seq += 1;
    }

    /// How far the base is out of its area, metres.
    pub fn base_outside_m(&self) -> f64 {
        let mut at_m = self.senses.base.unwrap().world_from_base.translation.vector;
        at_m.z = 0.0;
        let area = self.robot.base.as_ref().unwrap().area;
        (0..2).map(|i| (area.min_m[i] - at_m[i]).max(at_m[i] - area.max_m[i]).max(0.0)).fold(0.0, f64::hypot)
    }
}

/// Adds what a trial met to what others did.
pub fn add(all: &mut BTreeMap<Option<RejectCode>, usize>, trial: &Trial) {
    for (code, count) in &trial.tally {
        *all.entry(*code).or_default() += count;
    }
}
