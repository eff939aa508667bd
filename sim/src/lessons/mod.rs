//! Lessons in seeing: scenes drawn by the thousand, taken by the robot's own cameras, written down with what really
//! stands in them (domain randomisation, Tobin et al., 2017). Around the ring: what perceivers learn from and are
//! examined on. One seed gives the same lessons; the splits never share a scene.

mod draw;
pub mod drawings;
mod paint;
mod shelf;
mod sight;
mod stage;

pub use shelf::{Progress, write};

use serde::{Deserialize, Serialize};

/// Which lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To learn from: free scenes and scenes like the suites', in other colours and from other places too.
    Train,
    /// Drawn as those to learn from, from other seeds.
    HeldOut,
    /// With surfaces and combinations of kind and colour that those to learn from never have.
    Unlike,
    /// The suites' own scenes as they are, seen by their own cameras, from other seeds.
    Suites,
}

impl Split {
    /// Every split with its name.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Train, "train"), (Self::HeldOut, "held_out"), (Self::Unlike, "unlike"), (Self::Suites, "suites")];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The split of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }
}

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which lessons.
    pub split: Split,
    /// Seed of all of them.
    pub seed: u64,
    /// Number of scenes; each gives a few pictures.
    pub scenes: u64,
    /// Columns and rows of a picture as it is written; cameras take larger ones.
    pub side_px: usize,
}

impl Plan {
    /// Seed of one of its scenes: no two splits or scenes share one.
    fn seed_of(&self, scene: u64) -> u64 {
        mixed(self.seed ^ ((self.split as u64 + 1) << 56), scene)
    }
}

/// The seed with that number of those that come of one: SplitMix64 (Steele et al., 2014).
fn mixed(seed: u64, number: u64) -> u64 {
    let mixed = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
