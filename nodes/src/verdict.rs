//! The judge of a run, who sees the simulator's truth and none of the robot's words. Where the instruction is a task of
//! the scenario, the task's own judge decides; a free instruction is held against the goal that the plan set itself,
//! measured on the truth.

use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::fact::{Fact, measure_since};
use ponder_core::outcome::Outcome;
use ponder_core::plan::Draft;
use ponder_core::reasoner::Answer;
use ponder_core::scene::Scene;
use ponder_core::sink::Sink;
use ponder_sim::SimError;
use ponder_sim::trial::Trial;
use serde::Serialize;

/// What a judge found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Who judged, by what.
    pub by: String,
    /// The goal is reached (or rightly refused) and nothing broke; `None` where there is nothing to judge.
    pub success: Option<bool>,
    /// Each measurement, in words.
    pub findings: Vec<String>,
    /// What must not happen and did.
    pub violations: Vec<String>,
}

/// Remembers the goal of the last plan that passed the checker.
#[derive(Default)]
pub struct GoalOfPlan {
    answer: Option<Arc<Answer>>,
    goal: Vec<Fact>,
}

impl Sink for GoalOfPlan {
    fn emit(&mut self, _stamp: Stamp, event: &Event) {
        match event {
            Event::Answered(answer) => self.answer = Some(answer.clone()),
            Event::Planned(_) => {
                if let Some(Draft::Do { goal, .. }) = self.answer.take().map(|answer| answer.draft.clone()) {
                    self.goal = goal;
                }
            }
            _ => {}
        }
    }
}

impl GoalOfPlan {
    /// The facts.
    pub fn facts(&self) -> &[Fact] {
        &self.goal
    }
}

/// What the simulator knows, as a scene.
pub fn true_scene(trial: &mut Trial) -> Scene {
    let world = trial.world_mut();
    let truth = world.truth();
    Scene {
        stamp: truth.stamp,
        observation_seq: 0,
        objects: truth.objects,
        holding: world.held(),
        world_from_base: world.world_from_base(),
    }
}

/// Lets things come to rest and judges. `task` is the task's name if the instruction is one; `goal` the plan's own
/// goal, `before` the truth at the start, for instructions that are none.
///
/// # Errors
/// [`SimError`] when the physics fails.
pub fn judge(
    trial: &mut Trial,
    task: Option<&str>,
    outcome: &Outcome,
    goal: &[Fact],
    before: &Scene,
) -> Result<Judgement, SimError> {
    let verdict = trial.verdict(outcome)?;
    if let Some(task) = task {
        return Ok(Judgement {
            by: format!("task {task}, on the simulator's truth"),
            success: Some(verdict.success),
            findings: verdict.rulings.iter().map(ToString::to_string).collect(),
            violations: verdict.violations,
        });
    }
    let scene = true_scene(trial);
    let findings: Vec<_> = goal.iter().map(|fact| measure_since(fact, &scene, None, Some(before))).collect();
    let acted = !matches!(outcome, Outcome::Refused { .. } | Outcome::Asked { .. });
    let reached = !findings.is_empty() && findings.iter().all(|finding| finding.holds);
    Ok(Judgement {
        by: "the plan's own goal, on the simulator's truth (the instruction is no task of the scene)".to_owned(),
        success: acted.then_some(reached && verdict.violations.is_empty()),
        findings: findings.iter().map(ToString::to_string).collect(),
        violations: verdict.violations,
    })
}
