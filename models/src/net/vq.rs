//! VQ-16: pictures as codes, codes as pictures (LlamaGen, Sun et al., 2024, after Esser et al., 2021): a convolutional
//! encoder and decoder around a code book searched and read on the unit sphere. Below the ring: Janus draws with it.
//! Names and rules are DeepSeek's; transformers leaves out the norm before the search and finds other codes.

use candle_core::{D, DType, Result, Tensor};

use super::layers::{Conv2d, GroupNorm, Weights, doubled};
use super::vq_blocks::{EPS, Level, Middle};
use super::vq_square::SquareEncoder;

/// Shape of the code.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Channels at full size; a multiple of `groups`.
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
    /// Channels of a picture in, and out: red, green, blue, and what else it has.
    pub in_channels: usize,
    /// As many as go in.
    pub out_channels: usize,
    /// Side of the square of pixels that is folded into channels before the first size (Shi et al., 2016): 1 for Janus, 2
    /// or more where a small one shall spend nothing on the largest sizes.
    pub patch: usize,
    /// Groups of every group norm. 32 leave a small code but a channel each, and such a norm takes the colours away.
    pub groups: usize,
    /// Dense layers of an encoder that looks at each square for itself, and so gives what looks alike the same code
    /// wherever it stands; 0 for that of Janus, which sees all of a picture.
    pub square_layers: usize,
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
            in_channels: 3,
            out_channels: 3,
            patch: 1,
            groups: 32,
            square_layers: 0,
        }
    }

    /// The code of janus-nano: pictures with a height, one code for 8 x 8 pixels.
    #[must_use]
    pub fn nano() -> Self {
        Self {
            base_channels: 32,
            multipliers: vec![1, 2],
            num_res_blocks: 1,
            latent_channels: 64,
            num_codes: 2048,
            in_channels: 4,
            out_channels: 4,
            patch: 4,
            groups: 4,
            square_layers: 3,
            ..Self::vq16()
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
        self.patch << self.multipliers.len().saturating_sub(1)
    }

    /// Channels at a size, full size first.
    fn channels(&self, level: usize) -> usize {
        self.base_channels * self.multipliers.get(level).copied().unwrap_or(1)
    }
}

enum Encoder {
    Picture(Box<PictureEncoder>),
    Square(SquareEncoder),
}

impl Encoder {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let inputs = cfg.in_channels * cfg.stride() * cfg.stride();
        Ok(match cfg.square_layers {
            0 => Self::Picture(Box::new(PictureEncoder::new(cfg, weights)?)),
            layers => Self::Square(SquareEncoder::new(inputs, cfg.latent_channels, layers, weights)?),
        })
    }

    fn forward(&self, cfg: &Config, pictures: &Tensor) -> Result<Tensor> {
        match self {
            Self::Picture(encoder) => encoder.forward(&folded(pictures, cfg.patch)?),
            Self::Square(encoder) => encoder.forward(&folded(pictures, cfg.stride())?),
        }
    }
}

struct PictureEncoder {
    first: Conv2d,
    levels: Vec<Level>,
    middle: Middle,
    norm: GroupNorm,
    last: Conv2d,
}

impl PictureEncoder {
    fn new(cfg: &Config, weights: &Weights) -> Result<Self> {
        let count = cfg.multipliers.len();
        let lowest = cfg.channels(count - 1);
        let level = |i: usize| {
            let (inputs, outputs) = (if i == 0 { cfg.base_channels } else { cfg.channels(i - 1) }, cfg.channels(i));
            let weights = weights.pp("conv_blocks").pp(i);
            let down = || Conv2d::new((outputs, outputs), 3, 2, 0, &weights.pp("downsample.conv"));
            let resize = (i + 1 < count).then(down).transpose()?;
            Level::new((inputs, outputs), cfg.num_res_blocks, cfg.groups, i + 1 == count, resize, &weights)
        };
        Ok(Self {
            first: Conv2d::new(
                (cfg.in_channels * cfg.patch * cfg.patch, cfg.base_channels),
                3,
                1,
                1,
                &weights.pp("conv_in"),
            )?,
            levels: (0..count).map(level).collect::<Result<_>>()?,
            middle: Middle::new(lowest, cfg.groups, &weights.pp("mid"))?,
            norm: GroupNorm::new(cfg.groups, lowest, EPS, &weights.pp("norm_out"))?,
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
        self.last.forward(&self.norm.forward_silu(&self.middle.forward(&xs)?)?)
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
            Level::new((inputs, outputs), cfg.num_res_blocks + 1, cfg.groups, i == 0, resize, &weights)
        };
        Ok(Self {
            first: Conv2d::new((cfg.latent_channels, lowest), 3, 1, 1, &weights.pp("conv_in"))?,
            middle: Middle::new(lowest, cfg.groups, &weights.pp("mid"))?,
            levels: (0..count).map(level).collect::<Result<_>>()?,
            norm: GroupNorm::new(cfg.groups, cfg.channels(0), EPS, &weights.pp("norm_out"))?,
            last: Conv2d::new(
                (cfg.channels(0), cfg.out_channels * cfg.patch * cfg.patch),
                3,
                1,
                1,
                &weights.pp("conv_out"),
            )?,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let mut xs = self.middle.forward(&self.first.forward(xs)?)?;
        for level in &self.levels {
            xs = level.forward(xs)?;
            if let Some(resize) = &level.resize {
                xs = resize.forward(&doubled(&xs)?)?;
            }
        }
        self.last.forward(&self.norm.forward_silu(&xs)?)
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
        if cfg.multipliers.is_empty() || cfg.num_res_blocks == 0 || cfg.in_channels == 0 || cfg.patch == 0 {
            candle_core::bail!("a code of pictures needs channels, sizes and residual blocks");
        }
        if cfg.in_channels != cfg.out_channels {
            candle_core::bail!("pictures of {} channels become ones of {}", cfg.in_channels, cfg.out_channels);
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

    /// Pictures [batch, channels, height, width] with values in [-1, 1], sides multiples of the stride, to codes (u32)
    /// [batch, height / stride · width / stride], row by row.
    ///
    /// # Errors
    /// Sides that are no multiples, or other channels.
    pub fn encode(&self, pictures: &Tensor) -> Result<Tensor> {
        let found = self.find(&pictures.to_dtype(DType::F32)?)?;
        let (batch, count, width) = found.dims3()?;
        // The nearest code on the sphere is the one of the largest product, whatever the length of what was found.
        found.reshape((batch * count, width))?.matmul(&self.book.t()?)?.argmax(D::Minus1)?.reshape((batch, count))
    }

    /// Codes (u32) [batch, side · side], row by row, to pictures [batch, channels, side · stride, side · stride] in f32 with
    /// values about [-1, 1], not clipped.
    ///
    /// # Errors
    /// The count of codes is no square, or a code is not in the book.
    pub fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        let (batch, count) = codes.dims2()?;
        self.draw(&self.book.index_select(&codes.flatten_all()?, 0)?.reshape((batch, count, ()))?)
    }

    /// What the encoder finds in pictures, before it becomes codes: [batch, places, embed_dim], of any length. Gradients
    /// flow.
    ///
    /// # Errors
    /// As [`Vq::encode`].
    pub fn find(&self, pictures: &Tensor) -> Result<Tensor> {
        let (batch, _, height, width) = pictures.dims4()?;
        let stride = self.cfg.stride();
        if height == 0 || width == 0 || !height.is_multiple_of(stride) || !width.is_multiple_of(stride) {
            candle_core::bail!("a picture of {height}x{width}: its sides must be multiples of {stride}");
        }
        let found = self.to_code.forward(&self.encoder.forward(&self.cfg, pictures)?)?;
        found.permute((0, 2, 3, 1))?.reshape((batch, (), self.cfg.embed_dim))
    }

    /// Numbers of unit length [batch, side · side, embed_dim] to pictures, as [`Vq::decode`] makes them. Gradients flow.
    ///
    /// # Errors
    /// The count is no square.
    pub fn draw(&self, found: &Tensor) -> Result<Tensor> {
        let (batch, count, width) = found.dims3()?;
        let side = count.isqrt();
        if side * side != count || count == 0 {
            candle_core::bail!("{count} codes fill no square picture");
        }
        let found = found.reshape((batch, side, side, width))?.permute((0, 3, 1, 2))?.contiguous()?;
        unfolded(&self.decoder.forward(&self.from_code.forward(&found)?)?, self.cfg.patch)
    }
}

/// Squares of pixels into channels: [batch, channels, height, width] to [batch, channels · patch², height / patch, ..].
fn folded(xs: &Tensor, patch: usize) -> Result<Tensor> {
    if patch == 1 {
        return Ok(xs.clone());
    }
    let (batch, channels, height, width) = xs.dims4()?;
    let (high, wide) = (height / patch, width / patch);
    let parts = xs.reshape(&[batch, channels, high, patch, wide, patch][..])?.permute(vec![0, 1, 3, 5, 2, 4])?;
    parts.contiguous()?.reshape((batch, channels * patch * patch, high, wide))
}

/// The way back.
fn unfolded(xs: &Tensor, patch: usize) -> Result<Tensor> {
    if patch == 1 {
        return Ok(xs.clone());
    }
    let (batch, channels, high, wide) = xs.dims4()?;
    let channels = channels / (patch * patch);
    let parts = xs.reshape(&[batch, channels, patch, patch, high, wide][..])?.permute(vec![0, 1, 4, 2, 5, 3])?;
    parts.contiguous()?.reshape((batch, channels, high * patch, wide * patch))
}

/// Rows of unit length. Gradients flow.
///
/// # Errors
/// None on floats.
pub fn unit(rows: &Tensor) -> Result<Tensor> {
    rows.broadcast_div(&rows.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12)?)
}
