//! Vectors of floats, over which the dense kernels are written once; each instruction set supplies these operations.
//! [`on_every_level`] compiles a kernel for all of them and picks one when it is called.

use half::{bf16, f16};

/// # Safety
/// Every function may be called only where the processor has the instruction set, with pointers to `WIDTH` elements,
/// aligned or not.
#[allow(unsafe_code)]
pub(crate) unsafe trait Floats {
    type V: Copy;
    /// Floats in a vector.
    const WIDTH: usize;
    /// Rows and vectors of a tile of a matrix product whose sums fit the registers.
    const ROWS: usize;
    const VECS: usize;

    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(from: *const f32) -> Self::V;
    unsafe fn load_bf16(from: *const bf16) -> Self::V;
    unsafe fn load_f16(from: *const f16) -> Self::V;
    unsafe fn store(x: Self::V, to: *mut f32);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul_add(a: Self::V, b: Self::V, to: Self::V) -> Self::V;
    unsafe fn sum(x: Self::V) -> f32;
    /// 2 to whole numbers in -126..=127.
    unsafe fn power_of_two(x: Self::V) -> Self::V;
    /// Says that this will be wanted soon; any address will do.
    #[inline(always)]
    unsafe fn soon(_at: *const f32) {}
}

/// e^x, to 3e-7 of itself for x in -87..=88; beyond, what it is there. NaN stays NaN.
///
/// # Safety
/// The instruction set is there.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) unsafe fn exp<F: Floats>(x: F::V) -> F::V {
    /// Added and taken away again, this rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    // SAFETY: the caller's.
    unsafe {
        // The bound first, as the second operand wins where one is NaN.
        let bounded = F::max(F::splat(-87.5), F::min(F::splat(88.0), x));
        let n = F::add(F::mul_add(bounded, F::splat(std::f32::consts::LOG2_E), F::splat(ROUND)), F::splat(-ROUND));
        // x - n ln 2, ln 2 in two parts so that nothing is lost.
        let r = F::mul_add(n, F::splat(-0.693_359_4), bounded);
        let r = F::mul_add(n, F::splat(2.121_944_4e-4), r);
        let mut p = F::splat(1.0 / 5040.0);
        for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            p = F::mul_add(p, r, F::splat(c));
        }
        F::mul(p, F::power_of_two(n))
    }
}

/// erf(x) to 2e-7 (Abramowitz and Stegun, 7.1.26).
///
/// # Safety
/// The instruction set is there.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) unsafe fn erf<F: Floats>(x: F::V) -> F::V {
    // SAFETY: the caller's.
    unsafe {
        let minus = F::mul(x, F::splat(-1.0));
        let size = F::max(x, minus);
        let t = F::div(F::splat(1.0), F::mul_add(size, F::splat(0.327_591_1), F::splat(1.0)));
        let mut p = F::splat(1.061_405_4);
        for c in [-1.453_152_1, 1.421_413_8, -0.284_496_74, 0.254_829_6] {
            p = F::mul_add(p, t, F::splat(c));
        }
        let tail = F::mul(F::mul(p, t), exp::<F>(F::mul(x, minus)));
        let value = F::mul_add(tail, F::splat(-1.0), F::splat(1.0));
        // The sign of x, and 0 at 0.
        F::mul(value, F::max(F::splat(-1.0), F::min(F::splat(1.0), F::mul(x, F::splat(1e38)))))
    }
}

/// 1 / (1 + e^-x).
///
/// # Safety
/// The instruction set is there.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) unsafe fn sigmoid<F: Floats>(x: F::V) -> F::V {
    // SAFETY: the caller's.
    unsafe { F::div(F::splat(1.0), F::add(F::splat(1.0), exp::<F>(F::mul(x, F::splat(-1.0))))) }
}

/// Rust alone: eight at a time, which a compiler turns into whatever vectors every processor has.
pub(crate) struct Plain;

// SAFETY: nothing here needs an instruction set; pointers are read as the trait's contract allows.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
unsafe impl Floats for Plain {
    type V = [f32; 8];
    const WIDTH: usize = 8;
    const ROWS: usize = 4;
    const VECS: usize = 1;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::V {
        [x; 8]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        unsafe { from.cast::<Self::V>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const bf16) -> Self::V {
        unsafe { from.cast::<[u16; 8]>().read_unaligned() }.map(|x| f32::from_bits(u32::from(x) << 16))
    }

    #[inline(always)]
    unsafe fn load_f16(from: *const f16) -> Self::V {
        unsafe { from.cast::<[f16; 8]>().read_unaligned() }.map(f16::to_f32)
    }

    #[inline(always)]
    unsafe fn store(x: Self::V, to: *mut f32) {
        unsafe { to.cast::<Self::V>().write_unaligned(x) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] * b[i])
    }

    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] / b[i])
    }

    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    unsafe fn mul_add(a: Self::V, b: Self::V, to: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] * b[i] + to[i])
    }

    #[inline(always)]
    unsafe fn sum(x: Self::V) -> f32 {
        x.iter().sum()
    }

    #[inline(always)]
    unsafe fn power_of_two(x: Self::V) -> Self::V {
        // As for rounding: 2^23 puts a whole number into the low bits of a float.
        x.map(|x| f32::from_bits((x + (127.0 + 8_388_608.0)).to_bits() << 23))
    }
}

/// Calls `$value` on each vector of `x`, the last one through a buffer.
macro_rules! each_vector {
    ($F:ty, $x:expr, $out:expr, |$v:ident, $at:ident| $value:expr) => {{
        let whole = $x.len() / <$F>::WIDTH * <$F>::WIDTH;
        for $at in (0..whole).step_by(<$F>::WIDTH) {
            let $v = <$F>::load($x.as_ptr().add($at));
            <$F>::store($value, $out.add($at));
        }
        for $at in whole..$x.len() {
            let $v = <$F>::splat($x[$at]);
            let mut buffer = [0f32; 16];
            <$F>::store($value, buffer.as_mut_ptr());
            *$out.add($at) = buffer[0];
        }
    }};
}
pub(crate) use each_vector;

/// Makes `$name(level, ..)`, which runs the generic `$kernel::<F>(..)` compiled for that level.
macro_rules! on_every_level {
    ($(#[$doc:meta])* $vis:vis unsafe fn $name:ident($($argument:ident: $type:ty),* $(,)?) = $kernel:ident) => {
        $(#[$doc])*
        #[allow(unsafe_code, clippy::too_many_arguments)]
        $vis unsafe fn $name(level: $crate::kernel::Level, $($argument: $type),*) {
            use $crate::kernel::level::Kind;
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,f16c")]
            unsafe fn avx2($($argument: $type),*) {
                // SAFETY: the caller's.
                unsafe { $kernel::<$crate::kernel::float_x86::Avx2>($($argument),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            unsafe fn avx512($($argument: $type),*) {
                // SAFETY: the caller's.
                unsafe { $kernel::<$crate::kernel::float_x86::Avx512>($($argument),*) }
            }
            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            unsafe fn neon($($argument: $type),*) {
                // SAFETY: the caller's.
                unsafe { $kernel::<$crate::kernel::float_neon::Neon>($($argument),*) }
            }
            // SAFETY: a level exists only where its instructions do; the rest is the caller's.
            unsafe {
                match level.0 {
                    Kind::Plain => $kernel::<$crate::kernel::float::Plain>($($argument),*),
                    #[cfg(target_arch = "aarch64")]
                    Kind::Neon => neon($($argument),*),
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx2 | Kind::AvxVnni => avx2($($argument),*),
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx512 => avx512($($argument),*),
                }
            }
        }
    };
}
pub(crate) use on_every_level;
