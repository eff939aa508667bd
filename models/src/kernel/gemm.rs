//! The matrix product all dense kernels share: `out[m][n] += sum over k of a[k][m] * b[k][n]`, both sides in panels, so
//! that the inner loop reads memory in order (the scheme of Goto and van de Geijn, 2008). `b` may be f32, bf16 or f16.
#![allow(clippy::needless_range_loop)] // an index here also moves pointers

use half::{bf16, f16};

use super::Level;
use super::float::{Floats, on_every_level};
use super::level::Kind;

/// How long a stretch of k is taken at once: one panel of `b` then stays in the nearest cache.
pub(crate) const STRETCH: usize = 256;

/// Rows of `a` that go together: the widths there is an inner loop for.
const WIDTHS: [usize; 6] = [1, 2, 4, 6, 8, 12];

/// Rows and columns of the largest tile of a level.
pub(crate) fn tile(level: Level) -> (usize, usize) {
    const fn of<F: Floats>() -> (usize, usize) {
        (F::ROWS, F::VECS * F::WIDTH)
    }
    match level.0 {
        Kind::Plain => of::<super::float::Plain>(),
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => of::<super::float_neon::Neon>(),
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 | Kind::AvxVnni => of::<super::float_x86::Avx2>(),
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => of::<super::float_x86::Avx512>(),
    }
}

/// The width for `rows` rows at the end of `a`, where the largest is `most`.
pub(crate) fn width(rows: usize, most: usize) -> usize {
    WIDTHS.into_iter().find(|&width| width >= rows).unwrap_or(most).min(most)
}

/// What weights are kept in.
pub(crate) trait Element: Copy + Default + Send + Sync + 'static {
    /// # Safety
    /// As [`Floats::load`].
    #[allow(unsafe_code)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V;
}

impl Element for f32 {
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V {
        // SAFETY: the caller's.
        unsafe { F::load(from) }
    }
}

impl Element for bf16 {
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V {
        // SAFETY: the caller's.
        unsafe { F::load_bf16(from) }
    }
}

impl Element for f16 {
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V {
        // SAFETY: the caller's.
        unsafe { F::load_f16(from) }
    }
}

/// One tile of the product: `a` [depth][width], `b` [depth][columns], added to `out`, rows `row` floats apart.
#[derive(Clone, Copy)]
pub(crate) struct Tile<E> {
    pub depth: usize,
    pub a: *const f32,
    pub width: usize,
    pub b: *const E,
    pub out: *mut f32,
    pub row: usize,
    /// Rows and columns of `out` there are; the tile's others are left out.
    pub rows: usize,
    pub columns: usize,
}

on_every_level!(
    /// Adds a tile to `out`.
    ///
    /// # Safety
    /// `a` and `b` hold `depth` rows as wide as `width` and the level's tile, `out` the rows and columns it says.
    pub(crate) unsafe fn multiply_f32(tile: Tile<f32>) = multiply_f32_on
);
on_every_level!(
    /// The same for bf16. See [`multiply_f32`].
    pub(crate) unsafe fn multiply_bf16(tile: Tile<bf16>) = multiply_bf16_on
);
on_every_level!(
    /// The same for f16. See [`multiply_f32`].
    pub(crate) unsafe fn multiply_f16(tile: Tile<f16>) = multiply_f16_on
);

macro_rules! for_element {
    ($name:ident, $element:ty) => {
        #[allow(unsafe_code)]
        #[inline(always)]
        unsafe fn $name<F: Floats>(tile: Tile<$element>) {
            // SAFETY: the caller's, for each.
            unsafe {
                match tile.width {
                    1 => inner::<F, $element, 1>(tile),
                    2 => inner::<F, $element, 2>(tile),
                    4 => inner::<F, $element, 4>(tile),
                    6 => inner::<F, $element, 6>(tile),
                    8 => inner::<F, $element, 8>(tile),
                    _ => inner::<F, $element, 12>(tile),
                }
            }
        }
    };
}
for_element!(multiply_f32_on, f32);
for_element!(multiply_bf16_on, bf16);
for_element!(multiply_f16_on, f16);

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn inner<F: Floats, E: Element, const M: usize>(tile: Tile<E>) {
    // Widths a level never uses are not compiled for it.
    if M > F::ROWS {
        return;
    }
    let columns = F::VECS * F::WIDTH;
    // SAFETY: `a` and `b` are read for `depth` rows of M and of the tile's columns; `out` within its rows and columns.
    unsafe {
        let mut sums = [[F::splat(0.0); 2]; M];
        let (mut a, mut b) = (tile.a, tile.b);
        for _ in 0..tile.depth {
            let mut row = [F::splat(0.0); 2];
            for v in 0..F::VECS {
                row[v] = E::load::<F>(b.add(v * F::WIDTH));
            }
            for m in 0..M {
                let x = F::splat(*a.add(m));
                for v in 0..F::VECS {
                    sums[m][v] = F::mul_add(x, row[v], sums[m][v]);
                }
            }
            a = a.add(M);
            b = b.add(columns);
        }
        if tile.columns == columns && tile.rows == M {
            for m in 0..M {
                for v in 0..F::VECS {
                    let to = tile.out.add(m * tile.row + v * F::WIDTH);
                    F::store(F::add(F::load(to), sums[m][v]), to);
                }
            }
            return;
        }
        let mut edge = [0f32; 32];
        for m in 0..M {
            if m < tile.rows {
                for v in 0..F::VECS {
                    F::store(sums[m][v], edge.as_mut_ptr().add(v * F::WIDTH));
                }
                for (n, sum) in edge.iter().enumerate().take(tile.columns) {
                    *tile.out.add(m * tile.row + n) += sum;
                }
            }
        }
    }
}

/// Packs rows [rows][depth], `row` floats apart, as `a` of a tile of a width: [depth][width], missing rows 0.
pub(crate) fn pack_rows(rows: &[f32], row: usize, count: usize, depth: usize, width: usize, to: &mut [f32]) {
    for m in 0..width {
        if m < count {
            for (k, x) in rows[m * row..m * row + depth].iter().enumerate() {
                to[k * width + m] = *x;
            }
        } else {
            to.iter_mut().skip(m).step_by(width).take(depth).for_each(|x| *x = 0.0);
        }
    }
}
