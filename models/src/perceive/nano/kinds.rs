//! The kinds of things that janus-nano knows, in the order of its outputs: a new kind is a line here and a new training.
//! What can be done with a kind is knowledge that comes with its name, as in the simulator's own list.

use ponder_core::scene::{Affordance, Affordances};

use Affordance::{Container, Fixed, Graspable, Openable, Place, Pressable, Surface, Turnable};

/// A kind of thing.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Label of its objects.
    pub label: &'static str,
    /// Slot of a cell that is its own: 0 small things, 1 what carries or stands by itself, 2 what bears everything.
    pub slot: usize,
    /// In how many turns about the vertical it looks the same; 0 in all.
    pub turns: u32,
    /// What can be done with it.
    pub affordances: Affordances,
}

impl Kind {
    /// Is it said how far open it is?
    #[must_use]
    pub fn opens(&self) -> bool {
        self.affordances.has(Openable)
    }

    /// Is it said whether it is on?
    #[must_use]
    pub fn is_switched(&self) -> bool {
        self.affordances.has(Pressable) || self.affordances.has(Turnable)
    }
}

const fn kind(label: &'static str, slot: usize, turns: u32, can: &[Affordance]) -> Kind {
    Kind { label, slot, turns, affordances: Affordances::of(can) }
}

/// Every kind.
pub const KINDS: [Kind; 19] = [
    kind("block", 0, 4, &[Graspable, Surface]),
    kind("ball", 0, 0, &[Graspable]),
    kind("cup", 0, 1, &[Graspable, Container]),
    kind("button", 0, 4, &[Pressable, Fixed]),
    kind("knob", 0, 1, &[Turnable, Fixed]),
    kind("bowl", 1, 0, &[Container]),
    kind("plate", 1, 0, &[Surface]),
    kind("bin", 1, 4, &[Container]),
    kind("box", 1, 1, &[Container, Surface, Openable, Fixed]),
    kind("drawer", 1, 1, &[Container, Openable, Fixed]),
    kind("pad", 1, 4, &[Surface, Fixed]),
    kind("zone", 1, 4, &[Place, Fixed]),
    kind("dock", 1, 4, &[Place, Fixed]),
    kind("pillar", 1, 0, &[Place, Fixed]),
    kind("crate", 1, 4, &[Place]),
    kind("cabinet", 2, 1, &[Surface, Fixed]),
    kind("shelf", 2, 1, &[Surface, Fixed]),
    kind("table", 2, 2, &[Surface, Fixed]),
    kind("wall", 2, 2, &[Fixed]),
];

/// Slots of a cell.
pub const SLOTS: usize = 3;

/// Number of a label's kind.
#[must_use]
pub fn numbered(label: &str) -> Option<usize> {
    KINDS.iter().position(|kind| kind.label == label)
}
