//! The second opinion's geometry: kinematics by 4 × 4 matrices, and how far a posture breaks each limit of space.

use nalgebra::{Matrix4, Vector3};
use ponder_core::geometry::Aabb;
use ponder_core::robot::Arm;

/// a, d, α of the arm's joints.
const DH: [(f64, f64, f64); 7] = {
    use std::f64::consts::FRAC_PI_2 as H;
    [
        (0.0, 0.333, 0.0),
        (0.0, 0.0, -H),
        (0.0, 0.316, H),
        (0.0825, 0.0, H),
        (-0.0825, 0.384, -H),
        (0.0, 0.0, H),
        (0.088, 0.0, H),
    ]
};
const TOOL_M: f64 = 0.221;

/// Origins of the joint frames and the tool, metres.
pub fn points_m(pos_rad: &[f64]) -> Vec<Vector3<f64>> {
    let mut world = Matrix4::identity();
    let mut points = Vec::new();
    for ((a, d, alpha), theta) in DH.iter().zip(pos_rad) {
        let ((sa, ca), (st, ct)) = (alpha.sin_cos(), theta.sin_cos());
        #[rustfmt::skip]
        let step = Matrix4::new(
            ct, -st, 0.0, *a,
            st * ca, ct * ca, -sa, -d * sa,
            st * sa, ct * sa, ca, d * ca,
            0.0, 0.0, 0.0, 1.0,
        );
        world *= step;
        points.push(world.fixed_view::<3, 1>(0, 3).into_owned());
    }
    let axis = world.fixed_view::<3, 1>(0, 2).into_owned();
    points.push(points[points.len() - 1] + axis * TOOL_M);
    points
}

/// Distance to the box's surface, negative inside, metres.
fn to_box_m(point_m: &Vector3<f64>, bounds: &Aabb) -> f64 {
    let (mut outside, mut inside) = (0.0, f64::INFINITY);
    for i in 0..3 {
        let (low, high) = (point_m[i] - bounds.min_m[i], bounds.max_m[i] - point_m[i]);
        let least = low.min(high);
        outside += least.min(0.0).powi(2);
        inside = inside.min(least);
    }
    if outside > 0.0 { outside.sqrt() } else { -inside }
}

/// How far a posture breaks each limit of space: joints (rad), workspace (m), keep-out (m); zero is none.
pub fn breaches(arm: &Arm, pos_rad: &[f64]) -> [f64; 3] {
    let joint = arm.limits.iter().zip(pos_rad).map(|(l, p)| (l.min_rad - p).max(p - l.max_rad));
    let points = points_m(pos_rad);
    let tool = points[points.len() - 1];
    let mut deep_m: f64 = 0.0;
    for (k, ends) in points.windows(2).enumerate() {
        for s in 0..=32 {
            let share = f64::from(s) / 32.0;
            let taper = if k + 2 == points.len() { 1.0 - share } else { 1.0 };
            let at_m = ends[0] * (1.0 - share) + ends[1] * share;
            for bounds in &arm.keep_out {
                deep_m = deep_m.max(arm.link_radius_m * taper - to_box_m(&at_m, bounds));
            }
        }
    }
    let outside_m = to_box_m(&tool, &arm.workspace).max(0.0);
    [joint.fold(0.0, f64::max), outside_m, deep_m]
}
