//! Joins robot, things, lights and cameras into one MuJoCo spec.

use mujoco_rs::wrappers::mj_editing::{Attach, MjSpec, MjtAlignFree, SpecItem};
use mujoco_rs::wrappers::mj_model::MjtJoint;
use ponder_core::geometry::Pose;
use ponder_core::scene::Color;
use ponder_core::{Rotation, Vec3};

use crate::draw::{Drawn, Eye, Thing};
use crate::error::SimError;
use crate::kinds::{Draft, Part, Reading, button};
use crate::robots::RobotSource;

/// Things that are kept out of sight stand this far away along x, metres.
const OUT_OF_SIGHT_M: f64 = 60.0;

/// Attaches a robot's MJCF to the scene.
pub(super) fn attach(spec: &mut MjSpec, source: &RobotSource, world_from_robot: &Pose) -> Result<(), SimError> {
    let mut robot = source.spec()?;
    let (position_m, quat) = split(world_from_robot);
    let frame = spec.world_body_mut().add_frame().with_pos(position_m).with_quat(quat);
    frame.attach_by_deep_copy(&mut robot, "", "").map_err(|e| SimError::model(&source.origin, e))
}

/// Drafts a thing into the scene.
pub(super) fn draft(spec: &mut MjSpec, thing: &Thing, index: usize, buttons: &mut i32) -> Result<Vec<Part>, SimError> {
    let id = thing.id.as_str();
    let refused = |e: mujoco_rs::error::MjEditError| SimError::object(id, format!("MuJoCo refuses it: {e}"));
    let mut pose = thing.pose;
    if thing.spare {
        pose.translation.vector.x += OUT_OF_SIGHT_M + index as f64;
    }
    let (position_m, quat) = split(&pose);
    let body = spec.world_body_mut().add_body().with_pos(position_m).with_quat(quat);
    body.set_name(id).map_err(refused)?;
    if !thing.kind.fixed {
        let joint = body.add_joint().with_type(MjtJoint::mjJNT_FREE).with_align(MjtAlignFree::mjALIGNFREE_FALSE);
        joint.with_damping([0.0; 3]).with_armature(0.0).set_frictionloss(0.0);
        joint.set_name(id).map_err(refused)?;
    }
    let [r, g, b] = thing.color.map_or([150; 3], Color::rgb).map(|channel| f32::from(channel) / 255.0);
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
    let body = spec.world_body_mut().add_body().with_pos(position_m).with_quat(quat);
    body.set_mocap(true);
    body.set_name(&format!("{}/{lamp}", thing.id))?;
    let mut draft = Draft::new(body, thing.id.as_str(), [1.0; 4]);
    let at_m = [0.0, 0.0, thing.size_m.z * 0.5 - 0.025];
    let finish = crate::kinds::Finish::drawn([1.0, 0.93, 0.45, 1.0]);
    draft.cylinder(at_m, button::lamp_radius_m(thing.size_m.x), 0.003, finish).set_material("ponder_lamp");
    Ok(())
}

pub(super) fn lights(spec: &mut MjSpec, drawn: &Drawn, fine: bool) {
    spec.visual_mut().quality.offsamples = if fine { 4 } else { 0 };
    for name in ["sun", "fill"] {
        if let Some(light) = spec.light_mut(name) {
            let diffuse = light.diffuse().map(|channel| channel * drawn.brightness as f32);
            light.with_diffuse(diffuse).set_castshadow(fine && name == "sun");
            if name == "sun" {
                // A sun far off: shining straight at the middle of the scene.
                let from_m = Vec3::new(0.4, 0.0, 0.0) - drawn.sun_direction * 2.5;
                light.with_pos(from_m.into()).with_dir(drawn.sun_direction.into());
            }
        }
    }
}

/// Places the scene's cameras; the usual one only where the robot file asks for a camera that nobody else has.
pub(super) fn cameras(spec: &mut MjSpec, eyes: &[Eye]) -> Result<(), SimError> {
    for eye in eyes.iter().filter(|eye| eye.spec.mjcf.is_none()) {
        let quat = look_at(eye).ok_or_else(|| {
            SimError::Scene(format!("camera `{}` stands where it looks: move `eye_m` or `target_m`", eye.spec.name))
        })?;
        let q = quat.quaternion();
        let camera = spec.world_body_mut().add_camera().with_pos(eye.eye_m.into()).with_quat([q.w, q.i, q.j, q.k]);
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
    let up = if back.z.abs() > 0.999 { Vec3::x() } else { Vec3::z() };
    Some(Rotation::face_towards(&back, &up))
}

fn split(pose: &Pose) -> ([f64; 3], [f64; 4]) {
    let q = pose.rotation.quaternion();
    (pose.translation.vector.into(), [q.w, q.i, q.j, q.k])
}
