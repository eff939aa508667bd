//! Poses and boxes on nalgebra. REP-103: metres, radians, x forward, y left, z up; `a_from_b` maps points of b into a.

use nalgebra::{Isometry3, UnitQuaternion, Vector3};
use serde::{Deserialize, Serialize};

/// A rigid transform; a value named `a_from_b` maps coordinates in frame b to coordinates in frame a.
pub type Pose = Isometry3<f64>;
/// A vector or point in metres (or the unit in the value's name).
pub type Vec3 = Vector3<f64>;
/// A rotation as a unit quaternion.
pub type Rotation = UnitQuaternion<f64>;

/// Heading about +z of a pose, radians in (-π, π].
pub fn yaw_rad(pose: &Pose) -> f64 {
    pose.rotation.euler_angles().2
}

/// An angle wrapped to (-π, π].
pub fn wrap_rad(angle_rad: f64) -> f64 {
    let wrapped = angle_rad.rem_euclid(std::f64::consts::TAU);
    if wrapped > std::f64::consts::PI { wrapped - std::f64::consts::TAU } else { wrapped }
}

/// An axis-aligned box in a named frame, metres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aabb {
    /// Smallest corner.
    pub min_m: Vec3,
    /// Largest corner.
    pub max_m: Vec3,
}

impl Aabb {
    /// Is the point inside or on the border? NaN is never inside.
    pub fn contains(&self, point_m: &Vec3) -> bool {
        (0..3).all(|i| point_m[i] >= self.min_m[i] && point_m[i] <= self.max_m[i])
    }

    /// The box grown by `margin_m` on every side.
    pub fn grown(&self, margin_m: f64) -> Self {
        let margin = Vec3::repeat(margin_m);
        Self { min_m: self.min_m - margin, max_m: self.max_m + margin }
    }

    /// Distance from the point to the box, zero inside, metres.
    pub fn distance_m(&self, point_m: &Vec3) -> f64 {
        let clamped = Vec3::from_fn(|i, _| point_m[i].clamp(self.min_m[i], self.max_m[i]));
        (point_m - clamped).norm()
    }
    /// Distance from the point to the box's surface, metres, negative inside.
    pub fn signed_distance_m(&self, point_m: &Vec3) -> f64 {
        let over = Vec3::from_fn(|i, _| (self.min_m[i] - point_m[i]).max(point_m[i] - self.max_m[i]));
        over.map(|o| o.max(0.0)).norm() + over.max().min(0.0)
    }
}
