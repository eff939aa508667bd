//! What networks are built of: linear maps, convolutions, norms, embeddings, activations, attention. The one door to
//! costly operations: networks call nothing else for them, so a faster kernel put in here serves them all. Where a
//! gradient is wanted (an input is tracked) only differentiable operations run: candle's fused ones have no backward and
//! don't say so.

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{D, DType, Module, Result, Tensor};
use candle_nn::{Init, ops, rotary_emb};

pub use super::attention::{Mask, attention};
pub use super::weights::{Quant, Weights};

/// Whether a gradient may be asked of any of these.
fn tracked(tensors: &[&Tensor]) -> bool {
    tensors.iter().any(|t| t.track_op())
}

/// A matrix as it is kept.
#[derive(Clone, Debug)]
enum Matrix {
    Dense(Tensor),
    Quantised(QMatMul),
}

/// `x · Wᵀ + b` over the last dimension.
#[derive(Clone, Debug)]
pub struct Linear {
    matrix: Matrix,
    bias: Option<Tensor>,
}

impl Linear {
    /// From `weight` [outputs, inputs] and, where `bias`, `bias` [outputs].
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(inputs: usize, outputs: usize, bias: bool, weights: &Weights) -> Result<Self> {
        let bias = bias.then(|| weights.get_or(outputs, "bias", Init::Const(0.0))).transpose()?;
        if let Some(packed) = weights.packed((outputs, inputs), "weight")? {
            return Ok(Self { matrix: Matrix::Quantised(QMatMul::from_arc(packed)?), bias });
        }
        let weight = weights.get_or((outputs, inputs), "weight", candle_nn::init::DEFAULT_KAIMING_NORMAL)?;
        Self::from_tensors(weight, bias, weights.quant())
    }

    /// From a weight [outputs, inputs] and a bias [outputs], kept quantised where asked and where the width allows.
    ///
    /// # Errors
    /// The weight is no matrix, or can't be quantised.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>, quant: Option<Quant>) -> Result<Self> {
        let (_, inputs) = weight.dims2()?;
        let matrix = match quant.and_then(|q| q.for_width(inputs)) {
            Some(format) => {
                let quantised = QTensor::quantize(&weight.to_dtype(DType::F32)?, format)?;
                Matrix::Quantised(QMatMul::from_qtensor(quantised)?)
            }
            None => Matrix::Dense(weight),
        };
        Ok(Self { matrix, bias })
    }

    /// `xs` [.., inputs] to [.., outputs], in the dtype of `xs`.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (rows, inputs) = (xs.elem_count() / xs.dim(D::Minus1)?.max(1), xs.dim(D::Minus1)?);
        let mut shape = xs.dims().to_vec();
        let flat = xs.reshape((rows, inputs))?;
        let ys = match &self.matrix {
            Matrix::Dense(weight) => flat.matmul(&weight.t()?)?,
            Matrix::Quantised(matrix) => {
                matrix.forward(&flat.to_dtype(DType::F32)?.contiguous()?)?.to_dtype(xs.dtype())?
            }
        };
        let ys = match &self.bias {
            Some(bias) => ys.broadcast_add(&bias.to_dtype(ys.dtype())?)?,
            None => ys,
        };
        if let Some(last) = shape.last_mut() {
            *last = ys.dim(1)?;
        }
        ys.reshape(shape)
    }
}

/// Rows of a table.
#[derive(Clone, Debug)]
pub struct Embedding {
    table: Matrix,
    width: usize,
    dtype: DType,
}

impl Embedding {
    /// From `weight` [count, width].
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn new(count: usize, width: usize, weights: &Weights) -> Result<Self> {
        let table = match weights.packed((count, width), "weight")? {
            Some(packed) => Matrix::Quantised(QMatMul::from_arc(packed)?),
            None => Matrix::Dense(weights.get_or((count, width), "weight", Init::Randn { mean: 0.0, stdev: 0.02 })?),
        };
        Ok(Self { table, width, dtype: weights.dtype() })
    }

    /// The table as a linear map from the width to the count: the head of a network that ties the two. Kept quantised as
    /// [`Linear::from_tensors`] has it, or as it came.
    ///
    /// # Errors
    /// It can't be quantised.
    pub fn as_linear(&self, quant: Option<Quant>) -> Result<Linear> {
        match &self.table {
            Matrix::Dense(table) => Linear::from_tensors(table.clone(), None, quant),
            packed @ Matrix::Quantised(_) => Ok(Linear { matrix: packed.clone(), bias: None }),
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
            Matrix::Dense(table) => table.index_select(&ids, 0)?,
            Matrix::Quantised(table) => table.embedding(&ids)?.to_dtype(self.dtype)?,
        };
        rows.reshape(shape)
    }
}

/// Root-mean-square norm over the last dimension (Zhang and Sennrich, 2019), computed in f32.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    weight: Tensor,
    eps: f64,
}

impl RmsNorm {
    /// From `weight` [width].
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn new(width: usize, eps: f64, weights: &Weights) -> Result<Self> {
        Ok(Self { weight: weights.get_or(width, "weight", Init::Const(1.0))?, eps })
    }

    /// `xs` [.., width] to the same shape.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        if !tracked(&[xs, &self.weight]) {
            return ops::rms_norm(&xs.contiguous()?, &self.weight, self.eps as f32);
        }
        let wide = xs.to_dtype(DType::F32)?;
        let scale = (wide.sqr()?.mean_keepdim(D::Minus1)? + self.eps)?.sqrt()?;
        wide.broadcast_div(&scale)?.to_dtype(xs.dtype())?.broadcast_mul(&self.weight)
    }
}

/// Layer norm with weight and bias over the last dimension (Ba et al., 2016), computed in f32.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// From `weight` and `bias` [width].
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(width: usize, eps: f64, weights: &Weights) -> Result<Self> {
        let weight = weights.get_or(width, "weight", Init::Const(1.0))?;
        Ok(Self { weight, bias: weights.get_or(width, "bias", Init::Const(0.0))?, eps })
    }

    /// `xs` [.., width] to the same shape.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        if !tracked(&[xs, &self.weight, &self.bias]) {
            return ops::layer_norm(&xs.contiguous()?, &self.weight, &self.bias, self.eps as f32);
        }
        let wide = xs.to_dtype(DType::F32)?;
        let centred = wide.broadcast_sub(&wide.mean_keepdim(D::Minus1)?)?;
        let scale = (centred.sqr()?.mean_keepdim(D::Minus1)? + self.eps)?.sqrt()?;
        let unit = centred.broadcast_div(&scale)?.to_dtype(xs.dtype())?;
        unit.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)
    }
}

/// Group norm with weight and bias over channels and pixels (Wu and He, 2018), computed in f32.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: usize,
    eps: f64,
}

impl GroupNorm {
    /// From `weight` and `bias` [channels]; `groups` divides `channels`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the groups don't divide the channels.
    pub fn new(groups: usize, channels: usize, eps: f64, weights: &Weights) -> Result<Self> {
        if groups == 0 || !channels.is_multiple_of(groups) {
            candle_core::bail!("group norm: {groups} groups don't divide {channels} channels");
        }
        let weight = weights.get_or(channels, "weight", Init::Const(1.0))?;
        Ok(Self { weight, bias: weights.get_or(channels, "bias", Init::Const(0.0))?, groups, eps })
    }

    /// `xs` [batch, channels, height, width] to the same shape.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = xs.dims4()?;
        let wide = xs.to_dtype(DType::F32)?.reshape((batch, self.groups, ()))?;
        let centred = wide.broadcast_sub(&wide.mean_keepdim(2)?)?;
        let scale = (centred.sqr()?.mean_keepdim(2)? + self.eps)?.sqrt()?;
        let unit = centred.broadcast_div(&scale)?.to_dtype(xs.dtype())?.reshape((batch, channels, height, width))?;
        let per_channel = (1, channels, 1, 1);
        unit.broadcast_mul(&self.weight.reshape(per_channel)?)?.broadcast_add(&self.bias.reshape(per_channel)?)
    }
}

/// A square convolution with bias.
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    stride: usize,
    padding: usize,
}

impl Conv2d {
    /// From `weight` [outputs, inputs, kernel, kernel] and `bias` [outputs]; zeros are padded on every side.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(io: (usize, usize), kernel: usize, stride: usize, padding: usize, weights: &Weights) -> Result<Self> {
        let shape = (io.1, io.0, kernel, kernel);
        let weight = weights.get_or(shape, "weight", candle_nn::init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { weight, bias: weights.get_or(io.1, "bias", Init::Const(0.0))?, stride, padding })
    }

    /// `xs` [batch, inputs, height, width] to [batch, outputs, height', width'].
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let ys = xs.conv2d(&self.weight, self.padding, self.stride, 1, 1)?;
        ys.broadcast_add(&self.bias.reshape((1, (), 1, 1))?)
    }
}

/// Gaussian error linear unit, exact by erf (Hendrycks and Gimpel, 2016).
///
/// # Errors
/// None on floats.
pub fn gelu_erf(xs: &Tensor) -> Result<Tensor> {
    xs.gelu_erf()
}

/// `x · sigmoid(x)`, also called swish.
///
/// # Errors
/// None on floats.
pub fn silu(xs: &Tensor) -> Result<Tensor> {
    xs.silu()
}

/// `silu(gate) · up` (Shazeer, 2020).
///
/// # Errors
/// Shapes or dtypes don't meet.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.silu()? * up
}

/// Softmax over the last dimension, computed in f32, given back in the dtype of `xs`.
///
/// # Errors
/// None on floats.
pub fn softmax(xs: &Tensor) -> Result<Tensor> {
    let wide = xs.to_dtype(DType::F32)?;
    let probabilities =
        if tracked(&[xs]) { ops::softmax(&wide, D::Minus1) } else { ops::softmax_last_dim(&wide.contiguous()?) }?;
    probabilities.to_dtype(xs.dtype())
}

/// Turns the halves of each head by an angle a position: `xs` [batch, heads, tokens, head_dim], `cos` and `sin`
/// [tokens, head_dim / 2] in the same dtype.
///
/// # Errors
/// Shapes or dtypes don't meet.
pub fn rope(xs: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let xs = xs.contiguous()?;
    if tracked(&[&xs]) { rotary_emb::rope_slow(&xs, cos, sin) } else { rotary_emb::rope(&xs, cos, sin) }
}
