//! A drawn scene becomes a MuJoCo model: surroundings (ours, or an MJCF file from outside with its own includes and
//! meshes), the robot attached to it, then every thing drafted into it. MuJoCo's own spec does the joining, so each file
//! keeps its own mesh folders and defaults.

use std::path::Path;
use std::sync::Arc;

use mujoco_rs::wrappers::mj_editing::{Attach, MjSpec, MjtAlignFree, SpecItem};
use mujoco_rs::wrappers::mj_model::{MjModel, MjtJoint, MjtObjBase};
use ponder_core::geometry::Pose;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordances, Color, Label, ObjectId};
use ponder_core::{Rotation, Vec3};

use crate::draw::{Drawn, Eye, Rest, Thing};
use crate::error::SimError;
use crate::kinds::{Draft, Part, Reading, button};
use crate::robots::{Ports, RobotSource, bind};
use crate::scene::{CameraSpec, Foreign, ForeignObject, SceneSpec, SensorSpec, Surroundings};

const OUT_OF_SIGHT_M: f64 = 60.0;

/// A scene ready to run.
#[derive(Clone, Debug)]
pub struct Built {
    /// The model.
    pub model: Arc<MjModel>,
    /// The robot, checked.
    pub robot: Arc<RobotSpec>,
    /// Its addresses in the model.
    pub ports: Ports,
    /// Everything that counts as an object.
    pub objects: Vec<ObjectPort>,
    /// Every camera: the scene's, then the robot's.
    pub cameras: Vec<CameraPort>,
    /// What was drawn.
    pub drawn: Drawn,
    /// What is wrong with the senses.
    pub sensors: SensorSpec,
    /// Groups of geoms that are not drawn.
    pub hidden_groups: Vec<usize>,
    /// State of a foreign scene to start from: qpos, qvel.
    pub(crate) start: Option<(Vec<f64>, Vec<f64>)>,
}

/// An object's addresses in the model.
#[derive(Clone, Debug)]
pub struct ObjectPort {
    /// Its name.
    pub id: ObjectId,
    /// Its label.
    pub label: Label,
    /// Its colour.
    pub color: Option<Color>,
    /// Body whose pose it has.
    pub body: usize,
    /// Centre of its bounding box on that body.
    pub body_from_object: Pose,
    /// Extent of its bounding box, metres.
    pub size_m: Vec3,
    /// What can be done with it.
    pub affordances: Affordances,
    /// How its state is read.
    pub state: StatePort,
    /// Body and point of its handle, metres.
    pub handle: Option<(usize, Vec3)>,
    /// Height over its centre of the floor that things in it stand on, metres.
    pub floor_z_m: Option<f64>,
    /// Free joint in qpos and qvel.
    pub free: Option<(usize, usize)>,
    /// Which of [`Drawn::things`] it is a part of; `None` in foreign scenes.
    pub thing: Option<usize>,
}

/// How a state is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StatePort {
    /// It has none.
    Still,
    /// Open fraction of a joint between two positions.
    Opens {
        /// In qpos.
        qpos: usize,
        /// Closed.
        from: f64,
        /// Open.
        to: f64,
    },
    /// On from half-way between two positions.
    Turns {
        /// In qpos.
        qpos: usize,
        /// Off.
        from: f64,
        /// On.
        to: f64,
    },
    /// Toggled by presses.
    Toggles {
        /// In qpos.
        qpos: usize,
        /// Depth that counts as pressed, metres.
        travel_m: f64,
        /// Two numbers in userdata: on, and pressed at the last step.
        user: usize,
        /// Mocap index of its lamp.
        lamp: usize,
        /// Where the lamp is when it is off, metres.
        lamp_off_m: Vec3,
        /// How far it rises, metres.
        lamp_rise_m: f64,
    },
}

/// A camera's address in the model.
#[derive(Clone, Debug)]
pub struct CameraPort {
    /// What it is called.
    pub name: String,
    /// In the model.
    pub id: usize,
    /// Columns.
    pub width_px: usize,
    /// Rows.
    pub height_px: usize,
}

impl SceneSpec {
    /// Draws and builds the scene of a seed; relative paths start at `folder`.
    ///
    /// # Errors
    /// [`SimError`] naming the file or object and what is wrong.
    pub fn build(&self, seed: u64, folder: &Path) -> Result<Built, SimError> {
        crate::quiet::hush();
        let drawn = self.draw(seed)?;
        let source = RobotSource::load(&self.robot, folder)?;
        let foreign = if let Surroundings::Mjcf(foreign) = &self.world {
            Some(foreign)
        } else {
            None
        };
        let origin = foreign.map_or_else(|| self.robot.clone(), |f| f.file.display().to_string());
        let refused = |e: &dyn std::fmt::Display| SimError::model(&origin, e);

        let mut spec = match foreign {
            Some(foreign) => {
                MjSpec::from_xml(folder.join(&foreign.file)).map_err(|e| refused(&e))?
            }
            None => MjSpec::from_xml_string(include_str!("../worlds/common.xml"))
                .map_err(|e| refused(&e))?,
        };
        if foreign.is_none_or(|f| !f.robot_inside) {
            attach(&mut spec, &source, &drawn.world_from_robot)?;
        }
        let mut buttons = 0;
        let parts = drawn
            .things
            .iter()
            .enumerate()
            .map(|(i, thing)| draft(&mut spec, thing, i, &mut buttons))
            .collect::<Result<Vec<_>, _>>()?;
        let user = spec.nuserdata().max(0);
        spec.set_nuserdata(user + 2 * buttons);
        if let (Surroundings::Tabletop, Some(floor)) = (&self.world, spec.geom_mut("floor")) {
            floor.with_pos([0.0, 0.0, -crate::kinds::table::HEIGHT_M]);
        }
        if foreign.is_none() {
            lights(&mut spec, &drawn, self.light.fine);
        }
        cameras(&mut spec, &drawn.cameras)?;
        let model = Arc::new(spec.compile().map_err(|e| refused(&e))?);

        let (ports, robot) = bind(&source.file, &model)?;
        let mut objects = Vec::new();
        let mut user = user as usize;
        for (i, (thing, parts)) in drawn.things.iter().zip(&parts).enumerate() {
            for part in parts {
                objects.push(port(&model, thing, i, part, &mut user)?);
            }
        }
        for object in foreign.map_or(&[][..], |f| &f.objects) {
            objects.push(foreign_port(&model, object)?);
        }
        let start = foreign
            .and_then(|f| f.states.as_ref())
            .map(|s| s.pick(&model, seed, folder))
            .transpose()?;
        let hidden_groups = foreign.map_or_else(Vec::new, |f: &Foreign| f.hidden_groups.clone());
        let cameras = camera_ports(&model, &drawn.cameras, &robot)?;
        let (robot, sensors) = (Arc::new(robot), self.sensors);
        Ok(Built {
            model,
            robot,
            ports,
            objects,
            cameras,
            drawn,
            sensors,
            hidden_groups,
            start,
        })
    }
}

/// Attaches a robot's MJCF to the scene.
fn attach(
    spec: &mut MjSpec,
    source: &RobotSource,
    world_from_robot: &Pose,
) -> Result<(), SimError> {
    let mut robot = source.spec()?;
    let (position_m, quat) = split(world_from_robot);
    let frame = spec
        .world_body_mut()
        .add_frame()
        .with_pos(position_m)
        .with_quat(quat);
    frame
        .attach_by_deep_copy(&mut robot, "", "")
        .map_err(|e| SimError::model(&source.origin, e))
}

/// Drafts a thing into the scene.
fn draft(
    spec: &mut MjSpec,
    thing: &Thing,
    index: usize,
    buttons: &mut i32,
) -> Result<Vec<Part>, SimError> {
    let id = thing.id.as_str();
    let refused =
        |e: mujoco_rs::error::MjEditError| SimError::object(id, format!("MuJoCo refuses it: {e}"));
    let mut pose = thing.pose;
    if thing.spare {
        pose.translation.vector.x += OUT_OF_SIGHT_M + index as f64;
    }
    let (position_m, quat) = split(&pose);
    let body = spec
        .world_body_mut()
        .add_body()
        .with_pos(position_m)
        .with_quat(quat);
    body.set_name(id).map_err(refused)?;
    if !thing.kind.fixed {
        let joint = body
            .add_joint()
            .with_type(MjtJoint::mjJNT_FREE)
            .with_align(MjtAlignFree::mjALIGNFREE_FALSE);
        joint
            .with_damping([0.0; 3])
            .with_armature(0.0)
            .set_frictionloss(0.0);
        joint.set_name(id).map_err(refused)?;
    }
    let [r, g, b] = thing
        .color
        .map_or([150; 3], Color::rgb)
        .map(|channel| f32::from(channel) / 255.0);
    let mut draft = Draft::new(body, id, [r, g, b, 1.0]);
    let parts = (thing.kind.build)(&mut draft, thing.size_m).map_err(refused)?;
    // Moving parts of a thing that is bolted to the world would collide with what they are mounted in.
    let children: Vec<String> = draft.take_children();
    for child in &children {
        spec.add_exclude().with_bodyname1(id).with_bodyname2(child);
    }
    for part in &parts {
        if let Reading::Toggles { lamp, .. } = part.reading {
            *buttons += 1;
            light_up(spec, thing, lamp, (position_m, quat)).map_err(refused)?;
        }
    }
    Ok(parts)
}

/// A lamp: a glowing ring that rises around a button when it is on. A mocap body, so that its state is the world's.
fn light_up(
    spec: &mut MjSpec,
    thing: &Thing,
    lamp: &str,
    (position_m, quat): ([f64; 3], [f64; 4]),
) -> Result<(), mujoco_rs::error::MjEditError> {
    if spec.material("ponder_lamp").is_none() {
        let material = spec.add_material().with_rgba([1.0, 0.93, 0.45, 1.0]);
        material.set_emission(1.0);
        material.set_name("ponder_lamp")?;
    }
    let body = spec
        .world_body_mut()
        .add_body()
        .with_pos(position_m)
        .with_quat(quat);
    body.set_mocap(true);
    body.set_name(&format!("{}/{lamp}", thing.id))?;
    let mut draft = Draft::new(body, thing.id.as_str(), [1.0; 4]);
    let at_m = [0.0, 0.0, thing.size_m.z * 0.5 - 0.025];
    let finish = crate::kinds::Finish::drawn([1.0, 0.93, 0.45, 1.0]);
    draft
        .cylinder(at_m, button::lamp_radius_m(thing.size_m.x), 0.003, finish)
        .set_material("ponder_lamp");
    Ok(())
}

fn lights(spec: &mut MjSpec, drawn: &Drawn, fine: bool) {
    spec.visual_mut().quality.offsamples = if fine { 4 } else { 0 };
    for name in ["sun", "fill"] {
        if let Some(light) = spec.light_mut(name) {
            let diffuse = light
                .diffuse()
                .map(|channel| channel * drawn.brightness as f32);
            light
                .with_diffuse(diffuse)
                .set_castshadow(fine && name == "sun");
            if name == "sun" {
                // A sun far off: shining straight at the middle of the scene.
                let from_m = Vec3::new(0.4, 0.0, 0.0) - drawn.sun_direction * 2.5;
                light
                    .with_pos(from_m.into())
                    .with_dir(drawn.sun_direction.into());
            }
        }
    }
}

/// Places the scene's cameras; the usual one only where the robot file asks for a camera that nobody else has.
fn cameras(spec: &mut MjSpec, eyes: &[Eye]) -> Result<(), SimError> {
    for eye in eyes.iter().filter(|eye| eye.spec.mjcf.is_none()) {
        let quat = look_at(eye).ok_or_else(|| {
            SimError::Scene(format!(
                "camera `{}` stands where it looks: move `eye_m` or `target_m`",
                eye.spec.name
            ))
        })?;
        let q = quat.quaternion();
        let camera = spec
            .world_body_mut()
            .add_camera()
            .with_pos(eye.eye_m.into())
            .with_quat([q.w, q.i, q.j, q.k]);
        camera.set_fovy(eye.fov_deg);
        let taken = |_| SimError::Scene(format!("two cameras are called `{}`", eye.spec.name));
        camera.set_name(&eye.spec.name).map_err(taken)?;
    }
    let global = &mut spec.visual_mut().global;
    for eye in eyes {
        global.offwidth = global.offwidth.max(eye.spec.width_px as i32);
        global.offheight = global.offheight.max(eye.spec.height_px as i32);
    }
    Ok(())
}

/// Rotation of a MuJoCo camera (looks along −z, y up), `None` when it looks nowhere.
fn look_at(eye: &Eye) -> Option<Rotation> {
    let back = (eye.eye_m - eye.target_m).try_normalize(1e-6)?;
    // Straight down, the picture's top is where x points.
    let up = if back.z.abs() > 0.999 {
        Vec3::x()
    } else {
        Vec3::z()
    };
    Some(Rotation::face_towards(&back, &up))
}

/// Every camera that is drawn or that the robot file names.
fn camera_ports(
    model: &MjModel,
    eyes: &[Eye],
    robot: &RobotSpec,
) -> Result<Vec<CameraPort>, SimError> {
    let usual = CameraSpec::default();
    let drawn = eyes.iter().map(|eye| &eye.spec);
    let named = robot
        .cameras
        .iter()
        .filter(|name| !eyes.iter().any(|eye| eye.spec.name == **name));
    let named: Vec<CameraSpec> = named
        .map(|name| CameraSpec {
            name: name.clone(),
            ..usual.clone()
        })
        .collect();
    let mut ports: Vec<CameraPort> = Vec::new();
    for spec in drawn.chain(&named) {
        let wanted = spec.mjcf.as_ref().unwrap_or(&spec.name);
        let id = model
            .name_to_id(MjtObjBase::mjOBJ_CAMERA, wanted)
            .ok_or_else(|| {
                SimError::Scene(format!(
                    "no camera named `{wanted}` in the MJCF: place one under `cameras`"
                ))
            })?;
        ports.push(CameraPort {
            name: spec.name.clone(),
            id,
            width_px: spec.width_px,
            height_px: spec.height_px,
        });
    }
    if ports.len() > ponder_core::observation::MAX_CAMERAS {
        return Err(SimError::Scene(format!(
            "{} cameras; at most {}",
            ports.len(),
            ponder_core::observation::MAX_CAMERAS
        )));
    }
    Ok(ports)
}

fn port(
    model: &MjModel,
    thing: &Thing,
    index: usize,
    part: &Part,
    user: &mut usize,
) -> Result<ObjectPort, SimError> {
    let id = thing.id.as_str();
    let full = |name: &str| {
        if name.is_empty() {
            id.to_owned()
        } else {
            format!("{id}/{name}")
        }
    };
    let lost = || SimError::object(id, "a part of it is not in the model");
    let body = |name: &str| {
        model
            .name_to_id(MjtObjBase::mjOBJ_BODY, &full(name))
            .ok_or_else(lost)
    };
    let qpos = |name: &str| {
        let joint = model
            .name_to_id(MjtObjBase::mjOBJ_JOINT, &full(name))
            .ok_or_else(lost)?;
        Ok::<usize, SimError>(model.jnt_qposadr()[joint] as usize)
    };
    let state = match part.reading {
        Reading::Still => StatePort::Still,
        Reading::Opens { joint, open } => StatePort::Opens {
            qpos: qpos(joint)?,
            from: 0.0,
            to: open,
        },
        Reading::Turns { joint, on_rad } => StatePort::Turns {
            qpos: qpos(joint)?,
            from: 0.0,
            to: on_rad * 2.0,
        },
        Reading::Toggles {
            joint,
            travel_m,
            lamp,
            lamp_rise_m,
        } => {
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
        label: Label::from(part.label)
            .map_err(|_| SimError::object(&name, "its label is too long"))?,
        color: if part.colored { thing.color } else { None },
        body: body(part.body)?,
        body_from_object: Pose::identity(),
        size_m: part.size_m,
        affordances: part.affordances,
        state,
        handle: part
            .handle
            .map(|(name, at_m)| Ok::<_, SimError>((body(name)?, at_m)))
            .transpose()?,
        floor_z_m: part.floor_z_m,
        free: if part.body.is_empty() {
            free_joint(model, body("")?)
        } else {
            None
        },
        thing: Some(index),
    })
}

/// Addresses of a body's free joint in qpos and qvel.
fn free_joint(model: &MjModel, body: usize) -> Option<(usize, usize)> {
    let joint = usize::try_from(model.body_jntadr()[body]).ok()?;
    (model.jnt_type()[joint] == MjtJoint::mjJNT_FREE).then(|| {
        (
            model.jnt_qposadr()[joint] as usize,
            model.jnt_dofadr()[joint] as usize,
        )
    })
}

fn foreign_port(model: &MjModel, object: &ForeignObject) -> Result<ObjectPort, SimError> {
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
        (Some(j), None) => StatePort::Opens {
            qpos: qpos(&j.joint)?,
            from: j.from,
            to: j.to,
        },
        (None, Some(j)) => StatePort::Turns {
            qpos: qpos(&j.joint)?,
            from: j.from,
            to: j.to,
        },
        (None, None) => StatePort::Still,
        (Some(_), Some(_)) => {
            return Err(wrong(
                "has both `opens` and `turns`: split it into two objects".to_owned(),
            ));
        }
    };
    let body_id = body(&object.body)?;
    let (center_m, size_m) = match &object.bounds {
        Some(bounds) => (bounds.center_m, bounds.size_m),
        None => measured(model, body_id)
            .ok_or_else(|| wrong("its body has no shapes: give its `bounds`".to_owned()))?,
    };
    Ok(ObjectPort {
        id: ObjectId::from(&object.id)
            .map_err(|_| wrong("its `id` has more than 32 letters".to_owned()))?,
        label: Label::from(&object.label)
            .map_err(|_| wrong("its `label` has more than 24 letters".to_owned()))?,
        color: object.color,
        body: body_id,
        body_from_object: Pose::from_parts(center_m.into(), Rotation::identity()),
        size_m,
        affordances: object.affordances,
        state,
        handle: object
            .handle
            .as_ref()
            .map(|h| Ok::<_, SimError>((body(&h.body)?, h.at_m)))
            .transpose()?,
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
            root_from_body = crate::robots::pose(&model.body_pos()[body], &model.body_quat()[body])
                * root_from_body;
            body = model.body_parentid()[body] as usize;
        }
        if body != root {
            continue;
        }
        let root_from_geom =
            root_from_body * crate::robots::pose(&model.geom_pos()[geom], &model.geom_quat()[geom]);
        let [x, y, z, hx, hy, hz] = model.geom_aabb()[geom];
        let center = root_from_geom * nalgebra::Point3::new(x, y, z);
        let half =
            root_from_geom.rotation.to_rotation_matrix().matrix().abs() * Vec3::new(hx, hy, hz);
        let (low, high) = bounds.unwrap_or((center.coords - half, center.coords + half));
        bounds = Some((
            low.inf(&(center.coords - half)),
            high.sup(&(center.coords + half)),
        ));
    }
    bounds.map(|(low, high)| ((low + high) * 0.5, high - low))
}

fn split(pose: &Pose) -> ([f64; 3], [f64; 4]) {
    let q = pose.rotation.quaternion();
    (pose.translation.vector.into(), [q.w, q.i, q.j, q.k])
}

impl Rest {
    /// The other thing's name, if there is one.
    pub(crate) fn other(&self) -> Option<&str> {
        match self {
            Self::Ground => None,
            Self::On(other) | Self::In(other) => Some(other),
        }
    }
}
