//! Fast CPU kernels for a robot's own computer, beneath the networks: a pool that parks, linear layers dense and
//! quantised, convolution, norms, attention. Each is chosen when the program runs by what the processor can do (AVX-512
//! with VNNI, AVX-VNNI, AVX2, NEON, or nothing but Rust), so one build runs at full speed everywhere and on no machine
//! meets an instruction it lacks. Everything here computes what a plain candle expression computes; tests hold the two
//! together. Tensors that are not on the CPU, not f32, or that carry gradients go the plain way.

pub mod act;
pub mod attention;
mod attention_row;
pub mod cells;
pub mod conv;
pub mod dense;
pub(crate) mod float;
#[cfg(target_arch = "aarch64")]
pub(crate) mod float_neon;
#[cfg(target_arch = "x86_64")]
pub(crate) mod float_x86;
pub(crate) mod gemm;
pub mod learn;
pub mod level;
mod lined;
mod memory;
pub mod norm;
pub mod pool;
pub mod quant;

use std::cell::Cell;

use candle_core::{CpuStorage, Layout, Tensor};
pub use level::Level;
pub use pool::Pool;

thread_local! {
    static PLAIN: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with no kernels on this thread: layers made in it keep candle's tensors, and operations are candle's. For
/// tests and measurements of one way against the other.
pub fn plain<T>(f: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            PLAIN.set(self.0);
        }
    }
    let _back = Back(PLAIN.replace(true));
    f()
}

/// Whether to pack these weights: as [`takes`] says, and they are not stand-ins without memory of their own (one value
/// spread over a shape), with which a network is built dry.
pub fn packs(weights: &Tensor) -> bool {
    takes(&[weights]) && (weights.elem_count() <= 1 || weights.stride().iter().any(|&stride| stride > 0))
}

/// Whether kernels can take all of these: floats of up to 32 bits, on the CPU, no gradient asked of them, and not
/// [`plain`].
pub fn takes(tensors: &[&Tensor]) -> bool {
    use candle_core::DType::{BF16, F16, F32};
    !PLAIN.get()
        && tensors.iter().all(|t| matches!(t.dtype(), F32 | BF16 | F16) && t.device().is_cpu() && !t.track_op())
}

/// The values of a contiguous f32 tensor.
pub(crate) fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        candle_core::bail!("a kernel was given a tensor that is not contiguous")
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

#[cfg(test)]
mod tests;
