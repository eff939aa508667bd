//! Things of several pictures and several moments made one: what two cameras see is one thing, and what was there and is
//! now behind something else is still there. Depth decides: where a camera looks through a thing's place, it is gone.

use ponder_core::Vec3;
use ponder_core::image::CameraFrame;
use ponder_core::scene::{Scene, SceneObject};

use super::eye::overlap;
use super::kinds::{KINDS, numbered};

/// Something this much nearer than a thing's middle hides it, metres.
const BEFORE_M: f64 = 0.01;
/// Share of a thing's points that must be hidden or outside of every picture.
const HIDDEN_SHARE: f64 = 0.7;

fn slot(object: &SceneObject) -> Option<usize> {
    numbered(&object.label).map(|number| KINDS[number].slot)
}

fn same(a: &SceneObject, b: &SceneObject) -> bool {
    slot(a) == slot(b) && overlap(a, b)
}

/// Adds what one camera sees to what others saw; of one thing the more certain find counts.
pub(super) fn merge(objects: &mut Vec<SceneObject>, more: Vec<SceneObject>) {
    for object in more {
        match objects.iter_mut().find(|other| same(other, &object)) {
            Some(other) if other.score < object.score => *other = object,
            Some(_) => {}
            None => objects.push(object),
        }
    }
}

/// What was believed before, is not found now, and can't be seen now: outside of the pictures or behind something.
pub(super) fn remembered(before: &Scene, now: &[SceneObject], frames: &[CameraFrame]) -> Vec<SceneObject> {
    let found = |old: &SceneObject| now.iter().any(|new| new.id == old.id || same(old, new));
    before.objects.iter().filter(|old| !found(old) && is_hidden(old, frames)).cloned().collect()
}

fn is_hidden(object: &SceneObject, frames: &[CameraFrame]) -> bool {
    let half_m = object.size_m * 0.5;
    // Three by three by three points of its box.
    let side = |i: usize| [-0.6, 0.0, 0.6][i % 3];
    let points = (0..27).map(|i| [side(i), side(i / 3), side(i / 9)]);
    let (mut hidden, mut all) = (0, 0);
    for share in points {
        let at = Vec3::new(half_m.x * share[0], half_m.y * share[1], half_m.z * share[2]);
        let point = object.world_from_object.transform_point(&at.into()).coords;
        all += 1;
        hidden += usize::from(frames.iter().all(|frame| !is_clear(&point, frame)));
    }
    f64::from(hidden as u32) >= HIDDEN_SHARE * f64::from(all)
}

/// Does the camera see as far as the point?
fn is_clear(point: &Vec3, frame: &CameraFrame) -> bool {
    let camera_m = frame.world_from_camera.inverse_transform_point(&(*point).into()).coords;
    let Some((column, row)) = frame.intrinsics.project(&camera_m) else { return false };
    let (column, row) = (column.round(), row.round());
    if column < 0.0 || row < 0.0 || column >= frame.width_px as f64 || row >= frame.height_px as f64 {
        return false;
    }
    let pixel = row as usize * frame.width_px + column as usize;
    let depth_m = frame.depth_m.as_deref().and_then(|depth| depth.get(pixel)).copied().map(f64::from);
    depth_m.is_some_and(|depth| depth.is_finite() && depth > camera_m.z - BEFORE_M)
}
