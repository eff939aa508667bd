//! Walls that meet. How far off a wall is depth tells to the millimetre; where along itself it stands only its ends can, and
//! these are mostly out of the picture, behind something or hard to make out. Where two walls meet, the one tells the
//! other's end.

use ponder_core::image::CameraFrame;
use ponder_core::scene::SceneObject;
use ponder_core::{Pose, Vec3};

use super::depth::is_fitted;
use super::find::Find;

/// Two walls that would have to be moved by more than this to meet do not, metres.
const FARTHEST_M: f64 = 0.5;
/// Walls whose directions have this much in common, as a cosine, do not cross.
const ASLANT: f64 = 0.3;

/// Moves walls along themselves until they end where they meet others.
pub(super) fn meet(finds: &mut [Find], frame: &CameraFrame) {
    let is_wall = |find: &&mut Find| find.object.label.as_str() == "wall" && is_fitted(&find.object, frame);
    let mut walls: Vec<&mut SceneObject> = finds.iter_mut().filter(is_wall).map(|find| &mut find.object).collect();
    let seen: Vec<SceneObject> = walls.iter().map(|wall| (**wall).clone()).collect();
    for (i, wall) in walls.iter_mut().enumerate() {
        let others = seen.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other);
        // With both its ends known, what is wrong about its length does not matter.
        let [mut left, mut right] = [None, None];
        for by_m in others.filter_map(|other| past_m(&seen[i], other)) {
            let end = if by_m.0 { &mut right } else { &mut left };
            end.get_or_insert(by_m.1);
        }
        let known = left.iter().chain(&right).count() as f64;
        let by_m = left.iter().chain(&right).sum::<f64>() / known.max(1.0);
        let Pose { rotation, translation } = wall.world_from_object;
        let at_m = translation.vector + rotation * Vec3::x() * by_m;
        wall.world_from_object = Pose::from_parts(at_m.into(), rotation);
    }
}

/// Whether another wall meets this one at the end ahead along its own x, or at the other, and how far this one is to go along
/// its x to end there; `None`: they don't meet.
fn past_m(wall: &SceneObject, other: &SceneObject) -> Option<(bool, f64)> {
    let (ahead, after) = (wall.world_from_object.rotation * Vec3::x(), other.world_from_object.rotation * Vec3::x());
    let cross = ahead.x * after.y - ahead.y * after.x;
    if cross.abs() < (1.0 - ASLANT * ASLANT).sqrt() {
        return None;
    }
    let apart_m = other.position_m() - wall.position_m();
    // Where their middle lines cross, from the middle of each.
    let along_m = (apart_m.x * after.y - apart_m.y * after.x) / cross;
    let other_m = (apart_m.x * ahead.y - apart_m.y * ahead.x) / cross;
    let past = |along_m: f64, length_m: f64, thick_m: f64| along_m + along_m.signum() * 0.5 * (thick_m - length_m);
    let by_m = past(along_m, wall.size_m.x, other.size_m.y);
    let other_by_m = past(other_m, other.size_m.x, wall.size_m.y);
    (by_m.abs() < FARTHEST_M && other_by_m.abs() < FARTHEST_M).then_some((along_m > 0.0, by_m))
}

#[cfg(test)]
mod tests {
    use ponder_core::Rotation;

    use super::super::depth::tests::{object, seen};
    use super::*;

    /// Of a room of four by five metres two walls are seen: each is put where the other ends it.
    #[test]
    fn walls_end_where_they_meet() {
        let truth = [
            object("wall", [5.0, 0.1, 0.8], [5.0, 0.0, 0.9], std::f64::consts::FRAC_PI_2),
            object("wall", [4.0, 0.1, 0.8], [3.05, 2.45, 0.9], 0.0),
        ];
        let frame = seen(&truth);
        let said = |i: usize, along_m: f64| {
            let way = truth[i].world_from_object.rotation * Vec3::x();
            let mut object = truth[i].clone();
            object.world_from_object.translation.vector += way * along_m;
            Find::new(object, 2, &[])
        };
        let mut finds = [said(0, 0.2), said(1, -0.3)];
        meet(&mut finds, &frame);
        for (find, truth) in finds.iter().zip(&truth) {
            let off_m = (find.object.position_m() - truth.position_m()).norm();
            assert!(off_m < 0.01, "{off_m}");
        }
        // One that stands by itself stays.
        let far = Rotation::from_axis_angle(&Vec3::z_axis(), std::f64::consts::FRAC_PI_2);
        let mut alone = [said(0, 0.2), said(1, -0.3)];
        alone[1].object.world_from_object = Pose::from_parts(Vec3::new(3.0, -1.5, 0.9).into(), far);
        let before = alone.clone().map(|find| find.object);
        meet(&mut alone, &frame);
        assert_eq!(alone.map(|find| find.object), before);
    }
}
