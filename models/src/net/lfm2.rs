//! LFM2 (Liquid AI, arXiv 2511.23404): most blocks mix tokens by a short convolution between two gates, a few by grouped
//! attention with a norm on each head; all have a SwiGLU MLP. Reads ids, gives hidden states and logits, and keeps what
//! it read in a [`State`] of the caller. Below the ring: the reasoners think with it.

use candle_core::{DType, Device, Result, Tensor};

use super::cache::Cache;
use super::layers::{Embedding, Linear, RmsNorm, Weights, half_block, swiglu};
use super::lfm2_mix::{Attention, ShortConv};
pub use super::lfm2_state::{Point, State};
use super::rope::{Rope, RopeScaling};
use crate::kernel::learn::Middle;

/// Shape of an LFM2.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Tokens in the vocabulary.
    pub vocab_size: usize,
    /// Width of the stream.
    pub hidden_size: usize,
    /// Width inside the MLP, as built: see [`Config::adjusted`].
    pub ff_size: usize,
    /// Query heads; divides `hidden_size`.
    pub num_heads: usize,
    /// Key and value heads; divides `num_heads`.
    pub num_kv_heads: usize,
    /// Which layers attend; the others convolve.
    pub attends: Vec<bool>,
    /// Taps of the convolution, at least 1.
    pub conv_taps: usize,
    /// Biases in the convolution and its projections.
    pub conv_bias: bool,
    /// Epsilon of the norms.
    pub norm_eps: f64,
    /// Base of the rotary wavelengths.
    pub rope_theta: f64,
    /// Longest context, in tokens.
    pub max_positions: usize,
    /// The head is the embedding's table.
    pub tie_embeddings: bool,
}

impl Config {
    /// An LFM2 small enough to test whole.
    #[must_use]
    pub fn tiny() -> Self {
        Self {
            vocab_size: 128,
            hidden_size: 32,
            ff_size: 64,
            num_heads: 4,
            num_kv_heads: 2,
            attends: vec![false, true, false],
            conv_taps: 3,
            conv_bias: false,
            norm_eps: 1e-5,
            rope_theta: 1_000_000.0,
            max_positions: 512,
            tie_embeddings: true,
        }
    }

    /// LFM2-350M.
    #[must_use]
    pub fn lfm2_350m() -> Self {
        let attends = (0..16).map(|i| [2, 5, 8, 10, 12, 14].contains(&i)).collect();
        Self {
            vocab_size: 65_536,
            hidden_size: 1024,
            ff_size: Self::adjusted(6656, Some(1.0), 256),
            num_heads: 16,
            num_kv_heads: 8,
            attends,
            max_positions: 128_000,
            ..Self::tiny()
        }
    }

    /// The MLP's width where the configuration says `block_auto_adjust_ff_dim`: two thirds, times the multiplier, rounded
    /// up to a multiple. Without a multiplier it is two thirds and no more.
    #[must_use]
    pub fn adjusted(intermediate: usize, multiplier: Option<f64>, multiple_of: usize) -> usize {
        let width = 2 * intermediate / 3;
        match multiplier {
            Some(multiplier) => ((width as f64 * multiplier) as usize).next_multiple_of(multiple_of.max(1)),
            None => width,
        }
    }

    /// Width of a head.
    #[must_use]
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_heads.max(1)
    }

    fn check(&self) -> Result<()> {
        let (heads, kv) = (self.num_heads, self.num_kv_heads);
        if kv == 0 || !heads.is_multiple_of(kv) || !self.hidden_size.is_multiple_of(2 * heads) {
            candle_core::bail!("{heads} heads over {kv} don't divide a width of {}", self.hidden_size);
        }
        if self.conv_taps == 0 {
            candle_core::bail!("a convolution needs a tap");
        }
        Ok(())
    }
}

enum Mixer {
    Conv(ShortConv),
    /// With the number of its place in the cache.
    Attention(Attention, usize),
}

struct Block {
    mixer: Mixer,
    before_mixer: RmsNorm,
    before_mlp: RmsNorm,
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl Block {
    /// The MLP with its norm and residual.
    fn mlp(&self, xs: &Tensor) -> Result<Tensor> {
        let trained = half_block(xs, &self.before_mlp, &[&self.gate, &self.up], &self.down, || Middle::Swiglu)?;
        if let Some(xs) = trained {
            return Ok(xs);
        }
        let read = self.before_mlp.forward(xs)?;
        self.down.forward_onto(&swiglu(&self.gate.forward(&read)?, &self.up.forward(&read)?)?, xs)
    }
}

/// An LFM2 with its weights.
pub struct Lfm2 {
    cfg: Config,
    embedding: Embedding,
    blocks: Vec<Block>,
    norm: RmsNorm,
    head: Linear,
    rope: Rope,
    dtype: DType,
    device: Device,
}

impl Lfm2 {
    /// From tensors named as Hugging Face names them: `model.embed_tokens`, `model.layers.N.*`, `model.embedding_norm`.
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
        let block = |i: usize, attends: bool| {
            let (weights, hidden) = (model.pp("layers").pp(i), cfg.hidden_size);
            let norm = |name| RmsNorm::new(hidden, cfg.norm_eps, &weights.pp(name));
            let mlp = weights.pp("feed_forward");
            let place = cfg.attends[..i].iter().filter(|attends| **attends).count();
            Ok(Block {
                mixer: if attends {
                    Mixer::Attention(Attention::new(cfg, &weights.pp("self_attn"))?, place)
                } else {
                    Mixer::Conv(ShortConv::new(cfg, &weights.pp("conv"))?)
                },
                before_mixer: norm("operator_norm")?,
                before_mlp: norm("ffn_norm")?,
                gate: Linear::new(hidden, cfg.ff_size, false, &mlp.pp("w1"))?,
                up: Linear::new(hidden, cfg.ff_size, false, &mlp.pp("w3"))?,
                down: Linear::new(cfg.ff_size, hidden, false, &mlp.pp("w2"))?,
            })
        };
        let head_dim = cfg.hidden_size / cfg.num_heads;
        Ok(Self {
            cfg: cfg.clone(),
            blocks: cfg.attends.iter().enumerate().map(|(i, attends)| block(i, *attends)).collect::<Result<_>>()?,
            norm: RmsNorm::new(cfg.hidden_size, cfg.norm_eps, &model.pp("embedding_norm"))?,
            rope: Rope::new(head_dim, cfg.rope_theta, RopeScaling::None, weights.device())?,
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

    /// An empty state.
    #[must_use]
    pub fn state(&self) -> State {
        self.left_padded(Vec::new())
    }

    /// An empty state for a batch whose row i starts with `left_pad[i]` tokens of padding, which count for nothing.
    #[must_use]
    pub fn left_padded(&self, left_pad: Vec<usize>) -> State {
        let attending = self.cfg.attends.iter().filter(|attends| **attends).count();
        State { cache: Cache::left_padded(attending, left_pad), tails: vec![None; self.blocks.len()] }
    }

    /// `ids` [batch, tokens] (u32) that follow those in the state, to hidden states after the last norm
    /// [batch, tokens, hidden]. The state then holds them too; without one nothing is kept and gradients flow. After an
    /// error the state is as before.
    ///
    /// # Errors
    /// An id is beyond the vocabulary, the context is too long, or the state is of another batch or network.
    pub fn forward(&self, ids: &Tensor, state: Option<&mut State>) -> Result<Tensor> {
        let (_, tokens) = ids.dims2()?;
        let mut fresh = None;
        let keep = state.is_some();
        let state = state.unwrap_or_else(|| fresh.insert(self.state()));
        let start = state.cache.len();
        if start + tokens > self.cfg.max_positions {
            candle_core::bail!("{start} + {tokens} tokens: the context is {}", self.cfg.max_positions);
        }
        if state.tails.len() != self.blocks.len() {
            candle_core::bail!("a state for {} layers, the network has {}", state.tails.len(), self.blocks.len());
        }
        let mut xs = self.embedding.forward(ids)?;
        let turns = self.rope.at(start, tokens, xs.dtype())?;
        let counts = counts(state.cache.left_pad(), start, tokens, &xs)?;
        let mut tails = state.tails.clone();
        for (block, tail) in self.blocks.iter().zip(&mut tails) {
            let attended = match &block.mixer {
                Mixer::Attention(attention, _) if !keep && counts.is_none() => {
                    attention.train(&xs, &block.before_mixer, &turns)?
                }
                _ => None,
            };
            if let Some(attended) = attended {
                xs = block.mlp(&attended)?;
                continue;
            }
            let read = block.before_mixer.forward(&xs)?;
            let mixed = match &block.mixer {
                Mixer::Attention(attention, place) => {
                    attention.forward(&read, &turns, keep.then_some((&mut state.cache, *place)))?
                }
                Mixer::Conv(conv) => {
                    let read = counts.as_ref().map_or_else(|| Ok(read.clone()), |counts| read.broadcast_mul(counts))?;
                    let (mixed, next) = conv.forward(&read, tail.as_ref())?;
                    *tail = Some(next);
                    mixed
                }
            };
            xs = block.mlp(&(xs + mixed)?)?;
        }
        state.cache.advance(tokens);
        state.tails = tails;
        self.norm.forward(&xs)
    }

    /// Hidden states [.., hidden] to logits [.., vocab].
    ///
    /// # Errors
    /// Shapes don't meet.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        self.head.forward(hidden)
    }
}

/// 0 for tokens of padding and 1 for others, [rows, tokens, 1]; `None` where none of these tokens is padding.
fn counts(left_pad: &[usize], start: usize, tokens: usize, like: &Tensor) -> Result<Option<Tensor>> {
    if left_pad.iter().all(|pad| *pad <= start) {
        return Ok(None);
    }
    let rows =
        left_pad.iter().flat_map(|pad| (start..start + tokens).map(move |at| if at < *pad { 0f32 } else { 1.0 }));
    let counts = Tensor::from_iter(rows, like.device())?.reshape((left_pad.len(), tokens, 1))?;
    counts.to_dtype(like.dtype()).map(Some)
}
