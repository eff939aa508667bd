//! Asks the symbolic reasoner, and shows its draft in one line.

use std::sync::Arc;

use ponder_core::check;
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::reasoner::{Answer, Attempt, Question, Reasoner};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Color::*;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::Cancel;

use super::{Builder, goal};

pub fn think(text: &str, scene: &Builder, robot: Arc<RobotSpec>, attempts: &[Attempt]) -> Answer {
    let question = Question { goal: goal(text), scene: scene.scene(), robot, attempts: attempts.to_vec() };
    let mut said = String::new();
    let answer = Symbolic.think(&question, &mut |piece| said.push_str(piece), &Cancel::default()).unwrap();
    assert_eq!(said, answer.thought.text, "what is streamed is what is kept");
    if let Draft::Do { .. } = answer.draft
        && let Err(error) = check::check(&answer.draft, &question.scene, &question.robot)
    {
        // Nothing to do and nothing to measure is the one plan that the checker calls empty.
        assert_eq!(error, check::PlanError::Empty, "{text}");
    }
    answer
}

/// A draft in one line: `pick(red_block) place_in(bowl)`, `refuse NotThere`, `ask`.
pub fn line(draft: &Draft) -> String {
    match draft {
        Draft::Do { steps, .. } => steps.iter().map(step).collect::<Vec<_>>().join(" "),
        Draft::Refuse { reason, .. } => format!("refuse {reason:?}"),
        Draft::Ask { .. } => "ask".to_owned(),
    }
}

pub fn step(call: &DraftCall) -> String {
    let arg = |arg: &DraftArg| match arg {
        DraftArg::Word(word) => word.clone(),
        DraftArg::Number(number) => number.to_string(),
    };
    format!("{}({})", call.skill, call.args.values().map(arg).collect::<Vec<_>>().join(","))
}

pub fn desk() -> Builder {
    Builder::table()
        .block(Red, 0.40, 0.25)
        .block(Green, 0.40, -0.25)
        .block(Blue, 0.55, 0.0)
        .block(Yellow, 0.0, 0.0)
        .on("blue_block")
        .bowl(Green, 0.65, 0.3)
        .plate(White, 0.40, 0.0)
        .cup(Blue, 0.70, 0.1)
        .ball(Orange, 0.65, -0.15)
}
