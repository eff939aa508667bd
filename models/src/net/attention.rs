//! Scaled-dot-product attention (Vaswani et al., 2017) with grouped keys and values (Ainslie et al., 2023): heads that
//! share a key head are stacked as more queries, so nothing is repeated in memory. Long prompts go block by block of
//! queries, so the scores stay small.

use candle_core::{DType, Device, Result, Tensor};

use super::layers::softmax;

/// Scores held at once, in elements: 64 MiB of f32.
const SCORES: usize = 16 << 20;
/// What a masked score gets: e to it is 0 in f32, and a row masked whole stays free of NaN.
const MASKED: f32 = -1e9;

/// Which keys a query may see.
#[derive(Clone, Copy, Debug)]
pub enum Mask<'a> {
    /// All.
    None,
    /// The first query sees `offset + 1` keys, each next one more. `left_pad`: how many keys at the start of each row are
    /// padding that nobody sees; empty where there are none.
    Causal {
        /// Keys before the first query.
        offset: usize,
        /// One count a row of the batch, or none at all.
        left_pad: &'a [usize],
    },
    /// Added to the scores: broadcast to [batch, heads, queries, keys].
    Add(&'a Tensor),
}

/// `q` [batch, heads, queries, d], `k` and `v` [batch, kv_heads, keys, d] to [batch, heads, queries, d]; `kv_heads`
/// divides `heads`. Softmax in f32, the rest in the dtype of `q`.
///
/// # Errors
/// Shapes or dtypes don't meet.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, mask: Mask<'_>, scale: f64) -> Result<Tensor> {
    let (batch, heads, queries, _) = q.dims4()?;
    let keys = k.dim(2)?;
    let block = (SCORES / (batch * heads * keys).max(1)).max(1);
    if queries <= block {
        return one_block(q, k, v, mask, scale, 0);
    }
    let blocks = (0..queries).step_by(block).map(|start| {
        let some = q.narrow(2, start, block.min(queries - start))?;
        one_block(&some, k, v, mask, scale, start)
    });
    Tensor::cat(&blocks.collect::<Result<Vec<_>>>()?, 2)
}

/// Attention of the queries that stand at `start` in the whole.
fn one_block(q: &Tensor, k: &Tensor, v: &Tensor, mask: Mask<'_>, scale: f64, start: usize) -> Result<Tensor> {
    let (batch, heads, queries, width) = q.dims4()?;
    let (_, kv_heads, keys, _) = k.dims4()?;
    if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
        candle_core::bail!("attention: {kv_heads} key heads don't divide {heads} query heads");
    }
    let group = heads / kv_heads;
    let stacked = (q.contiguous()? * scale)?.reshape((batch, kv_heads, group * queries, width))?;
    let scores = stacked.matmul(&k.t()?)?.reshape((batch, heads, queries, keys))?;
    let scores = match mask {
        Mask::None => scores,
        Mask::Add(add) if add.dim(2)? == 1 => scores.broadcast_add(add)?,
        Mask::Add(add) => scores.broadcast_add(&add.narrow(2, start, queries)?)?,
        // The last query alone sees every key.
        Mask::Causal { offset, left_pad: [] } if queries == 1 && offset + start + 1 == keys => scores,
        Mask::Causal { offset, left_pad } => {
            let rows = if left_pad.is_empty() { &[0][..] } else { left_pad };
            scores.broadcast_add(&causal(rows, offset + start, (queries, keys), q.device())?.to_dtype(q.dtype())?)?
        }
    };
    let weights = softmax(&scores)?.reshape((batch, kv_heads, group * queries, keys))?;
    weights.matmul(v)?.reshape((batch, heads, queries, width))
}

/// What is added to the scores: [rows, 1, queries, keys].
fn causal(left_pad: &[usize], offset: usize, (queries, keys): (usize, usize), device: &Device) -> Result<Tensor> {
    let masked = left_pad.iter().flat_map(|&pad| {
        (0..queries).flat_map(move |query| {
            (0..keys).map(move |key| if key <= offset + query && key >= pad { 0.0 } else { MASKED })
        })
    });
    Tensor::from_iter(masked, device)?.reshape((left_pad.len(), 1, queries, keys))?.to_dtype(DType::F32)
}
