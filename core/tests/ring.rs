//! The loop from goal to outcome on a world of kinematics only (no physics): success on evidence, recovery, refusals to
//! move, and every way of stopping. MuJoCo runs the same loop in `ponder-sim`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod toy;

use std::sync::Arc;

use ponder_core::event::Event;
use ponder_core::fact::Fact;
use ponder_core::goal::Goal;
use ponder_core::outcome::{FailureCode, Halt, Outcome};
use ponder_core::plan::Draft;
use ponder_core::run::Ring;
use ponder_core::thinker::Cancel;
use toy::{Toy, id, object, plan, ring, ring_with};

const TASK: &[(&str, &[(&str, &str)])] =
    &[("pick", &[("object", "red_block")]), ("place_in", &[("container", "bowl")])];

fn goal(ring: &Ring) -> Goal {
    Goal::new(1, "put the red block in the bowl", ring.now(), 120.0).unwrap()
}

fn in_bowl() -> Vec<Fact> {
    vec![Fact::In(id("red_block"), id("bowl"))]
}

fn scene() -> Vec<ponder_core::scene::SceneObject> {
    vec![object("table"), object("red_block"), object("bowl")]
}

#[test]
fn done_rests_on_measurements() {
    let (mut ring, events) = ring(scene(), vec![plan(TASK, in_bowl())]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    let Outcome::Done { evidence } = &*outcome else { panic!("{outcome}") };
    assert!(evidence.iter().any(|f| f.fact == Fact::Held(id("red_block")) && f.holds));
    assert!(evidence.iter().any(|f| f.fact == in_bowl()[0] && f.holds));
    let count = |test: &dyn Fn(&Event) -> bool| events.lock().unwrap().iter().filter(|(_, e)| test(e)).count();
    assert_eq!(count(&|e| matches!(e, Event::StepDone(_))), 2);
    assert_eq!(count(&|e| matches!(e, Event::Rejected(_))), 0, "the guard had nothing to refuse");
}

#[test]
fn a_missed_grasp_is_tried_again_from_a_fresh_look() {
    let mut world = Toy::new(scene());
    // Somebody takes the block away while the arm is on its way.
    world.at(1.0, |world| world.object("red_block").world_from_object.translation.y += 0.12);
    let (mut ring, events) = ring_with(world, vec![plan(TASK, in_bowl())]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Done { .. }), "{outcome}");
    let missed = |e: &Event| matches!(e, Event::StepFailed { failure, .. } if failure.code == FailureCode::GraspMissed);
    assert_eq!(events.lock().unwrap().iter().filter(|(_, e)| missed(e)).count(), 1);
}

#[test]
fn a_dropped_load_is_noticed_and_planned_for_anew() {
    let mut world = Toy::new(scene());
    world.when_held(2.4, Toy::drop_held); // when the arm is on its way to the bowl
    let (mut ring, _) = ring_with(world, vec![plan(TASK, in_bowl()), plan(TASK, in_bowl())]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Done { .. }), "{outcome}");
    assert_eq!(ring.failed_attempts(), 1);
}

#[test]
fn what_the_arm_hides_is_measured_once_it_is_out_of_the_view() {
    let mut world = Toy::new(scene());
    world.behind_the_arm = Some("red_block");
    let (mut ring, events) = ring_with(world, vec![plan(TASK, in_bowl())]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Done { .. }), "{outcome}");
    let cleared = |e: &Event| matches!(e, Event::PhaseStarted { phase, .. } if phase.as_str() == "clear the view");
    assert_eq!(events.lock().unwrap().iter().filter(|(_, e)| cleared(e)).count(), 1);
}

#[test]
fn what_cameras_do_not_see_in_a_bowl_is_looked_for_from_above() {
    let mut world = Toy::new(scene());
    world.deep_down = Some("red_block");
    let (mut ring, events) = ring_with(world, vec![plan(TASK, in_bowl())]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Done { .. }), "{outcome}");
    let count = |test: &dyn Fn(&Event) -> bool| events.lock().unwrap().iter().filter(|(_, e)| test(e)).count();
    let looked = |e: &Event| matches!(e, Event::PhaseStarted { phase, .. } if phase.as_str() == "look from above");
    assert!(count(&looked) >= 1);
    assert_eq!(count(&|e| matches!(e, Event::StepDone(_))), 2, "a look is no step");
    // What is nowhere is looked for once, for the step and for the goal, and not found.
    let mut world = Toy::new(scene());
    world.when_held(2.4, |world| world.out_of_sight = Some("red_block"));
    let (mut ring, events) = ring_with(world, vec![plan(TASK, in_bowl())]);
    assert!(!matches!(*ring.run(goal(&ring), &Cancel::default()), Outcome::Done { .. }));
    let looks = events.lock().unwrap().iter().filter(|(_, e)| looked(e)).count();
    assert!((1..=4).contains(&looks), "{looks}");
}

#[test]
fn a_task_is_not_done_because_a_later_plan_leaves_out_what_was_lost() {
    let mut objects = scene();
    objects.push(object("blue_block"));
    objects[3].world_from_object = ponder_core::Pose::translation(0.45, 0.35, 0.02);
    let mut world = Toy::new(objects);
    // It is let go of on the way and rolls out of sight.
    world.when_held(2.4, |world| {
        world.drop_held();
        world.out_of_sight = Some("red_block");
    });
    let blue = [("pick", &[("object", "blue_block")] as &[_]), TASK[1]];
    let both = vec![in_bowl()[0], Fact::In(id("blue_block"), id("bowl"))];
    let steps = [TASK, &blue].concat();
    let refuse = Draft::Refuse { reason: ponder_core::outcome::RefusalReason::NotThere, text: "gone".into() };
    let (mut ring, _) = ring_with(world, vec![plan(&steps, both.clone()), plan(&blue, vec![both[1]]), refuse]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Refused { .. }), "{outcome}");
    assert_eq!(ring.failed_attempts(), 2, "the second plan worked, and was not enough");
}

#[test]
fn a_plan_that_does_not_check_moves_nothing() {
    let bad = plan(&[("pick", &[("object", "red_block")]), ("place_in", &[("container", "moon")])], vec![]);
    let (mut ring, events) = ring(scene(), vec![bad.clone(), bad]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(&*outcome, Outcome::Halted { halt: Halt::PlanRejected(_) }), "{outcome}");
    let moved = |e: &Event| matches!(e, Event::Acting(action) if *action != ponder_core::action::Action::Hold);
    assert!(!events.lock().unwrap().iter().any(|(_, e)| moved(e)));
}

#[test]
fn a_refusal_and_a_question_end_the_task_at_rest() {
    let refuse = Draft::Refuse { reason: ponder_core::outcome::RefusalReason::Unsafe, text: "no".into() };
    let (mut ring, _) = ring(scene(), vec![refuse, Draft::Ask { question: "which?".into() }]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Refused { .. }), "{outcome}");
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Asked { .. }), "{outcome}");
}

#[test]
fn no_answer_in_time_ends_in_a_safe_stop() {
    let (mut ring, _) = ring(scene(), vec![]);
    let started = ring.now();
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(&*outcome, Outcome::Halted { halt: Halt::NoPlan { .. } }), "{outcome}");
    assert!(ring.now().since_s(started) < 65.0);
}

#[test]
fn the_emergency_stop_latches_until_it_is_resumed() {
    let (mut ring, events) = ring(scene(), vec![plan(TASK, in_bowl()), plan(TASK, in_bowl())]);
    ring.start(goal(&ring));
    for _ in 0..150 {
        assert_eq!(ring.turn(), None);
    }
    ring.emergency_stop();
    let outcome = (0..400).find_map(|_| ring.turn()).expect("it ends");
    assert_eq!(*outcome, Outcome::Halted { halt: Halt::EmergencyStop });
    // Still latched: a new goal is not even thought about.
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert_eq!(*outcome, Outcome::Halted { halt: Halt::EmergencyStop });
    (0..50).for_each(|_| drop(ring.turn()));
    let still = |events: &[(ponder_core::Stamp, Event)]| {
        let speeds = events.iter().rev().take(120).filter_map(|(_, e)| match e {
            Event::Applied(applied) => {
                applied.sent.arm.as_ref().map(|arm| arm.vel_rad_s.iter().fold(0.0, |a: f64, v| a.max(v.abs())))
            }
            _ => None,
        });
        speeds.fold(0.0, f64::max)
    };
    let speed_rad_s = still(&events.lock().unwrap());
    assert!(speed_rad_s < 1e-9, "{speed_rad_s}");
    ring.resume().unwrap();
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(*outcome, Outcome::Done { .. }), "{outcome}");
}

#[test]
fn cancel_brakes_and_holds() {
    let (mut ring, _) = ring(scene(), vec![plan(TASK, in_bowl())]);
    ring.start(goal(&ring));
    for _ in 0..150 {
        assert_eq!(ring.turn(), None);
    }
    let asked = ring.now();
    ring.cancel();
    let outcome = (0..400).find_map(|_| ring.turn()).expect("it ends");
    assert_eq!(*outcome, Outcome::Halted { halt: Halt::Cancelled });
    assert!(ring.now().since_s(asked) < 1.0, "it came to rest within a second");
}

#[test]
fn silent_sensors_stop_the_robot() {
    let mut world = Toy::new(scene());
    world.silent_from_s = Some(2.0);
    let (mut ring, _) = ring_with(world, vec![plan(TASK, in_bowl())]);
    let outcome = ring.run(goal(&ring), &Cancel::default());
    assert!(matches!(&*outcome, Outcome::Halted { halt: Halt::World(_) | Halt::Guard(_) }), "{outcome}");
    assert!(ring.now().as_s() < 6.0);
}

#[test]
fn the_same_run_twice_is_the_same_to_the_bit() {
    let run = || {
        let (mut ring, events) = ring(scene(), vec![plan(TASK, in_bowl())]);
        ring.run(goal(&ring), &Cancel::default());
        drop(ring);
        Arc::try_unwrap(events).unwrap().into_inner().unwrap()
    };
    assert_eq!(run(), run());
}
