//! A wall.

use super::{Finish, Kind, Part};
use ponder_core::scene::{Affordance, Affordances};

/// A wall.
pub const KIND: Kind = Kind {
    label: "wall",
    about: "a wall along its own x",
    size_m: [4.0, 0.1, 0.8],
    color: None,
    affordances: Affordances::of(&[Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let plaster = Finish { rgba: [0.88, 0.87, 0.84, 1.0], density_kg_m3: 1000.0 };
        draft.cuboid([0.0; 3], (size_m * 0.5).into(), plaster);
        Ok(vec![Part { colored: false, ..Part::whole(&KIND, size_m) }])
    },
};
