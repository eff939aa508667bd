//! A course: lessons in batches until the steps are done, with checkpoints on the way that a killed run goes on from to the
//! bit, and a folder that can be asked at any time. (Supervised fine-tuning, the cold start of arXiv 2501.12948.)

use std::path::Path;
use std::time::Instant;

use candle_core::Device;
use serde_json::json;

use super::order;
use super::pupil::{Pupil, Shape};
use super::sft::{self, School, SchoolError};
use crate::train::run::{Keeper, smoothed};
use crate::train::{Params, Recipe, Trainer};

/// What fixes a course, beside its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    /// The network.
    pub shape: Shape,
    /// How it learns.
    pub recipe: Recipe,
    /// Seed of its first weights.
    pub seed: u64,
    /// Numbers are put in order before it begins; without `from` they are in any case.
    pub order_numbers: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Parameters.
    pub parameters: usize,
    /// Loss a token, averaged over the last steps, nats.
    pub loss: f64,
    /// The gradient's norm.
    pub grad_norm: f64,
    /// The learning rate.
    pub lr: f64,
    /// Tokens read a second.
    pub tokens_per_s: f64,
}

impl Course {
    /// Goes through it, from the weights of a file if one is given, on from where `out` stands if something is there.
    /// `told` hears of every step and says whether to go on; stopped or not, nothing is lost. True when it is done.
    ///
    /// # Errors
    /// [`SchoolError`].
    pub fn run(
        &self,
        school: &mut School,
        from: Option<&Path>,
        out: &Path,
        told: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<bool, SchoolError> {
        let (params, net) = open(&self.shape, self.seed, from)?;
        if from.is_none() || self.order_numbers {
            order::number(&params, school.tokenizer())?;
        }
        let mut trainer = Trainer::new(&params, self.recipe.clone())?;
        let (mut keeper, _) = Keeper::open(out, &mut trainer)?;
        let (started, mut tokens, mut loss) = (Instant::now(), 0, None);
        while !trainer.is_done() {
            let batch = school.batch(trainer.steps_done())?;
            tokens += batch.iter().map(|t| t.prompt.len() + t.target.len()).sum::<usize>();
            let report = trainer.step([sft::loss(&net, &batch)])?;
            let mean = smoothed(loss, report.loss);
            loss = Some(mean);
            let go_on = told(&Progress {
                step: trainer.steps_done(),
                steps: self.recipe.steps,
                parameters: params.count(),
                loss: mean,
                grad_norm: report.grad_norm,
                lr: report.lr,
                tokens_per_s: tokens as f64 / started.elapsed().as_secs_f64(),
            });
            if keeper.keep(&trainer, !go_on, json!(null))? {
                let refused = school.refused()?.clone();
                sft::write(&params, &self.shape, school.tokenizer(), &refused, out)?;
            }
            if !go_on {
                break;
            }
        }
        Ok(trainer.is_done())
    }
}

/// A network with parameters that learn: from a file, or from the seed alone.
pub(super) fn open(shape: &Shape, seed: u64, from: Option<&Path>) -> Result<(Params, Pupil), SchoolError> {
    let mut builder = Params::builder(seed, &Device::Cpu);
    if let Some(from) = from {
        builder = builder.load(from)?;
    }
    let params = builder.build();
    let net = shape.build(params.weights())?;
    Ok((params, net))
}
