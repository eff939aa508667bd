//! Products of matrices that change with every step, so nothing can be packed ahead: `out (+)= a b`, each side read in
//! either order, packed stretch by stretch into panels that stay in the caches (Goto and van de Geijn, 2008).

use std::cell::RefCell;

use super::super::gemm::{STRETCH, Tile, multiply_f32, tile, width};
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

/// `out` [m][n] in rows of `row` values, `+=` where `add`, else `=`, `a` [m][k] times `b` [k][n].
#[allow(clippy::too_many_arguments)]
pub(crate) fn matmul(
    a: Matrix<'_>,
    b: Matrix<'_>,
    (m, n, k): (usize, usize, usize),
    out: &mut [f32],
    row: usize,
    add: bool,
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
    let whole = Shared(out.as_mut_ptr());
    RIGHT.with_borrow_mut(|right| {
        right.resize(right.len().max(panels * columns * STRETCH.min(k)), 0.0);
        for from in (0..k.max(1)).step_by(STRETCH) {
            let depth = STRETCH.min(k - from);
            pack_right(b.from(from, 0), (depth, n), columns, right, pool);
            let right = &right[..];
            pool.run(tiles.div_ceil(each), |piece| {
                let (start, end) = (piece * each * most, m.min((piece + 1) * each * most));
                if from == 0 && !add {
                    for i in start..end {
                        // SAFETY: row i is this piece's alone, and within `out`.
                        #[allow(unsafe_code)]
                        unsafe { std::slice::from_raw_parts_mut(whole.at(i * row), n) }.fill(0.0);
                    }
                }
                LEFT.with_borrow_mut(|left| {
                    let rows = end - start;
                    left.resize(left.len().max((rows + most) * depth), 0.0);
                    let mut at = 0;
                    let mut places = [(0, 0); ROWS];
                    for (place, first) in places.iter_mut().zip((0..rows).step_by(most)) {
                        let count = most.min(rows - first);
                        let wide = if count == most { most } else { width(count, most) };
                        pack_left(a.from(start + first, from), (count, depth), wide, &mut left[at..at + wide * depth]);
                        *place = (at, wide);
                        at += wide * depth;
                    }
                    for panel in 0..panels {
                        let b = right[panel * columns * depth..][..columns * depth].as_ptr();
                        for (&(at, width), first) in places.iter().zip((0..rows).step_by(most)) {
                            let a = left[at..at + width * depth].as_ptr();
                            let out = whole.at((start + first) * row + panel * columns);
                            let (rows, columns) = (most.min(rows - first), columns.min(n - panel * columns));
                            // SAFETY: a and b were packed for this tile; `out` has these rows and columns, this
                            // piece's alone.
                            #[allow(unsafe_code)]
                            unsafe {
                                multiply_f32(level, Tile { depth, a, width, b, out, row, rows, columns });
                            }
                        }
                    }
                });
            });
        }
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
            turn(&b.values[first * b.column..], b.column, (count, depth), columns, to);
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
        turn(a.values, a.row, (rows, depth), width, to);
    }
}

/// Rows [rows][depth], `row` apart, to [depth][width], missing rows 0: in blocks that stay in registers or close by.
fn turn(from: &[f32], row: usize, (rows, depth): (usize, usize), width: usize, to: &mut [f32]) {
    let to = &mut to[..width * depth];
    for m in (rows..width).rev() {
        to.iter_mut().skip(m).step_by(width).for_each(|x| *x = 0.0);
    }
    let mut m = 0;
    while m + 4 <= rows {
        let lines: [&[f32]; 4] = std::array::from_fn(|i| &from[(m + i) * row..][..depth]);
        for (k, to) in to.chunks_exact_mut(width).enumerate() {
            let to = &mut to[m..m + 4];
            to[0] = lines[0][k];
            to[1] = lines[1][k];
            to[2] = lines[2][k];
            to[3] = lines[3][k];
        }
        m += 4;
    }
    for m in m..rows {
        let line = &from[m * row..][..depth];
        to.iter_mut().skip(m).step_by(width).zip(line).for_each(|(to, x)| *to = *x);
    }
}
