//! One decoder for the Llama family: Llama (Touvron et al., 2023; Grattafiori et al., 2024), Qwen2 (a bias on q, k, v)
//! and Qwen3 (a norm on each head's q and k). Reads ids or embeddings, shows hidden states and logits, and keeps what it
//! read in a [`Cache`] of the caller. Below the ring: Janus and the reasoners think with it.

use candle_core::{DType, Device, Result, Tensor};

pub use super::cache::Cache;
pub use super::decoder_config::Config;
use super::layers::{Embedding, Linear, Mask, RmsNorm, Weights, attention, half_block, rope, stream, swiglu};
use super::rope::Rope;
pub use super::rope::RopeScaling;
use crate::kernel::learn::{Attend, Middle};

struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    out: Linear,
    q_norm: Option<RmsNorm>,
    k_norm: Option<RmsNorm>,
    head_dim: usize,
    heads: (usize, usize),
    /// What keys and values are kept in.
    kept: DType,
}

impl Attention {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let (hidden, heads, kv) = (cfg.hidden_size, cfg.num_heads * cfg.head_dim, cfg.num_kv_heads * cfg.head_dim);
        let norm =
            |name| cfg.qk_norm.then(|| RmsNorm::new(cfg.head_dim, cfg.rms_norm_eps, &weights.pp(name))).transpose();
        Ok(Self {
            q: Linear::new(hidden, heads, cfg.qkv_bias, &weights.pp("q_proj"))?,
            k: Linear::new(hidden, kv, cfg.qkv_bias, &weights.pp("k_proj"))?,
            v: Linear::new(hidden, kv, cfg.qkv_bias, &weights.pp("v_proj"))?,
            out: Linear::new(heads, hidden, cfg.out_bias, &weights.pp("o_proj"))?,
            q_norm: norm("q_norm")?,
            k_norm: norm("k_norm")?,
            head_dim: cfg.head_dim,
            heads: (cfg.num_heads, cfg.num_kv_heads),
            kept: weights.dtype(),
        })
    }

    /// With norm and residual, as one operator where a gradient is wanted.
    fn train(&self, xs: &Tensor, norm: &RmsNorm, turns: &(Tensor, Tensor)) -> Result<Option<Tensor>> {
        half_block(xs, norm, &[&self.q, &self.k, &self.v], &self.out, || {
            let norm = self.q_norm.as_ref().zip(self.k_norm.as_ref());
            Middle::Attend(Attend {
                heads: self.heads,
                width: self.head_dim,
                causal: true,
                scale: 1.0 / (self.head_dim as f64).sqrt(),
                norm: norm.map(|(q, k)| (q.parts().0, k.parts().0, q.parts().1)),
                turns: Some(turns.clone()),
            })
        })
    }

    /// `to` and what `xs`, normed, finds in what was before it.
    fn forward(
        &self,
        xs: &Tensor,
        turns: &(Tensor, Tensor),
        cache: Option<(&mut Cache, usize)>,
        to: &Tensor,
    ) -> Result<Tensor> {
        let (batch, tokens, _) = xs.dims3()?;
        let heads = |linear: &Linear, norm: Option<&RmsNorm>| {
            let heads = linear.forward(xs)?.reshape((batch, tokens, (), self.head_dim))?;
            let heads = norm.map_or_else(|| Ok(heads.clone()), |norm| norm.forward(&heads))?;
            heads.transpose(1, 2)
        };
        let q = rope(&heads(&self.q, self.q_norm.as_ref())?, &turns.0, &turns.1)?;
        let k = rope(&heads(&self.k, self.k_norm.as_ref())?, &turns.0, &turns.1)?;
        let v = heads(&self.v, None)?.contiguous()?;
        let scale = 1.0 / (self.head_dim as f64).sqrt();
        let seen = match cache {
            Some((cache, layer)) => {
                let offset = cache.len();
                let (k, v) = cache.append(layer, &k.to_dtype(self.kept)?, &v.to_dtype(self.kept)?)?;
                attention(&q, &k, &v, Mask::Causal { offset, left_pad: cache.left_pad() }, scale)?
            }
            None => attention(&q, &k, &v, Mask::Causal { offset: 0, left_pad: &[] }, scale)?,
        };
        self.out.forward_onto(&seen.transpose(1, 2)?.reshape((batch, tokens, ()))?, to)
    }
}

struct Block {
    attention: Attention,
    gate: Linear,
    up: Linear,
    down: Linear,
    before_attention: RmsNorm,
    before_mlp: RmsNorm,
}

impl Block {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let (hidden, inner, mlp) = (cfg.hidden_size, cfg.intermediate_size, weights.pp("mlp"));
        let norm = |name| RmsNorm::new(hidden, cfg.rms_norm_eps, &weights.pp(name));
        Ok(Self {
            attention: Attention::new(cfg, &weights.pp("self_attn"))?,
            gate: Linear::new(hidden, inner, cfg.mlp_bias, &mlp.pp("gate_proj"))?,
            up: Linear::new(hidden, inner, cfg.mlp_bias, &mlp.pp("up_proj"))?,
            down: Linear::new(inner, hidden, cfg.mlp_bias, &mlp.pp("down_proj"))?,
            before_attention: norm("input_layernorm")?,
            before_mlp: norm("post_attention_layernorm")?,
        })
    }

    fn forward(&self, xs: &Tensor, turns: &(Tensor, Tensor), cache: Option<(&mut Cache, usize)>) -> Result<Tensor> {
        if cache.is_none()
            && let Some(xs) = self.attention.train(xs, &self.before_attention, turns)?
            && let Some(xs) = half_block(&xs, &self.before_mlp, &[&self.gate, &self.up], &self.down, || Middle::Swiglu)?
        {
            return Ok(xs);
        }
        let xs = self.attention.forward(&self.before_attention.forward(xs)?, turns, cache, xs)?;
        let read = self.before_mlp.forward(&xs)?;
        self.down.forward_onto(&swiglu(&self.gate.forward(&read)?, &self.up.forward(&read)?)?, &xs)
    }
}

/// A decoder with its weights.
pub struct Decoder {
    cfg: Config,
    embedding: Embedding,
    blocks: Vec<Block>,
    norm: RmsNorm,
    head: Linear,
    rope: Rope,
    dtype: DType,
    device: Device,
}

impl Decoder {
    /// From tensors named as Hugging Face names them: `model.embed_tokens`, `model.layers.N.*`, `model.norm`, `lm_head`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the shape can't be built.
    pub fn new(cfg: &Config, weights: impl Into<Weights>) -> Result<Self> {
        cfg.check()?;
        let weights = weights.into();
        let model = weights.pp("model");
        let embedding = Embedding::new(cfg.vocab_size, cfg.hidden_size, &model.pp("embed_tokens"))?;
        let head = if cfg.tie_embeddings {
            embedding.as_linear(weights.quant())?
        } else {
            Linear::new(cfg.hidden_size, cfg.vocab_size, false, &weights.pp("lm_head"))?
        };
        let blocks = (0..cfg.num_layers).map(|i| Block::new(cfg, &model.pp("layers").pp(i)));
        Ok(Self {
            cfg: cfg.clone(),
            blocks: blocks.collect::<Result<_>>()?,
            norm: RmsNorm::new(cfg.hidden_size, cfg.rms_norm_eps, &model.pp("norm"))?,
            rope: Rope::new(cfg.head_dim, cfg.rope_theta, cfg.rope_scaling, weights.device())?,
            dtype: weights.dtype(),
            device: weights.device().clone(),
            embedding,
            head,
        })
    }

    /// Its shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.cfg
    }

    /// Dtype of weights, embeddings and hidden states.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where it lives.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// An empty cache of this decoder.
    #[must_use]
    pub fn cache(&self) -> Cache {
        Cache::new(self.cfg.num_layers)
    }

    /// `ids` [batch, tokens] (u32) to embeddings [batch, tokens, hidden].
    ///
    /// # Errors
    /// An id is beyond the vocabulary.
    pub fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        self.embedding.forward(ids)
    }

    /// Embeddings [batch, tokens, hidden] of tokens that follow those in the cache, to hidden states after the last norm
    /// [batch, tokens, hidden]. The cache then holds them too; without one nothing is kept and gradients flow. After an
    /// error the cache is as before.
    ///
    /// # Errors
    /// Shapes don't meet, the context is too long, or the cache is of another batch or decoder.
    pub fn forward(&self, embeddings: &Tensor, cache: Option<&mut Cache>) -> Result<Tensor> {
        self.run(embeddings, cache, &mut |_| ())
    }

    /// Hidden states of every depth, without a cache: the embeddings, after each layer but the last, and after the last
    /// norm: `num_layers + 1` tensors [batch, tokens, hidden].
    ///
    /// # Errors
    /// As [`Decoder::forward`].
    pub fn hidden_states(&self, embeddings: &Tensor) -> Result<Vec<Tensor>> {
        let mut states = Vec::new();
        let last = self.run(embeddings, None, &mut |state| states.push(state.clone()))?;
        states.push(last);
        states.into_iter().map(|state| state.to_dtype(embeddings.dtype())).collect()
    }

    /// Hidden states [.., hidden] to logits [.., vocab]. Take only the tokens you need: the head is large.
    ///
    /// # Errors
    /// Shapes don't meet.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        self.head.forward(hidden)
    }

    /// `ids` [batch, tokens] (u32) to logits of every token [batch, tokens, vocab].
    ///
    /// # Errors
    /// As [`Decoder::embed`] and [`Decoder::forward`].
    pub fn forward_ids(&self, ids: &Tensor, cache: Option<&mut Cache>) -> Result<Tensor> {
        self.logits(&self.forward(&self.embed(ids)?, cache)?)
    }

    fn run(&self, xs: &Tensor, mut cache: Option<&mut Cache>, state: &mut dyn FnMut(&Tensor)) -> Result<Tensor> {
        let (_, tokens, _) = xs.dims3()?;
        let start = cache.as_ref().map_or(0, |cache| cache.len());
        if start + tokens > self.cfg.max_positions {
            candle_core::bail!("{start} + {tokens} tokens: the context is {}", self.cfg.max_positions);
        }
        if let Some(held) = cache.as_ref().map(|cache| cache.layers()).filter(|&l| l != self.cfg.num_layers) {
            candle_core::bail!("a cache for {held} layers, the decoder has {}", self.cfg.num_layers);
        }
        let dtype = xs.dtype();
        let mut xs = xs.to_dtype(stream(xs))?;
        let turns = self.rope.at(start, tokens, xs.dtype())?;
        for (i, block) in self.blocks.iter().enumerate() {
            state(&xs);
            xs = block.forward(&xs, &turns, cache.as_deref_mut().map(|cache| (cache, i)))?;
        }
        if let Some(cache) = cache {
            cache.advance(tokens);
        }
        self.norm.forward(&xs)?.to_dtype(dtype)
    }
}
