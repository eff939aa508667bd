//! Learning from reward: a group of answers to one question, each judged by its truth in symbolic simulation, and each made
//! likelier by how much better than its group it was. No learned reward and no critic. (GRPO: Shao et al., DeepSeekMath,
//! arXiv 2402.03300; rewards by rule: DeepSeek-R1, arXiv 2501.12948; the estimate of KL: Schulman 2020.)

use std::collections::HashSet;
use std::sync::Arc;

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
    /// Most tokens of an answer, its thought included.
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

/// Tokens that one was chosen among.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Among {
    /// Every token there is.
    All,
    /// These; one alone is no choice.
    These(Arc<[u32]>),
}

impl Among {
    fn is_a_choice(&self) -> bool {
        !matches!(self, Self::These(tokens) if tokens.len() < 2)
    }

    /// Sets the logits of all others as low as makes them impossible.
    fn keep(&self, logits: &mut [f32]) {
        let Self::These(tokens) = self else { return };
        let kept: Vec<f32> = tokens.iter().map(|token| logits[*token as usize]).collect();
        logits.fill(NEVER);
        for (token, logit) in tokens.iter().zip(kept) {
            logits[*token as usize] = logit;
        }
    }
}

/// A logit that is never chosen, and harms no gradient as minus infinity would.
const NEVER: f32 = -1e9;

/// Says what may come next in one answer.
pub trait Pen {
    /// What the next token is among; `None` when the answer has come to its end.
    ///
    /// # Errors
    /// The grammar fails.
    fn among(&mut self) -> Result<Option<Among>>;

    /// Takes the next token.
    ///
    /// # Errors
    /// The grammar fails.
    fn take(&mut self, token: u32) -> Result<()>;
}

/// Lets anything come, up to this token.
#[derive(Clone, Copy, Debug)]
pub struct UpTo {
    end: u32,
    ended: bool,
}

impl UpTo {
    /// Up to and with `end`.
    #[must_use]
    pub fn new(end: u32) -> Self {
        Self { end, ended: false }
    }
}

impl Pen for UpTo {
    fn among(&mut self) -> Result<Option<Among>> {
        Ok((!self.ended).then_some(Among::All))
    }

    fn take(&mut self, token: u32) -> Result<()> {
        self.ended = token == self.end;
        Ok(())
    }
}

/// A drawn answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Its tokens.
    pub tokens: Vec<u32>,
    /// What each was chosen among.
    pub among: Vec<Among>,
    /// It came to its end.
    pub ended: bool,
}

impl Drawn {
    /// Places of the tokens that were chosen.
    fn choices(&self) -> impl Iterator<Item = usize> + '_ {
        self.among.iter().enumerate().filter(|(_, among)| among.is_a_choice()).map(|(at, _)| at)
    }
}

/// Draws a group of answers to a prompt at once, one for each pen, each up to its end or the most tokens.
///
/// # Errors
/// The network fails, a pen does, or prompt and answers are longer than the context.
pub fn draw(
    net: &Pupil,
    prompt: &[u32],
    mut pens: Vec<Box<dyn Pen + '_>>,
    options: &Options,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<Drawn>> {
    let rows = pens.len();
    let mut memory = net.memory();
    let ids = Tensor::from_vec(prompt.to_vec(), (1, prompt.len()), net.device())?;
    let mut hidden = net.read_on(&ids, &mut memory)?;
    memory = memory.same_for(rows)?; // all begin alike: that is read once
    let mut drawn = vec![Drawn::default(); rows];
    let mut next: Vec<u32> = Vec::new();
    for _ in 0..options.max_tokens {
        if !next.is_empty() {
            hidden = net.read_on(&Tensor::from_vec(next, (rows, 1), net.device())?, &mut memory)?;
        }
        let logits = net.logits(&hidden.narrow(1, hidden.dim(1)? - 1, 1)?)?.squeeze(1)?;
        let mut logits = logits.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        let of_first = logits.len() == 1;
        next = Vec::with_capacity(rows);
        for (row, (pen, drawn)) in pens.iter_mut().zip(&mut drawn).enumerate() {
            let Some(among) = pen.among()? else {
                drawn.ended = true;
                next.push(0); // read by nobody
                continue;
            };
            let mut own = if of_first { logits[0].clone() } else { std::mem::take(&mut logits[row]) };
            let token = match &among {
                Among::These(tokens) if tokens.len() == 1 => tokens[0],
                _ => {
                    among.keep(&mut own);
                    choose(&own, options.temperature, rng)
                }
            };
            pen.take(token)?;
            drawn.tokens.push(token);
            drawn.among.push(among);
            next.push(token);
        }
        if drawn.iter().all(|answer| answer.ended) {
            break;
        }
    }
    for (pen, answer) in pens.iter_mut().zip(&mut drawn).filter(|(_, answer)| !answer.ended) {
        answer.ended = pen.among()?.is_none();
    }
    Ok(drawn)
}

fn choose(logits: &[f32], temperature: f64, rng: &mut ChaCha8Rng) -> u32 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: &f32| (f64::from(logit - top) / temperature.max(1e-6)).exp();
    let mut left = rng.random::<f64>() * logits.iter().map(weight).sum::<f64>();
    let mut last = 0;
    for (token, weight) in (0u32..).zip(logits.iter().map(weight)).filter(|(_, weight)| *weight > 0.0) {
        left -= weight;
        last = token;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Log probabilities of the tokens that were chosen after the prompt, among those they were chosen from, answer after answer.
///
/// # Errors
/// The network fails.
pub fn log_probs(net: &Pupil, prompt: &[u32], drawn: &[Drawn], temperature: f64) -> Result<Tensor> {
    let longest = prompt.len() + drawn.iter().map(|answer| answer.tokens.len()).max().unwrap_or(0);
    let (mut ids, mut picks, mut targets, mut among) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (row, answer) in drawn.iter().enumerate() {
        ids.extend(prompt.iter().chain(&answer.tokens).copied().chain(std::iter::repeat(0)).take(longest));
        let from = row * longest + prompt.len() - 1;
        for at in answer.choices() {
            picks.push((from + at) as u32);
            targets.push(answer.tokens[at]);
            among.push(&answer.among[at]);
        }
    }
    let device = net.device();
    let ids = Tensor::from_vec(ids, (drawn.len(), longest), device)?;
    let hidden = net.read(&ids)?.flatten_to(1)?;
    let mut logits =
        net.logits(&hidden.index_select(&Tensor::new(picks, device)?, 0)?)?.affine(1.0 / temperature, 0.0)?;
    if among.iter().any(|among| **among != Among::All) {
        let (rows, width) = logits.dims2()?;
        let mut lowered = vec![0.0f32; rows * width];
        for (among, lowered) in among.iter().zip(lowered.chunks_mut(width)) {
            among.keep(lowered);
        }
        logits = (logits + Tensor::from_vec(lowered, (rows, width), device)?)?;
    }
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
    drawn: &[Drawn],
    advantages: &[f64],
    old: Option<&Tensor>,
    reference: Option<&Tensor>,
    options: &Options,
) -> Result<(Tensor, f64)> {
    let now = log_probs(net, prompt, drawn, options.temperature)?;
    // Each answer counts the same, however long it is.
    let (mut gain, mut share) = (Vec::new(), Vec::new());
    for (answer, advantage) in drawn.iter().zip(advantages) {
        let choices = answer.choices().count();
        gain.extend(std::iter::repeat_n(*advantage as f32, choices));
        share.extend(std::iter::repeat_n(1.0 / (choices.max(1) * drawn.len()) as f32, choices));
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
pub fn watch(drawn: &[Drawn], rewards: &[f64]) -> Watch {
    let n = drawn.len().max(1) as f64;
    let different: HashSet<&Vec<u32>> = drawn.iter().map(|answer| &answer.tokens).collect();
    Watch {
        reward: rewards.iter().sum::<f64>() / n,
        right: rewards.iter().filter(|r| **r >= 1.0).count() as f64 / n,
        tokens: drawn.iter().map(|answer| answer.tokens.len()).sum::<usize>() as f64 / n,
        distinct: different.len() as f64 / n,
    }
}
