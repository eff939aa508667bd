//! The road of reward: questions asked in groups, answers judged by their truth in symbolic simulation, the better ones made
//! likelier. From a cold start, or from nothing but a tokenizer (R1-Zero). What would show a collapse is told at every step:
//! length, distinct answers, divergence. (GRPO, arXiv 2402.03300; DeepSeek-R1, arXiv 2501.12948.)

use std::path::Path;

use ponder_core::thinker::Cancel;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokenizers::Tokenizer;

use super::course::open;
use super::grpo::{self, Drawn, Options, Pen, UpTo, Watch};
use super::guided::Guides;
use super::lessons::{Lessons, Split};
use super::pupil::Shape;
use super::sft::{self, SchoolError};
use super::vocab::END;
use crate::reason::grammar::Limits;
use crate::train::run::Keeper;
use crate::train::{Recipe, Trainer};

/// Lessons before this number are the cold start's.
const FIRST: u64 = 1 << 32;
/// Questions without one answer better than another, one after the other, after which there is nothing to learn.
const MOST_IN_VAIN: u64 = 5000;

/// What fixes a run.
#[derive(Clone, Debug)]
pub struct Road {
    /// How it learns.
    pub recipe: Recipe,
    /// How groups are drawn.
    pub options: Options,
    /// Questions a step.
    pub prompts: usize,
    /// Which lessons are asked.
    pub split: Split,
    /// Seed of the drawing.
    pub seed: u64,
    /// From new weights: only shape and tokenizer are the folder's.
    pub from_scratch: bool,
    /// What answers are held to; `None`: to nothing, so that their form is learnt from reward too.
    pub guide: Option<Guide>,
}

/// What answers are held to: the grammar of what the scene and the robot allow, as when the reasoner serves.
#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// Most tokens of a thought.
    pub thought_tokens: usize,
    /// Bounds of an answer.
    pub limits: Limits,
}

/// What a step was like.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Of all that was drawn, what taught nothing included.
    pub watch: Watch,
    /// Divergence from the reference, nats a token.
    pub kl: f64,
    /// The gradient's norm.
    pub grad_norm: f64,
}

impl Road {
    /// Goes along it, on from where `out` stands if something is there, and tells of every step. It stops within a question
    /// when cancelled, and nothing is lost. True when it is done.
    ///
    /// # Errors
    /// [`SchoolError`].
    pub fn run(
        &self,
        lessons: &Lessons,
        folder: &Path,
        out: &Path,
        told: &mut dyn FnMut(&Told),
        cancel: &Cancel,
    ) -> Result<bool, SchoolError> {
        let path = folder.join("tokenizer.json");
        let unfit = |why: String| SchoolError::Tokenizer(format!("{}: {why}", path.display()));
        let tokenizer = Tokenizer::from_file(&path).map_err(|error| unfit(error.to_string()))?;
        let end = tokenizer.token_to_id(END).ok_or_else(|| unfit(format!("has no {END}")))?;
        let guides = self.guide.map(|guide| Guides::new(&tokenizer, guide.thought_tokens, guide.limits)).transpose()?;
        let refused = lessons.refused()?;
        let shape = Shape::of(folder)?;
        let weights = folder.join("model.safetensors");
        let (params, net) = open(&shape, self.seed, (!self.from_scratch).then_some(weights.as_path()))?;
        let reference = (self.options.kl > 0.0).then(|| shape.build(params.snapshot()?)).transpose()?;
        let mut trainer = Trainer::new(&params, self.recipe.clone())?;
        let (mut keeper, cursor) = Keeper::open(out, &mut trainer)?;
        // Those asked for the step in the making count only when it is made.
        let mut asked = cursor["asked"].as_u64().unwrap_or(FIRST);
        let (mut counted, mut seen, mut in_vain) = (asked, Vec::new(), 0);
        while !trainer.is_done() {
            let policy = shape.build(params.snapshot()?)?;
            let mut groups = Vec::new();
            for _ in 0..self.prompts {
                if cancel.is_cancelled() {
                    break;
                }
                let lesson = lessons.get(self.split, asked)?;
                let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
                rng.set_stream(asked);
                asked += 1;
                let prompt = sft::encode(&tokenizer, &lesson.clone().into())?.prompt;
                let pen = |_| -> candle_core::Result<Box<dyn Pen + '_>> {
                    Ok(match &guides {
                        Some(guides) => Box::new(guides.pen(&lesson)?),
                        None => Box::new(UpTo::new(end)),
                    })
                };
                let pens = (0..self.options.group.max(1)).map(pen).collect::<candle_core::Result<Vec<_>>>()?;
                let drawn = grpo::draw(&policy, &prompt, pens, &self.options, &mut rng)?;
                let reward = |answer: &Drawn| {
                    let words = answer.tokens.strip_suffix(&[end]).unwrap_or(&answer.tokens);
                    let text = tokenizer.decode(words, false).map_err(|error| unfit(error.to_string()))?;
                    Ok(grpo::reward(&lesson, &text, answer.ended))
                };
                let rewards = drawn.iter().map(reward).collect::<Result<Vec<f64>, SchoolError>>()?;
                seen.push(grpo::watch(&drawn, &rewards));
                let gains = grpo::advantages(&rewards);
                in_vain += 1;
                if gains.iter().any(|gain| *gain != 0.0) {
                    let probable = |net| grpo::log_probs(net, &prompt, &drawn, self.options.temperature);
                    let from = reference.as_ref().map(probable).transpose()?;
                    groups.push((prompt, drawn, gains, from));
                    in_vain = 0;
                }
            }
            if cancel.is_cancelled() {
                keeper.keep(&trainer, true, json!({ "asked": counted }))?;
                sft::write(&params, &shape, &tokenizer, &refused, out)?;
                return Ok(false);
            }
            if in_vain > MOST_IN_VAIN {
                return Err(SchoolError::NothingToLearn(MOST_IN_VAIN));
            }
            if groups.is_empty() {
                continue; // nothing was better than anything: other questions
            }
            let mut kl = 0.0;
            // One step a draw: who drew is who learns.
            let losses = groups.iter().map(|(prompt, drawn, gains, from)| {
                let (loss, apart) = grpo::loss(&net, prompt, drawn, gains, None, from.as_ref(), &self.options)?;
                kl += apart / groups.len() as f64;
                Ok(loss)
            });
            let report = trainer.step(losses)?;
            let watch = Watch::mean(&std::mem::take(&mut seen));
            let step = trainer.steps_done();
            told(&Told { step, steps: self.recipe.steps, watch, kl, grad_norm: report.grad_norm });
            counted = asked;
            if keeper.keep(&trainer, false, json!({ "asked": asked }))? {
                sft::write(&params, &shape, &tokenizer, &refused, out)?;
            }
        }
        Ok(trainer.is_done())
    }
}
