//! The eye of janus-nano: a few convolutions, a short SigLIP-like transformer over the coarse cells (Xiao et al., 2021;
//! Zhai et al., 2023), and a decoder back to fine cells that says where the middles of things are (CenterNet, Zhou et
//! al., 2019). What a thing is and where exactly is asked only of the cells in which one was found. Below the ring: the
//! network behind the learned perceiver; its tokens are what a language model is given. Pictures have channels last.

use candle_core::{D, Result, Tensor};

use super::layers::{Linear, Mask, Weights, attention, gelu_erf};
pub use super::nano_eye_config::Config;
use crate::kernel::cells::{self, Window, convolve};

/// Pixels along the side of a fine cell.
pub const FINE: usize = 4;
/// Most cells are no middle of anything: where the centres' logits start (Lin et al., 2017).
const RARE: candle_nn::Init = candle_nn::Init::Const(-4.6);
/// Pixels of a close-up along a pixel of the whole picture.
pub const FINER: usize = 2;
/// Pixels of a coarse cell, a token.
pub const COARSE: usize = 16;

/// A linear map of every cell's neighbourhood, or of the cell alone, with a bias.
struct Conv {
    weight: Tensor,
    bias: Tensor,
    window: Window,
}

impl Conv {
    fn new(io: (usize, usize), window: Window, weights: &Weights) -> Result<Self> {
        let shape = (io.1, window.side * window.side * io.0);
        let weight = weights.get_or(shape, "weight", candle_nn::init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { weight, bias: weights.get_or(io.1, "bias", candle_nn::Init::Const(0.0))?, window })
    }

    fn three(inputs: usize, outputs: usize, stride: usize, weights: &Weights) -> Result<Self> {
        Self::new((inputs, outputs), Window::three(stride), weights)
    }

    fn one(inputs: usize, outputs: usize, weights: &Weights) -> Result<Self> {
        Self::new((inputs, outputs), Window { side: 1, stride: 1, padding: 0 }, weights)
    }

    /// A map of each cell alone whose bias starts at a value, and whose weights start small.
    fn starting(inputs: usize, outputs: usize, bias: candle_nn::Init, weights: &Weights) -> Result<Self> {
        let small = candle_nn::Init::Randn { mean: 0.0, stdev: 0.02 };
        let weight = weights.get_or((outputs, inputs), "weight", small)?;
        let window = Window { side: 1, stride: 1, padding: 0 };
        Ok(Self { weight, bias: weights.get_or(outputs, "bias", bias)?, window })
    }

    /// A map of each cell alone that starts at zero.
    fn none(inputs: usize, outputs: usize, weights: &Weights) -> Result<Self> {
        let zero = candle_nn::Init::Const(0.0);
        let weight = weights.get_or((outputs, inputs), "weight", zero)?;
        let window = Window { side: 1, stride: 1, padding: 0 };
        Ok(Self { weight, bias: weights.get_or(outputs, "bias", zero)?, window })
    }

    fn forward(&self, xs: &Tensor, rectify: bool) -> Result<Tensor> {
        convolve(xs, &self.weight, &self.bias, self.window, rectify)
    }
}

/// A map of every cell's neighbourhood through more channels and back, added to what it is of (He et al., 2016). It starts
/// at zero, so that an eye that has it says what it said without.
struct More {
    wide: Conv,
    back: Conv,
}

impl More {
    fn new(channels: usize, inner: usize, weights: &Weights) -> Result<Option<Self>> {
        if inner == 0 {
            return Ok(None);
        }
        let wide = Conv::three(channels, inner * channels, 1, &weights.pp("wide"))?;
        Ok(Some(Self { wide, back: Conv::none(inner * channels, channels, &weights.pp("back"))? }))
    }

    fn onto(more: Option<&Self>, xs: Tensor) -> Result<Tensor> {
        let Some(Self { wide, back }) = more else { return Ok(xs) };
        &xs + back.forward(&wide.forward(&xs, true)?, false)?
    }
}

/// A norm over each cell's channels.
struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    fn new(width: usize, weights: &Weights) -> Result<Self> {
        let weight = weights.get_or(width, "weight", candle_nn::Init::Const(1.0))?;
        Ok(Self { weight, bias: weights.get_or(width, "bias", candle_nn::Init::Const(0.0))? })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        cells::norm(xs, &self.weight, &self.bias, 1e-6)
    }
}

struct Block {
    norm1: Norm,
    qkv: Linear,
    out: Linear,
    norm2: Norm,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
}

impl Block {
    fn new(width: usize, heads: usize, weights: &Weights) -> Result<Self> {
        Ok(Self {
            norm1: Norm::new(width, &weights.pp("norm1"))?,
            qkv: Linear::new(width, 3 * width, true, &weights.pp("attn.qkv"))?,
            out: Linear::new(width, width, true, &weights.pp("attn.proj"))?,
            norm2: Norm::new(width, &weights.pp("norm2"))?,
            fc1: Linear::new(width, 4 * width, true, &weights.pp("mlp.fc1"))?,
            fc2: Linear::new(4 * width, width, true, &weights.pp("mlp.fc2"))?,
            heads,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (batch, tokens, width) = xs.dims3()?;
        let each = width / self.heads;
        let qkv = self.qkv.forward(&self.norm1.forward(xs)?)?.reshape((batch, tokens, 3, self.heads, each))?;
        let part = |i| qkv.narrow(2, i, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let seen = attention(&part(0)?, &part(1)?, &part(2)?, Mask::None, 1.0 / (each as f64).sqrt())?;
        let xs = self.out.forward_onto(&seen.transpose(1, 2)?.reshape((batch, tokens, width))?, xs)?;
        self.fc2.forward_onto(&gelu_erf(&self.fc1.forward(&self.norm2.forward(&xs)?)?)?, &xs)
    }
}

/// What an eye makes of pictures.
pub struct Seen {
    /// Features of the coarse cells [batch, cells / 4 squared, width]: what a language model reads.
    pub tokens: Tensor,
    /// Features of the middle cells [batch, cells / 2, cells / 2, `stem[2]`].
    pub middle: Tensor,
    /// Features of the fine cells [batch, cells, cells, `stem[1]`].
    pub fine: Tensor,
    /// Logits that a thing of a slot has its middle in a fine cell [batch, cells, cells, slots].
    pub centers: Tensor,
}

/// A fine cell of a picture of a batch, and a slot of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Picture of the batch.
    pub picture: usize,
    /// Row of the cell.
    pub row: usize,
    /// Column of the cell.
    pub column: usize,
    /// Slot.
    pub slot: usize,
}

/// An eye with its weights.
pub struct NanoEye {
    cfg: Config,
    stem: [Conv; 3],
    stem_norms: [Norm; 2],
    refine: Conv,
    embed: Conv,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: Norm,
    up: [Conv; 2],
    merge: Conv,
    merge_norm: Norm,
    skip: Conv,
    fine: Conv,
    fine_norm: Norm,
    centers: Conv,
    close: [Conv; 3],
    looks: [Linear; 3],
    more_coarse: Option<More>,
    more_fine: Option<More>,
    more_close: [Option<More>; 3],
}

impl NanoEye {
    /// From tensors by name.
    ///
    /// # Errors
    /// A tensor is missing or of another shape, or the shape can't be built.
    pub fn new(cfg: &Config, weights: impl Into<Weights>) -> Result<Self> {
        cfg.check()?;
        let weights = weights.into();
        let [a, b, c] = cfg.stem;
        let (width, tokens) = (cfg.width, (cfg.side_px / COARSE).pow(2));
        let blocks = (0..cfg.layers).map(|i| Block::new(width, cfg.heads, &weights.pp("blocks").pp(i)));
        let [d, e, f] = cfg.close;
        let about = 9 * b + c + width + cfg.slots + (cfg.fovea_px / 8).pow(2) * f;
        let norm = |width, name: &str| Norm::new(width, &weights.pp(name));
        let start = candle_nn::Init::Randn { mean: 0.0, stdev: 0.02 };
        Ok(Self {
            stem: [
                Conv::three(cfg.channels, a, 2, &weights.pp("stem.0"))?,
                Conv::three(a, b, 2, &weights.pp("stem.1"))?,
                Conv::three(b, c, 2, &weights.pp("stem.2"))?,
            ],
            stem_norms: [norm(b, "stem.norm1")?, norm(c, "stem.norm2")?],
            refine: Conv::three(c, c, 1, &weights.pp("refine"))?,
            embed: Conv::new((c, width), Window { side: 2, stride: 2, padding: 0 }, &weights.pp("patch_embed"))?,
            positions: weights.get_or((1, tokens, width), "pos_embed", start)?,
            blocks: blocks.collect::<Result<_>>()?,
            norm: norm(width, "norm")?,
            up: [Conv::one(width, 4 * c, &weights.pp("up.0"))?, Conv::one(c, 4 * b, &weights.pp("up.1"))?],
            merge: Conv::three(c, c, 1, &weights.pp("merge"))?,
            merge_norm: norm(c, "merge_norm")?,
            skip: Conv::one(b, b, &weights.pp("skip"))?,
            fine: Conv::three(b, b, 1, &weights.pp("fine"))?,
            fine_norm: norm(b, "fine_norm")?,
            centers: Conv::starting(b, cfg.slots, RARE, &weights.pp("centers"))?,
            close: [
                Conv::three(cfg.channels, d, 2, &weights.pp("close.0"))?,
                Conv::three(d, e, 2, &weights.pp("close.1"))?,
                Conv::three(e, f, 2, &weights.pp("close.2"))?,
            ],
            looks: [
                Linear::new(about, cfg.head, true, &weights.pp("look.0"))?,
                Linear::new(cfg.head, cfg.head, true, &weights.pp("look.1"))?,
                Linear::new(cfg.head, cfg.outputs, true, &weights.pp("look.2"))?,
            ],
            more_coarse: More::new(c, cfg.inner, &weights.pp("more.coarse"))?,
            more_fine: More::new(b, cfg.inner, &weights.pp("more.fine"))?,
            more_close: [
                More::new(d, 2 * cfg.inner, &weights.pp("more.close.0"))?,
                More::new(e, 2 * cfg.inner, &weights.pp("more.close.1"))?,
                More::new(f, 2 * cfg.inner, &weights.pp("more.close.2"))?,
            ],
            cfg: cfg.clone(),
        })
    }

    /// Its shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.cfg
    }

    /// Pictures [batch, side, side, channels], f32, to what is where.
    ///
    /// # Errors
    /// The pictures are of another size.
    pub fn forward(&self, pictures: &Tensor) -> Result<Seen> {
        let (batch, height, width, channels) = pictures.dims4()?;
        let side = self.cfg.side_px;
        if (height, width, channels) != (side, side, self.cfg.channels) {
            candle_core::bail!(
                "a picture of {height}x{width}x{channels}: the eye sees {side}x{side}x{}",
                self.cfg.channels
            );
        }
        let half = self.stem[0].forward(pictures, true)?;
        let quarter = self.stem_norms[0].forward(&self.stem[1].forward(&half, true)?)?;
        let eighth = self.stem_norms[1].forward(&self.stem[2].forward(&quarter, true)?)?;
        let eighth = (&eighth + self.refine.forward(&eighth, true)?)?;
        let eighth = More::onto(self.more_coarse.as_ref(), eighth)?;
        let tokens = self.embed.forward(&eighth, false)?.flatten(1, 2)?.broadcast_add(&self.positions)?;
        let tokens = self.blocks.iter().try_fold(tokens, |xs, block| block.forward(&xs))?;
        let tokens = self.norm.forward(&tokens)?;
        let across = side / COARSE;
        let coarse = spread(&self.up[0].forward(&tokens.reshape((batch, across, across, self.cfg.width))?, false)?)?;
        let middle = (coarse + eighth)?;
        let middle = self.merge_norm.forward(&(&middle + self.merge.forward(&middle, true)?)?)?;
        let fine = (spread(&self.up[1].forward(&middle, false)?)? + self.skip.forward(&quarter, false)?)?.relu()?;
        let fine = self.fine_norm.forward(&(&fine + self.fine.forward(&fine, true)?)?)?;
        let fine = More::onto(self.more_fine.as_ref(), fine)?;
        let centers = self.centers.forward(&fine, false)?;
        Ok(Seen { tokens, middle, fine, centers })
    }

    /// What is said of spots [spots, outputs], from what was seen in so many pictures and the spots' close-ups
    /// [spots, fovea, fovea, channels].
    ///
    /// # Errors
    /// No spots, one outside of the pictures, or other close-ups.
    pub fn look(&self, seen: &Seen, spots: &[Spot], closeups: &Tensor) -> Result<Tensor> {
        let (cells, device) = (self.cfg.cells(), closeups.device());
        let batch = seen.fine.dim(0)?;
        let inside = |s: &Spot| s.picture < batch && s.row < cells && s.column < cells && s.slot < self.cfg.slots;
        if spots.is_empty() || !spots.iter().all(inside) {
            candle_core::bail!("spots to look at must be some, in {batch} pictures of {cells} by {cells} cells");
        }
        let fovea = self.cfg.fovea_px;
        if closeups.dims() != [spots.len(), fovea, fovea, self.cfg.channels] {
            candle_core::bail!("close-ups {:?} for {} spots, {fovea} pixels a side", closeups.dims(), spots.len());
        }
        let pick = |from: &Tensor, side: usize, index: &dyn Fn(&Spot) -> Vec<usize>| -> Result<Tensor> {
            let width = from.dim(D::Minus1)?;
            let at: Vec<u32> = spots
                .iter()
                .flat_map(|spot| index(spot).into_iter().map(|i| (spot.picture * side * side + i) as u32))
                .collect();
            let count = at.len();
            let flat = from.reshape(((), width))?;
            flat.index_select(&Tensor::from_vec(at, count, device)?, 0)?.reshape((spots.len(), ()))
        };
        let around = |spot: &Spot| -> Vec<usize> {
            let near = |at: usize, by: usize| (at + by).saturating_sub(1).min(cells - 1);
            (0..9).map(|i| near(spot.row, i / 3) * cells + near(spot.column, i % 3)).collect()
        };
        let fine = pick(&seen.fine, cells, &around)?;
        let middle = pick(&seen.middle, cells / 2, &|s| vec![s.row / 2 * (cells / 2) + s.column / 2])?;
        let tokens = pick(&seen.tokens, cells / 4, &|s| vec![s.row / 4 * (cells / 4) + s.column / 4])?;
        let slots: Vec<f32> =
            spots.iter().flat_map(|s| (0..self.cfg.slots).map(|i| f32::from(u8::from(i == s.slot)))).collect();
        let slots = Tensor::from_vec(slots, (spots.len(), self.cfg.slots), device)?;
        let mut close = self.close.iter().zip(&self.more_close);
        let close =
            close.try_fold(closeups.clone(), |xs, (conv, more)| More::onto(more.as_ref(), conv.forward(&xs, true)?))?;
        let about = Tensor::cat(&[fine, middle, tokens, slots, close.flatten_from(1)?], 1)?;
        let said = gelu_erf(&self.looks[0].forward(&about)?)?;
        self.looks[2].forward(&gelu_erf(&self.looks[1].forward(&said)?)?)
    }
}

/// Cells of four parts each to cells of half the side: [batch, h, w, 4c] to [batch, 2h, 2w, c].
fn spread(xs: &Tensor) -> Result<Tensor> {
    let (batch, height, width, parts) = xs.dims4()?;
    let channels = parts / 4;
    let xs = xs.reshape(&[batch, height, width, 2, 2, channels])?.permute([0, 1, 3, 2, 4, 5])?;
    xs.reshape((batch, 2 * height, 2 * width, channels))
}
