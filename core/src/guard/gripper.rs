//! The guard's part for the gripper: width and force in range.

use super::verdict::{Clip, RejectCode, Rejection};
use crate::command::GripperTarget;
use crate::robot::Gripper;

/// Widths out of range by no more than this are clipped, metres.
const WIDTH_CLIP_M: f64 = 0.005;
/// Forces above the limit by no more than this share are clipped.
const FORCE_CLIP: f64 = 0.1;

/// The target in range, or why not. The target is finite.
pub(super) fn judge(gripper: &Gripper, target: &GripperTarget) -> Result<(GripperTarget, Option<Clip>), Rejection> {
    let GripperTarget { width_m, force_n } = *target;
    let sent =
        GripperTarget { width_m: width_m.clamp(0.0, gripper.max_width_m), force_n: force_n.min(gripper.max_force_n) };
    if (sent.width_m - width_m).abs() > WIDTH_CLIP_M {
        return Err(Rejection::new(RejectCode::GripperWidth, 0, width_m, sent.width_m));
    }
    if force_n < 0.0 {
        return Err(Rejection::new(RejectCode::GripperForce, 0, force_n, 0.0));
    }
    if force_n > gripper.max_force_n * (1.0 + FORCE_CLIP) {
        return Err(Rejection::new(RejectCode::GripperForce, 0, force_n, gripper.max_force_n));
    }
    let clip = |code, asked: f64, sent: f64| (asked != sent).then_some(Clip { code, asked, sent });
    let clipped = clip(RejectCode::GripperWidth, width_m, sent.width_m);
    Ok((sent, clipped.or(clip(RejectCode::GripperForce, force_n, sent.force_n))))
}
