//! The matrix product all dense kernels share: `out[m][n] (+)= sum over k of a[k][m] * b[k][n]`, both sides in panels, so
//! that the inner loop reads memory in order (the scheme of Goto and van de Geijn, 2008). `b` may be f32, bf16 or f16.
#![allow(clippy::needless_range_loop)] // an index here also moves pointers

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::Level;
use super::float::{Floats, on_every_level};
use super::level::Kind;

/// How long a stretch of k is taken at once: one panel of `b` then stays in the nearest cache.
pub(crate) const STRETCH: usize = 256;
/// The longest stretch that [`stretch`] gives.
pub(crate) const LONGEST: usize = 512;

/// How long the stretches of `k` are in dense layers and convolutions: about equal, and longer where panels are widest,
/// though one then leaves the nearest cache: sums are put down half as often, which was the faster by turns.
pub(crate) fn stretch(k: usize, columns: usize) -> usize {
    let most = if columns >= 32 { LONGEST } else { STRETCH };
    k.div_ceil(k.div_ceil(most).max(1)).max(1)
}

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
    /// Whether these are f32 already.
    const WIDE: bool = false;

    /// # Safety
    /// As [`Floats::load`].
    #[allow(unsafe_code)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V;

    /// As f32, as many as both have.
    fn widen(from: &[Self], to: &mut [f32]);
}

impl Element for f32 {
    const WIDE: bool = true;

    fn widen(from: &[Self], to: &mut [f32]) {
        to.iter_mut().zip(from).for_each(|(to, x)| *to = *x);
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V {
        // SAFETY: the caller's.
        unsafe { F::load(from) }
    }
}

impl Element for bf16 {
    fn widen(from: &[Self], to: &mut [f32]) {
        let count = from.len().min(to.len());
        from[..count].convert_to_f32_slice(&mut to[..count]);
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V {
        // SAFETY: the caller's.
        unsafe { F::load_bf16(from) }
    }
}

impl Element for f16 {
    fn widen(from: &[Self], to: &mut [f32]) {
        let count = from.len().min(to.len());
        from[..count].convert_to_f32_slice(&mut to[..count]);
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load<F: Floats>(from: *const Self) -> F::V {
        // SAFETY: the caller's.
        unsafe { F::load_f16(from) }
    }
}

/// What a tile's sums are added to.
#[derive(Clone, Copy)]
pub(crate) enum Onto {
    /// What is in `out`.
    There,
    /// Nothing: whatever is in `out` is lost.
    Nothing,
    /// These values, one a column, as many as the tile says: whatever is in `out` is lost.
    Bias(*const f32),
    /// What is in `out` and these values.
    Both(*const f32),
}

impl Onto {
    /// What the first stretch of k is added to, and all others to what is there.
    pub(crate) fn stretch(first: bool, begin: Self) -> Self {
        if first { begin } else { Self::There }
    }
}

/// One tile of the product: `a` [depth][width], `b` [depth][columns], into `out`, rows `row` floats apart.
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
    pub onto: Onto,
}

on_every_level!(
    /// Puts a tile into `out`.
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
        // Without this the processor waits for `out` at the end of every tile, and for `a` as it goes.
        let mut to = tile.out;
        for _ in 0..M {
            F::soon(to);
            F::soon(to.wrapping_add(columns - 1));
            to = to.wrapping_add(tile.row);
        }
        for _ in 0..tile.depth {
            let mut row = [F::splat(0.0); 2];
            for v in 0..F::VECS {
                row[v] = E::load::<F>(b.add(v * F::WIDTH));
            }
            if M <= FEW {
                // Memory is what a few rows wait for, and the processor by itself looks no farther than a page.
                let far = b.cast::<u8>().wrapping_add(FAR);
                F::soon(far.cast());
                if size_of::<E>() * columns > 64 {
                    F::soon(far.wrapping_add(64).cast());
                }
            } else {
                F::soon(a.wrapping_add(AHEAD * M));
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
        finish::<F, M>(&mut sums, tile.out, tile.row, (tile.rows, tile.columns), tile.onto);
    }
}

/// Up to so many rows it is memory that bounds a tile.
const FEW: usize = 4;
/// Bytes of `b` from those that are being read to those that are asked for.
const FAR: usize = 2048;

/// Rows of `a` from the one that is being read to the one that is asked for.
const AHEAD: usize = 16;

/// Puts sums into the rows and columns of `out` that there are.
///
/// # Safety
/// `out` has them, and what is added as many columns.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) unsafe fn finish<F: Floats, const M: usize>(
    sums: &mut [[F::V; 2]; M],
    out: *mut f32,
    row: usize,
    (rows, count): (usize, usize),
    onto: Onto,
) {
    let columns = F::VECS * F::WIDTH;
    // SAFETY: the caller's.
    unsafe {
        if count == columns && rows == M {
            if let Onto::Bias(bias) | Onto::Both(bias) = onto {
                for v in 0..F::VECS {
                    let bias = F::load(bias.add(v * F::WIDTH));
                    for m in 0..M {
                        sums[m][v] = F::add(sums[m][v], bias);
                    }
                }
            }
            if matches!(onto, Onto::There | Onto::Both(_)) {
                // All are read before one is written: rows lie whole pages apart as a rule, and a processor that compares but
                // the end of an address would wait for each write.
                for m in 0..M {
                    for v in 0..F::VECS {
                        sums[m][v] = F::add(F::load(out.add(m * row + v * F::WIDTH)), sums[m][v]);
                    }
                }
            }
            for m in 0..M {
                for v in 0..F::VECS {
                    F::store(sums[m][v], out.add(m * row + v * F::WIDTH));
                }
            }
            return;
        }
        let mut edge = [0f32; 32];
        for m in 0..M {
            if m < rows {
                for v in 0..F::VECS {
                    F::store(sums[m][v], edge.as_mut_ptr().add(v * F::WIDTH));
                }
                for (n, sum) in edge.iter().enumerate().take(count) {
                    let to = out.add(m * row + n);
                    *to = match onto {
                        Onto::There => *to + sum,
                        Onto::Nothing => *sum,
                        Onto::Bias(bias) => *bias.add(n) + sum,
                        Onto::Both(bias) => *to + *bias.add(n) + sum,
                    };
                }
            }
        }
    }
}

/// Says that the lines from here on, each of 64 bytes, will be wanted before long; any address will do.
pub(crate) fn before_long(at: *const u8, lines: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..lines {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every x86-64 has it, and it reads nothing.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(at.wrapping_add(64 * line).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (at, lines);
}

/// Values of each row that are packed before the next rows' turn: what they fall on then stays in the nearest cache.
const BLOCK: usize = 128;

/// Packs rows [count][depth], `row` floats apart, as `a` of a tile of a width: [depth][width], missing rows 0.
pub(crate) fn pack_rows(rows: &[f32], row: usize, count: usize, depth: usize, width: usize, to: &mut [f32]) {
    for (block, to) in to[..width * depth].chunks_mut(BLOCK * width).enumerate() {
        let (from, length) = (block * BLOCK, to.len() / width);
        let line = |m: usize| &rows[m * row + from..][..length];
        let mut m = 0;
        while m + 4 <= count {
            let lines: [&[f32]; 4] = std::array::from_fn(|i| line(m + i));
            for (k, to) in to.chunks_exact_mut(width).enumerate() {
                let to = &mut to[m..m + 4];
                to[0] = lines[0][k];
                to[1] = lines[1][k];
                to[2] = lines[2][k];
                to[3] = lines[3][k];
            }
            m += 4;
        }
        for m in m..width {
            let to = to.iter_mut().skip(m).step_by(width);
            if m < count { to.zip(line(m)).for_each(|(to, x)| *to = *x) } else { to.for_each(|x| *x = 0.0) }
        }
    }
}
