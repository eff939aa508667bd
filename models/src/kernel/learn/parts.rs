//! What half a block of a transformer is made of: its parameters and the shape of its middle.

use candle_core::Tensor;

/// A norm over the rows: root mean square, or, with a bias, a layer norm.
#[derive(Clone)]
pub struct Norm {
    /// `[width]`.
    pub weight: Tensor,
    /// `[width]`.
    pub bias: Option<Tensor>,
    /// Added to the variance.
    pub eps: f64,
}

/// `x Wᵀ + b`.
#[derive(Clone)]
pub struct Affine {
    /// [outputs, inputs].
    pub weight: Tensor,
    /// `[outputs]`.
    pub bias: Option<Tensor>,
}

/// Attention's shape.
#[derive(Clone)]
pub struct Attend {
    /// Query heads, and key and value heads, which divide them.
    pub heads: (usize, usize),
    /// Width of a head, at most 256.
    pub width: usize,
    /// A query sees the keys up to its own token, or all.
    pub causal: bool,
    /// Scores are taken times this.
    pub scale: f64,
    /// Root-mean-square norms of each head of queries and keys, `[width]` each, and their epsilon.
    pub norm: Option<(Tensor, Tensor, f64)>,
    /// Cosines and sines, [tokens, width / 2] each.
    pub turns: Option<(Tensor, Tensor)>,
}

/// What stands between the projections.
#[derive(Clone)]
pub enum Middle {
    /// `silu(first) · second` of two projections in.
    Swiglu,
    /// GELU by erf of one projection in.
    Gelu,
    /// Attention: queries, keys and values in that order, by one projection in or by three.
    Attend(Attend),
}
