//! How wrong an eye is about a batch: whether something is there (focal, Lin et al., 2017, as CenterNet has it), what it
//! is, what colour it has, and the numbers of its place, size, turn and state.

use candle_core::{D, Result, Tensor};

use super::batch::Batch;
use crate::net::nano_eye::NanoEye;
use crate::perceive::nano::code::{COLOR, COLORS, HANDLE, KIND, ON, OPEN, SIZE, TURN};
use crate::perceive::nano::kinds::KINDS;

/// The parts of a loss; each a scalar with its graph.
pub struct Losses {
    /// All of them, as they are learned by.
    pub all: Tensor,
    /// Whether something is there.
    pub centers: Tensor,
    /// What kind.
    pub kinds: Tensor,
    /// What colour.
    pub colors: Tensor,
    /// Everything measured.
    pub numbers: Tensor,
}

/// How much finding and naming count beside measuring, whose losses are larger.
const NAMED: f64 = 2.0;

/// How much each number counts: offsets in cells, height in decimetres, and so on.
fn weights() -> [f32; KIND] {
    let mut weights = [1.0; KIND];
    (weights[2], weights[3]) = (4.0, 3.0);
    weights[SIZE..SIZE + 3].fill(2.0);
    weights[TURN..TURN + 6].fill(1.0);
    weights[OPEN] = 2.0;
    weights[ON] = 0.0;
    weights[HANDLE..HANDLE + 2].fill(2.0);
    weights
}

/// Minus the logarithm of the wanted classes' probabilities, mean over the rows.
fn surprise(logits: &Tensor, wanted: &Tensor) -> Result<Tensor> {
    let most = logits.detach().max_keepdim(D::Minus1)?;
    let shifted = logits.broadcast_sub(&most)?;
    let all = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
    let chosen = shifted.gather(&wanted.unsqueeze(1)?, 1)?;
    (all - chosen)?.mean_all()
}

/// The losses of a batch.
///
/// # Errors
/// Shapes do not meet, or the batch has nothing in it.
pub fn losses(eye: &NanoEye, batch: &Batch) -> Result<Losses> {
    let seen = eye.forward(&batch.pictures)?;
    let logits = seen.centers.clamp(-12f32, 12f32)?;
    // ln p and ln (1 - p), from the logits.
    let not = (logits.exp()? + 1.0)?.log()?;
    let (ln_no, ln_yes) = (not.neg()?, (&logits - &not)?);
    let (no, yes) = (ln_no.exp()?, ln_yes.exp()?);
    let is = batch.centers.ge(0.999f32)?.to_dtype(logits.dtype())?;
    let far = (1.0 - &batch.centers)?.sqr()?.sqr()?;
    let found = (&is * (no.sqr()? * ln_yes)?)?;
    let made_up = (((1.0 - &is)? * far)? * (yes.sqr()? * ln_no)?)?;
    let centers = ((found + made_up)? * &batch.counts)?.sum_all()?.neg()?;
    let centers = (centers / batch.things.max(1) as f64)?;

    let said = eye.look(&seen, &batch.spots, &batch.closeups)?;
    let rows = batch.spots.len() as f64;
    let kinds = surprise(&said.narrow(1, KIND, KINDS.len())?, &batch.kinds)?;
    let colors = surprise(&said.narrow(1, COLOR, COLORS)?, &batch.colors)?;
    let numbers = said.narrow(1, 0, KIND)?;
    let counted = batch.said.broadcast_mul(&Tensor::new(&weights(), said.device())?)?;
    let off = ((&numbers - &batch.numbers)?.sqr()? + 1e-4)?.sqrt()?;
    let off = ((off * counted)?.sum_all()? / rows)?;
    let (on, is_on) = (numbers.narrow(1, ON, 1)?.clamp(-12f32, 12f32)?, batch.numbers.narrow(1, ON, 1)?);
    let wrong = ((on.exp()? + 1.0)?.log()? - (&on * is_on)?)?;
    let on = ((wrong * batch.said.narrow(1, ON, 1)?)?.sum_all()? / rows)?;
    let numbers = (off + (on * 2.0)?)?;
    let all = ((((&centers + &kinds)? + &colors)? * NAMED)? + &numbers)?;
    Ok(Losses { all, centers, kinds, colors, numbers })
}
