//! The guard's look ahead: is a posture, and the whole way to rest from it, where the arm may be? Joint ranges, the
//! tool's workspace, and keep-out boxes against the tubes that hold the links.

use super::ROUNDING;
use super::arm::rest_s;
use super::verdict::{RejectCode, Rejection};
use crate::Vec3;
use crate::geometry::Aabb;
use crate::robot::{Arm, Braking, JointLimits, JointVec};

/// Halvings (nearly) of a link in the search for its point closest to a box: to some µm.
const SEARCH_STEPS: usize = 24;
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
    // An emergency stop goes the same straight way, less far.
    let half_s = 0.5 * rest_s(arm, Braking::Ordinary, vel_rad_s);
    let mut farthest_rad: f64 = 0.0;
    for (i, (limit, (pos, vel))) in arm.limits.iter().zip(pos_rad.iter().zip(vel_rad_s)).enumerate() {
        farthest_rad = farthest_rad.max((vel * half_s).abs());
        for at_rad in [*pos, pos + vel * half_s] {
            let was_rad = before().filter_map(|was| was.get(i)).map(|was| outside_rad(limit, *was));
            if outside_rad(limit, at_rad) > was_rad.fold(ROUNDING, f64::max) {
                let nearest = at_rad.clamp(limit.min_rad, limit.max_rad);
                return Err(Rejection::new(RejectCode::JointPosition, i, at_rad, nearest));
            }
        }
    }
    let looks = ((farthest_rad / LOOK_STEP_RAD).ceil() as usize).min(MAX_LOOKS);
    for look in 0..=looks {
        let ahead_s = half_s * look as f64 / looks.max(1) as f64;
        let ahead = pos_rad.iter().zip(vel_rad_s).map(|(pos, vel)| pos + vel * ahead_s);
        let breach = Breach::of(arm, &ahead.collect());
        let most = |part: fn(&Breach) -> f64| before().map(|was| part(&Breach::of(arm, was))).fold(ROUNDING, f64::max);
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
        let mut breach = Self { tool_m, outside_m, inside_m: f64::NEG_INFINITY, keep_out: 0, needs_m: 0.0 };
        let joints_m = frames.iter().map(|frame| frame.translation.vector);
        let ends_m = joints_m.clone().skip(1).chain([tool_m]);
        for (i, (from_m, to_m)) in joints_m.zip(ends_m).enumerate() {
            let hand = i + 1 == frames.len(); // tapers to the tool
            let tip_m = if hand { 0.0 } else { arm.link_radius_m };
            let tube = Tube { ends_m: [from_m, to_m], radii_m: [arm.link_radius_m, tip_m] };
            for (keep_out, bounds) in arm.keep_out.iter().enumerate() {
                let (inside_m, needs_m) = tube.deepest(bounds);
                if inside_m > breach.inside_m {
                    (breach.inside_m, breach.keep_out, breach.needs_m) = (inside_m, keep_out, needs_m);
                }
            }
        }
        breach
    }

    fn workspace(&self, arm: &Arm) -> Rejection {
        let (min_m, max_m) = (arm.workspace.min_m, arm.workspace.max_m);
        let past = |i: usize| (min_m[i] - self.tool_m[i]).max(self.tool_m[i] - max_m[i]);
        let axis = (1..3).fold(0, |worst, i| if past(i) > past(worst) { i } else { worst });
        let at_m = self.tool_m[axis];
        Rejection::new(RejectCode::Workspace, axis, at_m, at_m.clamp(min_m[axis], max_m[axis]))
    }
}

/// The space round a link: a line with a radius that changes evenly along it.
struct Tube {
    ends_m: [Vec3; 2],
    radii_m: [f64; 2],
}

impl Tube {
    /// How deep its deepest point is in the box, metres (negative: clear, by at least so much), and the radius there.
    ///
    /// The signed distance to a convex body is convex along a line, so a golden-section search finds the least
    /// (Kiefer 1953); most tubes are so far from the box that their middle tells.
    fn deepest(&self, bounds: &Aabb) -> (f64, f64) {
        let [from_m, to_m] = &self.ends_m;
        let radius_m = |share: f64| self.radii_m[0] + (self.radii_m[1] - self.radii_m[0]) * share;
        let clear_m = |share: f64| bounds.signed_distance_m(&from_m.lerp(to_m, share)) - radius_m(share);
        let widest_m = self.radii_m[0].max(self.radii_m[1]);
        let surely_m = clear_m(0.5) + radius_m(0.5) - widest_m - 0.5 * (to_m - from_m).norm();
        if surely_m > 0.0 {
            return (-surely_m, widest_m);
        }
        let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..SEARCH_STEPS {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if clear_m(left) <= clear_m(right) {
                high = right;
            } else {
                low = left;
            }
        }
        let least = |a: f64, b: f64| if clear_m(a) <= clear_m(b) { a } else { b };
        let share = least(least(0.0, 1.0), 0.5 * (low + high));
        (-clear_m(share), radius_m(share))
    }
}
