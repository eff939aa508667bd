//! A panel of packed weights times a tile of quantised activations: integer dot products over 32 columns, then one
//! multiplication by both scales. Written once over [`Lanes`], compiled once for each instruction set.
#![allow(clippy::needless_range_loop)] // an index here also moves pointers

use super::acts::{Acts, Tile};
use super::format::Format;
use super::lanes::{Lanes, Plain};
#[cfg(target_arch = "aarch64")]
use super::lanes_neon::Neon;
#[cfg(target_arch = "x86_64")]
use super::lanes_x86::{Avx2, Avx512, AvxVnni};
use super::pack::{Packed, ROWS, UNIT};
use crate::kernel::Level;
use crate::kernel::level::Kind;
use crate::kernel::pool::Shared;

/// Rows of activations a level takes through a panel together.
pub(super) fn widest(level: Level) -> usize {
    match level.0 {
        Kind::Plain => Plain::TILE,
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => Neon::TILE,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => Avx2::TILE,
        #[cfg(target_arch = "x86_64")]
        Kind::AvxVnni => AvxVnni::TILE,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => Avx512::TILE,
    }
}

/// The rows `panel * 16 ..` of `weights`, times every row of `acts`, into columns `panel * 16 ..` of `out`, which has
/// `weights.rows` columns and as many rows as `acts`.
pub(super) fn panel(
    level: Level,
    weights: &Packed,
    panel: usize,
    acts: &Acts,
    bias: Option<&[f32]>,
    out: &Shared<f32>,
) {
    let row = panel * ROWS;
    let rows = ROWS.min(weights.rows - row);
    let mut sums = [0f32; 8 * ROWS];
    for tile in acts.tiles() {
        let (codes, scales) = weights.panel(panel);
        let job = Job { codes, scales, units: weights.columns / UNIT, tile, sums: sums.as_mut_ptr() };
        // SAFETY: a level exists only where its instructions do; the panel and the tile were laid out for this many
        // units of this format, and `sums` has room for 8 rows of 16.
        #[allow(unsafe_code)]
        unsafe {
            match level.0 {
                Kind::Plain => plain(weights.format, &job),
                #[cfg(target_arch = "aarch64")]
                Kind::Neon => neon(weights.format, &job),
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2 => avx2(weights.format, &job),
                #[cfg(target_arch = "x86_64")]
                Kind::AvxVnni => avx_vnni(weights.format, &job),
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512 => avx512(weights.format, &job),
            }
        }
        for m in 0..tile.rows {
            let sums = &mut sums[m * ROWS..m * ROWS + rows];
            if let Some(bias) = bias {
                sums.iter_mut().zip(&bias[row..row + rows]).for_each(|(sum, b)| *sum += b);
            }
            // SAFETY: row `start + m` of `out`, columns row..row+rows: inside it, and no other panel's.
            #[allow(unsafe_code)]
            unsafe {
                let to = out.at((tile.start + m) * weights.rows + row);
                std::ptr::copy_nonoverlapping(sums.as_ptr(), to, rows);
            }
        }
    }
}

struct Job<'a> {
    codes: *const u8,
    scales: *const u8,
    units: usize,
    tile: &'a Tile,
    sums: *mut f32,
}

macro_rules! compile {
    ($(#[$attribute:meta])* $name:ident, $lanes:ty) => {
        $(#[$attribute])*
        #[allow(unsafe_code)]
        unsafe fn $name(format: Format, job: &Job) {
            // SAFETY: the caller's.
            unsafe { choose::<$lanes>(format, job) }
        }
    };
}

compile!(plain, Plain);
#[cfg(target_arch = "aarch64")]
compile!(
    #[target_feature(enable = "neon,dotprod")]
    neon,
    Neon
);
#[cfg(target_arch = "x86_64")]
compile!(
    #[target_feature(enable = "avx2,fma,f16c")]
    avx2,
    Avx2
);
#[cfg(target_arch = "x86_64")]
compile!(
    #[target_feature(enable = "avx2,fma,f16c,avxvnni")]
    avx_vnni,
    AvxVnni
);
#[cfg(target_arch = "x86_64")]
compile!(
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    avx512,
    Avx512
);

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn choose<L: Lanes>(format: Format, job: &Job) {
    // SAFETY: the caller's, for each.
    unsafe {
        match (format.bits, format.nested, format.min) {
            (4, false, false) => widths::<L, 4, false, false>(job),
            (4, false, true) => widths::<L, 4, false, true>(job),
            (5, false, false) => widths::<L, 5, false, false>(job),
            (5, false, true) => widths::<L, 5, false, true>(job),
            (8, false, false) => widths::<L, 8, false, false>(job),
            (4, true, true) => widths::<L, 4, true, true>(job),
            (5, true, true) => widths::<L, 5, true, true>(job),
            _ => widths::<L, 6, true, false>(job),
        }
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn widths<L: Lanes, const BITS: usize, const NESTED: bool, const MIN: bool>(job: &Job) {
    // SAFETY: the caller's, for each.
    unsafe {
        match job.tile.width {
            1 => multiply::<L, BITS, NESTED, MIN, 1>(job),
            2 => multiply::<L, BITS, NESTED, MIN, 2>(job),
            4 => multiply::<L, BITS, NESTED, MIN, 4>(job),
            _ => multiply::<L, BITS, NESTED, MIN, 8>(job),
        }
    }
}

/// # Safety
/// The instruction set is there, and the job's pointers lead to what a panel of this format and a tile `M` wide hold.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn multiply<L: Lanes, const BITS: usize, const NESTED: bool, const MIN: bool, const M: usize>(job: &Job) {
    const MOST: usize = 4; // vectors for 16 rows where a vector holds 4
    let lines = if BITS == 8 { 8 } else { BITS };
    let parts = if BITS == 6 { 2 } else { 1 };
    let mut codes = job.codes;
    let mut scales = job.scales;
    let (mut with, mut with_scales) = (job.tile.codes.as_ptr(), job.tile.scales.as_ptr());
    let (mut starts, mut with_sums) = (job.tile.starts.as_ptr(), job.tile.sums.as_ptr());
    let zero = 0i32;
    // SAFETY: the pointers go on by exactly what the layouts of `Packed` and `Tile` say, `units` times.
    unsafe {
        let mut sums = [[L::zero(); M]; MOST];
        let mut outer = [[L::zero(); 2]; MOST];
        for unit in 0..job.units {
            if !NESTED || unit % 8 == 0 {
                for v in 0..ROWS / L::WIDTH {
                    outer[v][0] = L::halves(scales.add(v * L::WIDTH * 2));
                    if MIN {
                        outer[v][1] = L::halves(scales.add(ROWS * 2 + v * L::WIDTH * 2));
                    }
                }
                scales = scales.add(if MIN { ROWS * 4 } else { ROWS * 2 });
            }
            for v in 0..ROWS / L::WIDTH {
                let codes = codes.add(v * L::WIDTH * 4);
                for part in 0..parts {
                    let mut ints = [L::int(&raw const zero); M];
                    if !(MIN || BITS == 8 && L::SIGNED) {
                        for m in 0..M {
                            ints[m] = L::int(starts.add(part * M + m));
                        }
                    }
                    if BITS == 8 {
                        for group in 0..8 {
                            let w = L::load(codes.add(group * 64));
                            for m in 0..M {
                                ints[m] = L::dot_bytes(ints[m], w, with.add((group * M + m) * 4));
                            }
                        }
                    } else {
                        if BITS != 6 || part == 0 {
                            ints = pair::<L, BITS, M, 0>(codes, with, ints);
                            ints = pair::<L, BITS, M, 1>(codes, with, ints);
                        }
                        if BITS != 6 || part == 1 {
                            ints = pair::<L, BITS, M, 2>(codes, with, ints);
                            ints = pair::<L, BITS, M, 3>(codes, with, ints);
                        }
                    }
                    let mut scale = outer[v][0];
                    if NESTED {
                        let inner = scales.add(part * ROWS + v * L::WIDTH);
                        scale = L::mul(scale, if BITS == 6 { L::signed(inner) } else { L::unsigned(inner) });
                    }
                    for m in 0..M {
                        let both = L::mul(scale, L::float(with_scales.add(m)));
                        sums[v][m] = L::mul_add(both, L::to_floats(ints[m]), sums[v][m]);
                    }
                }
                if MIN {
                    let mut min = outer[v][1];
                    if NESTED {
                        // A nested min is taken away: its sign is in the sums of the activations.
                        min = L::mul(min, L::unsigned(scales.add(parts * ROWS + v * L::WIDTH)));
                    }
                    for m in 0..M {
                        sums[v][m] = L::mul_add(min, L::float(with_sums.add(m)), sums[v][m]);
                    }
                }
            }
            codes = codes.add(lines * 64);
            if NESTED {
                scales = scales.add((parts + usize::from(MIN)) * ROWS);
            }
            with = with.add(UNIT * M);
            with_scales = with_scales.add(M);
            starts = starts.wrapping_add(parts * M);
            with_sums = with_sums.wrapping_add(M);
        }
        for v in 0..ROWS / L::WIDTH {
            for m in 0..M {
                L::store(sums[v][m], job.sums.add(m * ROWS + v * L::WIDTH));
            }
        }
    }
}

/// Groups `2 * J` and `2 * J + 1` of a unit.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn pair<L: Lanes, const BITS: usize, const M: usize, const J: i32>(
    codes: *const u8,
    with: *const i8,
    mut ints: [L::Ints; M],
) -> [L::Ints; M] {
    let j = J as usize;
    // SAFETY: within the unit that the caller stands at.
    unsafe {
        let nibbles = L::load(codes.add(j * 64));
        let (mut low, mut high) = (L::bits(nibbles, 0, 15), L::bits(nibbles, 4, 15));
        if BITS == 5 {
            let fifth = L::load(codes.add(4 * 64));
            low = L::or(low, L::bits(fifth, 2 * J - 4, 16));
            high = L::or(high, L::bits(fifth, 2 * J - 3, 16));
        }
        if BITS == 6 {
            let upper = L::load(codes.add((4 + j / 2) * 64));
            low = L::or(low, L::bits(upper, J % 2 * 4 - 4, 48));
            high = L::or(high, L::bits(upper, J % 2 * 4 - 2, 48));
        }
        for m in 0..M {
            let at = [with.add((2 * j * M + m) * 4), with.add(((2 * j + 1) * M + m) * 4)];
            ints[m] = L::dot_pair(ints[m], [low, high], at);
        }
    }
    ints
}
