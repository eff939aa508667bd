//! AArch64's version of [`Lanes`]: NEON with the dot product of ARMv8.2, which Jetson Orin, Raspberry Pi 5 and Apple's
//! machines have. The dot product and the conversion of halves are written as instructions, as Rust's names for them are
//! not stable yet.

use std::arch::aarch64::*;
use std::arch::asm;

use super::lanes::Lanes;

/// NEON with `sdot`.
pub(super) struct Neon;

/// `sum` + the dot products of four signed bytes with four, in each lane.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn sdot(mut sum: int32x4_t, a: uint8x16_t, with: *const i8) -> int32x4_t {
    // SAFETY: the caller's: four bytes to read, and the dot product there.
    unsafe {
        let with = vdupq_n_s32(with.cast::<i32>().read_unaligned());
        asm!(".arch_extension dotprod", "sdot {0:v}.4s, {1:v}.16b, {2:v}.16b", inout(vreg) sum, in(vreg) a, in(vreg) with,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

// SAFETY: instructions of NEON and its dot product; loads need no alignment.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
unsafe impl Lanes for Neon {
    type Codes = [uint8x16_t; 2];
    type Ints = [int32x4_t; 2];
    type Floats = [float32x4_t; 2];
    const WIDTH: usize = 8;
    const TILE: usize = 4;
    const SIGNED: bool = true;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self::Codes {
        unsafe { [vld1q_u8(from), vld1q_u8(from.add(16))] }
    }

    #[inline(always)]
    unsafe fn bits(codes: Self::Codes, shift: i32, mask: u8) -> Self::Codes {
        unsafe {
            let (by, mask) = (vdupq_n_s8(-shift as i8), vdupq_n_u8(mask));
            [vandq_u8(vshlq_u8(codes[0], by), mask), vandq_u8(vshlq_u8(codes[1], by), mask)]
        }
    }

    #[inline(always)]
    unsafe fn or(a: Self::Codes, b: Self::Codes) -> Self::Codes {
        unsafe { [vorrq_u8(a[0], b[0]), vorrq_u8(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn dot_pair(sum: Self::Ints, codes: [Self::Codes; 2], with: [*const i8; 2]) -> Self::Ints {
        unsafe {
            let sum = [sdot(sum[0], codes[0][0], with[0]), sdot(sum[1], codes[0][1], with[0])];
            [sdot(sum[0], codes[1][0], with[1]), sdot(sum[1], codes[1][1], with[1])]
        }
    }

    #[inline(always)]
    unsafe fn dot_bytes(sum: Self::Ints, codes: Self::Codes, with: *const i8) -> Self::Ints {
        unsafe {
            let off = vdupq_n_u8(0x80);
            [sdot(sum[0], veorq_u8(codes[0], off), with), sdot(sum[1], veorq_u8(codes[1], off), with)]
        }
    }

    #[inline(always)]
    unsafe fn int(from: *const i32) -> Self::Ints {
        unsafe { [vdupq_n_s32(from.read_unaligned()); 2] }
    }

    #[inline(always)]
    unsafe fn to_floats(ints: Self::Ints) -> Self::Floats {
        unsafe { [vcvtq_f32_s32(ints[0]), vcvtq_f32_s32(ints[1])] }
    }

    #[inline(always)]
    unsafe fn halves(from: *const u8) -> Self::Floats {
        unsafe {
            let halves = vld1q_u8(from);
            let (low, high): (float32x4_t, float32x4_t);
            asm!("fcvtl {0:v}.4s, {2:v}.4h", "fcvtl2 {1:v}.4s, {2:v}.8h", out(vreg) low, lateout(vreg) high,
                in(vreg) halves, options(pure, nomem, nostack, preserves_flags));
            [low, high]
        }
    }

    #[inline(always)]
    unsafe fn unsigned(from: *const u8) -> Self::Floats {
        unsafe {
            let wide = vmovl_u8(vld1_u8(from));
            [vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(wide)))]
        }
    }

    #[inline(always)]
    unsafe fn signed(from: *const u8) -> Self::Floats {
        unsafe {
            let wide = vmovl_s8(vld1_s8(from.cast()));
            [vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide)))]
        }
    }

    #[inline(always)]
    unsafe fn float(from: *const f32) -> Self::Floats {
        unsafe { [vdupq_n_f32(*from); 2] }
    }

    #[inline(always)]
    unsafe fn zero() -> Self::Floats {
        unsafe { [vdupq_n_f32(0.0); 2] }
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Floats, b: Self::Floats) -> Self::Floats {
        unsafe { [vmulq_f32(a[0], b[0]), vmulq_f32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn mul_add(a: Self::Floats, b: Self::Floats, to: Self::Floats) -> Self::Floats {
        unsafe { [vfmaq_f32(to[0], a[0], b[0]), vfmaq_f32(to[1], a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn store(floats: Self::Floats, to: *mut f32) {
        unsafe {
            vst1q_f32(to, floats[0]);
            vst1q_f32(to.add(4), floats[1]);
        }
    }
}
