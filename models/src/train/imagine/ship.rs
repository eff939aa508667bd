//! The folder of a Janus of ours, as it comes out of a course: shape and words in transformers' layout, weights in
//! f16, and `ponder.json` with how it draws, its camera, and the hashes of all of it.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device};
use ponder_core::view::View;
use serde_json::json;

use super::ImagineError;
use super::words::WORDS_FILE;
use crate::engine::house::{Draws, House};
use crate::engine::names::Layout;
use crate::engine::{Tokenizer, save};
use crate::net::janus::Config;
use crate::net::{decoder, vq};
use crate::train::Params;

/// How it draws unless told otherwise.
const GUIDANCE: f32 = 2.0;
const TEMPERATURE: f32 = 0.5;
/// Bytes above which weights are written in several files.
const SHARD: u64 = 1 << 30;

/// The shape of janus-nano: `layers` of `hidden` numbers each over the code of this shape.
#[must_use]
pub fn shape(hidden: usize, layers: usize, code: vq::Config, picture_px: usize) -> Config {
    const HEADS: usize = 4;
    Config {
        vision: None,
        picture_px,
        aligner_depth: 2,
        vq: code,
        generation_aligner_depth: 2,
        image_head_width: hidden,
        language: decoder::Config {
            vocab_size: 0,
            hidden_size: hidden,
            intermediate_size: 3 * hidden,
            num_layers: layers,
            num_heads: HEADS,
            num_kv_heads: HEADS,
            head_dim: hidden / HEADS,
            max_positions: 512,
            qk_norm: true,
            tie_embeddings: true,
            ..decoder::Config::tiny()
        },
    }
}

/// Writes `config.json`.
pub(super) fn config(shape: &Config, tokenizer: &Tokenizer, folder: &Path) -> Result<(), ImagineError> {
    let (l, q) = (&shape.language, &shape.vq);
    let id = |token: &str| tokenizer.id(token);
    let config = json!({
        "model_type": "janus", "architectures": ["JanusForConditionalGeneration"], "torch_dtype": "float16",
        "tie_word_embeddings": l.tie_embeddings,
        "image_token_id": id("<image_placeholder>"),
        "bos_token_id": id("<｜begin▁of▁sentence｜>"),
        "eos_token_id": id("<｜end▁of▁sentence｜>"),
        "pad_token_id": id("<｜▁pad▁｜>"),
        "text_config": {
            "model_type": "qwen3", "vocab_size": l.vocab_size, "hidden_size": l.hidden_size,
            "intermediate_size": l.intermediate_size, "num_hidden_layers": l.num_layers,
            "num_attention_heads": l.num_heads, "num_key_value_heads": l.num_kv_heads, "head_dim": l.head_dim,
            "rms_norm_eps": l.rms_norm_eps, "rope_theta": l.rope_theta, "max_position_embeddings": l.max_positions,
            "hidden_act": "silu",
        },
        "vision_config": shape.vision.as_ref().map(|v| json!({
            "hidden_size": v.hidden_size, "mlp_ratio": v.intermediate_size as f64 / v.hidden_size.max(1) as f64,
            "num_hidden_layers": v.num_layers, "num_attention_heads": v.num_heads, "image_size": v.image_size,
            "patch_size": v.patch_size, "layer_norm_eps": v.layer_norm_eps, "attention_bias": v.qkv_bias,
            "hidden_act": "gelu", "num_channels": 3, "depth": shape.aligner_depth,
        })),
        "vq_config": {
            "image_size": shape.picture_px, "in_channels": q.in_channels, "out_channels": q.out_channels,
            "patch": q.patch, "norm_num_groups": q.groups, "encoder_square_layers": q.square_layers,
            "base_channels": q.base_channels, "channel_multiplier": q.multipliers,
            "num_res_blocks": q.num_res_blocks, "latent_channels": q.latent_channels, "embed_dim": q.embed_dim,
            "num_embeddings": q.num_codes, "num_hidden_layers": shape.generation_aligner_depth,
            "image_token_embed_dim": shape.image_head_width,
        },
    });
    put(&folder.join("config.json"), &(serde_json::to_string_pretty(&config).unwrap_or_default() + "\n"))
}

/// Writes weights and `ponder.json`.
pub(super) fn write(params: &Params, view: &View, folder: &Path) -> Result<(), ImagineError> {
    let half = params.tensors()?.into_iter();
    let half = half.map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.to_dtype(DType::F16)?)));
    let half = half.collect::<candle_core::Result<HashMap<_, _>>>()?;
    save::write(folder, &save::rename(&half, Layout::Transformers)?, SHARD)?;
    let house = House {
        system: Some(String::new()),
        draws: Some(Draws { guidance: GUIDANCE, temperature: TEMPERATURE, view: Some(view.clone()) }),
        ..House::default()
    };
    Ok(house.write(folder, &["config.json", "model.safetensors", WORDS_FILE])?)
}

fn put(path: &Path, text: &str) -> Result<(), ImagineError> {
    std::fs::write(path, text).map_err(|error| ImagineError::File { path: path.to_owned(), why: error.to_string() })
}
