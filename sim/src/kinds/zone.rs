//! A coloured area on the floor: a place to drive to.

use super::{Finish, Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A zone.
pub const KIND: Kind = Kind {
    label: "zone",
    about: "a flat coloured area on the floor, a place to drive to",
    size_m: [0.9, 0.9, 0.004],
    color: Some(Color::Blue),
    affordances: Affordances::of(&[Affordance::Place, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let paint = Finish::drawn(draft.rgba);
        draft.cuboid([0.0; 3], (size_m * 0.5).into(), paint);
        Ok(vec![Part::whole(&KIND, size_m)])
    },
};
