//! The gripper's controller: moves the width target at the fingers' speed and tells by the measured width whether the
//! fingers arrived or stopped on something. The last target stays in force, so a grip holds while the arm moves on.

use crate::action::MotionState;
use crate::command::GripperTarget;
use crate::robot::Gripper;

/// Fingers this close to the width asked for are there, metres.
const THERE_M: f64 = 0.0015;
/// Fingers that move less than this stand still, metres.
const STILL_M: f64 = 0.0005;
/// Standing still so long against their target they are stalled, seconds.
const STALL_S: f64 = 0.15;
/// The target must be this far ahead of the fingers before standing still means anything, metres.
const AHEAD_M: f64 = 0.002;

/// Controls one gripper.
#[derive(Clone, Debug)]
pub struct GripperController {
    gripper: Gripper,
    period_s: f64,
    asked: Option<GripperTarget>,
    target: Option<GripperTarget>,
    stalled: bool,
    still_at_m: f64,
    still_s: f64,
}

impl GripperController {
    /// For a gripper, turned every `period_s`.
    pub fn new(gripper: Gripper, period_s: f64) -> Self {
        Self { gripper, period_s, asked: None, target: None, stalled: false, still_at_m: 0.0, still_s: 0.0 }
    }

    /// Forgets its target: the fingers stay as they are until the next grip.
    pub fn reset(&mut self) {
        (self.asked, self.target) = (None, None);
    }

    /// One period: `asked` for a new or the same grip, or `None` to keep the last. `width_m` is the measured opening.
    pub fn tick(&mut self, asked: Option<GripperTarget>, width_m: Option<f64>) -> (Option<GripperTarget>, MotionState) {
        let width_m = width_m.filter(|width_m| width_m.is_finite());
        if let Some(new) = asked
            && self.asked != asked
        {
            let sent_m = self.target.map(|target| target.width_m).or(width_m).unwrap_or(new.width_m);
            // Opening starts where the fingers are; closing keeps the pressure that is there.
            let from_m =
                if new.width_m > sent_m { sent_m.max(width_m.unwrap_or(sent_m).min(new.width_m)) } else { sent_m };
            let from_m = from_m.clamp(0.0, self.gripper.max_width_m);
            self.target = Some(GripperTarget { width_m: from_m, force_n: new.force_n });
            (self.asked, self.stalled, self.still_s) = (asked, false, 0.0);
        }
        let (Some(asked), Some(target)) = (self.asked, &mut self.target) else {
            return (None, MotionState::Moving);
        };
        let step_m = self.gripper.speed_m_s * self.period_s;
        target.width_m += (asked.width_m - target.width_m).clamp(-step_m, step_m);
        let Some(width_m) = width_m else {
            return (self.target, MotionState::Moving);
        };

        let arrived = (target.width_m - asked.width_m).abs() < 1e-9;
        let there = (width_m - asked.width_m).abs() <= THERE_M;
        let moved = (width_m - self.still_at_m).abs() > STILL_M;
        let ahead = arrived || (target.width_m - width_m).abs() > AHEAD_M;
        if moved || !ahead {
            (self.still_at_m, self.still_s) = (width_m, 0.0);
        } else {
            self.still_s += self.period_s;
        }
        self.stalled |= self.still_s >= STALL_S && !there;
        let state = match (arrived && there, self.stalled) {
            (true, _) => MotionState::Reached,
            (false, true) => MotionState::Blocked,
            (false, false) => MotionState::Moving,
        };
        (self.target, state)
    }
}
