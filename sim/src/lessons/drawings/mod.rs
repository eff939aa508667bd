//! Lessons in drawing: small scenes in the middle of the table, seen by the one camera that janus-nano draws from
//! ([`View`](ponder_core::view::View)), with what a person may say to have them drawn. Around the ring: what the
//! imaginer learns from and is examined on. Of one built scene many arrangements are taken: building is what costs.

mod asked;
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
    /// Are they only to be asked about? Then a third shows a drawer and a third the hand, and all say where things are.
    pub asked: bool,
}

impl Plan {
    /// Seed of a built scene: no two splits or scenes share one.
    fn seed_of(&self, scene: u64) -> u64 {
        super::mixed(self.seed ^ ((self.split as u64 + 101) << 48) ^ (u64::from(self.asked) << 44), scene)
    }

    /// Its name, as a shelf has it.
    fn name(&self) -> String {
        format!("{}{}", self.split.name(), if self.asked { "_asked" } else { "" })
    }
}
