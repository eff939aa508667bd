//! A coloured area, flat as paint: a pad on a table, or a place on a floor to drive to.

use super::{Finish, Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A pad.
pub const KIND: Kind = Kind {
    label: "pad",
    about: "a flat coloured area on a table",
    size_m: [0.14, 0.14, 0.002],
    color: Some(Color::Cyan),
    affordances: Affordances::of(&[Affordance::Surface, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let paint = Finish::drawn(draft.rgba);
        draft.cuboid([0.0; 3], (size_m * 0.5).into(), paint);
        Ok(vec![Part::whole(&KIND, size_m)])
    },
};
