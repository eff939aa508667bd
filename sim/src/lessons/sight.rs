//! How much of an object a picture shows: rays from the camera to the object's own shapes, held against the depth that
//! was drawn. Nothing else tells a thing in full view from one behind the arm.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::{MjModel, MjtGeomBase};
use nalgebra::{Matrix3, Point3};
use ponder_core::image::CameraFrame;
use ponder_core::lesson::Sighting;
use ponder_core::scene::SceneObject;
use ponder_core::{Vec3, ray};

use crate::build::{Built, ObjectPort};

/// A drawn surface this near to the ray's hit is the object's own, metres.
const OWN_M: f64 = 0.003;
/// What has its middle farther out of a thing's box than this is its handle, metres.
const OUT_M: f64 = 0.01;
/// Rays along each side of the box around an object, at most.
const MOST_RAYS: f64 = 40.0;

/// A primitive in the camera's frame.
struct Solid {
    solid_from_camera: Matrix3<f64>,
    eye_m: Vec3,
    form: MjtGeomBase,
    size_m: Vec3,
    center_m: Vec3,
    reach_m: f64,
    /// It sticks out of the object's box, as handles do.
    is_handle: bool,
}

/// The sighting of an object in a frame with depth.
pub(super) fn sighting(
    built: &Built,
    data: &MjData<Arc<MjModel>>,
    port: &ObjectPort,
    object: SceneObject,
    frame: &CameraFrame,
) -> Sighting {
    let solids: Vec<Solid> = (0..built.model.geom_bodyid().len())
        .filter(|geom| owner(built, built.model.geom_bodyid()[*geom].max(0) as usize) == Some(port.body))
        .filter_map(|geom| solid(&built.model, data, geom, frame, &object))
        .collect();
    let seen = count(&solids, frame).unwrap_or_default();
    Sighting { object, visible_px: seen.visible_px, whole_px: seen.whole_px, body_px: Some(seen.body_px) }
}

/// Body of the object that a body is a part of: the nearest above it, else one that hangs on it (a knob's base).
fn owner(built: &Built, body: usize) -> Option<usize> {
    let parent = |body: usize| built.model.body_parentid()[body].max(0) as usize;
    let is_object = |body: usize| built.objects.iter().any(|o| o.body == body);
    let mut at = body;
    while at != 0 {
        if is_object(at) {
            return Some(at);
        }
        at = parent(at);
    }
    (body != 0).then(|| built.objects.iter().map(|o| o.body).find(|o| parent(*o) == body)).flatten()
}

fn solid(
    model: &MjModel,
    data: &MjData<Arc<MjModel>>,
    geom: usize,
    frame: &CameraFrame,
    object: &SceneObject,
) -> Option<Solid> {
    let size_m = Vec3::from(model.geom_size()[geom]);
    let form = model.geom_type()[geom];
    let reach_m = match form {
        MjtGeomBase::mjGEOM_BOX => size_m.norm(),
        MjtGeomBase::mjGEOM_SPHERE => size_m.x,
        MjtGeomBase::mjGEOM_CYLINDER => size_m.x.hypot(size_m.y),
        MjtGeomBase::mjGEOM_CAPSULE => size_m.x + size_m.y,
        _ => return None,
    };
    let world_from_solid = Matrix3::from_row_slice(&data.geom_xmat()[geom]);
    let world_from_camera = frame.world_from_camera.rotation.to_rotation_matrix();
    let at_m = Vec3::from(data.geom_xpos()[geom]);
    let eye_m = frame.world_from_camera.translation.vector;
    let in_box_m = object.world_from_object.inverse_transform_point(&Point3::from(at_m)).coords;
    Some(Solid {
        solid_from_camera: world_from_solid.transpose() * world_from_camera.matrix(),
        eye_m: world_from_solid.transpose() * (eye_m - at_m),
        form,
        size_m,
        center_m: frame.world_from_camera.inverse_transform_point(&Point3::from(at_m)).coords,
        reach_m,
        is_handle: (0..3).any(|i| in_box_m[i].abs() > object.size_m[i] * 0.5 + OUT_M),
    })
}

/// Pixels of an object.
#[derive(Default)]
struct Seen {
    visible_px: f64,
    body_px: f64,
    whole_px: f64,
}

/// Pixels in which the solids show, and in which they would if alone; `None` when they are not before the camera.
fn count(solids: &[Solid], frame: &CameraFrame) -> Option<Seen> {
    let depth_m = frame.depth_m.as_deref()?;
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    let lens = &frame.intrinsics;
    for solid in solids {
        let z_m = (solid.center_m.z - solid.reach_m).max(0.02);
        if solid.center_m.z + solid.reach_m < 0.02 {
            continue;
        }
        for (axis, (focal_px, middle_px)) in
            [(lens.fx_px, lens.cx_px), (lens.fy_px, lens.cy_px)].into_iter().enumerate()
        {
            for side in [-1.0, 1.0] {
                for depth in [z_m, solid.center_m.z + solid.reach_m] {
                    let px = (solid.center_m[axis] + side * solid.reach_m) / depth * focal_px + middle_px;
                    (low[axis], high[axis]) = (low[axis].min(px), high[axis].max(px));
                }
            }
        }
    }
    let size_px = [frame.width_px as f64, frame.height_px as f64];
    if !(0..2).all(|i| low[i] < high[i] && high[i] > 0.0 && low[i] < size_px[i] - 1.0) {
        return None;
    }
    // Parts far outside of the picture count as hidden, but are not followed for ever.
    let bound = |i: usize| (low[i].max(-size_px[i]), high[i].min(2.0 * size_px[i]));
    let ((left, right), (top, bottom)) = (bound(0), bound(1));
    let step = ((right - left) / MOST_RAYS).max((bottom - top) / MOST_RAYS).ceil().max(1.0);
    let mut seen = Seen::default();
    let mut row = top.floor();
    while row <= bottom {
        let mut column = left.floor();
        while column <= right {
            let ray = lens.deproject(column, row, 1.0);
            let hits = solids.iter().filter_map(|solid| Some((solid.hit(&ray)?, solid)));
            if let Some((hit, solid)) = hits.min_by(|a, b| a.0.total_cmp(&b.0)) {
                seen.whole_px += step * step;
                if (0.0..size_px[0]).contains(&column) && (0.0..size_px[1]).contains(&row) {
                    let drawn = f64::from(depth_m[row as usize * frame.width_px + column as usize]);
                    // Edges and slanted faces: a pixel's depth is not that of its middle.
                    if (drawn - hit).abs() < OWN_M + hit * 0.002 {
                        seen.visible_px += step * step;
                        seen.body_px += if solid.is_handle { 0.0 } else { step * step };
                    }
                }
            }
            column += step;
        }
        row += step;
    }
    Some(seen)
}

impl Solid {
    /// How far along a ray from the camera (in its frame, z = 1) the solid begins.
    fn hit(&self, sight: &Vec3) -> Option<f64> {
        // Most rays miss most solids.
        let along = self.center_m.dot(sight) / sight.norm_squared();
        if (sight * along - self.center_m).norm_squared() > self.reach_m * self.reach_m {
            return None;
        }
        let (from, way) = (self.eye_m, self.solid_from_camera * sight);
        let (a, b) = (self.size_m.x, self.size_m.y);
        match self.form {
            MjtGeomBase::mjGEOM_BOX => ray::cuboid(&from, &way, &self.size_m),
            MjtGeomBase::mjGEOM_SPHERE => ray::ball(&from, &way, a),
            MjtGeomBase::mjGEOM_CAPSULE => {
                let ends = [-b, b].into_iter().filter_map(|z| ray::ball(&(from - Vec3::z() * z), &way, a));
                ends.chain(rod(&from, &way, a, b)).min_by(f64::total_cmp)
            }
            _ => rod(&from, &way, a, b),
        }
    }
}

/// A cylinder about z with its ends.
fn rod(from: &Vec3, way: &Vec3, radius_m: f64, half_m: f64) -> Option<f64> {
    let (mut near, mut far) = (0.0_f64, f64::INFINITY);
    let (a, b) = (way.xy().norm_squared(), from.xy().dot(&way.xy()));
    let root = b * b - a * (from.xy().norm_squared() - radius_m * radius_m);
    if root <= 0.0 {
        return None;
    }
    if a > 1e-12 {
        (near, far) = (near.max((-b - root.sqrt()) / a), far.min((-b + root.sqrt()) / a));
    }
    let (low, high) = ((-half_m - from.z) / way.z, (half_m - from.z) / way.z);
    (near, far) = (near.max(low.min(high)), far.min(low.max(high)));
    (near < far && near > 0.0).then_some(near)
}
