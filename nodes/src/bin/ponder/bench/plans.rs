//! How soon a model plans in simulated scenes, what of that the grammar takes, and a model kept thinking.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use ponder_core::Stamp;
use ponder_core::goal::Goal;
use ponder_core::reasoner::{Question, Reasoner};
use ponder_core::thinker::Cancel;
use ponder_core::world::World;
use ponder_models::engine::open::{self, TextLlm};
use ponder_models::reason::reasoner::{LlmReasoner, Options};
use ponder_nodes::verdict::true_scene;
use ponder_sim::Scenario;
use ponder_sim::trial::{Shared, Trial};
use serde::Serialize;

use super::rates::median;
use crate::run::{TIME_LIMIT_S, free_task};

/// Questions, each in a scene of its own.
const QUESTIONS: usize = 8;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Plans {
    /// Questions.
    pub count: usize,
    /// Most tokens of thought.
    pub thought_tokens: usize,
    /// Of the first question, the same again, and the next one to the same robot in another scene: prompt tokens that
    /// had to be computed, and the seconds until the first token could be written.
    pub first: (usize, f64),
    pub again: (usize, f64),
    pub next: (usize, f64),
    /// Seconds to a plan: median, most.
    pub plan_s: [f64; 2],
    /// Tokens of the answers, those forced, and of all thoughts.
    pub answer_tokens: usize,
    pub forced_tokens: usize,
    pub thought_sum: usize,
    /// The grammar's share of the time of answers, and of thoughts and answers together.
    pub grammar_of_answers: f64,
    pub grammar_of_all: f64,
}

/// What is asked, of the usual scene.
const ASKED: [&str; 4] = [
    "put the red block in the green bowl",
    "pick up the blue block",
    "把红色方块放进绿色的碗里",
    "put the red block on the blue block",
];

/// A question in a scene drawn from the seed.
fn question(seed: u64) -> anyhow::Result<Question> {
    let scenario = Scenario::find("tabletop")?;
    let shared = Shared::new(Trial::begin(scenario.stage(&free_task(), seed)?)?);
    let scene = Arc::new(true_scene(&mut shared.trial()));
    let words = ASKED[seed as usize % ASKED.len()];
    let goal = Arc::new(Goal::new(seed, words, Stamp::default(), TIME_LIMIT_S)?);
    Ok(Question { goal, scene, robot: shared.robot().clone(), attempts: Vec::new() })
}

fn open(path: &Path, options: &open::Options, thought_tokens: usize) -> anyhow::Result<LlmReasoner<TextLlm>> {
    let model = TextLlm::open(path, options).with_context(|| path.display().to_string())?;
    Ok(LlmReasoner::new(model, Options { thought_tokens, ..Options::default() }))
}

/// Asks the questions; `None` when it was stopped.
pub fn measure(
    path: &Path,
    options: &open::Options,
    thought_tokens: usize,
    stop: &Cancel,
) -> anyhow::Result<Option<Plans>> {
    let mut reasoner = open(path, options, thought_tokens)?;
    // How soon the prompt is read: the first time, and when its beginning is known.
    let (mut read, mut plan_s) = (Vec::new(), Vec::new());
    let begun = reasoner.model().meter();
    for seed in [0, 0].into_iter().chain(1..=QUESTIONS as u64) {
        if stop.is_cancelled() {
            return Ok(None);
        }
        let question = question(seed)?;
        let (before, start) = (reasoner.model().meter(), Instant::now());
        let answer = reasoner.think(&question, &mut |_| (), stop);
        if stop.is_cancelled() {
            return Ok(None);
        }
        answer?;
        let spent = reasoner.model().meter() - before;
        read.push((spent.prompt_tokens, spent.prompt.as_secs_f64()));
        if seed > 0 {
            plan_s.push(start.elapsed().as_secs_f64());
        }
    }
    let spent = reasoner.model().meter() - begun;
    let [first, again, next, ..] = read[..] else { anyhow::bail!("no question was asked") };
    Ok(Some(Plans {
        count: plan_s.len(),
        thought_tokens,
        first,
        again,
        next,
        plan_s: [median(plan_s.clone()), plan_s.iter().copied().fold(0.0, f64::max)],
        answer_tokens: spent.answer_tokens,
        forced_tokens: spent.forced_tokens,
        thought_sum: spent.thought_tokens,
        grammar_of_answers: spent.grammar_of_answers(),
        grammar_of_all: spent.grammar_of_decode(),
    }))
}

/// Does something while the model thinks, one question after the other, on a thread of its own as on a robot.
pub fn thinking<T>(
    path: &Path,
    options: &open::Options,
    meanwhile: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut reasoner = open(path, options, 512)?;
    let stop = Cancel::default();
    let (question, ends) = (question(0)?, stop.clone());
    let think = move || {
        let mut asked = question;
        while !ends.is_cancelled() {
            asked.scene = Arc::new(ponder_core::scene::Scene {
                observation_seq: asked.scene.observation_seq + 1,
                ..(*asked.scene).clone()
            });
            if reasoner.think(&asked, &mut |_| (), &ends).is_err() && !ends.is_cancelled() {
                break;
            }
        }
    };
    let thread = std::thread::Builder::new().name("think".to_owned()).spawn(think).context("no thread to think on")?;
    let done = meanwhile();
    if thread.is_finished() {
        anyhow::bail!("the model stopped thinking while the control loop was watched");
    }
    stop.cancel();
    drop(thread.join());
    done
}
