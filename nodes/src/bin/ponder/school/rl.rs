//! `ponder rl think`.

use ponder_core::thinker::Cancel;
use ponder_models::kernel::pool::alone;
use ponder_models::reason::grammar::Limits;
use ponder_models::train::Recipe;
use ponder_models::train::think::Lessons;
use ponder_models::train::think::grpo::Options;
use ponder_models::train::think::rl::{Guide, Road};

use super::curve::Curve;
use super::{bar, ended, tell};
use crate::args::RlThinkArgs;

/// Room for an answer after its thought, tokens: twelve steps and their goal.
const ANSWER_TOKENS: usize = 128;

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
    let thought_tokens = args.thought_tokens as usize;
    let max_tokens = thought_tokens + ANSWER_TOKENS;
    let options = Options { group: args.group as usize, max_tokens, kl, ..Options::default() };
    // Who knows no words yet would say them without end.
    let text_chars = if args.from_scratch { 24 } else { Limits::default().text_chars };
    let guide = Guide { thought_tokens, limits: Limits { text_chars, ..Limits::default() } };
    let (prompts, seed, from_scratch) = (args.prompts as usize, args.seed, args.from_scratch);
    let guide = (!args.free).then_some(guide);
    let road = Road { recipe, options, prompts, split: args.split.into(), seed, from_scratch, guide };
    let lessons = Lessons::new(args.seed)?;
    let mut curve = Curve::of(&args.out, &args.watch)?;
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
                let point = [
                    ("reward", w.reward),
                    ("right", w.right),
                    ("tokens", w.tokens),
                    ("distinct", w.distinct),
                    ("kl", t.kl),
                    ("grad_norm", t.grad_norm),
                ];
                if !curve.add(t.step, &point) {
                    stop.cancel();
                }
            },
            stop,
        )
    })?;
    bar.finish_and_clear();
    curve.end()?;
    Ok(ended(done, &args.out))
}
