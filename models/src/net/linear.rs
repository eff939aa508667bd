//! Linear maps and tables of rows, with their matrices kept as suits the device: tensors, candle's blocks, or packed for
//! the kernels.

use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{D, DType, Module, Result, Tensor};
use candle_nn::Init;

use super::layers::{through, tracked};
use super::weights::{Quant, Weights};
use crate::kernel::{
    self,
    dense::DenseLinear,
    learn::{self, Affine},
    quant::QuantLinear,
};

/// A matrix as it is kept: as a tensor or a candle matrix where it is trained or not on the CPU, otherwise packed for the
/// kernels.
#[derive(Clone)]
enum Matrix {
    Dense(Tensor),
    Quantised(QMatMul),
    PackedDense(DenseLinear),
    PackedQuantised(QuantLinear),
}

impl Matrix {
    /// A matrix in blocks: packed where kernels run, and its bias with it where that is not trained.
    fn blocks(blocks: Arc<QTensor>, bias: Option<&Tensor>) -> Result<Self> {
        // A format without a kernel is left to candle.
        if blocks.device().is_cpu()
            && kernel::takes(&[])
            && let Ok(packed) = QuantLinear::from_qtensor(&blocks, untrained(bias))
        {
            return Ok(Self::PackedQuantised(packed));
        }
        Ok(Self::Quantised(QMatMul::from_arc(blocks)?))
    }
}

/// A bias that kernels can add.
fn untrained(bias: Option<&Tensor>) -> Option<&Tensor> {
    bias.filter(|bias| kernel::takes(&[bias]))
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dense(weight) => write!(f, "{:?} {:?}", weight.shape(), weight.dtype()),
            Self::Quantised(_) => write!(f, "quantised"),
            Self::PackedDense(weight) => write!(f, "{weight:?}"),
            Self::PackedQuantised(weight) => write!(f, "{:?} packed", weight.shape()),
        }
    }
}

/// `x · Wᵀ + b` over the last dimension.
#[derive(Clone, Debug)]
pub struct Linear {
    matrix: Matrix,
    bias: Option<Tensor>,
}

impl Linear {
    /// From `weight` [outputs, inputs] and, where `bias`, `bias` `[outputs]`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(inputs: usize, outputs: usize, bias: bool, weights: &Weights) -> Result<Self> {
        let bias = bias.then(|| weights.get_or(outputs, "bias", Init::Const(0.0))).transpose()?;
        let blocks = match weights.packed((outputs, inputs), "weight")? {
            Some(blocks) => Some(blocks),
            None => weights.blocks((outputs, inputs))?,
        };
        if let Some(blocks) = blocks {
            return Ok(Self { matrix: Matrix::blocks(blocks, bias.as_ref())?, bias });
        }
        let weight = weights.get_or((outputs, inputs), "weight", candle_nn::init::DEFAULT_KAIMING_NORMAL)?;
        Self::from_tensors(weight, bias, None)
    }

    /// From a weight [outputs, inputs] and a bias `[outputs]`, kept quantised where asked and where the width allows.
    ///
    /// # Errors
    /// The weight is no matrix, or can't be quantised.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>, quant: Option<Quant>) -> Result<Self> {
        let (_, inputs) = weight.dims2()?;
        let matrix = match quant.and_then(|q| q.for_width(inputs)) {
            Some(format) => {
                let blocks = QTensor::quantize(&weight.to_dtype(DType::F32)?, format)?;
                Matrix::blocks(Arc::new(blocks), bias.as_ref())?
            }
            None if kernel::packs(&weight) => Matrix::PackedDense(DenseLinear::new(&weight, untrained(bias.as_ref()))?),
            None => Matrix::Dense(weight),
        };
        Ok(Self { matrix, bias })
    }

    /// Weight and bias as tensors, where the weight is kept as one.
    pub(super) fn affine(&self) -> Option<Affine> {
        match &self.matrix {
            Matrix::Dense(weight) => Some(Affine { weight: weight.clone(), bias: self.bias.clone() }),
            _ => None,
        }
    }

    /// `xs` [.., inputs] to [.., outputs], in the dtype of `xs`.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (rows, inputs) = (xs.elem_count() / xs.dim(D::Minus1)?.max(1), xs.dim(D::Minus1)?);
        let mut shape = xs.dims().to_vec();
        let flat = xs.reshape((rows, inputs))?;
        if let Some(affine) = self.affine() {
            let all: Vec<_> = [Some(&flat), Some(&affine.weight), affine.bias.as_ref()].into_iter().flatten().collect();
            if learn::takes(&all) {
                if let Some(last) = shape.last_mut() {
                    *last = affine.weight.dim(0)?;
                }
                return learn::linear(&flat, &affine)?.reshape(shape);
            }
        }
        let ys = match &self.matrix {
            Matrix::Dense(weight) => flat.matmul(&weight.t()?)?,
            Matrix::Quantised(matrix) => {
                matrix.forward(&flat.to_dtype(DType::F32)?.contiguous()?)?.to_dtype(xs.dtype())?
            }
            // A gradient goes through weights that are not trained.
            Matrix::PackedDense(matrix) if tracked(&[xs]) => {
                flat.matmul(&matrix.weights()?.to_dtype(xs.dtype())?.t()?)?
            }
            Matrix::PackedDense(matrix) => through(&flat, |xs| matrix.forward(xs))?,
            Matrix::PackedQuantised(matrix) => through(&flat, |xs| matrix.forward(xs))?,
        };
        let added = match &self.matrix {
            Matrix::PackedDense(matrix) => matrix.has_bias() && !tracked(&[xs]),
            Matrix::PackedQuantised(matrix) => matrix.has_bias(),
            _ => false,
        };
        let ys = match &self.bias {
            Some(bias) if !added => ys.broadcast_add(&bias.to_dtype(ys.dtype())?)?,
            _ => ys,
        };
        if let Some(last) = shape.last_mut() {
            *last = ys.dim(1)?;
        }
        ys.reshape(shape)
    }

    /// `to` [.., outputs] and what becomes of `xs` [.., inputs], in the dtype of `xs`: a residual in one go where the
    /// kernels can.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward_onto(&self, xs: &Tensor, to: &Tensor) -> Result<Tensor> {
        match &self.matrix {
            Matrix::PackedDense(matrix) if kernel::takes(&[xs, to]) && (self.bias.is_none() || matrix.has_bias()) => {
                through(xs, |xs| matrix.forward_onto(xs, to))
            }
            _ => to + self.forward(xs)?,
        }
    }
}

/// A table of rows as it is kept.
#[derive(Clone, Debug)]
enum Table {
    Dense(Tensor),
    Blocks(Arc<QTensor>),
}

/// Rows of a table.
#[derive(Clone, Debug)]
pub struct Embedding {
    table: Table,
    width: usize,
    dtype: DType,
}

impl Embedding {
    /// From `weight` [count, width]; kept in bf16, as the published models are, where matrices are kept quantised.
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn new(count: usize, width: usize, weights: &Weights) -> Result<Self> {
        let (dtype, shape) = (weights.dtype(), (count, width));
        if let Some(blocks) = weights.packed(shape, "weight")? {
            return Ok(Self { table: Table::Blocks(blocks), width, dtype });
        }
        let weights = if weights.quant().is_some() { weights.clone().set_dtype(DType::BF16) } else { weights.clone() };
        let table = weights.get_or(shape, "weight", Init::Randn { mean: 0.0, stdev: 0.02 })?;
        Ok(Self { table: Table::Dense(table), width, dtype })
    }

    /// The table as a linear map from the width to the count: the head of a network that ties the two. Kept quantised as
    /// [`Linear::from_tensors`] has it, or as it came.
    ///
    /// # Errors
    /// It can't be quantised, or the device has no memory for it.
    pub fn as_linear(&self, quant: Option<Quant>) -> Result<Linear> {
        match &self.table {
            Table::Dense(table) => Linear::from_tensors(table.to_dtype(self.dtype)?, None, quant),
            Table::Blocks(blocks) => Ok(Linear { matrix: Matrix::blocks(blocks.clone(), None)?, bias: None }),
        }
    }

    /// `ids` (u32, any shape) to [.., width].
    ///
    /// # Errors
    /// An id is beyond the table.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let mut shape = ids.dims().to_vec();
        shape.push(self.width);
        let ids = ids.flatten_all()?;
        let rows = match &self.table {
            Table::Dense(table) => table.index_select(&ids, 0)?,
            Table::Blocks(blocks) => blocks.embedding(&ids)?,
        };
        rows.reshape(shape)?.to_dtype(self.dtype)
    }
}
