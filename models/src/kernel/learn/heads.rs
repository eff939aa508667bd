//! Attention on rows that hold queries, keys and values side by side, forth and back (after Dao et al., 2022): only a
//! number a query is kept, scores are made again. Before it, each head may be normed and turned by its position.

use std::cell::RefCell;

use super::super::pool::Shared;
use super::super::{Level, Pool};
use super::matmul::{Matrix, Out, matmul};
use super::rows::{chances, dot, largest_and_sum, norm_back, scores_back};

/// Queries that go together.
const QUERIES: usize = 96;

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// How rows [batch · tokens][(heads + 2 kv_heads) · width] are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Heads {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub width: usize,
    pub causal: bool,
    pub scale: f32,
}

impl Heads {
    /// Values a row of queries, keys and values.
    pub(crate) fn row(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.width
    }

    /// Values a row of answers.
    pub(crate) fn out(&self) -> usize {
        self.heads * self.width
    }

    fn seen(&self, query: usize) -> usize {
        if self.causal { query + 1 } else { self.tokens }
    }

    /// Where query head, key head and value head of a batch row's first token start.
    fn starts(&self, batch: usize, head: usize) -> (usize, usize, usize) {
        let first = batch * self.tokens * self.row();
        let kv = head / (self.heads / self.kv_heads);
        let at = |n: usize| first + n * self.width;
        (at(head), at(self.heads + kv), at(self.heads + self.kv_heads + kv))
    }

    /// Answers to `out` [rows][heads · width], and to `logs` [batch][heads][tokens] what makes scores probabilities.
    pub(crate) fn forth(&self, qkv: &[f32], out: &mut [f32], logs: &mut [f32], pool: &Pool) {
        let (row, across, tokens, width) = (self.row(), self.out(), self.tokens, self.width);
        assert!(qkv.len() == self.batch * tokens * row && out.len() == self.batch * tokens * across);
        assert!(logs.len() == self.batch * self.heads * tokens);
        let (out, logs) = (Shared(out.as_mut_ptr()), Shared(logs.as_mut_ptr()));
        pool.run(self.batch * self.heads, |piece| {
            let (batch, head) = (piece / self.heads, piece % self.heads);
            let (q, k, v) = self.starts(batch, head);
            let part = |at: usize| Matrix { values: &qkv[at..], row, column: 1 };
            // SAFETY: this piece's numbers alone.
            #[allow(unsafe_code)]
            let logs = unsafe { std::slice::from_raw_parts_mut(logs.at(piece * tokens), tokens) };
            SCRATCH.with_borrow_mut(|scratch| {
                scratch.resize(scratch.len().max(QUERIES * (tokens + width)), 0.0);
                for first in (0..tokens).step_by(QUERIES) {
                    let rows = QUERIES.min(tokens - first);
                    let keys = self.seen(first + rows - 1);
                    let (scores, said) = scratch.split_at_mut(QUERIES * tokens);
                    let scores = &mut scores[..rows * keys];
                    self.chances(part(q + first * row), part(k), (first, rows, keys), scores, Ok(&mut logs[first..]));
                    let said = &mut said[..rows * width];
                    matmul(Matrix::rows(scores, keys), part(v), (rows, width, keys), Out::over(said, width), pool);
                    for (i, said) in said.chunks_exact(width).enumerate() {
                        let at = (batch * tokens + first + i) * across + head * width;
                        // SAFETY: a head's part of a row, this piece's alone.
                        #[allow(unsafe_code)]
                        unsafe { std::slice::from_raw_parts_mut(out.at(at), width) }.copy_from_slice(said);
                    }
                }
            });
        });
    }

    /// Probabilities of rows of queries, and their logs where they are not known yet.
    fn chances(
        &self,
        q: Matrix<'_>,
        k: Matrix<'_>,
        (first, rows, keys): (usize, usize, usize),
        scores: &mut [f32],
        mut logs: Result<&mut [f32], &[f32]>,
    ) {
        let level = Level::best();
        matmul(q, k.turned(), (rows, keys, self.width), Out::over(scores, keys), Pool::shared());
        for (i, scores) in scores.chunks_exact_mut(keys).enumerate() {
            let seen = self.seen(first + i);
            let log = match &mut logs {
                Err(known) => known[i],
                Ok(logs) => {
                    let mut most = [0f32; 2];
                    // SAFETY: room for two.
                    #[allow(unsafe_code)]
                    unsafe {
                        largest_and_sum(level, &scores[..seen], self.scale, most.as_mut_ptr());
                    }
                    logs[i] = most[0] * self.scale + most[1].ln();
                    logs[i]
                }
            };
            // SAFETY: at most `keys` are seen.
            #[allow(unsafe_code)]
            unsafe {
                chances(level, scores, seen, self.scale, log);
            }
        }
    }

    /// The gradient of the answers, `dout`, to that of queries, keys and values, `back` [rows][..] (all of it is written).
    pub(crate) fn back(&self, qkv: &[f32], out: &[f32], logs: &[f32], dout: &[f32], back: &mut [f32], pool: &Pool) {
        let (row, across, tokens, width) = (self.row(), self.out(), self.tokens, self.width);
        let (level, group) = (Level::best(), self.heads / self.kv_heads);
        assert!(qkv.len() == self.batch * tokens * row && back.len() == qkv.len());
        assert!(out.len() == self.batch * tokens * across && dout.len() == out.len());
        let to = Shared(back.as_mut_ptr());
        pool.run(self.batch * self.kv_heads, |piece| {
            let (batch, kv) = (piece / self.kv_heads, piece % self.kv_heads);
            let part = |at: usize| Matrix { values: &qkv[at..], row, column: 1 };
            SCRATCH.with_borrow_mut(|scratch| {
                scratch.resize(scratch.len().max(2 * QUERIES * tokens + (2 * tokens + QUERIES) * width), 0.0);
                let (chance, rest) = scratch.split_at_mut(QUERIES * tokens);
                let (dchance, rest) = rest.split_at_mut(QUERIES * tokens);
                let (dk, rest) = rest.split_at_mut(tokens * width);
                let (dv, dq) = rest.split_at_mut(tokens * width);
                dk.fill(0.0);
                dv.fill(0.0);
                let mut starts = (0, 0, 0);
                for head in kv * group..(kv + 1) * group {
                    starts = self.starts(batch, head);
                    let (q, k, v) = starts;
                    for first in (0..tokens).step_by(QUERIES) {
                        let rows = QUERIES.min(tokens - first);
                        let keys = self.seen(first + rows - 1);
                        let queries = part(q + first * row);
                        let logs = &logs[(batch * self.heads + head) * tokens + first..];
                        let (chance, dchance) = (&mut chance[..rows * keys], &mut dchance[..rows * keys]);
                        self.chances(queries, part(k), (first, rows, keys), chance, Err(logs));
                        let at = (batch * tokens + first) * across + head * width;
                        let dsaid = Matrix { values: &dout[at..], row: across, column: 1 };
                        let p = Matrix::rows(chance, keys);
                        matmul(p.turned(), dsaid, (keys, width, rows), Out::onto(dv, width), pool);
                        matmul(dsaid, part(v).turned(), (rows, keys, width), Out::over(dchance, keys), pool);
                        for (i, (p, dp)) in chance.chunks_exact(keys).zip(dchance.chunks_exact_mut(keys)).enumerate() {
                            let (at, mut delta) = (at + i * across, 0f32);
                            // SAFETY: answers and their gradients are `width` long, p and dp are as long.
                            #[allow(unsafe_code)]
                            unsafe {
                                dot(level, &out[at..at + width], dout[at..at + width].as_ptr(), &raw mut delta);
                                scores_back(level, p, dp.as_mut_ptr(), delta, self.scale);
                            }
                        }
                        let ds = Matrix::rows(dchance, keys);
                        matmul(ds.turned(), queries, (keys, width, rows), Out::onto(dk, width), pool);
                        matmul(ds, part(k), (rows, width, keys), Out::over(&mut dq[..rows * width], width), pool);
                        for (i, dq) in dq.chunks_exact(width).take(rows).enumerate() {
                            // SAFETY: a query head's part of a row, this piece's alone.
                            #[allow(unsafe_code)]
                            unsafe { std::slice::from_raw_parts_mut(to.at(q + (first + i) * row), width) }
                                .copy_from_slice(dq);
                        }
                    }
                }
                for (i, (dk, dv)) in dk.chunks_exact(width).zip(dv.chunks_exact(width)).enumerate() {
                    for (at, from) in [(starts.1, dk), (starts.2, dv)] {
                        // SAFETY: a key or value head's part of a row, this piece's alone.
                        #[allow(unsafe_code)]
                        unsafe { std::slice::from_raw_parts_mut(to.at(at + i * row), width) }.copy_from_slice(from);
                    }
                }
            });
        });
    }
}

/// What happens to queries and keys before they meet: a norm of each head, a turn by position.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    /// Weights of the norms of queries and of keys, `[width]` each, and their epsilon.
    pub norm: Option<(&'a [f32], &'a [f32], f32)>,
    /// Cosines and sines, [tokens][width / 2] each.
    pub turns: Option<(&'a [f32], &'a [f32])>,
}

impl Before<'_> {
    /// Whether nothing happens.
    pub(crate) fn is_nothing(&self) -> bool {
        self.norm.is_none() && self.turns.is_none()
    }

    /// In place, all rows.
    pub(crate) fn forth(&self, qkv: &mut [f32], cut: &Heads, pool: &Pool) {
        let (row, width) = (cut.row(), cut.width);
        pool.chunks(qkv, 16 * row, |i, rows| {
            for (j, line) in rows.chunks_exact_mut(row).enumerate() {
                let token = (i * 16 + j) % cut.tokens;
                for (head, x) in line.chunks_exact_mut(width).take(cut.heads + cut.kv_heads).enumerate() {
                    if let Some((q, k, eps)) = self.norm {
                        let weights = if head < cut.heads { q } else { k };
                        let square: f32 = x.iter().map(|x| x * x).sum();
                        let scale = 1.0 / (square / width as f32 + eps).sqrt();
                        x.iter_mut().zip(weights).for_each(|(x, w)| *x *= scale * w);
                    }
                    self.turn(x, token, 1.0);
                }
            }
        });
    }

    /// Gradients in place, `before` the rows as they were before [`Before::forth`] (read only where there is a norm);
    /// adds to the gradients of the norms' weights. Rows go one after the other, as their sums must not depend on threads.
    pub(crate) fn back(
        &self,
        before: &[f32],
        grad: &mut [f32],
        dw: (&mut [f32], &mut [f32]),
        cut: &Heads,
        pool: &Pool,
    ) {
        let (row, width, level) = (cut.row(), cut.width, Level::best());
        pool.chunks(grad, 16 * row, |i, rows| {
            for (j, line) in rows.chunks_exact_mut(row).enumerate() {
                let token = (i * 16 + j) % cut.tokens;
                for x in line.chunks_exact_mut(width).take(cut.heads + cut.kv_heads) {
                    self.turn(x, token, -1.0);
                }
            }
        });
        let Some((q, k, eps)) = self.norm else { return };
        for (line, from) in grad.chunks_exact_mut(row).zip(before.chunks_exact(row)) {
            let heads = line.chunks_exact_mut(width).zip(from.chunks_exact(width)).take(cut.heads + cut.kv_heads);
            for (head, (grad, x)) in heads.enumerate() {
                let (weights, dw) = if head < cut.heads { (q, &mut *dw.0) } else { (k, &mut *dw.1) };
                let mut dx = [0f32; 256];
                // SAFETY: all are `width` long, at most 256.
                #[allow(unsafe_code)]
                unsafe {
                    let (none, no) = (std::ptr::null(), std::ptr::null_mut());
                    norm_back(
                        level,
                        x,
                        grad.as_ptr(),
                        weights.as_ptr(),
                        none,
                        dx.as_mut_ptr(),
                        dw.as_mut_ptr(),
                        no,
                        eps,
                    );
                }
                grad.copy_from_slice(&dx[..width]);
            }
        }
    }

    fn turn(&self, x: &mut [f32], token: usize, way: f32) {
        let Some((cos, sin)) = self.turns else { return };
        let half = x.len() / 2;
        let (cos, sin) = (&cos[token * half..][..half], &sin[token * half..][..half]);
        let (low, high) = x.split_at_mut(half);
        for ((a, b), (c, s)) in low.iter_mut().zip(high).zip(cos.iter().zip(sin)) {
            let s = way * s;
            (*a, *b) = (*a * c - *b * s, *b * c + *a * s);
        }
    }
}
