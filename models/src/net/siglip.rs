//! SigLIP's picture tower (Zhai et al., 2023; Dosovitskiy et al., 2021): a transformer over patches, no class token, no
//! pooling. Below the ring: Janus's eye for understanding. Names are those of DeepSeek's checkpoints.

use candle_core::{Result, Tensor};

use super::layers::{LayerNorm, Linear, Mask, Weights, attention, gelu_erf, half_block, stream};
use crate::kernel::learn::{Attend, Middle};

/// How positions start where they are learned.
const POSITIONS: candle_nn::Init = candle_nn::Init::Randn { mean: 0.0, stdev: 0.02 };

/// Shape of a tower.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Width of the stream.
    pub hidden_size: usize,
    /// Width inside the MLP.
    pub intermediate_size: usize,
    /// Layers.
    pub num_layers: usize,
    /// Heads; divides `hidden_size`.
    pub num_heads: usize,
    /// Side of the square picture, in pixels; a multiple of `patch_size`.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// Epsilon of the norms.
    pub layer_norm_eps: f64,
    /// A bias on q, k and v.
    pub qkv_bias: bool,
}

impl Config {
    /// SigLIP-L/16 at 384 pixels: 303.7 million parameters, 576 patches.
    #[must_use]
    pub fn large_384() -> Self {
        Self {
            hidden_size: 1024,
            intermediate_size: 4096,
            num_layers: 24,
            num_heads: 16,
            image_size: 384,
            patch_size: 16,
            layer_norm_eps: 1e-6,
            qkv_bias: true,
        }
    }

    /// Small enough to test whole: 32 pixels, 4 patches.
    #[must_use]
    pub fn tiny() -> Self {
        let large = Self::large_384();
        Self { hidden_size: 32, intermediate_size: 64, num_layers: 2, num_heads: 4, image_size: 32, ..large }
    }

    /// Patches a picture.
    #[must_use]
    pub fn num_patches(&self) -> usize {
        (self.image_size / self.patch_size.max(1)).pow(2)
    }

    fn check(&self) -> Result<()> {
        if self.num_heads == 0 || !self.hidden_size.is_multiple_of(self.num_heads) {
            candle_core::bail!("{} heads don't divide the width {}", self.num_heads, self.hidden_size);
        }
        if self.patch_size == 0 || !self.image_size.is_multiple_of(self.patch_size) {
            candle_core::bail!("patches of {} don't tile a picture of {}", self.patch_size, self.image_size);
        }
        Ok(())
    }
}

struct Block {
    norm1: LayerNorm,
    qkv: Linear,
    out: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
}

impl Block {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let (hidden, inner, eps) = (cfg.hidden_size, cfg.intermediate_size, cfg.layer_norm_eps);
        Ok(Self {
            norm1: LayerNorm::new(hidden, eps, &weights.pp("norm1"))?,
            qkv: Linear::new(hidden, 3 * hidden, cfg.qkv_bias, &weights.pp("attn.qkv"))?,
            out: Linear::new(hidden, hidden, true, &weights.pp("attn.proj"))?,
            norm2: LayerNorm::new(hidden, eps, &weights.pp("norm2"))?,
            fc1: Linear::new(hidden, inner, true, &weights.pp("mlp.fc1"))?,
            fc2: Linear::new(inner, hidden, true, &weights.pp("mlp.fc2"))?,
            heads: cfg.num_heads,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (batch, patches, hidden) = xs.dims3()?;
        let width = hidden / self.heads;
        let attend = || {
            let (heads, scale) = ((self.heads, self.heads), 1.0 / (width as f64).sqrt());
            Middle::Attend(Attend { heads, width, causal: false, scale, norm: None, turns: None })
        };
        if let Some(xs) = half_block(xs, &self.norm1, &[&self.qkv], &self.out, attend)?
            && let Some(xs) = half_block(&xs, &self.norm2, &[&self.fc1], &self.fc2, || Middle::Gelu)?
        {
            return Ok(xs);
        }
        let qkv = self.qkv.forward(&self.norm1.forward(xs)?)?.reshape((batch, patches, 3, self.heads, width))?;
        let part = |i| qkv.narrow(2, i, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let seen = attention(&part(0)?, &part(1)?, &part(2)?, Mask::None, 1.0 / (width as f64).sqrt())?;
        let xs = self.out.forward_onto(&seen.transpose(1, 2)?.reshape((batch, patches, hidden))?, xs)?;
        self.fc2.forward_onto(&gelu_erf(&self.fc1.forward(&self.norm2.forward(&xs)?)?)?, &xs)
    }
}

/// The blocks of a tower and the norm behind them, for whoever makes the patches' embeddings some other way.
pub struct Blocks {
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl Blocks {
    /// From tensors named as in DeepSeek's checkpoints: `blocks.N.*` and `norm.*`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the shape can't be built.
    pub fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        cfg.check()?;
        let blocks = (0..cfg.num_layers).map(|i| Block::new(cfg, &weights.pp("blocks").pp(i)));
        let blocks = blocks.collect::<Result<_>>()?;
        Ok(Self { blocks, norm: LayerNorm::new(cfg.hidden_size, cfg.layer_norm_eps, &weights.pp("norm"))? })
    }

    /// Embeddings [batch, patches, hidden], of any number of patches, to features of the same shape.
    ///
    /// # Errors
    /// Shapes or dtypes don't meet.
    pub fn forward(&self, embeddings: &Tensor) -> Result<Tensor> {
        let mut xs = embeddings.clone();
        for block in &self.blocks {
            xs = block.forward(&xs)?;
        }
        self.norm.forward(&xs)
    }
}

/// A tower with its weights.
pub struct Siglip {
    cfg: Config,
    patches: Linear,
    positions: Tensor,
    blocks: Blocks,
}

impl Siglip {
    /// From tensors named as in DeepSeek's checkpoints, below `vision_model.vision_tower`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the shape can't be built.
    pub fn new(cfg: &Config, weights: impl Into<Weights>) -> Result<Self> {
        cfg.check()?;
        let weights = weights.into();
        // A convolution whose stride is its kernel is one linear map of each patch.
        let (patch, hidden) = (cfg.patch_size, cfg.hidden_size);
        let embed = weights.pp("patch_embed.proj");
        let init = candle_nn::init::DEFAULT_KAIMING_NORMAL;
        let kernel = embed.get_or((hidden, 3, patch, patch), "weight", init)?.reshape((hidden, 3 * patch * patch))?;
        Ok(Self {
            cfg: cfg.clone(),
            patches: Linear::from_tensors(kernel, Some(embed.get(hidden, "bias")?), None)?,
            positions: weights.get_or((1, cfg.num_patches(), hidden), "pos_embed", POSITIONS)?,
            blocks: Blocks::new(cfg, &weights)?,
        })
    }

    /// Its shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.cfg
    }

    /// Pictures [batch, 3, size, size] with values in [-1, 1] to features [batch, patches, hidden], in the tower's dtype.
    ///
    /// # Errors
    /// The pictures are of another size.
    pub fn forward(&self, pictures: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = pictures.dims4()?;
        let size = self.cfg.image_size;
        if (channels, height, width) != (3, size, size) {
            candle_core::bail!("a picture of {channels}x{height}x{width}: the tower sees 3x{size}x{size}");
        }
        let (patch, side) = (self.cfg.patch_size, size / self.cfg.patch_size);
        let dtype = stream(&self.positions);
        let patches = pictures.to_dtype(dtype)?.reshape((batch, 3, side, patch, side * patch))?;
        let patches = patches.reshape(&[batch, 3, side, patch, side, patch])?.permute([0, 2, 4, 1, 3, 5])?;
        let patches = self.patches.forward(&patches.reshape((batch, side * side, 3 * patch * patch))?)?;
        let features = self.blocks.forward(&patches.broadcast_add(&self.positions.to_dtype(dtype)?)?)?;
        features.to_dtype(self.positions.dtype())
    }
}
