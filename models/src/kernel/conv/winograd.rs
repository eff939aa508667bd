//! Convolution by 3 x 3 with a stride of 1 in Winograd's way, F(2 x 2, 3 x 3) of Lavin and Gray, "Fast Algorithms for
//! Convolutional Neural Networks" (2016): four outputs of a pair of channels take 16 multiplications and not 36, as a
//! matrix product for each of 16 points. What goes in and comes out is transformed by sums alone.

use std::cell::RefCell;

use super::{Place, copy};
use crate::kernel::float::{Floats, on_every_level};
use crate::kernel::gemm::{Onto, Tile, multiply_f32, pack_rows, stretch, tile, width};
use crate::kernel::lined::Lined;
use crate::kernel::pool::Shared;
use crate::kernel::{Level, Pool};

/// Places of a 4 x 4 window, and of its transform.
const POINTS: usize = 16;
/// Most windows in a piece of work, of 2 x 2 outputs each; every level's panels divide it.
const MOST: usize = 96;
/// With fewer channels than this, in or out, the transforms cost more than they save.
const CHANNELS: usize = 32;

thread_local! {
    /// A piece's windows and products, transformed.
    static PIECE: RefCell<[Lined<f32>; 2]> = RefCell::default();
}

/// The weights of such a convolution, transformed.
pub(super) struct Winograd {
    /// For each point tiles of outputs, each [in][width].
    packed: Lined<f32>,
    outputs: usize,
    inputs: usize,
    level: Level,
}

/// Weights of a row or column of a kernel at the four places of a window's: a row of G.
fn transformed(g: [f64; 3]) -> [f64; 4] {
    let (ends, middle) = ((g[0] + g[2]) * 0.5, g[1] * 0.5);
    [g[0], ends + middle, ends - middle, g[2]]
}

impl Winograd {
    /// From weights [out][in][3][3]; `None` where the plain way is the better one.
    pub(super) fn new(weights: &[f32], [outputs, inputs, down, across]: [usize; 4], level: Level) -> Option<Self> {
        if (down, across) != (3, 3) || outputs.min(inputs) < CHANNELS {
            return None;
        }
        let mut points = vec![0f32; POINTS * outputs * inputs];
        for (n, kernel) in weights.chunks_exact(9).enumerate() {
            let rows: [[f64; 4]; 3] =
                std::array::from_fn(|i| transformed(std::array::from_fn(|j| f64::from(kernel[3 * i + j]))));
            for j in 0..4 {
                for (i, value) in transformed([rows[0][j], rows[1][j], rows[2][j]]).into_iter().enumerate() {
                    points[(4 * i + j) * outputs * inputs + n] = value as f32;
                }
            }
        }
        let most = tile(level).0;
        let mut packed = Lined::new(POINTS * Self::rows(outputs, most) * inputs);
        let each = packed.len() / POINTS;
        for (point, to) in points.chunks_exact(outputs * inputs).zip(packed.chunks_exact_mut(each)) {
            for (i, to) in to.chunks_mut(most * inputs).enumerate() {
                let some = most.min(outputs - i * most);
                pack_rows(&point[i * most * inputs..], inputs, some, inputs, to.len() / inputs, to);
            }
        }
        Some(Self { packed, outputs, inputs, level })
    }

    /// Rows of outputs there is room for: whole tiles, but for the last.
    fn rows(outputs: usize, most: usize) -> usize {
        let whole = (outputs - 1) / most * most;
        whole + width(outputs - whole, most)
    }

    /// One picture [in][height][width] to `out` [out][pixels], over what is there or added to it.
    pub(super) fn picture(
        &self,
        x: &[f32],
        place: Place,
        bias: Option<&[f32]>,
        (out, add): (Shared<f32>, bool),
        pool: &Pool,
    ) {
        let (outputs, inputs, columns) = (self.outputs, self.inputs, tile(self.level).1);
        let windows = place.out_width.div_ceil(2) * (place.pixels / place.out_width).div_ceil(2);
        let run = windows.div_ceil(pool.threads()).min(MOST).next_multiple_of(columns);
        pool.run(windows.div_ceil(run), |piece| {
            let (start, count) = (piece * run, run.min(windows - piece * run));
            let padded = count.next_multiple_of(columns);
            PIECE.with_borrow_mut(|[seen, made]| {
                let seen = seen.at_least(POINTS * inputs * padded);
                let made = made.at_least(POINTS * outputs * padded);
                let mut one = [[0f32; MOST]; POINTS];
                for (channel, plane) in x.chunks_exact(place.height * place.width).take(inputs).enumerate() {
                    // SAFETY: the level is there.
                    #[allow(unsafe_code)]
                    unsafe {
                        look(self.level, plane, place, (start, count), &mut one);
                    }
                    for (one, to) in one.iter().zip(seen.chunks_exact_mut(inputs * padded)) {
                        for (panel, one) in one[..padded].chunks_exact(columns).enumerate() {
                            copy(one, &mut to[(panel * inputs + channel) * columns..][..columns]);
                        }
                    }
                }
                for point in 0..POINTS {
                    self.product(
                        point,
                        &seen[point * inputs * padded..],
                        padded,
                        &mut made[point * outputs * padded..],
                    );
                }
                for m in 0..outputs {
                    let bias = bias.map_or(0.0, |bias| bias[m]);
                    let to = Shared(out.at(m * place.pixels));
                    // SAFETY: the level is there, and the windows' pixels of output m are this piece's alone.
                    #[allow(unsafe_code)]
                    unsafe {
                        put(self.level, &made[m * padded..], outputs * padded, (start, count), bias, place, (to, add));
                    }
                }
            });
        });
    }

    /// A point of all outputs [out][padded], of that point of all windows, in panels [in][columns].
    fn product(&self, point: usize, seen: &[f32], padded: usize, made: &mut [f32]) {
        let (outputs, inputs, (most, columns)) = (self.outputs, self.inputs, tile(self.level));
        let weights = &self.packed[point * self.packed.len() / POINTS..];
        let step = stretch(inputs, columns);
        for k in (0..inputs).step_by(step) {
            let depth = step.min(inputs - k);
            for m in (0..outputs).step_by(most) {
                let rows = most.min(outputs - m);
                let width = if rows == most { most } else { width(rows, most) };
                let a = weights[m * inputs + k * width..][..depth * width].as_ptr();
                for panel in 0..padded / columns {
                    let b = seen[(panel * inputs + k) * columns..][..depth * columns].as_ptr();
                    let out = made[m * padded + panel * columns..][..(rows - 1) * padded + columns].as_mut_ptr();
                    let onto = Onto::stretch(k == 0, Onto::Nothing);
                    // SAFETY: a and b were packed for this tile, and `out` has its rows and columns.
                    #[allow(unsafe_code)]
                    unsafe {
                        multiply_f32(self.level, Tile { depth, a, width, b, out, row: padded, rows, columns, onto });
                    }
                }
            }
        }
    }
}

/// Runs of windows beside each other: the first's row and column, how many, and the number of the first in its piece.
fn runs((start, count): (usize, usize), across: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (row, column) = ((start + at) / across, (start + at) % across);
        let some = (across - column).min(count - at);
        at += some;
        (some > 0).then_some((row, column, some, at - some))
    })
}

on_every_level!(
    /// Windows of a plane, transformed.
    ///
    /// # Safety
    /// The level is there.
    unsafe fn look(plane: &[f32], place: Place, piece: (usize, usize), to: &mut [[f32; MOST]; POINTS]) = look_on
);
on_every_level!(
    /// Points of an output, `row` values apart, back to its pixels.
    ///
    /// # Safety
    /// The level is there, and `out` has room for the windows' pixels, which are read only if they are added to.
    unsafe fn put(
        points: &[f32],
        row: usize,
        piece: (usize, usize),
        bias: f32,
        place: Place,
        out: (Shared<f32>, bool),
    ) = put_on
);

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn look_on<F: Floats>(plane: &[f32], place: Place, piece: (usize, usize), to: &mut [[f32; MOST]; POINTS]) {
    let Place { height, width, padding, .. } = place;
    // Even and odd columns of the windows' four rows: windows overlap by two.
    let (mut even, mut odd) = ([[0f32; MOST + 1]; 4], [[0f32; MOST + 1]; 4]);
    let mut whole = [0f32; 2 * MOST + 2];
    for (row, column, some, at) in runs(piece, place.out_width.div_ceil(2)) {
        // Of a row under the windows, from the padding on: what lies inside of the picture.
        let (from, long) = (2 * column, 2 * some + 2);
        let first = padding.saturating_sub(from).min(long);
        let last = (width + padding).saturating_sub(from).clamp(first, long);
        for r in 0..4 {
            let (even, odd) = (&mut even[r][..=some], &mut odd[r][..=some]);
            let y = (2 * row + r).wrapping_sub(padding);
            if y >= height || first == last {
                even.fill(0.0);
                odd.fill(0.0);
                continue;
            }
            let inside = &plane[y * width + from + first - padding..][..last - first];
            let pairs = if inside.len() == long {
                inside
            } else {
                let whole = &mut whole[..long];
                whole[..first].fill(0.0);
                whole[first..last].copy_from_slice(inside);
                whole[last..].fill(0.0);
                &*whole
            };
            for ((even, odd), pair) in even.iter_mut().zip(odd).zip(pairs.chunks_exact(2)) {
                (*even, *odd) = (pair[0], pair[1]);
            }
        }
        let mixed = |i: usize, rows: &[[f32; MOST + 1]; 4]| {
            let mut to = [0f32; MOST + 1];
            let [a, b, c, d] = rows.each_ref().map(|row| &row[..=some]);
            let both = to[..=some].iter_mut();
            match i {
                0 => both.zip(a).zip(c).for_each(|((to, a), c)| *to = a - c),
                1 => both.zip(b).zip(c).for_each(|((to, b), c)| *to = b + c),
                2 => both.zip(b).zip(c).for_each(|((to, b), c)| *to = c - b),
                _ => both.zip(b).zip(d).for_each(|((to, b), d)| *to = b - d),
            }
            to
        };
        for (i, to) in to.chunks_exact_mut(4).enumerate() {
            let (even, odd) = (mixed(i, &even), mixed(i, &odd));
            let [(e, then), (o, odd_then)] = [&even, &odd].map(|line| (&line[..some], &line[1..=some]));
            let mut put = |point: usize, a: &[f32], b: &[f32], of: fn(f32, f32) -> f32| {
                to[point][at..at + some].iter_mut().zip(a).zip(b).for_each(|((to, a), b)| *to = of(*a, *b));
            };
            put(0, e, then, |a, b| a - b);
            put(1, o, then, |a, b| a + b);
            put(2, then, o, |a, b| a - b);
            put(3, o, odd_then, |a, b| a - b);
        }
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn put_on<F: Floats>(
    points: &[f32],
    row: usize,
    piece: (usize, usize),
    bias: f32,
    place: Place,
    (out, add): (Shared<f32>, bool),
) {
    let (out_width, out_height) = (place.out_width, place.pixels / place.out_width);
    let mut lines = [[0f32; 2 * MOST]; 2];
    for (i, line) in lines.iter_mut().enumerate() {
        let sign = if i == 0 { 1.0 } else { -1.0 };
        let mut sums = [[0f32; MOST]; 4];
        for (j, sums) in sums.iter_mut().enumerate() {
            let point = |p: usize| &points[(4 * p + j) * row..][..piece.1];
            // Of the first output the upper three rows of the window, of the second the lower.
            let (first, second, third) =
                if i == 0 { (point(0), point(1), point(2)) } else { (point(1), point(2), point(3)) };
            for (((sum, a), b), c) in sums.iter_mut().zip(first).zip(second).zip(third) {
                *sum = a + sign * b + sign * c;
            }
        }
        for (t, pair) in line.chunks_exact_mut(2).enumerate().take(piece.1) {
            pair[0] = sums[0][t] + sums[1][t] + sums[2][t] + bias;
            pair[1] = sums[1][t] - sums[2][t] - sums[3][t] + bias;
        }
    }
    for (row, column, some, at) in runs(piece, out_width.div_ceil(2)) {
        for (i, line) in lines.iter().enumerate() {
            if 2 * row + i >= out_height {
                continue;
            }
            let line = &line[2 * at..2 * at + (2 * some).min(out_width - 2 * column)];
            let to = out.at((2 * row + i) * out_width + 2 * column);
            // SAFETY: the caller's.
            unsafe {
                if add {
                    (0..line.len()).for_each(|t| *to.add(t) += line[t]);
                } else {
                    std::ptr::copy_nonoverlapping(line.as_ptr(), to, line.len());
                }
            }
        }
    }
}
