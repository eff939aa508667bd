//! The guard's look ahead: is a posture, and the whole way to rest from it, where the arm may be? Joint ranges, the
//! tool's workspace, and keep-out boxes against points along the links.

use super::ROUNDING;
use super::arm::rest_s;
use super::verdict::{RejectCode, Rejection};
use crate::Vec3;
use crate::robot::{Arm, JointLimits, JointVec};

/// Distance between the points of a link that are held against keep-out boxes, metres.
const LINK_STEP_M: f64 = 0.02;
/// Largest joint motion between the postures that are looked at on the way to rest, radians.
const LOOK_STEP_RAD: f64 = 0.05;
/// Most postures looked at on the way to rest.
const MAX_LOOKS: usize = 24;

/// Are the setpoint and the whole way to rest from it inside what the arm may, or at least no farther out than it was
/// `before`?
pub(super) fn stays_inside(
    arm: &Arm,
    pos_rad: &JointVec,
    vel_rad_s: &JointVec,
    before: [Option<&JointVec>; 2],
) -> Result<(), Rejection> {
    let before = || before.into_iter().flatten();
    let half_s = 0.5 * rest_s(arm, vel_rad_s);
    let mut farthest_rad: f64 = 0.0;
    for (i, (limit, (pos, vel))) in arm
        .limits
        .iter()
        .zip(pos_rad.iter().zip(vel_rad_s))
        .enumerate()
    {
        farthest_rad = farthest_rad.max((vel * half_s).abs());
        for at_rad in [*pos, pos + vel * half_s] {
            let was_rad = before()
                .filter_map(|was| was.get(i))
                .map(|was| outside_rad(limit, *was));
            if outside_rad(limit, at_rad) > was_rad.fold(ROUNDING, f64::max) {
                let nearest = at_rad.clamp(limit.min_rad, limit.max_rad);
                return Err(Rejection::new(
                    RejectCode::JointPosition,
                    i,
                    at_rad,
                    nearest,
                ));
            }
        }
    }
    let looks = ((farthest_rad / LOOK_STEP_RAD).ceil() as usize).min(MAX_LOOKS);
    for look in 0..=looks {
        let ahead_s = half_s * look as f64 / looks.max(1) as f64;
        let ahead = pos_rad
            .iter()
            .zip(vel_rad_s)
            .map(|(pos, vel)| pos + vel * ahead_s);
        let breach = Breach::of(arm, &ahead.collect());
        let most = |part: fn(&Breach) -> f64| {
            before()
                .map(|was| part(&Breach::of(arm, was)))
                .fold(ROUNDING, f64::max)
        };
        if breach.outside_m > ROUNDING && breach.outside_m > most(|b| b.outside_m) {
            return Err(breach.workspace(arm));
        }
        if breach.inside_m > ROUNDING && breach.inside_m > most(|b| b.inside_m) {
            return Err(Rejection::new(
                RejectCode::KeepOut,
                breach.keep_out,
                breach.needs_m - breach.inside_m,
                breach.needs_m,
            ));
        }
    }
    Ok(())
}

fn outside_rad(limit: &JointLimits, pos_rad: f64) -> f64 {
    (limit.min_rad - pos_rad).max(pos_rad - limit.max_rad)
}

/// How far a posture is from being allowed.
struct Breach {
    tool_m: Vec3,
    /// The tool's distance to the workspace, metres.
    outside_m: f64,
    /// How deep the arm is in a keep-out box, metres; negative when clear of all.
    inside_m: f64,
    /// Which box that is.
    keep_out: usize,
    /// Distance from that box that the deepest point needs, metres.
    needs_m: f64,
}

impl Breach {
    fn of(arm: &Arm, pos_rad: &JointVec) -> Self {
        let frames = arm.chain.frames(pos_rad);
        let tool_m = arm.chain.tool_of(&frames).translation.vector;
        let outside_m = arm.workspace.distance_m(&tool_m);
        let mut breach = Self {
            tool_m,
            outside_m,
            inside_m: f64::NEG_INFINITY,
            keep_out: 0,
            needs_m: 0.0,
        };
        let mut hold = |at_m: &Vec3, needs_m: f64| {
            for (keep_out, bounds) in arm.keep_out.iter().enumerate() {
                let inside_m = needs_m - bounds.signed_distance_m(at_m);
                if inside_m > breach.inside_m {
                    (breach.inside_m, breach.keep_out, breach.needs_m) =
                        (inside_m, keep_out, needs_m);
                }
            }
        };
        let joints_m = frames.iter().map(|frame| frame.translation.vector);
        let ends_m = joints_m.clone().skip(1).chain([tool_m]);
        for (i, (from_m, to_m)) in joints_m.zip(ends_m).enumerate() {
            // The hand tapers from the last joint to the tool.
            let (needs_m, tip_m) = if i + 1 == frames.len() {
                (arm.link_radius_m, 0.0)
            } else {
                (arm.link_radius_m, arm.link_radius_m)
            };
            let count = ((to_m - from_m).norm() / LINK_STEP_M).ceil();
            for k in 0..=count as usize {
                let share = k as f64 / count.max(1.0);
                hold(
                    &from_m.lerp(&to_m, share),
                    needs_m + (tip_m - needs_m) * share,
                );
            }
        }
        breach
    }

    fn workspace(&self, arm: &Arm) -> Rejection {
        let (min_m, max_m) = (arm.workspace.min_m, arm.workspace.max_m);
        let past = |i: usize| (min_m[i] - self.tool_m[i]).max(self.tool_m[i] - max_m[i]);
        let axis = (1..3).fold(0, |worst, i| if past(i) > past(worst) { i } else { worst });
        let at_m = self.tool_m[axis];
        Rejection::new(
            RejectCode::Workspace,
            axis,
            at_m,
            at_m.clamp(min_m[axis], max_m[axis]),
        )
    }
}
