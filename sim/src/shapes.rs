//! What a scene looks like: the visible primitives of robot and things, for recordings. Each hangs on something whose
//! pose follows from an observation or a scene by the robot's own kinematics, so that drawing it needs no simulator.

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::{MjModel, MjtGeomBase, MjtObjBase};
use ponder_core::scene::ObjectId;
use ponder_core::{Pose, Rotation, Vec3};
use serde::{Deserialize, Serialize};

use crate::build::Built;
use crate::error::SimError;
use crate::start::{body_pose, object_pose};

/// Groups of geoms from this one on are for collisions and marks: nobody sees them (MuJoCo's own custom).
const FIRST_UNSEEN_GROUP: i32 = 3;

/// What a shape moves with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// The world: tables, walls, the foot of a bolted-down arm.
    World,
    /// An object: its own frame.
    Object(ObjectId),
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

/// One visible primitive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Name of its link, or of the body that it is a part of.
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
    /// Every visible primitive, by body. Meshes are drawn as their boxes.
    ///
    /// # Errors
    /// [`SimError`] when the scene can't stand at its beginning.
    pub fn shapes(&self) -> Result<Vec<Shape>, SimError> {
        let (data, _) = self.start()?;
        let reader = Reader::new(self, &data);
        Ok((0..self.model.geom_bodyid().len()).filter_map(|geom| reader.shape(geom)).collect())
    }
}

/// A scene at its beginning, where every mount's pose is known.
struct Reader<'a> {
    built: &'a Built,
    data: &'a MjData<std::sync::Arc<MjModel>>,
    /// Bodies with the mount and pose of what hangs on them.
    mounts: Vec<(usize, Mount, Pose)>,
}

impl<'a> Reader<'a> {
    fn new(built: &'a Built, data: &'a MjData<std::sync::Arc<MjModel>>) -> Self {
        let mut mounts = Vec::new();
        for object in &built.objects {
            mounts.push((object.body, Mount::Object(object.id), object_pose(data, object)));
        }
        if let (Some(ports), Some(arm)) = (&built.ports.arm, &built.robot.arm) {
            let pos_rad: Vec<f64> = ports.qpos.iter().map(|q| data.qpos()[*q]).collect();
            let frames = arm.chain.frames(&pos_rad);
            for (i, (joint, frame)) in ports.joint.iter().zip(&frames).enumerate() {
                mounts.push((built.model.jnt_bodyid()[*joint] as usize, Mount::Joint(i), *frame));
            }
            let last = frames.last().copied().unwrap_or_else(Pose::identity);
            let fingers = ports.gripper.qpos.iter().zip(ports.gripper.closed);
            let opened_m: Vec<f64> = fingers.map(|(q, (closed_m, sign))| sign * (data.qpos()[*q] - closed_m)).collect();
            let width_m: f64 = opened_m.iter().sum();
            for (body, (_, sign)) in ports.gripper.body.iter().zip(ports.gripper.closed) {
                // Each finger makes half of the opening.
                let joint = built.model.body_jntadr()[*body].max(0) as usize;
                let axis = Vec3::from(data.xaxis()[joint]) * sign;
                let opens = last.rotation.inverse() * axis * 0.5;
                let moved = Pose::translation(opens.x * width_m, opens.y * width_m, opens.z * width_m);
                mounts.push((*body, Mount::Finger(opens), last * moved));
            }
        }
        if let Some(base) = &built.ports.base {
            mounts.push((base.body, Mount::Base, body_pose(data, base.body)));
        }
        Self { built, data, mounts }
    }

    fn shape(&self, geom: usize) -> Option<Shape> {
        let model = &self.built.model;
        let group = model.geom_group()[geom];
        let rgba = match model.geom_matid()[geom] {
            none if none < 0 => model.geom_rgba()[geom],
            material => model.mat_rgba()[material as usize],
        };
        let hidden = self.built.hidden_groups.iter().any(|hidden| i32::try_from(*hidden) == Ok(group));
        if group >= FIRST_UNSEEN_GROUP || hidden || rgba[3] <= 0.0 {
            return None;
        }
        let [a, b, c] = model.geom_size()[geom];
        let rotation = nalgebra::Matrix3::from_row_slice(&self.data.geom_xmat()[geom]);
        let rotation = Rotation::from_matrix(&rotation);
        let mut world_from_shape = Pose::from_parts(Vec3::from(self.data.geom_xpos()[geom]).into(), rotation);
        let form = match model.geom_type()[geom] {
            MjtGeomBase::mjGEOM_BOX => Form::Box(Vec3::new(a, b, c)),
            MjtGeomBase::mjGEOM_SPHERE => Form::Ellipsoid(Vec3::repeat(a)),
            MjtGeomBase::mjGEOM_ELLIPSOID => Form::Ellipsoid(Vec3::new(a, b, c)),
            MjtGeomBase::mjGEOM_CYLINDER => Form::Cylinder { radius_m: a, length_m: 2.0 * b },
            MjtGeomBase::mjGEOM_CAPSULE => Form::Capsule { radius_m: a, length_m: 2.0 * b },
            MjtGeomBase::mjGEOM_MESH => {
                let [x, y, z, hx, hy, hz] = model.geom_aabb()[geom];
                world_from_shape *= Pose::translation(x, y, z);
                Form::Box(Vec3::new(hx, hy, hz))
            }
            _ => return None, // a plane has no end
        };
        let body = model.geom_bodyid()[geom] as usize;
        let (mount, world_from_mount) = self.mount(body);
        let link = model.id_to_name(MjtObjBase::mjOBJ_BODY, body).unwrap_or("body");
        Some(Shape {
            link: link.to_owned(),
            mount,
            form,
            mount_from_shape: world_from_mount.inverse() * world_from_shape,
            rgba: rgba.map(|share| (share.clamp(0.0, 1.0) * 255.0).round() as u8),
        })
    }

    /// The nearest mount from this body down to the world.
    fn mount(&self, mut body: usize) -> (Mount, Pose) {
        while body != 0 {
            if let Some((_, mount, pose)) = self.mounts.iter().find(|(at, ..)| *at == body) {
                return (*mount, *pose);
            }
            body = self.built.model.body_parentid()[body] as usize;
        }
        (Mount::World, Pose::identity())
    }
}
