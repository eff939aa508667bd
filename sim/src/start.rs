//! The state an episode starts from: robot at home, fixtures as far open as asked, things on and in each other put in
//! place, then a moment of physics to let everything come to rest.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::{MjData, MjtWarning};
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::geometry::Pose;
use ponder_core::{Rotation, Vec3};

use crate::build::{Built, ObjectPort, StatePort};
use crate::draw::Rest;
use crate::drive::Drive;
use crate::error::SimError;

const SETTLE_STEPS: usize = 150;
/// Gap that things are let fall from, metres.
const LET_GO_M: f64 = 0.0005;

impl Built {
    /// Fresh data in the starting state, with its drive.
    ///
    /// # Errors
    /// [`SimError`] when MuJoCo can't hold the data or the scene flies apart.
    pub(crate) fn start(&self) -> Result<(MjData<Arc<MjModel>>, Drive), SimError> {
        let mut data = MjData::try_new(self.model.clone()).map_err(|e| SimError::State(e.to_string()))?;
        match &self.start {
            Some((qpos, qvel)) => {
                data.qpos_mut().copy_from_slice(qpos);
                data.qvel_mut().copy_from_slice(qvel);
            }
            None => self.arrange(&mut data)?,
        }
        data.forward();
        let mut drive = Drive::new(&self.ports, &data);
        if self.start.is_none() {
            for _ in 0..SETTLE_STEPS {
                drive.write(&self.ports, &mut data, 1.0);
                data.step();
            }
            // Whatever still trembles starts at rest; time starts at zero.
            data.qvel_mut().fill(0.0);
        }
        data.set_time(0.0);
        data.forward();
        if blown_up(&data) {
            return Err(SimError::Scene(
                "the physics is unstable at the start: look for objects that overlap".to_owned(),
            ));
        }
        Ok((data, drive))
    }

    /// Puts everything where the drawn scene says.
    fn arrange(&self, data: &mut MjData<Arc<MjModel>>) -> Result<(), SimError> {
        if let (Some(ports), Some(arm)) = (&self.ports.arm, &self.robot.arm) {
            for (address, home_rad) in ports.qpos.iter().zip(&arm.home_rad) {
                data.qpos_mut()[*address] = *home_rad;
            }
            let half_m = arm.gripper.max_width_m * 0.5;
            for (address, (closed_m, sign)) in ports.gripper.qpos.iter().zip(ports.gripper.closed) {
                data.qpos_mut()[*address] = closed_m + sign * half_m;
            }
        }
        for object in &self.objects {
            let Some(thing) = object.thing.map(|i| &self.drawn.things[i]) else {
                continue;
            };
            match object.state {
                StatePort::Opens { qpos, from, to } => data.qpos_mut()[qpos] = from + (to - from) * thing.open,
                StatePort::Turns { qpos, from, to } if thing.on => data.qpos_mut()[qpos] = from.max(to),
                StatePort::Toggles { user, lamp, lamp_off_m, lamp_rise_m, .. } if thing.on => {
                    data.userdata_mut()[user] = 1.0;
                    data.mocap_pos_mut()[lamp] = (lamp_off_m + Vec3::z() * lamp_rise_m).into();
                }
                _ => {}
            }
        }
        // Things on and in others, in order, so that a pile is built from below.
        for object in &self.objects {
            let Some(thing) = object.thing.map(|i| &self.drawn.things[i]) else {
                continue;
            };
            let (Some(other), Some(free), false) = (thing.rest.other(), object.free, thing.spare) else {
                continue;
            };
            data.forward_kinematics();
            let wrong = |why: String| SimError::object(thing.id.as_str(), why);
            let holder = self.objects.iter().find(|o| o.id.as_str() == other);
            let holder =
                holder.ok_or_else(|| wrong(format!("starts on or in `{other}`, which is not in the scene")))?;
            let floor_m = match thing.rest {
                Rest::In(_) => holder
                    .floor_z_m
                    .ok_or_else(|| wrong(format!("`{other}` is a {}: nothing can lie in it", holder.label)))?,
                _ => holder.size_m.z * 0.5,
            };
            let height_m = floor_m + thing.size_m.z * 0.5 + LET_GO_M;
            let offset = Pose::from_parts(
                Vec3::new(thing.pose.translation.x, thing.pose.translation.y, height_m).into(),
                thing.pose.rotation,
            );
            place(data, free.0, &(object_pose(data, holder) * offset));
        }
        Ok(())
    }
}

/// Pose of an object in the world, from data whose kinematics are up to date.
pub(crate) fn object_pose(data: &MjData<Arc<MjModel>>, object: &ObjectPort) -> Pose {
    body_pose(data, object.body) * object.body_from_object
}

/// Pose of a body in the world.
pub(crate) fn body_pose(data: &MjData<Arc<MjModel>>, body: usize) -> Pose {
    crate::robots::pose(&data.xpos()[body], &data.xquat()[body])
}

/// Writes a free joint's pose.
pub(crate) fn place(data: &mut MjData<Arc<MjModel>>, qpos: usize, world_from_body: &Pose) {
    let (m, q): (Vec3, &Rotation) = (world_from_body.translation.vector, &world_from_body.rotation);
    data.qpos_mut()[qpos..qpos + 7].copy_from_slice(&[m.x, m.y, m.z, q.w, q.i, q.j, q.k]);
}

/// Has MuJoCo met a number that is none, and started over?
pub(crate) fn blown_up(data: &MjData<Arc<MjModel>>) -> bool {
    let bad = [MjtWarning::mjWARN_BADQPOS, MjtWarning::mjWARN_BADQVEL, MjtWarning::mjWARN_BADQACC];
    bad.iter().any(|w| data.warning()[*w as usize].number > 0)
}
