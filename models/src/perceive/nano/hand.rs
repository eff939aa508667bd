//! What the fingers hold: told from joints and finger width, and from where it was when they closed around it. What is
//! held moves with the hand, whatever the fingers hide of it.

use ponder_core::Pose;
use ponder_core::fact::EMPTY_WIDTH_M;
use ponder_core::observation::Observation;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, ObjectId, SceneObject};

/// The tool's point may lie this far outside of the box of what is held, metres.
const SLACK_M: f64 = 0.02;
/// Fingers this near to their widest hold nothing, metres.
const OPEN_M: f64 = 0.003;
/// What is held can't be wider than the fingers are apart by more than this, or narrower, metres.
const WIDTH_M: f64 = 0.025;
/// Fingers that open by so much let go, metres.
const LET_GO_M: f64 = 0.008;

/// Something in the hand.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: ObjectId,
    tool_from_object: Pose,
    width_m: f64,
}

/// Where the tool is and how far apart the fingers are; `None` without an arm or its senses.
pub(super) fn hand(observation: &Observation, robot: &RobotSpec) -> Option<(Pose, f64)> {
    let (arm, width_m) = (robot.arm.as_ref()?, observation.gripper_width_m?);
    let known = observation.joint_pos_rad.len() == arm.chain.len();
    known.then(|| (arm.chain.world_from_tool(&observation.joint_pos_rad), width_m))
}

impl Held {
    /// What fingers of a width have closed around.
    pub(super) fn find(objects: &[SceneObject], hand: &(Pose, f64), robot: &RobotSpec) -> Option<Self> {
        let object = &objects[gripped(objects.iter(), hand, robot)?];
        let (tool, width_m) = hand;
        Some(Self { id: object.id, tool_from_object: tool.inverse() * object.world_from_object, width_m: *width_m })
    }

    /// Is it still held by a hand?
    pub(super) fn is_held(&self, (_, width_m): &(Pose, f64)) -> bool {
        *width_m > EMPTY_WIDTH_M && (*width_m - self.width_m).abs() < LET_GO_M
    }

    /// Where it is in a hand.
    pub(super) fn pose(&self, (tool, _): &(Pose, f64)) -> Pose {
        tool * self.tool_from_object
    }
}

/// Which of these objects fingers of a width have closed around.
pub(super) fn gripped<'a>(
    objects: impl Iterator<Item = &'a SceneObject>,
    (tool, width_m): &(Pose, f64),
    robot: &RobotSpec,
) -> Option<usize> {
    let widest_m = robot.arm.as_ref()?.gripper.max_width_m;
    if *width_m <= EMPTY_WIDTH_M || *width_m >= widest_m - OPEN_M {
        return None;
    }
    let tool_m = tool.translation.vector;
    let outside_m = |object: &SceneObject| {
        let inside_m = object.world_from_object.inverse_transform_point(&tool_m.into()).coords;
        (0..3).map(|i| inside_m[i].abs() - object.size_m[i] * 0.5).fold(f64::MIN, f64::max)
    };
    let fits = |object: &SceneObject| {
        let (a, b) = (object.size_m.x.min(object.size_m.y), object.size_m.x.max(object.size_m.y));
        (a - WIDTH_M..b + WIDTH_M * 0.4).contains(width_m)
    };
    let graspable = objects.enumerate().filter(|(_, o)| o.can(Affordance::Graspable) && fits(o));
    let nearest = graspable.map(|(i, o)| (outside_m(o), i)).filter(|(m, _)| *m < SLACK_M);
    nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, i)| i)
}
