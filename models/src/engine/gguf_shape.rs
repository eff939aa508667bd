//! What a GGUF's metadata says of its network, and llama.cpp's names for tensors beside Hugging Face's.

use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};

use super::error::LoadError;
use crate::net::decoder::{self, RopeScaling};
use crate::net::lfm2;

/// A network's shape.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelShape {
    /// Llama, Qwen2 or Qwen3.
    Decoder {
        /// Its shape.
        config: decoder::Config,
        /// The rows of q and k stand in pairs (Llama).
        turned: bool,
    },
    /// LFM2.
    Lfm2(lfm2::Config),
}

/// Metadata below the architecture's name.
struct Keys<'a> {
    path: &'a Path,
    content: &'a Content,
    kind: &'a str,
}

impl Keys<'_> {
    fn wrong(&self, key: &str, why: impl Into<String>) -> LoadError {
        LoadError::Config { path: self.path.to_owned(), field: format!("{}.{key}", self.kind), why: why.into() }
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(&format!("{}.{key}", self.kind))
    }

    fn count(&self, key: &str) -> Result<usize, LoadError> {
        let value = self.get(key).ok_or_else(|| self.wrong(key, "is missing"))?;
        self.as_count(key, value)
    }

    fn as_count(&self, key: &str, value: &Value) -> Result<usize, LoadError> {
        let count = value.to_u64().ok().or_else(|| value.to_i32().ok().and_then(|v| u64::try_from(v).ok()));
        let count = count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count < 1 << 30);
        count.ok_or_else(|| self.wrong(key, format!("is {value:?}, a count is wanted")))
    }

    fn number(&self, key: &str, default: Option<f64>) -> Result<f64, LoadError> {
        let number = self.get(key).map(|value| value.to_f32().map(f64::from).or_else(|_| value.to_f64()));
        match (number, default) {
            (Some(Ok(number)), _) if number.is_finite() => Ok(number),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.wrong(key, "is missing")),
            _ => Err(self.wrong(key, "is no finite number")),
        }
    }

    /// Dimensions of a tensor.
    fn dims(&self, name: &str) -> Result<&[usize], LoadError> {
        let missing = || LoadError::Missing { tensor: name.to_owned(), path: self.path.to_owned() };
        self.content.tensor_infos.get(name).map(|info| info.shape.dims()).ok_or_else(missing)
    }

    fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }
}

/// Reads the shape. `factors`: what `rope_freqs.weight` divides each pair's turn by.
pub(super) fn read(path: &Path, content: &Content, factors: Option<&[f32]>) -> Result<ModelShape, LoadError> {
    let kind = content.metadata.get("general.architecture").and_then(|value| value.to_string().ok());
    let kind = kind.map_or("", String::as_str);
    let keys = Keys { path, content, kind };
    let vocab_size = || Ok::<_, LoadError>(keys.dims("token_embd.weight")?.first().copied().unwrap_or(0));
    let hidden_size = keys.count("embedding_length");
    let first_ff = || Ok::<_, LoadError>(keys.dims("blk.0.ffn_gate.weight")?.first().copied().unwrap_or(0));
    match kind {
        "llama" | "qwen2" | "qwen3" => {
            let (hidden_size, num_heads) = (hidden_size?, keys.count("attention.head_count")?.max(1));
            let head_dim = match keys.get("attention.key_length") {
                Some(value) => keys.as_count("attention.key_length", value)?,
                None => hidden_size / num_heads,
            };
            if keys.get("expert_count").is_some_and(|count| count.to_u64().is_ok_and(|count| count > 0)) {
                return Err(keys.wrong("expert_count", "mixtures of experts are not built here"));
            }
            if keys.get("rope.dimension_count").is_some_and(|n| n.to_u64().is_ok_and(|n| n != head_dim as u64)) {
                return Err(keys.wrong("rope.dimension_count", "a head that is turned in part is not built here"));
            }
            let num_kv_heads = match keys.get("attention.head_count_kv") {
                Some(value) => keys.as_count("attention.head_count_kv", value)?,
                None => num_heads,
            };
            let rope_theta = keys.number("rope.freq_base", Some(10_000.0))?;
            let config = decoder::Config {
                vocab_size: vocab_size()?,
                hidden_size,
                intermediate_size: first_ff()?,
                num_layers: keys.count("block_count")?,
                num_heads,
                num_kv_heads,
                head_dim,
                rms_norm_eps: keys.number("attention.layer_norm_rms_epsilon", None)?,
                rope_theta,
                rope_scaling: scaling(&keys, factors, head_dim, rope_theta)?,
                max_positions: keys.count("context_length")?,
                qkv_bias: keys.has("blk.0.attn_q.bias"),
                out_bias: keys.has("blk.0.attn_output.bias"),
                mlp_bias: keys.has("blk.0.ffn_gate.bias"),
                qk_norm: keys.has("blk.0.attn_q_norm.weight"),
                tie_embeddings: !keys.has("output.weight"),
            };
            Ok(ModelShape::Decoder { config, turned: kind == "llama" })
        }
        "lfm2" => {
            let layers = keys.count("block_count")?;
            let kv = match keys.get("attention.head_count_kv") {
                Some(Value::Array(counts)) => {
                    counts.iter().map(|v| keys.as_count("attention.head_count_kv", v)).collect()
                }
                Some(value) => keys.as_count("attention.head_count_kv", value).map(|count| vec![count]),
                None => Err(keys.wrong("attention.head_count_kv", "is missing")),
            }?;
            let attends: Vec<bool> = (0..layers).map(|i| keys.has(&format!("blk.{i}.attn_q.weight"))).collect();
            Ok(ModelShape::Lfm2(lfm2::Config {
                vocab_size: vocab_size()?,
                hidden_size: hidden_size?,
                ff_size: first_ff()?,
                num_heads: keys.count("attention.head_count")?.max(1),
                num_kv_heads: kv.into_iter().max().unwrap_or(0),
                attends,
                conv_taps: keys.count("shortconv.l_cache")?,
                conv_bias: keys.has("blk.0.shortconv.in_proj.bias"),
                norm_eps: keys.number("attention.layer_norm_rms_epsilon", None)?,
                rope_theta: keys.number("rope.freq_base", Some(1_000_000.0))?,
                max_positions: keys.count("context_length")?,
                tie_embeddings: !keys.has("output.weight"),
            }))
        }
        other => Err(LoadError::Kind {
            path: path.to_owned(),
            found: other.to_owned(),
            wanted: "llama, qwen2, qwen3 or lfm2",
        }),
    }
}

/// How positions are stretched: by a type and a factor, or, for Llama 3, by a divisor a pair that must be one of Meta's.
fn scaling(keys: &Keys<'_>, factors: Option<&[f32]>, head_dim: usize, theta: f64) -> Result<RopeScaling, LoadError> {
    let kind = keys.get("rope.scaling.type").and_then(|value| value.to_string().ok()).map_or("none", String::as_str);
    let Some(factors) = factors else {
        return match kind {
            "none" => Ok(RopeScaling::None),
            "linear" => Ok(RopeScaling::Linear { factor: keys.number("rope.scaling.factor", None)? }),
            other => Err(keys.wrong("rope.scaling.type", format!("is {other:?}: none or linear is wanted"))),
        };
    };
    for factor in [8.0, 32.0, 16.0, 4.0, 2.0] {
        let (low, high, original) = (1.0, 4.0, 8192);
        let expected = (0..head_dim / 2).map(|i| {
            let turn = theta.powf(-2.0 * i as f64 / head_dim as f64);
            let fits = f64::from(original) * turn / std::f64::consts::TAU;
            let keep = ((fits - low) / (high - low)).clamp(0.0, 1.0);
            1.0 / (keep + (1.0 - keep) / factor)
        });
        let alike = |(a, b): (f64, &f32)| (a - f64::from(*b)).abs() < 1e-3 * a;
        if factors.len() == head_dim / 2 && expected.zip(factors).all(alike) {
            return Ok(RopeScaling::Llama3 { factor, low, high, original: original as usize });
        }
    }
    Err(keys.wrong("rope_freqs", "are none of Llama 3's, which are the only ones built here"))
}

/// Names that a tensor of the network may have in a file.
pub(super) fn names(name: &str) -> Vec<String> {
    let whole = match name {
        "model.embed_tokens.weight" => Some(&["token_embd.weight"][..]),
        "model.norm.weight" => Some(&["output_norm.weight"][..]),
        "model.embedding_norm.weight" => Some(&["token_embd_norm.weight", "output_norm.weight"][..]),
        "lm_head.weight" => Some(&["output.weight"][..]),
        _ => None,
    };
    if let Some(names) = whole {
        return names.iter().map(|name| (*name).to_owned()).collect();
    }
    let part = name.strip_prefix("model.layers.").and_then(|rest| rest.split_once('.'));
    let Some((layer, (part, kind))) = part.and_then(|(layer, rest)| Some((layer, rest.rsplit_once('.')?))) else {
        return Vec::new();
    };
    let there = match part {
        "input_layernorm" | "operator_norm" => "attn_norm",
        "post_attention_layernorm" | "ffn_norm" => "ffn_norm",
        "self_attn.q_proj" => "attn_q",
        "self_attn.k_proj" => "attn_k",
        "self_attn.v_proj" => "attn_v",
        "self_attn.o_proj" | "self_attn.out_proj" => "attn_output",
        "self_attn.q_norm" | "self_attn.q_layernorm" => "attn_q_norm",
        "self_attn.k_norm" | "self_attn.k_layernorm" => "attn_k_norm",
        "mlp.gate_proj" | "feed_forward.w1" => "ffn_gate",
        "mlp.up_proj" | "feed_forward.w3" => "ffn_up",
        "mlp.down_proj" | "feed_forward.w2" => "ffn_down",
        "conv.conv" => "shortconv.conv",
        "conv.in_proj" => "shortconv.in_proj",
        "conv.out_proj" => "shortconv.out_proj",
        _ => return Vec::new(),
    };
    vec![format!("blk.{layer}.{there}.{kind}")]
}
