//! What cameras say of places: whether they look through one, so that nothing can be there, or whether it is out of
//! their sight.

use ponder_core::Vec3;
use ponder_core::image::CameraFrame;
use ponder_core::scene::SceneObject;

/// A camera that sees this much farther than a point looks through it, metres.
const THROUGH_M: f64 = 0.015;

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
