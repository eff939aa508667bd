//! Neighbourhoods as rows: for every output pixel the inputs under a square window, side by side, zeros outside. A linear
//! map of them is a convolution. Pictures have their channels last here, so that a neighbourhood is a few runs of memory.
//! With a backward pass: what the neighbourhoods' gradients say of a pixel is added up.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor};

use super::floats;

/// A window: its side, the step from one to the next, and the zeros around the picture.
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
    /// Windows along a side of so many pixels.
    #[must_use]
    pub fn along(&self, pixels: usize) -> usize {
        (pixels + 2 * self.padding).checked_sub(self.side).map_or(0, |room| room / self.stride.max(1) + 1)
    }

    /// Calls `copy(window, place in it, pixel)` for every place of every window that lies on the picture.
    fn walk(&self, height: usize, width: usize, mut copy: impl FnMut(usize, usize, usize)) {
        let (rows, columns) = (self.along(height), self.along(width));
        for row in 0..rows {
            for column in 0..columns {
                for down in 0..self.side {
                    let y = (row * self.stride + down).wrapping_sub(self.padding);
                    if y >= height {
                        continue;
                    }
                    for right in 0..self.side {
                        let x = (column * self.stride + right).wrapping_sub(self.padding);
                        if x < width {
                            copy(row * columns + column, down * self.side + right, y * width + x);
                        }
                    }
                }
            }
        }
    }
}

/// `xs` [batch, height, width, channels], f32 on the CPU, to [batch, rows, columns, side · side · channels].
///
/// # Errors
/// Another rank or dtype, a stride of 0, or a picture smaller than the window.
pub fn unfold(xs: &Tensor, window: Window) -> Result<Tensor> {
    let (_, height, width, _) = xs.dims4()?;
    if window.stride == 0 || window.side == 0 || window.along(height) == 0 || window.along(width) == 0 {
        candle_core::bail!("windows {window:?} on a picture of {width} by {height}");
    }
    xs.contiguous()?.apply_op1(Unfold(window))
}

struct Unfold(Window);
struct Fold(Window, [usize; 4]);

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(storage, layout)?;
        let (batch, height, width, channels) = layout.shape().dims4()?;
        let window = self.0;
        let (rows, columns, places) = (window.along(height), window.along(width), window.side * window.side);
        let mut out = vec![0f32; batch * rows * columns * places * channels];
        let (from, to) = (height * width * channels, rows * columns * places * channels);
        for (x, out) in x.chunks_exact(from.max(1)).zip(out.chunks_exact_mut(to.max(1))) {
            window.walk(height, width, |at, place, pixel| {
                let out = &mut out[(at * places + place) * channels..][..channels];
                out.copy_from_slice(&x[pixel * channels..][..channels]);
            });
        }
        Ok((CpuStorage::F32(out), Shape::from((batch, rows, columns, places * channels))))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (batch, height, width, channels) = arg.dims4()?;
        let fold = Fold(self.0, [batch, height, width, channels]);
        Ok(Some(grad.to_dtype(DType::F32)?.contiguous()?.apply_op1_no_bwd(&fold)?))
    }
}

impl CustomOp1 for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let grad = floats(storage, layout)?;
        let (window, [batch, height, width, channels]) = (self.0, self.1);
        let places = window.side * window.side;
        let mut out = vec![0f32; batch * height * width * channels];
        let from = window.along(height) * window.along(width) * places * channels;
        let to = height * width * channels;
        for (grad, out) in grad.chunks_exact(from.max(1)).zip(out.chunks_exact_mut(to.max(1))) {
            window.walk(height, width, |at, place, pixel| {
                let grad = &grad[(at * places + place) * channels..][..channels];
                out[pixel * channels..][..channels].iter_mut().zip(grad).for_each(|(o, g)| *o += g);
            });
        }
        Ok((CpuStorage::F32(out), Shape::from((batch, height, width, channels))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn a_linear_map_of_neighbourhoods_is_a_convolution_backwards_too() {
        let (device, window) = (Device::Cpu, Window { side: 3, stride: 2, padding: 1 });
        let xs = Var::randn(0f32, 1.0, (2, 8, 6, 5), &device).unwrap();
        let kernel = Tensor::randn(0f32, 1.0, (7, 5, 3, 3), &device).unwrap();
        let flat = kernel.permute((2, 3, 1, 0)).unwrap().reshape((45, 7)).unwrap();
        let ours = unfold(&xs, window).unwrap();
        let (b, h, w, n) = ours.dims4().unwrap();
        let ours = ours.reshape((b * h * w, n)).unwrap().matmul(&flat).unwrap().reshape((b, h, w, 7)).unwrap();
        let theirs = xs.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap().conv2d(&kernel, 1, 2, 1, 1).unwrap();
        let theirs = theirs.permute((0, 2, 3, 1)).unwrap();
        let far = |a: &Tensor, b: &Tensor| {
            (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap()
        };
        assert!(far(&ours, &theirs) < 1e-4);
        let slope = |ys: &Tensor| ys.sqr().unwrap().sum_all().unwrap().backward().unwrap().remove(&xs).unwrap();
        assert!(far(&slope(&ours), &slope(&theirs)) < 1e-2);
    }
}
