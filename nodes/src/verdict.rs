//! The judge of a run, who sees the simulator's truth and none of the robot's words. Where the instruction is a task of
//! the scenario, the task's own judge decides; a free instruction is held against the goal that the plan set itself,
//! measured on the truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::fact::{Fact, measure_since};
use ponder_core::outcome::Outcome;
use ponder_core::plan::Draft;
use ponder_core::reasoner::Answer;
use ponder_core::scene::{ObjectId, Scene, SceneObject};
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

/// Remembers the goal of the last plan that passed the checker, and as what things were first seen.
#[derive(Default)]
pub struct GoalOfPlan {
    answer: Option<Arc<Answer>>,
    goal: Vec<Fact>,
    seen: BTreeMap<ObjectId, SceneObject>,
}

impl Sink for GoalOfPlan {
    fn emit(&mut self, _stamp: Stamp, event: &Event) {
        match event {
            Event::Looked(scene) => {
                for object in &scene.objects {
                    self.seen.entry(object.id).or_insert_with(|| object.clone());
                }
            }
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
    /// The facts, in the names that things had in truth at the start: an eye calls them what it likes. A thing is the
    /// nearest of its kind to where it was first seen.
    pub fn facts(&self, before: &Scene) -> Vec<Fact> {
        let named = |id: ObjectId| {
            let Some(seen) = self.seen.get(&id) else { return id };
            let off_m = |object: &&SceneObject| (object.position_m() - seen.position_m()).norm();
            let alike = before.objects.iter().filter(|object| object.label == seen.label);
            alike.min_by(|a, b| off_m(a).total_cmp(&off_m(b))).map_or(id, |object| object.id)
        };
        self.goal.iter().map(|fact| fact.renamed(named)).collect()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use ponder_core::scene::{Affordances, Label};
    use ponder_core::{Pose, Vec3};

    use super::*;

    fn thing(id: &str, label: &str, x_m: f64) -> SceneObject {
        SceneObject {
            id: ObjectId::from(id).unwrap(),
            label: Label::from(label).unwrap(),
            color: None,
            world_from_object: Pose::translation(x_m, 0.0, 0.0),
            size_m: Vec3::new(0.04, 0.04, 0.04),
            score: 1.0,
            seen: Stamp(0),
            open_fraction: None,
            on: None,
            handle_m: None,
            affordances: Affordances::default(),
        }
    }

    #[test]
    fn a_goal_is_told_in_the_names_of_the_truth() {
        let scene = |objects| Scene { objects, ..Scene::default() };
        let mut plan = GoalOfPlan::default();
        let seen = vec![thing("orange_ball", "ball", 0.31), thing("bowl_2", "bowl", 0.52)];
        plan.emit(Stamp(0), &Event::Looked(Arc::new(scene(seen))));
        // Where a thing is later is not asked: it may have been moved.
        plan.emit(Stamp(1), &Event::Looked(Arc::new(scene(vec![thing("orange_ball", "ball", 0.9)]))));
        let id = |id: &str| ObjectId::from(id).unwrap();
        plan.goal = vec![Fact::In(id("orange_ball"), id("bowl_2")), Fact::HandEmpty, Fact::Held(id("unseen"))];
        let truth = scene(vec![
            thing("far", "ball", 0.9),
            thing("ball", "ball", 0.3),
            thing("red_bowl", "bowl", 0.5),
            thing("cup", "cup", 0.3),
        ]);
        let want = [Fact::In(id("ball"), id("red_bowl")), Fact::HandEmpty, Fact::Held(id("unseen"))];
        assert_eq!(plan.facts(&truth), want);
    }
}
