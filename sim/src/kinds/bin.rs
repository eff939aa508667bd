//! A bin: an open box with upright walls.

use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

const WALL_M: f64 = 0.006;

/// A bin.
pub const KIND: Kind = Kind {
    label: "bin",
    about: "an open box to sort things into",
    size_m: [0.18, 0.18, 0.07],
    color: Some(Color::Gray),
    affordances: Affordances::of(&[Affordance::Container]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let (wall, floor) = (draft.own(700.0), draft.shade(0.85, 1200.0));
        draft.tray([0.0; 3], half_m, WALL_M, wall, floor);
        Ok(vec![Part::whole(&KIND, size_m).with_floor(-half_m.z + WALL_M)])
    },
};
