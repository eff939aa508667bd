//! `open`: pull a drawer by its handle, or swing a box's lid up about its hinge; a lid that stands half open, whose handle
//! lies about anywhere, is pushed back.

use crate::action::{Action, Path};
use crate::fact::Fact;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::robot::Arm;
use crate::scene::{Affordance, SceneObject};
use crate::skill::{Context, OnBlocked, Param, ParamKind, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;
use crate::{Pose, Rotation, Vec3};

use super::grasp::{Phased, SLOW, arm, check_access, downward, index_of, near_zero, object, raised, travel_height_m};

/// Force of a grip on a handle, newtons: firm enough to pull, loose enough to turn in.
const HANDLE_N: f64 = 25.0;
/// Opening to go around a handle with, metres.
const HANDLE_OPEN_M: f64 = 0.05;
/// How far a drawer is pulled, as a share of its depth: most of it, within reach.
const PULL: f64 = 0.65;
/// How far a lid is swung, radians.
const LID_RAD: f64 = 1.55;

/// A lid from this far open is pushed rather than pulled.
const PUSHED_FROM: f64 = 0.35;
/// Where the fingers are as they push a lid by its edge, metres: before it by half of their thickness, and this far below.
const BEFORE_EDGE_M: f64 = 0.012;
const BELOW_EDGE_M: f64 = 0.02;

/// The skill.
pub struct Open;

impl Skill for Open {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "open",
            summary: "open a drawer or a box with a lid; the hand must be empty",
            params: &[Param { name: "object", kind: ParamKind::Object(Affordance::Openable), doc: "what to open" }],
            needs: Part::Arm,
            timeout_s: 40.0,
            retries: 2,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        check_access(index, state)?;
        let object = &state.objects()[index];
        if state.situations[index].open == Some(true) {
            return Err(Unmet::Already(object.id));
        }
        match state.is_covered(index) {
            Some(top) => Err(Unmet::Covered(object.id, state.objects()[top].id)),
            None => Ok(()),
        }
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let Some(index) = index_of(call, 0, state) {
            state.situations[index].open = Some(true);
        }
    }

    fn promise(&self, call: &SkillCall, _before: &State) -> Facts {
        call.object(0).map(Fact::Open).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (arm, object) = (arm(context)?, object(context, 0)?);
        let mut phases = Phases::new();
        if object.has_lid() && object.open_fraction.is_some_and(|open| open >= PUSHED_FROM) {
            push_back(&mut phases, context, arm, object);
            return Ok(phases);
        }
        let handle = handle_pose(object)?;
        let height_m = grip_handle(&mut phases, context, arm, handle);
        let end = if object.has_lid() {
            swing(&mut phases, object, handle, LID_RAD * (1.0 - object.open_fraction.unwrap_or(0.0)))
        } else {
            let end = moved(handle, front(object) * object.size_m.x * PULL);
            phases.straight("pull", end, SLOW).until_contact(30.0);
            end
        };
        let_go(&mut phases, end, height_m);
        Ok(phases)
    }
}

/// Direction out of an object's front, in the world.
pub fn front(object: &SceneObject) -> Vec3 {
    object.world_from_object.rotation * Vec3::x()
}

/// A pose moved by an offset in the world.
pub fn moved(pose: Pose, offset_m: Vec3) -> Pose {
    Pose::from_parts((pose.translation.vector + offset_m).into(), pose.rotation)
}

/// The tool on the handle from above, fingers before and behind its bar.
pub fn handle_pose(object: &SceneObject) -> Result<Pose, Failure> {
    let handle_m = object.handle_m.ok_or(Failure::new(FailureCode::ObjectGone, Some(object.id)))?;
    let out = front(object);
    // Fingers open along the hand's y: turn y into the pulling direction.
    Ok(downward(handle_m, near_zero(out.y.atan2(out.x) + std::f64::consts::FRAC_PI_2)))
}

/// Over the handle, down, closed on it. Returns the height to leave at.
pub fn grip_handle(phases: &mut Phases, context: &Context<'_>, arm: &Arm, handle: Pose) -> f64 {
    let height_m = travel_height_m(context.scene, arm, 0.02).max(handle.translation.z + 0.08);
    phases.rise(context, height_m, false);
    phases.fingers("open fingers", HANDLE_OPEN_M, HANDLE_N);
    phases.travel(raised(handle, height_m - handle.translation.z), false);
    phases.straight("approach", raised(handle, 0.04), 1.0);
    phases.straight("reach", handle, SLOW).until_contact(25.0);
    let close = phases.fingers("grip the handle", 0.0, HANDLE_N);
    close.on_reached = Some(FailureCode::GraspMissed);
    close.dwell_s = 0.2;
    height_m
}

/// A lid's hinge: a point on it, and the axis about which a positive turn opens.
pub fn hinge(object: &SceneObject) -> (Vec3, Vec3) {
    let point = nalgebra::Point3::new(-object.size_m.x * 0.5, 0.0, object.size_m.z * 0.5);
    // Opening lifts the front and carries it back: a turn about the object's y, left-handed.
    let axis = object.world_from_object.rotation * -Vec3::y();
    ((object.world_from_object * point).coords, axis)
}

/// A point turned about a lid's hinge (positive opens).
pub fn about_hinge(object: &SceneObject, point_m: Vec3, angle_rad: f64) -> Vec3 {
    let (about_m, axis) = hinge(object);
    let turn = Rotation::from_axis_angle(&nalgebra::Unit::new_normalize(axis), angle_rad);
    about_m + turn * (point_m - about_m)
}

/// Swings the tool by an angle about a lid's hinge (positive opens); the hand keeps pointing down. Returns the end.
pub fn swing(phases: &mut Phases, object: &SceneObject, from: Pose, angle_rad: f64) -> Pose {
    let (about_m, axis) = hinge(object);
    let end_m = about_hinge(object, from.translation.vector, angle_rad);
    let end = Pose::from_parts(end_m.into(), from.rotation);
    let path = Path::Arc { about_m, axis, angle_rad };
    let action = Action::Reach { world_from_tool: end, path, speed: SLOW, until_contact_n: Some(40.0) };
    phases.push(Phase { on_blocked: OnBlocked::Continue, ..Phase::new("swing", action) });
    end
}

/// Pushes a half open lid up by its edge: closed fingers come down before it and follow the edge about the hinge.
fn push_back(phases: &mut Phases, context: &Context<'_>, arm: &Arm, object: &SceneObject) {
    let (out, (hinge_m, axis)) = (front(object), hinge(object));
    let (lid_m, from_rad) = (object.size_m.x, LID_RAD * object.open_fraction.unwrap_or(0.0));
    let yaw_rad = near_zero(out.y.atan2(out.x)); // both fingers along the edge
    let about_m = hinge_m + out * BEFORE_EDGE_M - Vec3::z() * BELOW_EDGE_M;
    let on_arc = |rad: f64| downward(about_m + (out * rad.cos() + Vec3::z() * rad.sin()) * lid_m, yaw_rad);
    let (start, end) = (on_arc(from_rad), on_arc(LID_RAD));
    let height_m = travel_height_m(context.scene, arm, 0.02).max(end.translation.z + 0.1);
    let up = |pose: Pose| raised(pose, height_m - pose.translation.z);
    phases.rise(context, height_m, false);
    phases.fingers("close fingers", 0.0, HANDLE_N);
    let before = moved(start, out * 0.03);
    phases.travel(up(before), false);
    phases.straight("lower", before, 1.0);
    let meet = phases.straight("meet the lid", start, SLOW).until_contact(25.0);
    meet.on_blocked = OnBlocked::Continue;
    let path = Path::Arc { about_m, axis, angle_rad: LID_RAD - from_rad };
    let action = Action::Reach { world_from_tool: end, path, speed: SLOW, until_contact_n: Some(40.0) };
    phases.push(Phase { on_blocked: OnBlocked::Continue, ..Phase::new("push", action) });
    let back = moved(end, out * 0.04);
    phases.straight("back off", back, SLOW);
    phases.straight("leave", up(back), 1.0);
}

/// Opens the fingers and leaves upward.
pub fn let_go(phases: &mut Phases, at: Pose, height_m: f64) {
    phases.fingers("let go", HANDLE_OPEN_M, HANDLE_N).dwell_s = 0.2;
    phases.straight("back off", raised(at, 0.05), SLOW);
    let up_m = (height_m - at.translation.z).max(0.06);
    phases.straight("leave", raised(at, up_m), 1.0);
}
