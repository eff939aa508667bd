//! What moves the arm's setpoint: joint motions, paths of the tool and stops, chained where one alone won't do. A new
//! motion starts from the setpoint's present position, velocity and acceleration, so nothing jumps; paths of the tool
//! start from rest.
//!
//! Joint motions are time-optimal within limits (see [`super::profile`]), stretched where the tool would be too fast;
//! paths are worked out whole before they start (see [`super::path`]).

use arrayvec::ArrayVec;

use super::clearance::{Breach, is_clear};
use super::ik::Ik;
use super::path::{Curve, Path};
use super::profile::{Limits, Profile, State};
use crate::robot::{Arm, JointLimits, JointVec, MAX_JOINTS};
use crate::{Pose, Vec3};

/// Plans keep this share of a speed limit, so that rounding and sampling do not break it.
const KEEP: f64 = 0.96;
/// Places along a motion that are looked at.
const SAMPLES: usize = 24;
/// Shares of the speed asked for that are tried: the slower, the less room a stop needs.
const SLOWER: [f64; 3] = [1.0, 0.5, 0.25];

/// A stretch of motion, from rest, that waits for its turn.
#[derive(Clone, Debug)]
enum Leg {
    /// To a posture, at a share of full speed.
    Joints(JointVec, f64),
    /// The path that is planned.
    Path,
}

/// What moves the setpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Rest,
    Joints,
    Path,
}

/// The setpoint of one arm and what is planned for it. Allocates nothing once made.
pub struct Motion {
    arm: Arm,
    period_s: f64,
    range_rad: ArrayVec<(f64, f64), MAX_JOINTS>,
    full: Limits,
    ik: Ik,
    joints: Profile,
    /// The motion along [`Motion::path`], by its share.
    along: Profile,
    along_limits: Limits,
    share: State,
    path: Path,
    setpoint: State,
    stage: Stage,
    time_s: f64,
    legs: ArrayVec<Leg, 3>,
}

impl Motion {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]), advanced every `period_s`. It stands
    /// in the home posture until told otherwise.
    pub fn new(arm: &Arm, period_s: f64) -> Self {
        let each = |of: fn(&JointLimits) -> f64| arm.limits.iter().map(of).collect();
        Self {
            period_s,
            range_rad: arm.limits.iter().map(|l| (l.min_rad, l.max_rad)).collect(),
            full: Limits {
                vel: each(|l| l.vel_rad_s),
                acc: each(|l| l.acc_rad_s2),
                jerk: each(|l| l.jerk_rad_s3),
            },
            ik: Ik::new(arm),
            joints: Profile::new(arm.limits.len()),
            along: Profile::new(1),
            along_limits: Limits::default(),
            share: State::at_rest(&[0.0]),
            path: Path::new(),
            setpoint: State::at_rest(&arm.home_rad),
            stage: Stage::Rest,
            time_s: 0.0,
            legs: ArrayVec::new(),
            arm: arm.clone(),
        }
    }

    /// Takes the arm to be at rest in this posture (in its range: the nearest that is).
    pub fn stand(&mut self, pos_rad: &[f64]) {
        self.setpoint = State::at_rest(&self.in_range(pos_rad));
        self.stage = Stage::Rest;
        self.legs.clear();
    }

    /// Where the joints shall be now.
    pub fn setpoint(&self) -> &State {
        &self.setpoint
    }

    /// Does anything move, or wait to?
    pub fn is_underway(&self) -> bool {
        self.stage != Stage::Rest || !self.legs.is_empty()
    }

    /// Is this the motion that was asked for, and not a stop or detour before it?
    pub fn is_last_leg(&self) -> bool {
        self.legs.is_empty()
    }

    /// Pose of the tool in a posture.
    pub fn world_from_tool(&self, pos_rad: &[f64]) -> Pose {
        self.arm.chain.world_from_tool(pos_rad)
    }

    /// Velocity of the tool at the setpoint, m/s in the world.
    pub fn tool_velocity_m_s(&mut self) -> Vec3 {
        self.ik
            .tool_velocity_m_s(&self.setpoint.pos, &self.setpoint.vel)
    }

    /// A posture for the pose, soon reached from the setpoint and clear of the keep-outs (see [`Ik::solve`]).
    pub fn solve(&mut self, world_from_tool: &Pose) -> Option<JointVec> {
        let allowed = |pos_rad: &[f64]| Breach::of(&self.arm, pos_rad).keep_out_m == 0.0;
        self.ik.solve(world_from_tool, &self.setpoint.pos, allowed)
    }

    /// Stops, whatever is going on: as quickly as the joints may, or all together or along the path where that keeps
    /// clear of what the robot file forbids and the quickest stop does not.
    pub fn halt(&mut self) {
        let was = self.stage;
        if !self.halt_joints()
            && was == Stage::Path
            && self.along.stop(&self.share, &self.along_limits, false)
        {
            self.stage = Stage::Path;
        }
    }

    /// Sets out for a posture at a share of full speed: straight away if that stays in limits and clear of what the
    /// robot file forbids, else by stopping first, in a straight line of the tool, or by way of home.
    pub fn aim(&mut self, to_rad: JointVec, speed: f64) {
        self.legs.clear();
        if self.set_out(&to_rad, speed) == Some(true) {
            return;
        }
        self.halt_joints();
        let rest_rad = self.rest_rad();
        if !self.is_way_clear(&rest_rad, &to_rad) {
            let (from, end) = (
                self.world_from_tool(&rest_rad),
                self.world_from_tool(&to_rad),
            );
            if self.follow(&Curve::line(from, &end), &rest_rad, speed) {
                self.legs.push(Leg::Path);
                return;
            }
            let home_rad = self.arm.home_rad.clone();
            if self.is_way_clear(&rest_rad, &home_rad) && self.is_way_clear(&home_rad, &to_rad) {
                self.legs.push(Leg::Joints(home_rad, speed));
            }
            // If no way was found clear, the guard has the last word on the straight one.
        }
        self.legs.push(Leg::Joints(to_rad, speed));
    }

    /// Stops, then runs the tool along a curve that starts where it stopped, at a share of full speed. `false` if the
    /// joints can't follow it or it leads into what is forbidden; then it only stops.
    pub fn trace(&mut self, curve_from: impl FnOnce(Pose) -> Curve, speed: f64) -> bool {
        self.halt_joints();
        let rest_rad = self.rest_rad();
        let curve = curve_from(self.world_from_tool(&rest_rad));
        let found = self.follow(&curve, &rest_rad, speed);
        if found {
            self.legs.push(Leg::Path);
        }
        found
    }

    /// Gives in: goes to where the joints really are.
    pub fn give_way(&mut self, pos_rad: &[f64]) {
        let pos_rad = self.in_range(pos_rad);
        self.legs.clear();
        if !self.plan_joints(&pos_rad, 1.0) {
            self.halt();
            self.legs.push(Leg::Joints(pos_rad, 1.0));
        }
    }

    /// Moves the setpoint by one period. `false` if what was to come next could not be planned: then it stays here.
    pub fn advance(&mut self) -> bool {
        if self.stage == Stage::Rest && !self.legs.is_empty() {
            let leg = self.legs.remove(0);
            self.time_s = 0.0;
            match leg {
                Leg::Path => self.stage = Stage::Path,
                Leg::Joints(to_rad, speed) => {
                    if self.set_out(&to_rad, speed).is_none() {
                        self.halt();
                        return false;
                    }
                }
            }
        }
        self.time_s += self.period_s;
        let duration_s = match self.stage {
            Stage::Rest => return true,
            Stage::Joints => {
                self.joints.at(self.time_s, &mut self.setpoint);
                self.joints.duration_s()
            }
            Stage::Path => {
                self.along.at(self.time_s, &mut self.share);
                let State { pos, vel, acc } = &self.share;
                self.setpoint = self.path.at(pos[0], vel[0], acc[0]);
                self.along.duration_s()
            }
        };
        if self.time_s >= duration_s {
            self.stage = Stage::Rest;
        }
        true
    }

    /// Stops the joints, not minding the path that they may be on. Is the stop clear of what is forbidden?
    fn halt_joints(&mut self) -> bool {
        self.legs.clear();
        self.time_s = 0.0;
        self.stage = Stage::Joints;
        if !self.setpoint.is_at_rest() {
            for together in [false, true] {
                if self.joints.stop(&self.setpoint, &self.full, together) && self.is_plan_clear() {
                    return true;
                }
            }
            if self.joints.stop(&self.setpoint, &self.full, false) {
                return false;
            }
        }
        self.setpoint = State::at_rest(&self.setpoint.pos);
        self.stage = Stage::Rest;
        true
    }

    /// Starts joint motion from the setpoint, slower where there is little room. Is it clear of what is forbidden?
    /// `None`, and nothing sound planned, where it can't be done.
    fn set_out(&mut self, to_rad: &[f64], speed: f64) -> Option<bool> {
        for slower in SLOWER {
            if !self.plan_joints(to_rad, slower * speed) {
                return None;
            }
            if self.is_plan_clear() {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Plans joint motion from the setpoint and starts it. `false` (and nothing sound planned) where it would leave
    /// the joints' range or run the tool too fast.
    fn plan_joints(&mut self, to_rad: &[f64], speed: f64) -> bool {
        let limits = self.paced(speed);
        let now_m_s = self.tool_velocity_m_s().norm();
        let most_m_s = (self.arm.tool_speed_m_s * speed * KEEP).max(now_m_s);
        let mut least_s = 0.0;
        for _ in 0..6 {
            if !self.joints.go(&self.setpoint, to_rad, &limits, least_s)
                || !self.joints.stays_within(&self.range_rad)
            {
                return false;
            }
            let peak_m_s = self.peak_tool_speed_m_s();
            if peak_m_s <= most_m_s {
                self.stage = Stage::Joints;
                self.time_s = 0.0;
                return true;
            }
            least_s = 1.02 * self.joints.duration_s() * peak_m_s / most_m_s;
        }
        false
    }

    fn peak_tool_speed_m_s(&mut self) -> f64 {
        let mut state = State::default();
        let mut peak_m_s = 0.0_f64;
        for i in 0..=SAMPLES {
            self.joints
                .at(part(i) * self.joints.duration_s(), &mut state);
            let speed_m_s = self.ik.tool_velocity_m_s(&state.pos, &state.vel).norm();
            peak_m_s = peak_m_s.max(speed_m_s);
        }
        peak_m_s
    }

    /// Works out a path of the tool from rest in a posture, slower where there is little room.
    fn follow(&mut self, curve: &Curve, rest_rad: &[f64], speed: f64) -> bool {
        if !self.path.plan(curve, rest_rad, &mut self.ik) {
            return false;
        }
        SLOWER.iter().any(|slower| {
            let speed = slower * speed;
            let tool_m_s = self.arm.tool_speed_m_s * speed * KEEP;
            let limits = self.paced(speed);
            self.along_limits = self.path.limits(&limits, tool_m_s, curve.length_m());
            self.share = State::at_rest(&[0.0]);
            self.along.go(&self.share, &[1.0], &self.along_limits, 0.0) && self.is_path_clear()
        })
    }

    /// Limits at a share of full speed. Accelerations stay whole: whatever moves can stop as quickly.
    fn paced(&self, speed: f64) -> Limits {
        let mut limits = self.full.clone();
        limits.vel.iter_mut().for_each(|vel| *vel *= speed * KEEP);
        limits
    }

    /// Where the stop that is going on ends.
    fn rest_rad(&mut self) -> JointVec {
        let mut end = self.setpoint.clone();
        match self.stage {
            Stage::Rest => {}
            Stage::Joints => self.joints.at(self.joints.duration_s(), &mut end),
            Stage::Path => {
                let mut share = self.share.clone();
                self.along.at(self.along.duration_s(), &mut share);
                end = self.path.at(share.pos[0], 0.0, 0.0);
            }
        }
        end.pos
    }

    fn in_range(&self, pos_rad: &[f64]) -> JointVec {
        let joints = pos_rad.iter().zip(&self.range_rad);
        joints
            .map(|(pos, (min, max))| pos.clamp(*min, *max))
            .collect()
    }

    /// Is the joint motion that is planned clear?
    fn is_plan_clear(&mut self) -> bool {
        let duration_s = self.joints.duration_s();
        let joints = &mut self.joints;
        is_clear(&self.arm, SAMPLES, |share, state| {
            joints.at(share * duration_s, state);
        })
    }

    /// Is the path that is planned clear?
    fn is_path_clear(&mut self) -> bool {
        let duration_s = self.along.duration_s();
        let (along, path, mut at) = (&mut self.along, &self.path, State::default());
        is_clear(&self.arm, SAMPLES, |share, state| {
            along.at(share * duration_s, &mut at);
            *state = path.at(at.pos[0], at.vel[0], at.acc[0]);
        })
    }

    /// Is the straight way between two postures clear, as far as that goes without knowing the speed?
    fn is_way_clear(&self, from_rad: &[f64], to_rad: &[f64]) -> bool {
        is_clear(&self.arm, SAMPLES, |share, state| {
            let joints = from_rad.iter().zip(to_rad);
            let between: JointVec = joints.map(|(a, b)| a + share * (b - a)).collect();
            *state = State::at_rest(&between);
        })
    }
}

/// The `i`-th of [`SAMPLES`] parts, 0 to 1.
fn part(i: usize) -> f64 {
    i as f64 / SAMPLES as f64
}
