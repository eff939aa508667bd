//! Activations, each in one pass over memory: GELU by erf, swish, and swish times a gate.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};

use super::float::{Floats, each_vector, erf, on_every_level, sigmoid};
use super::memory::written;
use super::{Level, Pool, floats};

/// Floats in a piece of work.
const PIECE: usize = 1 << 14;

/// GELU by erf of x, f32 on the CPU.
///
/// # Errors
/// x is not contiguous f32 on the CPU.
pub fn gelu_erf(x: &Tensor) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Each { what: What::Gelu, level: Level::best() })
}

/// `x * sigmoid(x)` of x, f32 on the CPU.
///
/// # Errors
/// x is not contiguous f32 on the CPU.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Each { what: What::Silu, level: Level::best() })
}

/// `x * sigmoid(x) * gate`, of two tensors of one shape, f32 on the CPU.
///
/// # Errors
/// Shapes differ, or a tensor is not contiguous f32 on the CPU.
pub fn silu_mul(x: &Tensor, gate: &Tensor) -> Result<Tensor> {
    x.apply_op2_no_bwd(gate, &Each { what: What::Silu, level: Level::best() })
}

/// GELU of values.
pub(super) fn gelu_values(x: &[f32]) -> CpuStorage {
    Each { what: What::Gelu, level: Level::best() }.run(x, None)
}

#[derive(Clone, Copy)]
pub(super) enum What {
    Gelu,
    Silu,
}

struct Each {
    what: What,
    level: Level,
}

impl Each {
    fn run(&self, x: &[f32], gate: Option<&[f32]>) -> CpuStorage {
        // SAFETY: x, the gate if there is one, and what is written are of one length, and the pieces all of it.
        #[allow(unsafe_code)]
        let out = unsafe {
            written(x.len(), |out| {
                Pool::shared().run(x.len().div_ceil(PIECE), |i| {
                    let range = i * PIECE..x.len().min((i + 1) * PIECE);
                    let gate = gate.map_or(std::ptr::null(), |gate| gate[range.clone()].as_ptr());
                    activate(self.level, &x[range.clone()], gate, self.what, out.at(range.start));
                });
            })
        };
        CpuStorage::F32(out)
    }
}

impl CustomOp1 for Each {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((self.run(floats(storage, layout)?, None), layout.shape().clone()))
    }
}

impl CustomOp2 for Each {
    fn name(&self) -> &'static str {
        "activation and gate"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        if l1.shape() != l2.shape() {
            candle_core::bail!("a gate of {:?} for {:?}", l2.shape(), l1.shape());
        }
        Ok((self.run(floats(s1, l1)?, Some(floats(s2, l2)?)), l1.shape().clone()))
    }
}

on_every_level!(pub(super) unsafe fn activate(x: &[f32], gate: *const f32, what: What, out: *mut f32) = activate_on);

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn activate_on<F: Floats>(x: &[f32], gate: *const f32, what: What, out: *mut f32) {
    // SAFETY: the caller's: the gate, if not null, and `out` are as long as x.
    unsafe {
        match what {
            What::Gelu => each_vector!(F, x, out, |v, i| {
                let half = F::mul(v, F::splat(0.5));
                F::mul_add(half, erf::<F>(F::mul(v, F::splat(std::f32::consts::FRAC_1_SQRT_2))), half)
            }),
            What::Silu if gate.is_null() => each_vector!(F, x, out, |v, i| F::mul(v, sigmoid::<F>(v))),
            What::Silu => {
                let (whole, mut i) = (x.len() / F::WIDTH * F::WIDTH, 0);
                while i < whole {
                    let v = F::load(x.as_ptr().add(i));
                    F::store(F::mul(F::mul(v, sigmoid::<F>(v)), F::load(gate.add(i))), out.add(i));
                    i += F::WIDTH;
                }
                for (i, &x) in x.iter().enumerate().skip(whole) {
                    *out.add(i) = x / (1.0 + (-x).exp()) * *gate.add(i);
                }
            }
        }
    }
}
