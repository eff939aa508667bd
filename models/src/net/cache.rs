//! Keys and values of tokens already read, owned by the caller: batches, prefixes kept for the next question, branches.
//! Buffers grow by doubling and are written in place, so one more token costs one row, not a copy of all rows.

use std::collections::HashMap;

use candle_core::{DType, Result, Tensor};

/// Room for tokens that a new buffer starts with.
const FIRST: usize = 64;

/// Keys and values of one layer: [batch, kv_heads, room, head_dim], the first [`Cache::len`] of the room in use.
#[derive(Debug)]
struct Layer {
    keys: Tensor,
    values: Tensor,
}

/// What one decoder has read. Branch it to try several ways on; clones would share memory that is written to.
#[derive(Debug, Default)]
pub struct Cache {
    layers: Vec<Option<Layer>>,
    len: usize,
    left_pad: Vec<usize>,
}

impl Cache {
    /// Empty, for a decoder of `layers` layers.
    #[must_use]
    pub fn new(layers: usize) -> Self {
        Self { layers: (0..layers).map(|_| None).collect(), len: 0, left_pad: Vec::new() }
    }

    /// Empty, for a batch whose row i starts with `left_pad[i]` tokens of padding that no token is to see. The rows of
    /// the batch to be read must be as many.
    #[must_use]
    pub fn left_padded(layers: usize, left_pad: Vec<usize>) -> Self {
        Self { left_pad, ..Self::new(layers) }
    }

    /// Tokens read, a row.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was read yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Padding at the start of each row; empty where there is none.
    #[must_use]
    pub fn left_pad(&self) -> &[usize] {
        &self.left_pad
    }

    /// Layers this cache is for.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Memory held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let size = |t: &Tensor| t.elem_count() * t.dtype().size_in_bytes();
        self.layers.iter().flatten().map(|layer| size(&layer.keys) + size(&layer.values)).sum()
    }

    /// Forgets all but the first `len` tokens. The memory is kept for those to come.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// A copy that goes its own way.
    ///
    /// # Errors
    /// The device has no memory for it.
    pub fn branch(&self) -> Result<Self> {
        self.map(self.left_pad.clone(), Ok)
    }

    /// A copy with these rows of the batch, in this order; a row may come more than once.
    ///
    /// # Errors
    /// A row is beyond the batch, or the device has no memory for it.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        let index: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let left_pad = if self.left_pad.is_empty() {
            Vec::new()
        } else {
            let pads = rows.iter().map(|&row| self.left_pad.get(row).copied());
            pads.collect::<Option<_>>().ok_or_else(|| candle_core::Error::msg("a row beyond the cache's batch"))?
        };
        self.map(left_pad, |t| t.contiguous()?.index_select(&Tensor::new(&index[..], t.device())?, 0))
    }

    /// A copy of what is in use, each tensor changed.
    fn map(&self, left_pad: Vec<usize>, change: impl Fn(Tensor) -> Result<Tensor>) -> Result<Self> {
        let used = |t: &Tensor| change(t.narrow(2, 0, self.len)?)?.force_contiguous();
        let layer = |layer: &Option<Layer>| match layer {
            Some(Layer { keys, values }) if self.len > 0 => {
                Ok(Some(Layer { keys: used(keys)?, values: used(values)? }))
            }
            _ => Ok(None),
        };
        let layers = self.layers.iter().map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, len: self.len, left_pad })
    }

    /// What is in use, by names of layers: [batch, kv_heads, len, head_dim] each.
    ///
    /// # Errors
    /// The device has no memory for it.
    pub fn tensors(&self) -> Result<HashMap<String, Tensor>> {
        let mut out = HashMap::new();
        for (i, layer) in self.layers.iter().enumerate() {
            if let Some(Layer { keys, values }) = layer.as_ref().filter(|_| self.len > 0) {
                out.insert(format!("{i}.keys"), keys.narrow(2, 0, self.len)?.force_contiguous()?);
                out.insert(format!("{i}.values"), values.narrow(2, 0, self.len)?.force_contiguous()?);
            }
        }
        Ok(out)
    }

    /// Takes back one row's [`Cache::tensors`]: [1, kv_heads, len, head_dim] in f32 for each layer, and nothing else.
    ///
    /// # Errors
    /// One is missing, one too many, or of another shape: then it holds nothing.
    pub fn restore(
        &mut self,
        from: &HashMap<String, Tensor>,
        (heads, len, width): (usize, usize, usize),
    ) -> Result<()> {
        self.truncate(0);
        let take = |layer: usize, part: &str| match from.get(&format!("{layer}.{part}")) {
            Some(t) if t.dims() == [1, heads, len, width] && t.dtype() == DType::F32 => Ok(t.clone()),
            found => candle_core::bail!("{part} of layer {layer}: {:?}", found.map(Tensor::shape)),
        };
        if from.len() != 2 * self.layers.len() {
            candle_core::bail!("{} tensors for {} layers", from.len(), self.layers.len());
        }
        let layer = |i: usize| Ok(Some(Layer { keys: take(i, "keys")?, values: take(i, "values")? }));
        self.layers = (0..self.layers.len()).map(layer).collect::<Result<_>>()?;
        (self.len, self.left_pad) = (len, Vec::new());
        Ok(())
    }

    /// Puts the keys and values of new tokens [batch, kv_heads, new, head_dim] behind the others of a layer and gives
    /// all: [batch, kv_heads, len + new, head_dim]. They count once [`Cache::advance`] is told.
    pub(super) fn append(&mut self, layer: usize, keys: &Tensor, values: &Tensor) -> Result<(Tensor, Tensor)> {
        let len = self.len;
        let layers = self.layers.len();
        let Some(slot) = self.layers.get_mut(layer) else {
            candle_core::bail!("a cache for {layers} layers was given to a decoder with more");
        };
        let (batch, heads, new, width) = keys.dims4()?;
        let need = len + new;
        let held = match slot.take() {
            Some(held) if len > 0 && held.keys.dim(0)? != batch => {
                let rows = held.keys.dim(0)?;
                *slot = Some(held);
                candle_core::bail!("the cache holds {rows} rows, {batch} were given");
            }
            Some(held)
                if held.keys.dims4()? == (batch, heads, held.keys.dim(2)?, width) && held.keys.dim(2)? >= need =>
            {
                held
            }
            old => {
                let room =
                    need.max(FIRST).max(old.as_ref().map_or(0, |o| o.keys.dims()[2] * 2)).next_multiple_of(FIRST);
                let grown = |like: &Tensor, old: Option<&Tensor>| {
                    let buffer = Tensor::zeros((batch, heads, room, width), like.dtype(), like.device())?;
                    if let Some(old) = old.filter(|_| len > 0) {
                        buffer.slice_set(&old.narrow(2, 0, len)?.contiguous()?, 2, 0)?;
                    }
                    Ok::<_, candle_core::Error>(buffer)
                };
                Layer {
                    keys: grown(keys, old.as_ref().map(|o| &o.keys))?,
                    values: grown(values, old.as_ref().map(|o| &o.values))?,
                }
            }
        };
        held.keys.slice_set(&keys.contiguous()?, 2, len)?;
        held.values.slice_set(&values.contiguous()?, 2, len)?;
        let all = (held.keys.narrow(2, 0, need)?, held.values.narrow(2, 0, need)?);
        *slot = Some(held);
        Ok(all)
    }

    /// Counts `new` tokens as read: after every layer took them.
    pub(super) fn advance(&mut self, new: usize) {
        self.len += new;
    }
}
