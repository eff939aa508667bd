//! Objects of scenes that were not written here: found by name, measured by their shapes.

use mujoco_rs::wrappers::mj_model::{MjModel, MjtGeomBase, MjtObjBase};
use ponder_core::geometry::Pose;
use ponder_core::scene::{Label, ObjectId};
use ponder_core::{Rotation, Vec3};

use super::ports::free_joint;
use super::{ObjectPort, StatePort};
use crate::error::SimError;
use crate::robots::pose;
use crate::scene::ForeignObject;

pub(super) fn foreign_port(model: &MjModel, object: &ForeignObject) -> Result<ObjectPort, SimError> {
    let wrong = |why: String| SimError::object(&object.id, why);
    let body = |name: &str| {
        let id = model.name_to_id(MjtObjBase::mjOBJ_BODY, name);
        id.ok_or_else(|| wrong(format!("the MJCF has no body named `{name}`")))
    };
    let qpos = |name: &str| {
        let id = model.name_to_id(MjtObjBase::mjOBJ_JOINT, name);
        let id = id.ok_or_else(|| wrong(format!("the MJCF has no joint named `{name}`")))?;
        Ok::<usize, SimError>(model.jnt_qposadr()[id] as usize)
    };
    let state = match (&object.opens, &object.turns) {
        (Some(j), None) => StatePort::Opens { qpos: qpos(&j.joint)?, from: j.from, to: j.to },
        (None, Some(j)) => StatePort::Turns { qpos: qpos(&j.joint)?, from: j.from, to: j.to },
        (None, None) => StatePort::Still,
        (Some(_), Some(_)) => {
            return Err(wrong("has both `opens` and `turns`: split it into two objects".to_owned()));
        }
    };
    let body_id = body(&object.body)?;
    let (center_m, size_m) = match &object.bounds {
        Some(bounds) => (bounds.center_m, bounds.size_m),
        None => {
            measured(model, body_id).ok_or_else(|| wrong("its body has no shapes: give its `bounds`".to_owned()))?
        }
    };
    Ok(ObjectPort {
        id: ObjectId::from(&object.id).map_err(|_| wrong("its `id` has more than 32 letters".to_owned()))?,
        label: Label::from(&object.label).map_err(|_| wrong("its `label` has more than 24 letters".to_owned()))?,
        color: object.color,
        body: body_id,
        body_from_object: Pose::from_parts(center_m.into(), Rotation::identity()),
        size_m,
        affordances: object.affordances,
        state,
        handle: object.handle.as_ref().map(|h| Ok::<_, SimError>((body(&h.body)?, h.at_m))).transpose()?,
        floor_z_m: None,
        free: free_joint(model, body_id),
        thing: None,
    })
}

/// Centre and extent of all shapes of a body and what hangs on it, in the body's frame at the reference position.
fn measured(model: &MjModel, root: usize) -> Option<(Vec3, Vec3)> {
    let mut bounds: Option<(Vec3, Vec3)> = None;
    for geom in 0..model.geom_bodyid().len() {
        let mut root_from_body = Pose::identity();
        let mut body = model.geom_bodyid()[geom] as usize;
        while body != root && body != 0 {
            root_from_body = pose(&model.body_pos()[body], &model.body_quat()[body]) * root_from_body;
            body = model.body_parentid()[body] as usize;
        }
        if body != root {
            continue;
        }
        let root_from_geom = root_from_body * pose(&model.geom_pos()[geom], &model.geom_quat()[geom]);
        for corner_m in corners_m(model, geom) {
            let at_m = (root_from_geom * nalgebra::Point3::from(corner_m)).coords;
            let (low, high) = bounds.unwrap_or((at_m, at_m));
            bounds = Some((low.inf(&at_m), high.sup(&at_m)));
        }
    }
    bounds.map(|(low, high)| ((low + high) * 0.5, high - low))
}

/// Points whose hull holds a shape, in its own frame: a mesh's vertices, or the corners of its box.
fn corners_m(model: &MjModel, geom: usize) -> Vec<Vec3> {
    if model.geom_type()[geom] == MjtGeomBase::mjGEOM_MESH
        && let Ok(mesh) = usize::try_from(model.geom_dataid()[geom])
    {
        let first = model.mesh_vertadr()[mesh] as usize;
        let vertices = &model.mesh_vert()[first..first + model.mesh_vertnum()[mesh] as usize];
        return vertices.iter().map(|v| Vec3::from(v.map(f64::from))).collect();
    }
    let [x, y, z, hx, hy, hz] = model.geom_aabb()[geom];
    let sign = |bit: usize, i: usize| if i & bit == 0 { -1.0 } else { 1.0 };
    (0..8).map(|i| Vec3::new(x + sign(1, i) * hx, y + sign(2, i) * hy, z + sign(4, i) * hz)).collect()
}
