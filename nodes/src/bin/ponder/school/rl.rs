//! `ponder rl think`.

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::Context;
use ponder_core::thinker::Cancel;
use ponder_models::kernel::pool::alone;
use ponder_models::train::Recipe;
use ponder_models::train::think::Lessons;
use ponder_models::train::think::grpo::Options;
use ponder_models::train::think::rl::{Road, Told};
use serde_json::{Value, json};

use super::{bar, ended, tell};
use crate::args::RlThinkArgs;

/// Learns from reward.
pub fn think(args: &RlThinkArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let recipe = Recipe {
        steps: args.steps,
        warmup: (args.steps / 10).min(10),
        peak_lr: args.lr,
        weight_decay: 0.0,
        ..Recipe::default()
    };
    let kl = if args.from_scratch { 0.0 } else { args.kl }; // there is nothing to stay near to
    let options = Options { group: args.group as usize, kl, ..Options::default() };
    let (prompts, seed, from_scratch) = (args.prompts as usize, args.seed, args.from_scratch);
    let road = Road { recipe, options, prompts, split: args.split.into(), seed, from_scratch };
    let lessons = Lessons::new(args.seed)?;
    create_dir_all(&args.out).with_context(|| format!("{} can't be made", args.out.display()))?;
    let path = args.out.join("curve.jsonl");
    let mut curve: Option<File> = None;
    let mut broken: Option<anyhow::Error> = None;
    let bar = bar(args.steps)?;
    let done = alone(|| {
        road.run(
            &lessons,
            &args.from,
            &args.out,
            &mut |t| {
                let w = t.watch;
                let text = format!(
                    "reward {:.3}, right {:.3}, tokens {:.1}, distinct {:.2}, kl {:.4}, |g| {:.2}",
                    w.reward, w.right, w.tokens, w.distinct, t.kl, t.grad_norm
                );
                tell(&bar, t.step, 10, &text);
                broken = write(&mut curve, &path, t).err();
                if broken.is_some() {
                    stop.cancel();
                }
            },
            stop,
        )
    })?;
    bar.finish_and_clear();
    if let Some(error) = broken {
        return Err(error);
    }
    Ok(ended(done, &args.out))
}

/// A line of the curve; what an earlier run told of this step and later ones, and then lost, goes.
fn write(curve: &mut Option<File>, path: &Path, told: &Told) -> anyhow::Result<()> {
    let file = match curve {
        Some(file) => file,
        None => {
            keep(path, told.step)?;
            let file = OpenOptions::new().create(true).append(true).open(path);
            curve.insert(file.with_context(|| format!("{} can't be written", path.display()))?)
        }
    };
    let w = told.watch;
    let line = json!({
        "step": told.step, "reward": w.reward, "right": w.right, "tokens": w.tokens, "distinct": w.distinct,
        "kl": told.kl, "grad_norm": told.grad_norm,
    });
    writeln!(file, "{line}").with_context(|| format!("{} can't be written", path.display()))
}

fn keep(path: &Path, before: u64) -> anyhow::Result<()> {
    let Ok(file) = File::open(path) else { return Ok(()) };
    let is_before = |line: &String| {
        serde_json::from_str::<Value>(line).is_ok_and(|value| value["step"].as_u64().is_some_and(|step| step < before))
    };
    let lines: Vec<String> = BufReader::new(file).lines().map_while(Result::ok).filter(is_before).collect();
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    std::fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}
