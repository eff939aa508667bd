//! The two ways in which LFM2 mixes tokens (Liquid AI, arXiv 2511.23404): gated short convolutions and grouped attention.

use candle_core::{Result, Tensor};
use candle_nn::Init;

use super::cache::Cache;
use super::layers::{Linear, Mask, RmsNorm, Weights, attention, half_block, rope, tracked};
use super::lfm2::Config;
use crate::kernel::learn::{Attend, Middle};

/// A short causal convolution, a channel by itself, between two gates.
pub(super) struct ShortConv {
    /// [hidden, taps].
    kernel: Tensor,
    /// The kernel tap by tap, [1, 1, hidden] each: copies, so none where it is trained.
    taps: Option<Vec<Tensor>>,
    bias: Option<Tensor>,
    project_in: Linear,
    project_out: Linear,
    hidden: usize,
}

impl ShortConv {
    pub(super) fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let (hidden, conv) = (cfg.hidden_size, weights.pp("conv"));
        let kernel =
            conv.get_or((hidden, 1, cfg.conv_taps), "weight", candle_nn::init::DEFAULT_KAIMING_NORMAL)?.squeeze(1)?;
        Ok(Self {
            taps: (!tracked(&[&kernel])).then(|| apart(&kernel)).transpose()?,
            kernel,
            bias: cfg.conv_bias.then(|| conv.get_or(hidden, "bias", Init::Const(0.0))).transpose()?,
            project_in: Linear::new(hidden, 3 * hidden, cfg.conv_bias, &weights.pp("in_proj"))?,
            project_out: Linear::new(hidden, hidden, cfg.conv_bias, &weights.pp("out_proj"))?,
            hidden,
        })
    }

    /// `xs` [batch, tokens, hidden], `tail` the inputs before them; gives the output and the new tail.
    pub(super) fn forward(&self, xs: &Tensor, tail: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
        let (batch, tokens, _) = xs.dims3()?;
        let all = self.project_in.forward(xs)?;
        let part = |i: usize| all.narrow(2, i * self.hidden, self.hidden)?.contiguous();
        let (before, after, value) = (part(0)?, part(1)?, part(2)?);
        let gated = (before * value)?;
        let apart = self.taps.is_none().then(|| apart(&self.kernel)).transpose()?;
        let taps = self.taps.as_ref().or(apart.as_ref()).map_or(&[][..], Vec::as_slice);
        let past = self.kernel.dim(1)? - 1;
        let longer = match tail {
            _ if past == 0 => gated.clone(),
            Some(tail) if tail.dim(0)? != batch => {
                candle_core::bail!("the state holds {} rows, {batch} were given", tail.dim(0)?)
            }
            Some(tail) => Tensor::cat(&[tail, &gated], 1)?,
            None => Tensor::cat(&[&Tensor::zeros((batch, past, self.hidden), xs.dtype(), xs.device())?, &gated], 1)?,
        };
        let mut mixed = longer.narrow(1, 0, tokens)?.broadcast_mul(&taps[0])?;
        for (i, tap) in taps.iter().enumerate().skip(1) {
            mixed = (mixed + longer.narrow(1, i, tokens)?.broadcast_mul(tap)?)?;
        }
        if let Some(bias) = &self.bias {
            mixed = mixed.broadcast_add(bias)?;
        }
        let out = self.project_out.forward(&(after * mixed)?)?;
        Ok((out, longer.narrow(1, tokens, past)?.force_contiguous()?))
    }
}

/// A kernel [hidden, taps] tap by tap, [1, 1, hidden] each.
fn apart(kernel: &Tensor) -> Result<Vec<Tensor>> {
    let (hidden, taps) = kernel.dims2()?;
    (0..taps).map(|i| kernel.narrow(1, i, 1)?.reshape((1, 1, hidden))).collect()
}

/// Grouped attention with a norm on each head of q and k.
pub(super) struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    out: Linear,
    q_norm: RmsNorm,
    k_norm: RmsNorm,
    head_dim: usize,
    heads: (usize, usize),
}

impl Attention {
    pub(super) fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let head_dim = cfg.hidden_size / cfg.num_heads;
        let (hidden, kv) = (cfg.hidden_size, cfg.num_kv_heads * head_dim);
        Ok(Self {
            q: Linear::new(hidden, hidden, false, &weights.pp("q_proj"))?,
            k: Linear::new(hidden, kv, false, &weights.pp("k_proj"))?,
            v: Linear::new(hidden, kv, false, &weights.pp("v_proj"))?,
            out: Linear::new(hidden, hidden, false, &weights.pp("out_proj"))?,
            q_norm: RmsNorm::new(head_dim, cfg.norm_eps, &weights.pp("q_layernorm"))?,
            k_norm: RmsNorm::new(head_dim, cfg.norm_eps, &weights.pp("k_layernorm"))?,
            head_dim,
            heads: (cfg.num_heads, cfg.num_kv_heads),
        })
    }

    /// With norm and residual, as one operator where a gradient is wanted.
    pub(super) fn train(&self, xs: &Tensor, norm: &RmsNorm, turns: &(Tensor, Tensor)) -> Result<Option<Tensor>> {
        half_block(xs, norm, &[&self.q, &self.k, &self.v], &self.out, || {
            Middle::Attend(Attend {
                heads: self.heads,
                width: self.head_dim,
                causal: true,
                scale: 1.0 / (self.head_dim as f64).sqrt(),
                norm: Some((self.q_norm.parts().0, self.k_norm.parts().0, self.q_norm.parts().1)),
                turns: Some(turns.clone()),
            })
        })
    }

    pub(super) fn forward(
        &self,
        xs: &Tensor,
        turns: &(Tensor, Tensor),
        cache: Option<(&mut Cache, usize)>,
    ) -> Result<Tensor> {
        let (batch, tokens, _) = xs.dims3()?;
        let heads = |linear: &Linear| linear.forward(xs)?.reshape((batch, tokens, (), self.head_dim));
        let q = rope(&self.q_norm.forward(&heads(&self.q)?)?.transpose(1, 2)?, &turns.0, &turns.1)?;
        let k = rope(&self.k_norm.forward(&heads(&self.k)?)?.transpose(1, 2)?, &turns.0, &turns.1)?;
        let v = heads(&self.v)?.transpose(1, 2)?.contiguous()?;
        let scale = 1.0 / (self.head_dim as f64).sqrt();
        let seen = match cache {
            Some((cache, layer)) => {
                let offset = cache.len();
                let (k, v) = cache.append(layer, &k, &v)?;
                attention(&q, &k, &v, Mask::Causal { offset, left_pad: cache.left_pad() }, scale)?
            }
            None => attention(&q, &k, &v, Mask::Causal { offset: 0, left_pad: &[] }, scale)?,
        };
        self.out.forward(&seen.transpose(1, 2)?.reshape((batch, tokens, ()))?)
    }
}
