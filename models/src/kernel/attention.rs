//! Attention in one go: scores of a few queries against all keys they see stay in a cache, never in memory (after Dao et
//! al., 2022). Many queries go tile by tile through packed keys and values; one query, as when a model speaks, reads the
//! cache of keys and values once, where it stands.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType};
use half::bf16;

use super::attention_row::{Kept, softmax};
use super::gemm::{Onto, STRETCH, Tile, multiply_f32, pack_rows, tile, width};
use super::lined::Lined;
use super::pool::Shared;
use super::{Level, Pool, floats};

/// Up to this many queries of a key head read keys and values where they stand.
const FEW: usize = 8;

thread_local! {
    /// Queries, scores and sums of a tile.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Which keys a query sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// All.
    All,
    /// The first query sees `offset + 1` keys, each next one more, but none of the first `left_pad` of its batch row.
    Causal {
        /// Keys before the first query.
        offset: usize,
        /// One count a row of the batch; empty for none.
        left_pad: Vec<usize>,
    },
}

/// q [batch, heads, queries, d] in f32, k and v [batch, kv_heads, keys, d] in f32 or bf16, on the CPU, to [batch, heads, queries, d];
/// `kv_heads` divides `heads`. Rows of k and v must be whole (d floats, one row after the other), heads may lie anywhere.
/// A query that sees nothing gets zeros.
///
/// # Errors
/// Shapes do not fit, or a tensor is in another dtype or not on the CPU.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, seen: Seen, scale: f64) -> Result<Tensor> {
    on(q, k, v, seen, scale, Level::best())
}

/// The same on a level, for tests and measurements.
///
/// # Errors
/// As [`attention`].
pub fn on(q: &Tensor, k: &Tensor, v: &Tensor, seen: Seen, scale: f64, level: Level) -> Result<Tensor> {
    q.contiguous()?.apply_op3_no_bwd(k, v, &Attention { seen, scale: scale as f32, level })
}

struct Attention {
    seen: Seen,
    scale: f32,
    level: Level,
}

/// Sizes of one call.
#[derive(Clone, Copy)]
struct Sizes {
    kv_heads: usize,
    group: usize,
    queries: usize,
    keys: usize,
    width: usize,
}

/// Where keys or values of a head start.
struct Heads<'a, E> {
    all: &'a [E],
    start: usize,
    strides: (usize, usize),
}

impl<'a, E: WithDType> Heads<'a, E> {
    fn new(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let (dims, strides) = (layout.dims(), layout.stride());
        if dims.len() != 4 || strides[3] != 1 && dims[3] > 1 || strides[2] != dims[3] && dims[2] > 1 {
            candle_core::bail!("attention needs keys and values whose rows follow each other, not {layout:?}");
        }
        Ok(Self { all: storage.as_slice()?, start: layout.start_offset(), strides: (strides[0], strides[1]) })
    }

    fn get(&self, batch: usize, head: usize, len: usize) -> Result<&'a [E]> {
        let start = self.start + batch * self.strides.0 + head * self.strides.1;
        self.all.get(start..start + len).ok_or_else(|| candle_core::Error::msg("keys or values beyond their storage"))
    }
}

impl Attention {
    /// Keys that a query of a batch row sees.
    fn range(&self, batch: usize, query: usize, keys: usize) -> (usize, usize) {
        match &self.seen {
            Seen::All => (0, keys),
            Seen::Causal { offset, left_pad } => {
                let end = (offset + query + 1).min(keys);
                (left_pad.get(batch).copied().unwrap_or(0).min(end), end)
            }
        }
    }

    /// Queries row by row, each against keys and values where they stand.
    fn few<E: Kept>(&self, q: &[f32], k: &[E], v: &[E], batch: usize, sizes: Sizes, out: &mut [f32]) {
        let Sizes { queries, keys, width, .. } = sizes;
        SCRATCH.with_borrow_mut(|scores| {
            scores.resize(keys.max(scores.len()), 0.0);
            for (row, (q, out)) in q.chunks_exact(width).zip(out.chunks_exact_mut(width)).enumerate() {
                let (from, to) = self.range(batch, row % queries, keys);
                let (k, v) = (&k[from * width..to * width], &v[from * width..to * width]);
                let scores = &mut scores[..to - from];
                // SAFETY: k and v hold as many rows as there are scores, each as wide as q and `out`.
                #[allow(unsafe_code)]
                unsafe {
                    E::one_query(self.level, q, (k.as_ptr(), v.as_ptr()), scores, self.scale, out);
                }
            }
        });
    }

    /// A tile of query rows `first..` against packed keys and values.
    #[allow(clippy::too_many_arguments)]
    fn many(&self, q: &[f32], k: &[f32], v: &[f32], batch: usize, sizes: Sizes, first: usize, out: &mut [f32]) {
        let Sizes { queries, keys, width: across, .. } = sizes;
        let (most, columns) = tile(self.level);
        let rows = out.len() / across;
        let wide = width(rows, most);
        let ranges: Vec<_> = (0..rows).map(|row| self.range(batch, (first + row) % queries, keys)).collect();
        let end = ranges.iter().map(|range| range.1).max().unwrap_or(0);
        let room = end.next_multiple_of(columns);
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.resize(scratch.len().max(wide * across + 2 * wide * room), 0.0);
            let (packed_q, rest) = scratch.split_at_mut(wide * across);
            let (scores, packed_scores) = rest[..2 * wide * room].split_at_mut(wide * room);
            pack_rows(q, across, rows, across, wide, packed_q);
            for (panel, k) in k.chunks_exact(columns * across).take(room / columns).enumerate() {
                let out = scores[panel * columns..].as_mut_ptr();
                let (a, b) = (packed_q.as_ptr(), k.as_ptr());
                // SAFETY: q and the keys were packed for this tile; `scores` has `wide` rows of `room`.
                #[allow(unsafe_code)]
                unsafe {
                    let onto = Onto::Nothing;
                    let tile = Tile { depth: across, a, width: wide, b, out, row: room, rows, columns, onto };
                    multiply_f32(self.level, tile);
                }
            }
            let mut shares = [0.0; 32];
            for (((from, to), scores), share) in
                ranges.into_iter().zip(scores.chunks_exact_mut(room.max(1))).zip(&mut shares)
            {
                scores[..from].fill(0.0);
                scores[to..].fill(0.0);
                let mut sum = 0.0;
                // SAFETY: `sum` takes one value.
                #[allow(unsafe_code)]
                unsafe {
                    softmax(self.level, &mut scores[from..to], self.scale, &raw mut sum);
                }
                *share = if sum == 0.0 { 0.0 } else { 1.0 / sum };
            }
            pack_rows(scores, room, rows, end, wide, packed_scores);
            for key in (0..end).step_by(STRETCH) {
                let depth = STRETCH.min(end - key);
                for (panel, column) in (0..across).step_by(columns).enumerate() {
                    let a = packed_scores[key * wide..].as_ptr();
                    let b = v[(panel * keys + key) * columns..][..depth * columns].as_ptr();
                    let columns = columns.min(across - column);
                    let out = out[column..].as_mut_ptr();
                    // SAFETY: scores and values were packed for this tile; `out` has these rows and columns.
                    #[allow(unsafe_code)]
                    unsafe {
                        let onto = Onto::stretch(key == 0, Onto::Nothing);
                        let tile = Tile { depth, a, width: wide, b, out, row: across, rows, columns, onto };
                        multiply_f32(self.level, tile);
                    }
                }
            }
            for (out, share) in out.chunks_exact_mut(across).zip(shares) {
                out.iter_mut().for_each(|x| *x *= share);
            }
        });
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (&[batch, heads, queries, width], &[rows, kv_heads, keys, across]) = (l1.dims(), l2.dims()) else {
            candle_core::bail!("attention was given {:?} and {:?}", l1.shape(), l2.shape())
        };
        if l2.dims() != l3.dims() || rows != batch || across != width || width == 0 {
            candle_core::bail!("attention: shapes {:?} {:?} {:?} do not meet", l1.shape(), l2.shape(), l3.shape());
        }
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            candle_core::bail!("attention: {kv_heads} key heads do not divide {heads} query heads");
        }
        if let Seen::Causal { left_pad, .. } = &self.seen
            && !left_pad.is_empty()
            && left_pad.len() != batch
        {
            candle_core::bail!("attention: {} paddings for {batch} rows", left_pad.len());
        }
        let q = floats(s1, l1)?;
        let group = heads / kv_heads;
        let sizes = Sizes { kv_heads, group, queries, keys, width };
        let mut out = vec![0f32; q.len()];
        if !(out.is_empty() || keys == 0) {
            match s2 {
                CpuStorage::BF16(_) => {
                    self.fill::<bf16>(q, &Heads::new(s2, l2)?, &Heads::new(s3, l3)?, sizes, &mut out)?;
                }
                _ => self.fill::<f32>(q, &Heads::new(s2, l2)?, &Heads::new(s3, l3)?, sizes, &mut out)?,
            }
        }
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

impl Attention {
    fn fill<E: Kept + WithDType>(
        &self,
        q: &[f32],
        k: &Heads<E>,
        v: &Heads<E>,
        sizes: Sizes,
        out: &mut [f32],
    ) -> Result<()> {
        let Sizes { kv_heads, group, queries, keys, width } = sizes;
        // The query rows of one key head lie together.
        let each = group * queries * width;
        let pairs = (0..q.len() / each)
            .map(|i| {
                let (batch, head) = (i / kv_heads, i % kv_heads);
                Ok((batch, k.get(batch, head, keys * width)?, v.get(batch, head, keys * width)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let pool = Pool::shared();
        if group * queries <= FEW {
            pool.chunks(out, each, |i, out| {
                let (batch, k, v) = pairs[i];
                self.few(&q[i * each..(i + 1) * each], k, v, batch, sizes, out);
            });
            return Ok(());
        }
        let (most, columns) = tile(self.level);
        let (key_panels, panels) = (keys.div_ceil(columns), width.div_ceil(columns));
        let (k_size, v_size) = (key_panels * columns * width, panels * columns * keys);
        let mut packed = Lined::new(pairs.len() * (k_size + v_size));
        pool.chunks(&mut packed, k_size + v_size, |i, to| {
            let (_, k, v) = pairs[i];
            let (to_k, to_v) = to.split_at_mut(k_size);
            for (key, row) in k.chunks_exact(width).enumerate() {
                let panel = &mut to_k[key / columns * columns * width..];
                row.iter().enumerate().for_each(|(d, x)| panel[d * columns + key % columns] = (*x).into());
            }
            for (key, row) in v.chunks_exact(width).enumerate() {
                for (panel, part) in row.chunks(columns).enumerate() {
                    let to = &mut to_v[(panel * keys + key) * columns..][..part.len()];
                    to.iter_mut().zip(part).for_each(|(to, x)| *to = (*x).into());
                }
            }
        });
        let tiles = (group * queries).div_ceil(most);
        let whole = Shared(out.as_mut_ptr());
        pool.run(pairs.len() * tiles, |piece| {
            let (i, first) = (piece / tiles, piece % tiles * most);
            let rows = most.min(group * queries - first);
            let at = i * each + first * width;
            // SAFETY: the rows of this piece alone, within `out`.
            #[allow(unsafe_code)]
            let out = unsafe { std::slice::from_raw_parts_mut(whole.at(at), rows * width) };
            let (k, v) = packed[i * (k_size + v_size)..(i + 1) * (k_size + v_size)].split_at(k_size);
            self.many(&q[at..at + rows * width], k, v, pairs[i].0, sizes, first, out);
        });
        Ok(())
    }
}
