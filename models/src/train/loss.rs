//! Losses. Cross-entropy over logits in one pass forward and one back: neither probabilities nor their logarithms stand
//! in memory, only one number a row.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp1, D, DType, Layout, Result, Shape, Tensor};

use crate::kernel::learn::rows::{chances, largest_and_sum};
use crate::kernel::{Level, Pool, floats};

/// A target that counts for nothing.
pub const IGNORE: u32 = u32::MAX;

/// Mean cross-entropy of `logits` [.., classes] (floats) against `targets` [..] (u32 below the classes, or [`IGNORE`]), a
/// scalar. With `weights` [..] (floats of at least 0) it is Σ weight · loss / Σ weight over the rows that count; where
/// none counts it is 0.
///
/// # Errors
/// Shapes don't meet, or a target is beyond the classes.
pub fn cross_entropy(logits: &Tensor, targets: &Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
    let classes = logits.dim(D::Minus1)?;
    if logits.dims()[..logits.rank() - 1] != *targets.dims() {
        candle_core::bail!("cross-entropy: logits {:?} for targets {:?}", logits.shape(), targets.shape());
    }
    let targets = targets.flatten_all()?.to_dtype(DType::U32)?.to_vec1::<u32>()?;
    let mut shares = match weights {
        Some(weights) => weights.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?,
        None => vec![1.0; targets.len()],
    };
    if shares.len() != targets.len() {
        candle_core::bail!("cross-entropy: {} weights for {} targets", shares.len(), targets.len());
    }
    for (target, share) in targets.iter().zip(&mut shares) {
        match *target {
            IGNORE => *share = 0.0,
            target if target as usize >= classes => {
                candle_core::bail!("cross-entropy: target {target}, there are {classes} classes")
            }
            _ => (),
        }
    }
    let total: f64 = shares.iter().map(|share| f64::from(*share)).sum();
    let by = if total > 0.0 { 1.0 / total } else { 0.0 };
    shares.iter_mut().for_each(|share| *share = (f64::from(*share) * by) as f32);
    let flat = logits.to_dtype(DType::F32)?.reshape(((), classes))?.contiguous()?;
    if flat.device().is_cpu() {
        return flat.apply_op1(CrossEntropy { targets, shares, logs: OnceLock::new() });
    }
    let device = flat.device();
    let largest = flat.max_keepdim(1)?.detach();
    let logs = flat.broadcast_sub(&largest)?.exp()?.sum_keepdim(1)?.log()?.broadcast_add(&largest)?.squeeze(1)?;
    let safe: Vec<u32> = targets.iter().map(|&target| if target == IGNORE { 0 } else { target }).collect();
    let (rows, safe) = (safe.len(), Tensor::new(safe, device)?);
    let picked = flat.gather(&safe.reshape((rows, 1))?, 1)?.squeeze(1)?;
    ((logs - picked)? * Tensor::new(shares, device)?)?.sum_all()
}

struct CrossEntropy {
    targets: Vec<u32>,
    shares: Vec<f32>,
    /// The logarithm of the sum of e to the logits, a row each.
    logs: OnceLock<Vec<f32>>,
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (logits, classes) = (floats(storage, layout)?, layout.dims()[1]);
        let mut logs = vec![0f32; self.targets.len()];
        Pool::shared().chunks(&mut logs, 16, |i, logs| {
            for (j, log) in logs.iter_mut().enumerate().filter(|(j, _)| self.shares[i * 16 + j] != 0.0) {
                let (row, mut found) = (&logits[(i * 16 + j) * classes..][..classes], [0f32; 2]);
                // SAFETY: room for two.
                #[allow(unsafe_code)]
                unsafe {
                    largest_and_sum(Level::best(), row, 1.0, found.as_mut_ptr());
                }
                *log = found[0] + found[1].ln();
            }
        });
        let rows = self.targets.iter().zip(&self.shares).zip(&logs).enumerate();
        let counted = rows.filter(|(_, ((_, share), _))| **share != 0.0);
        let loss: f64 = counted
            .map(|(row, ((target, share), log))| {
                f64::from(*share) * (f64::from(*log) - f64::from(logits[row * classes + *target as usize]))
            })
            .sum();
        let _ = self.logs.set(logs);
        Ok((CpuStorage::F32(vec![loss as f32]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let by = grad.to_dtype(DType::F32)?.to_scalar::<f32>()?;
        logits.detach().apply_op1_no_bwd(&Back { of: self, by }).map(Some)
    }
}

/// The gradient of the logits.
struct Back<'a> {
    of: &'a CrossEntropy,
    by: f32,
}

impl CustomOp1 for Back<'_> {
    fn name(&self) -> &'static str {
        "cross-entropy, back"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (logits, classes) = (floats(storage, layout)?, layout.dims()[1]);
        let Some(logs) = self.of.logs.get() else { candle_core::bail!("cross-entropy went back before forth") };
        let mut out = vec![0f32; logits.len()];
        Pool::shared().chunks(&mut out, classes, |row, out| {
            let share = self.of.shares[row] * self.by;
            if share != 0.0 {
                let from = &logits[row * classes..][..classes];
                out.copy_from_slice(from);
                // SAFETY: all of the row is seen.
                #[allow(unsafe_code)]
                unsafe {
                    chances(Level::best(), out, classes, 1.0, logs[row]);
                }
                out.iter_mut().for_each(|x| *x *= share);
                out[self.of.targets[row] as usize] -= share;
            }
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}
