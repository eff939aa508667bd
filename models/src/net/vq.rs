//! VQ-16: pictures as codes, codes as pictures (LlamaGen, Sun et al., 2024, after Esser et al., 2021): a convolutional
//! encoder and decoder around a code book searched and read on the unit sphere. Below the ring: Janus draws with it.
//! Names and rules are DeepSeek's; transformers leaves out the norm before the search and finds other codes.

use candle_core::{D, DType, Result, Tensor};

use super::layers::{Conv2d, GroupNorm, Mask, Weights, attention, silu};

/// Groups of every group norm.
const GROUPS: usize = 32;
/// Epsilon of every group norm.
const EPS: f64 = 1e-6;

/// Shape of the code.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Channels at full size; a multiple of 32.
    pub base_channels: usize,
    /// Channels at each size, as multiples of `base_channels`, full size first; each next size is half.
    pub multipliers: Vec<usize>,
    /// Residual blocks a size in the encoder; the decoder has one more.
    pub num_res_blocks: usize,
    /// Channels between the code and the networks.
    pub latent_channels: usize,
    /// Numbers a code.
    pub embed_dim: usize,
    /// Codes in the book.
    pub num_codes: usize,
}

impl Config {
    /// The VQ-16 of Janus: 71.9 million parameters, one code for 16 x 16 pixels.
    #[must_use]
    pub fn vq16() -> Self {
        Self {
            base_channels: 128,
            multipliers: vec![1, 1, 2, 2, 4],
            num_res_blocks: 2,
            latent_channels: 256,
            embed_dim: 8,
            num_codes: 16_384,
        }
    }

    /// Small enough to test whole.
    #[must_use]
    pub fn tiny() -> Self {
        let multipliers = vec![1, 1, 1, 1, 2];
        Self { base_channels: 32, multipliers, num_res_blocks: 1, latent_channels: 32, num_codes: 64, ..Self::vq16() }
    }

    /// Side of the square a code stands for, in pixels.
    #[must_use]
    pub fn stride(&self) -> usize {
        1 << self.multipliers.len().saturating_sub(1)
    }

    /// Channels at a size, full size first.
    fn channels(&self, level: usize) -> usize {
        self.base_channels * self.multipliers.get(level).copied().unwrap_or(1)
    }
}

struct Residual {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
}

impl Residual {
    fn new(inputs: usize, outputs: usize, weights: &Weights) -> Result<Self> {
        let shortcut = (inputs != outputs)
            .then(|| Conv2d::new((inputs, outputs), 1, 1, 0, &weights.pp("nin_shortcut")))
            .transpose()?;
        Ok(Self {
            norm1: GroupNorm::new(GROUPS, inputs, EPS, &weights.pp("norm1"))?,
            conv1: Conv2d::new((inputs, outputs), 3, 1, 1, &weights.pp("conv1"))?,
            norm2: GroupNorm::new(GROUPS, outputs, EPS, &weights.pp("norm2"))?,
            conv2: Conv2d::new((outputs, outputs), 3, 1, 1, &weights.pp("conv2"))?,
            shortcut,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let ys = self.conv1.forward(&silu(&self.norm1.forward(xs)?)?)?;
        let ys = self.conv2.forward(&silu(&self.norm2.forward(&ys)?)?)?;
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(xs)? + ys,
            None => xs + ys,
        }
    }
}

struct Spatial {
    norm: GroupNorm,
    q: Conv2d,
    k: Conv2d,
    v: Conv2d,
    out: Conv2d,
}

impl Spatial {
    fn new(channels: usize, weights: &Weights) -> Result<Self> {
        let conv = |name| Conv2d::new((channels, channels), 1, 1, 0, &weights.pp(name));
        let norm = GroupNorm::new(GROUPS, channels, EPS, &weights.pp("norm"))?;
        Ok(Self { norm, q: conv("q")?, k: conv("k")?, v: conv("v")?, out: conv("proj_out")? })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = xs.dims4()?;
        let normed = self.norm.forward(xs)?;
        let pixels = |conv: &Conv2d| {
            conv.forward(&normed)?.reshape((batch, 1, channels, height * width))?.transpose(2, 3)?.contiguous()
        };
        let (q, k, v) = (pixels(&self.q)?, pixels(&self.k)?, pixels(&self.v)?);
        let seen = attention(&q, &k, &v, Mask::None, 1.0 / (channels as f64).sqrt())?;
        xs + self.out.forward(&seen.transpose(2, 3)?.reshape((batch, channels, height, width))?)?
    }
}

/// Residual blocks of one size, each with its attention where there is one, then the way to the next size.
struct Level {
    blocks: Vec<(Residual, Option<Spatial>)>,
    resize: Option<Conv2d>,
}

impl Level {
    fn new(io: (usize, usize), count: usize, attends: bool, resize: Option<Conv2d>, weights: &Weights) -> Result<Self> {
        let block = |i| {
            let inputs = if i == 0 { io.0 } else { io.1 };
            let residual = Residual::new(inputs, io.1, &weights.pp("res").pp(i))?;
            let spatial = attends.then(|| Spatial::new(io.1, &weights.pp("attn").pp(i))).transpose()?;
            Ok((residual, spatial))
        };
        Ok(Self { blocks: (0..count).map(block).collect::<Result<_>>()?, resize })
    }

    fn forward(&self, mut xs: Tensor) -> Result<Tensor> {
        for (residual, spatial) in &self.blocks {
            xs = residual.forward(&xs)?;
            if let Some(spatial) = spatial {
                xs = spatial.forward(&xs)?;
            }
        }
        Ok(xs)
    }
}

/// What both ways share at the smallest size.
struct Middle(Residual, Spatial, Residual);

impl Middle {
    fn new(channels: usize, weights: &Weights) -> Result<Self> {
        let residual = |i| Residual::new(channels, channels, &weights.pp(i));
        Ok(Self(residual(0)?, Spatial::new(channels, &weights.pp(1))?, residual(2)?))
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        self.2.forward(&self.1.forward(&self.0.forward(xs)?)?)
    }
}

struct Encoder {
    first: Conv2d,
    levels: Vec<Level>,
    middle: Middle,
    norm: GroupNorm,
    last: Conv2d,
}

impl Encoder {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let count = cfg.multipliers.len();
        let lowest = cfg.channels(count - 1);
        let level = |i: usize| {
            let (inputs, outputs) = (if i == 0 { cfg.base_channels } else { cfg.channels(i - 1) }, cfg.channels(i));
            let weights = weights.pp("conv_blocks").pp(i);
            let down = || Conv2d::new((outputs, outputs), 3, 2, 0, &weights.pp("downsample.conv"));
            let resize = (i + 1 < count).then(down).transpose()?;
            Level::new((inputs, outputs), cfg.num_res_blocks, i + 1 == count, resize, &weights)
        };
        Ok(Self {
            first: Conv2d::new((3, cfg.base_channels), 3, 1, 1, &weights.pp("conv_in"))?,
            levels: (0..count).map(level).collect::<Result<_>>()?,
            middle: Middle::new(lowest, &weights.pp("mid"))?,
            norm: GroupNorm::new(GROUPS, lowest, EPS, &weights.pp("norm_out"))?,
            last: Conv2d::new((lowest, cfg.latent_channels), 3, 1, 1, &weights.pp("conv_out"))?,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let mut xs = self.first.forward(xs)?;
        for level in &self.levels {
            xs = level.forward(xs)?;
            if let Some(resize) = &level.resize {
                xs = resize.forward(&xs.pad_with_zeros(3, 0, 1)?.pad_with_zeros(2, 0, 1)?)?;
            }
        }
        self.last.forward(&silu(&self.norm.forward(&self.middle.forward(&xs)?)?)?)
    }
}

struct Decoder {
    first: Conv2d,
    middle: Middle,
    levels: Vec<Level>,
    norm: GroupNorm,
    last: Conv2d,
}

impl Decoder {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let count = cfg.multipliers.len();
        let lowest = cfg.channels(count - 1);
        // The smallest size stands first in the weights.
        let level = |i: usize| {
            let (inputs, outputs) = (cfg.channels((count - i).min(count - 1)), cfg.channels(count - 1 - i));
            let weights = weights.pp("conv_blocks").pp(i);
            let up = || Conv2d::new((outputs, outputs), 3, 1, 1, &weights.pp("upsample.conv"));
            let resize = (i + 1 < count).then(up).transpose()?;
            Level::new((inputs, outputs), cfg.num_res_blocks + 1, i == 0, resize, &weights)
        };
        Ok(Self {
            first: Conv2d::new((cfg.latent_channels, lowest), 3, 1, 1, &weights.pp("conv_in"))?,
            middle: Middle::new(lowest, &weights.pp("mid"))?,
            levels: (0..count).map(level).collect::<Result<_>>()?,
            norm: GroupNorm::new(GROUPS, cfg.channels(0), EPS, &weights.pp("norm_out"))?,
            last: Conv2d::new((cfg.channels(0), 3), 3, 1, 1, &weights.pp("conv_out"))?,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let mut xs = self.middle.forward(&self.first.forward(xs)?)?;
        for level in &self.levels {
            xs = level.forward(xs)?;
            if let Some(resize) = &level.resize {
                let (_, _, height, width) = xs.dims4()?;
                xs = resize.forward(&xs.upsample_nearest2d(2 * height, 2 * width)?)?;
            }
        }
        self.last.forward(&silu(&self.norm.forward(&xs)?)?)
    }
}

/// Encoder, book and decoder with their weights, always in f32: pixels want it.
pub struct Vq {
    cfg: Config,
    encoder: Encoder,
    to_code: Conv2d,
    /// Codes of unit length: [codes, embed_dim].
    book: Tensor,
    from_code: Conv2d,
    decoder: Decoder,
}

impl Vq {
    /// From tensors named as in DeepSeek's checkpoints, below `gen_vision_model`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the shape can't be built.
    pub fn new(cfg: &Config, weights: impl Into<Weights>) -> Result<Self> {
        if cfg.multipliers.is_empty() || cfg.num_res_blocks == 0 {
            candle_core::bail!("a code of pictures needs sizes and residual blocks");
        }
        let weights = weights.into().set_dtype(DType::F32);
        let book = weights.get((cfg.num_codes, cfg.embed_dim), "quantize.embedding.weight")?;
        Ok(Self {
            cfg: cfg.clone(),
            encoder: Encoder::new(cfg, &weights.pp("encoder"))?,
            to_code: Conv2d::new((cfg.latent_channels, cfg.embed_dim), 1, 1, 0, &weights.pp("quant_conv"))?,
            book: unit(&book)?,
            from_code: Conv2d::new((cfg.embed_dim, cfg.latent_channels), 1, 1, 0, &weights.pp("post_quant_conv"))?,
            decoder: Decoder::new(cfg, &weights.pp("decoder"))?,
        })
    }

    /// Its shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.cfg
    }

    /// Pictures [batch, 3, height, width] with values in [-1, 1], sides multiples of the stride, to codes (u32)
    /// [batch, height / stride · width / stride], row by row.
    ///
    /// # Errors
    /// Sides that are no multiples, or no three channels.
    pub fn encode(&self, pictures: &Tensor) -> Result<Tensor> {
        let (batch, _, height, width) = pictures.dims4()?;
        let stride = self.cfg.stride();
        if height == 0 || width == 0 || !height.is_multiple_of(stride) || !width.is_multiple_of(stride) {
            candle_core::bail!("a picture of {height}x{width}: its sides must be multiples of {stride}");
        }
        let found = self.to_code.forward(&self.encoder.forward(&pictures.to_dtype(DType::F32)?)?)?;
        let found = unit(&found.permute((0, 2, 3, 1))?.reshape(((), self.cfg.embed_dim))?)?;
        // On the sphere the nearest code is the one of the largest product.
        found.matmul(&self.book.t()?)?.argmax(D::Minus1)?.reshape((batch, ()))
    }

    /// Codes (u32) [batch, side · side], row by row, to pictures [batch, 3, side · stride, side · stride] in f32 with values
    /// about [-1, 1], not clipped.
    ///
    /// # Errors
    /// The count of codes is no square, or a code is not in the book.
    pub fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        let (batch, count) = codes.dims2()?;
        let side = count.isqrt();
        if side * side != count || count == 0 {
            candle_core::bail!("{count} codes fill no square picture");
        }
        let found = self.book.index_select(&codes.flatten_all()?, 0)?;
        let found = found.reshape((batch, side, side, self.cfg.embed_dim))?.permute((0, 3, 1, 2))?.contiguous()?;
        self.decoder.forward(&self.from_code.forward(&found)?)
    }
}

/// Rows of unit length.
fn unit(rows: &Tensor) -> Result<Tensor> {
    rows.broadcast_div(&rows.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12)?)
}
