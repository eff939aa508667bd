//! The third course: to be asked about pictures. A Janus that draws gets the other eye, SigLIP's way in, and learns the
//! answers to several questions about each picture; beside that it draws on, so that one language model does both (Wu et
//! al., 2024).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use candle_nn::var_builder::SimpleBackend;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::draw::{self, WINDOW};
use super::lessons::{Drawings, tensor};
use super::written::Written;
use super::{CODE, ImagineError, Progress, questions, ship, words};
use crate::engine::checkpoint::{Checkpoint, needs};
use crate::engine::prompt::{Control, Message, conversation};
use crate::engine::{Tokenizer, hf_config};
use crate::net::janus::{self, Janus};
use crate::net::{siglip, vq};
use crate::train::loss::IGNORE;
use crate::train::run::{Keeper, pages, smoothed};
use crate::train::think::order;
use crate::train::{Params, Recipe, Trainer, cross_entropy};

/// File of the code that pictures are drawn by, as it came.
const CODE_FILE: &str = "code.safetensors";
/// How the numbers of a word that is new are spread.
const NEW_WORD: f32 = 0.05;

/// What fixes a course, beside its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    /// Folder of the Janus that draws.
    pub from: PathBuf,
    /// Its new eye.
    pub vision: siglip::Config,
    /// Steps.
    pub steps: u64,
    /// Pictures a step that are asked about.
    pub rows: usize,
    /// Questions about each.
    pub turns: usize,
    /// Pictures a step that are drawn.
    pub drawn: usize,
    /// Highest learning rate.
    pub peak_lr: f64,
    /// Seed of first weights, order and questions.
    pub seed: u64,
}

/// The shape of janus-nano's eye: `layers` of `hidden` numbers over patches of 16 pixels.
#[must_use]
pub fn eye(hidden: usize, layers: usize, picture_px: usize) -> siglip::Config {
    siglip::Config {
        hidden_size: hidden,
        intermediate_size: 3 * hidden,
        num_layers: layers,
        num_heads: 4,
        image_size: picture_px,
        ..siglip::Config::large_384()
    }
}

/// A Janus that draws, taken apart: its shape with an eye and all words, its tensors, and the file of its code.
pub struct Begun {
    shape: janus::Config,
    start: HashMap<String, Tensor>,
    /// The code, for [`Written::of`].
    pub code: PathBuf,
}

impl Begun {
    /// Shape of the code.
    #[must_use]
    pub fn code_shape(&self) -> &vq::Config {
        &self.shape.vq
    }
}

impl Course {
    /// Takes apart what it begins with; `out` gets the words and the code.
    ///
    /// # Errors
    /// [`ImagineError`]: the folder is none of a Janus.
    pub fn begin(&self, out: &Path) -> Result<Begun, ImagineError> {
        words::extend(&self.from, &questions::sentences(), out)?;
        let hf_config::ModelConfig::Janus(read) = hf_config::read(&self.from)? else {
            return Err(ImagineError::File { path: self.from.clone(), why: "is no Janus".to_owned() });
        };
        let checkpoint = Checkpoint::open(&self.from)?;
        let mut start = HashMap::new();
        for need in needs(DType::F32, |weights| Janus::new(&read.network, weights))? {
            let tensor = checkpoint.get_unchecked(&need.name, DType::F32, &Device::Cpu)?;
            start.insert(need.name, tensor);
        }
        let code = out.join(CODE_FILE);
        let parts = start.iter().filter(|(name, _)| name.starts_with(CODE));
        let parts: HashMap<String, Tensor> = parts.map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
        candle_core::safetensors::save(&parts, &code)?;
        let mut shape = read.network.clone();
        if shape.vision.is_none() {
            (shape.vision, shape.aligner_depth) = (Some(self.vision.clone()), 2);
        }
        let tokenizer = Tokenizer::open(out)?;
        shape.language.vocab_size = tokenizer.size();
        for (name, tensor) in &mut start {
            if name.ends_with("embed_tokens.weight") {
                let more = shape.language.vocab_size.saturating_sub(tensor.dim(0)?);
                let width = tensor.dim(1)?;
                let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
                let new: Vec<f32> = (0..more * width).map(|_| rng.random_range(-NEW_WORD..NEW_WORD)).collect();
                let all = Tensor::cat(&[tensor.clone(), Tensor::from_vec(new, (more, width), &Device::Cpu)?], 0)?;
                // Points are told in numbers, of which one begins as near to the next as it lies.
                let mut rows = all.to_vec2::<f32>()?;
                let numbers = (0..order::COUNT).filter_map(|n| Some((n, tokenizer.id(&n.to_string())? as usize)));
                order::put(&mut rows, &numbers.collect::<Vec<_>>());
                *tensor = Tensor::new(rows, &Device::Cpu)?;
            }
        }
        Ok(Begun { shape, start, code })
    }

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

    /// Goes through it with lessons that are drawn and asked about, and more that are asked about only, on from where `out`
    /// stands if something is there; `out` becomes a folder that sees and draws.
    /// `told` hears of every step and says whether to go on; stopped or not, nothing is lost. True when it is done.
    ///
    /// # Errors
    /// [`ImagineError`].
    pub fn run(
        &self,
        (lessons, more): (&Drawings, Option<&Drawings>),
        written: &Written,
        begun: Begun,
        out: &Path,
        told: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<bool, ImagineError> {
        let tokenizer = Tokenizer::open(out)?;
        ship::config(&begun.shape, &tokenizer, out)?;
        let hf_config::ModelConfig::Janus(read) = hf_config::read(out)? else {
            return Err(ImagineError::File { path: out.to_owned(), why: "is no Janus".to_owned() });
        };
        let control = Control::find(&tokenizer, &read, out)?;
        let builder = Params::builder(self.seed, &Device::Cpu).start(begun.start);
        let params = builder.frozen(|name| name.starts_with(CODE)).build();
        let network = Janus::new(&begun.shape, params.weights())?;
        let mut trainer = Trainer::new(&params, self.recipe())?;
        let learns = params.trained().iter().map(|(_, var)| var.elem_count()).sum();
        let (mut keeper, _) = Keeper::open(out, &mut trainer)?;
        let drawing = draw::Course {
            shape: begun.shape,
            steps: self.steps,
            rows: self.drawn.max(1),
            peak_lr: self.peak_lr,
            seed: self.seed,
            from: None,
        };
        let (mut means, mut window) = ([None; 2], None);
        while !trainer.is_done() {
            let step = trainer.steps_done();
            let number = step / WINDOW;
            let held = window.take().filter(|(held, _): &(u64, Vec<Vec<draw::Row>>)| *held == number);
            let held = match held {
                Some(held) => held,
                None => (number, drawing.window(lessons, &tokenizer, &control, number)?),
            };
            let asked = self.batch((lessons, more), &tokenizer, &control, network.config().num_seen_tokens(), step)?;
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (step << 1 | 1).rotate_left(32));
            let mut losses = [0.0; 2];
            let report = trainer.step((0..2).map(|task| {
                let loss = match task {
                    0 => asked.loss(&network, &control)?,
                    _ => {
                        draw::loss(&network, &held.1[(step % WINDOW) as usize], control.pad, written, (0.0, &mut rng))?
                    }
                };
                losses[task] = f64::from(loss.to_scalar::<f32>()?);
                Ok(loss)
            }))?;
            window = Some(held);
            for (mean, loss) in means.iter_mut().zip(losses) {
                *mean = Some(smoothed(*mean, loss));
            }
            let go_on = told(&Progress {
                step: trainer.steps_done(),
                steps: self.steps,
                parameters: learns,
                marks: vec![("asked", means[0].unwrap_or_default()), ("drawn", means[1].unwrap_or_default())],
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

    /// The pictures of a step, each with its conversation.
    fn batch(
        &self,
        (lessons, more): (&Drawings, Option<&Drawings>),
        tokenizer: &Tokenizer,
        control: &Control,
        places: usize,
        step: u64,
    ) -> Result<Asked, ImagineError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(step + 1);
        let rows = self.rows as u64;
        let first = lessons.all().len();
        let count = first + more.map_or(0, |more| more.all().len());
        let which = pages(count, step * rows..(step + 1) * rows, self.seed ^ 1);
        let which: Vec<(&Drawings, usize)> = which
            .into_iter()
            .map(|at| more.filter(|_| at >= first).map_or((lessons, at), |more| (more, at - first)))
            .collect();
        let pixels = which.iter().map(|(from, number)| from.pixels(*number));
        let pictures = tensor(lessons.view().side_px, pixels)?.narrow(1, 0, 3)?.contiguous()?;
        let mut asked = Asked { pictures, rows: Vec::new(), targets: Vec::new() };
        for (from, number) in which {
            let zh = rng.random_bool(0.5);
            let turns = questions::turns(&from.all()[number], zh, false, self.turns, &mut rng);
            let said = turns.iter().flat_map(|turn| [Message::user(&turn.question), Message::assistant(&turn.answer)]);
            let mut said: Vec<Message> = said.collect();
            if let Some(first) = said.first_mut() {
                // Any tensor stands for the picture here: only its places are wanted.
                *first = first.clone().with_picture(Tensor::zeros(1, DType::F32, &Device::Cpu)?);
            }
            let prompt = conversation(tokenizer, control, places, "", &said)
                .map_err(|error| ImagineError::Tokenizer(format!("lesson {number}: {error}")))?;
            asked.add(prompt.ids, control);
        }
        Ok(asked)
    }
}

/// Pictures [batch, 3, side, side], a conversation about each, and what of it is to be said.
struct Asked {
    pictures: Tensor,
    rows: Vec<Vec<u32>>,
    targets: Vec<Vec<u32>>,
}

impl Asked {
    /// One more conversation, up to where the model would speak once more.
    fn add(&mut self, mut ids: Vec<u32>, control: &Control) {
        let end = ids.iter().rposition(|id| *id == control.eos).map_or(0, |at| at + 1);
        ids.truncate(end);
        // It speaks from behind the colon that follows its name, to the end of what it says.
        let mut speaks = false;
        let said = |i: usize| {
            let was = speaks;
            match ids[i] {
                id if id == control.assistant => speaks = true,
                id if id == control.eos => speaks = false,
                _ => {}
            }
            was && ids[i - 1] != control.assistant
        };
        let said: Vec<bool> = (0..ids.len()).map(said).collect();
        self.targets.push((1..ids.len()).map(|i| if said[i] { ids[i] } else { IGNORE }).collect());
        self.rows.push(ids);
    }

    /// How surprising the answers are, nats a token.
    fn loss(&self, network: &Janus, control: &Control) -> candle_core::Result<Tensor> {
        let longest = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let filled = |row: &Vec<u32>, with: u32, len: usize| {
            let mut row = row.clone();
            row.resize(len, with);
            row
        };
        let rows: Vec<Vec<u32>> = self.rows.iter().map(|row| filled(row, control.pad, longest)).collect();
        let targets: Vec<Vec<u32>> = self.targets.iter().map(|row| filled(row, IGNORE, longest - 1)).collect();
        let Some(eye) = &network.understanding else { candle_core::bail!("a Janus without an eye is asked") };
        let said = network.embed(&rows, control.picture, Some(&eye.forward(&self.pictures)?))?;
        let hidden = network.language.forward(&said.narrow(1, 0, longest - 1)?.contiguous()?, None)?;
        let logits = network.language.logits(&hidden)?;
        cross_entropy(&logits, &Tensor::new(targets, network.language.device())?, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_learned_and_nothing_else() {
        let control = Control { bos: 1, eos: 2, pad: 3, picture: 4, open: 5, close: 6, user: 7, assistant: 8 };
        let pictures = Tensor::zeros(1, DType::F32, &Device::Cpu);
        let Ok(pictures) = pictures else { return };
        let mut asked = Asked { pictures, rows: Vec::new(), targets: Vec::new() };
        // 9: a colon; 20 and above: words.
        asked.add(vec![1, 7, 9, 5, 4, 4, 6, 20, 8, 9, 30, 31, 2, 7, 9, 21, 8, 9, 32, 2, 8, 9], &control);
        assert_eq!(asked.rows[0], [1, 7, 9, 5, 4, 4, 6, 20, 8, 9, 30, 31, 2, 7, 9, 21, 8, 9, 32, 2]);
        let heard: Vec<u32> = asked.targets[0].iter().copied().filter(|id| *id != IGNORE).collect();
        assert_eq!(heard, [30, 31, 2, 32, 2]);
        assert_eq!(asked.targets[0][9], 30, "behind the colon at place 9");
    }
}
