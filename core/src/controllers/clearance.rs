//! How well does a posture keep to where the robot file lets the arm be? The controller asks this of its plans, so that
//! what the guard would refuse is not begun.

use super::profile::State;
use crate::robot::{Arm, JointVec};

/// Room that plans leave beyond what the guard insists on, metres.
const MARGIN_M: f64 = 0.004;
/// Distance between the points of a link that are looked at, metres.
const STEP_M: f64 = 0.03;

/// How far a posture is from being clear, metres; zero when it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Breach {
    /// The tool out of its workspace, or within the margin of its border.
    pub workspace_m: f64,
    /// A link in a keep-out box, or within the margin of one.
    pub keep_out_m: f64,
}

impl Breach {
    /// Of a posture. Links are tubes between the joints' frames; the hand tapers from the last joint to the tool.
    pub fn of(arm: &Arm, pos_rad: &[f64]) -> Self {
        let frames = arm.chain.frames(pos_rad);
        let tool_m = arm.chain.tool_of(&frames).translation.vector;
        let starts_m = frames.iter().map(|frame| frame.translation.vector);
        let ends_m = starts_m.clone().skip(1).chain([tool_m]);
        let workspace_m = (arm.workspace.signed_distance_m(&tool_m) + MARGIN_M).max(0.0);
        let mut keep_out_m = 0.0_f64;
        for (i, (from_m, to_m)) in starts_m.zip(ends_m).enumerate() {
            let tip = if i + 1 == frames.len() { 0.0 } else { 1.0 };
            let count = ((to_m - from_m).norm() / STEP_M).ceil().max(1.0);
            for k in 0..=count as usize {
                let share = k as f64 / count;
                let room_m = (arm.link_radius_m + MARGIN_M) * (1.0 + share * (tip - 1.0));
                let at_m = from_m.lerp(&to_m, share);
                for keep_out in &arm.keep_out {
                    keep_out_m = keep_out_m.max(room_m - keep_out.signed_distance_m(&at_m));
                }
            }
        }
        Self { workspace_m, keep_out_m }
    }

    /// The larger of two, each part for itself.
    fn or(self, other: Self) -> Self {
        Self { workspace_m: self.workspace_m.max(other.workspace_m), keep_out_m: self.keep_out_m.max(other.keep_out_m) }
    }

    fn is_within(self, most: Self) -> bool {
        self.workspace_m <= most.workspace_m && self.keep_out_m <= most.keep_out_m
    }
}

/// Does a motion keep clear of what is forbidden, or at least no worse than at its ends, and could it be braked to
/// rest without ceasing to? That is what the guard will ask of it. `at` tells the state at a share of the motion, 0
/// to 1; `samples` of them are looked at.
pub fn is_clear(arm: &Arm, samples: usize, mut at: impl FnMut(f64, &mut State)) -> bool {
    let mut state = State::default();
    let mut look = |share: f64| {
        at(share, &mut state);
        // All joints brake along their course, the slowest to stop at its deceleration.
        let joints = state.vel.iter().zip(&arm.limits);
        let stop_s = joints.fold(0.0_f64, |most, (vel, limit)| most.max(vel.abs() / limit.stop_acc_rad_s2));
        let joints = state.pos.iter().zip(&state.vel);
        let stopped: JointVec = joints.map(|(pos, vel)| pos + 0.5 * stop_s * vel).collect();
        (Breach::of(arm, &state.pos), Breach::of(arm, &stopped))
    };
    let most = look(0.0).0.or(look(1.0).0);
    (0..samples).all(|i| {
        let (here, stopped) = look(i as f64 / samples as f64);
        here.is_within(most) && stopped.is_within(most)
    })
}
