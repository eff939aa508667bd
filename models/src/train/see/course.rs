//! A course in seeing: lessons in batches until the steps are done, with checkpoints on the way that a killed run goes on
//! from to the bit, and a folder that can see at any time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use candle_nn::Init;
use serde_json::json;

use super::batch::Batch;
use super::lessons::Lessons;
use super::loss::losses;
use crate::net::nano_eye::{Config, NanoEye};
use crate::perceive::nano::code::OUTPUTS;
use crate::perceive::nano::kinds::{KINDS, SLOTS};
use crate::perceive::nano::{About, CONFIG_FILE, NAME, WEIGHTS_FILE, hash};
use crate::train::params::suggested;
use crate::train::run::{Keeper, pages, smoothed};
use crate::train::{Params, Recipe, TrainError, Trainer};

/// Scores from which a find counts, by slot.
const THRESHOLD: [f64; SLOTS] = [0.3; SLOTS];

/// The maps that close a layer of the transformer.
const LAST: [&str; 2] = ["attn.proj.weight", "mlp.fc2.weight"];

/// What may go wrong.
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] candle_core::Error),
    /// A file can't be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What fixes a course, beside its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    /// Steps.
    pub steps: u64,
    /// Pictures a step.
    pub batch: usize,
    /// Highest learning rate.
    pub peak_lr: f64,
    /// Seed of first weights, order, light and noise.
    pub seed: u64,
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
    /// Losses, averaged over the last steps: all, where things are, kinds, colours, numbers.
    pub losses: [f64; 5],
    /// The gradient's norm.
    pub grad_norm: f64,
    /// The learning rate.
    pub lr: f64,
}

impl Course {
    fn recipe(&self) -> Recipe {
        Recipe {
            steps: self.steps,
            warmup: (self.steps / 20).min(200),
            peak_lr: self.peak_lr,
            final_lr: 0.01,
            beta2: 0.98,
            weight_decay: 0.02,
            clip: Some(5.0),
            ..Recipe::default()
        }
    }

    /// Goes through it, from the weights of a file if one is given, on from where `out` stands if something is there.
    /// `told` hears of every step and says whether to go on; stopped or not, nothing is lost. True when it is done.
    ///
    /// # Errors
    /// [`CourseError`].
    pub fn run(
        &self,
        lessons: &Lessons,
        from: Option<&Path>,
        out: &Path,
        told: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<bool, CourseError> {
        let config = Config::nano(OUTPUTS);
        let params = start(self.seed, from)?;
        let eye = NanoEye::new(&config, params.weights())?;
        let mut trainer = Trainer::new(&params, self.recipe())?;
        let (mut keeper, _) = Keeper::open(out, &mut trainer)?;
        let mut means = [None; 5];
        let shown = lessons.evened();
        while !trainer.is_done() {
            let step = trainer.steps_done();
            let batch = self.batch as u64;
            let places = pages(shown.len(), step * batch..(step + 1) * batch, self.seed);
            let numbers: Vec<usize> = places.into_iter().map(|place| shown[place]).collect();
            let mut parts = [0.0; 5];
            let report = trainer.step(std::iter::once_with(|| {
                let batch = Batch::new(lessons, &numbers, &config, self.seed.wrapping_mul(0x1_0000_0001) ^ step)?;
                let losses = losses(&eye, &batch)?;
                let each = [&losses.all, &losses.centers, &losses.kinds, &losses.colors, &losses.numbers];
                for (part, loss) in parts.iter_mut().zip(each) {
                    *part = f64::from(loss.to_scalar::<f32>()?);
                }
                Ok(losses.all)
            }))?;
            let losses = std::array::from_fn(|i| smoothed(means[i], parts[i]));
            means = losses.map(Some);
            let (step, parameters) = (trainer.steps_done(), params.count());
            let (grad_norm, lr) = (report.grad_norm, report.lr);
            let go_on = told(&Progress { step, steps: self.steps, parameters, losses, grad_norm, lr });
            if keeper.keep(&trainer, !go_on, json!(null))? {
                ship(&params, &config, out)?;
            }
            if !go_on {
                break;
            }
        }
        Ok(trainer.is_done())
    }
}

/// Parameters from chance or from a file's weights, where layers that it has not start at nothing: a deeper eye sees at
/// first what the one it came from saw.
///
/// # Errors
/// [`TrainError`]: the file can't be read.
pub fn start(seed: u64, from: Option<&Path>) -> Result<Params, TrainError> {
    let builder = Params::builder(seed, &Device::Cpu);
    let Some(from) = from else { return Ok(builder.build()) };
    let builder = builder.load(from)?.init(|name, shape, init| match name {
        _ if LAST.iter().any(|last| name.ends_with(last)) => Init::Const(0.0),
        _ => suggested(name, shape, init),
    });
    Ok(builder.build())
}

/// Writes configuration and weights (f16) as an eye is opened from.
fn ship(params: &Params, config: &Config, folder: &Path) -> Result<(), CourseError> {
    let half = params.tensors()?.into_iter().map(|(name, tensor)| Ok((name, tensor.to_dtype(DType::F16)?)));
    let half = half.collect::<candle_core::Result<HashMap<_, _>>>()?;
    let (weights, about) = (folder.join(WEIGHTS_FILE), folder.join(CONFIG_FILE));
    candle_core::safetensors::save(&half, &weights)?;
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| CourseError::File { path, source }
    };
    let said = About {
        model: NAME.to_owned(),
        eye: config.clone(),
        kinds: KINDS.iter().map(|kind| kind.label.to_owned()).collect(),
        threshold: THRESHOLD,
        sha256: hash(&std::fs::read(&weights).map_err(file(&weights))?),
    };
    let text = serde_json::to_string_pretty(&said).unwrap_or_default() + "\n";
    std::fs::write(&about, text).map_err(file(&about))
}
