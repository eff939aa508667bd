//! `config.json` of Llama, Qwen2, Qwen3 and both kinds of Janus, as transformers 4 and 5 and DeepSeek write it. The two
//! transformers differ in where the rope stands; taking a default for one that stands elsewhere gives wrong thoughts
//! without a word, so both places are read and what isn't supported is refused.

use std::path::Path;

use serde_json::json;

use super::error::LoadError;
use super::fields::Fields;
pub use super::janus_config::JanusConfig;
use super::janus_config::{deepseek, transformers};
use crate::net::decoder::{Config, RopeScaling};

/// What a folder's `config.json` describes.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// A decoder alone.
    Decoder(Config),
    /// A Janus.
    Janus(Box<JanusConfig>),
}

/// Reads `config.json` of a model's folder.
///
/// # Errors
/// [`LoadError::Io`], [`LoadError::Config`] naming the field, or [`LoadError::Kind`] for a model that isn't built here.
pub fn read(folder: &Path) -> Result<ModelConfig, LoadError> {
    read_file(&folder.join("config.json"))
}

/// Reads a configuration file by whatever name.
///
/// # Errors
/// As [`read`].
pub fn read_file(path: &Path) -> Result<ModelConfig, LoadError> {
    let fields = Fields::read(path)?;
    let Some(kind) = fields.text("model_type") else {
        return Err(fields.wrong("model_type", "is missing, so nobody can say what model this is"));
    };
    match kind {
        "llama" | "qwen2" | "qwen3" => Ok(ModelConfig::Decoder(decoder(&fields, kind)?)),
        "janus" => Ok(ModelConfig::Janus(Box::new(transformers(&fields)?))),
        "multi_modality" => Ok(ModelConfig::Janus(Box::new(deepseek(&fields)?))),
        other => Err(LoadError::Kind {
            path: path.to_owned(),
            found: other.to_owned(),
            wanted: "Llama, Qwen2, Qwen3 or Janus (janus, multi_modality)",
        }),
    }
}

/// A decoder's shape; what is absent is as in the default of its kind in transformers.
pub(super) fn decoder(fields: &Fields, kind: &str) -> Result<Config, LoadError> {
    fields.only("hidden_act", &json!("silu"))?;
    let (qwen2, qwen3) = (kind == "qwen2", kind == "qwen3");
    let num_layers = fields.count("num_hidden_layers", Some(32))?;
    full_attention(fields, num_layers)?;
    let hidden_size = fields.count("hidden_size", Some(4096))?;
    let num_heads = fields.count("num_attention_heads", Some(32))?;
    let num_kv_heads = fields.count("num_key_value_heads", Some(if qwen2 || qwen3 { 32 } else { num_heads }))?;
    if !num_heads.is_multiple_of(num_kv_heads) {
        return Err(fields.wrong("num_key_value_heads", format!("{num_kv_heads} don't divide {num_heads} heads")));
    }
    let head_dim = fields.count("head_dim", Some(if qwen3 { 128 } else { hidden_size / num_heads }))?;
    if head_dim == 0 || !head_dim.is_multiple_of(2) {
        return Err(fields.wrong("head_dim", format!("must be even, not {head_dim}")));
    }
    let bias = !qwen2 && fields.flag("attention_bias", false)?;
    let (rope_theta, rope_scaling) = rope(fields)?;
    Ok(Config {
        vocab_size: fields.count("vocab_size", Some(if qwen2 || qwen3 { 151_936 } else { 32_000 }))?,
        hidden_size,
        intermediate_size: fields.count("intermediate_size", Some(if qwen2 || qwen3 { 22_016 } else { 11_008 }))?,
        num_layers,
        num_heads,
        num_kv_heads,
        head_dim,
        rms_norm_eps: fields.number("rms_norm_eps", Some(1e-6))?,
        rope_theta,
        rope_scaling,
        max_positions: fields.count("max_position_embeddings", Some(if qwen2 || qwen3 { 32_768 } else { 2048 }))?,
        qkv_bias: qwen2 || bias,
        out_bias: bias,
        mlp_bias: !qwen2 && !qwen3 && fields.flag("mlp_bias", false)?,
        qk_norm: qwen3,
        tie_embeddings: fields.flag("tie_word_embeddings", false)?,
    })
}

/// Refuses layers that see only a window.
fn full_attention(fields: &Fields, num_layers: usize) -> Result<(), LoadError> {
    let windowed =
        fields.flag("use_sliding_window", false)? && fields.count("max_window_layers", Some(28))? < num_layers;
    if windowed {
        return Err(fields.wrong("use_sliding_window", "attention in a sliding window is not supported"));
    }
    let types = fields.get("layer_types").and_then(|types| types.as_array());
    if let Some(other) = types.into_iter().flatten().find(|kind| **kind != "full_attention") {
        return Err(fields.wrong("layer_types", format!("{other} is not supported, only full_attention")));
    }
    Ok(())
}

/// Base and stretch of the rope: in `rope_parameters` (transformers 5), else `rope_theta` and `rope_scaling` (4).
fn rope(fields: &Fields) -> Result<(f64, RopeScaling), LoadError> {
    let new = fields.child("rope_parameters")?;
    let old = fields.child("rope_scaling")?;
    let theta = new.number("rope_theta", Some(fields.number("rope_theta", Some(10_000.0))?))?;
    let from = if fields.get("rope_parameters").is_some() { new } else { old };
    let kind = from.text("rope_type").or_else(|| from.text("type")).unwrap_or("default");
    let factor = || {
        let factor = from.number("factor", None)?;
        if factor < 1.0 { Err(from.wrong("factor", format!("must be at least 1, not {factor}"))) } else { Ok(factor) }
    };
    let scaling = match kind {
        "default" => RopeScaling::None,
        "linear" => RopeScaling::Linear { factor: factor()? },
        "llama3" => {
            let (low, high) = (from.number("low_freq_factor", None)?, from.number("high_freq_factor", None)?);
            if high <= low {
                return Err(from.wrong("high_freq_factor", format!("must be above low_freq_factor {low}, not {high}")));
            }
            let original = from.count("original_max_position_embeddings", None)?;
            RopeScaling::Llama3 { factor: factor()?, low, high, original }
        }
        other => return Err(from.wrong("rope_type", format!("{other:?} is not supported: default, linear or llama3"))),
    };
    Ok((theta, scaling))
}
