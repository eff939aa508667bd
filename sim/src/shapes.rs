//! What a robot looks like: the visible primitives of its links, for recordings. Each hangs on a part whose pose follows
//! from an observation by the robot's own kinematics, so that drawing it needs no simulator.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::{MjModel, MjtGeomBase, MjtObjBase};
use ponder_core::{Pose, Rotation, Vec3};
use serde::{Deserialize, Serialize};

use crate::build::Built;
use crate::drive::width_m;
use crate::error::SimError;
use crate::start::body_pose;

/// What a shape moves with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// The world: the foot of a bolted-down arm.
    World,
    /// The base's frame.
    Base,
    /// The frame after the joint of this number.
    Joint(usize),
    /// A finger: the frame after the last joint, moved by this much for each metre of opening.
    Finger(Vec3),
}

/// A primitive about its own origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Half extents, metres.
    Box(Vec3),
    /// Half axes, metres.
    Ellipsoid(Vec3),
    /// Along z.
    Cylinder {
        /// Radius, metres.
        radius_m: f64,
        /// Length, metres.
        length_m: f64,
    },
    /// Along z, round ends beyond the length.
    Capsule {
        /// Radius, metres.
        radius_m: f64,
        /// Length between the centres of the ends, metres.
        length_m: f64,
    },
}

/// One visible primitive of a robot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Name of its link.
    pub link: String,
    /// What it moves with.
    pub mount: Mount,
    /// Its form.
    pub form: Form,
    /// Where it is on its mount.
    pub mount_from_shape: Pose,
    /// Colour, sRGB with opacity.
    pub rgba: [u8; 4],
}

impl Built {
    /// The visible primitives of the robot; meshes of robots from outside are left out.
    ///
    /// # Errors
    /// [`SimError::State`] when MuJoCo can't hold the data.
    pub fn shapes(&self) -> Result<Vec<Shape>, SimError> {
        let model = &*self.model;
        let mut data =
            MjData::try_new(self.model.clone()).map_err(|e| SimError::State(e.to_string()))?;
        let mut home: &[f64] = &[];
        if let (Some(at), Some(arm)) = (&self.ports.arm, &self.robot.arm) {
            home = &arm.home_rad;
            for (address, home_rad) in at.qpos.iter().zip(home) {
                data.qpos_mut()[*address] = *home_rad;
            }
        }
        data.forward_kinematics();
        let frames = self.robot.arm.as_ref().map(|arm| arm.chain.frames(home));
        let shapes = (0..model.ngeom() as usize).filter_map(|geom| {
            let (link, mount) = self.mount(geom, &data)?;
            let world_from_mount = match mount {
                Mount::World => Pose::identity(),
                Mount::Base => body_pose(&data, link),
                Mount::Joint(joint) => *frames.as_ref()?.get(joint)?,
                Mount::Finger(_) => *frames.as_ref()?.last()?,
            };
            let turn = nalgebra::Matrix3::from_row_slice(&data.geom_xmat()[geom]);
            let turn = nalgebra::Rotation3::from_matrix_unchecked(turn);
            let at_m = Vec3::from(data.geom_xpos()[geom]);
            let world_from_shape = Pose::from_parts(at_m.into(), Rotation::from(turn));
            let mut mount_from_shape = world_from_mount.inverse() * world_from_shape;
            if let (Mount::Finger(way), Some(arm)) = (mount, &self.ports.arm) {
                // Told for closed fingers.
                mount_from_shape.translation.vector -= way * width_m(&arm.gripper, &data);
            }
            let name = model.id_to_name(MjtObjBase::mjOBJ_BODY, link).unwrap_or("");
            let (form, rgba) = (form(model, geom)?, color(model, geom));
            Some(Shape {
                link: name.to_owned(),
                mount,
                form,
                mount_from_shape,
                rgba,
            })
        });
        Ok(shapes.collect())
    }

    /// The link that a visible shape of the robot is on, and what that moves with; `None` for everything else.
    fn mount(&self, geom: usize, data: &MjData<Arc<MjModel>>) -> Option<(usize, Mount)> {
        let model = &*self.model;
        let group = usize::try_from(model.geom_group()[geom]).ok()?;
        if group > 2 || self.hidden_groups.contains(&group) {
            return None;
        }
        let link = model.geom_bodyid()[geom] as usize;
        let mut body = link;
        while body != 0 {
            if self
                .ports
                .base
                .as_ref()
                .is_some_and(|base| base.body == body)
            {
                return Some((body, Mount::Base));
            }
            if let Some(arm) = &self.ports.arm {
                if let Some(i) = arm.gripper.body.iter().position(|finger| *finger == body) {
                    let frames = self
                        .robot
                        .arm
                        .as_ref()?
                        .chain
                        .frames(&self.robot.arm.as_ref()?.home_rad);
                    let joint = model.body_jntadr()[body] as usize;
                    let opens = Vec3::from(data.xaxis()[joint]) * (arm.gripper.closed[i].1 * 0.5);
                    return Some((
                        link,
                        Mount::Finger(frames.last()?.rotation.inverse() * opens),
                    ));
                }
                let moves = |j: &usize| model.jnt_bodyid()[*j] as usize == body;
                if let Some(joint) = arm.joint.iter().rposition(moves) {
                    return Some((link, Mount::Joint(joint)));
                }
                let first = model.jnt_bodyid()[arm.joint[0]] as usize;
                if model.body_parentid()[first] as usize == body {
                    return Some((link, Mount::World));
                }
            }
            body = model.body_parentid()[body] as usize;
        }
        None
    }
}

/// A geom's form, `None` for meshes and planes.
fn form(model: &MjModel, geom: usize) -> Option<Form> {
    let size_m = Vec3::from(model.geom_size()[geom]);
    let (radius_m, length_m) = (size_m.x, size_m.y * 2.0);
    Some(match model.geom_type()[geom] {
        MjtGeomBase::mjGEOM_BOX => Form::Box(size_m),
        MjtGeomBase::mjGEOM_SPHERE => Form::Ellipsoid(Vec3::repeat(radius_m)),
        MjtGeomBase::mjGEOM_ELLIPSOID => Form::Ellipsoid(size_m),
        MjtGeomBase::mjGEOM_CYLINDER => Form::Cylinder { radius_m, length_m },
        MjtGeomBase::mjGEOM_CAPSULE => Form::Capsule { radius_m, length_m },
        _ => return None,
    })
}

fn color(model: &MjModel, geom: usize) -> [u8; 4] {
    let material = usize::try_from(model.geom_matid()[geom]);
    let rgba = material.map_or(model.geom_rgba()[geom], |m| model.mat_rgba()[m]);
    rgba.map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8)
}
