//! Learning from reward: a group of answers to one question, each judged by its truth in symbolic simulation, and each made
//! likelier by how much better than its group it was. No learned reward and no critic. (GRPO: Shao et al., DeepSeekMath,
//! arXiv 2402.03300; rewards by rule: DeepSeek-R1, arXiv 2501.12948; the estimate of KL: Schulman 2020.)

use std::collections::HashSet;

use candle_core::{D, DType, Result, Tensor};
use candle_nn::ops::log_softmax;
use ponder_core::goal::Language;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::lessons::Lesson;
use super::pupil::Pupil;
use super::truth::Verdict;
use crate::reason::split::CLOSE;

/// How a group is drawn and learnt from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Answers to each question, at least 2.
    pub group: usize,
    /// Most tokens of an answer.
    pub max_tokens: usize,
    /// Temperature of the drawing, above 0.
    pub temperature: f64,
    /// How far the ratio of new to old probability may count, 0..1.
    pub clip: f64,
    /// Weight of the divergence from the reference.
    pub kl: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { group: 8, max_tokens: 160, temperature: 1.0, clip: 0.2, kl: 0.02 }
    }
}

/// Draws a group of answers to a prompt at once, each up to and with `end` or the most tokens.
///
/// # Errors
/// The network fails, or prompt and answers are longer than its context.
pub fn draw(net: &Pupil, prompt: &[u32], end: u32, options: &Options, rng: &mut ChaCha8Rng) -> Result<Vec<Vec<u32>>> {
    let rows = options.group.max(1);
    let mut memory = net.memory();
    let mut feed: Vec<u32> = prompt.repeat(rows);
    let mut width = prompt.len();
    let mut drawn: Vec<Vec<u32>> = vec![Vec::new(); rows];
    for _ in 0..options.max_tokens {
        let ids = Tensor::from_vec(feed, (rows, width), net.device())?;
        let hidden = net.read_on(&ids, &mut memory)?;
        let logits =
            net.logits(&hidden.narrow(1, width - 1, 1)?)?.squeeze(1)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        let mut next = Vec::with_capacity(rows);
        for (row, logits) in drawn.iter_mut().zip(&logits) {
            if row.last() == Some(&end) {
                next.push(end);
                continue;
            }
            let token = choose(logits, options.temperature, rng);
            row.push(token);
            next.push(token);
        }
        if drawn.iter().all(|row| row.last() == Some(&end)) {
            break;
        }
        (feed, width) = (next, 1);
    }
    Ok(drawn)
}

fn choose(logits: &[f32], temperature: f64, rng: &mut ChaCha8Rng) -> u32 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: &f32| (f64::from(logit - top) / temperature.max(1e-6)).exp();
    let mut left = rng.random::<f64>() * logits.iter().map(weight).sum::<f64>();
    for (token, logit) in (0u32..).zip(logits) {
        left -= weight(logit);
        if left < 0.0 {
            return token;
        }
    }
    logits.len().saturating_sub(1) as u32
}

/// Log probabilities of the drawn tokens after the prompt, row after row.
///
/// # Errors
/// The network fails.
pub fn log_probs(net: &Pupil, prompt: &[u32], drawn: &[Vec<u32>], temperature: f64) -> Result<Tensor> {
    let longest = prompt.len() + drawn.iter().map(Vec::len).max().unwrap_or(0);
    let (mut ids, mut picks, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    for (row, tokens) in drawn.iter().enumerate() {
        ids.extend(prompt.iter().chain(tokens).copied().chain(std::iter::repeat(0)).take(longest));
        let from = row * longest + prompt.len() - 1;
        picks.extend((from..from + tokens.len()).map(|at| at as u32));
        targets.extend(tokens.iter().copied());
    }
    let device = net.device();
    let ids = Tensor::from_vec(ids, (drawn.len(), longest), device)?;
    let hidden = net.read(&ids)?.flatten_to(1)?;
    let logits = net.logits(&hidden.index_select(&Tensor::new(picks, device)?, 0)?)?.affine(1.0 / temperature, 0.0)?;
    let targets = Tensor::new(targets, device)?.unsqueeze(1)?;
    log_softmax(&logits, D::Minus1)?.gather(&targets, 1)?.squeeze(1)
}

/// Each reward beside its group's: less the mean, by the deviation; all 0 where none is better than another.
#[must_use]
pub fn advantages(rewards: &[f64]) -> Vec<f64> {
    let n = rewards.len().max(1) as f64;
    let mean = rewards.iter().sum::<f64>() / n;
    let deviation = (rewards.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n).sqrt();
    rewards.iter().map(|r| if deviation > 1e-6 { (r - mean) / deviation } else { 0.0 }).collect()
}

/// The loss of a group, and its divergence from the reference. `old` and `reference`: log probabilities as
/// [`log_probs`] gives them, of the network that drew, where it is not `net` as it is now, and of the reference, where
/// there is one to stay near to.
///
/// # Errors
/// The network fails.
pub fn loss(
    net: &Pupil,
    prompt: &[u32],
    drawn: &[Vec<u32>],
    advantages: &[f64],
    old: Option<&Tensor>,
    reference: Option<&Tensor>,
    options: &Options,
) -> Result<(Tensor, f64)> {
    let now = log_probs(net, prompt, drawn, options.temperature)?;
    // Each answer counts the same, however long it is.
    let (mut gain, mut share) = (Vec::new(), Vec::new());
    for (tokens, advantage) in drawn.iter().zip(advantages) {
        gain.extend(std::iter::repeat_n(*advantage as f32, tokens.len()));
        share.extend(std::iter::repeat_n(1.0 / (tokens.len().max(1) * drawn.len()) as f32, tokens.len()));
    }
    let (gain, share) = (Tensor::new(gain, net.device())?, Tensor::new(share, net.device())?);
    let ratio = (&now - old.unwrap_or(&now).detach())?.exp()?;
    let cut = ratio.clamp(1.0 - options.clip, 1.0 + options.clip)?;
    let bettered = (ratio * &gain)?.minimum(&(cut * &gain)?)?;
    let Some(reference) = reference else { return Ok(((bettered.neg()? * share)?.sum_all()?, 0.0)) };
    let apart = (reference.detach() - &now)?;
    let divergence = ((apart.exp()? - &apart)? - 1.0)?;
    let mean_divergence = (&divergence * &share)?.sum_all()?.to_dtype(DType::F32)?.to_scalar::<f32>()?;
    let each = ((divergence * options.kl)? - bettered)?;
    Ok(((each * share)?.sum_all()?, f64::from(mean_divergence)))
}

/// The reward of a written answer, 0 to 1.2: 1 for a right one, a tenth for one that can be read, a tenth for a thought in
/// the person's language; less where it did not come to its end.
#[must_use]
pub fn reward(lesson: &Lesson, text: &str, ended: bool) -> f64 {
    let Some((thought, rest)) = text.split_once(CLOSE) else { return 0.0 };
    let draft = lesson.read(rest.trim());
    let verdict = draft.as_ref().ok().map(|d| lesson.truth.judge(d, &lesson.question.scene, &lesson.question.robot));
    let right = if verdict == Some(Verdict::Right) { 1.0 } else { 0.0 };
    let format = if draft.is_ok() && ended { 0.1 } else { 0.0 };
    let kept = thought.trim().is_empty() || Language::of(thought) == lesson.question.goal.language;
    let language = if kept && draft.is_ok() { 0.1 } else { 0.0 };
    right + format + language
}

/// What a group was like: watched for collapse.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Watch {
    /// Mean reward.
    pub reward: f64,
    /// Share of right answers.
    pub right: f64,
    /// Mean tokens of an answer.
    pub tokens: f64,
    /// Share of answers that differ from all others of their group.
    pub distinct: f64,
}

impl Watch {
    /// Of groups of one size.
    #[must_use]
    pub fn mean(all: &[Self]) -> Self {
        let of = |pick: fn(&Self) -> f64| all.iter().map(pick).sum::<f64>() / all.len().max(1) as f64;
        Self {
            reward: of(|w| w.reward),
            right: of(|w| w.right),
            tokens: of(|w| w.tokens),
            distinct: of(|w| w.distinct),
        }
    }
}

/// Looks at a group.
#[must_use]
pub fn watch(drawn: &[Vec<u32>], rewards: &[f64]) -> Watch {
    let n = drawn.len().max(1) as f64;
    let different: HashSet<&Vec<u32>> = drawn.iter().collect();
    Watch {
        reward: rewards.iter().sum::<f64>() / n,
        right: rewards.iter().filter(|r| **r >= 1.0).count() as f64 / n,
        tokens: drawn.iter().map(Vec::len).sum::<usize>() as f64 / n,
        distinct: different.len() as f64 / n,
    }
}
