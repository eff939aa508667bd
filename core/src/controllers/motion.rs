//! What moves the arm's setpoint: joint motions, paths of the tool and stops, chained where one alone won't do. A new
//! motion starts from the setpoint's present position, velocity and acceleration, so nothing jumps; paths of the tool
//! start from rest. What they look like is up to [`super::planner`].

use arrayvec::ArrayVec;

use super::curve::Curve;
use super::planner::Planner;
use super::profile::State;
use crate::robot::{Arm, JointVec};
use crate::{Pose, Vec3};

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
    planner: Planner,
    home_rad: JointVec,
    period_s: f64,
    setpoint: State,
    stage: Stage,
    time_s: f64,
    legs: ArrayVec<Leg, 2>,
}

impl Motion {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]), advanced every `period_s`. It stands
    /// in the home posture until told otherwise.
    pub fn new(arm: &Arm, period_s: f64) -> Self {
        Self {
            planner: Planner::new(arm),
            home_rad: arm.home_rad.clone(),
            period_s,
            setpoint: State::at_rest(&arm.home_rad),
            stage: Stage::Rest,
            time_s: 0.0,
            legs: ArrayVec::new(),
        }
    }

    /// Takes the arm to be at rest in this posture (in its range: the nearest that is).
    pub fn stand(&mut self, pos_rad: &[f64]) {
        self.setpoint = State::at_rest(&self.planner.in_range(pos_rad));
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
        self.planner.world_from_tool(pos_rad)
    }

    /// Velocity of the tool at the setpoint, m/s in the world.
    pub fn tool_velocity_m_s(&mut self) -> Vec3 {
        self.planner.tool_velocity_m_s(&self.setpoint)
    }

    /// A posture for the pose, soon reached from the setpoint.
    pub fn solve(&mut self, world_from_tool: &Pose) -> Option<JointVec> {
        self.planner.solve(world_from_tool, &self.setpoint.pos)
    }

    /// Stops, whatever is going on: as quickly as the joints may, or along the path where that keeps clear of what the
    /// robot file forbids and the quickest stop does not.
    pub fn halt(&mut self) {
        let was = self.stage;
        if !self.halt_joints() && was == Stage::Path && self.planner.stop_along() {
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
        let (rest_rad, planner) = (self.rest_rad(), &mut self.planner);
        if !planner.is_way_clear(&rest_rad, &to_rad) {
            let ends = [&rest_rad, &to_rad].map(|pos_rad| planner.world_from_tool(pos_rad));
            if planner.follow(&Curve::line(ends[0], &ends[1]), &rest_rad, speed) {
                self.legs.push(Leg::Path);
                return;
            }
            if planner.is_way_clear(&rest_rad, &self.home_rad) && planner.is_way_clear(&self.home_rad, &to_rad) {
                self.legs.push(Leg::Joints(self.home_rad.clone(), speed));
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
        let found = self.planner.follow(&curve, &rest_rad, speed);
        if found {
            self.legs.push(Leg::Path);
        }
        found
    }

    /// Gives in: goes to where the joints really are.
    pub fn give_way(&mut self, pos_rad: &[f64]) {
        let pos_rad = self.planner.in_range(pos_rad);
        self.legs.clear();
        if self.planner.go(&self.setpoint, &pos_rad, 1.0) {
            self.begin(Stage::Joints);
        } else {
            self.halt();
            self.legs.push(Leg::Joints(pos_rad, 1.0));
        }
    }

    /// Moves the setpoint by one period. `false` if what was to come next could not be planned: then it stays here.
    pub fn advance(&mut self) -> bool {
        if self.stage == Stage::Rest && !self.legs.is_empty() {
            match self.legs.remove(0) {
                Leg::Path => self.begin(Stage::Path),
                Leg::Joints(to_rad, speed) => {
                    if self.set_out(&to_rad, speed).is_none() {
                        self.halt();
                        return false;
                    }
                }
            }
        }
        self.time_s += self.period_s;
        let over = match self.stage {
            Stage::Rest => true,
            Stage::Joints => self.planner.joints_at(self.time_s, &mut self.setpoint),
            Stage::Path => self.planner.path_at(self.time_s, &mut self.setpoint),
        };
        if over {
            self.stage = Stage::Rest;
        }
        true
    }

    fn begin(&mut self, stage: Stage) {
        (self.stage, self.time_s) = (stage, 0.0);
    }

    /// Stops the joints, not minding the path that they may be on. Is the stop clear of what is forbidden?
    fn halt_joints(&mut self) -> bool {
        self.legs.clear();
        let stop = (!self.setpoint.is_at_rest()).then(|| self.planner.stop_joints(&self.setpoint)).flatten();
        if stop.is_none() {
            self.setpoint = State::at_rest(&self.setpoint.pos);
        }
        self.begin(if stop.is_some() { Stage::Joints } else { Stage::Rest });
        stop.unwrap_or(true)
    }

    /// Starts joint motion from the setpoint. Is it clear of what is forbidden? `None` where it can't be done.
    fn set_out(&mut self, to_rad: &[f64], speed: f64) -> Option<bool> {
        let clear = self.planner.go_carefully(&self.setpoint, to_rad, speed);
        if clear.is_some() {
            self.begin(Stage::Joints);
        }
        clear
    }

    /// Where the stop of the joints that is going on ends.
    fn rest_rad(&mut self) -> JointVec {
        let mut end = self.setpoint.clone();
        if self.stage == Stage::Joints {
            self.planner.joints_at(f64::INFINITY, &mut end);
        }
        end.pos
    }
}
