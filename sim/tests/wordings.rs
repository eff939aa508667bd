//! Every wording of every task, in both languages, on five seeds: the symbolic baseline must read it to a plan that
//! passes the checker and, run through on paper, reaches the task's goal; or to the answer that the task expects.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::Path;
use std::sync::Arc;

use ponder_core::check::{check, run_through};
use ponder_core::fact::Fact;
use ponder_core::goal::Goal;
use ponder_core::observation::Observation;
use ponder_core::outcome::Outcome;
use ponder_core::perceiver::{Look, Perceiver};
use ponder_core::plan::Draft;
use ponder_core::reasoner::{Question, Reasoner};
use ponder_core::scene::Scene;
use ponder_core::state::State;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::Cancel;
use ponder_core::world::{Want, World};
use ponder_core::{Stamp, world::WorldError};
use ponder_sim::condition::{Condition, Each, IT};
use ponder_sim::scenario::Scenario;
use ponder_sim::task::Task;
use ponder_sim::{GroundTruth, SimWorld};
use rayon::prelude::*;

const SEEDS: u64 = 5;

fn sees(world: &mut SimWorld) -> Result<Scene, WorldError> {
    let mut observation = Observation::default();
    world.observe(Want { truth: true, ..Want::default() }, &mut observation)?;
    let look = Look { observation, before: None };
    let robot = world.robot().clone();
    Ok(GroundTruth.perceive(&look, &robot, &Cancel::default()).expect("truth can be perceived"))
}

/// Does the condition hold on paper? What paper can't tell (near, upright) is taken to.
fn holds(condition: &Condition, state: &State) -> bool {
    let each = |each: &Each| -> Vec<Condition> {
        let of_kind = |o: &&ponder_core::scene::SceneObject| {
            each.label.is_none_or(|l| l == o.label)
                && each.color.is_none_or(|c| Some(c) == o.color)
                && !each.except.contains(&o.id)
        };
        let bound = |o: &ponder_core::scene::SceneObject| {
            each.is.renamed(&|name| if name.as_str() == IT { o.id } else { *name })
        };
        state.objects().iter().filter(of_kind).map(bound).collect()
    };
    match condition {
        Condition::All(list) => list.iter().all(|c| holds(c, state)),
        Condition::Any(list) => list.iter().any(|c| holds(c, state)),
        Condition::Not(one) => !holds(one, state),
        Condition::Every(e) => each(e).iter().all(|c| holds(c, state)),
        Condition::Exists(e) => each(e).iter().any(|c| holds(c, state)),
        Condition::In(a, b) => state.holds(&Fact::In(*a, *b)),
        Condition::On(a, b) => state.holds(&Fact::On(*a, *b)),
        Condition::Open(a) => state.holds(&Fact::Open(*a)),
        Condition::Closed(a) => state.holds(&Fact::Closed(*a)),
        Condition::TurnedOn(a) => state.holds(&Fact::TurnedOn(*a)),
        Condition::TurnedOff(a) => state.holds(&Fact::TurnedOff(*a)),
        Condition::RobotAt(a) => state.holds(&Fact::RobotAt(*a)),
        Condition::Held(a) => state.holds(&Fact::Held(*a)),
        Condition::HandEmpty => state.holds(&Fact::HandEmpty),
        Condition::LeftOf(a, b) => state.holds(&Fact::LeftOf(*a, *b)),
        Condition::RightOf(a, b) => state.holds(&Fact::RightOf(*a, *b)),
        Condition::InFrontOf(a, b) => state.holds(&Fact::InFrontOf(*a, *b)),
        Condition::Behind(a, b) => state.holds(&Fact::Behind(*a, *b)),
        Condition::Near(..) | Condition::Upright(_) | Condition::Moved(_) | Condition::Touched(_) => true,
    }
}

/// What is wrong with the reasoner's answer to these words on this scene, if anything is.
fn wrong(task: &Task, words: &str, scene: &Arc<Scene>, world: &SimWorld) -> Option<String> {
    let goal = Goal::new(0, words, Stamp(0), task.time_limit_s).expect("a wording is a goal");
    let robot = world.robot().clone();
    let question = Question { goal: Arc::new(goal), scene: scene.clone(), robot: robot.clone(), attempts: Vec::new() };
    let answer = Symbolic.think(&question, &mut |_| {}, &Cancel::default()).expect("the baseline answers");
    let outcome = match &answer.draft {
        Draft::Refuse { reason, text } => Outcome::Refused { reason: *reason, text: text.clone() },
        Draft::Ask { question } => Outcome::Asked { question: question.clone() },
        draft @ Draft::Do { steps, .. } => {
            let plan = match check(draft, scene, &robot) {
                Ok(plan) => plan,
                Err(error) => return Some(format!("a plan that does not check: {error}")),
            };
            let Some(goal) = &task.goal else {
                return Some(format!("a plan where none should be: {steps:?}"));
            };
            let end = run_through(plan.steps(), State::of(scene, &robot)).expect("a checked plan runs through");
            return (!holds(goal, &end)).then(|| format!("a plan that does not lead to {goal}: {:?}", plan.steps()));
        }
    };
    let met = task.expect.as_ref().is_some_and(|expect| expect.is_met_by(&outcome));
    (!met).then(|| outcome.to_string())
}

#[test]
fn the_symbolic_baseline_reads_every_wording() {
    let mut scenarios = Scenario::built_in().expect("built-in scenarios load");
    let external = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/external/kitchen.yaml");
    scenarios.push(Scenario::load(&external).expect("the external scenario loads"));
    let tasks: Vec<_> = scenarios.iter().flat_map(|s| s.tasks.iter().map(move |t| (s, t))).collect();
    let check = |(scenario, task): &(&Scenario, &Task)| -> Vec<String> {
        let mut misread = Vec::new();
        for seed in 0..SEEDS {
            let staged = scenario.stage(task, seed).expect("a task can be staged");
            let mut world = SimWorld::new(staged.built.clone()).expect("a staged world starts");
            let scene = Arc::new(sees(&mut world).expect("the world can be seen"));
            for words in staged.task.wordings.all() {
                if let Some(why) = wrong(&staged.task, words, &scene, &world) {
                    misread.push(format!("{} seed {seed}: {words:?}: {why}", task.id));
                }
            }
        }
        misread
    };
    let misread: Vec<String> = tasks.par_iter().flat_map_iter(check).collect();
    assert!(misread.is_empty(), "{} answers are wrong:\n{}", misread.len(), misread.join("\n"));
}
