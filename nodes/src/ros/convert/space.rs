//! Time, places and motions.

use ponder_core::command::BaseTwist;
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use r2r::builtin_interfaces::msg::Time;
use r2r::geometry_msgs::msg;

use super::ConvertError;

const NS: u64 = 1_000_000_000;
/// How far a quaternion's length may be from one.
const UNIT_TOLERANCE: f64 = 1e-2;

/// A stamp as a message; seconds beyond what `int32` holds (the year 2038) stay at its end.
pub fn time(stamp: Stamp) -> Time {
    Time { sec: i32::try_from(stamp.0 / NS).unwrap_or(i32::MAX), nanosec: (stamp.0 % NS) as u32 }
}

/// A message as a stamp; times before zero become zero.
pub fn stamp(time: &Time) -> Stamp {
    u64::try_from(time.sec).map_or(Stamp(0), |sec| Stamp(sec * NS + u64::from(time.nanosec)))
}

/// A place, metres.
pub fn point_msg(at_m: &Vec3) -> msg::Point {
    msg::Point { x: at_m.x, y: at_m.y, z: at_m.z }
}

/// A place, metres.
///
/// # Errors
/// [`ConvertError::NotFinite`].
pub fn point(what: &'static str, at: &msg::Point) -> Result<Vec3, ConvertError> {
    let at_m = Vec3::new(at.x, at.y, at.z);
    if at_m.iter().all(|x| x.is_finite()) { Ok(at_m) } else { Err(ConvertError::NotFinite(what)) }
}

/// A vector.
pub fn vector_msg(v: &Vec3) -> msg::Vector3 {
    msg::Vector3 { x: v.x, y: v.y, z: v.z }
}

/// A pose.
pub fn pose_msg(pose: &Pose) -> msg::Pose {
    let q = pose.rotation.quaternion();
    msg::Pose {
        position: point_msg(&pose.translation.vector),
        orientation: msg::Quaternion { x: q.i, y: q.j, z: q.k, w: q.w },
    }
}

/// A pose; a quaternion that is not quite of length one is made so.
///
/// # Errors
/// [`ConvertError::NotFinite`], also for a quaternion far from length one (all zeros: nobody filled it in).
pub fn pose(what: &'static str, pose: &msg::Pose) -> Result<Pose, ConvertError> {
    let at_m = point(what, &pose.position)?;
    let q = &pose.orientation;
    let quaternion = nalgebra::Quaternion::new(q.w, q.x, q.y, q.z);
    let off = (quaternion.norm() - 1.0).abs();
    if off.is_nan() || off >= UNIT_TOLERANCE {
        return Err(ConvertError::NotFinite(what));
    }
    // What is of length one to the last bit stays as it is.
    let unit = (quaternion.norm_squared() - 1.0).abs() < 4.0 * f64::EPSILON;
    let rotation = if unit { Rotation::new_unchecked(quaternion) } else { Rotation::new_normalize(quaternion) };
    Ok(Pose::from_parts(at_m.into(), rotation))
}

/// A transform: the pose of its child in its parent.
///
/// # Errors
/// As [`pose`].
pub fn transform(told: &msg::TransformStamped) -> Result<Pose, ConvertError> {
    let at = &told.transform.translation;
    let position = msg::Point { x: at.x, y: at.y, z: at.z };
    pose("transform", &msg::Pose { position, orientation: told.transform.rotation.clone() })
}

/// A base's velocity.
pub fn twist_msg(twist: &BaseTwist) -> msg::Twist {
    msg::Twist {
        linear: msg::Vector3 { x: twist.linear_m_s, ..Default::default() },
        angular: msg::Vector3 { z: twist.angular_rad_s, ..Default::default() },
    }
}
