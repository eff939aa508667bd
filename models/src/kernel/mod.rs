//! Fast CPU kernels for a robot's own computer, beneath the networks: a pool that parks, linear layers dense and
//! quantised, convolution, norms, attention. Each is chosen when the program runs by what the processor can do (AVX-512
//! with VNNI, AVX-VNNI, AVX2, NEON, or nothing but Rust), so one build runs at full speed everywhere and on no machine
//! meets an instruction it lacks. Everything here computes what a plain candle expression computes; tests hold the two
//! together. Tensors that are not on the CPU, not f32, or that carry gradients go the plain way.

pub mod attention;
pub mod conv;
pub mod dense;
pub(crate) mod float;
#[cfg(target_arch = "aarch64")]
pub(crate) mod float_neon;
#[cfg(target_arch = "x86_64")]
pub(crate) mod float_x86;
pub(crate) mod gemm;
pub mod level;
pub mod pool;
pub mod quant;
pub mod rows;

pub use level::Level;
pub use pool::Pool;

#[cfg(test)]
mod tests;
