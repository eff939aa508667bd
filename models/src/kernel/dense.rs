//! Linear layers whose weights stay f32, bf16 or f16, packed once when they are loaded, in the order in which both one
//! row (bound by memory, which half the bits halve) and many rows read them. Sums are f32.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Shape, Storage, Tensor};
use half::{bf16, f16};

use super::gemm::{Element, STRETCH, Tile, multiply_bf16, multiply_f16, multiply_f32, pack_rows, tile, width};
use super::pool::Shared;
use super::{Level, Pool};

/// Weights in a piece of work: large beside the cost of handing it out, small beside a layer.
const PIECE: usize = 1 << 17;

/// Panels [columns of a tile of outputs] x [inputs] x [columns], one after the other.
#[derive(Clone)]
enum Panels {
    F32(Arc<[f32]>),
    Bf16(Arc<[bf16]>),
    F16(Arc<[f16]>),
}

/// `y = x W^T + b` with dense W of shape [out, in]. Cloning shares the weights.
#[derive(Clone)]
pub struct DenseLinear {
    panels: Panels,
    outputs: usize,
    inputs: usize,
    bias: Option<Arc<[f32]>>,
    level: Level,
}

impl std::fmt::Debug for DenseLinear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DenseLinear({} x {} {:?})", self.outputs, self.inputs, self.dtype())
    }
}

impl DenseLinear {
    /// From weights [out, in] in f32, bf16 or f16 on the CPU and a bias [out] in any float dtype, for the best level.
    ///
    /// # Errors
    /// Another dtype, device or shape.
    pub fn new(weights: &Tensor, bias: Option<&Tensor>) -> candle_core::Result<Self> {
        Self::on(weights, bias, Level::best())
    }

    /// The same for a level, for tests and measurements.
    ///
    /// # Errors
    /// As [`DenseLinear::new`].
    pub fn on(weights: &Tensor, bias: Option<&Tensor>, level: Level) -> candle_core::Result<Self> {
        let (outputs, inputs) = weights.dims2()?;
        if outputs == 0 || inputs == 0 {
            candle_core::bail!("a dense layer of {outputs} x {inputs} weights");
        }
        let bias = bias.map(|bias| bias.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()).transpose()?;
        if bias.as_ref().is_some_and(|bias| bias.len() != outputs) {
            candle_core::bail!("a bias that is not of the layer's {outputs} outputs");
        }
        let weights = weights.contiguous()?;
        let (storage, layout) = weights.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else { candle_core::bail!("a dense layer's weights must be on the CPU") };
        let (from, columns) = (layout.start_offset(), tile(level).1);
        let count = outputs * inputs;
        let panels = match storage {
            CpuStorage::F32(w) => Panels::F32(pack(&w[from..from + count], outputs, inputs, columns).into()),
            CpuStorage::BF16(w) => Panels::Bf16(pack(&w[from..from + count], outputs, inputs, columns).into()),
            CpuStorage::F16(w) => Panels::F16(pack(&w[from..from + count], outputs, inputs, columns).into()),
            _ => candle_core::bail!("a dense layer's weights must be f32, bf16 or f16, not {:?}", weights.dtype()),
        };
        Ok(Self { panels, outputs, inputs, bias: bias.map(Arc::from), level })
    }

    /// What the weights are kept in.
    pub fn dtype(&self) -> DType {
        match self.panels {
            Panels::F32(_) => DType::F32,
            Panels::Bf16(_) => DType::BF16,
            Panels::F16(_) => DType::F16,
        }
    }

    /// Outputs and inputs.
    pub fn shape(&self) -> (usize, usize) {
        (self.outputs, self.inputs)
    }

    /// The weights [out, in] as they were given.
    ///
    /// # Errors
    /// None but candle's own.
    pub fn weights(&self) -> candle_core::Result<Tensor> {
        let (shape, columns) = ((self.outputs, self.inputs), tile(self.level).1);
        match &self.panels {
            Panels::F32(p) => Tensor::from_vec(unpack(p, self.outputs, self.inputs, columns), shape, &Device::Cpu),
            Panels::Bf16(p) => Tensor::from_vec(unpack(p, self.outputs, self.inputs, columns), shape, &Device::Cpu),
            Panels::F16(p) => Tensor::from_vec(unpack(p, self.outputs, self.inputs, columns), shape, &Device::Cpu),
        }
    }

    /// x [.., in], a float tensor, to [.., out] in f32, on the CPU and without gradients.
    ///
    /// # Errors
    /// x has another width.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.to_dtype(DType::F32)?.to_device(&Device::Cpu)?.contiguous()?.apply_op1_no_bwd(self)
    }

    /// `x` holds rows of `in` values, `out` as many rows of `out` values; lengths that do not fit are cut to what does.
    pub fn multiply(&self, x: &[f32], out: &mut [f32], pool: &Pool) {
        let count = (x.len() / self.inputs).min(out.len() / self.outputs);
        let (x, out) = (&x[..count * self.inputs], &mut out[..count * self.outputs]);
        match &self.panels {
            #[allow(unsafe_code)]
            // SAFETY: `product` makes tiles as the panels and the level have them, for each.
            Panels::F32(panels) => self.product(panels, x, out, pool, |l, t| unsafe { multiply_f32(l, t) }),
            #[allow(unsafe_code)]
            // SAFETY: as above.
            Panels::Bf16(panels) => self.product(panels, x, out, pool, |l, t| unsafe { multiply_bf16(l, t) }),
            #[allow(unsafe_code)]
            // SAFETY: as above.
            Panels::F16(panels) => self.product(panels, x, out, pool, |l, t| unsafe { multiply_f16(l, t) }),
        }
    }

    fn product<E: Element>(
        &self,
        panels: &[E],
        x: &[f32],
        out: &mut [f32],
        pool: &Pool,
        multiply: impl Fn(Level, Tile<E>) + Sync,
    ) {
        let (outputs, inputs) = (self.outputs, self.inputs);
        let (most, columns) = tile(self.level);
        let rows = x.len() / inputs;
        // Tiles of rows, each [inputs][width]; all but the last are of the largest width.
        let last = width(rows - rows.saturating_sub(1) / most * most, most);
        let mut packed = vec![0f32; (rows.saturating_sub(1) / most * most + last) * inputs];
        pool.chunks(&mut packed, most * inputs, |i, to| {
            let some = most.min(rows - i * most);
            pack_rows(&x[i * most * inputs..], inputs, some, inputs, to.len() / inputs, to);
        });
        let count = outputs.div_ceil(columns);
        let each = (PIECE / (columns * inputs)).clamp(1, count.div_ceil(2 * pool.threads()).max(1));
        let out = Shared(out.as_mut_ptr());
        pool.run(count.div_ceil(each), |piece| {
            let piece = piece * each..count.min((piece + 1) * each);
            let (start, end) = (piece.start * columns, outputs.min(piece.end * columns));
            for m in 0..rows {
                // SAFETY: columns start..end of row m are this piece's alone, and within `out`.
                #[allow(unsafe_code)]
                let to = unsafe { std::slice::from_raw_parts_mut(out.at(m * outputs + start), end - start) };
                match &self.bias {
                    Some(bias) => to.copy_from_slice(&bias[start..end]),
                    None => to.fill(0.0),
                }
            }
            for k in (0..inputs).step_by(STRETCH) {
                let depth = STRETCH.min(inputs - k);
                for row in (0..rows).step_by(most) {
                    let a = &packed[row * inputs..];
                    let some = most.min(rows - row);
                    let width = if some == most { most } else { last };
                    for panel in piece.clone() {
                        let column = panel * columns;
                        multiply(
                            self.level,
                            Tile {
                                depth,
                                a: a[k * width..(k + depth) * width].as_ptr(),
                                width,
                                b: panels[(column * inputs) + k * columns..][..depth * columns].as_ptr(),
                                out: out.at(row * outputs + column),
                                row: outputs,
                                rows: some,
                                columns: columns.min(outputs - column),
                            },
                        );
                    }
                }
            }
        });
    }
}

impl CustomOp1 for DenseLinear {
    fn name(&self) -> &'static str {
        "dense linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let fits = dims.last_mut().is_some_and(|last| std::mem::replace(last, self.outputs) == self.inputs);
        let Some((start, end)) = layout.contiguous_offsets().filter(|_| fits) else {
            candle_core::bail!("a dense layer of {} inputs was given {:?}", self.inputs, layout.shape());
        };
        let x = &storage.as_slice::<f32>()?[start..end];
        let mut out = vec![0.0; x.len() / self.inputs * self.outputs];
        self.multiply(x, &mut out, Pool::shared());
        Ok((CpuStorage::F32(out), Shape::from(dims)))
    }
}

/// Rows [out][in] to panels [out / columns][in][columns], missing rows 0.
fn pack<E: Element>(weights: &[E], outputs: usize, inputs: usize, columns: usize) -> Vec<E> {
    let mut panels = vec![E::default(); outputs.div_ceil(columns) * columns * inputs];
    Pool::shared().chunks(&mut panels, columns * inputs, |i, panel| {
        for n in 0..columns.min(outputs - i * columns) {
            let row = &weights[(i * columns + n) * inputs..][..inputs];
            row.iter().enumerate().for_each(|(k, &w)| panel[k * columns + n] = w);
        }
    });
    panels
}

fn unpack<E: Element>(panels: &[E], outputs: usize, inputs: usize, columns: usize) -> Vec<E> {
    let mut weights = vec![E::default(); outputs * inputs];
    Pool::shared().chunks(&mut weights, inputs, |n, row| {
        let panel = &panels[n / columns * columns * inputs..];
        row.iter_mut().enumerate().for_each(|(k, w)| *w = panel[k * columns + n % columns]);
    });
    weights
}
