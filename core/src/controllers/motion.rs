//! What moves the arm's setpoint: joint motions, paths of the tool and stops, chained where one alone won't do. A new
//! motion starts from the setpoint's present position, velocity and acceleration, so nothing jumps; paths of the tool
//! start from rest.
//!
//! Joint motions are time-optimal within limits (see [`super::profile`]), stretched where the tool would be too fast;
//! paths are worked out whole before they start (see [`super::path`]).

use arrayvec::ArrayVec;

use super::clearance::is_clear;
use super::ik::Ik;
use super::path::{Curve, Path};
use super::profile::{Limits, Profile, State};
use crate::robot::{Arm, JointLimits, JointVec, MAX_JOINTS};
use crate::{Pose, Vec3};

/// Plans keep this share of a speed limit, so that rounding and sampling do not break it.
const KEEP: f64 = 0.96;
/// Places along a joint motion that are looked at.
const SAMPLES: usize = 24;

/// A stretch of motion, from rest, that waits for its turn.
#[derive(Clone, Debug)]
enum Leg {
    Joints(JointVec),
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
    along: Profile,
    path: Path,
    setpoint: State,
    share: State,
    stage: Stage,
    time_s: f64,
    legs: ArrayVec<Leg, 3>,
    speed: f64,
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
            path: Path::new(),
            setpoint: State::at_rest(&arm.home_rad),
            share: State::at_rest(&[0.0]),
            stage: Stage::Rest,
            time_s: 0.0,
            legs: ArrayVec::new(),
            speed: 1.0,
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

    /// A posture for the pose, soon reached from the setpoint (see [`Ik::solve`]).
    pub fn solve(&mut self, world_from_tool: &Pose) -> Option<JointVec> {
        self.ik.solve(world_from_tool, &self.setpoint.pos)
    }

    /// Stops as quickly as the joints may, whatever is going on.
    pub fn halt(&mut self) {
        self.legs.clear();
        self.time_s = 0.0;
        self.stage = Stage::Rest;
        if self.setpoint.is_at_rest() || !self.joints.stop(&self.setpoint, &self.full) {
            self.setpoint = State::at_rest(&self.setpoint.pos);
        } else {
            self.stage = Stage::Joints;
        }
    }

    /// Sets out for a posture at a share of full speed: straight away if that stays in limits and clear of what the
    /// robot file forbids, else by stopping first, in a straight line of the tool, or by way of home.
    pub fn aim(&mut self, to_rad: &[f64], speed: f64) {
        self.speed = speed;
        self.legs.clear();
        if self.set_out(to_rad) && self.is_plan_clear() {
            return;
        }
        self.halt();
        let rest_rad = self.rest_rad();
        let to: JointVec = to_rad.iter().copied().collect();
        if !self.is_way_clear(&rest_rad, &to) {
            let curve = Curve::line(self.world_from_tool(&rest_rad), &self.world_from_tool(&to));
            if self.follow(&curve, &rest_rad) && self.is_path_clear() {
                self.legs.push(Leg::Path);
                return;
            }
            let home_rad = self.arm.home_rad.clone();
            if self.is_way_clear(&rest_rad, &home_rad) && self.is_way_clear(&home_rad, &to) {
                self.legs.push(Leg::Joints(home_rad));
            }
            // If no way was found clear, the guard has the last word on the straight one.
        }
        self.legs.push(Leg::Joints(to));
    }

    /// Stops, then runs the tool along a curve that starts where it stopped, at a share of full speed. `false` if the
    /// joints can't follow it; then it only stops.
    pub fn trace(&mut self, curve_from: impl FnOnce(Pose) -> Curve, speed: f64) -> bool {
        self.halt();
        self.speed = speed;
        let rest_rad = self.rest_rad();
        let curve = curve_from(self.world_from_tool(&rest_rad));
        let found = self.follow(&curve, &rest_rad);
        if found {
            self.legs.push(Leg::Path);
        }
        found
    }

    /// Gives in: goes to where the joints really are.
    pub fn give_way(&mut self, pos_rad: &[f64]) {
        let pos_rad = self.in_range(pos_rad);
        self.speed = 1.0;
        self.legs.clear();
        if !self.set_out(&pos_rad) {
            self.halt();
            self.legs.push(Leg::Joints(pos_rad));
        }
    }

    /// Moves the setpoint by one period. `false` if what was to come next could not be planned: then it stays here.
    pub fn advance(&mut self) -> bool {
        if self.stage == Stage::Rest && !self.legs.is_empty() {
            let leg = self.legs.remove(0);
            self.time_s = 0.0;
            match leg {
                Leg::Path => self.stage = Stage::Path,
                Leg::Joints(to_rad) => {
                    if !self.set_out(&to_rad) {
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

    /// Plans joint motion from the setpoint and starts it. `false` (and nothing sound planned) where it would leave
    /// the joints' range or run the tool too fast.
    fn set_out(&mut self, to_rad: &[f64]) -> bool {
        let limits = self.paced();
        let now_m_s = self.tool_velocity_m_s().norm();
        let most_m_s = (self.arm.tool_speed_m_s * self.speed * KEEP).max(now_m_s);
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

    /// Works out a path of the tool from rest in a posture.
    fn follow(&mut self, curve: &Curve, rest_rad: &[f64]) -> bool {
        if !self.path.plan(curve, rest_rad, &mut self.ik) {
            return false;
        }
        let tool_m_s = self.arm.tool_speed_m_s * self.speed * KEEP;
        let limits = self.path.limits(&self.paced(), tool_m_s, curve.length_m());
        self.along.go(&State::at_rest(&[0.0]), &[1.0], &limits, 0.0)
    }

    /// Limits at the present share of full speed. Accelerations stay whole: whatever moves can stop as quickly.
    fn paced(&self) -> Limits {
        let mut limits = self.full.clone();
        let slow = self.speed * KEEP;
        limits.vel.iter_mut().for_each(|vel| *vel *= slow);
        limits
    }

    /// Where the stop that is going on ends.
    fn rest_rad(&mut self) -> JointVec {
        let mut end = self.setpoint.clone();
        if self.stage == Stage::Joints {
            self.joints.at(self.joints.duration_s(), &mut end);
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
        let mut state = State::default();
        (1..=SAMPLES).all(|i| {
            self.joints
                .at(part(i) * self.joints.duration_s(), &mut state);
            is_clear(&self.arm, &state.pos)
        })
    }

    /// Is the path that is planned clear?
    fn is_path_clear(&self) -> bool {
        (1..=SAMPLES).all(|i| is_clear(&self.arm, &self.path.at(part(i), 0.0, 0.0).pos))
    }

    /// Is the straight way between two postures clear?
    fn is_way_clear(&self, from_rad: &[f64], to_rad: &[f64]) -> bool {
        (1..=SAMPLES).all(|i| {
            let joints = from_rad.iter().zip(to_rad);
            let between: JointVec = joints.map(|(a, b)| a + part(i) * (b - a)).collect();
            is_clear(&self.arm, &between)
        })
    }
}

/// The `i`-th of [`SAMPLES`] parts, 0 to 1.
fn part(i: usize) -> f64 {
    i as f64 / SAMPLES as f64
}
