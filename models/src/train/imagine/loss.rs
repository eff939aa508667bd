//! How wrong a picture is that was drawn again: by its pixels, those of things counting more than those of the table.

use candle_core::{Result, Tensor};
use ponder_core::view::CHANNELS;

/// How much more a pixel counts that rises over the table.
const THING: f32 = 8.0;
/// From this value of the height's channel on: 2 of 255.
const RISES: f32 = -0.99;
/// Below this a difference counts by its square.
const SMALL: f64 = 0.02;

/// Mean difference of pictures [batch, channels, side, side], absolute where it is large.
pub(super) fn difference(drawn: &Tensor, pictures: &Tensor) -> Result<Tensor> {
    let weights = weights(pictures)?;
    let total = f64::from(weights.sum_all()?.to_scalar::<f32>()?);
    let off = (((drawn - pictures)?.sqr()? + SMALL * SMALL)?.sqrt()? - SMALL)?;
    (off * weights)?.sum_all()? / total.max(1.0)
}

/// One a pixel, the same for all channels.
fn weights(pictures: &Tensor) -> Result<Tensor> {
    let height = pictures.narrow(1, CHANNELS - 1, 1)?;
    let rises = (height.ge(RISES)?.to_dtype(pictures.dtype())? * f64::from(THING))?;
    (rises + 1.0)?.broadcast_as(pictures.shape())?.contiguous()
}
