//! Tens of thousands of hostile commands at the guard: whatever it answers, a second opinion finds every limit kept,
//! every refusal explained, and every stop a stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod common;
mod oracle;

use std::collections::BTreeMap;
use std::sync::Arc;

use oracle::{Oracle, code};
use ponder_core::command::{BaseTwist, Command, GripperTarget, JointTarget};
use ponder_core::geometry::Aabb;
use ponder_core::guard::{Checked, Guard, RejectCode};
use ponder_core::observation::{BaseState, Observation, SensorFault};
use ponder_core::robot::{JointVec, RobotSpec};
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// An arm that drives, with a post in its reach: every part and limit at once.
fn both() -> Arc<RobotSpec> {
    let mut robot = RobotSpec { base: common::rover().base, ..(*common::arm7()).clone() };
    let post = Aabb { min_m: Vec3::new(0.5, 0.25, 0.0), max_m: Vec3::new(0.6, 0.35, 0.4) };
    robot.arm.as_mut().unwrap().keep_out.push(post);
    Arc::new(robot)
}

/// How a client of the guard behaves when it is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manners {
    /// Starts anew from the measured posture, as the loop's controller does.
    Resets,
    /// Goes on as if nothing had happened.
    Insists,
}

/// A robot that follows with a lag, a client that pushes towards the limits, and the two opinions.
struct Trial {
    rng: ChaCha8Rng,
    robot: Arc<RobotSpec>,
    guard: Guard,
    oracle: Oracle,
    senses: Observation,
    manners: Manners,
    pos_rad: Vec<f64>,
    vel_rad_s: Vec<f64>,
    aim: Vec<f64>,
    twist_aim: BaseTwist,
    tally: BTreeMap<Option<RejectCode>, usize>,
}

impl Trial {
    fn new(robot: Arc<RobotSpec>, seed: u64, manners: Manners, stray: bool) -> Self {
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

    fn now(&self) -> Stamp {
        self.senses.stamp
    }

    fn period_s(&self) -> f64 {
        self.robot.timing.period_s
    }

    /// A command that a good controller could send, driven towards whatever limit lies ahead.
    fn wish(&mut self) -> Command {
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
    fn turn(&mut self, command: &Command) -> Checked {
        let now = self.now();
        let senses = self.senses.clone();
        self.turn_with(now, command, &senses)
    }

    fn turn_with(&mut self, now: Stamp, command: &Command, senses: &Observation) -> Checked {
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

    fn pass(&mut self, checked: &Checked) {
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
    fn base_outside_m(&self) -> f64 {
        let mut at_m = self.senses.base.unwrap().world_from_base.translation.vector;
        at_m.z = 0.0;
        let area = self.robot.base.as_ref().unwrap().area;
        (0..2).map(|i| (area.min_m[i] - at_m[i]).max(at_m[i] - area.max_m[i]).max(0.0)).fold(0.0, f64::hypot)
    }
}

fn add(all: &mut BTreeMap<Option<RejectCode>, usize>, trial: &Trial) {
    for (code, count) in &trial.tally {
        *all.entry(*code).or_default() += count;
    }
}

/// Makes a good command bad in one way; the code that must be said, where only one is right.
fn spoil(rng: &mut ChaCha8Rng, command: &mut Command, robot: &RobotSpec, now: Stamp) -> Option<RejectCode> {
    use RejectCode::*;
    let junk = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let huge = [1e3, -1e6, 1e18, -1e300, f64::MAX];
    let arm = robot.arm.as_ref().unwrap();
    let joint = rng.random_range(0..arm.limits.len());
    let limit = arm.limits[joint];
    let target = command.arm.as_mut().unwrap();
    let gripper = GripperTarget { width_m: 0.04, force_n: 20.0 };
    match rng.random_range(0..22) {
        0 => target.pos_rad[joint] = *junk.choose(rng).unwrap(),
        1 => target.vel_rad_s[joint] = *junk.choose(rng).unwrap(),
        2 => command.gripper = Some(GripperTarget { width_m: *junk.choose(rng).unwrap(), ..gripper }),
        3 => command.gripper = Some(GripperTarget { force_n: *junk.choose(rng).unwrap(), ..gripper }),
        4 => command.base.as_mut().unwrap().linear_m_s = *junk.choose(rng).unwrap(),
        5 => command.base.as_mut().unwrap().angular_rad_s = *junk.choose(rng).unwrap(),
        6 => {
            target.pos_rad.pop();
            return Some(JointCount);
        }
        7 => {
            target.vel_rad_s.truncate(rng.random_range(0..3));
            return Some(JointCount);
        }
        8 => {
            target.pos_rad.push(0.0);
            return Some(JointCount);
        }
        9 => {
            target.pos_rad[joint] = *huge.choose(rng).unwrap();
            return Some(JointJump);
        }
        10 => {
            target.vel_rad_s[joint] = *huge.choose(rng).unwrap();
            return Some(JointVelocity);
        }
        11 => {
            target.vel_rad_s[joint] = limit.vel_rad_s * 1.06;
            return Some(JointVelocity);
        }
        12 => {
            let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
            target.pos_rad[joint] += sign * rng.random_range(0.03..3.0);
            return Some(JointJump);
        }
        13 => {
            // No speed too high, but a change of speed that no joint can make.
            target.pos_rad[joint] += 3.0 * limit.acc_rad_s2 * robot.timing.period_s.powi(2);
            return None; // at rest after a stop this much is granted
        }
        14 => {
            command.stamp = Stamp(now.0 - (rng.random_range(0.2..50.0) * 1e9) as u64);
            return Some(StaleCommand);
        }
        15 => {
            command.stamp = now.plus_s(rng.random_range(0.02..1e6));
            return Some(StaleCommand);
        }
        16 => {
            command.deadline = Stamp(now.0 - rng.random_range(1..1_000_000_000));
            return Some(StaleCommand);
        }
        17 => {
            let width_m = *[-0.01, 0.09, 1.0, -1e9, 1e300].choose(rng).unwrap();
            command.gripper = Some(GripperTarget { width_m, ..gripper });
            return Some(GripperWidth);
        }
        18 => {
            let force_n = *[-1.0, 78.0, 1e9, f64::MAX].choose(rng).unwrap();
            command.gripper = Some(GripperTarget { force_n, ..gripper });
            return Some(GripperForce);
        }
        19 => {
            command.base.as_mut().unwrap().linear_m_s = *[0.76, -0.8, 1e9, f64::MIN].choose(rng).unwrap();
            return Some(BaseSpeed);
        }
        20 => {
            command.base.as_mut().unwrap().angular_rad_s = *[2.6, -3.0, 1e9, f64::MIN].choose(rng).unwrap();
            return Some(BaseSpeed);
        }
        _ => {
            // Slightly over: shortened or refused, never sent.
            command.gripper = Some(GripperTarget { width_m: 0.083, force_n: 75.0 });
            command.base = Some(BaseTwist { linear_m_s: 0.7, angular_rad_s: -2.2 });
            return None;
        }
    }
    Some(NotFinite)
}

#[test]
fn creeping_towards_every_limit_breaks_none() {
    let robot = both();
    let mut all = BTreeMap::new();
    for seed in 0..240 {
        let manners = if seed % 2 == 0 { Manners::Resets } else { Manners::Insists };
        let mut trial = Trial::new(robot.clone(), seed, manners, false);
        for _ in 0..250 {
            let wish = trial.wish();
            trial.turn(&wish);
            assert!(trial.base_outside_m() < 2e-3, "{} m out of its area", trial.base_outside_m());
        }
        add(&mut all, &trial);
    }
    println!("{all:?}");
    for limit in [
        RejectCode::JointPosition,
        RejectCode::JointJump,
        RejectCode::Workspace,
        RejectCode::KeepOut,
        RejectCode::ToolSpeed,
        RejectCode::BaseArea,
    ] {
        assert!(all.get(&Some(limit)).is_some_and(|n| *n > 50), "{limit:?} was hardly tried: {all:?}");
    }
    assert!(all[&None] > 10_000, "hardly anything passed: {all:?}");
}

#[test]
fn spoilt_commands_are_refused_for_the_right_reason() {
    let robot = both();
    let mut all = BTreeMap::new();
    let mut spoilt = 0;
    for seed in 0..300 {
        let mut trial = Trial::new(robot.clone(), 1000 + seed, Manners::Resets, false);
        for turn in 0..150 {
            let mut wish = trial.wish();
            let before = trial.oracle.gripper();
            // Let it get up speed between the blows.
            if turn % 3 != 0 && seed % 3 != 0 {
                trial.turn(&wish);
                continue;
            }
            let now = trial.now();
            let want = spoil(&mut trial.rng, &mut wish, &robot, now);
            let got = trial.turn(&wish);
            spoilt += 1;
            if let Some(want) = want {
                let got_code = code(&got).unwrap_or_else(|| panic!("passed: {wish:?}"));
                // Where two things are wrong at once (a jump while it still brakes), either may be named.
                let other = [RejectCode::JointJump, RejectCode::JointVelocity, RejectCode::JointPosition];
                let space = [RejectCode::Workspace, RejectCode::KeepOut, RejectCode::ToolSpeed, RejectCode::BaseArea];
                let early = matches!(want, RejectCode::NotFinite | RejectCode::JointCount | RejectCode::StaleCommand);
                let also = !early && (other.contains(&got_code) || space.contains(&got_code));
                assert!(got_code == want || also, "{want:?} wanted, {got_code:?} said: {wish:?}");
                assert_eq!(got.command().gripper, before, "the grip is kept");
            }
        }
        add(&mut all, &trial);
    }
    println!("{spoilt} spoilt: {all:?}");
    assert!(spoilt >= 20_000);
}

#[test]
fn what_is_found_outside_may_only_move_inwards() {
    let robot = both();
    let mut all = BTreeMap::new();
    for seed in 0..300 {
        let mut trial = Trial::new(robot.clone(), 5000 + seed, Manners::Resets, true);
        let mut outside_m = trial.base_outside_m();
        for _ in 0..120 {
            let wish = trial.wish();
            trial.turn(&wish);
            assert!(trial.base_outside_m() < outside_m.max(0.0) + 2e-3, "{outside_m} m, then farther out");
            outside_m = outside_m.min(trial.base_outside_m());
        }
        add(&mut all, &trial);
    }
    println!("{all:?}");
}

#[test]
fn whatever_lessens_a_breach_passes() {
    let robot = both();
    let arm = robot.arm.as_ref().unwrap();
    let vel_rad_s = 0.02; // any change of course is within accelerations
    let (mut led, mut tried, mut asked, mut refused) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut trial = Trial::new(robot.clone(), 7000 + seed, Manners::Resets, true);
        let outside =
            |pos_rad: &[f64], i: usize| (arm.limits[i].min_rad - pos_rad[i]).max(pos_rad[i] - arm.limits[i].max_rad);
        tried += usize::from(oracle::breaches(arm, &trial.pos_rad) != [0.0; 3]);
        for _ in 0..3000 {
            let from = trial.pos_rad.clone();
            let here = oracle::breaches(arm, &from);
            if here == [0.0; 3] {
                led += 1;
                break;
            }
            // Downhill, or some way aside of it, that lessens what is broken and breaks nothing else.
            let slope = |i: usize| {
                let mut beside = from.clone();
                beside[i] += 1e-5;
                oracle::breaches(arm, &beside).iter().sum::<f64>() - here.iter().sum::<f64>()
            };
            let slopes: Vec<f64> = (0..from.len()).map(slope).collect();
            let steepest = slopes.iter().fold(1e-12, |most: f64, s| most.max(s.abs()));
            let lessens = |course: &[f64]| {
                let along =
                    |time_s: f64| -> Vec<f64> { from.iter().zip(course).map(|(p, v)| p + v * time_s).collect() };
                let (next, rest) = (along(0.01), along(0.03));
                let joints = (0..from.len()).all(|i| outside(&rest, i) <= outside(&from, i).max(0.0));
                let there = [oracle::breaches(arm, &next), oracle::breaches(arm, &rest)];
                joints && (1..3).all(|i| there.iter().all(|b| b[i] == 0.0 || b[i] < here[i] - 1e-5))
            };
            let course = (0..20).find_map(|attempt| {
                let mut one = |i: usize| {
                    let aside = f64::from(attempt) * 0.1 * trial.rng.random_range(-1.0..1.0);
                    let inwards = outside(&from, i) > -1e-3 && slopes[i] == 0.0;
                    if inwards { 0.0 } else { vel_rad_s * (aside - slopes[i] / steepest).clamp(-1.0, 1.0) }
                };
                let course: Vec<f64> = (0..from.len()).map(&mut one).collect();
                lessens(&course).then_some(course)
            });
            let Some(course) = course else { break };
            let target = JointTarget {
                pos_rad: from.iter().zip(&course).map(|(p, v)| p + v * 0.01).collect(),
                vel_rad_s: course.iter().copied().collect(),
            };
            let now = trial.now();
            let wish = Command { arm: Some(target.clone()), ..Command::nothing(now, now.plus_s(0.01)) };
            trial.pos_rad = target.pos_rad.to_vec();
            asked += 1;
            let passed = trial.turn(&wish).rejected();

            refused += usize::from(passed.is_some_and(|r| r.code != RejectCode::JointJump));
        }
    }
    println!("{led} of {tried} led back, {refused} of {asked} refused");
    // The others are far out, or on the wrong side of the post: half a minute does not bring them back.
    assert!(tried > 40 && led > 20, "only {led} of {tried}");
    assert!(asked > 10_000 && refused * 1000 < asked, "{refused} of {asked} refused");
}

#[test]
fn braking_from_any_motion_keeps_accelerations() {
    let robot = both();
    let arm = robot.arm.as_ref().unwrap();
    for seed in 0..400 {
        let mut trial = Trial::new(robot.clone(), 9000 + seed, Manners::Insists, false);
        // Found in full motion, then stopped: there is nothing to hold on to but the measured speeds.
        for (vel, limit) in trial.senses.joint_vel_rad_s.iter_mut().zip(&arm.limits) {
            *vel = trial.rng.random_range(-limit.vel_rad_s..limit.vel_rad_s);
        }
        trial.senses.base.as_mut().unwrap().twist = BaseTwist {
            linear_m_s: trial.rng.random_range(-0.6..0.6),
            angular_rad_s: trial.rng.random_range(-2.0..2.0),
        };
        if seed % 2 == 0 {
            trial.guard.stop();
        }
        for turn in 0..80 {
            let mut wish = trial.wish();
            wish.arm.as_mut().unwrap().pos_rad[0] += 1.0;
            let got = trial.turn(&wish);
            assert!(got.rejected().is_some());
            let rest = trial.oracle.arm_speed() == 0.0;
            assert!(turn < 40 || rest, "still moving after {turn} periods");
        }
        let base = trial.oracle.base();
        assert_eq!((base.linear_m_s, base.angular_rad_s), (0.0, 0.0));
    }
}

#[test]
fn an_emergency_stop_latches_until_it_is_resumed_at_rest() {
    let robot = both();
    for seed in 0..100 {
        let mut trial = Trial::new(robot.clone(), 11_000 + seed, Manners::Resets, false);
        for _ in 0..40 {
            let wish = trial.wish();
            trial.turn(&wish);
        }
        let moved = trial.oracle.arm_speed() > 0.0;
        trial.guard.stop();
        if moved {
            assert!(trial.guard.resume(&trial.senses).is_err(), "still in motion");
            assert!(trial.guard.is_stopped());
        }
        for _ in 0..80 {
            let wish = trial.wish();
            assert_eq!(code(&trial.turn(&wish)), Some(RejectCode::EmergencyStop));
        }
        let mut blind = trial.senses.clone();
        blind.joint_pos_rad[3] = f64::NAN;
        assert_eq!(trial.guard.resume(&blind).unwrap_err().code, RejectCode::SensorFault);
        blind.clone_from(&trial.senses);
        blind.stamp = Stamp(0);
        assert_eq!(trial.guard.resume(&blind).unwrap_err().code, RejectCode::StaleObservation);
        blind.clone_from(&trial.senses);
        blind.joint_vel_rad_s[2] = 0.3;
        assert_eq!(trial.guard.resume(&blind).unwrap_err().code, RejectCode::JointVelocity);
        trial.guard.resume(&trial.senses).unwrap();
        trial.oracle.resumed(&trial.senses);
        assert!(!trial.guard.is_stopped());
        // Not from somewhere else …
        let mut wish = trial.wish();
        wish.base = None;
        let start: Vec<f64> = trial.senses.joint_pos_rad.to_vec();
        let mut set = |offset_rad: f64, trial: &mut Trial| {
            (wish.stamp, wish.deadline) = (trial.now(), trial.now().plus_s(0.01));
            let target = wish.arm.as_mut().unwrap();
            (target.pos_rad, target.vel_rad_s) =
                (start.iter().map(|p| p + offset_rad).collect(), start.iter().map(|_| 0.0).collect());
            trial.turn(&wish)
        };
        assert_eq!(code(&set(0.05, &mut trial)), Some(RejectCode::JointJump));
        // … but from where it stands.
        assert_eq!(code(&set(0.0, &mut trial)), None);
    }
}

#[test]
fn faulty_or_old_senses_stop_it_and_cameras_do_not() {
    let robot = both();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for seed in 0..200 {
        let mut trial = Trial::new(robot.clone(), 13_000 + seed, Manners::Resets, false);
        for _ in 0..30 {
            let wish = trial.wish();
            trial.turn(&wish);
        }
        for _ in 0..50 {
            let wish = trial.wish();
            let mut senses = trial.senses.clone();
            let joint = rng.random_range(0..7);
            let mut now = trial.now();
            let want = match rng.random_range(0..8) {
                0 => {
                    senses.joint_pos_rad[joint] = f64::NAN;
                    RejectCode::SensorFault
                }
                1 => {
                    senses.joint_vel_rad_s[joint] = f64::INFINITY;
                    RejectCode::SensorFault
                }
                2 => {
                    senses.joint_pos_rad.pop();
                    RejectCode::SensorFault
                }
                3 => {
                    senses.faults.push(SensorFault::JointsSilent);
                    RejectCode::SensorFault
                }
                4 => {
                    senses.faults.push(SensorFault::JointNotFinite);
                    RejectCode::SensorFault
                }
                5 => {
                    senses.base.as_mut().unwrap().world_from_base.translation.x = f64::NAN;
                    RejectCode::SensorFault
                }
                6 => {
                    senses.stamp = Stamp(now.0 - 200_000_000);
                    RejectCode::StaleObservation
                }
                _ => {
                    senses.stamp = now.plus_s(1.0);
                    RejectCode::StaleObservation
                }
            };
            let got = trial.turn_with(now, &wish, &senses);
            assert_eq!(code(&got), Some(want));
            now = trial.now();
            let mut senses = trial.senses.clone();
            senses.faults.push(SensorFault::CameraFrozen);
            senses.faults.push(SensorFault::CameraSilent);
            let hold = Command::nothing(now, now.plus_s(0.01));
            assert_eq!(code(&trial.turn_with(now, &hold, &senses)), None);
        }
    }
}

#[test]
fn parts_that_are_not_there_are_not_moved() {
    let (arm7, rover) = (common::arm7(), common::rover());
    let mut trial = Trial::new(both(), 1, Manners::Resets, false);
    let wish = trial.wish();
    let senses = trial.senses.clone();
    let stamp = wish.stamp;
    let only = |arm: bool, gripper: bool, base: bool| Command {
        arm: if arm { wish.arm.clone() } else { None },
        gripper: gripper.then_some(GripperTarget { width_m: 0.01, force_n: 1.0 }),
        base: if base { wish.base } else { None },
        ..Command::nothing(stamp, wish.deadline)
    };
    for (robot, command, part) in [
        (&rover, only(true, false, false), 0),
        (&rover, only(false, true, true), 1),
        (&arm7, only(true, true, true), 2),
    ] {
        let checked = Guard::new(robot.clone()).check(stamp, &command, &senses);
        let rejection = checked.rejected().unwrap();
        assert_eq!((rejection.code, rejection.index), (RejectCode::NoSuchPart, part));
        assert!(robot.arm.is_some() || (checked.command().arm.is_none() && checked.command().gripper.is_none()));
        assert!(robot.base.is_some() || checked.command().base.is_none());
    }
}

#[test]
fn commands_that_come_too_fast_do_not_make_the_robot_faster() {
    let robot = both();
    let arm = robot.arm.as_ref().unwrap();
    for seed in 0..60 {
        let mut trial = Trial::new(robot.clone(), 15_000 + seed, Manners::Insists, false);
        let start_s = trial.now().as_s();
        let mut now = trial.now();
        let mut first: Option<(f64, Vec<f64>)> = None;
        for _ in 0..400 {
            now = now.plus_s(trial.rng.random_range(0.0..0.012));
            let mut wish = trial.wish();
            (wish.stamp, wish.deadline) = (now, now.plus_s(0.01));
            let senses = Observation { stamp: now, ..trial.senses.clone() };
            let checked = trial.guard.check(now, &wish, &senses);
            trial.pass(&checked);
            let Some(sent) = &checked.command().arm else {
                continue;
            };
            let (since_s, from) = first.get_or_insert_with(|| (start_s, sent.pos_rad.to_vec()));
            let time_s = now.as_s() - *since_s + 2.5 * robot.timing.period_s;
            for ((to, from), limit) in sent.pos_rad.iter().zip(from.iter()).zip(&arm.limits) {
                assert!((to - from).abs() <= limit.vel_rad_s * 1.05 * time_s + 0.02);
            }
            if checked.rejected().is_some() {
                trial.pos_rad = sent.pos_rad.to_vec();
                trial.vel_rad_s = sent.vel_rad_s.to_vec();
            }
        }
    }
}
