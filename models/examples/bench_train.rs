//! A training step of two small networks, ours beside PyTorch's, turn by turn in one run, on one thread and on two: a
//! decoder that thinks and a tower that sees. `make bench-train PYTHON=python3`; without a Python only ours is timed.
//! A step is forward, backward, clipping and AdamW, in f32, on the same shapes and data of the same size.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::Init;
use ponder_models::kernel::{Level, plain, pool};
use ponder_models::net::decoder::{self, Decoder};
use ponder_models::net::layers::{Conv2d, Linear, gelu_erf};
use ponder_models::net::siglip;
use ponder_models::train::{Params, Recipe, Trainer, cross_entropy};

const ROUNDS: usize = 7;
const TASKS: [&str; 2] = ["decoder", "tower"];

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let python = std::env::args().nth(1).filter(|python| !python.is_empty());
    println!("a training step, f32, {}; median of {ROUNDS} turns", Level::best().name());
    println!("threads  network    parameters  ponder s  candle s  PyTorch s  PyTorch / ponder");
    for threads in [1, 2] {
        let mut peer = python.as_deref().map(|python| Peer::start(python, threads)).transpose()?;
        for task in TASKS {
            let mut ours = Ours::new(task)?;
            let mut times = [const { Vec::new() }; 3];
            for round in 0..ROUNDS + 2 {
                let mut ours = |is_plain| match (threads, is_plain) {
                    (1, true) => pool::alone(|| plain(|| ours.step())),
                    (1, false) => pool::alone(|| ours.step()),
                    (_, true) => plain(|| ours.step()),
                    (_, false) => ours.step(),
                };
                // Candle's own operations take all cores unless told otherwise, so the plain way is timed on two alone.
                let plainly = if threads == 1 && std::env::var("RAYON_NUM_THREADS").as_deref() != Ok("1") {
                    f64::NAN
                } else {
                    ours(true)?
                };
                let all = [ours(false)?, plainly, peer.as_mut().map_or(Ok(f64::NAN), |peer| peer.step(task))?];
                for (times, time) in times.iter_mut().zip(all).filter(|_| round >= 2) {
                    times.push(time);
                }
            }
            let [ours_s, plain_s, theirs_s] = times.map(|mut times| {
                times.sort_by(f64::total_cmp);
                times[ROUNDS / 2]
            });
            let count = ours.params.count();
            let ratio = theirs_s / ours_s;
            println!("{threads:7}  {task:<9} {count:11} {ours_s:9.3} {plain_s:9.3} {theirs_s:10.3} {ratio:17.2}");
        }
    }
    Ok(())
}

struct Ours {
    params: Params,
    trainer: Trainer,
    loss: Box<dyn Fn() -> Result<Tensor>>,
}

impl Ours {
    fn new(task: &str) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let params = Params::new(0, &Device::Cpu);
        let loss = if task == "decoder" { decoder_loss(&params)? } else { tower_loss(&params)? };
        let trainer = Trainer::new(&params, Recipe { steps: 1000, ..Recipe::default() })?;
        Ok(Self { params, trainer, loss })
    }

    fn step(&mut self) -> std::result::Result<f64, Box<dyn std::error::Error>> {
        let start = Instant::now();
        self.trainer.step([(self.loss)()])?;
        Ok(start.elapsed().as_secs_f64())
    }
}

fn decoder_loss(params: &Params) -> Result<Box<dyn Fn() -> Result<Tensor>>> {
    let (batch, tokens) = (8, 256);
    let cfg = decoder::Config {
        vocab_size: 2048,
        hidden_size: 256,
        intermediate_size: 512,
        num_layers: 6,
        num_heads: 8,
        num_kv_heads: 2,
        head_dim: 32,
        tie_embeddings: true,
        ..decoder::Config::tiny()
    };
    let network = Decoder::new(&cfg, params.weights())?;
    let some = |by: u32| Tensor::from_iter((0..(batch * tokens) as u32).map(move |i| i * by % 2048), &Device::Cpu);
    let (ids, targets) = (some(37)?.reshape((batch, tokens))?, some(53)?.reshape((batch, tokens))?);
    Ok(Box::new(move || cross_entropy(&network.forward_ids(&ids, None)?, &targets, None)))
}

fn tower_loss(params: &Params) -> Result<Box<dyn Fn() -> Result<Tensor>>> {
    let (batch, sizes) = (16, [3, 24, 48, 96, 192]);
    let weights = params.weights();
    let stem = sizes.windows(2).enumerate();
    let stem = stem.map(|(i, io)| Conv2d::new((io[0], io[1]), 3, 2, 1, &weights.pp("stem").pp(i)));
    let stem = stem.collect::<Result<Vec<_>>>()?;
    let positions = weights.get_or((1, 192, 192), "positions", Init::Randn { mean: 0.0, stdev: 0.02 })?;
    // Blocks alone: the stem takes the patches' place.
    let cfg = siglip::Config {
        hidden_size: 192,
        intermediate_size: 768,
        num_layers: 4,
        num_heads: 6,
        ..siglip::Config::large_384()
    };
    let blocks = siglip::Blocks::new(&cfg, &weights)?;
    let head = Linear::new(192, 32, true, &weights.pp("head"))?;
    let pictures = Tensor::rand(-1f32, 1f32, (batch, 3, 192, 256), &Device::Cpu)?.to_dtype(DType::F32)?;
    let classes = Tensor::from_iter((0..batch as u32 * 192).map(|i| i * 7 % 32), &Device::Cpu)?;
    let classes = classes.reshape((batch, 192))?;
    Ok(Box::new(move || {
        let mut xs = pictures.clone();
        for conv in &stem {
            xs = gelu_erf(&conv.forward(&xs)?)?;
        }
        let xs = xs.flatten_from(2)?.transpose(1, 2)?.contiguous()?.broadcast_add(&positions)?;
        cross_entropy(&head.forward(&blocks.forward(&xs)?)?, &classes, None)
    }))
}

/// PyTorch, in a process of its own.
struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &str, threads: usize) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/parity/peer_train.py");
        let mut child = Command::new(python)
            .args([script, &threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{python} does not start: {error}"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the peer has no pipes".into());
        };
        let mut peer = Self { child, to, from: BufReader::new(from) };
        let mut line = String::new();
        peer.from.read_line(&mut line)?;
        if line.starts_with("ready") { Ok(peer) } else { Err(format!("the peer did not come up; {line}").into()) }
    }

    fn step(&mut self, task: &str) -> std::result::Result<f64, Box<dyn std::error::Error>> {
        writeln!(self.to, "{task}")?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        Ok(line.trim().parse().map_err(|_| format!("the peer answered {task} with {line:?}"))?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
