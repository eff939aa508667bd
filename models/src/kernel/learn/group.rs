//! What a network of convolutions needs beside them, with its ways back: group norm with or without swish behind it (Wu and
//! He, 2018), and doubling by repetition.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Device, Layout, Result, Shape, Tensor};

use super::super::{Pool, floats, norm};
use super::with;

/// Group norm of x [batch, channels, ..] by `weight` and `bias` `[channels]`, contiguous f32 on the CPU; then
/// `x * sigmoid(x)` if `swish`.
///
/// # Errors
/// Groups don't divide the channels, or widths differ.
pub fn group_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    (groups, eps): (usize, f64),
    swish: bool,
) -> Result<Tensor> {
    x.apply_op3(weight, bias, Grouped { groups, eps, swish })
}

/// x [batch, channels, height, width], contiguous f32 on the CPU, twice as high and wide, each pixel four times.
///
/// # Errors
/// x has other dimensions.
pub fn doubled(x: &Tensor) -> Result<Tensor> {
    x.dims4()?;
    x.apply_op1(Doubled)
}

struct Grouped {
    groups: usize,
    eps: f64,
    swish: bool,
}

impl CustomOp3 for Grouped {
    fn name(&self) -> &'static str {
        "group norm that learns"
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
        norm::groups(self.groups, self.eps, self.swish).cpu_fwd(s1, l1, s2, l2, s3, l3)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (batch, channels) = (x.dim(0)?, x.dim(1)?);
        let (each, pixels) = (channels / self.groups, x.elem_count() / (batch * channels).max(1));
        let (weights, biases) = (weight.to_vec1::<f32>()?, bias.to_vec1::<f32>()?);
        let grad = grad.contiguous()?;
        let mut dx = vec![0f32; x.elem_count()];
        let (mut dw, mut db) = (vec![0f32; channels], vec![0f32; channels]);
        with(x, |x| {
            with(&grad, |dy| {
                let size = each * pixels;
                let mut sums = vec![[0f32; 2]; batch * channels];
                for (i, (sums, dx)) in sums.chunks_mut(each).zip(dx.chunks_mut(size)).enumerate() {
                    let (part, first) = (i * size..(i + 1) * size, i % self.groups * each);
                    let scales = (&weights[first..first + each], &biases[first..first + each]);
                    self.back(&x[part.clone()], &dy[part], scales, dx, sums);
                }
                for (i, [w, b]) in sums.into_iter().enumerate() {
                    dw[i % channels] += w;
                    db[i % channels] += b;
                }
                Ok(())
            })
        })?;
        let dx = Tensor::from_vec(dx, x.shape(), &Device::Cpu)?;
        let dw = Tensor::from_vec(dw, channels, &Device::Cpu)?;
        Ok((Some(dx), Some(dw), Some(Tensor::from_vec(db, channels, &Device::Cpu)?)))
    }
}

/// Values that are summed side by side.
const LANES: usize = 16;

/// Sums of f of both, in f64 over short sums in f32.
fn summed(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f64 {
    let stretch = |(a, b): (&[f32], &[f32])| {
        let mut sums = [0f32; LANES];
        let (wide, rest) = (a.chunks_exact(LANES).zip(b.chunks_exact(LANES)), a.len() / LANES * LANES);
        for (a, b) in wide {
            sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += f(*a, *b));
        }
        let rest = a[rest..].iter().zip(&b[rest..]).map(|(a, b)| f(*a, *b)).sum::<f32>();
        f64::from(sums.iter().sum::<f32>() + rest)
    };
    a.chunks(1024).zip(b.chunks(1024)).map(stretch).sum()
}

impl Grouped {
    /// One group of one picture: gradients of its values, and of weight and bias a channel each.
    fn back(&self, x: &[f32], dy: &[f32], (weights, biases): (&[f32], &[f32]), dx: &mut [f32], sums: &mut [[f32; 2]]) {
        let (count, pixels) = (x.len() as f64, x.len() / weights.len().max(1));
        let mean = (summed(x, x, |a, _| a) / count) as f32;
        let square = summed(x, x, |a, _| (a - mean) * (a - mean)) / count;
        let scale = (1.0 / (square + self.eps).sqrt()) as f32;
        // The gradient of what the norm gives, before weight and bias, waits in dx.
        let (mut all, mut along) = (0f64, 0f64);
        let channels = weights.iter().zip(biases).zip(sums).zip(x.chunks_exact(pixels)).zip(dy.chunks_exact(pixels));
        for (((((w, b), sums), x), dy), dx) in channels.zip(dx.chunks_exact_mut(pixels)) {
            for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
                *dx = if self.swish { dy * swish_slope((x - mean) * scale * w + b) } else { *dy };
            }
            let (plain, turned) = (summed(dx, x, |d, _| d), summed(dx, x, |d, x| d * (x - mean) * scale));
            *sums = [turned as f32, plain as f32];
            all += plain * f64::from(*w);
            along += turned * f64::from(*w);
            dx.iter_mut().for_each(|dx| *dx *= w);
        }
        let (all, along) = ((all / count) as f32, (along / count) as f32);
        for (dx, x) in dx.iter_mut().zip(x) {
            *dx = scale * (*dx - all - (x - mean) * scale * along);
        }
    }
}

/// The slope of `x * sigmoid(x)`.
#[inline(always)]
fn swish_slope(x: f32) -> f32 {
    let s = 1.0 / (1.0 + exp(-x));
    s * (1.0 + x * (1.0 - s))
}

/// e^x, as [`super::super::float::exp`] computes it, in a form that the compiler makes wide.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Added and taken away again, this rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut p = 1.0 / 5040.0;
    for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = p * r + c;
    }
    p * f32::from_bits((((n as i32) + 127) << 23) as u32)
}

struct Doubled;

impl CustomOp1 for Doubled {
    fn name(&self) -> &'static str {
        "doubling that learns"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, (batch, channels, height, width)) = (floats(storage, layout)?, layout.shape().dims4()?);
        let mut out = vec![0f32; x.len() * 4];
        Pool::shared().chunks(&mut out, (4 * width).max(1), |i, two| {
            let (above, below) = two.split_at_mut(2 * width);
            for (pair, x) in above.chunks_exact_mut(2).zip(&x[i * width..(i + 1) * width]) {
                pair.fill(*x);
            }
            below.copy_from_slice(above);
        });
        Ok((CpuStorage::F32(out), Shape::from((batch, channels, 2 * height, 2 * width))))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (width, mut dx) = (x.dim(3)?, vec![0f32; x.elem_count()]);
        with(&grad.contiguous()?, |dy| {
            Pool::shared().chunks(&mut dx, width.max(1), |i, dx| {
                let (above, below) = dy[i * 4 * width..(i + 1) * 4 * width].split_at(2 * width);
                for (dx, (a, b)) in dx.iter_mut().zip(above.chunks_exact(2).zip(below.chunks_exact(2))) {
                    *dx = (a[0] + a[1]) + (b[0] + b[1]);
                }
            });
            Ok(())
        })?;
        Tensor::from_vec(dx, x.shape(), &Device::Cpu).map(Some)
    }
}
