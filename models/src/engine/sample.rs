//! Choosing the next token from logits: temperature, nucleus (Holtzman et al., 2020), min-p (Nguyen et al., 2024), a
//! penalty on what was just said (Keskar et al., 2019). Seeded: the same logits and seed give the same token.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Above 0; 0 takes the likeliest token always.
    pub temperature: f64,
    /// Share of the probability that the likeliest tokens drawn from must hold, (0, 1].
    pub top_p: f64,
    /// Tokens less likely than this share of the likeliest are not drawn, [0, 1).
    pub min_p: f64,
    /// Logits of the last 64 tokens are divided (or, below zero, multiplied) by this; 1 does nothing.
    pub repeat_penalty: f64,
}

impl Sampling {
    /// The likeliest token, always.
    pub const GREEDY: Self = Self { temperature: 0.0, top_p: 1.0, min_p: 0.0, repeat_penalty: 1.0 };
    /// What DeepSeek gives for R1 and its distillates.
    pub const R1: Self = Self { temperature: 0.6, top_p: 0.95, min_p: 0.0, repeat_penalty: 1.0 };
    /// What Liquid AI gives for LFM2.
    pub const LFM2: Self = Self { temperature: 0.3, top_p: 1.0, min_p: 0.15, repeat_penalty: 1.05 };
}

/// How far back a repeated token counts.
const RECENT: usize = 64;

/// Draws tokens.
#[derive(Clone, Debug)]
pub struct Sampler {
    rng: ChaCha8Rng,
}

impl Sampler {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The next token, or `None` where no logit is a number above minus infinity. `said` is what was written so far;
    /// `logits` is left changed.
    pub fn next(&mut self, logits: &mut [f32], said: &[u32], how: &Sampling) -> Option<u32> {
        if how.repeat_penalty != 1.0 {
            let mut recent = said[said.len().saturating_sub(RECENT)..].to_vec();
            recent.sort_unstable();
            recent.dedup();
            for token in recent {
                if let Some(logit) = logits.get_mut(token as usize) {
                    let penalty = how.repeat_penalty as f32;
                    *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
                }
            }
        }
        let open = || (0u32..).zip(logits.iter()).filter(|(_, logit)| **logit > f32::NEG_INFINITY); // NaN is not above
        let (best, most) = open().fold(None, |best: Option<(u32, f32)>, (token, logit)| match best {
            Some((_, most)) if most >= *logit => best,
            _ => Some((token, *logit)),
        })?;
        if how.temperature <= 0.0 || most == f32::INFINITY {
            return Some(best);
        }
        // What is e⁻³⁰ times as likely as the best is never drawn.
        let scaled = |logit: f32| f64::from(logit - most) / how.temperature;
        let least = how.min_p.max(1e-13).ln();
        let mut likely: Vec<(u32, f64)> = open()
            .map(|(token, logit)| (token, scaled(*logit)))
            .filter(|(_, power)| *power >= least)
            .map(|(token, power)| (token, power.exp()))
            .collect();
        likely.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let total: f64 = likely.iter().map(|(_, weight)| weight).sum();
        let mut kept = 0.0;
        let within = likely.iter().position(|(_, weight)| {
            kept += weight;
            kept >= how.top_p * total
        });
        likely.truncate(within.map_or(likely.len(), |i| i + 1));
        let mut draw = self.rng.random::<f64>() * likely.iter().map(|(_, weight)| weight).sum::<f64>();
        let drawn = likely.iter().find(|(_, weight)| {
            draw -= weight;
            draw <= 0.0
        });
        drawn.or(likely.last()).map(|(token, _)| *token)
    }
}
