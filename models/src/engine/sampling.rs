//! Choosing the next token from its logits: the likeliest, or by chance among the likely (top-k, Fan et al., 2018; top-p,
//! Holtzman et al., 2020; min-p, Nguyen et al., 2024; repetition penalty, Keskar et al., 2019). Chance is a seed's: the
//! same seed chooses the same.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::error::RunError;

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits; 0 takes the likeliest token.
    pub temperature: f32,
    /// Only the likeliest this many; 0: all.
    pub top_k: usize,
    /// Only the likeliest that together reach this probability, in (0, 1].
    pub top_p: f32,
    /// Only those at least this likely beside the likeliest, in [0, 1).
    pub min_p: f32,
    /// Divides the logits of tokens already there where above 0, multiplies them below; 1: off.
    pub repetition_penalty: f32,
    /// What chance starts from.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0, seed: 0 }
    }
}

/// Chooses tokens, one after the other.
#[derive(Clone, Debug)]
pub struct Sampler {
    how: Sampling,
    chance: ChaCha8Rng,
}

impl Sampler {
    /// For one row of many: each has chances of its own.
    ///
    /// # Errors
    /// [`RunError::Option`] naming what is out of range.
    pub fn new(how: Sampling, row: u64) -> Result<Self, RunError> {
        let wrong = |name, value: f32, range| Err(RunError::Option { name, value: f64::from(value), range });
        match how {
            Sampling { temperature: t, .. } if !(0.0..=100.0).contains(&t) => wrong("temperature", t, "from 0 to 100"),
            Sampling { top_p: p, .. } if !(p > 0.0 && p <= 1.0) => wrong("top_p", p, "above 0, up to 1"),
            Sampling { min_p: p, .. } if !(0.0..1.0).contains(&p) => wrong("min_p", p, "from 0, below 1"),
            Sampling { repetition_penalty: r, .. } if !(r > 0.0 && r <= 100.0) => {
                wrong("repetition_penalty", r, "above 0, up to 100")
            }
            how => {
                let mut chance = ChaCha8Rng::seed_from_u64(how.seed);
                chance.set_stream(row);
                Ok(Self { how, chance })
            }
        }
    }

    /// The next token. `logits`: one a token, changed on the way; what must not be chosen is -∞. `before`: tokens already
    /// there, for the repetition penalty.
    ///
    /// # Errors
    /// [`RunError::NotFinite`] if no token can be chosen or a logit is no number.
    pub fn choose(&mut self, logits: &mut [f32], before: &[u32]) -> Result<u32, RunError> {
        if logits.iter().any(|logit| logit.is_nan() || *logit == f32::INFINITY) {
            return Err(RunError::NotFinite);
        }
        self.penalise(logits, before);
        let best = logits.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let (best, top) = best.filter(|(_, logit)| logit.is_finite()).ok_or(RunError::NotFinite)?;
        if self.how.temperature == 0.0 {
            return Ok(best as u32);
        }
        // What is 10⁻¹⁰ as likely as the likeliest is never drawn, and sorting it would take longer than a small network's step.
        // Likely ones first, each with its weight beside the likeliest's 1; ties by id, so that no chance lies in sorting.
        let weight = |logit: f32| ((logit - top) / self.how.temperature).exp();
        let weighed = logits.iter().enumerate().map(|(id, &logit)| (id as u32, weight(logit)));
        let mut likely: Vec<(u32, f32)> = weighed.filter(|(_, weight)| *weight > 1e-10).collect();
        likely.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if self.how.top_k > 0 {
            likely.truncate(self.how.top_k);
        }
        let sum = |likely: &[(u32, f32)]| likely.iter().map(|(_, weight)| f64::from(*weight)).sum::<f64>();
        if self.how.top_p < 1.0 {
            let enough = f64::from(self.how.top_p) * sum(&likely);
            let mut reached = 0.0;
            let keep = likely.iter().take_while(|(_, weight)| {
                let short = reached < enough;
                reached += f64::from(*weight);
                short
            });
            let keep = keep.count();
            likely.truncate(keep.max(1));
        }
        likely.retain(|(_, weight)| *weight >= self.how.min_p);
        let mut left = self.chance.random::<f64>() * sum(&likely);
        for (id, weight) in &likely {
            left -= f64::from(*weight);
            if left < 0.0 {
                return Ok(*id);
            }
        }
        Ok(likely.last().map_or(best as u32, |(id, _)| *id))
    }

    fn penalise(&self, logits: &mut [f32], before: &[u32]) {
        let penalty = self.how.repetition_penalty;
        if penalty == 1.0 {
            return;
        }
        let mut once = before.to_vec();
        once.sort_unstable();
        once.dedup();
        for id in once {
            if let Some(logit) = logits.get_mut(id as usize) {
                *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
            }
        }
    }
}
