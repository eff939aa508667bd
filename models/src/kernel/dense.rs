//! Linear layers whose weights stay f32, bf16 or f16, packed once when they are loaded, in the order in which both one
//! row (bound by memory, which half the bits halve) and many rows read them. Sums are f32.

use std::cell::RefCell;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Device, Layout, Shape, Storage, Tensor};
use half::{bf16, f16};

use super::gemm::{
    Element, LONGEST, Onto, Tile, before_long, multiply_bf16, multiply_f16, multiply_f32, pack_rows, stretch, tile,
    width,
};
use super::lined::Lined;
use super::memory::{room, written};
use super::pool::Shared;
use super::{Level, Pool, floats};

/// Weights in a piece of work for a few rows: large beside the cost of handing it out, small beside a layer.
const PIECE: usize = 1 << 17;
/// Pieces a thread gets, at least: whoever is held up leaves some to the others.
const PIECES: usize = 12;
/// From so many rows on a piece is as large as it may be.
const MANY: usize = 48;

thread_local! {
    /// Rows of the left side, packed.
    static ROWS: RefCell<Lined<f32>> = RefCell::default();
}

/// A stretch of a panel made wide.
#[repr(align(64))]
struct Wide([f32; LONGEST * 32]);

/// Panels [columns of a tile of outputs] x [inputs] x [columns], one after the other.
#[derive(Clone)]
enum Panels {
    F32(Arc<Lined<f32>>),
    Bf16(Arc<Lined<bf16>>),
    F16(Arc<Lined<f16>>),
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
            CpuStorage::F32(w) => Panels::F32(Arc::new(pack(&w[from..from + count], outputs, inputs, columns))),
            CpuStorage::BF16(w) => Panels::Bf16(Arc::new(pack(&w[from..from + count], outputs, inputs, columns))),
            CpuStorage::F16(w) => Panels::F16(Arc::new(pack(&w[from..from + count], outputs, inputs, columns))),
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

    /// Whether it adds a bias.
    pub fn has_bias(&self) -> bool {
        self.bias.is_some()
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

    /// The same, added to `onto` [.., out], of as many rows, in f32 on the CPU and without gradients.
    ///
    /// # Errors
    /// x has another width, or `onto` other rows or outputs.
    pub fn forward_onto(&self, x: &Tensor, onto: &Tensor) -> candle_core::Result<Tensor> {
        let ready = |t: &Tensor| t.to_dtype(DType::F32)?.to_device(&Device::Cpu)?.contiguous();
        ready(x)?.apply_op2_no_bwd(&ready(onto)?, self)
    }

    /// `x` holds rows of `in` values, `out` as many rows of `out` values; lengths that do not fit are cut to what does.
    pub fn multiply(&self, x: &[f32], out: &mut [f32], pool: &Pool) {
        let count = (x.len() / self.inputs).min(out.len() / self.outputs);
        // SAFETY: `out` has so many rows.
        #[allow(unsafe_code)]
        unsafe {
            self.into(&x[..count * self.inputs], out.as_mut_ptr(), false, pool);
        }
    }

    /// Writes as many whole rows to `out` as `x` has, or adds them to what is there.
    ///
    /// # Safety
    /// `out` has room for them; what is in it is read only if they are added.
    #[allow(unsafe_code)]
    unsafe fn into(&self, x: &[f32], out: *mut f32, add: bool, pool: &Pool) {
        // SAFETY: `product` makes tiles as the panels and the level have them, for each.
        match &self.panels {
            Panels::F32(panels) => self.product(panels, x, (out, add), pool, |l, t| unsafe { multiply_f32(l, t) }),
            // SAFETY: as above.
            Panels::Bf16(panels) => self.product(panels, x, (out, add), pool, |l, t| unsafe { multiply_bf16(l, t) }),
            // SAFETY: as above.
            Panels::F16(panels) => self.product(panels, x, (out, add), pool, |l, t| unsafe { multiply_f16(l, t) }),
        }
    }

    fn product<E: Element>(
        &self,
        panels: &[E],
        x: &[f32],
        (out, add): (*mut f32, bool),
        pool: &Pool,
        multiply: impl Fn(Level, Tile<E>) + Sync,
    ) {
        let (outputs, inputs) = (self.outputs, self.inputs);
        let (most, columns) = tile(self.level);
        let (rows, step) = (x.len() / inputs, stretch(inputs, columns));
        if rows == 0 {
            return;
        }
        // Tiles of rows, each [inputs][width]; all but the last are of the largest width.
        let last = width(rows - (rows - 1) / most * most, most);
        let size = ((rows - 1) / most * most + last) * inputs;
        let count = outputs.div_ceil(columns);
        let most_each = count.div_ceil(PIECES * pool.threads()).max(1);
        // Many rows are read again for every panel: the more panels in a piece, the more often from a near cache.
        let each = if rows >= MANY { most_each } else { (PIECE / (columns * inputs)).clamp(1, most_each) };
        let out = Shared(out);
        ROWS.with_borrow_mut(|packed| {
            let packed = packed.at_least(size);
            pool.chunks(packed, most * inputs, |i, to| {
                let some = most.min(rows - i * most);
                pack_rows(&x[i * most * inputs..], inputs, some, inputs, to.len() / inputs, to);
            });
            let packed = &*packed;
            pool.run(count.div_ceil(each), |piece| {
                let piece = piece * each..count.min((piece + 1) * each);
                for k in (0..inputs).step_by(step) {
                    let depth = step.min(inputs - k);
                    // A panel's stretch stays in the nearest cache while all rows go by.
                    for panel in piece.clone() {
                        let column = panel * columns;
                        let begin = match (self.bias.as_ref().map(|bias| bias[column..].as_ptr()), add) {
                            (Some(bias), true) => Onto::Both(bias),
                            (Some(bias), false) => Onto::Bias(bias),
                            (None, true) => Onto::There,
                            (None, false) => Onto::Nothing,
                        };
                        let b = &panels[(column * inputs) + k * columns..][..depth * columns];
                        // The stretch after this one comes from memory while this one is worked through.
                        let (then, k_then) =
                            if panel + 1 < piece.end { (panel + 1, k) } else { (piece.start, k + depth) };
                        let next = panels.as_ptr().wrapping_add(then * columns * inputs + k_then * columns);
                        let share = (depth * columns * size_of::<E>()).div_ceil(64 * rows.div_ceil(most));
                        let sweep = Sweep {
                            a: packed,
                            widths: (most, last),
                            depths: (inputs, k, depth),
                            rows,
                            out: out.at(column),
                            outputs,
                            columns: columns.min(outputs - column),
                            onto: Onto::stretch(k == 0, begin),
                            next: (next.cast(), if rows >= MANY { share } else { 0 }),
                        };
                        if E::WIDE || rows < MANY {
                            sweep.run(b.as_ptr(), |tile| multiply(self.level, tile));
                        } else {
                            // Made wide once, rather than for every tile of rows.
                            let mut wide = Wide([0f32; LONGEST * 32]);
                            E::widen(b, &mut wide.0);
                            // SAFETY: as for the panels that this was made of.
                            #[allow(unsafe_code)]
                            sweep.run(wide.0.as_ptr(), |tile| unsafe { multiply_f32(self.level, tile) });
                        }
                    }
                }
            });
        });
    }

    /// The rows of x.
    fn rows<'a>(&self, storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
        let fits = layout.dims().last() == Some(&self.inputs);
        let Some((start, end)) = layout.contiguous_offsets().filter(|_| fits) else {
            candle_core::bail!("a dense layer of {} inputs was given {:?}", self.inputs, layout.shape());
        };
        Ok(&storage.as_slice::<f32>()?[start..end])
    }
}

impl CustomOp1 for DenseLinear {
    fn name(&self) -> &'static str {
        "dense linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let x = self.rows(storage, layout)?;
        let mut dims = layout.dims().to_vec();
        dims.last_mut().into_iter().for_each(|last| *last = self.outputs);
        let size = x.len() / self.inputs * self.outputs;
        // SAFETY: all of every row is written: every panel of it, by its first stretch.
        #[allow(unsafe_code)]
        let out = unsafe { written(size, |out| self.into(x, out.at(0), false, Pool::shared())) };
        Ok((CpuStorage::F32(out), Shape::from(dims)))
    }
}

impl CustomOp2 for DenseLinear {
    fn name(&self) -> &'static str {
        "dense linear onto"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
        onto: &CpuStorage,
        onto_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (x, onto) = (self.rows(storage, layout)?, floats(onto, onto_layout)?);
        let (rows, across) = (x.len() / self.inputs, onto_layout.dims().last());
        if onto.len() != rows * self.outputs || across != Some(&self.outputs) {
            candle_core::bail!("{rows} rows of {} outputs onto {:?}", self.outputs, onto_layout.shape());
        }
        let mut out = room(onto.len());
        out.extend_from_slice(onto);
        // SAFETY: `out` has so many rows.
        #[allow(unsafe_code)]
        unsafe {
            self.into(x, out.as_mut_ptr(), true, Pool::shared());
        }
        Ok((CpuStorage::F32(out), onto_layout.shape().clone()))
    }
}

/// All rows times a stretch of one panel.
struct Sweep<'a> {
    /// Tiles of rows, each [inputs][width].
    a: &'a [f32],
    /// Widths of all tiles but the last, and of that.
    widths: (usize, usize),
    /// Inputs in all, before this stretch, and in it.
    depths: (usize, usize, usize),
    rows: usize,
    /// The panel's first column in the first row.
    out: *mut f32,
    outputs: usize,
    columns: usize,
    onto: Onto,
    /// Where the stretch after this one begins, and how many lines of it to ask for with every tile.
    next: (*const u8, usize),
}

impl Sweep<'_> {
    fn run<E>(&self, b: *const E, multiply: impl Fn(Tile<E>)) {
        let ((most, last), (inputs, k, depth)) = (self.widths, self.depths);
        for (i, row) in (0..self.rows).step_by(most).enumerate() {
            before_long(self.next.0.wrapping_add(64 * self.next.1 * i), self.next.1);
            let rows = most.min(self.rows - row);
            let width = if rows == most { most } else { last };
            multiply(Tile {
                depth,
                a: self.a[row * inputs + k * width..][..depth * width].as_ptr(),
                width,
                b,
                out: self.out.wrapping_add(row * self.outputs),
                row: self.outputs,
                rows,
                columns: self.columns,
                onto: self.onto,
            });
        }
    }
}

/// Rows [out][in] to panels [out / columns][in][columns], missing rows 0.
fn pack<E: Element>(weights: &[E], outputs: usize, inputs: usize, columns: usize) -> Lined<E> {
    let mut panels = Lined::new(outputs.div_ceil(columns) * columns * inputs);
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
