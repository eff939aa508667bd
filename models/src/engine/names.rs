//! What the tensors of a Janus are called in each layout. The networks use DeepSeek's names; in transformers' files they
//! have others, and q, k and v of the eye stand apart.

/// Whose names the files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The networks' own: DeepSeek's for Janus; for decoders alone, transformers'.
    Own,
    /// A Janus of transformers.
    Transformers,
}

/// Where a network's tensor comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A tensor of the same shape.
    Same(String),
    /// A tensor without the first dimension, which is 1.
    Row(String),
    /// Three tensors of one shape, one below the other along the first dimension.
    Three([String; 3]),
}

impl Source {
    /// The names in the files.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Same(name) | Self::Row(name) => std::slice::from_ref(name),
            Self::Three(names) => names,
        }
    }

    /// Shape of each tensor in the files, for the network's shape.
    #[must_use]
    pub fn shape(&self, wanted: &[usize]) -> Vec<usize> {
        match (self, wanted) {
            (Self::Row(_), [_, rest @ ..]) => rest.to_vec(),
            (Self::Three(_), [first, rest @ ..]) => std::iter::once(first / 3).chain(rest.iter().copied()).collect(),
            _ => wanted.to_vec(),
        }
    }
}

impl Layout {
    /// Where the network's tensor `name` comes from.
    #[must_use]
    pub fn source(self, name: &str) -> Source {
        match self {
            Self::Own => Source::Same(name.to_owned()),
            Self::Transformers => transformers(name),
        }
    }
}

/// Transformers' name for DeepSeek's.
fn transformers(name: &str) -> Source {
    if name == "vision_model.vision_tower.pos_embed" {
        return Source::Row("model.vision_model.embeddings.position_embedding.weight".into());
    }
    if let Some(rest) = name.strip_prefix("language_model.lm_head.") {
        return Source::Same(format!("lm_head.{rest}"));
    }
    if let Some(rest) = name.strip_prefix("language_model.model.") {
        return Source::Same(format!("model.language_model.{rest}"));
    }
    if let Some(rest) = name.strip_prefix("vision_model.vision_tower.") {
        return vision(rest);
    }
    let (part, rest) = name.split_once('.').unwrap_or((name, ""));
    let renamed = match part {
        "aligner" => format!("aligner.{}", mlp(rest)),
        "gen_aligner" => format!("generation_aligner.{}", mlp(rest)),
        "gen_embed" => format!("generation_embeddings.{rest}"),
        "gen_head" => format!("generation_head.{}", rest.replace("output_mlp_projector.", "proj_out.")),
        "gen_vision_model" => format!("vqmodel.{}", vq(rest)),
        _ => name.to_owned(),
    };
    Source::Same(format!("model.{renamed}"))
}

/// Names within the eye.
fn vision(name: &str) -> Source {
    let renamed = name
        .replace("patch_embed.proj.", "embeddings.patch_embedding.")
        .replace("blocks.", "encoder.layers.")
        .replace(".norm1.", ".layer_norm1.")
        .replace(".norm2.", ".layer_norm2.")
        .replace(".attn.proj.", ".self_attn.projection_layer.");
    let renamed = match renamed.strip_prefix("norm.") {
        Some(rest) => format!("model.vision_model.post_layernorm.{rest}"),
        None => format!("model.vision_model.{renamed}"),
    };
    if renamed.contains(".attn.qkv.") {
        return Source::Three(
            ["q", "k", "v"].map(|part| renamed.replace(".attn.qkv.", &format!(".self_attn.{part}_proj."))),
        );
    }
    Source::Same(renamed)
}

/// Names within linear maps: `layers.0` is `fc1`, `layers.2` `hidden_layers.0`, `layers.4` `hidden_layers.1`.
fn mlp(name: &str) -> String {
    let mut parts = name.splitn(3, '.').skip(1);
    let (at, rest) = (parts.next().and_then(|i| i.parse::<usize>().ok()), parts.next().unwrap_or_default());
    match at {
        Some(0) => format!("fc1.{rest}"),
        Some(i) => format!("hidden_layers.{}.{rest}", (i / 2).saturating_sub(1)),
        None => name.to_owned(),
    }
}

/// Names within the code of pictures.
fn vq(name: &str) -> String {
    name.replace("encoder.conv_blocks.", "encoder.down.")
        .replace("decoder.conv_blocks.", "decoder.up.")
        .replace(".res.", ".block.")
        .replace(".mid.0.", ".mid.block_1.")
        .replace(".mid.1.", ".mid.attn_1.")
        .replace(".mid.2.", ".mid.block_2.")
}
