//! The second course: what codes follow which words, and each other. Some of the words are left out, so that the model
//! also knows what follows no words (classifier-free guidance, Ho and Salimans, 2022).

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::lessons::Drawings;
use super::written::Written;
use super::{CODE, ImagineError, Progress, ship, words};
use crate::engine::prompt::{Control, drawing};
use crate::engine::{Tokenizer, hf_config};
use crate::net::janus::{self, Janus};
use crate::train::run::{Keeper, pages, smoothed};
use crate::train::{Params, Recipe, Trainer, cross_entropy};

/// Share of the words that are left out.
const WITHOUT: f64 = 0.1;
/// Share of the codes that are shown wrong, for one day it draws some wrong itself, and shall then go by the words and by
/// what else it has drawn.
const WRONG: f64 = 0.05;
/// Share of the pictures that are shown with one code wherever something stands: where that is can be seen, but not what.
/// Of a whole picture the colour of a thing is learned by its first code alone, as the others follow from that; so it has
/// to be known from the words at each of them. It falls to none at the end: what was drawn already, of all that was asked
/// for, can only be learned from what can be seen.
const VEILED: f64 = 0.4;
/// Batches whose lessons are drawn together and sorted by length.
pub(super) const WINDOW: u64 = 32;

/// What fixes a course, beside its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    /// Shape, but for the count of words, which is the lessons' to say.
    pub shape: janus::Config,
    /// Steps.
    pub steps: u64,
    /// Lessons a step.
    pub rows: usize,
    /// Highest learning rate.
    pub peak_lr: f64,
    /// Seed of first weights, order and wordings.
    pub seed: u64,
    /// Checkpoint of an earlier course of the same shape and words to begin with.
    pub from: Option<PathBuf>,
}

/// A lesson as it is taught: its tokens, and which picture.
#[derive(Clone, Debug)]
pub(super) struct Row {
    prompt: Vec<u32>,
    picture: usize,
}

impl Course {
    fn recipe(&self) -> Recipe {
        Recipe {
            steps: self.steps,
            warmup: (self.steps / 10).min(100),
            peak_lr: self.peak_lr,
            final_lr: 0.02,
            muon: true,
            ..Recipe::default()
        }
    }

    /// Goes through it with the code of this file, on from where `out` stands if something is there; `out` becomes a
    /// folder that draws. `told` hears of every step and says whether to go on; stopped or not, nothing is lost. True
    /// when it is done.
    ///
    /// # Errors
    /// [`ImagineError`].
    pub fn run(
        &self,
        lessons: &Drawings,
        written: &Written,
        code: &Path,
        out: &Path,
        told: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<bool, ImagineError> {
        words::write(lessons, out)?;
        let tokenizer = Tokenizer::open(out)?;
        let mut shape = self.shape.clone();
        shape.language.vocab_size = tokenizer.size();
        ship::config(&shape, &tokenizer, out)?;
        let hf_config::ModelConfig::Janus(read) = hf_config::read(out)? else {
            return Err(ImagineError::File { path: out.to_owned(), why: "is no Janus".to_owned() });
        };
        let control = Control::find(&tokenizer, &read, out)?;
        let builder = Params::builder(self.seed, &Device::Cpu);
        let builder = if let Some(from) = &self.from { builder.load(from)? } else { builder }.load(code)?;
        let params = builder.frozen(|name| name.starts_with(CODE)).build();
        let network = Janus::new(&shape, params.weights())?;
        let mut trainer = Trainer::new(&params, self.recipe())?;
        let learns = params.trained().iter().map(|(_, var)| var.elem_count()).sum();
        let (mut keeper, _) = Keeper::open(out, &mut trainer)?;
        let (mut mean, mut window) = (None, None);
        while !trainer.is_done() {
            let step = trainer.steps_done();
            let number = step / WINDOW;
            let held = window.take().filter(|(held, _): &(u64, Vec<Vec<Row>>)| *held == number);
            let held = match held {
                Some(held) => held,
                None => (number, self.window(lessons, &tokenizer, &control, number)?),
            };
            let rows = &held.1[(step % WINDOW) as usize];
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (step << 1 | 1).rotate_left(32));
            let veiled = VEILED * (1.0 - step as f64 / self.steps as f64);
            let report = trainer.step([loss(&network, rows, control.pad, written, (veiled, &mut rng))])?;
            window = Some(held);
            mean = Some(smoothed(mean, report.loss));
            let go_on = told(&Progress {
                step: trainer.steps_done(),
                steps: self.steps,
                parameters: learns,
                marks: vec![("loss", mean.unwrap_or_default())],
                grad_norm: report.grad_norm,
                lr: report.lr,
            });
            if keeper.keep(&trainer, !go_on, json!(null))? {
                ship::write(&params, lessons.view(), out)?;
            }
            if !go_on {
                break;
            }
        }
        Ok(trainer.is_done())
    }

    /// The batches of a window, each of lessons about as long as each other.
    pub(super) fn window(
        &self,
        lessons: &Drawings,
        tokenizer: &Tokenizer,
        control: &Control,
        number: u64,
    ) -> Result<Vec<Vec<Row>>, ImagineError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number + 1);
        let count = self.rows as u64 * WINDOW;
        let row = |picture: usize| {
            let caption = lessons.all()[picture].captions.choose(&mut rng).map_or("", String::as_str);
            let [with, without] = drawing(tokenizer, control, caption)
                .map_err(|error| ImagineError::Tokenizer(format!("lesson {picture}: {error}")))?;
            let prompt = if rng.random_bool(WITHOUT) { without } else { with };
            Ok(Row { prompt, picture })
        };
        let numbers = pages(lessons.all().len(), number * count..(number + 1) * count, self.seed);
        let mut rows = numbers.into_iter().map(row).collect::<Result<Vec<_>, ImagineError>>()?;
        rows.sort_by_key(|row| row.prompt.len());
        let mut batches: Vec<Vec<Row>> = rows.chunks(self.rows).map(<[Row]>::to_vec).collect();
        batches.shuffle(&mut rng);
        Ok(batches)
    }
}

/// How surprising the codes are after the words, nats a code. Shorter rows have nothing said behind their first token.
pub(super) fn loss(
    network: &Janus,
    rows: &[Row],
    pad: u32,
    written: &Written,
    (veiled, rng): (f64, &mut ChaCha8Rng),
) -> candle_core::Result<Tensor> {
    let longest = rows.iter().map(|row| row.prompt.len()).max().unwrap_or(0);
    let padded = |row: &Row| {
        let mut ids = row.prompt.clone();
        ids.splice(1..1, std::iter::repeat_n(pad, longest - row.prompt.len()));
        ids
    };
    let prompts: Vec<Vec<u32>> = rows.iter().map(padded).collect();
    let pictures: Vec<usize> = rows.iter().map(|row| row.picture).collect();
    let (codes, places) = (written.batch(&pictures)?, written.places());
    let said = network.language.embed(&Tensor::new(prompts, network.language.device())?)?;
    let count = network.generation.vq().config().num_codes;
    let shown = disturbed(&codes.narrow(1, 0, places - 1)?, count, written, (veiled, rng))?;
    let drawn = network.generation.embed(&shown)?;
    let hidden = network.language.forward(&Tensor::cat(&[said, drawn], 1)?, None)?;
    let logits = network.generation.logits(&hidden.narrow(1, longest - 1, places)?.contiguous()?)?;
    cross_entropy(&logits, &codes, None)
}

/// Codes [batch, places], some of them replaced by any of so many, and this share of the pictures veiled.
fn disturbed(
    codes: &Tensor,
    count: usize,
    written: &Written,
    (veiled, rng): (f64, &mut ChaCha8Rng),
) -> candle_core::Result<Tensor> {
    let mut all = codes.to_vec2::<u32>()?;
    for picture in &mut all {
        let any = |rng: &mut ChaCha8Rng| rng.random_range(0..count as u32);
        let veil = rng.random_bool(veiled).then(|| any(rng));
        for (place, code) in picture.iter_mut().enumerate() {
            match veil {
                Some(veil) if !written.is_table(place, *code) => *code = veil,
                None if rng.random_bool(WRONG) => *code = any(rng),
                _ => {}
            }
        }
    }
    Tensor::new(all, codes.device())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use super::*;

    #[test]
    fn a_veil_hides_what_stands_there_and_not_where() {
        // Two pictures of plain table say what is usual: 7 at every place. The third has something at two places.
        let written = Written::new([[7u16; 6], [7; 6], [7, 1, 2, 7, 7, 7]].concat(), 6);
        let codes = Tensor::new(&[[7u32, 1, 2, 7, 7, 7]], &Device::Cpu).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut shown = |veiled| disturbed(&codes, 5, &written, (veiled, &mut rng)).unwrap().to_vec2::<u32>().unwrap();
        for _ in 0..20 {
            let veiled = shown(1.0).remove(0);
            assert_eq!([0, 3, 4, 5].map(|place| veiled[place]), [7; 4], "the table is seen");
            assert!(veiled[1] == veiled[2] && veiled[1] < 5, "one code wherever something stands: {veiled:?}");
        }
        let open: Vec<Vec<u32>> = (0..400).map(|_| shown(0.0).remove(0)).collect();
        let wrong = open.iter().flatten().zip([7, 1, 2, 7, 7, 7].iter().cycle()).filter(|(a, b)| a != b).count();
        assert!((60..180).contains(&wrong), "some 5 % are wrong: {wrong} of 2400");
    }
}
