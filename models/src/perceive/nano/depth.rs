//! What stands convex on its own is put where the measured depth says: its box or ball is moved along the ray until what
//! should be seen of it lies where something is seen (one step of ICP along the line of sight, by the median).

use ponder_core::image::CameraFrame;
use ponder_core::scene::{Affordance, SceneObject};
use ponder_core::{Pose, Rotation, Vec3, ray};

use super::find::Find;

/// Pixels along each side that are looked at.
const SAMPLES: i32 = 7;
/// Fewest that must hit the shape and have a depth.
const FEWEST: usize = 8;
/// Farthest that a thing is moved, metres.
const FARTHEST_M: f64 = 0.3;
/// A cup, which is hollow, is moved only if it must be by more than this, metres.
const HOLLOW_M: f64 = 0.04;
/// Thickness up to which a surface is a board that nothing can be in, metres.
const FLAT_M: f64 = 0.1;
/// What seems to be this deep in a board is on it, metres.
const SUNK_M: f64 = 0.015;
/// Samples of a wall along each side of the picture.
const WALL_SAMPLES: usize = 48;
/// What is as near to a wall's upper or lower edge may be another thing's, metres.
const EDGE_M: f64 = 0.05;
/// A wall seen over this length is turned by half of what it seems to be, metres.
const STIFF_M: f64 = 0.3;
/// Steps.
const STEPS: usize = 2;

/// Moves a thing along the ray from the camera to where it is seen.
pub(super) fn settle(object: &mut SceneObject, frame: &CameraFrame) {
    let least_m = match object.label.as_str() {
        "block" | "ball" | "pillar" | "crate" => 0.0,
        "cup" => HOLLOW_M,
        "wall" => return along_wall(object, frame),
        "zone" | "dock" => return super::flat::settle(object, frame),
        _ => return,
    };
    for _ in 0..STEPS {
        let Some(by_m) = off_m(object, frame) else { return };
        if by_m.abs() < least_m || by_m.abs() > FARTHEST_M {
            return;
        }
        let camera_m = frame.world_from_camera.inverse_transform_point(&object.position_m().into()).coords;
        let moved_m = camera_m * ((camera_m.z + by_m) / camera_m.z);
        let at_m = frame.world_from_camera.transform_point(&moved_m.into());
        object.world_from_object = Pose::from_parts(at_m.coords.into(), object.world_from_object.rotation);
    }
}

/// Fits a wall's face to the depths seen of it: it is moved towards or away from the camera, and turned. Where along itself
/// it stands depth can't tell.
fn along_wall(object: &mut SceneObject, frame: &CameraFrame) {
    for _ in 0..STEPS {
        let Some((off_m, slope)) = face(object, frame) else { return };
        let Pose { rotation, translation } = object.world_from_object;
        let at_m = translation.vector + rotation * Vec3::new(0.0, off_m, 0.0);
        let turned = Rotation::from_axis_angle(&Vec3::z_axis(), slope.atan()) * rotation;
        object.world_from_object = Pose::from_parts(at_m.into(), turned);
    }
}

/// Is enough of a wall seen for its face to be where it is said?
pub(super) fn is_fitted(object: &SceneObject, frame: &CameraFrame) -> bool {
    face(object, frame).is_some()
}

/// How far behind its said face the seen one lies at the wall's middle, metres, and by how much more with each metre along
/// it (least squares, twice: then without what is far off the first line); `None`: too little is seen.
fn face(object: &SceneObject, frame: &CameraFrame) -> Option<(f64, f64)> {
    let depth_m = frame.depth_m.as_deref()?;
    let object_from_camera = object.world_from_object.inverse() * frame.world_from_camera;
    let eye_m = object_from_camera.translation.vector;
    let half_m = object.size_m * 0.5;
    let face_m = half_m.y.copysign(eye_m.y);
    let mut seen: Vec<(f64, f64)> = Vec::new();
    for i in 0..WALL_SAMPLES * WALL_SAMPLES {
        let px = |i: usize, of: usize| (2 * i + 1) * of / (2 * WALL_SAMPLES);
        let (x, y) = (px(i % WALL_SAMPLES, frame.width_px), px(i / WALL_SAMPLES, frame.height_px));
        let way = object_from_camera.rotation * frame.intrinsics.deproject(x as f64, y as f64, 1.0);
        let depth = depth_m.get(y * frame.width_px + x).copied().map(f64::from).filter(|depth| depth.is_finite());
        if let (Some(_), Some(depth)) = (ray::cuboid(&eye_m, &way, &half_m), depth) {
            let at_m = eye_m + way * depth;
            if (at_m.y - face_m).abs() < FARTHEST_M && at_m.z.abs() < half_m.z - EDGE_M && at_m.x.abs() < half_m.x {
                seen.push((at_m.x, at_m.y - face_m));
            }
        }
    }
    let mut line = (0.0, 0.0);
    for within_m in [FARTHEST_M, SUNK_M] {
        seen.retain(|(along, off)| (off - line.0 - line.1 * along).abs() < within_m);
        if seen.len() < FEWEST {
            return None;
        }
        let n = seen.len() as f64;
        let (x, y) = (seen.iter().map(|p| p.0).sum::<f64>() / n, seen.iter().map(|p| p.1).sum::<f64>() / n);
        let spread = seen.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
        let slope = seen.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / (spread + n * STIFF_M * STIFF_M);
        line = (y - slope * x, slope);
    }
    Some(line)
}

/// Lifts what can be moved out of the surfaces that nothing can be in: onto the highest that is fixed and spans below it.
pub(super) fn surface<'a>(finds: &mut [Find], known: impl Iterator<Item = &'a SceneObject>) {
    let bears = |o: &&SceneObject| o.can(Affordance::Surface) && o.can(Affordance::Fixed) && o.size_m.z < FLAT_M;
    let mut surfaces: Vec<SceneObject> = known.filter(bears).cloned().collect();
    surfaces.extend(finds.iter().map(|find| &find.object).filter(bears).cloned());
    for object in finds.iter_mut().map(|find| &mut find.object).filter(|o| o.can(Affordance::Graspable)) {
        let spans = |surface: &&SceneObject| {
            let inside_m = surface.world_from_object.inverse_transform_point(&object.position_m().into()).coords;
            (0..2).all(|i| inside_m[i].abs() < surface.size_m[i] * 0.5)
        };
        let Some(surface) = surfaces.iter().find(spans) else { continue };
        let sunk_m = surface.top_m() - object.bottom_m();
        if sunk_m > SUNK_M {
            object.world_from_object.translation.z += sunk_m;
        }
    }
}

/// How much farther than expected the thing's surface is seen, metres; `None`: too little is seen.
fn off_m(object: &SceneObject, frame: &CameraFrame) -> Option<f64> {
    let camera_m = frame.world_from_camera.inverse_transform_point(&object.position_m().into()).coords;
    if camera_m.z < 0.05 {
        return None;
    }
    let (column, row) = frame.intrinsics.project(&camera_m)?;
    let depth_m = frame.depth_m.as_deref()?;
    // What is tall is narrow.
    let px_per_m = frame.intrinsics.fx_px / camera_m.z;
    let [wide_px, high_px] = [object.size_m.xy().max(), object.size_m.max()].map(|m| m * 0.5 * px_per_m);
    let object_from_camera = object.world_from_object.inverse() * frame.world_from_camera;
    let eye_m = object_from_camera.translation.vector;
    let mut off: Vec<f64> = Vec::new();
    for i in 0..SAMPLES * SAMPLES {
        let share = |i: i32| f64::from(i * 2 - (SAMPLES - 1)) / f64::from(SAMPLES - 1);
        let (x, y) = ((column + share(i % SAMPLES) * wide_px).round(), (row + share(i / SAMPLES) * high_px).round());
        if x < 0.0 || y < 0.0 || x >= frame.width_px as f64 || y >= frame.height_px as f64 {
            continue;
        }
        let way = object_from_camera.rotation * frame.intrinsics.deproject(x, y, 1.0);
        let radius_m = object.size_m.x * 0.5;
        let hit = match object.label.as_str() {
            "ball" => ray::ball(&eye_m, &way, object.size_m.max() * 0.5),
            "pillar" => ray::post(&eye_m, &way, radius_m),
            _ => ray::cuboid(&eye_m, &way, &(object.size_m * 0.5)),
        };
        let seen = depth_m.get(y as usize * frame.width_px + x as usize).copied().map(f64::from);
        if let (Some(hit), Some(seen)) = (hit, seen.filter(|depth| depth.is_finite())) {
            off.push(seen - hit);
        }
    }
    off.sort_by(f64::total_cmp);
    (off.len() >= FEWEST).then(|| off[off.len() / 2])
}

#[cfg(test)]
pub(super) mod tests {
    use ponder_core::Stamp;
    use ponder_core::image::{CameraName, Intrinsics};
    use ponder_core::scene::{Affordances, Label, ObjectId};

    use super::*;

    const SIDE: usize = 96;

    pub(in super::super) fn object(label: &str, size_m: [f64; 3], at_m: [f64; 3], turn_rad: f64) -> SceneObject {
        SceneObject {
            id: ObjectId::default(),
            label: Label::from(label).unwrap_or_default(),
            color: None,
            world_from_object: Pose::from_parts(
                Vec3::from(at_m).into(),
                Rotation::from_axis_angle(&Vec3::z_axis(), turn_rad),
            ),
            size_m: size_m.into(),
            score: 1.0,
            seen: Stamp(0),
            open_fraction: None,
            on: None,
            handle_m: None,
            affordances: Affordances::default(),
        }
    }

    /// What a level camera at the origin, a metre up, sees of things before it: their depths, and nothing else.
    pub(in super::super) fn seen(things: &[SceneObject]) -> CameraFrame {
        let (right, down, forward) = (-Vec3::y(), -Vec3::z(), Vec3::x());
        let turn = Rotation::from_basis_unchecked(&[right, down, forward]);
        let world_from_camera = Pose::from_parts(Vec3::z().into(), turn);
        let intrinsics = Intrinsics { fx_px: 80.0, fy_px: 80.0, cx_px: 47.5, cy_px: 47.5 };
        let depth = |pixel: usize, thing: &SceneObject| {
            let object_from_camera = thing.world_from_object.inverse() * world_from_camera;
            let way = intrinsics.deproject((pixel % SIDE) as f64, (pixel / SIDE) as f64, 1.0);
            let (eye_m, way) = (object_from_camera.translation.vector, object_from_camera.rotation * way);
            let hit = match thing.label.as_str() {
                "pillar" => ray::post(&eye_m, &way, thing.size_m.x * 0.5),
                "ball" => ray::ball(&eye_m, &way, thing.size_m.x * 0.5),
                _ => ray::cuboid(&eye_m, &way, &(thing.size_m * 0.5)),
            };
            hit.map(|depth| depth as f32)
        };
        let nearest = |pixel: usize| {
            things.iter().filter_map(|thing| depth(pixel, thing)).min_by(f32::total_cmp).unwrap_or(f32::NAN)
        };
        CameraFrame {
            name: CameraName::default(),
            stamp: Stamp(0),
            width_px: SIDE,
            height_px: SIDE,
            rgb: vec![0; SIDE * SIDE * 3].into(),
            depth_m: Some((0..SIDE * SIDE).map(nearest).collect()),
            intrinsics,
            world_from_camera,
        }
    }

    /// Said a little off, each is put where its depths are.
    #[test]
    fn things_are_put_where_they_are_seen() {
        for (label, size_m, at_m) in [
            ("crate", [0.45; 3], [3.0, 0.4, 0.5]),
            ("pillar", [0.3, 0.3, 1.2], [4.0, -0.8, 0.6]),
            ("block", [0.04; 3], [0.6, 0.1, 1.0]),
        ] {
            let truth = object(label, size_m, at_m, 0.2);
            let mut said = truth.clone();
            said.world_from_object.translation.vector = Vec3::z() + (truth.position_m() - Vec3::z()) * 1.02; // a little farther along its ray
            let before_m = (said.position_m() - truth.position_m()).norm();
            settle(&mut said, &seen(std::slice::from_ref(&truth)));
            let after_m = (said.position_m() - truth.position_m()).norm();
            assert!(after_m < 0.2 * before_m, "{label}: {before_m} to {after_m}");
        }
    }

    #[test]
    fn a_wall_is_moved_across_itself_and_turned() {
        let truth = object("wall", [6.2, 0.1, 0.8], [5.0, 0.5, 0.9], 1.4);
        let mut said = object("wall", [6.2, 0.1, 0.8], [5.15, 0.5, 0.9], 1.38);
        settle(&mut said, &seen(std::slice::from_ref(&truth)));
        let across = truth.world_from_object.rotation * Vec3::y();
        let off_m = (said.position_m() - truth.position_m()).dot(&across);
        let off_rad = said.world_from_object.rotation.angle_to(&truth.world_from_object.rotation);
        assert!(off_m.abs() < 0.01 && off_rad < 0.005, "{off_m} m, {off_rad} rad");
        // Nothing seen: it stays.
        let mut said = truth.clone();
        let frame =
            CameraFrame { depth_m: Some(vec![f32::NAN; SIDE * SIDE].into()), ..seen(std::slice::from_ref(&truth)) };
        settle(&mut said, &frame);
        assert_eq!(said, truth);
    }
}
