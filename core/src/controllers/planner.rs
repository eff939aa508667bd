//! Plans motions of one arm: joint motions and stops from any state of motion, and paths of the tool from rest. A plan
//! keeps every joint's velocity, acceleration and jerk and the tool's speed in limits, and is asked whether it keeps
//! clear of what the robot file forbids.
//!
//! Joint motions are time-optimal within limits (see [`super::profile`]), stretched where the tool would be too fast;
//! paths are worked out whole before they start (see [`super::path`]).

use arrayvec::ArrayVec;

use super::clearance::{Breach, is_clear};
use super::curve::Curve;
use super::ik::Ik;
use super::path::Path;
use super::profile::{Limits, Profile, State};
use crate::robot::{Arm, JointLimits, JointVec, MAX_JOINTS};
use crate::{Pose, Vec3};

/// Plans keep this share of a speed limit, so that rounding and sampling do not break it.
const KEEP: f64 = 0.96;
/// Places along a motion that are looked at.
const SAMPLES: usize = 24;
/// Shares of the speed asked for that are tried: the slower, the less room a stop needs.
const SLOWER: [f64; 3] = [1.0, 0.5, 0.25];

/// Plans for one arm: one joint motion and one path at a time. Allocates nothing once made.
pub struct Planner {
    arm: Arm,
    range_rad: ArrayVec<(f64, f64), MAX_JOINTS>,
    full: Limits,
    /// For stops.
    stop: Limits,
    ik: Ik,
    joints: Profile,
    path: Path,
    /// The motion along the path, by its share.
    along: Profile,
    along_limits: Limits,
    share: State,
}

impl Planner {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]).
    pub fn new(arm: &Arm) -> Self {
        let each = |of: fn(&JointLimits) -> f64| -> JointVec { arm.limits.iter().map(of).collect() };
        let full = Limits { vel: each(|l| l.vel_rad_s), acc: each(|l| l.acc_rad_s2), jerk: each(|l| l.jerk_rad_s3) };
        let stop = Limits { acc: each(|l| l.stop_acc_rad_s2), jerk: each(|l| l.stop_jerk_rad_s3), ..full.clone() };
        Self {
            range_rad: arm.limits.iter().map(|l| (l.min_rad, l.max_rad)).collect(),
            full,
            stop,
            ik: Ik::new(arm),
            joints: Profile::new(arm.limits.len()),
            path: Path::new(),
            along: Profile::new(1),
            along_limits: Limits::default(),
            share: State::at_rest(&[0.0]),
            arm: arm.clone(),
        }
    }

    /// The posture in range that is nearest to a posture.
    pub fn in_range(&self, pos_rad: &[f64]) -> JointVec {
        let joints = pos_rad.iter().zip(&self.range_rad);
        joints.map(|(pos, (min, max))| pos.clamp(*min, *max)).collect()
    }

    /// Pose of the tool in a posture.
    pub fn world_from_tool(&self, pos_rad: &[f64]) -> Pose {
        self.arm.chain.world_from_tool(pos_rad)
    }

    /// Velocity of the tool, m/s in the world.
    pub fn tool_velocity_m_s(&mut self, state: &State) -> Vec3 {
        self.ik.tool_velocity_m_s(&state.pos, &state.vel)
    }

    /// A posture for the pose, soon reached from another and clear of the keep-outs (see [`Ik::solve`]).
    pub fn solve(&mut self, world_from_tool: &Pose, near_rad: &[f64]) -> Option<JointVec> {
        let allowed = |pos_rad: &[f64]| Breach::of(&self.arm, pos_rad).keep_out_m == 0.0;
        self.ik.solve(world_from_tool, near_rad, allowed)
    }

    /// Plans the quickest stop of the joints, or one of all joints together where only that is clear of what is
    /// forbidden. Is it? `None`, and nothing sound planned, where there is none.
    pub fn stop_joints(&mut self, from: &State) -> Option<bool> {
        for together in [false, true] {
            if self.joints.stop(from, &self.stop, together) && self.are_joints_clear() {
                return Some(true);
            }
        }
        self.joints.stop(from, &self.stop, false).then_some(false)
    }

    /// Plans a stop along the path. `false` where there is none.
    pub fn stop_along(&mut self) -> bool {
        self.along.stop(&self.share, &self.along_limits, false)
    }

    /// Plans joint motion at a share of full speed, slower where there is little room. Is it clear of what is
    /// forbidden? `None`, and nothing sound planned, where it can't be done.
    pub fn go_carefully(&mut self, from: &State, to_rad: &[f64], speed: f64) -> Option<bool> {
        for slower in SLOWER {
            if !self.go(from, to_rad, slower * speed) {
                return None;
            }
            if self.are_joints_clear() {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Plans joint motion at a share of full speed. `false`, and nothing sound planned, where it would leave the
    /// joints' range or run the tool too fast, or out of the midst of a stop that brakes harder than motions may.
    pub fn go(&mut self, from: &State, to_rad: &[f64], speed: f64) -> bool {
        if from.acc.iter().zip(&self.full.acc).any(|(acc, most)| acc.abs() > most * (1.0 + 1e-6)) {
            return false;
        }
        let limits = self.paced(speed);
        let now_m_s = self.tool_velocity_m_s(from).norm();
        let most_m_s = (self.arm.tool_speed_m_s * speed * KEEP).max(now_m_s);
        let mut least_s = 0.0;
        for _ in 0..6 {
            if !self.joints.go(from, to_rad, &limits, least_s) || !self.joints.stays_within(&self.range_rad) {
                return false;
            }
            let peak_m_s = self.peak_tool_speed_m_s();
            if peak_m_s <= most_m_s {
                return true;
            }
            least_s = 1.02 * self.joints.duration_s() * peak_m_s / most_m_s;
        }
        false
    }

    /// Works out a path of the tool from rest in a posture, slower where there is little room. `false`, and the former
    /// path lost, where the joints can't follow it or it leads into what is forbidden.
    pub fn follow(&mut self, curve: &Curve, rest_rad: &[f64], speed: f64) -> bool {
        self.path.plan(curve, rest_rad, &mut self.ik)
            && SLOWER.iter().any(|slower| {
                let speed = slower * speed;
                let tool_m_s = self.arm.tool_speed_m_s * speed * KEEP;
                self.along_limits = self.path.limits(&self.paced(speed), tool_m_s, curve.length_m());
                self.share = State::at_rest(&[0.0]);
                self.along.go(&self.share, &[1.0], &self.along_limits, 0.0) && self.is_path_clear()
            })
    }

    /// State of the joint motion at a time since its start, held at its end. Is it over?
    pub fn joints_at(&mut self, time_s: f64, state: &mut State) -> bool {
        self.joints.at(time_s, state);
        time_s >= self.joints.duration_s()
    }

    /// State of the motion along the path at a time since its start or stop, held at its end. Is it over?
    pub fn path_at(&mut self, time_s: f64, state: &mut State) -> bool {
        self.along.at(time_s, &mut self.share);
        *state = self.path.at(self.share.pos[0], self.share.vel[0], self.share.acc[0]);
        time_s >= self.along.duration_s()
    }

    /// Is the straight way between two postures clear, as far as that goes without knowing the speed?
    pub fn is_way_clear(&self, from_rad: &[f64], to_rad: &[f64]) -> bool {
        is_clear(&self.arm, SAMPLES, |share, state| {
            let joints = from_rad.iter().zip(to_rad);
            let between: JointVec = joints.map(|(a, b)| a + share * (b - a)).collect();
            *state = State::at_rest(&between);
        })
    }

    fn are_joints_clear(&mut self) -> bool {
        let duration_s = self.joints.duration_s();
        let joints = &mut self.joints;
        is_clear(&self.arm, SAMPLES, |share, state| joints.at(share * duration_s, state))
    }

    fn is_path_clear(&mut self) -> bool {
        let duration_s = self.along.duration_s();
        let (along, path, mut at) = (&mut self.along, &self.path, State::default());
        is_clear(&self.arm, SAMPLES, |share, state| {
            along.at(share * duration_s, &mut at);
            *state = path.at(at.pos[0], at.vel[0], at.acc[0]);
        })
    }

    fn peak_tool_speed_m_s(&mut self) -> f64 {
        let (duration_s, mut state) = (self.joints.duration_s(), State::default());
        (0..=SAMPLES).fold(0.0, |peak_m_s, i| {
            self.joints.at(duration_s * i as f64 / SAMPLES as f64, &mut state);
            peak_m_s.max(self.tool_velocity_m_s(&state).norm())
        })
    }

    /// Limits at a share of full speed. Accelerations stay whole: whatever moves can stop as quickly.
    fn paced(&self, speed: f64) -> Limits {
        let mut limits = self.full.clone();
        limits.vel.iter_mut().for_each(|vel| *vel *= speed * KEEP);
        limits
    }
}
