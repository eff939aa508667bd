//! What failed before: a plan carried out on a scene up to a step that does not work, as an executive would report it, and
//! the scene as it is then. Below the ring: the reasoner's schooling.

use std::sync::Arc;

use ponder_core::Pose;
use ponder_core::outcome::{Failure, FailureCode};
use ponder_core::plan::SkillCall;
use ponder_core::reasoner::Attempt;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, Scene};
use ponder_core::state::{Side, State};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// How far a drawer comes out, metres.
const DRAWER_OUT_M: f64 = 0.13;
/// How far beside a thing another is put, metres.
const BESIDE_M: f64 = 0.13;

/// What happened, and what is left of it.
pub struct Past {
    /// The scene now.
    pub scene: Scene,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// It failed as often as anything is tried.
    pub hopeless: bool,
}

/// Carries the steps out up to one that fails, once, twice or three times.
pub fn past(scene: &Scene, robot: &Arc<RobotSpec>, steps: &[SkillCall], rng: &mut ChaCha8Rng) -> Option<Past> {
    let at = rng.random_range(0..steps.len().max(1));
    let failing = steps.get(at)?;
    let codes: &[FailureCode] = match failing.spec().name {
        "pick" => &[FailureCode::GraspMissed, FailureCode::GraspMissed, FailureCode::ObjectMoved],
        "place_in" | "place_on" | "place_beside" => &[FailureCode::Dropped],
        "open" | "close" => &[FailureCode::NoEffect, FailureCode::Blocked],
        "press" | "turn" => &[FailureCode::NoEffect],
        "go_to" => &[FailureCode::Blocked, FailureCode::NoWay],
        "push" => &[FailureCode::Blocked],
        _ => return None,
    };
    let code = *codes.choose(rng)?;
    let mut now = scene.clone();
    for call in &steps[..at] {
        carry_out(call, &mut now, robot, rng)?;
    }
    let object = failing.object(0).or(now.holding);
    match code {
        FailureCode::Dropped => {
            let held = now.holding.take()?;
            let spot = (rng.random_range(0.36..0.60), rng.random_range(-0.33..0.33));
            set_down(&held, &mut now, spot);
        }
        FailureCode::ObjectMoved => {
            let object = object?;
            let held = now.objects.iter_mut().find(|o| o.id == object)?;
            held.world_from_object.translation.x += rng.random_range(-0.05..0.05);
            held.world_from_object.translation.y += rng.random_range(-0.05..0.05);
        }
        _ => {}
    }
    let often = match rng.random_range(0..10) {
        0..=5 => 1,
        6 | 7 => 2,
        _ => 3,
    };
    let attempt = |done: &[SkillCall]| Attempt {
        done: done.iter().map(SkillCall::to_draft).collect(),
        failed: Some((failing.to_draft(), Failure::new(code, object))),
        rejected: None,
    };
    // A dropped thing is picked up again before it is dropped again.
    let again = if code == FailureCode::Dropped { &steps[at.saturating_sub(1)..at] } else { &[] };
    let mut attempts = vec![attempt(&steps[..at])];
    attempts.extend((1..often).map(|_| attempt(again)));
    Some(Past { scene: now, attempts, hopeless: often == 3 })
}

fn set_down(id: &str, scene: &mut Scene, (x, y): (f64, f64)) {
    if let Some(object) = scene.objects.iter_mut().find(|o| o.id.as_str() == id) {
        object.world_from_object = Pose::translation(x, y, object.size_m.z * 0.5);
    }
}

/// A step that works, on the scene.
fn carry_out(call: &SkillCall, scene: &mut Scene, robot: &Arc<RobotSpec>, rng: &mut ChaCha8Rng) -> Option<()> {
    call.skill().check(call, &State::of(scene, robot)).ok()?;
    let target = call.object(0);
    let place = target.and_then(|id| scene.get(&id)).cloned();
    let held = scene.holding;
    let put = |scene: &mut Scene, x: f64, y: f64, bottom: f64| {
        let held = held?;
        let object = scene.objects.iter_mut().find(|o| o.id == held)?;
        object.world_from_object = Pose::translation(x, y, bottom + object.size_m.z * 0.5);
        scene.holding = None;
        Some(())
    };
    match call.spec().name {
        "pick" => {
            set_down(&target?, scene, (0.45, 0.0));
            let object = scene.objects.iter_mut().find(|o| Some(o.id) == target)?;
            object.world_from_object.translation.z = 0.3;
            scene.holding = target;
        }
        "place_in" => {
            let holder = place?;
            put(scene, holder.position_m().x, holder.position_m().y, holder.bottom_m() + 0.005)?;
        }
        "place_on" => {
            let under = place?;
            let (mut x, mut y) = (under.position_m().x, under.position_m().y);
            if under.label.as_str() == "table" {
                (x, y) = (rng.random_range(0.36..0.60), rng.random_range(-0.33..0.33));
            }
            put(scene, x, y, under.top_m())?;
        }
        "place_beside" => {
            let beside = place?;
            let way = call.choice(1).and_then(Side::nth)?.direction() * BESIDE_M;
            put(scene, beside.position_m().x + way.x, beside.position_m().y + way.y, beside.bottom_m())?;
        }
        "open" | "close" => {
            let open = call.spec().name == "open";
            let holder = target?;
            let inside: Vec<_> = {
                let state = State::of(scene, robot);
                let index = state.index(&holder)?;
                let is_in = |i: &usize| state.situations[*i].support == ponder_core::state::Support::In(index);
                (0..scene.objects.len()).filter(is_in).collect()
            };
            let index = scene.objects.iter().position(|o| o.id == holder)?;
            scene.objects[index].open_fraction = Some(if open { 0.9 } else { 0.0 });
            if scene.objects[index].label.as_str() == "drawer" {
                let out = if open { -DRAWER_OUT_M } else { DRAWER_OUT_M };
                for i in inside.into_iter().chain([index]) {
                    scene.objects[i].world_from_object.translation.x += out;
                }
            }
        }
        "press" | "turn" => {
            let object = scene.objects.iter_mut().find(|o| Some(o.id) == target)?;
            object.on = object.on.map(|on| !on);
        }
        "go_to" => {
            let at = place.filter(|o| o.can(Affordance::Place))?.position_m();
            scene.world_from_base = Some(Pose::translation(at.x, at.y, 0.0));
        }
        _ => {}
    }
    Some(())
}
