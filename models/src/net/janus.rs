//! Janus-Pro (Chen et al., 2025; Wu et al., 2024): one language model with two ways of seeing, kept apart. What is to be
//! understood comes in through SigLIP as features; what is drawn goes out, and comes back in, as codes of VQ-16. Below the
//! ring: the engine reads and draws with it. Names are those of DeepSeek's checkpoints.

use candle_core::{Result, Tensor};

use super::decoder::{self, Decoder};
use super::layers::{Embedding, Linear, Weights, gelu_erf};
use super::siglip::{self, Siglip};
use super::vq::{self, Vq};

/// Shape of a Janus.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The eye for understanding; none: it draws only.
    pub vision: Option<siglip::Config>,
    /// Columns and rows of the pictures that it draws, and sees where it has an eye.
    pub picture_px: usize,
    /// Linear maps from its features to the stream.
    pub aligner_depth: usize,
    /// The mind.
    pub language: decoder::Config,
    /// The code of pictures.
    pub vq: vq::Config,
    /// Linear maps from a code to the stream.
    pub generation_aligner_depth: usize,
    /// Width inside the head that chooses codes.
    pub image_head_width: usize,
}

impl Config {
    /// Janus-Pro-1B.
    #[must_use]
    pub fn janus_pro_1b() -> Self {
        Self::pro(2048, 24, 16, 5632)
    }

    /// Janus-Pro-7B.
    #[must_use]
    pub fn janus_pro_7b() -> Self {
        Self::pro(4096, 30, 32, 11_008)
    }

    fn pro(hidden_size: usize, num_layers: usize, num_heads: usize, intermediate_size: usize) -> Self {
        let language = decoder::Config {
            vocab_size: 102_400,
            hidden_size,
            intermediate_size,
            num_layers,
            num_heads,
            num_kv_heads: num_heads,
            head_dim: 128,
            max_positions: 16_384,
            ..decoder::Config::tiny()
        };
        Self {
            vision: Some(siglip::Config::large_384()),
            picture_px: 384,
            aligner_depth: 2,
            vq: vq::Config::vq16(),
            generation_aligner_depth: 2,
            image_head_width: hidden_size,
            language,
        }
    }

    /// Small enough to test whole: pictures of 32 pixels, 4 codes each.
    #[must_use]
    pub fn tiny() -> Self {
        Self {
            vision: Some(siglip::Config::tiny()),
            picture_px: siglip::Config::tiny().image_size,
            aligner_depth: 2,
            language: decoder::Config::tiny(),
            vq: vq::Config::tiny(),
            generation_aligner_depth: 2,
            image_head_width: 32,
        }
    }

    /// Places in the stream that a picture takes which is understood.
    #[must_use]
    pub fn num_seen_tokens(&self) -> usize {
        self.vision.as_ref().map_or(0, siglip::Config::num_patches)
    }

    /// Codes of a picture that is drawn; Janus-Pro's two ways see it in as many places.
    #[must_use]
    pub fn num_image_tokens(&self) -> usize {
        (self.picture_px / self.vq.stride().max(1)).pow(2)
    }
}

/// Linear maps with GELU between.
struct Mlp(Vec<Linear>);

impl Mlp {
    /// `layers.0`, `layers.2`, ..: the activations between count.
    fn new(inputs: usize, outputs: usize, depth: usize, weights: &Weights) -> Result<Self> {
        let layer = |i: usize| {
            let inputs = if i == 0 { inputs } else { outputs };
            Linear::new(inputs, outputs, true, &weights.pp("layers").pp(2 * i))
        };
        Ok(Self((0..depth.max(1)).map(layer).collect::<Result<_>>()?))
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let mut xs = xs.clone();
        for (i, linear) in self.0.iter().enumerate() {
            xs = linear.forward(&if i == 0 { xs } else { gelu_erf(&xs)? })?;
        }
        Ok(xs)
    }
}

/// The way in: pictures as features, in the stream's width.
pub struct Understanding {
    tower: Siglip,
    aligner: Mlp,
}

impl Understanding {
    fn new(vision: &siglip::Config, cfg: &Config, weights: &Weights) -> Result<Self> {
        let tower = Siglip::new(vision, weights.pp("vision_model.vision_tower"))?;
        let (from, to) = (vision.hidden_size, cfg.language.hidden_size);
        Ok(Self { tower, aligner: Mlp::new(from, to, cfg.aligner_depth, &weights.pp("aligner"))? })
    }

    /// The eye.
    #[must_use]
    pub fn tower(&self) -> &Siglip {
        &self.tower
    }

    /// Pictures [batch, 3, size, size] with values in [-1, 1] to features [batch, image tokens, hidden].
    ///
    /// # Errors
    /// The pictures are of another size.
    pub fn forward(&self, pictures: &Tensor) -> Result<Tensor> {
        self.aligner.forward(&self.tower.forward(pictures)?)
    }
}

/// The way out, and back in: codes of pictures.
pub struct Generation {
    embedding: Embedding,
    aligner: Mlp,
    head: Mlp,
    vq: Vq,
}

impl Generation {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let (hidden, vq) = (cfg.language.hidden_size, &cfg.vq);
        let head = weights.pp("gen_head");
        let first = Linear::new(hidden, cfg.image_head_width, true, &head.pp("output_mlp_projector"))?;
        let last = Linear::new(cfg.image_head_width, vq.num_codes, true, &head.pp("vision_head"))?;
        Ok(Self {
            embedding: Embedding::new(vq.num_codes, vq.embed_dim, &weights.pp("gen_embed"))?,
            aligner: Mlp::new(vq.embed_dim, hidden, cfg.generation_aligner_depth, &weights.pp("gen_aligner"))?,
            head: Mlp(vec![first, last]),
            vq: Vq::new(vq, weights.pp("gen_vision_model"))?,
        })
    }

    /// The code of pictures.
    #[must_use]
    pub fn vq(&self) -> &Vq {
        &self.vq
    }

    /// Codes (u32) [batch, count] to what the mind reads [batch, count, hidden].
    ///
    /// # Errors
    /// A code is not in the book.
    pub fn embed(&self, codes: &Tensor) -> Result<Tensor> {
        self.aligner.forward(&self.embedding.forward(codes)?)
    }

    /// Hidden states [.., hidden] to logits of the next code [.., codes].
    ///
    /// # Errors
    /// Shapes don't meet.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        self.head.forward(hidden)
    }
}

/// A Janus with its weights.
pub struct Janus {
    cfg: Config,
    /// The way in; none: it draws only.
    pub understanding: Option<Understanding>,
    /// The way out.
    pub generation: Generation,
    /// The mind.
    pub language: Decoder,
}

impl Janus {
    /// From tensors named as in DeepSeek's checkpoints.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the shape can't be built.
    pub fn new(cfg: &Config, weights: impl Into<Weights>) -> Result<Self> {
        let weights = weights.into();
        Ok(Self {
            cfg: cfg.clone(),
            understanding: cfg.vision.as_ref().map(|vision| Understanding::new(vision, cfg, &weights)).transpose()?,
            generation: Generation::new(cfg, &weights)?,
            language: Decoder::new(&cfg.language, weights.pp("language_model"))?,
        })
    }

    /// Its shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.cfg
    }

    /// Embeddings [rows, tokens, hidden] of rows of ids of one length, where each `placeholder` stands for the next of
    /// the features [pictures, image tokens, hidden], in reading order over all rows.
    ///
    /// # Errors
    /// Rows of several lengths, or more or fewer placeholders than features.
    pub fn embed(&self, rows: &[Vec<u32>], placeholder: u32, features: Option<&Tensor>) -> Result<Tensor> {
        let tokens = rows.first().map_or(0, Vec::len);
        if tokens == 0 || rows.iter().any(|row| row.len() != tokens) {
            candle_core::bail!("rows to embed must not be empty and must be of one length");
        }
        let flat: Vec<u32> = rows.concat();
        let count = flat.iter().filter(|&&id| id == placeholder).count();
        let held = features.map_or(Ok(0), |f| f.dims3().map(|(pictures, each, _)| pictures * each))?;
        if count != held {
            candle_core::bail!("{count} placeholders for {held} features of pictures");
        }
        let ids = Tensor::from_slice(&flat, (rows.len(), tokens), self.language.device())?;
        let words = self.language.embed(&ids)?;
        let Some(features) = features.filter(|_| held > 0) else { return Ok(words) };
        let (mut next, size) = (flat.len() as u32, words.dim(2)?);
        let pick = flat.iter().enumerate().map(|(i, &id)| {
            if id == placeholder {
                next += 1;
                next - 1
            } else {
                i as u32
            }
        });
        let pick = Tensor::from_iter(pick.collect::<Vec<_>>(), self.language.device())?;
        let all = Tensor::cat(&[words.reshape(((), size))?, features.reshape(((), size))?], 0)?;
        all.index_select(&pick, 0)?.reshape((rows.len(), tokens, size))
    }
}
