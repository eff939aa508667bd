//! Norms, each in one pass over memory: root-mean-square norm, layer norm, group norm with or without swish behind it.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::float::{Floats, each_vector, on_every_level, sigmoid};
use super::memory::written;
use super::pool::Shared;
use super::{Level, Pool, floats};

/// Floats in a piece of work.
const PIECE: usize = 1 << 14;

/// Root-mean-square norm of x [.., width], f32 on the CPU, by weights [width].
///
/// # Errors
/// Widths differ, or a tensor is not contiguous f32 on the CPU.
pub fn rms_norm(x: &Tensor, weights: &Tensor, eps: f64) -> Result<Tensor> {
    x.apply_op2_no_bwd(weights, &Norm { eps: eps as f32, level: Level::best() })
}

/// Layer norm of x [.., width], f32 on the CPU, by weights and bias [width].
///
/// # Errors
/// Widths differ, or a tensor is not contiguous f32 on the CPU.
pub fn layer_norm(x: &Tensor, weights: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    x.apply_op3_no_bwd(weights, bias, &Norm { eps: eps as f32, level: Level::best() })
}

/// Group norm of x [batch, channels, ..], f32 on the CPU, by weights and bias [channels]; then `x * sigmoid(x)` if `swish`.
///
/// # Errors
/// Groups do not divide the channels, widths differ, or a tensor is not contiguous f32 on the CPU.
pub fn group_norm(x: &Tensor, weights: &Tensor, bias: &Tensor, groups: usize, eps: f64, swish: bool) -> Result<Tensor> {
    x.apply_op3_no_bwd(weights, bias, &Groups { groups, swish, eps: eps as f32, level: Level::best() })
}

/// [`group_norm`] as an operator without a way back.
pub(super) fn groups(groups: usize, eps: f64, swish: bool) -> impl CustomOp3 {
    Groups { groups, swish, eps: eps as f32, level: Level::best() }
}

/// A norm of rows as wide as the weights.
pub(super) fn rows(x: &[f32], weights: &[f32], bias: Option<&[f32]>, eps: f64) -> Result<CpuStorage> {
    Norm { eps: eps as f32, level: Level::best() }.run(x, weights, bias)
}

struct Norm {
    eps: f32,
    level: Level,
}

impl Norm {
    fn run(&self, x: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Result<CpuStorage> {
        let width = weights.len();
        if width == 0 || !x.len().is_multiple_of(width) || bias.is_some_and(|bias| bias.len() != width) {
            candle_core::bail!("a norm of {width} weights was given other widths");
        }
        let (rows, each) = (x.len() / width, (PIECE / width).max(1));
        // SAFETY: rows, weights and bias, if there is one, are `width` long, and the pieces are all rows.
        #[allow(unsafe_code)]
        let out = unsafe {
            written(x.len(), |out| {
                Pool::shared().run(rows.div_ceil(each), |i| {
                    let bias = bias.map_or(std::ptr::null(), <[f32]>::as_ptr);
                    for row in i * each..rows.min((i + 1) * each) {
                        let at = row * width;
                        norm(self.level, &x[at..at + width], weights.as_ptr(), bias, out.at(at), self.eps);
                    }
                });
            })
        };
        Ok(CpuStorage::F32(out))
    }
}

impl CustomOp2 for Norm {
    fn name(&self) -> &'static str {
        "rms norm"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((self.run(floats(s1, l1)?, floats(s2, l2)?, None)?, l1.shape().clone()))
    }
}

impl CustomOp3 for Norm {
    fn name(&self) -> &'static str {
        "layer norm"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((self.run(floats(s1, l1)?, floats(s2, l2)?, Some(floats(s3, l3)?))?, l1.shape().clone()))
    }
}

struct Groups {
    groups: usize,
    swish: bool,
    eps: f32,
    level: Level,
}

impl CustomOp3 for Groups {
    fn name(&self) -> &'static str {
        "group norm"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weights, bias) = (floats(s1, l1)?, floats(s2, l2)?, floats(s3, l3)?);
        let channels = l1.dims().get(1).copied().unwrap_or(0);
        if self.groups == 0 || channels == 0 || !channels.is_multiple_of(self.groups) || x.is_empty() {
            candle_core::bail!("{} groups do not divide the channels of {:?}", self.groups, l1.shape());
        }
        if weights.len() != channels || bias.len() != channels {
            candle_core::bail!("a group norm of {} weights was given {channels} channels", weights.len());
        }
        let (each, pixels) = (channels / self.groups, x.len() / (l1.dims()[0] * channels));
        let write = |out: &Shared<f32>, i: usize| {
            let out = Shared(out.at(i * each * pixels));
            let (x, first) = (&x[i * each * pixels..(i + 1) * each * pixels], i % self.groups * each);
            // Sums of a channel at a time, then in f64: a group may hold a million values.
            let mut sums = (0f64, 0f64);
            let mut squares = [0f32; 2];
            for channel in x.chunks_exact(pixels) {
                // SAFETY: `channel` is read as long as it is, `squares` takes two values.
                #[allow(unsafe_code)]
                unsafe {
                    moments(self.level, channel, squares.as_mut_ptr());
                }
                let mean = f64::from(squares[0]) / pixels as f64;
                sums.0 += mean;
                sums.1 += f64::from(squares[1]) / pixels as f64 + mean * mean;
            }
            let mean = sums.0 / each as f64;
            let scale = 1.0 / ((sums.1 / each as f64 - mean * mean).max(0.0) + f64::from(self.eps)).sqrt();
            for (c, channel) in x.chunks_exact(pixels).enumerate() {
                let by = scale as f32 * weights[first + c];
                let plus = bias[first + c] - (mean * scale) as f32 * weights[first + c];
                // SAFETY: there is room for the channel.
                #[allow(unsafe_code)]
                unsafe {
                    stretch(self.level, channel, by, plus, self.swish, out.at(c * pixels));
                }
            }
        };
        // SAFETY: the groups are all of it.
        #[allow(unsafe_code)]
        let out = unsafe { written(x.len(), |out| Pool::shared().run(x.len() / (each * pixels), |i| write(&out, i))) };
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

on_every_level!(pub(super) unsafe fn norm(x: &[f32], weights: *const f32, bias: *const f32, out: *mut f32, eps: f32) = norm_on);
on_every_level!(unsafe fn moments(x: &[f32], to: *mut f32) = moments_on);
on_every_level!(unsafe fn stretch(x: &[f32], by: f32, plus: f32, swish: bool, out: *mut f32) = stretch_on);

/// Sum, and sum of squares about the mean.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn moments_of<F: Floats>(x: &[f32]) -> (f32, f32) {
    let (whole, rest) = x.split_at(x.len() / F::WIDTH * F::WIDTH);
    // SAFETY: chunks are as long as a vector.
    unsafe {
        // A mean far from 0 would eat the digits of a plain sum of squares: take a value from the row away first.
        let near = x.first().copied().unwrap_or(0.0);
        let (mut sum, mut square) = ([F::splat(0.0); 4], [F::splat(0.0); 4]);
        for (i, chunk) in whole.chunks_exact(F::WIDTH).enumerate() {
            let v = F::add(F::load(chunk.as_ptr()), F::splat(-near));
            sum[i % 4] = F::add(sum[i % 4], v);
            square[i % 4] = F::mul_add(v, v, square[i % 4]);
        }
        let all = |v: [F::V; 4]| F::sum(F::add(F::add(v[0], v[1]), F::add(v[2], v[3])));
        let (mut s, mut q) = (all(sum), all(square));
        for x in rest {
            let x = x - near;
            s += x;
            q += x * x;
        }
        let count = x.len() as f32;
        (s + near * count, (q - s * s / count).max(0.0))
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn moments_on<F: Floats>(x: &[f32], to: *mut f32) {
    // SAFETY: the caller's: room for two.
    unsafe { (*to, *to.add(1)) = moments_of::<F>(x) };
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn norm_on<F: Floats>(x: &[f32], weights: *const f32, bias: *const f32, out: *mut f32, eps: f32) {
    // SAFETY: the caller's: all are as long as x, or bias is null.
    unsafe {
        let (sum, about) = moments_of::<F>(x);
        let count = x.len() as f32;
        let mean = sum / count;
        let (off, size) = if bias.is_null() { (0.0, about / count + mean * mean) } else { (mean, about / count) };
        let scale = 1.0 / (size + eps).sqrt();
        let whole = x.len() / F::WIDTH * F::WIDTH;
        for i in (0..whole).step_by(F::WIDTH) {
            let v = F::mul(F::add(F::load(x.as_ptr().add(i)), F::splat(-off)), F::splat(scale));
            let w = F::load(weights.add(i));
            let v = if bias.is_null() { F::mul(v, w) } else { F::mul_add(v, w, F::load(bias.add(i))) };
            F::store(v, out.add(i));
        }
        for (i, x) in x.iter().enumerate().skip(whole) {
            let plus = if bias.is_null() { 0.0 } else { *bias.add(i) };
            *out.add(i) = (x - off) * scale * *weights.add(i) + plus;
        }
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn stretch_on<F: Floats>(x: &[f32], by: f32, plus: f32, swish: bool, out: *mut f32) {
    // SAFETY: the caller's: `out` is as long as x.
    unsafe {
        let (by, plus) = (F::splat(by), F::splat(plus));
        if swish {
            each_vector!(F, x, out, |v, i| {
                let v = F::mul_add(v, by, plus);
                F::mul(v, sigmoid::<F>(v))
            });
        } else {
            each_vector!(F, x, out, |v, i| F::mul_add(v, by, plus));
        }
    }
}
