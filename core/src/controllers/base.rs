//! The controller of a differential-drive base: turns to the goal, drives there with its heading held, turns to the
//! heading asked for. Speeds rise and fall within the base's accelerations. It knows of no obstacles: whoever asks
//! picks places with a free straight line between them.
//!
//! Heading control while driving as in the line-of-sight guidance of Fossen 2011; square-root speed profile towards the
//! goal, so that braking at the limit ends there.

use crate::action::{Action, MotionRefusal, MotionState};
use crate::command::BaseTwist;
use crate::geometry::{wrap_rad, yaw_rad};
use crate::observation::BaseState;
use crate::robot::Base;

/// The base counts as there within this of the place, metres.
pub const THERE_M: f64 = 0.05;
/// The base counts as turned within this of the heading, radians (3°).
pub const THERE_RAD: f64 = 0.052;

/// It drives until it is this close, metres, and comes back when it was pushed out of [`THERE_M`].
const CLOSE_M: f64 = 0.02;
/// With the goal further off its nose than this it turns on the spot, radians; it goes on driving up to twice that.
const TURN_FIRST_RAD: f64 = 0.35;
/// Turn rate for an error of heading, 1/s.
const HEADING_GAIN: f64 = 2.5;
/// Share of the accelerations that speed profiles count on: the rest is for lag.
const BRAKE: f64 = 0.6;
/// It is at rest below these, m/s and rad/s.
const REST: (f64, f64) = (0.02, 0.05);
/// It moves if it goes this far, metres and radians…
const MOVES: (f64, f64) = (0.02, 0.03);
/// …in this time, seconds, while its wheels are asked to turn.
const STUCK_S: f64 = 1.0;

/// Where the base is in its drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Turning,
    Driving,
    Placed,
}

/// Where it is to be: a place (none: here), and a heading (none: any).
#[derive(Clone, Copy, Debug)]
struct Goal {
    place_m: Option<(f64, f64)>,
    heading_rad: Option<f64>,
    speed: f64,
}

/// Controls one base.
#[derive(Clone, Debug)]
pub struct BaseController {
    base: Base,
    period_s: f64,
    sent: BaseTwist,
    action: Option<Action>,
    stage: Stage,
    verdict: Option<MotionState>,
    /// x, y and heading where it last was seen to move, and how long ago.
    moved_at: (f64, f64, f64),
    stuck_s: f64,
}

impl BaseController {
    /// For a base, turned every `period_s`.
    pub fn new(base: Base, period_s: f64) -> Self {
        Self {
            base,
            period_s,
            sent: BaseTwist::default(),
            action: None,
            stage: Stage::Turning,
            verdict: None,
            moved_at: (0.0, 0.0, 0.0),
            stuck_s: 0.0,
        }
    }

    /// Takes the base to be at rest, with nothing asked.
    pub fn reset(&mut self) {
        self.sent = BaseTwist::default();
        self.action = None;
    }

    /// One period of a `Drive` or `LookAt` that was found well-formed; anything else brakes and is reached at rest.
    pub fn tick(&mut self, action: &Action, state: Option<&BaseState>) -> (BaseTwist, MotionState) {
        let Some((x_m, y_m, heading_rad, twist)) = state.and_then(place) else {
            self.action = None;
            return (self.ramp(0.0, 0.0), MotionState::Moving);
        };
        if self.action != Some(*action) {
            self.action = Some(*action);
            (self.stage, self.verdict, self.stuck_s) = (Stage::Turning, None, 0.0);
            self.moved_at = (x_m, y_m, heading_rad);
            if let Action::Drive { x_m, y_m, .. } = *action {
                let (min, max) = (self.base.area.min_m, self.base.area.max_m);
                if x_m < min.x || x_m > max.x || y_m < min.y || y_m > max.y {
                    self.verdict = Some(MotionState::Refused(MotionRefusal::NoWay));
                }
            }
        }
        let goal = match *action {
            Action::Drive { x_m, y_m, yaw_rad, speed } => {
                Goal { place_m: Some((x_m, y_m)), heading_rad: yaw_rad, speed }
            }
            Action::LookAt { point_m } => {
                let (dx_m, dy_m) = (point_m.x - x_m, point_m.y - y_m);
                let any = dx_m.hypot(dy_m) < THERE_M;
                Goal { place_m: None, heading_rad: (!any).then(|| dy_m.atan2(dx_m)), speed: 1.0 }
            }
            _ => Goal { place_m: None, heading_rad: None, speed: 1.0 },
        };
        let at_rest = twist.linear_m_s.abs() < REST.0 && twist.angular_rad_s.abs() < REST.1;
        let (linear_m_s, angular_rad_s, there) =
            if self.verdict.is_none() { self.steer(&goal, x_m, y_m, heading_rad) } else { (0.0, 0.0, false) };
        let sent = self.ramp(linear_m_s, angular_rad_s);
        let still = sent == BaseTwist::default() && at_rest;
        if there && still {
            self.verdict = Some(MotionState::Reached);
        } else if self.verdict.is_none() && self.is_stuck((x_m, y_m, heading_rad)) {
            self.verdict = Some(MotionState::Blocked);
        }
        (sent, self.verdict.unwrap_or_default())
    }

    /// Speeds wished for, and whether it is there.
    fn steer(&mut self, goal: &Goal, x_m: f64, y_m: f64, heading_rad: f64) -> (f64, f64, bool) {
        if let Some((goal_x_m, goal_y_m)) = goal.place_m {
            let (dx_m, dy_m) = (goal_x_m - x_m, goal_y_m - y_m);
            let away_m = dx_m.hypot(dy_m);
            let off_rad = wrap_rad(dy_m.atan2(dx_m) - heading_rad);
            let passed = away_m < THERE_M && off_rad.abs() > 2.0 * TURN_FIRST_RAD;
            self.stage = match self.stage {
                Stage::Placed if away_m < THERE_M => Stage::Placed,
                _ if away_m < CLOSE_M || passed => Stage::Placed,
                Stage::Driving if off_rad.abs() < 2.0 * TURN_FIRST_RAD => Stage::Driving,
                _ if off_rad.abs() < TURN_FIRST_RAD => Stage::Driving,
                _ => Stage::Turning,
            };
            let turn_rad_s = self.turn_rad_s(off_rad, goal.speed);
            match self.stage {
                Stage::Turning => return (0.0, turn_rad_s, false),
                Stage::Driving => {
                    let brake_m_s = (2.0 * BRAKE * self.base.linear_m_s2 * away_m).sqrt();
                    let fast_m_s = (self.base.linear_m_s * goal.speed).min(brake_m_s);
                    return (fast_m_s * off_rad.cos().max(0.0).powi(2), turn_rad_s, false);
                }
                Stage::Placed => {}
            }
        }
        let off_rad = goal.heading_rad.map_or(0.0, |goal_rad| wrap_rad(goal_rad - heading_rad));
        // It stops turning well inside the tolerance, so that the last bit of motion does not leave it.
        let turn_rad_s = if off_rad.abs() < 0.3 * THERE_RAD { 0.0 } else { self.turn_rad_s(off_rad, goal.speed) };
        (0.0, turn_rad_s, off_rad.abs() < THERE_RAD)
    }

    fn turn_rad_s(&self, off_rad: f64, speed: f64) -> f64 {
        let brake_rad_s = (2.0 * BRAKE * self.base.angular_rad_s2 * off_rad.abs()).sqrt();
        let fast_rad_s = (self.base.angular_rad_s * speed).min(brake_rad_s);
        (HEADING_GAIN * off_rad).clamp(-fast_rad_s, fast_rad_s)
    }

    /// The speeds sent, moved towards those wished for as far as a period allows.
    fn ramp(&mut self, linear_m_s: f64, angular_rad_s: f64) -> BaseTwist {
        let step_m_s = self.base.linear_m_s2 * self.period_s;
        let step_rad_s = self.base.angular_rad_s2 * self.period_s;
        self.sent.linear_m_s += (linear_m_s - self.sent.linear_m_s).clamp(-step_m_s, step_m_s);
        self.sent.angular_rad_s += (angular_rad_s - self.sent.angular_rad_s).clamp(-step_rad_s, step_rad_s);
        self.sent
    }

    /// Asked to move, has it stayed where it is for too long?
    fn is_stuck(&mut self, at: (f64, f64, f64)) -> bool {
        let asked = self.sent.linear_m_s.abs() > REST.0 || self.sent.angular_rad_s.abs() > REST.1;
        let far = (at.0 - self.moved_at.0).hypot(at.1 - self.moved_at.1) > MOVES.0
            || wrap_rad(at.2 - self.moved_at.2).abs() > MOVES.1;
        if far || !asked {
            (self.moved_at, self.stuck_s) = (at, 0.0);
        } else {
            self.stuck_s += self.period_s;
        }
        self.stuck_s > STUCK_S
    }
}

/// x, y, heading and velocity, if they are numbers.
fn place(state: &BaseState) -> Option<(f64, f64, f64, BaseTwist)> {
    let at_m = state.world_from_base.translation.vector;
    let heading_rad = yaw_rad(&state.world_from_base);
    let all = [at_m.x, at_m.y, heading_rad, state.twist.linear_m_s, state.twist.angular_rad_s];
    all.iter().all(|v| v.is_finite()).then_some((at_m.x, at_m.y, heading_rad, state.twist))
}
