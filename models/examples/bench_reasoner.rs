//! How fast a GGUF model reads and speaks here, on an idle machine and with one core kept busy, how soon a second question
//! is answered when its beginning is known, and the memory it takes. Beside it, turn by turn, llama.cpp on the same file
//! and as many threads, if the second argument names a folder that has `node_modules/node-llama-cpp`:
//! `make bench-reasoner MODEL=file.gguf LLAMACPP=folder`.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use candle_core::DType;
use ponder_core::thinker::Cancel;
use ponder_models::engine::gguf::Gguf;
use ponder_models::engine::gguf_shape::ModelShape;
use ponder_models::engine::network::{Liquid, Llama, Network};
use ponder_models::engine::open::{Options, TextLlm};
use ponder_models::engine::write::{Ask, Role, Script, TextModel, Turn};
use ponder_models::kernel::{Level, Pool};
use ponder_models::net::decoder::Decoder;
use ponder_models::net::lfm2::Lfm2;
use ponder_models::reason::grammar::{Guide, Limits};
use ponder_models::reason::prompt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ROUNDS: usize = 5;
const PROMPT: usize = 256;
const SPOKEN: usize = 32;

#[path = "../tests/words/mod.rs"]
mod words;

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let mut given = std::env::args().skip(1);
    let file = given.next().filter(|file| !file.is_empty()).ok_or("which model? bench_reasoner FILE.gguf [FOLDER]")?;
    let threads = Pool::shared().threads();
    let folder = given.next().filter(|folder| !folder.is_empty());
    let mut peer = folder.map(|folder| Peer::start(&folder, &file, threads)).transpose()?;
    let gguf = Gguf::open(Path::new(&file))?;
    let mut net: Box<dyn Network> = match gguf.shape() {
        ModelShape::Decoder { config, .. } => Box::new(Llama::new(Decoder::new(config, gguf.weights(DType::F32))?)),
        ModelShape::Lfm2(config) => Box::new(Liquid::new(Lfm2::new(config, gguf.weights(DType::F32))?)),
    };
    println!("{file}: {:.0} MB, {threads} threads, {}", gguf.bytes() as f64 / 1e6, Level::best().name());
    println!("medians of {ROUNDS} turns, {PROMPT} tokens read, {SPOKEN} spoken after them");
    println!("                          ponder tok/s   llama.cpp tok/s   ponder / llama.cpp");
    for busy in [false, true] {
        let stop = Arc::new(AtomicBool::new(!busy));
        let noise = busy.then(|| spin(stop.clone()));
        let mut rates = [const { Vec::new() }; 4];
        for round in 0..ROUNDS {
            let ours = ours(net.as_mut())?;
            let theirs = peer.as_mut().map_or(Ok([f64::NAN; 2]), Peer::run)?;
            for (rates, rate) in rates.iter_mut().zip([ours, theirs].concat()) {
                rates.push(rate);
            }
            eprintln!("turn {round}, busy {busy}: ponder {ours:.1?}, llama.cpp {theirs:.1?}");
        }
        stop.store(true, Ordering::Relaxed);
        noise.map(std::thread::JoinHandle::join);
        let [read, spoken, read_peer, spoken_peer] = rates.map(median);
        let when = if busy { "one core busy" } else { "idle" };
        for (what, ours, theirs) in [("prefill", read, read_peer), ("decode", spoken, spoken_peer)] {
            println!("{what:<8} {when:<14} {ours:15.1} {theirs:17.1} {:20.2}", ours / theirs);
        }
        let gb_s = |rate: f64| gguf.bytes() as f64 * rate / 1e9;
        println!("         weights read in decode: {:.1} and {:.1} GB/s", gb_s(spoken), gb_s(spoken_peer));
    }
    drop(net);
    again(Path::new(&file))?;
    constraint(Path::new(&file))?;
    let theirs = peer.as_ref().map_or(f64::NAN, |peer| peak(&peer.child.id().to_string()));
    println!("peak memory: {:.2} GB, llama.cpp {:.2} GB", peak("self") / 1e9, theirs / 1e9);
    println!("memory reads alone, {threads} threads: {:.1} GB/s", bandwidth());
    Ok(())
}

/// Tokens a second in reading and in speaking.
fn ours(net: &mut dyn Network) -> Answer<[f64; 2]> {
    net.rewind(0);
    let tokens: Vec<u32> = (0..PROMPT).map(|i| 1000 + 7 * i as u32 % 900).collect();
    let start = Instant::now();
    let mut logits = net.read(&tokens)?;
    let read = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for _ in 0..SPOKEN {
        let best = (0u32..).zip(&logits).max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(token, _)| token);
        logits = net.read(&[best])?;
    }
    Ok([PROMPT as f64 / read, SPOKEN as f64 / start.elapsed().as_secs_f64()])
}

/// The same long beginning with another end: how soon the first token of the answer comes.
fn again(file: &Path) -> Answer<()> {
    let mut model = TextLlm::open(file, &Options { context: 2048, ..Options::default() })?;
    let rules = "A robot can pick things, place them in bowls and on plates, open and close drawers. ".repeat(40);
    let mut times = Vec::new();
    for goal in ["Put the red block away.", "Open the drawer.", "Stack the cups."] {
        let turn = Turn { role: Role::User, text: format!("{rules}{goal}"), fixed: rules.len() };
        let ask = &mut Ask { turns: &[turn], thought_tokens: 0, script: &mut Silence, seed: 1, weigh: false };
        let start = Instant::now();
        let written = model.write(ask, &mut |_| {}, &Cancel::default())?;
        times.push((written.prompt_tokens, start.elapsed().as_secs_f64()));
    }
    let [(first, first_s), .., (second, second_s)] = times[..] else { return Ok(()) };
    println!(
        "first question: {first} tokens read in {first_s:.2} s; the next to the same robot: {second} in {second_s:.3} s \
         ({:.0} times as fast)",
        first_s / second_s
    );
    Ok(())
}

/// A token of an answer under the grammar, beside a token of free thought.
fn constraint(file: &Path) -> Answer<()> {
    let mut model = TextLlm::open(file, &Options { context: 4096, ..Options::default() })?;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut free, mut bound) = ((0, 0.0), (0, 0.0));
    for seed in 0..12 {
        let question = words::question(&mut rng, 6);
        let turns = [prompt::turn(&question)];
        let mut write = |thought_tokens, script: &mut dyn Script| -> Answer<(usize, f64)> {
            let start = Instant::now();
            let written = model.write(
                &mut Ask { turns: &turns, thought_tokens, script, seed, weigh: false },
                &mut |_| {},
                &Cancel::default(),
            )?;
            Ok((written.thought_tokens + written.answer_tokens, start.elapsed().as_secs_f64()))
        };
        // The prompt is read first, in both forms, so that only its last token is read again.
        write(0, &mut Silence)?;
        let one = write(0, &mut Guide::new(&question.scene, &question.robot, Limits::default()))?;
        bound = (bound.0 + one.0, bound.1 + one.1);
        write(1, &mut Silence)?;
        let one = write(48, &mut Silence)?;
        free = (free.0 + one.0, free.1 + one.1);
    }
    let each = |(tokens, seconds): (usize, f64)| seconds * 1e3 / tokens.max(1) as f64;
    println!(
        "answers under the grammar: {:.2} ms a token over {}; free thought: {:.2} ms over {}",
        each(bound),
        bound.0,
        each(free),
        free.0
    );
    Ok(())
}

/// An answer of no lines.
struct Silence;

impl Script for Silence {
    fn next(&self) -> Option<String> {
        None
    }

    fn take(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

fn spin(stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    })
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// GB/s at which all threads together can sum 1 GB.
fn bandwidth() -> f64 {
    let pool = Pool::shared();
    let numbers = vec![1u64; 1 << 27];
    let chunk = numbers.len() / 64;
    let once = || {
        let start = Instant::now();
        pool.run(64, |i| {
            let sum = numbers[i * chunk..(i + 1) * chunk].iter().fold(0u64, |sum, n| sum.wrapping_add(*n));
            std::hint::black_box(sum);
        });
        (numbers.len() * 8) as f64 / 1e9 / start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| once()).fold(0.0, f64::max)
}

/// llama.cpp, in a process of its own.
struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peer {
    fn start(folder: &str, file: &str, threads: usize) -> Answer<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/parity/peer_llamacpp.mjs");
        let file = std::fs::canonicalize(file)?;
        let mut child = Command::new("node")
            .arg(script)
            .arg(folder)
            .arg(file)
            .args([threads, PROMPT, SPOKEN].map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node does not start: {error}"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the peer has no pipes".into());
        };
        let mut peer = Self { child, to, from: BufReader::new(from) };
        let line = peer.line()?;
        if line == "ready" { Ok(peer) } else { Err(format!("the peer did not come up: {line}").into()) }
    }

    fn line(&mut self) -> Answer<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn run(&mut self) -> Answer<[f64; 2]> {
        writeln!(self.to, "run")?;
        let line = self.line()?;
        let mut numbers = line.split(' ').map(str::parse::<f64>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(read)), Some(Ok(spoken))) => Ok([read, spoken]),
            _ => Err(format!("the peer answered {line:?}").into()),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory a process has held, in bytes; 0 where the system does not say.
fn peak(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).map_or(0.0, |kib| kib * 1024.0)
}
