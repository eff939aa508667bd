//! What the simulator knows and a robot can't: exact poses and states of all objects, and what the fingers hold. For the
//! ground-truth baseline and for judges.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::observation::Truth;
use ponder_core::scene::{ObjectId, SceneObject};
use ponder_core::{Stamp, Vec3};

use crate::build::{Built, ObjectPort, StatePort};
use crate::robots::ArmPorts;
use crate::start::{body_pose, object_pose};

/// Beyond this distance along x nobody sees a thing: it is kept there until it is brought in, metres.
pub(crate) const KEPT_AWAY_M: f64 = 55.0;

/// Everything that is in sight, from data whose kinematics are up to date.
pub(crate) fn truth(built: &Built, data: &MjData<Arc<MjModel>>, stamp: Stamp) -> Truth {
    let here = |o: &&ObjectPort| data.xpos()[o.body][0] < KEPT_AWAY_M;
    let objects = built.objects.iter().filter(here).map(|o| object(o, data, stamp)).collect();
    Truth { stamp, objects }
}

pub(crate) fn object(port: &ObjectPort, data: &MjData<Arc<MjModel>>, stamp: Stamp) -> SceneObject {
    let fraction = |qpos: usize, from: f64, to: f64| ((data.qpos()[qpos] - from) / (to - from)).clamp(0.0, 1.0);
    let (open_fraction, on) = match port.state {
        StatePort::Still => (None, None),
        StatePort::Opens { qpos, from, to } => (Some(fraction(qpos, from, to)), None),
        StatePort::Turns { qpos, from, to } => (None, Some(fraction(qpos, from, to) >= 0.5)),
        StatePort::Toggles { user, .. } => (None, Some(data.userdata()[user] > 0.5)),
    };
    let handle_m = port.handle.map(|(body, at_m)| (body_pose(data, body) * nalgebra::Point3::from(at_m)).coords);
    SceneObject {
        id: port.id,
        label: port.label,
        color: port.color,
        world_from_object: object_pose(data, port),
        size_m: port.size_m,
        score: 1.0,
        seen: stamp,
        open_fraction,
        on,
        handle_m,
        affordances: port.affordances,
    }
}

/// The object that both fingers touch, if there is one.
pub(crate) fn held(built: &Built, data: &MjData<Arc<MjModel>>) -> Option<ObjectId> {
    let arm = built.ports.arm.as_ref()?;
    let touched = |object: &ObjectPort, finger: usize| {
        data.contact().iter().any(|c| {
            let [a, b] = c.geom.map(|g| usize::try_from(g).ok().map(|g| built.model.geom_bodyid()[g] as usize));
            a.zip(b).is_some_and(|(a, b)| (a == finger && b == object.body) || (b == finger && a == object.body))
        })
    };
    let free = built.objects.iter().filter(|o| o.free.is_some());
    let mut held = free.filter(|o| arm.gripper.body.iter().all(|finger| touched(o, *finger)));
    held.next().map(|o| o.id)
}

/// Position of the tool, metres.
pub(crate) fn tool_m(arm: &ArmPorts, data: &MjData<Arc<MjModel>>) -> Vec3 {
    Vec3::from(data.site_xpos()[arm.tool])
}
