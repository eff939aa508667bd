//! Time as data: stamps are nanoseconds of whatever clock turns the loop (simulated or the robot's), never read here.

use serde::{Deserialize, Serialize};

/// Nanoseconds since the start of the clock that turns the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub u64);

impl Stamp {
    /// A stamp from seconds; negative and non-finite values become zero.
    pub fn from_s(seconds: f64) -> Self {
        Self((seconds.max(0.0) * 1e9).round() as u64)
    }

    /// Seconds since the start of the clock.
    pub fn as_s(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// Seconds from `earlier` to this stamp, negative if it lies after it.
    pub fn since_s(self, earlier: Self) -> f64 {
        (self.0 as i128 - earlier.0 as i128) as f64 * 1e-9
    }

    /// This stamp moved later by `seconds` (saturating at both ends).
    pub fn plus_s(self, seconds: f64) -> Self {
        let ns = (seconds * 1e9).round();
        if ns >= 0.0 { Self(self.0.saturating_add(ns as u64)) } else { Self(self.0.saturating_sub(-ns as u64)) }
    }
}

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3}s", self.as_s())
    }
}
