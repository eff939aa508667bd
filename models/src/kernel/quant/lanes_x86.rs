//! x86-64's versions of [`Lanes`]: AVX2, AVX2 with VNNI's dot product, AVX-512 with it.

use std::arch::x86_64::*;

use super::lanes::Lanes;

macro_rules! lanes256 {
    ($name:ident, $signed:expr, $pair:item, $bytes:item) => {
        // SAFETY: instructions of AVX2, FMA, F16C and whatever the type says; loads need no alignment.
        #[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
        unsafe impl Lanes for $name {
            type Codes = __m256i;
            type Ints = __m256i;
            type Floats = __m256;
            const WIDTH: usize = 8;
            const TILE: usize = 4;
            const SIGNED: bool = $signed;

            $pair
            $bytes

            #[inline(always)]
            unsafe fn load(from: *const u8) -> __m256i {
                unsafe { _mm256_loadu_si256(from.cast()) }
            }

            #[inline(always)]
            unsafe fn bits(codes: __m256i, shift: i32, mask: u8) -> __m256i {
                unsafe {
                    let moved = match shift {
                        -4 => _mm256_slli_epi16::<4>(codes),
                        -3 => _mm256_slli_epi16::<3>(codes),
                        -2 => _mm256_slli_epi16::<2>(codes),
                        -1 => _mm256_slli_epi16::<1>(codes),
                        1 => _mm256_srli_epi16::<1>(codes),
                        2 => _mm256_srli_epi16::<2>(codes),
                        3 => _mm256_srli_epi16::<3>(codes),
                        4 => _mm256_srli_epi16::<4>(codes),
                        _ => codes,
                    };
                    _mm256_and_si256(moved, _mm256_set1_epi8(mask as i8))
                }
            }

            #[inline(always)]
            unsafe fn or(a: __m256i, b: __m256i) -> __m256i {
                unsafe { _mm256_or_si256(a, b) }
            }

            #[inline(always)]
            unsafe fn int(from: *const i32) -> __m256i {
                unsafe { _mm256_set1_epi32(from.read_unaligned()) }
            }

            #[inline(always)]
            unsafe fn to_floats(ints: __m256i) -> __m256 {
                unsafe { _mm256_cvtepi32_ps(ints) }
            }

            #[inline(always)]
            unsafe fn halves(from: *const u8) -> __m256 {
                unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) }
            }

            #[inline(always)]
            unsafe fn unsigned(from: *const u8) -> __m256 {
                unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast()))) }
            }

            #[inline(always)]
            unsafe fn signed(from: *const u8) -> __m256 {
                unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()))) }
            }

            #[inline(always)]
            unsafe fn float(from: *const f32) -> __m256 {
                unsafe { _mm256_set1_ps(*from) }
            }

            #[inline(always)]
            unsafe fn zero() -> __m256 {
                unsafe { _mm256_setzero_ps() }
            }

            #[inline(always)]
            unsafe fn mul(a: __m256, b: __m256) -> __m256 {
                unsafe { _mm256_mul_ps(a, b) }
            }

            #[inline(always)]
            unsafe fn mul_add(a: __m256, b: __m256, to: __m256) -> __m256 {
                unsafe { _mm256_fmadd_ps(a, b, to) }
            }

            #[inline(always)]
            unsafe fn store(floats: __m256, to: *mut f32) {
                unsafe { _mm256_storeu_ps(to, floats) }
            }
        }
    };
}

/// The four activations at `from` in every row.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn four256(from: *const i8) -> __m256i {
    // SAFETY: the caller's: four bytes, and AVX2.
    unsafe { _mm256_set1_epi32(from.cast::<i32>().read_unaligned()) }
}

/// AVX2, FMA and F16C.
pub(super) struct Avx2;

lanes256!(
    Avx2,
    true,
    #[inline(always)]
    unsafe fn dot_pair(sum: __m256i, codes: [__m256i; 2], with: [*const i8; 2]) -> __m256i {
        // Codes are below 64, so four products fit an i16: 4 * 63 * 127 = 32004.
        unsafe {
            let a = _mm256_maddubs_epi16(codes[0], four256(with[0]));
            let b = _mm256_maddubs_epi16(codes[1], four256(with[1]));
            let pairs = _mm256_madd_epi16(_mm256_add_epi16(a, b), _mm256_set1_epi16(1));
            _mm256_add_epi32(sum, pairs)
        }
    },
    #[inline(always)]
    unsafe fn dot_bytes(sum: __m256i, codes: __m256i, with: *const i8) -> __m256i {
        // Two products of codes up to 255 would not fit an i16; signed ones do: 2 * 128 * 127 = 32512.
        unsafe {
            let codes = _mm256_xor_si256(codes, _mm256_set1_epi8(-128));
            let with = _mm256_sign_epi8(four256(with), codes);
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(codes), with);
            _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
);

/// AVX2 with the dot product of AVX-VNNI.
pub(super) struct AvxVnni;

lanes256!(
    AvxVnni,
    false,
    #[inline(always)]
    unsafe fn dot_pair(sum: __m256i, codes: [__m256i; 2], with: [*const i8; 2]) -> __m256i {
        unsafe {
            let sum = _mm256_dpbusd_avx_epi32(sum, codes[0], four256(with[0]));
            _mm256_dpbusd_avx_epi32(sum, codes[1], four256(with[1]))
        }
    },
    #[inline(always)]
    unsafe fn dot_bytes(sum: __m256i, codes: __m256i, with: *const i8) -> __m256i {
        unsafe { _mm256_dpbusd_avx_epi32(sum, codes, four256(with)) }
    }
);

/// AVX-512 (F, BW, DQ, VL) with VNNI.
pub(super) struct Avx512;

// SAFETY: instructions of AVX-512 F, BW, DQ, VL and VNNI; loads need no alignment.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
unsafe impl Lanes for Avx512 {
    type Codes = __m512i;
    type Ints = __m512i;
    type Floats = __m512;
    const WIDTH: usize = 16;
    const TILE: usize = 8;
    const SIGNED: bool = false;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn bits(codes: __m512i, shift: i32, mask: u8) -> __m512i {
        unsafe {
            let moved = match shift {
                -4 => _mm512_slli_epi16::<4>(codes),
                -3 => _mm512_slli_epi16::<3>(codes),
                -2 => _mm512_slli_epi16::<2>(codes),
                -1 => _mm512_slli_epi16::<1>(codes),
                1 => _mm512_srli_epi16::<1>(codes),
                2 => _mm512_srli_epi16::<2>(codes),
                3 => _mm512_srli_epi16::<3>(codes),
                4 => _mm512_srli_epi16::<4>(codes),
                _ => codes,
            };
            _mm512_and_si512(moved, _mm512_set1_epi8(mask as i8))
        }
    }

    #[inline(always)]
    unsafe fn or(a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_or_si512(a, b) }
    }

    #[inline(always)]
    unsafe fn dot_pair(sum: __m512i, codes: [__m512i; 2], with: [*const i8; 2]) -> __m512i {
        unsafe { Self::dot_bytes(Self::dot_bytes(sum, codes[0], with[0]), codes[1], with[1]) }
    }

    #[inline(always)]
    unsafe fn dot_bytes(sum: __m512i, codes: __m512i, with: *const i8) -> __m512i {
        unsafe { _mm512_dpbusd_epi32(sum, codes, _mm512_set1_epi32(with.cast::<i32>().read_unaligned())) }
    }

    #[inline(always)]
    unsafe fn int(from: *const i32) -> __m512i {
        unsafe { _mm512_set1_epi32(from.read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn to_floats(ints: __m512i) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(ints) }
    }

    #[inline(always)]
    unsafe fn halves(from: *const u8) -> __m512 {
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn unsigned(from: *const u8) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn signed(from: *const u8) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn float(from: *const f32) -> __m512 {
        unsafe { _mm512_set1_ps(*from) }
    }

    #[inline(always)]
    unsafe fn zero() -> __m512 {
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn mul_add(a: __m512, b: __m512, to: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, to) }
    }

    #[inline(always)]
    unsafe fn store(floats: __m512, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, floats) }
    }
}
