//! Trains janus-nano's eye on lessons, or examines one:
//! `train_see learn LESSONS OUT [STEPS] [BATCH] [RATE] [SEED] [HELD-OUT LESSONS]` goes on from a checkpoint in OUT that an
//! earlier run left, or begins with the weights of `start.safetensors` there; `train_see ship OUT FOLDER` writes configuration and weights as they are shipped;
//! `train_see exam FOLDER LESSONS [CAMERA]` prints how well a shipped folder sees, `train_see look FOLDER LESSONS` a
//! line of JSON a lesson with what it says. One thread: `RAYON_NUM_THREADS=1`.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use candle_core::{DType, Device};
use ponder_models::kernel::pool::alone;
use ponder_models::net::nano_eye::{Config, NanoEye};
use ponder_models::perceive::nano::code::OUTPUTS;
use ponder_models::perceive::nano::kinds::{KINDS, SLOTS};
use ponder_models::perceive::nano::{About, CONFIG_FILE, Eye, NAME, WEIGHTS_FILE, hash};
use ponder_models::train::see::{Batch, Exam, Lessons, losses};
use ponder_models::train::{Params, Recipe, Trainer};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

const CHECKPOINT: &str = "checkpoint.safetensors";
/// Weights or a checkpoint to begin with, where there is one in OUT.
const START: &str = "start.safetensors";
/// Scores from which a find counts, by slot.
const THRESHOLD: [f64; SLOTS] = [0.35; SLOTS];
/// Steps between checkpoints.
const KEEP_EVERY: u64 = 250;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["learn", lessons, out, rest @ ..] => alone(|| learn(Path::new(lessons), Path::new(out), rest)),
        ["ship", out, folder] => ship(Path::new(out), Path::new(folder)),
        ["exam", folder, lessons, rest @ ..] => exam(Path::new(folder), Path::new(lessons), rest.first().copied()),
        ["look", folder, lessons] => look(Path::new(folder), Path::new(lessons)),
        _ => Err(
            "give `learn LESSONS OUT …`, `ship OUT FOLDER`, `exam FOLDER LESSONS [CAMERA]` or `look FOLDER LESSONS`"
                .into(),
        ),
    }
}

fn learn(folder: &Path, out: &Path, rest: &[&str]) -> Result<(), Box<dyn Error>> {
    let number = |i: usize, usual: f64| rest.get(i).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (steps, batch, seed) = (number(0, 4000.0) as u64, number(1, 8.0) as usize, number(3, 1.0) as u64);
    let lessons = Lessons::open(folder)?;
    let held_out = rest.get(4).map(|folder| Lessons::open(Path::new(folder))).transpose()?;
    let config = Config::nano(OUTPUTS);
    // What an earlier run of another recipe learned is a start too.
    let start = out.join(START);
    let params = Params::builder(seed, &Device::Cpu);
    let params = if start.exists() { params.load(&start)? } else { params }.build();
    let eye = NanoEye::new(&config, params.weights())?;
    let recipe = Recipe {
        steps,
        warmup: (steps / 20).min(200),
        peak_lr: number(2, 2e-3),
        final_lr: 0.01,
        beta2: 0.98,
        weight_decay: 0.02,
        clip: Some(5.0),
        ..Recipe::default()
    };
    println!("{} lessons, {} parameters", lessons.len(), params.count());
    let mut trainer = Trainer::new(&params, recipe)?;
    let checkpoint = out.join(CHECKPOINT);
    if checkpoint.exists() {
        trainer.resume(&checkpoint)?;
        println!("goes on from step {}", trainer.steps_done());
    }
    let (start, first) = (Instant::now(), trainer.steps_done());
    let mut sums = [0.0; 5];
    let mut count = 0.0;
    while !trainer.is_done() {
        let step = trainer.steps_done();
        let numbers = chosen(lessons.len(), batch, step, seed);
        let mut parts = [0.0; 4];
        let report = trainer.step(std::iter::once_with(|| {
            let batch = Batch::new(&lessons, &numbers, &config, seed.wrapping_mul(0x1_0000_0001) ^ step)?;
            let losses = losses(&eye, &batch)?;
            let each = [&losses.centers, &losses.kinds, &losses.colors, &losses.numbers];
            for (part, loss) in parts.iter_mut().zip(each) {
                *part = f64::from(loss.to_scalar::<f32>()?);
            }
            Ok(losses.all)
        }))?;
        count += 1.0;
        sums[0] += report.loss;
        (0..4).for_each(|i| sums[i + 1] += parts[i]);
        let done = trainer.steps_done();
        if done % 50 == 0 || trainer.is_done() {
            let [all, centers, kinds, colors, numbers] = sums.map(|sum| sum / count);
            let a_step_s = start.elapsed().as_secs_f64() / (done - first) as f64;
            println!(
                "{done} of {steps}: {all:.3} = centres {centers:.3} kinds {kinds:.3} colours {colors:.3} numbers {numbers:.3}; \
                 |g| {:.1}, lr {:.1e}, {:.1} pictures/s, {:.0} min left",
                report.grad_norm,
                report.lr,
                batch as f64 / a_step_s,
                a_step_s * (steps - done) as f64 / 60.0
            );
            (sums, count) = ([0.0; 5], 0.0);
        }
        if done % KEEP_EVERY == 0 || trainer.is_done() {
            trainer.save(&checkpoint, serde_json::Value::Null)?;
        }
        if let (Some(held_out), true) = (&held_out, done % 1000 == 0 || trainer.is_done()) {
            let eye = Eye::new(&config, THRESHOLD, params.snapshot()?)?;
            println!("{}", Exam::of(&eye, held_out, 7, |_| true)?);
        }
    }
    Ok(())
}

/// The lessons of a step: every lesson once before any comes again, in an order of the epoch's own.
fn chosen(lessons: usize, batch: usize, step: u64, seed: u64) -> Vec<usize> {
    let order = |epoch: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch + 1);
        let mut order: Vec<usize> = (0..lessons).collect();
        order.shuffle(&mut rng);
        order
    };
    let from = step as usize * batch;
    let (mut epoch, mut at) = (None, Vec::new());
    (from..from + batch)
        .map(|i| {
            let this = (i / lessons) as u64;
            if epoch != Some(this) {
                (epoch, at) = (Some(this), order(this));
            }
            at[i % lessons]
        })
        .collect()
}

fn ship(out: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let tensors = candle_core::safetensors::load(out.join(CHECKPOINT), &Device::Cpu)?;
    let parameters = tensors.into_iter().filter(|(name, _)| !name.starts_with("adamw."));
    let half = parameters.map(|(name, tensor)| Ok((name, tensor.to_dtype(DType::F16)?)));
    let half = half.collect::<candle_core::Result<HashMap<_, _>>>()?;
    std::fs::create_dir_all(folder)?;
    candle_core::safetensors::save(&half, folder.join(WEIGHTS_FILE))?;
    let about = About {
        model: NAME.to_owned(),
        eye: Config::nano(OUTPUTS),
        kinds: KINDS.iter().map(|kind| kind.label.to_owned()).collect(),
        threshold: THRESHOLD,
        sha256: hash(&std::fs::read(folder.join(WEIGHTS_FILE))?),
    };
    std::fs::write(folder.join(CONFIG_FILE), serde_json::to_string_pretty(&about)? + "\n")?;
    Ok(())
}

fn exam(folder: &Path, lessons: &Path, camera: Option<&str>) -> Result<(), Box<dyn Error>> {
    let (eye, lessons) = (Eye::open(folder)?, Lessons::open(lessons)?);
    println!("{}", Exam::of(&eye, &lessons, 1, |lesson| camera.is_none_or(|name| lesson.camera.as_str() == name))?);
    Ok(())
}

fn look(folder: &Path, lessons: &Path) -> Result<(), Box<dyn Error>> {
    let (eye, lessons) = (Eye::open(folder)?, Lessons::open(lessons)?);
    for frame in (0..lessons.len()).filter_map(|number| lessons.frame(number)) {
        println!("{}", serde_json::to_string(&eye.see(&frame)?)?);
    }
    Ok(())
}
