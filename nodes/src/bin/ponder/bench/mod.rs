//! `ponder bench reasoner`: how fast a model reads, speaks and plans on this machine, idle and busy, what the grammar
//! costs, what it leaves to the control loop, and the memory it takes; llama.cpp beside it on the same file.

mod beside;
mod peer;
mod plans;
mod rates;

use std::time::Duration;

use anyhow::{Context, bail};
use beside::Beside;
use peer::Peer;
use plans::Plans;
use ponder_core::thinker::Cancel;
use ponder_models::engine::open;
use ponder_models::kernel::{Level, Pool};
use ponder_nodes::stages;
use rates::{PROMPT, Rates, SPOKEN, median};
use serde::Serialize;

use crate::args::BenchReasonerArgs;

const INTERRUPTED: u8 = 130;

/// One line of the table.
#[derive(Serialize)]
struct Line {
    one_core_busy: bool,
    ponder: Rates,
    llama_cpp: Option<Rates>,
}

#[derive(Serialize)]
struct Report {
    model: String,
    gigabytes: f64,
    threads: usize,
    kernels: &'static str,
    tokens_a_second: Vec<Line>,
    plans: Plans,
    control_alone: Beside,
    control_beside_thought: Beside,
    peak_gb: Option<f64>,
    llama_cpp_peak_gb: Option<f64>,
    memory_reads_gb_s: f64,
}

/// Measures, and gives the exit code.
pub fn reasoner(args: &BenchReasonerArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let path = stages::language_model(&args.model)?;
    let threads = Pool::shared().threads();
    let options = open::Options { context: args.context as usize, ..open::Options::default() };
    if args.llamacpp.is_some() && path.is_dir() {
        bail!("llama.cpp reads GGUF files, {} is a folder: leave --llamacpp out", path.display());
    }
    let mut net = open::network(&path, &options).with_context(|| path.display().to_string())?;
    let start = |folder: &std::path::PathBuf| Peer::start(folder, &path, [threads, PROMPT, SPOKEN]);
    let mut peer = args.llamacpp.as_ref().map(start).transpose()?;
    let gigabytes = size_gb(&path);
    let mut lines = Vec::new();
    for one_core_busy in [false, true] {
        let _busy = one_core_busy.then(rates::Busy::core).transpose()?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=args.rounds {
            if stop.is_cancelled() {
                return Ok(INTERRUPTED);
            }
            let busy = if one_core_busy { ", one core busy" } else { "" };
            anstream::eprintln!("reading and speaking{busy}: turn {round} of {}", args.rounds);
            ours.push(rates::turn(net.as_mut())?);
            theirs.extend(peer.as_mut().map(Peer::turn).transpose()?);
        }
        lines.push(Line { one_core_busy, ponder: middle(&ours), llama_cpp: peer.as_ref().map(|_| middle(&theirs)) });
    }
    drop(net);
    anstream::eprintln!("planning");
    let Some(plans) = plans::measure(&path, &options, args.thought_tokens as usize, stop)? else {
        return Ok(INTERRUPTED);
    };
    let watched = Duration::from_secs(args.watch.into());
    anstream::eprintln!("the control loop, {} s alone and as long beside a thought", args.watch);
    let control_alone = beside::turn_for(watched)?;
    let control_beside_thought = plans::thinking(&path, &options, || beside::turn_for(watched))?;
    let report = Report {
        model: path.file_name().map_or_else(|| args.model.clone(), |name| name.to_string_lossy().into_owned()),
        gigabytes,
        threads,
        kernels: Level::best().name(),
        tokens_a_second: lines,
        plans,
        control_alone,
        control_beside_thought,
        peak_gb: rates::peak_gb("self"),
        llama_cpp_peak_gb: peer.as_ref().and_then(|peer| rates::peak_gb(&peer.id())),
        memory_reads_gb_s: rates::bandwidth_gb_s(),
    };
    if args.json {
        println!("{}", serde_json::to_string(&report)?)
    } else {
        report.tell()
    }
    Ok(0)
}

fn middle(rates: &[Rates]) -> Rates {
    let of = |which: fn(&Rates) -> f64| median(rates.iter().map(which).collect());
    Rates { prefill: of(|rates| rates.prefill), decode: of(|rates| rates.decode) }
}

/// Weights on disk, gigabytes (10⁹ bytes).
fn size_gb(path: &std::path::Path) -> f64 {
    let bytes = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |data| data.len());
    let inside = || std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let weights = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "safetensors" || e == "bin");
    let whole = if path.is_dir() { inside().filter(weights).map(|path| bytes(&path)).sum() } else { bytes(path) };
    whole as f64 / 1e9
}

impl Report {
    fn tell(&self) {
        let Self { model, gigabytes, threads, kernels, plans, .. } = self;
        anstream::println!("{model}: {gigabytes:.3} GB, {threads} threads, {kernels}");
        anstream::println!("medians, {PROMPT} tokens read, {SPOKEN} spoken after them");
        anstream::println!("                          ponder tok/s   llama.cpp tok/s   ponder / llama.cpp");
        for line in &self.tokens_a_second {
            let when = if line.one_core_busy { "one core busy" } else { "idle" };
            let tell = |what: &str, of: fn(&Rates) -> f64| {
                let ours = of(&line.ponder);
                let theirs = line.llama_cpp.as_ref().map(of);
                let beside = theirs.map_or_else(String::new, |theirs| format!("{theirs:17.1} {:20.2}", ours / theirs));
                anstream::println!("{what:<8} {when:<14} {ours:15.1} {beside}");
            };
            tell("prefill", |rates| rates.prefill);
            tell("decode", |rates| rates.decode);
            let gb_s = gigabytes * line.ponder.decode;
            anstream::println!("         weights read in decode: {gb_s:.1} of {:.1} GB/s", self.memory_reads_gb_s);
        }
        let (first, again, next) = (plans.first, plans.again, plans.next);
        anstream::println!(
            "first question: {} tokens read in {:.2} s; the same again: {} in {:.3} s ({:.0} times as fast); in another scene: \
             {} in {:.2} s",
            first.0,
            first.1,
            again.0,
            again.1,
            first.1 / again.1,
            next.0,
            next.1
        );
        anstream::println!(
            "a plan with up to {} tokens of thought: {:.2} s median, {:.2} s at most, of {}; the prompt's beginning known",
            plans.thought_tokens,
            plans.plan_s[0],
            plans.plan_s[1],
            plans.count
        );
        anstream::println!(
            "the grammar takes {:.1} % of the decode ({} tokens of answers, {} of them forced, and {} of thought), {:.1} % \
             of what is under it",
            100.0 * plans.grammar_of_all,
            plans.answer_tokens,
            plans.forced_tokens,
            plans.thought_sum,
            100.0 * plans.grammar_of_answers
        );
        for (what, beside) in [("alone", &self.control_alone), ("beside a thought", &self.control_beside_thought)] {
            let Beside { turns, period_ms, missed, late_ms, no_priority } = beside;
            let priority = no_priority.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            anstream::println!(
                "control loop {what}: {missed} of {turns} turns of {period_ms} ms missed; begun late by {:.2} ms (99 %), \
                 {:.2} ms at most{priority}",
                late_ms[0],
                late_ms[1]
            );
        }
        let gb = |held: Option<f64>| held.map_or_else(|| "not known".to_owned(), |gb| format!("{gb:.2} GB"));
        let beside = self.llama_cpp_peak_gb.map_or_else(String::new, |held| format!(", llama.cpp {}", gb(Some(held))));
        anstream::println!("peak memory: {}{beside}", gb(self.peak_gb));
    }
}
