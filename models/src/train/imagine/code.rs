//! The first course: a code of pictures, learned by drawing again what is seen. For the first steps nothing is held to
//! codes; then a book is made of what the encoder has come to find, and from there on it is.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, Var};
use serde_json::{Value, json};

use super::book::{Usage, gather, take};
use super::lessons::Drawings;
use super::loss::difference;
use super::{CODE, ImagineError, Progress};
use crate::net::vq::{Config, Vq, unit};
use crate::train::run::{Keeper, pages, smoothed};
use crate::train::{Params, Recipe, TrainError, Trainer};

/// File with the code's weights.
pub const WEIGHTS_FILE: &str = "code.safetensors";
/// Share of the steps without codes, in parts of a hundred, and most of them.
const FREE: (u64, u64) = (10, 400);
/// Pictures that a book is first made of.
const SHOWN: usize = 256;
/// Pictures that are looked at together.
const TOGETHER: usize = 8;

/// What fixes a course, beside its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    /// Shape.
    pub shape: Config,
    /// Steps.
    pub steps: u64,
    /// Pictures a step.
    pub batch: usize,
    /// Highest learning rate.
    pub peak_lr: f64,
    /// Seed of first weights and order.
    pub seed: u64,
    /// File of an earlier course to begin with, book and all.
    pub from: Option<PathBuf>,
}

impl Course {
    fn recipe(&self) -> Recipe {
        Recipe {
            steps: self.steps,
            warmup: (self.steps / 20).min(100),
            peak_lr: self.peak_lr,
            final_lr: 0.02,
            beta2: 0.98,
            weight_decay: 0.0,
            ..Recipe::default()
        }
    }

    /// Steps without codes: none where there is a book to begin with.
    fn free(&self) -> u64 {
        if self.from.is_some() { 0 } else { (self.steps * FREE.0 / 100).min(FREE.1) }
    }

    /// Goes through it, on from where `out` stands if something is there. `told` hears of every step and says whether to
    /// go on; stopped or not, nothing is lost. True when it is done.
    ///
    /// # Errors
    /// [`ImagineError`].
    pub fn run(
        &self,
        lessons: &Drawings,
        out: &Path,
        told: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<bool, ImagineError> {
        let builder = Params::builder(self.seed, &Device::Cpu);
        let builder = if let Some(from) = &self.from { builder.load(from)? } else { builder };
        let params = builder.build();
        let vq = Vq::new(&self.shape, params.weights().pp(CODE))?;
        let book = params.all().into_iter().find(|(name, _)| name.ends_with("quantize.embedding.weight"));
        let (_, book) = book.ok_or_else(|| candle_core::Error::msg("the code has no book"))?;
        let mut trainer = Trainer::new(&params, self.recipe())?.may_idle(|name| name.contains("quantize"));
        let (mut keeper, cursor) = Keeper::open(out, &mut trainer)?;
        let mut usage = used(&cursor).unwrap_or_else(|| Usage::new(self.shape.num_codes));
        let mut means = [None; 2];
        while !trainer.is_done() {
            let step = trainer.steps_done();
            if step == self.free() && self.from.is_none() {
                self.first_book(lessons, &params, &book)?;
            }
            let mut seen: Option<(Vec<u32>, Tensor)> = None;
            let mut parts = [0.0; 2];
            let report = trainer.step(std::iter::once_with(|| {
                let batch = self.batch as u64;
                let which = pages(lessons.all().len(), step * batch..(step + 1) * batch, self.seed);
                let pictures = lessons.batch(&which)?;
                let found = vq.find(&pictures)?;
                if step < self.free() {
                    let loss = difference(&vq.draw(&unit(&found)?)?, &pictures)?;
                    parts[0] = f64::from(loss.to_scalar::<f32>()?);
                    return Ok(loss);
                }
                let taken = take(&found, book.as_tensor())?;
                let loss = difference(&vq.draw(&taken.given)?, &pictures)?;
                parts = [f64::from(loss.to_scalar::<f32>()?), f64::from(taken.off.to_scalar::<f32>()?)];
                seen = Some((taken.codes, found.detach()));
                loss + taken.off
            }))?;
            if let Some((codes, found)) = seen {
                usage.count(step, &codes, &found, &book)?;
            }
            means = std::array::from_fn(|i| Some(smoothed(means[i], parts[i])));
            let marks = ["pixels", "codes"].into_iter().zip(means.map(Option::unwrap_or_default));
            let go_on = told(&Progress {
                step: trainer.steps_done(),
                steps: self.steps,
                parameters: params.count(),
                marks: marks.chain([("in use", usage.share())]).collect(),
                grad_norm: report.grad_norm,
                lr: report.lr,
            });
            if keeper.keep(&trainer, !go_on, json!({ "usage": usage.0 }))? {
                params.save(&out.join(WEIGHTS_FILE))?;
            }
            if !go_on {
                break;
            }
        }
        Ok(trainer.is_done())
    }

    /// Makes the first book of what the encoder finds by now.
    fn first_book(&self, lessons: &Drawings, params: &Params, book: &Var) -> Result<(), TrainError> {
        let vq = Vq::new(&self.shape, params.snapshot()?.pp(CODE))?;
        let count = lessons.all().len();
        let shown: Vec<usize> = (0..SHOWN).map(|i| i * count / SHOWN).collect();
        let found = shown.chunks(TOGETHER).map(|some| vq.find(&lessons.batch(some)?)?.flatten_to(1));
        let found = Tensor::cat(&found.collect::<candle_core::Result<Vec<_>>>()?, 0)?;
        Ok(book.set(&gather(&found, self.shape.num_codes, self.seed)?)?)
    }
}

/// What a checkpoint says of how often codes were used.
fn used(cursor: &Value) -> Option<Usage> {
    let all = cursor.get("usage")?.as_array()?;
    Some(Usage(all.iter().map(|used| used.as_f64().map(|used| used as f32)).collect::<Option<_>>()?))
}
