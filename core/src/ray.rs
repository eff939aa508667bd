//! Where a ray first meets a shape about the origin. A camera's ray at depth 1 gives depths.

use crate::Vec3;

/// Box of half sides `half_m`: the share of `way` after which a ray `from` a point outside meets it; `None` where it does
/// not, or starts within. (Slabs: Kay and Kajiya, 1986.)
#[must_use]
pub fn cuboid(from: &Vec3, way: &Vec3, half_m: &Vec3) -> Option<f64> {
    let (mut near, mut far) = (0.0_f64, f64::INFINITY);
    for i in 0..3 {
        let (a, b) = ((-half_m[i] - from[i]) / way[i], (half_m[i] - from[i]) / way[i]);
        (near, far) = (near.max(a.min(b)), far.min(a.max(b)));
    }
    (near < far && near > 0.0).then_some(near)
}

/// The same of a ball.
#[must_use]
pub fn ball(from: &Vec3, way: &Vec3, radius_m: f64) -> Option<f64> {
    let (a, b, c) = (way.norm_squared(), from.dot(way), from.norm_squared() - radius_m * radius_m);
    let root = b * b - a * c;
    (root > 0.0).then(|| (-b - root.sqrt()) / a).filter(|t| *t > 0.0)
}

/// The same of the side of an upright post, however high.
#[must_use]
pub fn post(from: &Vec3, way: &Vec3, radius_m: f64) -> Option<f64> {
    let flat = |v: &Vec3| Vec3::new(v.x, v.y, 0.0);
    ball(&flat(from), &flat(way), radius_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rays_meet_what_they_point_at() {
        let (from, half_m) = (Vec3::new(0.0, 0.0, 3.0), Vec3::new(0.5, 0.5, 1.0));
        assert_eq!(cuboid(&from, &-Vec3::z(), &half_m), Some(2.0));
        assert_eq!(cuboid(&from, &Vec3::z(), &half_m), None, "it is behind");
        assert_eq!(cuboid(&from, &Vec3::new(1.0, 0.0, -1.0), &half_m), None, "it is beside");
        assert_eq!(cuboid(&Vec3::zeros(), &Vec3::z(), &half_m), None, "within");
        assert_eq!(ball(&from, &(-Vec3::z() * 2.0), 1.0), Some(1.0));
        assert_eq!(ball(&from, &Vec3::x(), 1.0), None);
        assert_eq!(post(&from, &-Vec3::z(), 1.0), None, "along it");
        assert_eq!(post(&Vec3::new(-3.0, 0.0, 9.0), &Vec3::new(0.5, 0.0, -7.0), 1.0), Some(4.0));
    }
}
