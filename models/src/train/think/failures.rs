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

/// How far from the middle of a holder a thing in it may lie, metres.
const IN_M: f64 = 0.012;

/// What happened, and what is left of it.
pub struct Past {
    /// The scene now.
    pub scene: Scene,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// It failed as often as anything is tried.
    pub hopeless: bool,
}

/// Share of pasts in which one and the same step failed as often as anything is tried.
const HOPELESS: f64 = 0.12;
/// Share of plans carried out to their end, where the goal was found missed.
const TO_THE_END: f64 = 0.06;
/// Share of steps without a measured effect that had it all the same: it was out of sight.
const UNSEEN: f64 = 0.5;

/// Carries the steps out up to one that fails; mostly once, else once more from where that led, by new steps from `again`.
pub fn past(
    scene: &Scene,
    robot: &Arc<RobotSpec>,
    steps: &[SkillCall],
    again: &dyn Fn(&Scene) -> Option<Vec<SkillCall>>,
    rng: &mut ChaCha8Rng,
) -> Option<Past> {
    let mut now = scene.clone();
    let hopeless = rng.random_bool(HOPELESS);
    let mut attempts = vec![try_out(steps, &mut now, robot, rng)?];
    if hopeless {
        let failed = attempts[0].failed.clone()?;
        // A dropped thing is picked up again before it is dropped again.
        let done = attempts[0].done.last().filter(|_| failed.1.code == FailureCode::Dropped).cloned();
        let same = Attempt { done: done.into_iter().collect(), failed: Some(failed), rejected: None };
        attempts.extend([same.clone(), same]);
    } else if rng.random_bool(0.3)
        && let Some(more) = again(&now).filter(|more| more.len() > 1)
    {
        attempts.push(try_out(&more, &mut now, robot, rng)?);
    }
    Some(Past { scene: now, attempts, hopeless })
}

/// Steps up to one that fails, on the scene.
fn try_out(steps: &[SkillCall], now: &mut Scene, robot: &Arc<RobotSpec>, rng: &mut ChaCha8Rng) -> Option<Attempt> {
    use FailureCode::{Blocked, Dropped, GraspMissed, NoEffect, NoWay, ObjectMoved, PreconditionLost, Unreachable};
    // A look does not fail.
    let looks = usize::from(steps.first().is_some_and(|call| call.spec().name == "look"));
    let at = rng.random_range(looks..steps.len().max(looks + 1));
    let done = |count: usize| steps[..count].iter().map(SkillCall::to_draft).collect();
    if rng.random_bool(TO_THE_END) {
        steps.iter().try_for_each(|call| carry_out(call, now, robot, rng))?;
        let moved =
            steps.iter().filter(|call| call.spec().name == "pick").filter_map(|call| call.object(0)).next_back()?;
        set_down(&moved, now, free_spot(rng));
        return Some(Attempt { done: done(steps.len()), failed: None, rejected: None });
    }
    let failing = steps.get(at)?;
    let codes: &[FailureCode] = match failing.spec().name {
        "pick" => &[GraspMissed, GraspMissed, ObjectMoved, NoEffect, NoEffect, Blocked, Unreachable, PreconditionLost],
        "place_in" | "place_on" | "place_beside" => &[Dropped, NoEffect, NoEffect, NoEffect, PreconditionLost],
        "open" | "close" => &[NoEffect, Blocked],
        "press" | "turn" => &[NoEffect],
        "go_to" => &[Blocked, NoWay],
        "push" => &[Blocked],
        _ => return None,
    };
    let code = *codes.choose(rng)?;
    for call in &steps[..at] {
        carry_out(call, now, robot, rng)?;
    }
    let object = failing.object(0).or(now.holding);
    let places = failing.spec().name.starts_with("place");
    match code {
        NoEffect if places && rng.random_bool(UNSEEN) => carry_out(failing, now, robot, rng)?,
        Dropped | NoEffect | PreconditionLost if places => {
            let held = now.holding.take()?;
            set_down(&held, now, free_spot(rng));
        }
        ObjectMoved => {
            let object = object?;
            let held = now.objects.iter_mut().find(|o| o.id == object)?;
            held.world_from_object.translation.x += rng.random_range(-0.05..0.05);
            held.world_from_object.translation.y += rng.random_range(-0.05..0.05);
        }
        _ => {}
    }
    let failed = Some((failing.to_draft(), Failure::new(code, object)));
    Some(Attempt { done: done(at), failed, rejected: None })
}

fn free_spot(rng: &mut ChaCha8Rng) -> (f64, f64) {
    (rng.random_range(0.36..0.60), rng.random_range(-0.33..0.33))
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
            let mut off_m = || rng.random_range(-IN_M..IN_M);
            let (x, y) = (holder.position_m().x + off_m(), holder.position_m().y + off_m());
            put(scene, x, y, holder.bottom_m() + 0.005)?;
        }
        "place_on" => {
            let under = place?;
            let (mut x, mut y) = (under.position_m().x, under.position_m().y);
            if under.label.as_str() == "table" {
                (x, y) = free_spot(rng);
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
