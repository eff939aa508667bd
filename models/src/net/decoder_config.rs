//! Shapes of decoders of the Llama family: what sets Llama, Qwen2 and Qwen3 apart is a few switches. The decoder itself is
//! in [`super::decoder`].

use candle_core::Result;

use super::rope::RopeScaling;

/// Shape of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Tokens in the vocabulary.
    pub vocab_size: usize,
    /// Width of the stream.
    pub hidden_size: usize,
    /// Width inside the MLP.
    pub intermediate_size: usize,
    /// Layers.
    pub num_layers: usize,
    /// Query heads.
    pub num_heads: usize,
    /// Key and value heads; divides `num_heads`.
    pub num_kv_heads: usize,
    /// Width of a head; even. Not always `hidden_size / num_heads`.
    pub head_dim: usize,
    /// Epsilon of the norms.
    pub rms_norm_eps: f64,
    /// Base of the rotary wavelengths.
    pub rope_theta: f64,
    /// How positions are stretched.
    pub rope_scaling: RopeScaling,
    /// Longest context, in tokens.
    pub max_positions: usize,
    /// A bias on q, k and v (Qwen2).
    pub qkv_bias: bool,
    /// A bias on the attention's output (Llama with `attention_bias`).
    pub out_bias: bool,
    /// A bias in the MLP (Llama with `mlp_bias`).
    pub mlp_bias: bool,
    /// A norm on each head's q and k (Qwen3).
    pub qk_norm: bool,
    /// The head is the embedding's table.
    pub tie_embeddings: bool,
}

impl Config {
    /// A Llama small enough to test whole, with every switch off.
    #[must_use]
    pub fn tiny() -> Self {
        Self {
            vocab_size: 128,
            hidden_size: 32,
            intermediate_size: 64,
            num_layers: 2,
            num_heads: 4,
            num_kv_heads: 2,
            head_dim: 8,
            rms_norm_eps: 1e-6,
            rope_theta: 10_000.0,
            rope_scaling: RopeScaling::None,
            max_positions: 512,
            qkv_bias: false,
            out_bias: false,
            mlp_bias: false,
            qk_norm: false,
            tie_embeddings: false,
        }
    }

    /// DeepSeek-R1-Distill-Qwen-1.5B.
    #[must_use]
    pub fn r1_distill_qwen_1_5b() -> Self {
        Self {
            vocab_size: 151_936,
            hidden_size: 1536,
            intermediate_size: 8960,
            num_layers: 28,
            num_heads: 12,
            num_kv_heads: 2,
            head_dim: 128,
            max_positions: 131_072,
            qkv_bias: true,
            ..Self::tiny()
        }
    }

    /// Says what can't be built.
    pub(super) fn check(&self) -> Result<()> {
        if self.num_kv_heads == 0 || !self.num_heads.is_multiple_of(self.num_kv_heads) {
            candle_core::bail!("{} key heads don't divide {} query heads", self.num_kv_heads, self.num_heads);
        }
        if self.head_dim == 0 || !self.head_dim.is_multiple_of(2) {
            candle_core::bail!("a head's width must be even and not 0, not {}", self.head_dim);
        }
        Ok(())
    }
}
