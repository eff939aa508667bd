//! `config.json` of a Janus, as transformers and as DeepSeek write it.

use serde_json::json;

use super::error::LoadError;
use super::fields::Fields;
use super::hf_config;
use crate::net::{janus, siglip, vq};

/// A Janus's shape, and the control tokens its configuration names; the others are the tokenizer's to know.
#[derive(Clone, Debug, PartialEq)]
pub struct JanusConfig {
    /// Shape of the networks.
    pub network: janus::Config,
    /// Stands for one feature of a picture.
    pub image_token: Option<u32>,
    /// Opens every prompt.
    pub bos_token: Option<u32>,
    /// Ends every answer.
    pub eos_token: Option<u32>,
    /// Stands for nothing.
    pub pad_token: Option<u32>,
}

/// As transformers writes it: `text_config`, `vision_config`, `vq_config`.
pub(super) fn transformers(fields: &Fields) -> Result<JanusConfig, LoadError> {
    let (text, vision, vq) = (fields.child("text_config")?, fields.child("vision_config")?, fields.child("vq_config")?);
    for (of, name, value) in [
        (&vision, "hidden_act", json!("gelu")),
        (&vision, "use_qk_norm", json!(false)),
        (&vision, "num_channels", json!(3)),
        (&vq, "hidden_act", json!("gelu")),
        (&vq, "double_latent", json!(false)),
    ] {
        of.only(name, &value)?;
    }
    let kind = text.text("model_type").unwrap_or("llama").to_owned();
    let mut language = hf_config::decoder(&text, &kind)?;
    // Only the outer flag counts, and tied is its default; weights that hold a head overrule it.
    language.tie_embeddings = fields.flag("tie_word_embeddings", true)?;
    // Without an eye, a Janus that draws only: then its codes say how large a picture is.
    let drawn_px = match fields.get("vision_config") {
        None => vq.get("image_size").map(|_| vq.count("image_size", None)).transpose()?,
        Some(_) => None,
    };
    let eye = tower(&vision, ("hidden_size", "num_hidden_layers", "num_attention_heads"))?;
    let network = janus::Config {
        picture_px: drawn_px.unwrap_or(eye.image_size),
        vision: drawn_px.is_none().then_some(eye),
        aligner_depth: vision.count("depth", Some(2))?,
        vq: vq::Config {
            in_channels: vq.count("in_channels", Some(3))?,
            out_channels: vq.count("out_channels", Some(3))?,
            patch: vq.count("patch", Some(1))?,
            groups: vq.count("norm_num_groups", Some(32))?,
            square_layers: vq.count("encoder_square_layers", Some(0))?,
            base_channels: vq.count("base_channels", Some(128))?,
            multipliers: vq.counts("channel_multiplier", &[1, 1, 2, 2, 4])?,
            num_res_blocks: vq.count("num_res_blocks", Some(2))?,
            latent_channels: vq.count("latent_channels", Some(256))?,
            embed_dim: vq.count("embed_dim", Some(8))?,
            num_codes: vq.count("num_embeddings", Some(16_384))?,
        },
        generation_aligner_depth: vq.count("num_hidden_layers", Some(2))?,
        image_head_width: vq.count("image_token_embed_dim", Some(language.hidden_size))?,
        language,
    };
    let either = |name| text.id(name).or_else(|| fields.id(name));
    check(fields, &network)?;
    Ok(JanusConfig {
        network,
        image_token: fields.id("image_token_id"),
        bos_token: either("bos_token_id"),
        eos_token: either("eos_token_id"),
        pad_token: either("pad_token_id"),
    })
}

/// As DeepSeek writes it: `language_config` and the `params` of six parts. SigLIP is named by a preset; `width`, `layers`,
/// `heads`, `patch_size` and `mlp_ratio` beside it overrule that.
pub(super) fn deepseek(fields: &Fields) -> Result<JanusConfig, LoadError> {
    let params = |name| fields.child(name)?.child("params");
    let (vision, aligner, vq) = (params("vision_config")?, params("aligner_config")?, params("gen_vision_config")?);
    let (generation, head) = (params("gen_aligner_config")?, params("gen_head_config")?);
    aligner.only("projector_type", &json!("mlp_gelu"))?;
    generation.only("projector_type", &json!("mlp_gelu"))?;
    vision.only("select_feature", &json!("same"))?;
    vision.only("select_layer", &json!(-1))?;
    let preset = vision.text("model_name").unwrap_or("siglip_large_patch16_384");
    if preset != "siglip_large_patch16_384" && vision.get("width").is_none() {
        return Err(vision.wrong("model_name", format!("{preset:?} is not known: siglip_large_patch16_384")));
    }
    let text = fields.child("language_config")?;
    let language = hf_config::decoder(&text, text.text("model_type").unwrap_or("llama"))?;
    let eye = tower(&vision, ("width", "layers", "heads"))?;
    let network = janus::Config {
        picture_px: eye.image_size,
        vision: Some(eye),
        aligner_depth: aligner.count("depth", Some(2))?,
        vq: vq::Config {
            base_channels: vq.count("ch", Some(128))?,
            multipliers: vq.counts("ch_mult", &[1, 1, 2, 2, 4])?,
            num_res_blocks: vq.count("num_res_blocks", Some(2))?,
            latent_channels: vq.count("z_channels", Some(256))?,
            embed_dim: vq.count("n_embed", Some(8))?,
            num_codes: vq.count("image_token_size", Some(16_384))?,
            in_channels: vq.count("in_channels", Some(3))?,
            out_channels: vq.count("out_channels", Some(3))?,
            patch: 1,
            groups: 32,
            square_layers: 0,
        },
        generation_aligner_depth: generation.count("depth", Some(2))?,
        image_head_width: head.count("image_token_embed", Some(language.hidden_size))?,
        language,
    };
    check(fields, &network)?;
    let of_text = |name| text.id(name).or_else(|| fields.id(name));
    Ok(JanusConfig {
        network,
        image_token: None,
        bos_token: of_text("bos_token_id"),
        eos_token: of_text("eos_token_id"),
        pad_token: of_text("pad_token_id"),
    })
}

/// The eye; what is absent is as in SigLIP-L/16 at 384 pixels.
fn tower(fields: &Fields, (width, layers, heads): (&str, &str, &str)) -> Result<siglip::Config, LoadError> {
    let hidden_size = fields.count(width, Some(1024))?;
    let inner = hidden_size as f64 * fields.number("mlp_ratio", Some(4.0))?;
    if inner < 1.0 || inner.fract() != 0.0 || inner > 1e7 {
        return Err(fields.wrong("mlp_ratio", format!("gives {inner} units in the MLP")));
    }
    Ok(siglip::Config {
        hidden_size,
        intermediate_size: inner as usize,
        num_layers: fields.count(layers, Some(24))?,
        num_heads: fields.count(heads, Some(16))?,
        image_size: fields.count("image_size", Some(384))?,
        patch_size: fields.count("patch_size", Some(16))?,
        layer_norm_eps: fields.number("layer_norm_eps", Some(1e-6))?,
        qkv_bias: fields.flag("attention_bias", true)?,
    })
}

/// Holds the parts to each other.
fn check(fields: &Fields, network: &janus::Config) -> Result<(), LoadError> {
    let (side, stride) = (network.picture_px, network.vq.stride());
    let patch = network.vision.as_ref().map_or(stride, |vision| vision.patch_size);
    if !side.is_multiple_of(patch.max(1)) || !side.is_multiple_of(stride.max(1)) {
        let why = format!("a patch is {patch} pixels and a code {stride}: they don't tile pictures of {side}");
        return Err(fields.wrong("vision_config", why));
    }
    Ok(())
}
