//! What the encoder and the decoder of [`super::vq`] are built of: residual blocks, attention over pixels, and the sizes
//! they stand at (Esser et al., 2021).

use candle_core::{Result, Tensor};

use super::layers::{Conv2d, GroupNorm, Mask, Weights, attention};

/// Epsilon of every group norm.
pub(super) const EPS: f64 = 1e-6;

/// Two convolutions beside the way straight on.
pub(super) struct Residual {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
}

impl Residual {
    pub(super) fn new(inputs: usize, outputs: usize, groups: usize, weights: &Weights) -> Result<Self> {
        let shortcut = (inputs != outputs)
            .then(|| Conv2d::new((inputs, outputs), 1, 1, 0, &weights.pp("nin_shortcut")))
            .transpose()?;
        Ok(Self {
            norm1: GroupNorm::new(groups, inputs, EPS, &weights.pp("norm1"))?,
            conv1: Conv2d::new((inputs, outputs), 3, 1, 1, &weights.pp("conv1"))?,
            norm2: GroupNorm::new(groups, outputs, EPS, &weights.pp("norm2"))?,
            conv2: Conv2d::new((outputs, outputs), 3, 1, 1, &weights.pp("conv2"))?,
            shortcut,
        })
    }

    pub(super) fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let ys = self.conv1.forward(&self.norm1.forward_silu(xs)?)?;
        let ys = self.norm2.forward_silu(&ys)?;
        match &self.shortcut {
            Some(shortcut) => self.conv2.forward_onto(&ys, &shortcut.forward(xs)?),
            None => self.conv2.forward_onto(&ys, xs),
        }
    }
}

/// Attention of every pixel to every other.
pub(super) struct Spatial {
    norm: GroupNorm,
    q: Conv2d,
    k: Conv2d,
    v: Conv2d,
    out: Conv2d,
}

impl Spatial {
    pub(super) fn new(channels: usize, groups: usize, weights: &Weights) -> Result<Self> {
        let conv = |name| Conv2d::new((channels, channels), 1, 1, 0, &weights.pp(name));
        let norm = GroupNorm::new(groups, channels, EPS, &weights.pp("norm"))?;
        Ok(Self { norm, q: conv("q")?, k: conv("k")?, v: conv("v")?, out: conv("proj_out")? })
    }

    pub(super) fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = xs.dims4()?;
        let normed = self.norm.forward(xs)?;
        let pixels = |conv: &Conv2d| {
            conv.forward(&normed)?.reshape((batch, 1, channels, height * width))?.transpose(2, 3)?.contiguous()
        };
        let (q, k, v) = (pixels(&self.q)?, pixels(&self.k)?, pixels(&self.v)?);
        let seen = attention(&q, &k, &v, Mask::None, 1.0 / (channels as f64).sqrt())?;
        self.out.forward_onto(&seen.transpose(2, 3)?.reshape((batch, channels, height, width))?, xs)
    }
}

/// Residual blocks of one size, each with its attention where there is one, then the way to the next size.
pub(super) struct Level {
    blocks: Vec<(Residual, Option<Spatial>)>,
    pub(super) resize: Option<Conv2d>,
}

impl Level {
    pub(super) fn new(
        io: (usize, usize),
        count: usize,
        groups: usize,
        attends: bool,
        resize: Option<Conv2d>,
        weights: &Weights,
    ) -> Result<Self> {
        let block = |i| {
            let inputs = if i == 0 { io.0 } else { io.1 };
            let residual = Residual::new(inputs, io.1, groups, &weights.pp("res").pp(i))?;
            let spatial = attends.then(|| Spatial::new(io.1, groups, &weights.pp("attn").pp(i))).transpose()?;
            Ok((residual, spatial))
        };
        Ok(Self { blocks: (0..count).map(block).collect::<Result<_>>()?, resize })
    }

    pub(super) fn forward(&self, mut xs: Tensor) -> Result<Tensor> {
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
pub(super) struct Middle(Residual, Spatial, Residual);

impl Middle {
    pub(super) fn new(channels: usize, groups: usize, weights: &Weights) -> Result<Self> {
        let residual = |i| Residual::new(channels, channels, groups, &weights.pp(i));
        Ok(Self(residual(0)?, Spatial::new(channels, groups, &weights.pp(1))?, residual(2)?))
    }

    pub(super) fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        self.2.forward(&self.1.forward(&self.0.forward(xs)?)?)
    }
}
