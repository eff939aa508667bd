//! The `ground-truth` perception baseline: believes what the simulator knows. A pure function of the truth that travels
//! with an observation; nothing is learned and no picture is looked at. What the hand holds is still judged as a robot
//! would: by joint angles, the opening between the fingers, and what lies between them.

use ponder_core::fact::EMPTY_WIDTH_M;
use ponder_core::observation::Observation;
use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, ObjectId, Scene, SceneObject};
use ponder_core::thinker::Cancel;
use ponder_core::world::Want;
use ponder_core::{Pose, Vec3};

/// Largest difference between the opening of the fingers and the width of what they hold, metres.
const WIDTH_SLACK_M: f64 = 0.012;
/// The tool's point may lie this far outside of the box of what is held, metres.
const POINT_SLACK_M: f64 = 0.01;

/// Sees what the simulator knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroundTruth;

impl Perceiver for GroundTruth {
    fn name(&self) -> &str {
        "ground-truth (baseline)"
    }

    fn wants(&self) -> Want {
        Want { truth: true, ..Want::default() }
    }

    fn perceive(&mut self, look: &Look, robot: &RobotSpec, _cancel: &Cancel) -> Result<Scene, PerceiveError> {
        let observation = &look.observation;
        let truth = observation.truth.as_ref().ok_or(PerceiveError::Missing("truth of a simulator"))?;
        Ok(Scene {
            stamp: truth.stamp,
            observation_seq: observation.seq,
            objects: truth.objects.clone(),
            holding: held(&truth.objects, observation, robot),
            world_from_base: observation.base.map(|base| base.world_from_base),
        })
    }
}

/// What the fingers hold: the graspable thing around the tool's point, nearest first, that is as wide as the fingers
/// stand apart. Fingers that stand wider are open around it, not closed on it.
fn held(objects: &[SceneObject], observation: &Observation, robot: &RobotSpec) -> Option<ObjectId> {
    let (arm, width_m) = (robot.arm.as_ref()?, observation.gripper_width_m?);
    if width_m <= EMPTY_WIDTH_M || observation.joint_pos_rad.len() != arm.chain.len() {
        return None;
    }
    let world_from_tool = arm.chain.world_from_tool(&observation.joint_pos_rad);
    let distance_m = |o: &&SceneObject| (o.position_m() - world_from_tool.translation.vector).norm();
    objects
        .iter()
        .filter(|o| o.can(Affordance::Graspable) && is_between_fingers(o, &world_from_tool, width_m))
        .min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)))
        .map(|o| o.id)
}

fn is_between_fingers(object: &SceneObject, world_from_tool: &Pose, width_m: f64) -> bool {
    let tool_m = object.world_from_object.inverse_transform_point(&world_from_tool.translation.vector.into());
    let around = (0..3).all(|i| tool_m[i].abs() <= object.size_m[i] * 0.5 + POINT_SLACK_M);
    let across = object.world_from_object.rotation.inverse() * (world_from_tool.rotation * Vec3::y());
    // Width of the box between parallel fingers: of its two faces that they are nearer to lying on.
    let extent_m = if across.x.abs() > across.y.abs().max(across.z.abs()) {
        object.size_m.x
    } else if across.y.abs() > across.z.abs() {
        object.size_m.y
    } else {
        object.size_m.z
    };
    around && (width_m - extent_m).abs() <= WIDTH_SLACK_M
}
