//! What cameras say of places: whether they look through one, so that nothing can be there, or whether it is out of
//! their sight.

use ponder_core::image::CameraFrame;
use ponder_core::scene::SceneObject;
use ponder_core::{Pose, Vec3};

/// A camera that sees this much farther than a point looks through it, metres.
const THROUGH_M: f64 = 0.015;

/// Places looked at along each side of a holder, and one above the other.
const PLACES: usize = 5;
const LEVELS: usize = 2;

/// Share of a thing's points (three by three by three of its box) that a camera looks through.
pub(super) fn seen_through(object: &SceneObject, frames: &[CameraFrame]) -> f64 {
    let half_m = object.size_m * 0.5;
    let side = |i: usize| [-0.6, 0.0, 0.6][i % 3];
    let points = (0..27).map(|i| [side(i), side(i / 3), side(i / 9)]).map(|share| {
        let at_m = Vec3::new(half_m.x * share[0], half_m.y * share[1], half_m.z * share[2]);
        object.world_from_object.transform_point(&at_m.into()).coords
    });
    let through = points.filter(|point_m| frames.iter().any(|frame| is_clear(point_m, frame))).count();
    through as f64 / 27.0
}

/// Does a camera see the thing's middle, with nothing before it?
pub(super) fn is_open(object: &SceneObject, frames: &[CameraFrame]) -> bool {
    let half_m = object.size_m.norm() * 0.5;
    let beyond = |frame: &CameraFrame| beyond_m(&object.position_m(), frame);
    frames.iter().filter_map(beyond).any(|beyond_m| beyond_m > -half_m - THROUGH_M)
}

/// Where in one of these a thing that lay in it may be now, out of every camera's sight: what is put in after it pushes it
/// about, and nothing but a hand takes it out. The nearest such place; `None`: all of its room is looked into.
pub(super) fn tucked<'a>(
    object: &SceneObject,
    mut holders: impl Iterator<Item = &'a SceneObject>,
    frames: &[CameraFrame],
    through: f64,
) -> Option<Pose> {
    let within_m = |holder: &SceneObject| {
        let at_m = holder.world_from_object.inverse_transform_point(&object.position_m().into()).coords;
        (0..3).all(|i| at_m[i].abs() <= holder.size_m[i] * 0.5).then_some(at_m)
    };
    let (holder, was_m) = holders.find_map(|holder| within_m(holder).map(|at_m| (holder, at_m)))?;
    let room_m = ((holder.size_m - object.size_m) * 0.5).map(|m| m.max(0.0));
    let share = |i: usize| i as f64 / (PLACES - 1) as f64 * 2.0 - 1.0;
    let places_m = (0..PLACES * PLACES * LEVELS).map(|i| {
        let level_m = (i / (PLACES * PLACES)) as f64 * object.size_m.z;
        let low_m = (level_m - room_m.z).min(room_m.z);
        Vec3::new(room_m.x * share(i % PLACES), room_m.y * share(i / PLACES % PLACES), low_m)
    });
    let mut places_m: Vec<Vec3> = places_m.collect();
    places_m.sort_by(|a, b| (a - was_m).norm().total_cmp(&(b - was_m).norm()));
    let place = |at_m: Vec3| {
        let at_m = holder.world_from_object.transform_point(&at_m.into()).coords;
        Pose::from_parts(at_m.into(), object.world_from_object.rotation)
    };
    let is_dark = |pose: &Pose| {
        let there = SceneObject { world_from_object: *pose, ..object.clone() };
        seen_through(&there, frames) <= through
    };
    places_m.into_iter().map(place).find(is_dark)
}

/// Does the camera see farther than the point?
fn is_clear(point_m: &Vec3, frame: &CameraFrame) -> bool {
    beyond_m(point_m, frame).is_some_and(|beyond_m| beyond_m > THROUGH_M)
}

/// How much farther than a point a camera sees where the point is in its picture, metres.
fn beyond_m(point_m: &Vec3, frame: &CameraFrame) -> Option<f64> {
    let camera_m = frame.world_from_camera.inverse_transform_point(&(*point_m).into()).coords;
    let (column, row) = frame.intrinsics.project(&camera_m)?;
    let (column, row) = (column.round(), row.round());
    if column < 0.0 || row < 0.0 || column >= frame.width_px as f64 || row >= frame.height_px as f64 {
        return None;
    }
    let pixel = row as usize * frame.width_px + column as usize;
    let depth_m = frame.depth_m.as_deref().and_then(|depth| depth.get(pixel)).copied().map(f64::from);
    depth_m.filter(|depth| depth.is_finite()).map(|depth| depth - camera_m.z)
}

#[cfg(test)]
mod tests {
    use super::super::depth::tests::{object, seen};
    use super::*;

    /// In a bin that a camera looks into from its side there is room behind a crate, and no other that is not seen.
    #[test]
    fn what_lay_in_a_bin_is_where_nobody_looks_or_nowhere() {
        let bin = object("bin", [0.6, 0.8, 0.2], [3.0, 0.0, 1.0], 0.0);
        let backdrop = object("wall", [0.1, 9.0, 3.0], [5.0, 0.0, 1.0], 0.0);
        let before = object("crate", [0.1, 0.3, 0.3], [2.8, 0.25, 1.0], 0.0);
        let block = object("block", [0.08; 3], [3.1, -0.2, 0.94], 0.0);
        let frames = [seen(&[backdrop.clone(), before])];
        assert!(seen_through(&block, &frames) > 0.9, "it is not where it was");
        let place = tucked(&block, [&bin].into_iter(), &frames, 0.5);
        let Some(place) = place else { panic!("there is room behind the crate") };
        let at_m = place.translation.vector;
        assert!(at_m.y > 0.05 && at_m.x > 2.8 && (at_m.z - 0.94).abs() < 0.1, "{at_m}");
        assert_eq!(tucked(&block, [&bin].into_iter(), &[seen(&[backdrop])], 0.5), None, "all of it is looked into");
        let beside = object("block", [0.08; 3], [3.1, -0.6, 0.94], 0.0);
        assert_eq!(tucked(&beside, [&bin].into_iter(), &frames, 0.5), None, "it was not in it");
    }
}
