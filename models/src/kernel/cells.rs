//! Pictures with channels last, cell by cell: a linear map of every cell's neighbourhood (a convolution) with bias and
//! rectifier in one go, and a norm over each cell's channels (Ba et al., 2016). Both with hand-written backward passes, so
//! one code path trains and answers. Neighbourhoods are gathered picture by picture and never stand in memory as a whole.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor};

use super::learn::matmul::{Matrix, Out, matmul};
use super::{Pool, floats};

thread_local! {
    /// A picture's neighbourhoods, and their gradients.
    static AROUND: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// A square window that moves over a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Pixels along a side.
    pub side: usize,
    /// Pixels from window to window.
    pub stride: usize,
    /// Zeros around the picture.
    pub padding: usize,
}

impl Window {
    /// Three by three around every cell of a step.
    #[must_use]
    pub fn three(stride: usize) -> Self {
        Self { side: 3, stride, padding: 1 }
    }

    /// Windows along a side of so many pixels.
    #[must_use]
    pub fn along(&self, pixels: usize) -> usize {
        (pixels + 2 * self.padding).checked_sub(self.side).map_or(0, |room| room / self.stride.max(1) + 1)
    }

    /// Calls `run(window, place in it, pixel, count)` for every run of pixels of a window's row that lies on the picture.
    fn walk(&self, height: usize, width: usize, mut run: impl FnMut(usize, usize, usize, usize)) {
        let (rows, columns) = (self.along(height), self.along(width));
        for row in 0..rows {
            for down in 0..self.side {
                let y = (row * self.stride + down).wrapping_sub(self.padding);
                if y >= height {
                    continue;
                }
                for column in 0..columns {
                    let left = column * self.stride;
                    let first = self.padding.saturating_sub(left);
                    let last = (width + self.padding).saturating_sub(left).min(self.side);
                    if first < last {
                        let pixel = y * width + left + first - self.padding;
                        run(row * columns + column, down * self.side + first, pixel, last - first);
                    }
                }
            }
        }
    }
}

/// A convolution's shape on one picture.
#[derive(Clone, Copy)]
struct Plan {
    window: Window,
    height: usize,
    width: usize,
    channels: usize,
    outputs: usize,
}

impl Plan {
    fn windows(&self) -> usize {
        self.window.along(self.height) * self.window.along(self.width)
    }

    /// Values of a neighbourhood.
    fn depth(&self) -> usize {
        self.window.side * self.window.side * self.channels
    }

    fn gather(&self, x: &[f32], to: &mut Vec<f32>) {
        let (depth, channels) = (self.depth(), self.channels);
        to.clear();
        to.resize(self.windows() * depth, 0.0);
        self.window.walk(self.height, self.width, |at, place, pixel, count| {
            let to = &mut to[at * depth + place * channels..][..count * channels];
            to.copy_from_slice(&x[pixel * channels..][..count * channels]);
        });
    }

    fn scatter(&self, from: &[f32], x: &mut [f32]) {
        let (depth, channels) = (self.depth(), self.channels);
        self.window.walk(self.height, self.width, |at, place, pixel, count| {
            let from = &from[at * depth + place * channels..][..count * channels];
            x[pixel * channels..][..count * channels].iter_mut().zip(from).for_each(|(x, g)| *x += g);
        });
    }
}

struct Convolve {
    window: Window,
    rectify: bool,
}

impl Convolve {
    fn plan(&self, x: &Shape, weight: &Shape) -> Result<(usize, Plan)> {
        let (batch, height, width, channels) = x.dims4()?;
        let (outputs, depth) = weight.dims2()?;
        let plan = Plan { window: self.window, height, width, channels, outputs };
        if plan.windows() == 0 || self.window.stride == 0 || plan.depth() != depth {
            candle_core::bail!("windows {:?} with weights of {outputs} by {depth} on {x:?}", self.window);
        }
        Ok((batch, plan))
    }
}

/// `xs` [batch, height, width, channels], f32 on the CPU, to [batch, rows, columns, outputs]: `weight`
/// [outputs, side · side · channels] times each neighbourhood plus `bias` `[outputs]`, rectified where asked.
///
/// # Errors
/// Shapes or dtypes don't meet, or the picture is smaller than the window.
pub fn convolve(xs: &Tensor, weight: &Tensor, bias: &Tensor, window: Window, rectify: bool) -> Result<Tensor> {
    xs.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, Convolve { window, rectify })
}

/// Norm of `xs` [.., channels] over its last dimension with `weight` and `bias` `[channels]`.
///
/// # Errors
/// Shapes or dtypes don't meet.
pub fn norm(xs: &Tensor, weight: &Tensor, bias: &Tensor, eps: f32) -> Result<Tensor> {
    xs.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, Norm(eps))
}

/// Calls `f` with the values of contiguous f32 tensors on the CPU.
fn with<T>(tensors: [&Tensor; 4], f: impl FnOnce([&[f32]; 4]) -> Result<T>) -> Result<T> {
    let guards = tensors.map(Tensor::storage_and_layout);
    let mut values: [&[f32]; 4] = [&[]; 4];
    for (to, (storage, layout)) in values.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else { candle_core::bail!("a kernel was given a tensor elsewhere") };
        *to = floats(storage, layout)?;
    }
    f(values)
}

impl CustomOp3 for Convolve {
    fn name(&self) -> &'static str {
        "convolve"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, plan) = self.plan(x_layout.shape(), weight_layout.shape())?;
        let (x, weight, bias) = (floats(x, x_layout)?, floats(weight, weight_layout)?, floats(bias, bias_layout)?);
        let (windows, depth, outputs) = (plan.windows(), plan.depth(), plan.outputs);
        if bias.len() != outputs {
            candle_core::bail!("a bias of {} for {outputs} outputs", bias.len());
        }
        let mut out = Vec::with_capacity(batch * windows * outputs);
        (0..batch * windows).for_each(|_| out.extend_from_slice(bias));
        let size = plan.height * plan.width * plan.channels;
        AROUND.with_borrow_mut(|[around, _]| {
            for (x, out) in x.chunks_exact(size.max(1)).zip(out.chunks_exact_mut((windows * outputs).max(1))) {
                plan.gather(x, around);
                let (a, b) = (Matrix::rows(around, depth), Matrix::rows(weight, depth).turned());
                matmul(a, b, (windows, outputs, depth), Out::onto(out, outputs), Pool::shared());
            }
        });
        if self.rectify {
            out.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        let (rows, columns) = (self.window.along(plan.height), self.window.along(plan.width));
        Ok((CpuStorage::F32(out), Shape::from((batch, rows, columns, outputs))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, plan) = self.plan(x.shape(), weight.shape())?;
        let (windows, depth, outputs) = (plan.windows(), plan.depth(), plan.outputs);
        let size = plan.height * plan.width * plan.channels;
        let wanted = x.track_op();
        let mut into_x = vec![0f32; if wanted { x.elem_count() } else { 0 }];
        let (mut into_weight, mut into_bias) = (vec![0f32; outputs * depth], vec![0f32; outputs]);
        with([x, weight, res, &grad.contiguous()?], |[x, weight, res, grad]| {
            AROUND.with_borrow_mut(|[around, slopes]| {
                let mut own = Vec::with_capacity(windows * outputs);
                for i in 0..x.len() / size.max(1) {
                    let part = i * windows * outputs..(i + 1) * windows * outputs;
                    let grad = if self.rectify {
                        own.clear();
                        let open = res[part.clone()].iter().zip(&grad[part]);
                        own.extend(open.map(|(y, g)| if *y > 0.0 { *g } else { 0.0 }));
                        &own[..]
                    } else {
                        &grad[part]
                    };
                    for row in grad.chunks_exact(outputs) {
                        into_bias.iter_mut().zip(row).for_each(|(b, g)| *b += g);
                    }
                    plan.gather(&x[i * size..(i + 1) * size], around);
                    let slope = Matrix::rows(grad, outputs);
                    let shape = (outputs, depth, windows);
                    matmul(
                        slope.turned(),
                        Matrix::rows(around, depth),
                        shape,
                        Out::onto(&mut into_weight, depth),
                        Pool::shared(),
                    );
                    if wanted {
                        slopes.resize(windows * depth, 0.0);
                        let shape = (windows, depth, outputs);
                        let out = Out::over(slopes, depth);
                        matmul(slope, Matrix::rows(weight, depth), shape, out, Pool::shared());
                        plan.scatter(&slopes[..windows * depth], &mut into_x[i * size..(i + 1) * size]);
                    }
                }
            });
            Ok(())
        })?;
        let device = x.device();
        Ok((
            wanted.then(|| Tensor::from_vec(into_x, x.shape(), device)).transpose()?,
            Some(Tensor::from_vec(into_weight, weight.shape(), device)?),
            Some(Tensor::from_vec(into_bias, bias.shape(), device)?),
        ))
    }
}

struct Norm(f32);

/// Mean of a row, and one over its deviation.
fn moments(row: &[f32], eps: f32) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = row.iter().sum::<f32>() / count;
    let square = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    (mean, 1.0 / (square + eps).sqrt())
}

impl CustomOp3 for Norm {
    fn name(&self) -> &'static str {
        "norm of cells"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, bias) = (floats(x, x_layout)?, floats(weight, weight_layout)?, floats(bias, bias_layout)?);
        let width = weight.len();
        if x_layout.dims().last() != Some(&width) || bias.len() != width || width == 0 {
            candle_core::bail!("a norm of {width} channels was given {:?}", x_layout.shape());
        }
        let mut out = vec![0f32; x.len()];
        for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
            let (mean, scale) = moments(x, self.0);
            for (((out, x), weight), bias) in out.iter_mut().zip(x).zip(weight).zip(bias) {
                *out = (x - mean) * scale * weight + bias;
            }
        }
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let width = weight.elem_count();
        let mut into_x = vec![0f32; x.elem_count()];
        let (mut into_weight, mut into_bias) = (vec![0f32; width], vec![0f32; width]);
        with([x, weight, weight, &grad.contiguous()?], |[x, weight, _, grad]| {
            for ((x, grad), to) in
                x.chunks_exact(width).zip(grad.chunks_exact(width)).zip(into_x.chunks_exact_mut(width))
            {
                let (mean, scale) = moments(x, self.0);
                let (mut sum, mut along) = (0.0, 0.0);
                for i in 0..width {
                    let unit = (x[i] - mean) * scale;
                    let slope = grad[i] * weight[i];
                    into_weight[i] += grad[i] * unit;
                    into_bias[i] += grad[i];
                    sum += slope;
                    along += slope * unit;
                }
                let (sum, along) = (sum / width as f32, along / width as f32);
                for i in 0..width {
                    let unit = (x[i] - mean) * scale;
                    to[i] = scale * (grad[i] * weight[i] - sum - unit * along);
                }
            }
            Ok(())
        })?;
        let device = x.device();
        Ok((
            Some(Tensor::from_vec(into_x, x.shape(), device)?),
            Some(Tensor::from_vec(into_weight, weight.shape(), device)?),
            Some(Tensor::from_vec(into_bias, width, device)?),
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use candle_core::{D, Device, Var};

    use super::*;

    fn far(a: &Tensor, b: &Tensor) -> f32 {
        (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap()
    }

    fn random(seed: &mut u64, shape: &[usize]) -> Var {
        let value = |_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(value).collect();
        Var::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Both ways of a function give the same values and the same gradients for all of `vars`.
    fn agree(vars: &[&Var], ours: &Tensor, theirs: &Tensor) {
        assert!(far(ours, theirs) < 1e-4, "forward");
        let slopes = |ys: &Tensor| {
            let weights = Tensor::arange(0f32, ys.elem_count() as f32, &Device::Cpu).unwrap();
            let weights = (weights.sin().unwrap()).reshape(ys.shape()).unwrap();
            (ys * weights).unwrap().sum_all().unwrap().backward().unwrap()
        };
        let (ours, theirs) = (slopes(ours), slopes(theirs));
        for (i, var) in vars.iter().enumerate() {
            assert!(far(ours.get(var).unwrap(), theirs.get(var).unwrap()) < 1e-3, "gradient {i}");
        }
    }

    #[test]
    fn a_linear_map_of_neighbourhoods_is_a_convolution_both_ways() {
        let mut seed = 3;
        for (stride, rectify) in [(1, true), (2, false)] {
            let xs = random(&mut seed, &[2, 8, 6, 5]);
            let kernel = random(&mut seed, &[7, 45]);
            let bias = random(&mut seed, &[7]);
            let ours = convolve(&xs, &kernel, &bias, Window::three(stride), rectify).unwrap();
            let square = kernel.reshape((7, 3, 3, 5)).unwrap().permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
            let theirs =
                xs.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap().conv2d(&square, 1, stride, 1, 1).unwrap();
            let theirs = theirs.permute((0, 2, 3, 1)).unwrap().broadcast_add(&bias).unwrap();
            let theirs = if rectify { theirs.relu().unwrap() } else { theirs };
            agree(&[&xs, &kernel, &bias], &ours, &theirs);
        }
    }

    #[test]
    fn a_norm_is_that_of_its_formula_both_ways() {
        let mut seed = 5;
        let (xs, weight, bias) = (random(&mut seed, &[3, 4, 10]), random(&mut seed, &[10]), random(&mut seed, &[10]));
        let ours = norm(&xs, &weight, &bias, 1e-5).unwrap();
        let centred = xs.broadcast_sub(&xs.mean_keepdim(D::Minus1).unwrap()).unwrap();
        let scale = (centred.sqr().unwrap().mean_keepdim(D::Minus1).unwrap() + 1e-5).unwrap().sqrt().unwrap();
        let theirs =
            centred.broadcast_div(&scale).unwrap().broadcast_mul(&weight).unwrap().broadcast_add(&bias).unwrap();
        agree(&[&xs, &weight, &bias], &ours, &theirs);
    }
}
