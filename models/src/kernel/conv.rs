//! Convolution of pictures as a matrix product whose right side is gathered, panel by panel, just before it is used: no
//! unfolded picture ever stands in memory. Weights are packed once. Pieces of work are runs of output pixels.

use std::cell::RefCell;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Layout, Shape, Storage, Tensor};

use super::gemm::{Onto, Tile, multiply_f32, pack_rows, stretch, tile, width};
use super::lined::Lined;
use super::memory::{room, written};
use super::pool::Shared;
use super::{Level, Pool, floats};

mod winograd;
use winograd::Winograd;

/// Panels of pixels in a piece of work.
const PANELS: usize = 4;

thread_local! {
    /// Where a piece gathers its panels.
    static GATHERED: RefCell<Lined<f32>> = RefCell::default();
}

/// Weights in the order in which they are read.
#[derive(Clone)]
enum Packed {
    /// Tiles of outputs, each [in * kernel * kernel][width].
    Tiles(Arc<[f32]>),
    /// Transformed.
    Winograd(Arc<Winograd>),
}

/// A convolution with weights [out, in, kernel, kernel], stride, and zeros around the picture. Cloning shares weights.
#[derive(Clone)]
pub struct Conv2d {
    packed: Packed,
    weights: [usize; 4],
    bias: Option<Arc<[f32]>>,
    stride: usize,
    padding: usize,
    level: Level,
}

impl std::fmt::Debug for Conv2d {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conv2d({:?}, stride {}, padding {})", self.weights, self.stride, self.padding)
    }
}

/// Where an output comes from.
#[derive(Clone, Copy)]
struct Place {
    height: usize,
    width: usize,
    out_width: usize,
    pixels: usize,
    kernel: (usize, usize),
    stride: usize,
    padding: usize,
}

/// The rows of weights of `outputs`, in tiles.
fn tiles(rows: &[f32], outputs: usize, depth: usize, level: Level) -> Packed {
    let most = tile(level).0;
    let last = width(outputs - (outputs - 1) / most * most, most);
    let mut packed = vec![0f32; ((outputs - 1) / most * most + last) * depth];
    for (i, to) in packed.chunks_mut(most * depth).enumerate() {
        let some = most.min(outputs - i * most);
        pack_rows(&rows[i * most * depth..], depth, some, depth, to.len() / depth, to);
    }
    Packed::Tiles(packed.into())
}

impl Conv2d {
    /// From weights [out, in, height, width] and bias [out], in any float dtype, for the best level.
    ///
    /// # Errors
    /// Shapes do not fit, or a stride of 0.
    pub fn new(weights: &Tensor, bias: Option<&Tensor>, stride: usize, padding: usize) -> candle_core::Result<Self> {
        Self::on(weights, bias, stride, padding, Level::best())
    }

    /// The same for a level, for tests and measurements.
    ///
    /// # Errors
    /// As [`Conv2d::new`].
    pub fn on(
        weights: &Tensor,
        bias: Option<&Tensor>,
        stride: usize,
        padding: usize,
        level: Level,
    ) -> candle_core::Result<Self> {
        let (outputs, inputs, height, across) = weights.dims4()?;
        let depth = inputs * height * across;
        if outputs == 0 || depth == 0 || stride == 0 {
            candle_core::bail!("a convolution with weights {:?} and stride {stride}", weights.shape());
        }
        let bias = bias.map(|bias| bias.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()).transpose()?;
        if bias.as_ref().is_some_and(|bias| bias.len() != outputs) {
            candle_core::bail!("a bias that is not of the convolution's {outputs} outputs");
        }
        let rows = weights.to_dtype(DType::F32)?.contiguous()?;
        let (storage, layout) = rows.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else { candle_core::bail!("a convolution's weights must be on the CPU") };
        let rows = floats(storage, layout)?;
        let weights = [outputs, inputs, height, across];
        let winograd = if stride == 1 { Winograd::new(rows, weights, level) } else { None };
        let packed = winograd.map_or_else(|| tiles(rows, outputs, depth, level), |w| Packed::Winograd(Arc::new(w)));
        Ok(Self { packed, weights, bias: bias.map(Arc::from), stride, padding, level })
    }

    /// x [batch, in, height, width], a float tensor, to [batch, out, height', width'] in f32, on the CPU and without
    /// gradients.
    ///
    /// # Errors
    /// x has other channels, or is smaller than the kernel.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.to_dtype(DType::F32)?.contiguous()?.apply_op1_no_bwd(self)
    }

    /// The same, added to `onto`, which is of the shape of what comes out, in f32 on the CPU and without gradients.
    ///
    /// # Errors
    /// x has other channels, or is smaller than the kernel, or `onto` is of another shape.
    pub fn forward_onto(&self, x: &Tensor, onto: &Tensor) -> candle_core::Result<Tensor> {
        let ready = |t: &Tensor| t.to_dtype(DType::F32)?.contiguous();
        ready(x)?.apply_op2_no_bwd(&ready(onto)?, self)
    }

    /// One picture [in][height][width] to `out` [out][pixels], over what is there or added to it.
    fn picture(&self, x: &[f32], place: Place, (out, add): (Shared<f32>, bool), pool: &Pool) {
        let packed = match &self.packed {
            Packed::Winograd(winograd) => return winograd.picture(x, place, self.bias.as_deref(), (out, add), pool),
            Packed::Tiles(packed) => packed,
        };
        let [outputs, inputs, ..] = self.weights;
        let (most, columns) = tile(self.level);
        let (depth, pixels) = (inputs * place.kernel.0 * place.kernel.1, place.pixels);
        let (run, step) = (PANELS * columns, stretch(depth, columns));
        pool.run(pixels.div_ceil(run), |piece| {
            let (start, end) = (piece * run, pixels.min((piece + 1) * run));
            for m in 0..outputs {
                // SAFETY: pixels start..end of output m are this piece's alone, and within `out`.
                #[allow(unsafe_code)]
                unsafe {
                    let (to, bias) = (out.at(m * pixels + start), self.bias.as_ref().map_or(0.0, |bias| bias[m]));
                    if add {
                        (0..end - start).for_each(|i| *to.add(i) += bias);
                    } else {
                        (0..end - start).for_each(|i| to.add(i).write(bias));
                    }
                }
            }
            GATHERED.with_borrow_mut(|gathered| {
                let gathered = gathered.at_least(run * step);
                for k in (0..depth).step_by(step) {
                    let some = step.min(depth - k);
                    for (panel, from) in (start..end).step_by(columns).enumerate() {
                        let count = columns.min(end - from);
                        gather(x, place, (k, some), (from, count), columns, &mut gathered[panel * columns * some..]);
                    }
                    for m in (0..outputs).step_by(most) {
                        let rows = most.min(outputs - m);
                        let width = if rows == most { most } else { width(rows, most) };
                        let a = packed[m * depth + k * width..][..some * width].as_ptr();
                        for (panel, from) in (start..end).step_by(columns).enumerate() {
                            let columns = (columns, columns.min(end - from));
                            let b = gathered[panel * columns.0 * some..][..columns.0 * some].as_ptr();
                            let out = out.at(m * pixels + from);
                            // SAFETY: a and b were packed for this tile; `out` has these rows and columns, this piece's.
                            #[allow(unsafe_code)]
                            unsafe {
                                let (columns, onto) = (columns.1, Onto::There);
                                let tile = Tile { depth: some, a, width, b, out, row: pixels, rows, columns, onto };
                                multiply_f32(self.level, tile);
                            }
                        }
                    }
                }
            });
        });
    }
}

/// The first of these to all of those, without a call for the lengths that panels have.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    fn all<const N: usize>(from: &[f32], to: &mut [f32]) -> bool {
        let (Some(from), Ok(to)) = (from.first_chunk::<N>(), <&mut [f32; N]>::try_from(to)) else { return false };
        *to = *from;
        true
    }
    if !(all::<32>(from, to) || all::<16>(from, to)) {
        let count = to.len();
        to.copy_from_slice(&from[..count]);
    }
}

/// A panel of the right side: for each of `ks` (a channel and a place in the kernel) the inputs under `pixels` of the
/// output, 0 outside the picture.
fn gather(
    x: &[f32],
    place: Place,
    (k, ks): (usize, usize),
    (pixel, pixels): (usize, usize),
    columns: usize,
    to: &mut [f32],
) {
    let Place { height, width, out_width, kernel, stride, padding, .. } = place;
    // Divisions would cost more than the copying: there are none for a stride of 1, and none from place to place.
    let steps = |size: usize| if stride == 1 { size } else { size.div_ceil(stride) };
    let (first_row, first_column) = (pixel / out_width, pixel % out_width);
    let (mut channel, at) = (k / (kernel.0 * kernel.1), k % (kernel.0 * kernel.1));
    let (mut down, mut right) = (at / kernel.1, at % kernel.1);
    let in_a_row = stride == 1 && pixels == columns && first_column + columns <= out_width;
    for to in to.chunks_exact_mut(columns).take(ks) {
        let plane = &x[channel * height * width..(channel + 1) * height * width];
        to[pixels..].fill(0.0);
        // Most panels lie within one row of the picture.
        let (y, from) = ((first_row + down).wrapping_sub(padding), (first_column + right).wrapping_sub(padding));
        let whole = in_a_row && y < height && from < width && from + columns <= width;
        if whole {
            copy(&plane[y * width + from..], to);
        }
        let (mut n, mut row, mut column) = (0, first_row, first_column);
        // Row by row of the output, each a run that may begin and end outside the picture.
        while n < pixels && !whole {
            let run = (out_width - column).min(pixels - n);
            let to = &mut to[n..n + run];
            n += run;
            let y = (row * stride + down).wrapping_sub(padding);
            if y >= height {
                to.fill(0.0);
            } else {
                let line = &plane[y * width..(y + 1) * width];
                // Outputs column + j, j in first..last, lie inside.
                let first = steps(padding.saturating_sub(right)).saturating_sub(column).min(run);
                let last = steps((width + padding).saturating_sub(right)).saturating_sub(column);
                let last = last.clamp(first, run);
                to[..first].fill(0.0);
                to[last..].fill(0.0);
                if first < last {
                    let from = (column + first) * stride + right - padding;
                    if stride == 1 {
                        to[first..last].copy_from_slice(&line[from..from + last - first]);
                    } else {
                        to[first..last].iter_mut().zip(line[from..].iter().step_by(stride)).for_each(|(t, x)| *t = *x);
                    }
                }
            }
            (row, column) = (row + 1, 0);
        }
        right += 1;
        if right == kernel.1 {
            (right, down) = (0, down + 1);
        }
        if down == kernel.0 {
            (down, channel) = (0, channel + 1);
        }
    }
}

impl Conv2d {
    /// Where the pixels of x lie under those of a picture that comes out, and the shape of all that does.
    fn place(&self, layout: &Layout) -> candle_core::Result<(Place, Shape)> {
        let [outputs, inputs, down, across] = self.weights;
        let &[batch, channels, height, width] = layout.dims() else {
            candle_core::bail!("a convolution was given {:?}, not [batch, channels, height, width]", layout.shape())
        };
        let inside = |size: usize, kernel: usize| (size + 2 * self.padding).checked_sub(kernel);
        let (Some(high), Some(wide), true) = (inside(height, down), inside(width, across), channels == inputs) else {
            candle_core::bail!("a convolution with weights {:?} was given {:?}", self.weights, layout.shape())
        };
        let (out_height, out_width) = (high / self.stride + 1, wide / self.stride + 1);
        let (stride, padding, pixels) = (self.stride, self.padding, out_height * out_width);
        let place = Place { height, width, out_width, pixels, kernel: (down, across), stride, padding };
        Ok((place, Shape::from((batch, outputs, out_height, out_width))))
    }

    /// All pictures, to `out`, which has room for as many.
    fn run(&self, x: &[f32], place: Place, out: Shared<f32>, add: bool) {
        let [outputs, inputs, ..] = self.weights;
        for (i, x) in x.chunks_exact((inputs * place.height * place.width).max(1)).enumerate() {
            let out = Shared(out.at(i * outputs * place.pixels));
            self.picture(x, place, (out, add), Pool::shared());
        }
    }
}

impl CustomOp1 for Conv2d {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (x, (place, shape)) = (floats(storage, layout)?, self.place(layout)?);
        // SAFETY: every piece writes the bias to all of its pixels, and the pieces are all of it.
        #[allow(unsafe_code)]
        let out = unsafe { written(shape.elem_count(), |out| self.run(x, place, out, false)) };
        Ok((CpuStorage::F32(out), shape))
    }
}

impl CustomOp2 for Conv2d {
    fn name(&self) -> &'static str {
        "convolution onto"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
        onto: &CpuStorage,
        onto_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (x, (place, shape)) = (floats(storage, layout)?, self.place(layout)?);
        if onto_layout.shape() != &shape {
            candle_core::bail!("a convolution that gives {shape:?} onto {:?}", onto_layout.shape());
        }
        let mut out = room(shape.elem_count());
        out.extend_from_slice(floats(onto, onto_layout)?);
        self.run(x, place, Shared(out.as_mut_ptr()), true);
        Ok((CpuStorage::F32(out), shape))
    }
}
