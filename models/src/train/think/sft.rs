//! The cold start: lessons as tokens, batches by length, the loss on thought and answer alone, and the folder that comes of
//! it. (Supervised fine-tuning as DeepSeek-R1 begins, arXiv 2501.12948; a Qwen3-shaped decoder, arXiv 2505.09388.)

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokenizers::Tokenizer;

use super::book::Page;
use super::lessons::{LessonError, Lessons, Split};
use super::pupil::{Pupil, Shape};
use super::vocab::{END, TEMPLATE, USER};
use crate::engine::house::House;
use crate::engine::refused::Refused;
use crate::engine::write::Manner;
use crate::train::run;
use crate::train::{IGNORE, Params, TrainError, cross_entropy};

/// What may go wrong at school.
#[derive(Debug, thiserror::Error)]
pub enum SchoolError {
    /// A lesson could not be drawn.
    #[error(transparent)]
    Lesson(#[from] LessonError),
    /// The tokenizer refused a text, or lacks a token.
    #[error("the tokenizer: {0}")]
    Tokenizer(String),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] candle_core::Error),
    /// No reward differs from another.
    #[error("after {0} questions no answer was better than another, so there is nothing to learn: train it first")]
    NothingToLearn(u64),
    /// A file can't be read or written.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A lesson as tokens: the prompt, and what is learnt to follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The prompt, up to inside the open thought.
    pub prompt: Vec<u32>,
    /// Thought, answer, end.
    pub target: Vec<u32>,
}

/// Where lessons come from.
pub enum Source {
    /// Drawn anew, without end: the training split.
    Drawn(Lessons),
    /// A book, again and again in another order.
    Book(Vec<Page>),
}

/// Lessons as batches, in an order that the seed and the step fix.
pub struct School {
    source: Source,
    tokenizer: Tokenizer,
    rows: usize,
    seed: u64,
    window: Option<(u64, Vec<Vec<Tokens>>)>,
    refused: Option<Refused>,
}

/// Batches whose lessons are drawn together and sorted by length.
const WINDOW: usize = 64;

impl School {
    /// Batches of `rows` lessons.
    #[must_use]
    pub fn new(source: Source, tokenizer: Tokenizer, rows: usize, seed: u64) -> Self {
        Self { source, tokenizer, rows: rows.max(1), seed, window: None, refused: None }
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Words that these lessons always refuse.
    ///
    /// # Errors
    /// [`SchoolError::Lesson`].
    pub fn refused(&mut self) -> Result<&Refused, SchoolError> {
        let refused = match (self.refused.take(), &self.source) {
            (Some(refused), _) => refused,
            (None, Source::Drawn(lessons)) => lessons.refused()?,
            (None, Source::Book(book)) => Refused::of(book.iter().filter_map(Page::order)),
        };
        Ok(self.refused.insert(refused))
    }

    /// The batch of a step, from 0.
    ///
    /// # Errors
    /// [`SchoolError`].
    pub fn batch(&mut self, step: u64) -> Result<Vec<Tokens>, SchoolError> {
        let number = step / WINDOW as u64;
        let held = self.window.take().filter(|(held, _)| *held == number);
        let (_, batches) = match held {
            Some(window) => self.window.insert(window),
            None => {
                let window = self.draw(number)?;
                self.window.insert((number, window))
            }
        };
        Ok(batches.get((step % WINDOW as u64) as usize).cloned().unwrap_or_default())
    }

    fn draw(&self, number: u64) -> Result<Vec<Vec<Tokens>>, SchoolError> {
        let count = (self.rows * WINDOW) as u64;
        let places = number * count..(number + 1) * count;
        let mut all = match &self.source {
            Source::Drawn(lessons) => {
                let page = |place| encode(&self.tokenizer, &lessons.get(Split::Train, place)?.into());
                places.map(page).collect::<Result<Vec<_>, SchoolError>>()?
            }
            Source::Book(book) => {
                let numbers = run::pages(book.len(), places, self.seed).into_iter();
                let pages = numbers.filter_map(|number| book.get(number));
                pages.map(|page| encode(&self.tokenizer, page)).collect::<Result<Vec<_>, SchoolError>>()?
            }
        };
        all.sort_by_key(|tokens| tokens.prompt.len() + tokens.target.len());
        let mut batches: Vec<Vec<Tokens>> = all.chunks(self.rows).map(<[Tokens]>::to_vec).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        batches.shuffle(&mut rng);
        Ok(batches)
    }
}

/// Tokens of a lesson.
///
/// # Errors
/// [`SchoolError::Tokenizer`].
pub fn encode(tokenizer: &Tokenizer, page: &Page) -> Result<Tokens, SchoolError> {
    let ids = |text: &str| -> Result<Vec<u32>, SchoolError> {
        let encoding = tokenizer.encode(text, false).map_err(|error| SchoolError::Tokenizer(error.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    };
    let prompt = ids(&format!("{USER}{}\n<think>\n", page.prompt))?;
    let mut target = ids(&page.thought)?;
    target.extend(ids("</think>\n\n")?);
    target.extend(ids(&page.answer)?);
    target.extend(ids(END)?);
    Ok(Tokens { prompt, target })
}

/// The loss of a batch: the mean over the tokens of thoughts and answers.
///
/// # Errors
/// The network fails.
pub fn loss(net: &Pupil, batch: &[Tokens]) -> candle_core::Result<Tensor> {
    let longest = batch.iter().map(|t| t.prompt.len() + t.target.len()).max().unwrap_or(0);
    let (mut ids, mut picks, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    for (row, tokens) in batch.iter().enumerate() {
        let all = tokens.prompt.iter().chain(&tokens.target).copied();
        ids.extend(all.chain(std::iter::repeat(0)).take(longest));
        let from = row * longest + tokens.prompt.len() - 1;
        picks.extend((from..from + tokens.target.len()).map(|at| at as u32));
        targets.extend(tokens.target.iter().copied());
    }
    let device = net.device();
    let ids = Tensor::from_vec(ids, (batch.len(), longest), device)?;
    let hidden = net.read(&ids)?.flatten_to(1)?;
    let picked = hidden.index_select(&Tensor::new(picks, device)?, 0)?;
    debug_assert!(targets.iter().all(|target| *target != IGNORE));
    cross_entropy(&net.logits(&picked)?, &Tensor::new(targets, device)?, None)
}

/// Writes the folder of a reasoner: weights in f16, shape, tokenizer, template, and `ponder.json` with hashes.
///
/// # Errors
/// [`SchoolError`].
pub fn write(
    params: &Params,
    shape: &Shape,
    tokenizer: &Tokenizer,
    refused: &Refused,
    folder: &Path,
) -> Result<(), SchoolError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |why: String| SchoolError::File { path, why }
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder)(error.to_string()))?;
    let tensors = params.tensors()?;
    let half =
        tensors.iter().map(|(name, tensor)| Ok((name.clone(), tensor.to_device(&Device::Cpu)?.to_dtype(DType::F16)?)));
    let half = half.collect::<candle_core::Result<std::collections::HashMap<_, _>>>()?;
    candle_core::safetensors::save(&half, folder.join("model.safetensors"))?;
    let words = json!({ "eos_token": END, "chat_template": TEMPLATE, "tokenizer_class": "PreTrainedTokenizerFast" });
    for (name, value) in [("config.json", &shape.json()), ("tokenizer_config.json", &words)] {
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        std::fs::write(&path, text).map_err(|error| failed(&path)(error.to_string()))?;
    }
    let path = folder.join("tokenizer.json");
    tokenizer.save(&path, false).map_err(|error| failed(&path)(error.to_string()))?;
    let refused = refused.clone();
    let house = House { prompt: Manner::Compact, temperature: 0.0, answer_tokens: 384, refused, ..House::default() };
    house
        .write(folder, &["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
        .map_err(|error| SchoolError::File { path: folder.to_owned(), why: error.to_string() })
}
