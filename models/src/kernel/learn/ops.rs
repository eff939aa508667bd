//! Single operators with a way back, for what stands outside the halves of blocks: linear maps, norms, GELU.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Device, Layout, Result, Shape, Tensor};

use super::super::{Level, Pool, act, floats, norm};
use super::bundle::{Slots, bundle};
use super::matmul::{Matrix, Out, matmul};
use super::rows::{add, gelu_back, norm_back};
use super::with;
use super::{Affine, Norm};

/// Floats in a piece of work.
const PIECE: usize = 1 << 14;

/// `x Wᵀ + b` of x [rows, inputs]; all contiguous f32 on the CPU.
///
/// # Errors
/// Shapes don't meet.
pub fn linear(x: &Tensor, affine: &Affine) -> Result<Tensor> {
    let ((_, width), (outputs, inputs)) = (x.dims2()?, affine.weight.dims2()?);
    if width != inputs || affine.bias.as_ref().is_some_and(|bias| bias.dims() != [outputs]) {
        candle_core::bail!("a linear map of {:?} was given {:?}", affine.weight.shape(), x.shape());
    }
    let params: Vec<_> = [Some(&affine.weight), affine.bias.as_ref()].into_iter().flatten().collect();
    let (token, slots) = bundle(&params)?;
    x.apply_op2(&token, Linear { affine: affine.clone(), slots })
}

/// Root-mean-square norm, or, with a bias, layer norm of x [.., width]; all contiguous f32 on the CPU.
///
/// # Errors
/// Shapes don't meet.
pub fn normed(x: &Tensor, norm: &Norm) -> Result<Tensor> {
    let params: Vec<_> = [Some(&norm.weight), norm.bias.as_ref()].into_iter().flatten().collect();
    let (token, slots) = bundle(&params)?;
    x.apply_op2(&token, Normed { norm: norm.clone(), slots })
}

/// GELU by erf of x, contiguous f32 on the CPU.
///
/// # Errors
/// None but candle's own.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Gelu)
}

/// A gradient where it is asked for.
fn given(grad: Vec<f32>, of: &Tensor) -> Result<Option<Tensor>> {
    of.track_op().then(|| Tensor::from_vec(grad, of.shape(), &Device::Cpu)).transpose()
}

/// The token's own gradient.
fn passed(token: &Tensor) -> Result<Option<Tensor>> {
    token.track_op().then(|| token.zeros_like()).transpose()
}

struct Linear {
    affine: Affine,
    slots: Slots,
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear map that learns"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, (outputs, inputs)) = (floats(s1, l1)?, self.affine.weight.dims2()?);
        let rows = x.len() / inputs.max(1);
        let mut y = vec![0f32; rows * outputs];
        if let Some(bias) = &self.affine.bias {
            let bias = bias.to_vec1::<f32>()?;
            y.chunks_exact_mut(outputs.max(1)).for_each(|row| row.copy_from_slice(&bias));
        }
        with(&self.affine.weight, |w| {
            let w = Matrix::rows(w, inputs).turned();
            let to = Out::onto(&mut y, outputs);
            matmul(Matrix::rows(x, inputs), w, (rows, outputs, inputs), to, Pool::shared());
            Ok(())
        })?;
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }

    fn bwd(&self, x: &Tensor, token: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let ((rows, inputs), outputs, pool) = (x.dims2()?, grad.dim(1)?, Pool::shared());
        let grad = grad.contiguous()?;
        let mut dx = vec![0f32; if x.track_op() { rows * inputs } else { 0 }];
        let (mut dw, mut db) = (vec![0f32; outputs * inputs], vec![0f32; outputs]);
        with(x, |x| {
            with(&grad, |dy| {
                let dys = Matrix::rows(dy, outputs);
                let to = Out::onto(&mut dw, inputs);
                matmul(dys.turned(), Matrix::rows(x, inputs), (outputs, inputs, rows), to, pool);
                for row in dy.chunks_exact(outputs.max(1)) {
                    // SAFETY: both are of one length.
                    #[allow(unsafe_code)]
                    unsafe {
                        add(Level::best(), row, db.as_mut_ptr());
                    }
                }
                if dx.is_empty() {
                    return Ok(());
                }
                let to = Out::over(&mut dx, inputs);
                with(&self.affine.weight, |w| {
                    matmul(dys, Matrix::rows(w, inputs), (rows, inputs, outputs), to, pool);
                    Ok(())
                })
            })
        })?;
        let mut grads = vec![Tensor::from_vec(dw, (outputs, inputs), &Device::Cpu)?];
        if self.affine.bias.is_some() {
            grads.push(Tensor::from_vec(db, outputs, &Device::Cpu)?);
        }
        self.slots.fill(grads);
        Ok((given(dx, x)?, passed(token)?))
    }
}

struct Normed {
    norm: Norm,
    slots: Slots,
}

impl CustomOp2 for Normed {
    fn name(&self) -> &'static str {
        "norm that learns"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let weight = self.norm.weight.to_vec1::<f32>()?;
        let bias = self.norm.bias.as_ref().map(Tensor::to_vec1::<f32>).transpose()?;
        Ok((norm::rows(floats(s1, l1)?, &weight, bias.as_deref(), self.norm.eps)?, l1.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, token: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (weight, width) = (self.norm.weight.to_vec1::<f32>()?, self.norm.weight.elem_count().max(1));
        let mut dx = vec![0f32; x.elem_count()];
        let mut dw = vec![0f32; width];
        let mut db = vec![0f32; if self.norm.bias.is_some() { width } else { 0 }];
        let grad = grad.contiguous()?;
        with(x, |x| {
            with(&grad, |dy| {
                let rows = x.chunks_exact(width).zip(dy.chunks_exact(width));
                for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(width)) {
                    let db = if db.is_empty() { std::ptr::null_mut() } else { db.as_mut_ptr() };
                    let (w, none, eps) = (weight.as_ptr(), std::ptr::null(), self.norm.eps as f32);
                    // SAFETY: all are as long as a row, or there is no bias.
                    #[allow(unsafe_code)]
                    unsafe {
                        norm_back(Level::best(), x, dy.as_ptr(), w, none, dx.as_mut_ptr(), dw.as_mut_ptr(), db, eps);
                    }
                }
                Ok(())
            })
        })?;
        let grads = [dw, db].into_iter().filter(|grad| !grad.is_empty());
        self.slots.fill(grads.map(|grad| Tensor::from_vec(grad, width, &Device::Cpu)).collect::<Result<_>>()?);
        Ok((given(dx, x)?, passed(token)?))
    }
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu that learns"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((act::gelu_values(floats(storage, layout)?), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (grad, mut dx) = (grad.contiguous()?, vec![0f32; x.elem_count()]);
        with(x, |x| {
            with(&grad, |dy| {
                Pool::shared().chunks(&mut dx, PIECE, |i, dx| {
                    let part = i * PIECE..i * PIECE + dx.len();
                    // SAFETY: all three are of one length.
                    #[allow(unsafe_code)]
                    unsafe {
                        gelu_back(Level::best(), &x[part.clone()], dy[part].as_ptr(), dx.as_mut_ptr());
                    }
                });
                Ok(())
            })
        })?;
        given(dx, x)
    }
}
