//! What networks are built of: linear maps, convolutions, norms, embeddings, activations, attention. The one door to
//! costly operations: networks call nothing else for them, so a faster kernel put in here serves them all. Where a
//! gradient is wanted (an input is tracked) only differentiable operations run: candle's fused ones have no backward and
//! don't say so.

use candle_core::{D, DType, Result, Tensor};
use candle_nn::{Init, ops, rotary_emb};

pub use super::attention::{Mask, attention};
pub use super::linear::{Embedding, Linear};
pub use super::weights::{Quant, Shelf, Weights};
use crate::kernel::learn::{self, Middle};
use crate::kernel::{self, act, conv, norm};

/// Whether a gradient may be asked of any of these.
pub(super) fn tracked(tensors: &[&Tensor]) -> bool {
    tensors.iter().any(|t| t.track_op())
}

/// A kernel's f32 answer for contiguous f32 inputs, in the dtype of `xs`.
pub(super) fn through(xs: &Tensor, kernel: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    kernel(&xs.to_dtype(DType::F32)?.contiguous()?)?.to_dtype(xs.dtype())
}

/// The dtype in which what flows between layers is kept, for a network whose input is like this: f32 where the kernels
/// run, who would turn every other one into it and back again.
pub(super) fn stream(like: &Tensor) -> DType {
    if kernel::takes(&[like]) { DType::F32 } else { like.dtype() }
}

/// Half a block in training, `xs + out(middle(ins(norm(xs))))`, as one operator with a way back; none where it can't be,
/// as no gradient is wanted or the tensors aren't f32 on the CPU.
pub(super) fn half_block(
    xs: &Tensor,
    norm: impl Into<learn::Norm>,
    ins: &[&Linear],
    out: &Linear,
    middle: impl FnOnce() -> Middle,
) -> Result<Option<Tensor>> {
    let (Some(ins), Some(out)) = (ins.iter().map(|linear| linear.affine()).collect::<Option<Vec<_>>>(), out.affine())
    else {
        return Ok(None);
    };
    let norm = norm.into();
    let affine = ins.iter().chain([&out]).flat_map(|affine| [Some(&affine.weight), affine.bias.as_ref()]);
    let mut all: Vec<_> =
        [Some(xs), Some(&norm.weight), norm.bias.as_ref()].into_iter().chain(affine).flatten().collect();
    let middle = middle();
    if let Middle::Attend(attend) = &middle {
        all.extend(attend.norm.iter().flat_map(|(q, k, _)| [q, k]));
        all.extend(attend.turns.iter().flat_map(|(cos, sin)| [cos, sin]));
    }
    if !learn::takes(&all) {
        return Ok(None);
    }
    learn::sublayer(xs, norm, ins, out, middle).map(Some)
}

impl From<&RmsNorm> for learn::Norm {
    fn from(norm: &RmsNorm) -> Self {
        Self { weight: norm.weight.clone(), bias: None, eps: norm.eps }
    }
}

impl From<&LayerNorm> for learn::Norm {
    fn from(norm: &LayerNorm) -> Self {
        Self { weight: norm.weight.clone(), bias: Some(norm.bias.clone()), eps: norm.eps }
    }
}

/// A small tensor as kernels take it.
fn wide(t: &Tensor) -> Result<Tensor> {
    t.to_dtype(DType::F32)?.contiguous()
}

/// Root-mean-square norm over the last dimension (Zhang and Sennrich, 2019), computed in f32.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    weight: Tensor,
    eps: f64,
}

impl RmsNorm {
    /// From `weight` `[width]`.
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn new(width: usize, eps: f64, weights: &Weights) -> Result<Self> {
        Ok(Self { weight: weights.get_or(width, "weight", Init::Const(1.0))?, eps })
    }

    /// Its weight and epsilon.
    pub(super) fn parts(&self) -> (Tensor, f64) {
        (self.weight.clone(), self.eps)
    }

    /// `xs` [.., width] to the same shape.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        if kernel::takes(&[xs, &self.weight]) {
            return through(xs, |xs| norm::rms_norm(xs, &wide(&self.weight)?, self.eps));
        }
        if learn::takes(&[xs, &self.weight]) {
            return learn::normed(xs, &self.into());
        }
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
    /// From `weight` and `bias` `[width]`.
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
        if kernel::takes(&[xs, &self.weight, &self.bias]) {
            return through(xs, |xs| norm::layer_norm(xs, &wide(&self.weight)?, &wide(&self.bias)?, self.eps));
        }
        if learn::takes(&[xs, &self.weight, &self.bias]) {
            return learn::normed(xs, &self.into());
        }
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
    /// From `weight` and `bias` `[channels]`; `groups` divides `channels`.
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
        self.norm(xs, false)
    }

    /// [`silu`] of [`GroupNorm::forward`], in one go.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward_silu(&self, xs: &Tensor) -> Result<Tensor> {
        self.norm(xs, true)
    }

    fn norm(&self, xs: &Tensor, swish: bool) -> Result<Tensor> {
        if kernel::takes(&[xs, &self.weight, &self.bias]) {
            let (weight, bias) = (wide(&self.weight)?, wide(&self.bias)?);
            return through(xs, |xs| norm::group_norm(xs, &weight, &bias, self.groups, self.eps, swish));
        }
        if learn::takes(&[xs, &self.weight, &self.bias]) {
            return learn::group_norm(xs, &self.weight, &self.bias, (self.groups, self.eps), swish);
        }
        let (batch, channels, height, width) = xs.dims4()?;
        let wide = xs.to_dtype(DType::F32)?.reshape((batch, self.groups, ()))?;
        let centred = wide.broadcast_sub(&wide.mean_keepdim(2)?)?;
        let scale = (centred.sqr()?.mean_keepdim(2)? + self.eps)?.sqrt()?;
        let unit = centred.broadcast_div(&scale)?.to_dtype(xs.dtype())?.reshape((batch, channels, height, width))?;
        let per_channel = (1, channels, 1, 1);
        let ys = unit.broadcast_mul(&self.weight.reshape(per_channel)?)?;
        let ys = ys.broadcast_add(&self.bias.reshape(per_channel)?)?;
        if swish { silu(&ys) } else { Ok(ys) }
    }
}

/// A square convolution with bias.
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    stride: usize,
    padding: usize,
    packed: Option<conv::Conv2d>,
}

impl Conv2d {
    /// From `weight` [outputs, inputs, kernel, kernel] and `bias` `[outputs]`; zeros are padded on every side.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(io: (usize, usize), kernel: usize, stride: usize, padding: usize, weights: &Weights) -> Result<Self> {
        let shape = (io.1, io.0, kernel, kernel);
        let weight = weights.get_or(shape, "weight", candle_nn::init::DEFAULT_KAIMING_NORMAL)?;
        let bias = weights.get_or(io.1, "bias", Init::Const(0.0))?;
        let packed = (kernel::packs(&weight) && kernel::takes(&[&bias]))
            .then(|| conv::Conv2d::new(&weight, Some(&bias), stride, padding))
            .transpose()?;
        Ok(Self { weight, bias, stride, padding, packed })
    }

    /// `xs` [batch, inputs, height, width] to [batch, outputs, height', width'].
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        if let Some(packed) = self.packed.as_ref().filter(|_| kernel::takes(&[xs])) {
            return through(xs, |xs| packed.forward(xs));
        }
        if learn::takes(&[xs, &self.weight, &self.bias]) {
            return learn::conv2d(xs, &self.weight, &self.bias, self.stride, self.padding);
        }
        let ys = xs.conv2d(&self.weight, self.padding, self.stride, 1, 1)?;
        ys.broadcast_add(&self.bias.reshape((1, (), 1, 1))?)
    }
}

impl Conv2d {
    /// `to` and what becomes of `xs`: a residual in one go where the kernels can.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward_onto(&self, xs: &Tensor, to: &Tensor) -> Result<Tensor> {
        match self.packed.as_ref().filter(|_| kernel::takes(&[xs, to])) {
            Some(packed) => through(xs, |xs| packed.forward_onto(xs, to)),
            None => to + self.forward(xs)?,
        }
    }
}

/// `xs` [batch, channels, height, width] twice as high and wide, each pixel four times.
///
/// # Errors
/// None on floats.
pub fn doubled(xs: &Tensor) -> Result<Tensor> {
    if learn::takes(&[xs]) {
        return learn::doubled(xs);
    }
    let (_, _, height, width) = xs.dims4()?;
    xs.upsample_nearest2d(2 * height, 2 * width)
}

/// Gaussian error linear unit, exact by erf (Hendrycks and Gimpel, 2016).
///
/// # Errors
/// None on floats.
pub fn gelu_erf(xs: &Tensor) -> Result<Tensor> {
    if learn::takes(&[xs]) {
        return learn::gelu(xs);
    }
    if kernel::takes(&[xs]) { through(xs, act::gelu_erf) } else { xs.gelu_erf() }
}

/// `x · sigmoid(x)`, also called swish.
///
/// # Errors
/// None on floats.
pub fn silu(xs: &Tensor) -> Result<Tensor> {
    if kernel::takes(&[xs]) { through(xs, act::silu) } else { xs.silu() }
}

/// `silu(gate) · up` (Shazeer, 2020).
///
/// # Errors
/// Shapes or dtypes don't meet.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if kernel::takes(&[gate, up]) {
        return through(gate, |gate| act::silu_mul(gate, &wide(up)?));
    }
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
