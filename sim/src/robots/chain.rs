//! The kinematic chain of an arm, read off a model's tree of bodies.

use mujoco_rs::wrappers::mj_model::{MjModel, MjtJoint, MjtObjBase};
use nalgebra::Unit;
use ponder_core::geometry::Pose;
use ponder_core::kinematics::{Chain, Joint};
use ponder_core::robot_file::NamedChain;
use ponder_core::{Rotation, Vec3};

/// The chain of hinges from the world to a site: every moving joint between them.
///
/// # Errors
/// What is wrong, in words.
pub fn named_chain(model: &MjModel, site: usize) -> Result<NamedChain, String> {
    let name = |j: usize| model.id_to_name(MjtObjBase::mjOBJ_JOINT, j).unwrap_or("").to_owned();
    let mut bodies = vec![model.site_bodyid()[site] as usize];
    while let Some(body) = bodies.last().copied().filter(|b| *b != 0) {
        bodies.push(model.body_parentid()[body] as usize);
    }
    let mut joint_names = Vec::new();
    let mut joints = Vec::new();
    // Pose in the world of the frame that was reached, then in the last joint's frame.
    let mut last_from_here = Pose::identity();
    for body in bodies.into_iter().rev().skip(1) {
        last_from_here *= pose(&model.body_pos()[body], &model.body_quat()[body]);
        let first = model.body_jntadr()[body].max(0) as usize;
        for j in first..first + model.body_jntnum()[body] as usize {
            if model.jnt_type()[j] != MjtJoint::mjJNT_HINGE {
                return Err(format!("joint `{}` between the world and the tool is not a hinge", name(j)));
            }
            let anchor = Pose::translation(model.jnt_pos()[j][0], model.jnt_pos()[j][1], model.jnt_pos()[j][2]);
            let axis = Unit::new_normalize(Vec3::from(model.jnt_axis()[j]));
            // Body frames are given at the reference position; angles count from zero.
            let to_zero = Rotation::from_axis_angle(&axis, -model.qpos0()[model.jnt_qposadr()[j] as usize]);
            joints.push(Joint { parent_from_joint: last_from_here * anchor * to_zero, axis });
            joint_names.push(name(j));
            last_from_here = anchor.inverse();
        }
    }
    let last_from_tool = last_from_here * pose(&model.site_pos()[site], &model.site_quat()[site]);
    let chain = Chain::new(joints, last_from_tool).map_err(|e| e.to_string())?;
    Ok(NamedChain { joint_names, chain })
}

/// A pose from MuJoCo's position and quaternion (w first).
pub(crate) fn pose(position_m: &[f64; 3], quat: &[f64; 4]) -> Pose {
    let [w, i, j, k] = *quat;
    let rotation = Rotation::new_normalize(nalgebra::Quaternion::new(w, i, j, k));
    Pose::from_parts(Vec3::from(*position_m).into(), rotation)
}
