//! Janus-Pro-1B at full size with random weights: seeing a picture, reading it with 64 tokens of text, speaking, drawing
//! the first codes of a picture, codes to pixels, and memory; in f32, bf16 and 8 bits. Beside it, turn by turn, its peer in
//! PyTorch, if the first argument names a Python that has it: `make bench-janus PYTHON=python3`. Second argument: which
//! kinds ("f32,bf16,q8_0"), third: which tasks ("encode,prefill,decode,image,picture"), fourth: how many turns.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use candle_core::{D, DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use ponder_models::kernel::{Level, Pool};
use ponder_models::net::decoder::Cache;
use ponder_models::net::janus::{Config, Janus};
use ponder_models::net::layers::{Quant, Weights};

const TURNS: usize = 5;
const SPOKEN: usize = 8;
const DRAWN: usize = 16;
const TASKS: [&str; 5] = ["encode", "prefill", "decode", "image", "picture"];

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1);
    let threads = Pool::shared().threads();
    let mut peer = given.next().filter(|python| !python.is_empty()).map(|p| Peer::start(&p, threads)).transpose()?;
    let kinds = given.next().filter(|kinds| !kinds.is_empty()).unwrap_or_else(|| "f32,bf16,q8_0".to_owned());
    let wanted = given.next().unwrap_or_else(|| TASKS.join(","));
    let turns = given.next().map_or(Ok(TURNS), |turns| turns.parse().map(|turns: usize| turns.max(1)))?;
    let tasks: Vec<&str> = TASKS.into_iter().filter(|task| wanted.split(',').any(|w| w == *task)).collect();
    println!("Janus-Pro-1B, random weights, {threads} threads, {}", Level::best().name());
    println!(
        "medians of {turns} turns; image = the first {DRAWN} of 576 codes with guidance; picture = codes to pixels"
    );
    println!("kind  task        ponder s  PyTorch f32 s   PyTorch / ponder, turn by turn (least to most)");
    for kind in kinds.split(',') {
        reset_peak();
        let (dtype, quant) = match kind {
            "bf16" => (DType::BF16, None),
            "q8_0" => (DType::F32, Some(Quant::Q8_0)),
            _ => (DType::F32, None),
        };
        let vb = VarBuilder::from_backend(Box::new(Random), dtype, Device::Cpu);
        let mut ours = Ours::new(Janus::new(&Config::janus_pro_1b(), Weights::from(vb).quantised(quant))?)?;
        let mut times = vec![Vec::new(); tasks.len()];
        for turn in 0..turns {
            for (times, name) in times.iter_mut().zip(&tasks) {
                times.push([ours.run(name)?, peer.as_mut().map_or(Ok(f64::NAN), |peer| peer.run(name))?]);
                eprintln!("{kind} turn {turn} {name}: {:.3?}", times[turn]);
            }
        }
        for (task, name) in tasks.iter().enumerate() {
            let sorted = |of: &dyn Fn(&[f64; 2]) -> f64| {
                let mut sorted: Vec<f64> = times[task].iter().map(of).collect();
                sorted.sort_by(f64::total_cmp);
                sorted
            };
            // What the machine does beside changes from turn to turn: each turn's two times are compared with each other.
            let [ours, theirs, ratio] = [sorted(&|t| t[0]), sorted(&|t| t[1]), sorted(&|t| t[1] / t[0])];
            let [our, their, median] = [&ours, &theirs, &ratio].map(|sorted| sorted[turns / 2]);
            let note = match *name {
                "decode" => format!(", {:.2} and {:.2} tok/s", SPOKEN as f64 / our, SPOKEN as f64 / their),
                _ => String::new(),
            };
            let (least, most) = (ratio[0], ratio[turns - 1]);
            println!("{kind:<5} {name:<10} {our:9.2} {their:14.2} {median:18.2} ({least:.2} to {most:.2}){note}");
        }
        let (ours, theirs) = (peak(), peer.as_mut().map_or(Ok(f64::NAN), |peer| peer.ask("memory"))?);
        println!("{kind:<5} peak GB    {:9.2} {:14.2} {:18.2}", ours / 1e9, theirs / 1e9, theirs / ours);
    }
    Ok(())
}

struct Ours {
    janus: Janus,
    picture: Tensor,
    codes: Tensor,
    cache: Cache,
}

impl Ours {
    fn new(janus: Janus) -> Result<Self> {
        let picture = Tensor::rand(-1f32, 1f32, (1, 3, 384, 384), &Device::Cpu)?;
        let codes = Tensor::from_iter((0..576u32).map(|i| i * 28), &Device::Cpu)?.reshape((1, 576))?;
        let cache = janus.language.cache();
        Ok(Self { janus, picture, codes, cache })
    }

    /// Seconds a task takes.
    fn run(&mut self, task: &str) -> Result<f64> {
        let language = &self.janus.language;
        let random = |rows: usize, tokens: usize| {
            Tensor::rand(-0.5f32, 0.5f32, (rows, tokens, 2048), &Device::Cpu)?.to_dtype(language.dtype())
        };
        let (read, begin) = (random(1, 640)?, random(2, 24)?);
        let start = Instant::now();
        match task {
            "encode" => drop(self.janus.understanding.as_ref().map(|eye| eye.forward(&self.picture)).transpose()?),
            "prefill" => {
                self.cache.truncate(0);
                let hidden = language.forward(&read, Some(&mut self.cache))?;
                value(&language.logits(&hidden.narrow(1, 639, 1)?)?)?;
            }
            "decode" => {
                for _ in 0..SPOKEN {
                    let said = language.embed(&Tensor::new(&[[5u32]], &Device::Cpu)?)?;
                    let hidden = language.forward(&said, Some(&mut self.cache))?;
                    value(&language.logits(&hidden)?.argmax(D::Minus1)?)?;
                }
                self.cache.truncate(640);
            }
            "image" => {
                let (mut cache, mut next) = (language.cache(), begin);
                for _ in 0..DRAWN {
                    let hidden = language.forward(&next, Some(&mut cache))?;
                    let hidden = hidden.narrow(1, hidden.dim(1)? - 1, 1)?.squeeze(1)?;
                    let logits = self.janus.generation.logits(&hidden)?.to_dtype(DType::F32)?;
                    let (one, other) = (logits.narrow(0, 0, 1)?, logits.narrow(0, 1, 1)?);
                    let guided = (&other + ((one - &other)? * 5.0)?)?;
                    let code = candle_nn::ops::softmax_last_dim(&guided)?.argmax(D::Minus1)?.reshape((1, 1))?;
                    next = self.janus.generation.embed(&Tensor::cat(&[&code, &code], 0)?)?;
                }
            }
            _ => value(&self.janus.generation.vq().decode(&self.codes)?)?,
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

/// Makes sure that a tensor was computed.
fn value(tensor: &Tensor) -> Result<()> {
    tensor.flatten_all()?.get(0)?.to_dtype(DType::F32)?.to_scalar::<f32>().map(drop)
}

/// Random weights of any shape, quickly: a short random stretch over and over.
struct Random;

impl SimpleBackend for Random {
    fn get(&self, shape: Shape, _: &str, _: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        let stretch = Tensor::rand(-0.03f32, 0.03f32, 65_521, device)?.to_vec1::<f32>()?;
        let all: Vec<f32> = stretch.iter().copied().cycle().take(shape.elem_count()).collect();
        Tensor::from_vec(all, shape, device)?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("{name} was asked for without a shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

/// PyTorch, in a process of its own.
struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &str, threads: usize) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/parity/peer_janus.py");
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
        if line.trim() == "ready" { Ok(peer) } else { Err(format!("the peer did not come up; {line}").into()) }
    }

    fn run(&mut self, task: &str) -> std::result::Result<f64, Box<dyn std::error::Error>> {
        match task {
            "decode" => self.ask(&format!("decode {SPOKEN}")),
            "image" => self.ask(&format!("image {DRAWN}")),
            task => self.ask(task),
        }
    }

    fn ask(&mut self, what: &str) -> std::result::Result<f64, Box<dyn std::error::Error>> {
        writeln!(self.to, "{what}")?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        Ok(line.trim().parse().map_err(|_| format!("the peer answered {what} with {line:?}"))?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory this process has held since [`reset_peak`], in bytes; 0 where the system does not say.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).map_or(0.0, |kib| kib * 1024.0)
}

/// What was freed goes back to the system first: the kernels have it kept, and it would count for the next kind.
fn reset_peak() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it asks the allocator to give back what nobody uses.
    #[allow(unsafe_code)]
    unsafe {
        libc::malloc_trim(0);
    }
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
