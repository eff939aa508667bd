//! How well the two baselines do, held to the numbers that the project promises. A minute or so: run with `--ignored`.

use std::path::Path;

use ponder_sim::SimError;
use ponder_sim::harness::{Plan, Selection, baselines, evaluate};
use ponder_sim::scenario::Scenario;
use ponder_sim::suite::Evaluation;

fn run(scenarios: &[Scenario], selection: Selection, episodes: usize) -> Result<Evaluation, SimError> {
    let plan = Plan { selection, episodes, seed: 7, threads: 0 };
    evaluate(scenarios, plan, &baselines, &|_| {})
}

/// What failed, in words.
fn failures(evaluation: &Evaluation) -> String {
    let failed = evaluation.records.iter().filter(|episode| !episode.success);
    let lines = failed.map(|e| format!("{} {} {:?}: {} {:?}", e.task, e.seed, e.instruction, e.detail, e.violations));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "runs hundreds of episodes: make test"]
fn the_suites_are_done_and_impossible_goals_refused() {
    let scenarios = Scenario::built_in().expect("built-in scenarios load");
    let tasks = scenarios.iter().flat_map(|s| &s.tasks).count();
    let evaluation = run(&scenarios, Selection::All, tasks * 5).expect("episodes run");
    assert!(evaluation.goals.trials >= 200 && evaluation.refusals.trials >= 50, "{evaluation}");
    let failed = failures(&evaluation);
    assert!(evaluation.goals.rate >= 0.95, "{evaluation}\n{failed}");
    assert!(evaluation.refusals.rate >= 0.98, "{evaluation}\n{failed}");
    assert_eq!((evaluation.violations, evaluation.false_done), (0, 0), "{evaluation}\n{failed}");
    let worst = evaluation.by_task.iter().min_by(|a, b| a.1.success.rate.total_cmp(&b.1.success.rate));
    assert!(worst.is_some_and(|(_, task)| task.success.rate >= 0.6), "no task is left behind\n{evaluation}\n{failed}");
    let undisturbed: usize = evaluation.records.iter().map(|episode| episode.undisturbed).sum();
    assert_eq!(undisturbed, 0, "every disturbance came");
}

#[test]
#[ignore = "runs forty episodes: make test"]
fn a_scene_from_outside_is_done_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/external/kitchen.yaml");
    let scenario = Scenario::load(&path).expect("the external scenario loads");
    let evaluation = run(&[scenario], Selection::All, 40).expect("episodes run");
    assert!(evaluation.success_rate >= 0.95, "{evaluation}\n{}", failures(&evaluation));
}
