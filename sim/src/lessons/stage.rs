//! One scene of lessons: drawn, built, painted, posed a few times with the arm here and there and something in its hand,
//! and taken by every camera.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::image::CameraFrame;
use ponder_core::lesson::{Lesson, Sighting};
use ponder_core::observation::{BaseState, Observation};
use ponder_core::robot::JointVec;
use ponder_core::scene::{Affordance, ObjectId};
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::draw::{Draft, draft};
use super::paint::paint;
use super::sight::sighting;
use super::{Plan, Split};
use crate::build::{Built, ObjectPort, StatePort};
use crate::cameras::frame;
use crate::error::SimError;
use crate::render::{Eyes, STATE};
use crate::rng::{Stream, normal, stream};
use crate::scenario::Scenario;
use crate::start::{object_pose, place};
use crate::truth::{tool_m, truth};

/// Drawn scenes that do not fit or fly apart are drawn anew so often.
const MOST_DRAWS: u64 = 20;
/// The tool is not put lower than this, metres.
const LOWEST_TOOL_M: f64 = 0.07;

/// A lesson with its pixels, at the size that is written.
pub(super) struct Taken {
    pub(super) lesson: Lesson,
    pub(super) frame: CameraFrame,
}

/// All pictures of one scene.
pub(super) fn take(plan: &Plan, suites: &[Scenario], scene: u64) -> Result<Vec<Taken>, SimError> {
    let mut last = None;
    for draw in 0..MOST_DRAWS {
        let seed = plan.seed_of(scene).wrapping_add(draw);
        let mut rng = stream(seed, Stream::Lessons);
        let draft = draft(plan.split, suites, &mut rng)?;
        match open(plan.split, &draft, seed, &mut rng) {
            Ok((built, data)) => return pictures(plan, scene, &draft.from, &built, data, &mut rng),
            Err(error @ (SimError::NoRoom { .. } | SimError::Scene(_))) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| SimError::Scene("no scene was drawn".to_owned())))
}

type Data = MjData<Arc<MjModel>>;

fn open(split: Split, draft: &Draft, seed: u64, rng: &mut ChaCha8Rng) -> Result<(Built, Data), SimError> {
    let mut built = draft.spec.build(seed, std::path::Path::new("."))?;
    if split != Split::Suites
        && let Some(model) = Arc::get_mut(&mut built.model)
    {
        paint(model, split, rng);
    }
    let (data, _) = built.start()?;
    Ok((built, data))
}

fn pictures(
    plan: &Plan,
    scene: u64,
    from: &str,
    built: &Built,
    mut data: Data,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<Taken>, SimError> {
    let mut eyes = Eyes::open(built.model.clone(), built.cameras.clone(), built.hidden_groups.clone())?;
    let start = data.state(STATE);
    let mut taken = Vec::new();
    let moments = if plan.split == Split::Suites { 2 } else { 4 };
    for moment in 0..moments {
        data.set_state(&start, STATE).map_err(|e| SimError::State(e.to_string()))?;
        if moment > 0 && plan.split != Split::Suites {
            switch(built, &mut data, rng);
            roam(built, &mut data, rng);
            data.forward_kinematics();
            scatter(built, &mut data, rng);
        }
        let holding = if rng.random_bool(0.35) { None } else { pose_arm(built, &mut data, rng) };
        data.forward_kinematics();
        let observation = senses(built, &data);
        let truth = truth(built, &data, Stamp(0));
        // Close views are rarer than those of the whole.
        let far = |name: &str| name != "wrist";
        let cameras: Vec<usize> =
            (0..built.cameras.len()).filter(|i| far(&built.cameras[*i].name) || rng.random_bool(0.5)).collect();
        let fill = |state: &mut Vec<f64>| {
            state.resize(built.model.state_size(STATE), 0.0);
            data.read_state_into(STATE, state);
        };
        let shots = eyes.shoot(fill, cameras.clone())?;
        for (camera, shot) in cameras.into_iter().zip(shots) {
            let small = |whole: &CameraFrame| whole.shrunk(plan.side_px, plan.side_px);
            let whole = frame(built, camera, shot, Stamp(0))?;
            let too_large = || SimError::Scene(format!("pictures of {} px are larger than the cameras'", plan.side_px));
            let frame = small(&whole).ok_or_else(too_large)?;
            let sight = |object: &ponder_core::scene::SceneObject| -> Option<Sighting> {
                let port = built.objects.iter().find(|port| port.id == object.id)?;
                Some(sighting(built, &data, port, object.clone(), &frame))
            };
            let lesson = Lesson {
                scene,
                from: from.to_owned(),
                camera: frame.name,
                intrinsics: frame.intrinsics,
                world_from_camera: frame.world_from_camera,
                observation: observation.clone(),
                holding,
                objects: truth.objects.iter().filter_map(sight).collect(),
            };
            taken.push(Taken { lesson, frame });
        }
    }
    Ok(taken)
}

/// Opens, shuts, turns and presses what carries nothing.
fn switch(built: &Built, data: &mut Data, rng: &mut ChaCha8Rng) {
    let carries = |o: &ObjectPort| built.drawn.things.iter().any(|t| t.rest.other() == Some(o.id.as_str()));
    for object in built.objects.iter().filter(|o| !carries(o)) {
        let (changes, fully, share) = (rng.random_bool(0.5), rng.random_bool(0.6), rng.random_range(0.0..1.0_f64));
        let share = if fully { share.round() } else { share };
        match object.state {
            StatePort::Opens { qpos, from, to } if changes => data.qpos_mut()[qpos] = from + (to - from) * share,
            StatePort::Turns { qpos, from, to } if changes => {
                data.qpos_mut()[qpos] = from + (to - from) * share.round();
            }
            StatePort::Toggles { user, lamp, lamp_off_m, lamp_rise_m, .. } if changes => {
                data.userdata_mut()[user] = share.round();
                data.mocap_pos_mut()[lamp] = (lamp_off_m + Vec3::z() * lamp_rise_m * share.round()).into();
            }
            _ => {}
        }
    }
}

/// Puts a base that drives somewhere else.
fn roam(built: &Built, data: &mut Data, rng: &mut ChaCha8Rng) {
    let Some(base) = &built.ports.base else { return };
    let mut pose = crate::sense::base_pose(base, data);
    (pose.translation.x, pose.translation.y) = (rng.random_range(-2.4..2.4), rng.random_range(-2.4..2.4));
    pose.rotation = Rotation::from_axis_angle(&Vec3::z_axis(), rng.random_range(-3.1..3.1));
    place(data, base.free.0, &pose);
}

/// Moves what is loose to other places, with what rests on it; what finds no room stays.
fn scatter(built: &Built, data: &mut Data, rng: &mut ChaCha8Rng) {
    let things = &built.drawn.things;
    let (x_m, y_m) = if built.ports.arm.is_some() { ((0.28, 0.72), 0.42) } else { ((-2.4, 2.4), 2.4) };
    let above = |id: &str| {
        let mut group = vec![id.to_owned()];
        while let Some(more) = things.iter().find(|t| {
            t.rest.other().is_some_and(|other| group.iter().any(|g| g == other))
                && !group.iter().any(|g| g == t.id.as_str())
        }) {
            group.push(more.id.to_string());
        }
        group
    };
    let reach_m = |o: &ObjectPort| o.size_m.x.hypot(o.size_m.y) * if o.free.is_some() { 0.4 } else { 0.5 };
    let stands = |o: &ObjectPort| o.thing.is_some_and(|i| things[i].rest.other().is_none() && !things[i].spare);
    let surface = |o: &ObjectPort| ["table", "wall"].contains(&o.label.as_str());
    for object in built.objects.iter().filter(|o| o.free.is_some() && stands(o)) {
        let group = above(object.id.as_str());
        let old = object_pose(data, object);
        let others: Vec<(Vec3, f64)> = built
            .objects
            .iter()
            .filter(|o| stands(o) && !surface(o) && !group.iter().any(|g| g == o.id.as_str()))
            .map(|o| (object_pose(data, o).translation.vector, reach_m(o)))
            .collect();
        for _ in 0..30 {
            let at_m = Vec3::new(rng.random_range(x_m.0..x_m.1), rng.random_range(-y_m..y_m), old.translation.z);
            let free = |(m, r): &(Vec3, f64)| (at_m - m).xy().norm() > reach_m(object) + r;
            if !others.iter().all(free) {
                continue;
            }
            let turn = Rotation::from_axis_angle(&Vec3::z_axis(), rng.random_range(-3.1..3.1)) * old.rotation;
            let moved = Pose::from_parts(at_m.into(), turn) * old.inverse();
            for member in built.objects.iter().filter(|o| group.iter().any(|g| g == o.id.as_str())) {
                if let Some(free) = member.free {
                    let pose = moved * object_pose(data, member);
                    place(data, free.0, &pose);
                }
            }
            break;
        }
        data.forward_kinematics();
    }
}

/// Puts the arm anywhere over the table, perhaps with something loose and free in its hand; says what.
fn pose_arm(built: &Built, data: &mut Data, rng: &mut ChaCha8Rng) -> Option<ObjectId> {
    let (ports, arm) = (built.ports.arm.as_ref()?, built.robot.arm.as_ref()?);
    let spread = rng.random_range(0.1..0.6);
    let (mut pose, mut found) = (Pose::identity(), false);
    for _ in 0..40 {
        let joints = arm.home_rad.iter().zip(&arm.limits);
        let pos_rad: JointVec =
            joints.map(|(home, limits)| (home + normal(rng) * spread).clamp(limits.min_rad, limits.max_rad)).collect();
        pose = arm.chain.world_from_tool(&pos_rad);
        let tool_m = pose.translation.vector;
        if tool_m.z > LOWEST_TOOL_M && tool_m.z < 0.6 && tool_m.x > 0.25 {
            ports.qpos.iter().zip(&pos_rad).for_each(|(q, rad)| data.qpos_mut()[*q] = *rad);
            found = true;
            break;
        }
    }
    if !found {
        return None;
    }
    let loose = |o: &&ObjectPort| {
        let spare = o.thing.is_some_and(|i| built.drawn.things[i].spare);
        let carries = built.drawn.things.iter().any(|thing| thing.rest.other() == Some(o.id.as_str()));
        o.free.is_some() && o.affordances.has(Affordance::Graspable) && !spare && !carries
    };
    let loose: Vec<_> = built.objects.iter().filter(loose).collect();
    let held = loose.choose(rng).filter(|o| rng.random_bool(0.5) && o.size_m.y < arm.gripper.max_width_m);
    grip(built, data, &pose, held.copied(), rng);
    Some(held?.id)
}

/// Opens the fingers of an arm that stands as it should around something, and puts it there: its pose; or anyhow.
pub(super) fn grip(
    built: &Built,
    data: &mut Data,
    world_from_tool: &Pose,
    held: Option<&ObjectPort>,
    rng: &mut ChaCha8Rng,
) -> Option<Pose> {
    let (ports, arm) = (built.ports.arm.as_ref()?, built.robot.arm.as_ref()?);
    let width_m = held.map_or_else(|| rng.random_range(0.0..arm.gripper.max_width_m), |o| o.size_m.y);
    for (q, (closed_m, sign)) in ports.gripper.qpos.iter().zip(ports.gripper.closed) {
        data.qpos_mut()[*q] = closed_m + sign * width_m * 0.5;
    }
    let held = held?;
    data.forward_kinematics();
    // Upright when the tool points down, across between the fingers; a little off, as grips are.
    let across = world_from_tool.rotation * Vec3::y();
    let along = world_from_tool.rotation * Vec3::z();
    let turn = Rotation::from_basis_unchecked(&[across.cross(&-along), across, -along]);
    let off_m = Vec3::new(normal(rng) * 0.003, 0.0, normal(rng) * 0.004 - held.size_m.z.max(0.03) * 0.15);
    let at_m = tool_m(ports, data) + turn * off_m;
    let world_from_object = Pose::from_parts(at_m.into(), turn);
    place(data, held.free?.0, &world_from_object);
    Some(world_from_object)
}

/// What joints, fingers and base say, without noise.
fn senses(built: &Built, data: &Data) -> Observation {
    let mut observation = Observation::default();
    if let Some(ports) = &built.ports.arm {
        observation.joint_pos_rad = ports.qpos.iter().map(|q| data.qpos()[*q]).collect();
        observation.joint_vel_rad_s = ports.qpos.iter().map(|_| 0.0).collect();
        let fingers = ports.gripper.qpos.iter().zip(ports.gripper.closed);
        observation.gripper_width_m =
            Some(fingers.map(|(q, (closed_m, sign))| sign * (data.qpos()[*q] - closed_m)).sum());
    }
    let still = ponder_core::command::BaseTwist::default();
    observation.base = built
        .ports
        .base
        .as_ref()
        .map(|base| BaseState { world_from_base: crate::sense::base_pose(base, data), twist: still });
    observation
}
