//! AArch64's vectors of floats: NEON, two registers at a time.

use std::arch::aarch64::*;
use std::arch::asm;

use half::{bf16, f16};

use super::float::Floats;

/// NEON.
pub(crate) struct Neon;

// SAFETY: instructions of NEON; loads and stores need no alignment.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
unsafe impl Floats for Neon {
    type V = [float32x4_t; 2];
    const WIDTH: usize = 8;
    const ROWS: usize = 6;
    const VECS: usize = 2;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::V {
        unsafe { [vdupq_n_f32(x); 2] }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        unsafe { [vld1q_f32(from), vld1q_f32(from.add(4))] }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const bf16) -> Self::V {
        unsafe {
            let x = vld1q_u16(from.cast());
            [
                vreinterpretq_f32_u32(vshll_n_u16::<16>(vget_low_u16(x))),
                vreinterpretq_f32_u32(vshll_n_u16::<16>(vget_high_u16(x))),
            ]
        }
    }

    #[inline(always)]
    unsafe fn load_f16(from: *const f16) -> Self::V {
        unsafe {
            let x = vld1q_u16(from.cast());
            let (low, high): (float32x4_t, float32x4_t);
            asm!("fcvtl {0:v}.4s, {2:v}.4h", "fcvtl2 {1:v}.4s, {2:v}.8h", out(vreg) low, lateout(vreg) high, in(vreg) x, options(pure, nomem, nostack, preserves_flags));
            [low, high]
        }
    }

    #[inline(always)]
    unsafe fn store(x: Self::V, to: *mut f32) {
        unsafe {
            vst1q_f32(to, x[0]);
            vst1q_f32(to.add(4), x[1]);
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        unsafe { [vaddq_f32(a[0], b[0]), vaddq_f32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        unsafe { [vmulq_f32(a[0], b[0]), vmulq_f32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        unsafe { [vdivq_f32(a[0], b[0]), vdivq_f32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        unsafe { [vmaxq_f32(a[0], b[0]), vmaxq_f32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        unsafe { [vminq_f32(a[0], b[0]), vminq_f32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn mul_add(a: Self::V, b: Self::V, to: Self::V) -> Self::V {
        unsafe { [vfmaq_f32(to[0], a[0], b[0]), vfmaq_f32(to[1], a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn sum(x: Self::V) -> f32 {
        unsafe { vaddvq_f32(vaddq_f32(x[0], x[1])) }
    }

    #[inline(always)]
    unsafe fn power_of_two(x: Self::V) -> Self::V {
        unsafe { x.map(|x| vreinterpretq_f32_s32(vshlq_n_s32::<23>(vcvtnq_s32_f32(vaddq_f32(x, vdupq_n_f32(127.0)))))) }
    }
}
