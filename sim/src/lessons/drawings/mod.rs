//! Lessons in drawing: small scenes in the middle of the table, seen by the one camera that janus-nano draws from
//! ([`View`](ponder_core::view::View)), with what a person may say to have them drawn. Around the ring: what the
//! imaginer learns from and is examined on. Of one built scene many arrangements are taken: building is what costs.

mod compose;
mod shelf;
mod stage;
mod words;

pub use shelf::write;
pub use stage::{Sketch, sketches};

/// Arrangements taken of one built scene.
pub const A_SCENE: u64 = 24;

/// Which lessons in drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// To learn from.
    Train,
    /// From other seeds, and half of the wordings are such as are never learned from.
    HeldOut,
    /// With combinations of kind and colour that those to learn from never have.
    Unlike,
}

impl Split {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::HeldOut => "held_out",
            Self::Unlike => "unlike",
        }
    }
}

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which lessons.
    pub split: Split,
    /// Seed of all of them.
    pub seed: u64,
    /// Number of pictures.
    pub count: u64,
}

impl Plan {
    /// Seed of a built scene: no two splits or scenes share one.
    fn seed_of(&self, scene: u64) -> u64 {
        super::mixed(self.seed ^ ((self.split as u64 + 101) << 48), scene)
    }
}
