//! Grasp and travel geometry shared by skills of the arm: top-down postures, the grip on a box-like thing, the height
//! that clears everything.
//!
//! Tool frame: z out of the hand, fingers open along y.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::action::{Action, Path};
use crate::geometry::yaw_rad;
use crate::outcome::{Failure, FailureCode};
use crate::robot::Arm;
use crate::scene::{Affordance, Scene, SceneObject};
use crate::skill::{Context, OnBlocked, Phase, Phases, Unmet};
use crate::state::State;
use crate::{Pose, Rotation, Vec3};

/// Room between an open finger and the thing it goes around, metres.
const FINGER_ROOM_M: f64 = 0.012;
/// Half the thickness of a finger, metres.
const FINGER_HALF_M: f64 = 0.012;
/// Half the hand's extent along the fingers' opening, and across it, metres.
const HAND_HALF_WIDTH_M: f64 = 0.08;
const HAND_HALF_DEPTH_M: f64 = 0.03;
/// Room between the lowest thing that travels and the highest thing on the table, metres.
const TRAVEL_ROOM_M: f64 = 0.06;
/// Height of the tool over a thing before it goes down to it, metres.
pub const ABOVE_M: f64 = 0.08;
/// Force of an ordinary grip, newtons.
pub const GRIP_N: f64 = 30.0;
/// Force of fingers that let go, newtons: gentle, lest they jam between what they let go and a wall beside it.
pub const LET_GO_N: f64 = 10.0;
/// Share of full speed near things.
pub const SLOW: f64 = 0.35;

/// The arm, or the failure that there is none.
pub fn arm<'a>(context: &Context<'a>) -> Result<&'a Arm, Failure> {
    context.robot.arm.as_ref().ok_or(Failure::new(FailureCode::Unreachable, None))
}

/// The object a call names, or the failure that it is gone.
pub fn object<'a>(context: &Context<'a>, index: usize) -> Result<&'a SceneObject, Failure> {
    let id = context.call.object(index);
    id.and_then(|id| context.scene.get(&id)).ok_or(Failure::new(FailureCode::ObjectGone, id))
}

/// The tool pointing down at a point, fingers opening across `yaw_rad`.
pub fn downward(point_m: Vec3, yaw_rad: f64) -> Pose {
    Pose::from_parts(point_m.into(), Rotation::from_euler_angles(PI, 0.0, yaw_rad))
}

/// An angle of the hand, the same grip turned by half a turn where that is nearer to straight ahead.
pub fn near_zero(yaw_rad: f64) -> f64 {
    let wrapped = yaw_rad.rem_euclid(PI);
    if wrapped > FRAC_PI_2 { wrapped - PI } else { wrapped }
}

/// How to take hold of something from above.
pub struct Grasp {
    /// Where the tool closes.
    pub world_from_tool: Pose,
    /// Opening to go down with, metres.
    pub open_m: f64,
}

/// The narrower-than-the-gripper side whose fingers have the most room among the neighbours.
pub fn grasp_of(object: &SceneObject, scene: &Scene, arm: &Arm) -> Result<Grasp, Unmet> {
    let center_m = object.position_m();
    let yaw = yaw_rad(&object.world_from_object);
    let gripper = &arm.gripper;
    let height_m = center_m.z.max(object.top_m() - gripper.finger_depth_m).max(object.bottom_m() + 0.012);
    let mut best: Option<(f64, Grasp)> = None;
    for (turn_rad, width_m) in [(0.0, object.size_m.y), (FRAC_PI_2, object.size_m.x)] {
        if width_m > gripper.max_width_m - 0.006 {
            continue;
        }
        let yaw = near_zero(yaw + turn_rad);
        let open_m = (width_m + 2.0 * FINGER_ROOM_M).min(gripper.max_width_m);
        let world_from_tool = downward(Vec3::new(center_m.x, center_m.y, height_m), yaw);
        let across = world_from_tool.rotation * Vec3::y();
        let reach_m = open_m * 0.5 + FINGER_HALF_M;
        let fingers = [center_m + across * reach_m, center_m - across * reach_m];
        let ignored = [Some(object.id), None];
        let room_m = room_for(&fingers, object, scene, height_m).min(hand_room_m(
            &world_from_tool,
            scene,
            gripper.finger_depth_m,
            &ignored,
        ));
        // Room beyond two centimetres is worth nothing more; then the straighter wrist wins.
        let score = room_m.min(0.02) - 0.001 * yaw.abs();
        if best.as_ref().is_none_or(|(other, _)| score > *other) {
            best = Some((score, Grasp { world_from_tool, open_m }));
        }
    }
    best.map(|(_, grasp)| grasp).ok_or(Unmet::TooWide(object.id))
}

/// Smallest distance from the fingers to the footprint of anything that stands as high as they reach down, metres.
fn room_for(fingers: &[Vec3; 2], object: &SceneObject, scene: &Scene, height_m: f64) -> f64 {
    let others = scene.objects.iter().filter(|o| {
        let around = o.can(Affordance::Container) && footprint_gap_m(o, &object.position_m()) <= 0.0;
        o.id != object.id && !around && o.top_m() > height_m - 0.01 && o.bottom_m() < height_m + 0.05
    });
    let gaps = others.flat_map(|o| fingers.iter().map(|finger| footprint_gap_m(o, finger) - FINGER_HALF_M));
    gaps.fold(f64::INFINITY, f64::min)
}

/// Room around the hand's body over the fingers at a pose of the tool: to the nearest thing that stands as high, metres.
pub fn hand_room_m(
    world_from_tool: &Pose,
    scene: &Scene,
    finger_depth_m: f64,
    ignored: &[Option<crate::scene::ObjectId>],
) -> f64 {
    let palm_m = world_from_tool.translation.z + finger_depth_m;
    let across = world_from_tool.rotation * Vec3::y();
    let at_m = world_from_tool.translation.vector;
    let others = scene
        .objects
        .iter()
        .filter(|o| o.top_m() > palm_m && !ignored.contains(&Some(o.id)))
        .filter(|o| !(o.can(Affordance::Container) && footprint_gap_m(o, &at_m) <= 0.0));
    let gaps = others.flat_map(|o| {
        [-1.0, -0.5, 0.0, 0.5, 1.0].map(|share| footprint_gap_m(o, &(at_m + across * (share * HAND_HALF_WIDTH_M))))
    });
    gaps.fold(f64::INFINITY, f64::min) - HAND_HALF_DEPTH_M
}

/// Horizontal distance from a point to an object's footprint, metres, zero inside.
pub fn footprint_gap_m(object: &SceneObject, point_m: &Vec3) -> f64 {
    let local = object.world_from_object.inverse_transform_point(&(*point_m).into());
    let over = |i: usize| (local[i].abs() - object.size_m[i] * 0.5).max(0.0);
    over(0).hypot(over(1))
}

/// Height at which the tool can travel with `below_m` of something hanging under it, metres.
pub fn travel_height_m(scene: &Scene, arm: &Arm, below_m: f64) -> f64 {
    let in_reach = |o: &&SceneObject| {
        scene.holding != Some(o.id) && arm.workspace.grown(0.1).contains(&o.position_m().map_with_z(0.1))
    };
    let handle_m = |o: &SceneObject| o.handle_m.map_or(f64::MIN, |h| h.z);
    let tops = scene.objects.iter().filter(in_reach).map(|o| o.top_m().max(handle_m(o)));
    let highest_m = tops.fold(0.0, f64::max);
    (highest_m + TRAVEL_ROOM_M + below_m.max(0.02)).min(arm.workspace.max_m.z - 0.02)
}

/// A vector with another z.
trait WithZ {
    fn map_with_z(&self, z: f64) -> Self;
}
impl WithZ for Vec3 {
    fn map_with_z(&self, z: f64) -> Self {
        Self::new(self.x, self.y, z)
    }
}

/// Ways to write the phases of a skill in short.
pub trait Phased {
    /// Straight up to the travel height, if the tool is lower.
    fn rise(&mut self, context: &Context<'_>, height_m: f64, carrying: bool);
    /// By the joints, to a pose high above everything.
    fn travel(&mut self, world_from_tool: Pose, carrying: bool);
    /// On a straight line.
    fn straight(&mut self, name: &'static str, world_from_tool: Pose, speed: f64) -> &mut Phase;
    /// Fingers to a width, whether they meet something or not.
    fn fingers(&mut self, name: &'static str, width_m: f64, force_n: f64) -> &mut Phase;
}

impl Phased for Phases {
    fn rise(&mut self, context: &Context<'_>, height_m: f64, carrying: bool) {
        let Some(tool) = context.world_from_tool else {
            return;
        };
        if tool.translation.z < height_m - 0.01 {
            let up = Pose::from_parts(tool.translation.vector.map_with_z(height_m).into(), tool.rotation);
            self.straight("rise", up, 0.7).carrying = carrying;
        }
    }

    fn travel(&mut self, world_from_tool: Pose, carrying: bool) {
        let speed = if carrying { 0.7 } else { 1.0 };
        let action = Action::Reach { world_from_tool, path: Path::Joint, speed, until_contact_n: None };
        self.push(Phase { carrying, ..Phase::new("travel", action) });
    }

    fn straight(&mut self, name: &'static str, world_from_tool: Pose, speed: f64) -> &mut Phase {
        let action = Action::Reach { world_from_tool, path: Path::Straight, speed, until_contact_n: None };
        self.push(Phase::new(name, action));
        let last = self.len() - 1;
        &mut self[last]
    }

    fn fingers(&mut self, name: &'static str, width_m: f64, force_n: f64) -> &mut Phase {
        let action = Action::Grip { width_m, force_n };
        self.push(Phase { on_blocked: OnBlocked::Continue, ..Phase::new(name, action) });
        let last = self.len() - 1;
        &mut self[last]
    }
}

impl Phase {
    /// The same phase, ended as reached by a force against the motion.
    pub fn until_contact(&mut self, newtons: f64) -> &mut Self {
        if let Action::Reach { until_contact_n, .. } = &mut self.action {
            *until_contact_n = Some(newtons);
        }
        self
    }
}

/// A pose moved along the world's z.
pub fn raised(pose: Pose, by_m: f64) -> Pose {
    Pose::from_parts((pose.translation.vector + Vec3::z() * by_m).into(), pose.rotation)
}

/// Can the gripper get at this object: empty hand, nothing on it, nothing shut around it, within reach?
pub fn check_access(index: usize, state: &State) -> Result<(), Unmet> {
    let object = &state.objects()[index];
    if let Some(held) = state.holding {
        return Err(Unmet::HandFull(state.objects()[held].id));
    }
    if let Some(holder) = state.shut_in(index) {
        return Err(Unmet::ShutIn(object.id, state.objects()[holder].id));
    }
    check_reach(object, state)
}

/// Is the object where the tool may be?
pub fn check_reach(object: &SceneObject, state: &State) -> Result<(), Unmet> {
    let Some(arm) = &state.robot().arm else {
        return Ok(());
    };
    let mut point_m = object.position_m();
    point_m.z = point_m.z.max(arm.workspace.min_m.z);
    if arm.workspace.contains(&point_m) { Ok(()) } else { Err(Unmet::OutOfReach(object.id)) }
}

/// Index of a call's object in the state; calls are only made for objects that are there.
pub fn index_of(call: &crate::plan::SkillCall, arg: usize, state: &State) -> Option<usize> {
    call.object(arg).and_then(|id| state.index(&id))
}
