//! Seeded chance. Every use draws from its own ChaCha8 stream of the episode's seed, so that adding a draw in one place
//! leaves the others as they were.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What chance is used for; each has a stream of its own.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Stream {
    /// Objects, light, cameras of a scene.
    Scene = 1,
    /// Noise of joints and base.
    Joints = 2,
    /// Dropped frames.
    Frames = 3,
    /// Disturbances.
    Disturb = 4,
    /// Lessons in seeing.
    Lessons = 5,
}

/// The generator of one stream of a seed.
pub fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

/// A number, or a range to draw it from evenly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number, or {min: …, max: …}")]
pub enum Range {
    /// Always this.
    Exactly(f64),
    /// Anywhere between.
    Between(Span),
}

/// Both ends of a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl Range {
    /// A number of the range.
    pub fn draw(self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Exactly(value) => value,
            Self::Between(Span { min, max }) if max > min => rng.random_range(min..=max),
            Self::Between(Span { min, .. }) => min,
        }
    }

    /// Both ends.
    pub fn ends(self) -> (f64, f64) {
        match self {
            Self::Exactly(value) => (value, value),
            Self::Between(Span { min, max }) => (min, max),
        }
    }

    /// Are both ends numbers in order and within these bounds?
    pub fn within(self, least: f64, most: f64) -> bool {
        let (min, max) = self.ends();
        min.is_finite() && max.is_finite() && min <= max && min >= least && max <= most
    }

    /// Is there anything to draw?
    pub fn is_exact(self) -> bool {
        let (min, max) = self.ends();
        min == max
    }
}

impl Default for Range {
    fn default() -> Self {
        Self::Exactly(0.0)
    }
}

/// A number from a normal distribution (Box–Muller, one of the pair).
pub fn normal(rng: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
