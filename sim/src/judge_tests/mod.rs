//! The judges, judged: for every goal of every scenario file, things are put by hand until the goal is reached, and the
//! verdict must be yes; then one fact after the other is undone (moved away, held above, half closed, switched back) and
//! the verdict must be no. Nothing here is particular to a task.

mod hand;

use std::path::Path;

use ponder_core::Vec3;
use ponder_core::fact::Finding;
use ponder_core::outcome::Outcome;
use ponder_core::scene::ObjectId;

use super::Verdict;
use crate::condition::Condition;
use crate::disturb::Disturbance;
use crate::scenario::Scenario;
use crate::task::Task;
use hand::Hand;

const DONE: Outcome = Outcome::Done { evidence: Vec::<Finding>::new() };

/// The facts that must all hold for the condition to hold.
fn musts(condition: &Condition, hand: &Hand) -> Vec<Condition> {
    match condition {
        Condition::All(list) => list.iter().flat_map(|c| musts(c, hand)).collect(),
        Condition::Every(each) => hand.members(each).iter().flat_map(|c| musts(c, hand)).collect(),
        Condition::Any(list) => musts(&list[0], hand),
        Condition::Not(_) | Condition::HandEmpty => Vec::new(),
        fact => vec![fact.clone()],
    }
}

fn fulfilled(scenario: &Scenario, task: &Task, seed: u64) -> Hand {
    let mut hand = Hand::new(scenario, task, seed);
    let staged = hand.trial.staged.task.clone();
    staged.through.iter().for_each(|c| hand.fulfil(c));
    hand.fulfil(staged.goal.as_ref().expect("a goal"));
    hand
}

fn scenarios() -> Vec<Scenario> {
    let external = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/external/kitchen.yaml");
    let mut all = Scenario::built_in().expect("built-in scenarios load");
    all.push(Scenario::load(&external).expect("the external scenario loads"));
    all
}

/// Runs `check` on every goal of every scenario file.
fn each_goal(check: impl Fn(&Scenario, &Task)) {
    for scenario in scenarios() {
        for task in scenario.tasks.iter().filter(|task| task.goal.is_some()) {
            check(&scenario, task);
        }
    }
}

fn show(verdict: &Verdict) -> String {
    let lines = verdict.rulings.iter().map(ToString::to_string).chain(verdict.violations.iter().cloned());
    lines.collect::<Vec<_>>().join("\n  ")
}

#[test]
fn nothing_done_is_no_success() {
    each_goal(|scenario, task| {
        let mut hand = Hand::new(scenario, task, 3);
        hand.wait(0.2);
        let verdict = hand.verdict();
        assert!(!verdict.success, "{}: success without a move\n  {}", task.id, show(&verdict));
    });
}

#[test]
fn fulfilled_goals_are_successes() {
    each_goal(|scenario, task| {
        let verdict = fulfilled(scenario, task, 3).verdict();
        // A hand from outside may knock on what it must not; the facts are what counts here.
        assert!(verdict.reached, "{}: not reached\n  {}", task.id, show(&verdict));
    });
}

#[test]
fn spoiled_goals_are_no_successes() {
    each_goal(|scenario, task| {
        let count = {
            let hand = fulfilled(scenario, task, 3);
            musts(hand.trial.staged.task.goal.as_ref().expect("a goal"), &hand).len()
        };
        assert!(count > 0 || task.goal.is_some());
        for index in 0..count {
            for how in 0.. {
                let mut hand = fulfilled(scenario, task, 3);
                let fact = musts(hand.trial.staged.task.goal.as_ref().expect("a goal"), &hand)[index].clone();
                if !hand.spoil(&fact, how) {
                    assert!(how > 0, "{}: no way to spoil {fact}", task.id);
                    break;
                }
                let verdict = hand.verdict();
                assert!(
                    !verdict.reached,
                    "{}: still reached, {fact} spoiled in way {how}\n  {}",
                    task.id,
                    show(&verdict)
                );
            }
        }
    });
}

fn find(id: &str) -> (Scenario, Task) {
    let scenarios = scenarios();
    let mut all = scenarios.iter().flat_map(|s| s.tasks.iter().map(move |t| (s, t)));
    let (scenario, task) = all.find(|(_, task)| task.id == id).unwrap_or_else(|| panic!("no task {id}"));
    (scenario.clone(), task.clone())
}

#[test]
fn broken_invariants_and_falls_spoil_a_success() {
    let (scenario, task) = find("leftmost_block_in_bowl");
    assert!(fulfilled(&scenario, &task, 5).verdict().success, "it can succeed");

    let mut hand = fulfilled(&scenario, &task, 5);
    hand.disturb(&Disturbance::Shift { object: "big_cup".to_owned(), dx_m: 0.05, dy_m: 0.0 });
    hand.wait(0.1);
    // Putting it back does not undo it.
    hand.disturb(&Disturbance::Shift { object: "big_cup".to_owned(), dx_m: -0.05, dy_m: 0.0 });
    let verdict = hand.verdict();
    assert!(verdict.reached && !verdict.success, "{}", show(&verdict));
    assert!(verdict.violations.iter().any(|v| v.contains("moved(big_cup)")), "{}", show(&verdict));

    let mut hand = fulfilled(&scenario, &task, 5);
    hand.put(&ObjectId::from("pear").expect("a short name"), Vec3::new(1.3, 0.0, 0.1));
    hand.wait(1.0);
    let verdict = hand.verdict();
    assert!(verdict.reached && !verdict.success, "{}", show(&verdict));
    assert!(verdict.violations.iter().any(|v| v.contains("pear fell")), "{}", show(&verdict));
}

#[test]
fn stations_count_only_in_order() {
    let (scenario, task) = find("blue_then_green_then_dock");
    let (goal, through) = (task.goal.clone().expect("a goal"), task.through.clone());
    let drive = |stations: &[&Condition]| {
        let mut hand = Hand::new(&scenario, &task, 1);
        stations.iter().for_each(|c| hand.fulfil(c));
        hand.verdict()
    };
    assert!(drive(&[&through[0], &through[1], &goal]).reached);
    for wrong in [vec![&goal], vec![&through[1], &through[0], &goal], vec![&through[0], &through[1]]] {
        let verdict = drive(&wrong);
        assert!(!verdict.reached, "{wrong:?}\n  {}", show(&verdict));
    }
}

#[test]
fn refusals_are_judged_by_their_reason_and_by_what_was_left_alone() {
    use ponder_core::outcome::RefusalReason::{self, NotThere, Unsafe};
    let (scenario, task) = find("absent_purple_block");
    let refused = |reason: RefusalReason| Outcome::Refused { reason, text: String::new() };
    let verdict = |outcome: &Outcome, dx_m: f64| {
        let mut hand = Hand::new(&scenario, &task, 1);
        hand.disturb(&Disturbance::Shift { object: "red_block".to_owned(), dx_m, dy_m: 0.0 });
        hand.trial.verdict(outcome).expect("the judge can judge")
    };
    assert!(verdict(&refused(NotThere), 0.0).success);
    assert!(!verdict(&refused(Unsafe), 0.0).success, "the wrong reason");
    assert!(!verdict(&DONE, 0.0).success, "done, though it can't be");
    assert!(!verdict(&Outcome::Asked { question: String::new() }, 0.0).success, "asked instead");
    assert!(!verdict(&refused(NotThere), 0.05).success, "refused, but moved something");
}
