//! Does a posture keep to where the robot file lets the arm be? The controller asks this of its plans, so that what the
//! guard would refuse is not begun.

use crate::Vec3;
use crate::geometry::Aabb;
use crate::robot::Arm;

/// Room that plans leave beyond what the guard insists on, metres.
const MARGIN_M: f64 = 0.003;
/// Distance between the points of a link that are looked at, metres.
const STEP_M: f64 = 0.03;

/// Is the tool in its workspace and every link out of the keep-outs? Links are tubes between the joints' frames; the
/// hand tapers from the last joint to the tool.
pub fn is_clear(arm: &Arm, pos_rad: &[f64]) -> bool {
    let frames = arm.chain.frames(pos_rad);
    let tool_m = arm.chain.tool_of(&frames).translation.vector;
    let starts_m = frames.iter().map(|frame| frame.translation.vector);
    let ends_m = starts_m.clone().skip(1).chain([tool_m]);
    let mut links = starts_m.zip(ends_m).enumerate();
    arm.workspace.contains(&tool_m)
        && links.all(|(i, (from_m, to_m))| {
            let hand = i + 1 == frames.len();
            let end_radius_m = if hand { 0.0 } else { arm.link_radius_m };
            let clear = |keep_out: &Aabb| {
                is_tube_clear(keep_out, &from_m, &to_m, arm.link_radius_m, end_radius_m)
            };
            arm.keep_out.iter().all(clear)
        })
}

fn is_tube_clear(
    keep_out: &Aabb,
    from_m: &Vec3,
    to_m: &Vec3,
    from_radius_m: f64,
    to_radius_m: f64,
) -> bool {
    let count = ((to_m - from_m).norm() / STEP_M).ceil().max(1.0);
    (0..=count as usize).all(|i| {
        let share = i as f64 / count;
        let radius_m = from_radius_m + share * (to_radius_m - from_radius_m);
        keep_out.distance_m(&from_m.lerp(to_m, share)) > radius_m + MARGIN_M * (1.0 - share)
    })
}
