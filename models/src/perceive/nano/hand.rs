//! What the fingers hold: told from joints and finger width, and from where it was when they closed around it. What is
//! held moves with the hand, whatever the fingers hide of it.

use ponder_core::fact::EMPTY_WIDTH_M;
use ponder_core::image::CameraFrame;
use ponder_core::observation::Observation;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, ObjectId, SceneObject};
use ponder_core::{Pose, Vec3};

/// The tool's point may lie this far outside of the box of what is held, metres.
const SLACK_M: f64 = 0.02;
/// Fingers this near to their widest hold nothing, metres.
const OPEN_M: f64 = 0.003;
/// What is held can't be wider than the fingers are apart by more than this, or narrower, metres.
const WIDTH_M: f64 = 0.025;
/// Fingers that open by so much let go, metres.
const LET_GO_M: f64 = 0.008;

/// What was lifted was not farther beside the tool's point, metres.
pub(super) const BELOW_M: f64 = 0.05;
/// Points of a line of sight that are looked at.
const LINE_POINTS: u32 = 40;
/// What seems to stand so near to the robot's own surface is a piece of it, metres.
const SKIN_M: f64 = 0.02;
/// What fell on the floor of something hollow lies this much over its lower side, metres.
const FLOOR_M: f64 = 0.005;

/// The robot's own arm, which is no thing of the scene though it shows in the pictures: lines from joint to joint, the
/// last to where the fingers hold things, and how far around them it reaches.
pub(super) struct Body {
    joints_m: Vec<Vec3>,
    radius_m: f64,
}

impl Body {
    pub(super) fn of(observation: &Observation, robot: &RobotSpec) -> Self {
        let arm = robot.arm.as_ref().filter(|arm| observation.joint_pos_rad.len() == arm.chain.len());
        let Some(arm) = arm else { return Self { joints_m: Vec::new(), radius_m: 0.0 } };
        let frames = arm.chain.frames(&observation.joint_pos_rad);
        let tool = arm.chain.tool_of(&frames);
        let fingers_m = tool.rotation * Vec3::z() * (arm.gripper.finger_depth_m * 0.5);
        let ends_m = [tool.translation.vector - fingers_m];
        let joints_m = frames.iter().map(|frame| frame.translation.vector).chain(ends_m).collect();
        Self { joints_m, radius_m: arm.link_radius_m + SKIN_M }
    }

    /// Is the middle of what was found inside of it?
    pub(super) fn holds(&self, object: &SceneObject) -> bool {
        object.can(Affordance::Graspable) && self.has(&object.position_m())
    }

    /// Is it before a point in every picture that the point is in?
    pub(super) fn hides(&self, point_m: &Vec3, frames: &[CameraFrame]) -> bool {
        let shows = |frame: &&CameraFrame| {
            let camera_m = frame.world_from_camera.inverse_transform_point(&(*point_m).into()).coords;
            let at = frame.intrinsics.project(&camera_m);
            at.is_some_and(|(x, y)| x >= 0.0 && y >= 0.0 && x < frame.width_px as f64 && y < frame.height_px as f64)
        };
        let is_before = |frame: &CameraFrame| {
            let eye_m = frame.world_from_camera.translation.vector;
            (1..LINE_POINTS).any(|n| self.has(&eye_m.lerp(point_m, f64::from(n) / f64::from(LINE_POINTS))))
        };
        frames.iter().filter(shows).all(is_before)
    }

    fn has(&self, point_m: &Vec3) -> bool {
        let last = self.joints_m.len().saturating_sub(2);
        let inside = |(i, link): (usize, &[Vec3])| {
            let (along_m, from_m) = (link[1] - link[0], point_m - link[0]);
            let share = from_m.dot(&along_m) / along_m.norm_squared().max(1e-9);
            let is_off = (from_m - along_m * share.clamp(0.0, 1.0)).norm() > self.radius_m;
            !is_off && (i < last || share < 1.0)
        };
        self.joints_m.windows(2).enumerate().any(inside)
    }
}

/// Where a thing comes to lie that is let go of at a pose: on the highest of what is below its middle, or in it.
pub(super) fn fallen(index: usize, from: &Pose, objects: &[SceneObject]) -> Pose {
    let object = &objects[index];
    let half_m = SceneObject { world_from_object: *from, ..object.clone() }.world_half_extents_m().z;
    let floor_m = |other: &SceneObject| {
        let inside_m = other.world_from_object.inverse_transform_point(&from.translation.vector.into()).coords;
        let is_over = (0..2).all(|i| inside_m[i].abs() <= other.size_m[i] * 0.5);
        let hollow = other.can(Affordance::Container);
        is_over.then(|| if hollow { other.bottom_m() + FLOOR_M } else { other.top_m() })
    };
    let others = objects.iter().filter(|other| other.id != object.id).filter_map(floor_m);
    let bottom_m = others.filter(|m| *m < from.translation.z).fold(f64::MIN, f64::max);
    let mut pose = *from;
    if bottom_m > f64::MIN {
        pose.translation.z = bottom_m + half_m;
    }
    pose
}

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

    /// What fingers of a width must have lifted, of things that are gone from below them: it is put into the hand.
    pub(super) fn lifted(
        lost: Vec<&mut SceneObject>,
        (tool, width_m): &(Pose, f64),
        robot: &RobotSpec,
    ) -> Option<Self> {
        let off_m = |o: &SceneObject| (o.position_m() - tool.translation.vector).xy().norm();
        let around = lost.into_iter().filter(|o| is_around(*width_m, o, robot) && off_m(o) < BELOW_M);
        let object = around.min_by(|a, b| off_m(a).total_cmp(&off_m(b)))?;
        object.world_from_object = Pose::from_parts(tool.translation, object.world_from_object.rotation);
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
    let tool_m = tool.translation.vector;
    let outside_m = |object: &SceneObject| {
        let inside_m = object.world_from_object.inverse_transform_point(&tool_m.into()).coords;
        (0..3).map(|i| inside_m[i].abs() - object.size_m[i] * 0.5).fold(f64::MIN, f64::max)
    };
    let graspable = objects.enumerate().filter(|(_, o)| is_around(*width_m, o, robot));
    let nearest = graspable.map(|(i, o)| (outside_m(o), i)).filter(|(m, _)| *m < SLACK_M);
    nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, i)| i)
}

/// Can fingers that far apart have closed around it?
fn is_around(width_m: f64, object: &SceneObject, robot: &RobotSpec) -> bool {
    let widest_m = robot.arm.as_ref().map_or(0.0, |arm| arm.gripper.max_width_m);
    let (a, b) = (object.size_m.x.min(object.size_m.y), object.size_m.x.max(object.size_m.y));
    let closed = width_m > EMPTY_WIDTH_M && width_m < widest_m - OPEN_M;
    closed && object.can(Affordance::Graspable) && (a - WIDTH_M..b + WIDTH_M * 0.4).contains(&width_m)
}
