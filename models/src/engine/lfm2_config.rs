//! LFM2's `config.json`, as transformers 4 and 5 and Liquid AI's own files have it: the rope's base, the tie of the head
//! and the MLP's width each stand under one of two names.

use serde::Deserialize;

use crate::net::lfm2::Config;

/// Why a configuration can't be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// It does not parse.
    #[error("config.json: {0}")]
    Parse(String),
    /// A field that has no meaning here.
    #[error("config.json: {field} {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
struct Raw {
    model_type: String,
    #[serde(default = "vocab")]
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: Option<usize>,
    block_ff_dim: Option<usize>,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    #[serde(default = "kv_heads")]
    num_key_value_heads: usize,
    head_dim: Option<usize>,
    layer_types: Option<Vec<String>>,
    full_attn_idxs: Option<Vec<usize>>,
    #[serde(default = "taps", rename = "conv_L_cache")]
    conv_taps: usize,
    #[serde(default)]
    conv_bias: bool,
    #[serde(default = "eps")]
    norm_eps: f64,
    rope_theta: Option<f64>,
    rope_parameters: Option<Rope>,
    rope_scaling: Option<Rope>,
    #[serde(default = "positions")]
    max_position_embeddings: usize,
    #[serde(default = "yes")]
    block_auto_adjust_ff_dim: bool,
    #[serde(default = "one")]
    block_ffn_dim_multiplier: Option<f64>,
    #[serde(default = "multiple")]
    block_multiple_of: usize,
    tie_embedding: Option<bool>,
    tie_word_embeddings: Option<bool>,
}

#[derive(Deserialize)]
struct Rope {
    rope_theta: Option<f64>,
    #[serde(alias = "type")]
    rope_type: Option<String>,
}

fn vocab() -> usize {
    65_536
}
fn kv_heads() -> usize {
    8
}
fn taps() -> usize {
    3
}
fn eps() -> f64 {
    1e-5
}
fn positions() -> usize {
    128_000
}
fn yes() -> bool {
    true
}
fn one() -> Option<f64> {
    Some(1.0)
}
fn multiple() -> usize {
    256
}

/// Reads the text of a `config.json`.
///
/// # Errors
/// [`ConfigError`], naming the field.
pub fn read(json: &str) -> Result<Config, ConfigError> {
    let raw: Raw = serde_json::from_str(json).map_err(|error| ConfigError::Parse(error.to_string()))?;
    let wrong = |field, problem: String| Err(ConfigError::Field { field, problem });
    if raw.model_type != "lfm2" {
        return wrong("model_type", format!("is {:?}: lfm2 is wanted", raw.model_type));
    }
    let rope = raw.rope_parameters.or(raw.rope_scaling);
    if let Some(kind) = rope.as_ref().and_then(|rope| rope.rope_type.as_ref()).filter(|kind| *kind != "default") {
        return wrong("rope_type", format!("is {kind:?}: LFM2 has none but default"));
    }
    let layers = raw.num_hidden_layers;
    let attends: Vec<bool> = match (raw.layer_types, raw.full_attn_idxs) {
        (Some(types), _) => {
            if let Some(other) = types.iter().find(|kind| !matches!(kind.as_str(), "conv" | "full_attention")) {
                return wrong("layer_types", format!("has {other:?}: conv or full_attention is wanted"));
            }
            types.iter().map(|kind| kind == "full_attention").collect()
        }
        (None, Some(places)) => (0..layers).map(|i| places.contains(&i)).collect(),
        (None, None) => return wrong("layer_types", "is missing, and full_attn_idxs too".to_owned()),
    };
    if attends.len() != layers {
        return wrong("layer_types", format!("has {} entries for {layers} layers", attends.len()));
    }
    let (hidden, heads) = (raw.hidden_size, raw.num_attention_heads);
    if heads == 0 || hidden % heads != 0 || raw.head_dim.is_some_and(|dim| dim * heads != hidden) {
        return wrong("num_attention_heads", format!("{heads} heads don't make up a width of {hidden}"));
    }
    let Some(intermediate) = raw.block_ff_dim.or(raw.intermediate_size) else {
        return wrong("intermediate_size", "is missing".to_owned());
    };
    let ff_size = if raw.block_auto_adjust_ff_dim {
        Config::adjusted(intermediate, raw.block_ffn_dim_multiplier, raw.block_multiple_of)
    } else {
        intermediate
    };
    Ok(Config {
        vocab_size: raw.vocab_size,
        hidden_size: hidden,
        ff_size,
        num_heads: heads,
        num_kv_heads: raw.num_key_value_heads,
        attends,
        conv_taps: raw.conv_taps,
        conv_bias: raw.conv_bias,
        norm_eps: raw.norm_eps,
        rope_theta: rope.and_then(|rope| rope.rope_theta).or(raw.rope_theta).unwrap_or(1_000_000.0),
        max_positions: raw.max_position_embeddings,
        tie_embeddings: raw.tie_embedding.or(raw.tie_word_embeddings).unwrap_or(true),
    })
}
