//! Linear layers whose weights stay as a GGUF file holds them, in 4 to 8 bits. Activations are rounded to bytes, 32 to a
//! scale, products are whole numbers, and only their sums meet the scales (the scheme of llama.cpp's ggml). A single row,
//! as when a model speaks word by word, is bound by how fast the weights come from memory; many rows, as when it reads a
//! prompt, go through each panel of weights in tiles.

mod acts;
mod format;
mod kernel;
mod lanes;
#[cfg(target_arch = "aarch64")]
mod lanes_neon;
#[cfg(target_arch = "x86_64")]
mod lanes_x86;
mod pack;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use acts::Acts;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Shape, Tensor};
pub use format::{FORMATS, Format};
use pack::Packed;

use super::pool::Shared;
use super::{Level, Pool};

/// Bytes of weights in one piece of work: large beside the cost of handing it out, small beside a layer.
const PIECE_BYTES: usize = 64 << 10;

/// Why a quantised layer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum QuantError {
    /// There is no kernel for the format.
    #[error("no kernel for weights in {dtype:?}; there is one for Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K")]
    Format {
        /// The weights' format.
        dtype: GgmlDType,
    },
    /// Weights are not a matrix, or are empty.
    #[error("weights of shape {shape:?} given to a linear layer, which takes [out, in] with neither 0")]
    Shape {
        /// The shape given.
        shape: Vec<usize>,
    },
    /// A row is not a whole number of blocks.
    #[error("rows of {columns} weights cannot be in {dtype:?}, which has blocks of {block}: choose another format")]
    Columns {
        /// Weights in a row.
        columns: usize,
        /// The format.
        dtype: GgmlDType,
        /// Weights in a block.
        block: usize,
    },
    /// The data is shorter than its shape says.
    #[error("{rows} x {columns} weights in {dtype:?} need {needed} bytes, the file gave {given}: is it whole?")]
    Data {
        /// Rows.
        rows: usize,
        /// Weights in a row.
        columns: usize,
        /// The format.
        dtype: GgmlDType,
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        given: usize,
    },
    /// The bias has another length than the rows.
    #[error("a bias of {given} values for {rows} rows of weights")]
    Bias {
        /// Rows.
        rows: usize,
        /// Values in the bias.
        given: usize,
    },
    /// candle could not read a tensor.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// `y = x W^T + b` with quantised W of shape [out, in]. Cloning shares the weights.
#[derive(Clone)]
pub struct QuantLinear {
    weights: Arc<Packed>,
    bias: Option<Arc<[f32]>>,
    level: Level,
}

impl QuantLinear {
    /// Takes weights [out, in] from a GGUF tensor, packed anew; `bias` [out] of any float dtype.
    pub fn from_qtensor(weights: &QTensor, bias: Option<&Tensor>) -> Result<Self, QuantError> {
        let dtype = weights.dtype();
        let format = Format::of(dtype).ok_or(QuantError::Format { dtype })?;
        let &[rows, columns] = weights.shape().dims() else {
            return Err(QuantError::Shape { shape: weights.shape().dims().to_vec() });
        };
        let data = weights.data()?;
        Self::from_blocks(format, rows, columns, &data, bias)
    }

    /// Rounds dense weights [out, in] to a format while loading; `in` must be a whole number of its blocks.
    pub fn from_dense(weights: &Tensor, dtype: GgmlDType, bias: Option<&Tensor>) -> Result<Self, QuantError> {
        let &[_, columns] = weights.dims() else {
            return Err(QuantError::Shape { shape: weights.dims().to_vec() });
        };
        if !columns.is_multiple_of(dtype.block_size()) {
            return Err(QuantError::Columns { columns, dtype, block: dtype.block_size() });
        }
        Self::from_qtensor(&QTensor::quantize(&weights.to_dtype(DType::F32)?, dtype)?, bias)
    }

    /// Takes `rows` rows of `columns` weights from the bytes of GGUF blocks, row after row.
    pub fn from_blocks(
        format: Format,
        rows: usize,
        columns: usize,
        data: &[u8],
        bias: Option<&Tensor>,
    ) -> Result<Self, QuantError> {
        let (dtype, block) = (format.dtype, format.block());
        if rows == 0 || columns == 0 {
            return Err(QuantError::Shape { shape: vec![rows, columns] });
        }
        if !columns.is_multiple_of(block) {
            return Err(QuantError::Columns { columns, dtype, block });
        }
        let needed = rows.checked_mul(columns / block).and_then(|blocks| blocks.checked_mul(dtype.type_size()));
        if needed.is_none_or(|needed| needed > data.len()) {
            let needed = needed.unwrap_or(usize::MAX);
            return Err(QuantError::Data { rows, columns, dtype, needed, given: data.len() });
        }
        let bias = bias.map(|bias| bias.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()).transpose()?;
        if let Some(bias) = &bias
            && bias.len() != rows
        {
            return Err(QuantError::Bias { rows, given: bias.len() });
        }
        let weights = Arc::new(Packed::new(format, rows, columns, data, Pool::shared()));
        Ok(Self { weights, bias: bias.map(Arc::from), level: Level::best() })
    }

    /// The same layer on another instruction set, for tests and measurements.
    pub fn on(&self, level: Level) -> Self {
        Self { level, ..self.clone() }
    }

    /// Whether it adds a bias.
    pub fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    /// Outputs and inputs of the layer.
    pub fn shape(&self) -> (usize, usize) {
        (self.weights.rows, self.weights.columns)
    }

    /// Bytes the weights take in memory: as many as in the file (and padding to 16 rows; 1/32 more for K formats).
    pub fn bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// x [.., in], a float tensor, to [.., out], f32, on the CPU and without gradients.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let x = x.to_dtype(DType::F32)?.to_device(&candle_core::Device::Cpu)?.contiguous()?;
        x.apply_op1_no_bwd(self)
    }

    /// `x` holds rows of `in` values, `out` as many rows of `out` values; lengths that do not fit are cut to what does.
    pub fn multiply(&self, x: &[f32], out: &mut [f32], pool: &Pool) {
        let Packed { rows, columns, format, .. } = *self.weights;
        let count = (x.len() / columns).min(out.len() / rows);
        let acts = Acts::new(&x[..count * columns], columns, format, kernel::widest(self.level), pool);
        let panels = self.weights.panels();
        let each = (PIECE_BYTES / self.weights.panel_bytes().max(1)).clamp(1, panels.div_ceil(pool.threads()).max(1));
        let out = Shared(out.as_mut_ptr());
        pool.run(panels.div_ceil(each), |piece| {
            for panel in piece * each..panels.min((piece + 1) * each) {
                kernel::panel(self.level, &self.weights, panel, &acts, self.bias.as_deref(), &out);
            }
        });
    }
}

impl CustomOp1 for QuantLinear {
    fn name(&self) -> &'static str {
        "quantised linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (rows, columns) = self.shape();
        let mut dims = layout.dims().to_vec();
        let fits = dims.last_mut().is_some_and(|last| std::mem::replace(last, rows) == columns);
        let Some((start, end)) = layout.contiguous_offsets().filter(|_| fits) else {
            candle_core::bail!("a quantised layer of {columns} inputs was given {:?}", layout.shape());
        };
        let x = &storage.as_slice::<f32>()?[start..end];
        let mut out = vec![0.0; x.len() / columns * rows];
        self.multiply(x, &mut out, Pool::shared());
        Ok((CpuStorage::F32(out), Shape::from(dims)))
    }
}
