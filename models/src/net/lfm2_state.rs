//! What an LFM2 keeps of a text between tokens, owned by the caller: keys and values where it attends, the last few inputs
//! where it convolves. Unlike keys, those can't be cut back to anywhere: a point to go back to is kept by hand.

use std::collections::HashMap;

use candle_core::{Result, Tensor};

use super::cache::Cache;

/// What an LFM2 has read: keys and values of the layers that attend, the last inputs of those that convolve.
#[derive(Debug)]
pub struct State {
    pub(super) cache: Cache,
    /// A layer each: [batch, taps − 1, hidden] once something was read.
    pub(super) tails: Vec<Option<Tensor>>,
}

/// A point to go back to; cheap to keep.
#[derive(Clone, Debug)]
pub struct Point {
    len: usize,
    tails: Vec<Option<Tensor>>,
}

impl Point {
    /// Tokens read up to there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it is the start.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl State {
    /// Tokens read, a row.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether nothing was read yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Where it stands now.
    #[must_use]
    pub fn point(&self) -> Point {
        Point { len: self.cache.len(), tails: self.tails.clone() }
    }

    /// Forgets what was read since that point of this same text.
    pub fn rewind(&mut self, point: &Point) {
        self.cache.truncate(point.len);
        self.tails.clone_from(&point.tails);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.cache.truncate(0);
        self.tails.fill(None);
    }

    /// What it holds, by names of layers: keys and values as [`Cache::tensors`] has them, and tails.
    ///
    /// # Errors
    /// The device has no memory for it.
    pub fn tensors(&self) -> Result<HashMap<String, Tensor>> {
        let mut out = self.cache.tensors()?;
        for (i, tail) in self.tails.iter().enumerate() {
            if let Some(tail) = tail {
                out.insert(format!("{i}.tail"), tail.contiguous()?);
            }
        }
        Ok(out)
    }

    /// Takes back one row's [`State::tensors`]: keys and values of the layers that attend, and tails [1, taps, hidden] of
    /// those that don't.
    ///
    /// # Errors
    /// One is missing or of another shape: then it holds nothing.
    pub fn restore(
        &mut self,
        from: &HashMap<String, Tensor>,
        keys: (usize, usize, usize),
        [taps, hidden]: [usize; 2],
        attends: &[bool],
    ) -> Result<()> {
        self.clear();
        let (mut rest, mut tails) = (from.clone(), Vec::new());
        for (i, attends) in attends.iter().enumerate() {
            tails.push(match rest.remove(&format!("{i}.tail")) {
                None if *attends => None,
                Some(tail) if !attends && tail.dims() == [1, taps, hidden] => Some(tail),
                found => candle_core::bail!("the tail of layer {i}: {:?}", found.map(|tail| tail.shape().clone())),
            });
        }
        self.cache.restore(&rest, keys)?;
        self.tails = tails;
        Ok(())
    }

    /// A copy with these rows of the batch, in this order; a row may come more than once.
    ///
    /// # Errors
    /// A row is beyond the batch, or the device has no memory for it.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        let index: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let pick = |tail: &Option<Tensor>| {
            tail.as_ref().map(|tail| tail.index_select(&Tensor::new(&index[..], tail.device())?, 0)).transpose()
        };
        Ok(Self { cache: self.cache.select(rows)?, tails: self.tails.iter().map(pick).collect::<Result<_>>()? })
    }
}
