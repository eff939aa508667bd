//! The two builds of reasoner-nano, of equal size: a transformer (Qwen3's shape, arXiv 2505.09388) and a hybrid of short
//! convolutions and attention (LFM2's, arXiv 2511.23404). Schooling treats both alike.

use std::path::Path;

use candle_core::{Device, Result, Tensor};
use serde_json::{Value, json};

use crate::engine::hf_config::{self, ModelConfig};
use crate::engine::lfm2_config;
use crate::net::cache::Cache;
use crate::net::decoder::{self, Decoder};
use crate::net::layers::Weights;
use crate::net::lfm2::{self, Lfm2};

/// Which build, with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Attention in every layer.
    Transformer(decoder::Config),
    /// Convolutions and attention in turn.
    Hybrid(lfm2::Config),
}

/// How large a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width of the stream.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
}

impl Size {
    /// 1.4 million parameters over 1,024 pieces.
    pub const NANO: Self = Self { hidden: 128, layers: 6 };
    /// Half as many.
    pub const HALF: Self = Self { hidden: 96, layers: 5 };
}

/// Heads, each with keys and values of its own.
const HEADS: usize = 4;
/// Longest context, tokens.
const CONTEXT: usize = 2048;

impl Shape {
    /// The transformer.
    #[must_use]
    pub fn transformer(vocab: usize, size: Size) -> Self {
        Self::Transformer(decoder::Config {
            vocab_size: vocab,
            hidden_size: size.hidden,
            intermediate_size: 3 * size.hidden,
            num_layers: size.layers,
            num_heads: HEADS,
            num_kv_heads: HEADS,
            head_dim: size.hidden / HEADS,
            max_positions: CONTEXT,
            qk_norm: true,
            tie_embeddings: true,
            ..decoder::Config::tiny()
        })
    }

    /// The hybrid: as many parameters, as a convolution with its gates has as many as attention.
    #[must_use]
    pub fn hybrid(vocab: usize, size: Size) -> Self {
        Self::Hybrid(lfm2::Config {
            vocab_size: vocab,
            hidden_size: size.hidden,
            ff_size: 3 * size.hidden,
            num_heads: HEADS,
            num_kv_heads: HEADS,
            attends: (0..size.layers).map(|layer| layer % 2 == 1).collect(),
            rope_theta: 10_000.0,
            max_positions: CONTEXT,
            ..lfm2::Config::tiny()
        })
    }

    /// The same with MLPs of this width.
    #[must_use]
    pub fn with_mlp(self, width: usize) -> Self {
        match self {
            Self::Transformer(config) => Self::Transformer(decoder::Config { intermediate_size: width, ..config }),
            Self::Hybrid(config) => Self::Hybrid(lfm2::Config { ff_size: width, ..config }),
        }
    }

    /// By its name: `transformer` or `hybrid`, with `-half` for half the size.
    #[must_use]
    pub fn named(name: &str, vocab: usize) -> Option<Self> {
        let (build, size) = name.strip_suffix("-half").map_or((name, Size::NANO), |build| (build, Size::HALF));
        match build {
            "transformer" => Some(Self::transformer(vocab, size)),
            "hybrid" => Some(Self::hybrid(vocab, size)),
            _ => None,
        }
    }

    /// What the `config.json` of a schooled folder says.
    ///
    /// # Errors
    /// It can't be read, or is of neither build.
    pub fn of(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let unfit = |why: String| candle_core::Error::Msg(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| unfit(error.to_string()))?;
        if let Ok(config) = lfm2_config::read(&text) {
            return Ok(Self::Hybrid(config));
        }
        match hf_config::read(folder).map_err(|error| unfit(error.to_string()))? {
            ModelConfig::Decoder(config) => Ok(Self::Transformer(config)),
            _ => Err(unfit("is neither a decoder's nor an LFM2's".to_owned())),
        }
    }

    /// The network with its weights.
    ///
    /// # Errors
    /// A weight is missing or of another shape.
    pub fn build(&self, weights: impl Into<Weights>) -> Result<Pupil> {
        Ok(match self {
            Self::Transformer(config) => Pupil::Transformer(Decoder::new(config, weights)?),
            Self::Hybrid(config) => Pupil::Hybrid(Lfm2::new(config, weights)?),
        })
    }

    /// What `config.json` says.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Transformer(c) => json!({
                "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "vocab_size": c.vocab_size,
                "hidden_size": c.hidden_size, "intermediate_size": c.intermediate_size,
                "num_hidden_layers": c.num_layers, "num_attention_heads": c.num_heads,
                "num_key_value_heads": c.num_kv_heads, "head_dim": c.head_dim, "rms_norm_eps": c.rms_norm_eps,
                "rope_theta": c.rope_theta, "max_position_embeddings": c.max_positions, "hidden_act": "silu",
                "tie_word_embeddings": c.tie_embeddings, "torch_dtype": "float16",
            }),
            Self::Hybrid(c) => {
                let kinds = c.attends.iter().map(|attends| if *attends { "full_attention" } else { "conv" });
                json!({
                    "model_type": "lfm2", "architectures": ["Lfm2ForCausalLM"], "vocab_size": c.vocab_size,
                    "hidden_size": c.hidden_size, "intermediate_size": c.ff_size, "block_auto_adjust_ff_dim": false,
                    "num_hidden_layers": c.attends.len(), "layer_types": kinds.collect::<Vec<_>>(),
                    "num_attention_heads": c.num_heads, "num_key_value_heads": c.num_kv_heads,
                    "conv_L_cache": c.conv_taps, "conv_bias": c.conv_bias, "norm_eps": c.norm_eps,
                    "rope_theta": c.rope_theta, "max_position_embeddings": c.max_positions,
                    "tie_word_embeddings": c.tie_embeddings, "torch_dtype": "float16",
                })
            }
        }
    }
}

/// A network at school.
pub enum Pupil {
    /// Attention in every layer.
    Transformer(Decoder),
    /// Convolutions and attention in turn.
    Hybrid(Lfm2),
}

/// What it has read.
pub enum Memory {
    /// The transformer's.
    Transformer(Cache),
    /// The hybrid's.
    Hybrid(lfm2::State),
}

impl Memory {
    /// One row's memory for each of so many.
    ///
    /// # Errors
    /// The device has no memory for it.
    pub fn same_for(&self, rows: usize) -> Result<Self> {
        Ok(match self {
            Self::Transformer(cache) => Self::Transformer(cache.select(&vec![0; rows])?),
            Self::Hybrid(state) => Self::Hybrid(state.select(&vec![0; rows])?),
        })
    }
}

impl Pupil {
    /// Where it lives.
    #[must_use]
    pub fn device(&self) -> &Device {
        match self {
            Self::Transformer(net) => net.device(),
            Self::Hybrid(net) => net.device(),
        }
    }

    /// Nothing read yet.
    #[must_use]
    pub fn memory(&self) -> Memory {
        match self {
            Self::Transformer(net) => Memory::Transformer(net.cache()),
            Self::Hybrid(net) => Memory::Hybrid(net.state()),
        }
    }

    /// `ids` [batch, tokens] (u32) to hidden states [batch, tokens, hidden]; gradients flow.
    ///
    /// # Errors
    /// An id is beyond the vocabulary, or there are more than the context holds.
    pub fn read(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Transformer(net) => net.forward(&net.embed(ids)?, None),
            Self::Hybrid(net) => net.forward(ids, None),
        }
    }

    /// `ids` [batch, tokens] (u32) that follow what is in memory, and are kept there too.
    ///
    /// # Errors
    /// As [`Pupil::read`], or the memory is another build's.
    pub fn read_on(&self, ids: &Tensor, memory: &mut Memory) -> Result<Tensor> {
        match (self, memory) {
            (Self::Transformer(net), Memory::Transformer(cache)) => net.forward(&net.embed(ids)?, Some(cache)),
            (Self::Hybrid(net), Memory::Hybrid(state)) => net.forward(ids, Some(state)),
            _ => candle_core::bail!("the memory is of another build"),
        }
    }

    /// Hidden states [.., hidden] to logits [.., vocab].
    ///
    /// # Errors
    /// Shapes don't meet.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        match self {
            Self::Transformer(net) => net.logits(hidden),
            Self::Hybrid(net) => net.logits(hidden),
        }
    }
}
