//! Finds things and cameras again in the compiled model.

use mujoco_rs::wrappers::mj_model::{MjModel, MjtJoint, MjtObjBase};
use ponder_core::Vec3;
use ponder_core::geometry::Pose;
use ponder_core::observation::MAX_CAMERAS;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Label, ObjectId};

use super::{CameraPort, ObjectPort, StatePort};
use crate::draw::{Eye, Thing};
use crate::error::SimError;
use crate::kinds::{Part, Reading};
use crate::scene::CameraSpec;

/// Every camera that is drawn or that the robot file names.
pub(super) fn camera_ports(model: &MjModel, eyes: &[Eye], robot: &RobotSpec) -> Result<Vec<CameraPort>, SimError> {
    let usual = CameraSpec::default();
    let drawn = eyes.iter().map(|eye| &eye.spec);
    let named = robot.cameras.iter().filter(|name| !eyes.iter().any(|eye| eye.spec.name == **name));
    let named: Vec<CameraSpec> = named.map(|name| CameraSpec { name: name.clone(), ..usual.clone() }).collect();
    let mut ports: Vec<CameraPort> = Vec::new();
    for spec in drawn.chain(&named) {
        let wanted = spec.mjcf.as_ref().unwrap_or(&spec.name);
        let id = model.name_to_id(MjtObjBase::mjOBJ_CAMERA, wanted).ok_or_else(|| {
            SimError::Scene(format!("no camera named `{wanted}` in the MJCF: place one under `cameras`"))
        })?;
        ports.push(CameraPort { name: spec.name.clone(), id, width_px: spec.width_px, height_px: spec.height_px });
    }
    if ports.len() > MAX_CAMERAS {
        return Err(SimError::Scene(format!("{} cameras; at most {}", ports.len(), MAX_CAMERAS)));
    }
    Ok(ports)
}

pub(super) fn port(
    model: &MjModel,
    thing: &Thing,
    index: usize,
    part: &Part,
    user: &mut usize,
) -> Result<ObjectPort, SimError> {
    let id = thing.id.as_str();
    let full = |name: &str| {
        if name.is_empty() { id.to_owned() } else { format!("{id}/{name}") }
    };
    let lost = || SimError::object(id, "a part of it is not in the model");
    let body = |name: &str| model.name_to_id(MjtObjBase::mjOBJ_BODY, &full(name)).ok_or_else(lost);
    let qpos = |name: &str| {
        let joint = model.name_to_id(MjtObjBase::mjOBJ_JOINT, &full(name)).ok_or_else(lost)?;
        Ok::<usize, SimError>(model.jnt_qposadr()[joint] as usize)
    };
    let state = match part.reading {
        Reading::Still => StatePort::Still,
        Reading::Opens { joint, open } => StatePort::Opens { qpos: qpos(joint)?, from: 0.0, to: open },
        Reading::Turns { joint, on_rad } => StatePort::Turns { qpos: qpos(joint)?, from: 0.0, to: on_rad * 2.0 },
        Reading::Toggles { joint, travel_m, lamp, lamp_rise_m } => {
            let lamp_body = body(lamp)?;
            let mine = *user;
            *user += 2;
            StatePort::Toggles {
                qpos: qpos(joint)?,
                travel_m,
                user: mine,
                lamp: usize::try_from(model.body_mocapid()[lamp_body]).map_err(|_| lost())?,
                lamp_off_m: Vec3::from(model.body_pos()[lamp_body]),
                lamp_rise_m,
            }
        }
    };
    let name = format!("{id}{}", part.suffix);
    Ok(ObjectPort {
        id: ObjectId::from(&name).map_err(|_| SimError::object(&name, "its name is too long"))?,
        label: Label::from(part.label).map_err(|_| SimError::object(&name, "its label is too long"))?,
        color: if part.colored { thing.color } else { None },
        body: body(part.body)?,
        body_from_object: Pose::identity(),
        size_m: part.size_m,
        affordances: part.affordances,
        state,
        handle: part.handle.map(|(name, at_m)| Ok::<_, SimError>((body(name)?, at_m))).transpose()?,
        floor_z_m: part.floor_z_m,
        free: if part.body.is_empty() { free_joint(model, body("")?) } else { None },
        thing: Some(index),
    })
}

/// Addresses of a body's free joint in qpos and qvel.
pub(super) fn free_joint(model: &MjModel, body: usize) -> Option<(usize, usize)> {
    let joint = usize::try_from(model.body_jntadr()[body]).ok()?;
    (model.jnt_type()[joint] == MjtJoint::mjJNT_FREE)
        .then(|| (model.jnt_qposadr()[joint] as usize, model.jnt_dofadr()[joint] as usize))
}
