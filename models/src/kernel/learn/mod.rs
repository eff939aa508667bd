//! Operators with a way back, for training on the CPU: the halves of a transformer's block, each as one operator with
//! hand-written gradients. What candle's graph sees is one edge in and one out; within, rows go block by block through
//! caches, and nothing is transposed or copied. Chosen by [`super::super::net`]'s layers where a gradient is wanted; tests
//! hold them to candle's own composition and to finite differences.

mod bundle;
mod conv;
mod group;
mod heads;
pub(super) mod matmul;
mod ops;
mod parts;
pub(crate) mod rows;
mod sublayer;

#[cfg(test)]
mod tests;

pub use conv::conv2d;
pub use group::{doubled, group_norm};
pub use ops::{gelu, linear, normed};
pub use parts::{Affine, Attend, Middle, Norm};
pub use sublayer::sublayer;

use candle_core::{DType, Result, Storage, Tensor};

/// Whether these operators can take all of these: contiguous f32 on the CPU, a gradient asked of one, and not
/// [`super::plain`].
pub fn takes(tensors: &[&Tensor]) -> bool {
    !super::PLAIN.get()
        && tensors.iter().any(|t| t.track_op())
        && tensors.iter().all(|t| t.dtype() == DType::F32 && t.device().is_cpu() && t.is_contiguous())
}

/// Runs `f` on the values of a contiguous f32 tensor on the CPU.
fn with<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        candle_core::bail!("an operator for the CPU was given another tensor")
    };
    f(super::floats(storage, layout)?)
}
