//! Convolution with its ways back: both gradients are products with the unfolded picture, one picture at a time.

use candle_core::{CpuStorage, CustomOp3, Device, Layout, Result, Shape, Tensor};

use super::super::{Pool, conv, floats};
use super::matmul::{Matrix, Out, Packed, matmul, multiply};
use super::with;

/// x [batch, inputs, height, width] by `weight` [outputs, inputs, kernel, kernel] and `bias` `[outputs]`, contiguous f32 on
/// the CPU, zeros around the picture.
///
/// # Errors
/// Shapes don't meet.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
    let op = Convolve { layer: conv::Conv2d::new(weight, Some(bias), stride, padding)?, stride, padding };
    x.apply_op3(weight, bias, op)
}

struct Convolve {
    layer: conv::Conv2d,
    stride: usize,
    padding: usize,
}

/// How a picture unfolds.
#[derive(Clone, Copy)]
struct Fold {
    kernel: (usize, usize),
    from: (usize, usize),
    to: (usize, usize),
    stride: usize,
    padding: usize,
}

impl Fold {
    /// Calls `f` with each run of outputs of one place in the kernel: where it starts in the outputs, where in a channel,
    /// and how long it is. Places outside the picture are left out.
    fn runs(self, (down, right): (usize, usize), mut f: impl FnMut(usize, usize, usize)) {
        let reach = |size: usize, at: usize, outputs: usize| {
            let first = self.padding.saturating_sub(at).div_ceil(self.stride);
            let last = (size + self.padding).saturating_sub(at).div_ceil(self.stride).min(outputs);
            (first, last.max(first))
        };
        let ((top, bottom), (left, end)) = (reach(self.from.0, down, self.to.0), reach(self.from.1, right, self.to.1));
        for row in (top..bottom).take_while(|_| left < end) {
            let (y, x) = (row * self.stride + down - self.padding, left * self.stride + right - self.padding);
            f(row * self.to.1 + left, y * self.from.1 + x, end - left);
        }
    }

    /// A picture [inputs][height · width] to [inputs · kernel · kernel][pixels].
    fn unfold(self, picture: &[f32], to: &mut [f32], pool: &Pool) {
        let (pixels, places) = (self.to.0 * self.to.1, self.kernel.0 * self.kernel.1);
        pool.chunks(to, pixels, |i, to| {
            let (channel, place) = (&picture[i / places * self.from.0 * self.from.1..], i % places);
            to.fill(0.0);
            self.runs((place / self.kernel.1, place % self.kernel.1), |at, from, count| {
                let from = channel[from..].iter().step_by(self.stride);
                to[at..at + count].iter_mut().zip(from).for_each(|(to, x)| *to = *x);
            });
        });
    }

    /// The way back: what lies on one pixel is added up.
    fn fold(self, from: &[f32], picture: &mut [f32], pool: &Pool) {
        let (pixels, places) = (self.to.0 * self.to.1, self.kernel.0 * self.kernel.1);
        pool.chunks(picture, self.from.0 * self.from.1, |channel, picture| {
            picture.fill(0.0);
            for place in 0..places {
                let from = &from[(channel * places + place) * pixels..][..pixels];
                self.runs((place / self.kernel.1, place % self.kernel.1), |at, to, count| {
                    let to = picture[to..].iter_mut().step_by(self.stride);
                    to.zip(&from[at..at + count]).for_each(|(to, x)| *to += x);
                });
            }
        });
    }
}

impl CustomOp3 for Convolve {
    fn name(&self) -> &'static str {
        "convolution that learns"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        floats(s1, l1)?;
        candle_core::CustomOp1::cpu_fwd(&self.layer, s1, l1)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let ((batch, inputs, height, width), (outputs, _, down, across)) = (x.dims4()?, weight.dims4()?);
        let (_, _, high, wide) = grad.dims4()?;
        let (stride, padding, pool) = (self.stride, self.padding, Pool::shared());
        let fold = Fold { kernel: (down, across), from: (height, width), to: (high, wide), stride, padding };
        let (pixels, depth, picture) = (high * wide, inputs * down * across, inputs * height * width);
        let (mut dw, mut db) = (vec![0f32; outputs * depth], vec![0f32; outputs]);
        let mut dx = vec![0f32; if x.track_op() { batch * picture } else { 0 }];
        let mut unfolded = vec![0f32; depth * pixels];
        let grad = grad.contiguous()?;
        with(x, |x| {
            with(&grad, |dy| {
                with(weight, |w| {
                    for i in 0..batch {
                        let dy = &dy[i * outputs * pixels..][..outputs * pixels];
                        for (db, dy) in db.iter_mut().zip(dy.chunks_exact(pixels)) {
                            *db += dy.iter().sum::<f32>();
                        }
                        fold.unfold(&x[i * picture..][..picture], &mut unfolded, pool);
                        let (left, right) = (Matrix::rows(dy, pixels), Matrix::rows(&unfolded, pixels).turned());
                        matmul(left, right, (outputs, depth, pixels), Out::onto(&mut dw, depth), pool);
                        if !dx.is_empty() {
                            let packed = Packed::new(left, (outputs, pixels), pool);
                            let to = Out::over(&mut unfolded, pixels);
                            multiply(Matrix::rows(w, depth).turned(), &packed, depth, to, pool);
                            fold.fold(&unfolded, &mut dx[i * picture..][..picture], pool);
                        }
                    }
                    Ok(())
                })
            })
        })?;
        let dx = (!dx.is_empty()).then(|| Tensor::from_vec(dx, x.shape(), &Device::Cpu)).transpose()?;
        let dw = Tensor::from_vec(dw, weight.shape(), &Device::Cpu)?;
        Ok((dx, Some(dw), Some(Tensor::from_vec(db, bias.shape(), &Device::Cpu)?)))
    }
}
