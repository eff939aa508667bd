//! The harness: the same results on any number of threads, the keys that others read, and no success without deeds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::collections::BTreeMap;

use ponder_core::Stamp;
use ponder_core::controllers::RobotController;
use ponder_core::perceiver::{Look, Perceiver};
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::reasoner::{Answer, Question};
use ponder_core::run::{Limits, Parts, Ring};
use ponder_core::sink::Sink;
use ponder_core::thinker::{Cancel, Inline};
use ponder_core::thought::Thought;
use ponder_core::world::World;
use ponder_sim::harness::{Plan, Selection, baselines, evaluate, run_episode};
use ponder_sim::scenario::Scenario;
use ponder_sim::suite::Evaluation;
use ponder_sim::trial::Shared;
use ponder_sim::{Fault, GroundTruth, Suite};

fn plan(threads: usize) -> Plan {
    Plan { selection: Selection::Suite(Suite::Stack), episodes: 9, seed: 11, threads }
}

/// Everything but the time on the wall.
fn timeless(mut evaluation: Evaluation) -> Evaluation {
    evaluation.wall_s = 0.0;
    evaluation.records.iter_mut().for_each(|record| record.wall_s = 0.0);
    evaluation
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let scenarios = Scenario::built_in().expect("built-in scenarios load");
    let run = |threads| evaluate(&scenarios, plan(threads), &baselines, &|_| {}).expect("episodes run");
    let one = timeless(run(1));
    assert_eq!(one, timeless(run(3)));
    assert!(one.success_rate > 0.5, "{one}");

    let json = serde_json::to_value(&one).expect("results are JSON");
    assert_eq!(json["episodes"], 9);
    assert!(json["success_rate"].is_f64() && json["by_task"].is_object() && json["failures"].is_object(), "{json}");
    let back: Evaluation = serde_json::from_value(json).expect("JSON is results");
    assert_eq!(back, one);
}

/// A ring whose reasoner always waits a moment and thinks that it is done.
fn idler(world: Shared, sinks: Vec<Box<dyn Sink>>) -> Result<Ring, String> {
    let robot = world.robot().clone();
    let controller = Box::new(RobotController::new(robot.clone()));
    let wants = GroundTruth.wants();
    let see = move |look: &Look, _: &mut dyn FnMut(&str), cancel: &Cancel| GroundTruth.perceive(look, &robot, cancel);
    let think = |_: &Question, _: &mut dyn FnMut(&str), _: &Cancel| {
        let args = BTreeMap::from([("seconds".to_owned(), DraftArg::Number(0.5))]);
        let draft = Draft::Do { steps: vec![DraftCall { skill: "wait".to_owned(), args }], goal: Vec::new() };
        Ok(Answer { thought: Thought::default(), draft })
    };
    let (eyes, mind) = (Box::new(Inline::new(Box::new(see), 0.0)), Box::new(Inline::new(Box::new(think), 0.0)));
    Ok(Ring::new(Parts { world: Box::new(world), eyes, wants, mind, controller, sinks }, Limits::default()))
}

#[test]
fn saying_done_is_no_success() {
    let scenario = Scenario::find("tabletop").expect("there is a scenario");
    for id in ["red_block_in_bowl", "throw_at_person"] {
        let task = scenario.task(id).expect("there is a task");
        let episode = run_episode(&scenario, task, &task.wordings.en[0], 5, &idler).expect("an episode runs");
        assert_eq!(episode.outcome, "done", "{}", episode.detail);
        // What had to be refused can't be done: that is as false as a goal that is not reached.
        assert!(!episode.success && episode.false_done);
        let failure = episode.failure().expect("it is a failure");
        assert_eq!(failure, if task.goal.is_some() { "false_done" } else { "not_refused" });
    }
}

/// Whatever breaks on the way, nothing is hit and no limit is passed, and nobody claims success that is none.
#[test]
fn broken_robots_do_no_harm() {
    let scenarios = Scenario::built_in().expect("built-in scenarios load");
    for fault in [Fault::NanJoint, Fault::SensorSilence, Fault::LateCommand] {
        let broken = |world: Shared, sinks| {
            world.trial().break_at(Stamp::from_s(2.0), fault);
            baselines(world, sinks)
        };
        let evaluation = evaluate(&scenarios, plan(0), &broken, &|_| {}).expect("episodes run");
        assert_eq!((evaluation.goals.hits, evaluation.false_done), (0, 0), "{fault:?}: {evaluation}");
        let violations: Vec<_> = evaluation.records.iter().flat_map(|record| &record.violations).collect();
        assert!(violations.is_empty(), "{fault:?}: {violations:?}");
    }
}
