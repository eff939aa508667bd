//! What an LFM2 keeps of a text between tokens, owned by the caller: keys and values where it attends, the last few inputs
//! where it convolves. Unlike keys, those can't be cut back to anywhere: a point to go back to is kept by hand.

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
