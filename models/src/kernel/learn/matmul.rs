//! Products of matrices that change with every step, so nothing can be packed ahead: `out (+)= a b`, each side read in
//! either order, packed stretch by stretch into panels that stay in the caches (Goto and van de Geijn, 2008).

#![allow(clippy::needless_range_loop)] // an index here also moves pointers

use std::cell::RefCell;

use super::super::float::{Floats, on_every_level};
use super::super::gemm::{Onto, STRETCH, Tile, finish, multiply_f32, pack_rows, tile, width};
use super::super::pool::Shared;
use super::super::{Level, Pool};

/// Rows of `a` in a piece of work, at most: their panels stay in the second cache.
const ROWS: usize = 96;

thread_local! {
    static LEFT: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
    static RIGHT: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// A matrix that is read: element (i, j) at `i * row + j * column`; one of the two is 1.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `width` values one after the other.
    pub(crate) fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, row: width, column: 1 }
    }

    /// The same, turned.
    pub(crate) fn turned(self) -> Self {
        Self { values: self.values, row: self.column, column: self.row }
    }

    fn from(self, row: usize, column: usize) -> Self {
        Self { values: &self.values[row * self.row + column * self.column..], ..self }
    }
}

/// A right side packed once for several products: stretch by stretch, panel by panel.
pub(crate) struct Packed {
    values: Vec<f32>,
    k: usize,
    n: usize,
}

impl Packed {
    /// Packs `b` [k][n].
    pub(crate) fn new(b: Matrix<'_>, (k, n): (usize, usize), pool: &Pool) -> Self {
        let columns = tile(Level::best()).1;
        let across = n.div_ceil(columns) * columns;
        let mut values = vec![0f32; across * k];
        for from in (0..k).step_by(STRETCH) {
            let depth = STRETCH.min(k - from);
            pack_right(b.from(from, 0), (depth, n), columns, &mut values[from * across..][..depth * across], pool);
        }
        Self { values, k, n }
    }
}

/// Where a product goes: rows of `row` values, added to where `add`.
pub(crate) struct Out<'a> {
    pub values: &'a mut [f32],
    pub row: usize,
    pub add: bool,
}

impl<'a> Out<'a> {
    /// Over what is there, in whole rows of `width`.
    pub(crate) fn over(values: &'a mut [f32], width: usize) -> Self {
        Self { values, row: width, add: false }
    }

    /// Added to what is there.
    pub(crate) fn onto(values: &'a mut [f32], width: usize) -> Self {
        Self { values, row: width, add: true }
    }
}

/// `a` [m][k] times `b` [k][n].
pub(crate) fn matmul(a: Matrix<'_>, b: Matrix<'_>, (m, n, k): (usize, usize, usize), out: Out<'_>, pool: &Pool) {
    let columns = tile(Level::best()).1;
    let across = n.div_ceil(columns) * columns;
    RIGHT.with_borrow_mut(|right| {
        right.resize(right.len().max(across * STRETCH.min(k)), 0.0);
        for from in (0..k.max(1)).step_by(STRETCH) {
            let depth = STRETCH.min(k - from);
            pack_right(b.from(from, 0), (depth, n), columns, &mut right[..depth * across], pool);
            let clear = from == 0 && !out.add;
            stretch(a.from(0, from), right, (m, n, depth), (out.values, out.row, clear), pool);
        }
    });
}

/// `a` [m][k] times what was packed.
pub(crate) fn multiply(a: Matrix<'_>, b: &Packed, m: usize, out: Out<'_>, pool: &Pool) {
    let columns = tile(Level::best()).1;
    let across = b.n.div_ceil(columns) * columns;
    for from in (0..b.k.max(1)).step_by(STRETCH) {
        let depth = STRETCH.min(b.k - from);
        let clear = from == 0 && !out.add;
        stretch(a.from(0, from), &b.values[from * across..], (m, b.n, depth), (out.values, out.row, clear), pool);
    }
}

/// One stretch of k.
fn stretch(
    a: Matrix<'_>,
    right: &[f32],
    (m, n, depth): (usize, usize, usize),
    (out, row, clear): (&mut [f32], usize, bool),
    pool: &Pool,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(row >= n && out.len() >= (m - 1) * row + n, "matmul: an output of {} for {m} x {n}", out.len());
    let level = Level::best();
    let (most, columns) = tile(level);
    let panels = n.div_ceil(columns);
    let tiles = m.div_ceil(most);
    // As many pieces as keep all threads busy, none so small that handing it out costs.
    let each = (ROWS / most).min(tiles.div_ceil(2 * pool.threads())).max(1);
    let (whole, onto) = (Shared(out.as_mut_ptr()), || if clear { Onto::Nothing } else { Onto::There });
    pool.run(tiles.div_ceil(each), |piece| {
        let (start, end) = (piece * each * most, m.min((piece + 1) * each * most));
        // Whole tiles of rows are read where they stand; other ones are packed.
        let direct = |count: usize| a.column == 1 && count == most;
        LEFT.with_borrow_mut(|left| {
            let rows = end - start;
            left.resize(left.len().max((rows + most) * depth), 0.0);
            let mut at = 0;
            let mut places = [(0, 0); ROWS];
            for (place, first) in places.iter_mut().zip((0..rows).step_by(most)) {
                let count = most.min(rows - first);
                let wide = if count == most { most } else { width(count, most) };
                *place = (at, wide);
                if !direct(count) {
                    pack_left(a.from(start + first, 0), (count, depth), wide, &mut left[at..at + wide * depth]);
                    at += wide * depth;
                }
            }
            for panel in 0..panels {
                let b = right[panel * columns * depth..][..columns * depth].as_ptr();
                for (&(at, width), first) in places.iter().zip((0..rows).step_by(most)) {
                    let out = whole.at((start + first) * row + panel * columns);
                    let (rows, columns) = (most.min(rows - first), columns.min(n - panel * columns));
                    if direct(rows) {
                        let from = a.from(start + first, 0);
                        assert!(from.values.len() >= (most - 1) * from.row + depth);
                        let tile =
                            Tile { depth, a: from.values.as_ptr(), width, b, out, row, rows, columns, onto: onto() };
                        // SAFETY: `a` holds as many rows, checked here; b and `out` as below.
                        #[allow(unsafe_code)]
                        unsafe {
                            multiply_direct(level, tile, from.row);
                        }
                        continue;
                    }
                    let a = left[at..at + width * depth].as_ptr();
                    // SAFETY: a and b were packed for this tile; `out` has these rows and columns, this piece's alone.
                    #[allow(unsafe_code)]
                    unsafe {
                        multiply_f32(level, Tile { depth, a, width, b, out, row, rows, columns, onto: onto() });
                    }
                }
            }
        });
    });
}

/// [depth][n] to panels [depth][columns], missing columns 0.
fn pack_right(b: Matrix<'_>, (depth, n): (usize, usize), columns: usize, to: &mut [f32], pool: &Pool) {
    let panels = n.div_ceil(columns);
    pool.chunks(&mut to[..panels * columns * depth], columns * depth, |panel, to| {
        let (first, count) = (panel * columns, columns.min(n - panel * columns));
        if b.column == 1 {
            for (k, to) in to.chunks_exact_mut(columns).enumerate() {
                to[..count].copy_from_slice(&b.values[k * b.row + first..][..count]);
                to[count..].fill(0.0);
            }
        } else {
            pack_rows(&b.values[first * b.column..], b.column, count, depth, columns, to);
        }
    });
}

/// [rows][depth] to [depth][width], missing rows 0.
fn pack_left(a: Matrix<'_>, (rows, depth): (usize, usize), width: usize, to: &mut [f32]) {
    if a.row == 1 {
        for (k, to) in to.chunks_exact_mut(width).enumerate() {
            to[..rows].copy_from_slice(&a.values[k * a.column..][..rows]);
            to[rows..].fill(0.0);
        }
    } else {
        pack_rows(a.values, a.row, rows, depth, width, to);
    }
}

on_every_level!(
    /// Puts a tile into `out` whose `a` stands in rows `stride` floats apart, as many as the level's largest tile has.
    unsafe fn multiply_direct(tile: Tile<f32>, stride: usize) = multiply_direct_on
);

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn multiply_direct_on<F: Floats>(tile: Tile<f32>, stride: usize) {
    // SAFETY: the caller's, for each.
    unsafe {
        match F::ROWS {
            4 => direct::<F, 4>(tile, stride),
            6 => direct::<F, 6>(tile, stride),
            _ => direct::<F, 12>(tile, stride),
        }
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn direct<F: Floats, const M: usize>(tile: Tile<f32>, stride: usize) {
    // Widths a level never uses are not compiled for it.
    if M != F::ROWS {
        return;
    }
    let columns = F::VECS * F::WIDTH;
    // SAFETY: `a` and `b` are read for `depth` of M rows and of the tile's columns; `out` within its rows and columns.
    unsafe {
        let mut sums = [[F::splat(0.0); 2]; M];
        let mut b = tile.b;
        let rows: [*const f32; M] = std::array::from_fn(|m| tile.a.add(m * stride));
        for k in 0..tile.depth {
            let mut row = [F::splat(0.0); 2];
            for v in 0..F::VECS {
                row[v] = F::load(b.add(v * F::WIDTH));
            }
            for m in 0..M {
                let x = F::splat(*rows[m].add(k));
                for v in 0..F::VECS {
                    sums[m][v] = F::mul_add(x, row[v], sums[m][v]);
                }
            }
            b = b.add(columns);
        }
        finish::<F, M>(&mut sums, tile.out, tile.row, (tile.rows, tile.columns), tile.onto);
    }
}
