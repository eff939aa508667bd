//! A charging dock: an area on the floor with a bright cross, a place to drive to and return to.

use super::{Finish, Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A dock.
pub const KIND: Kind = Kind {
    label: "dock",
    about: "a charging dock on the floor, a place to return to",
    size_m: [0.7, 0.7, 0.004],
    color: Some(Color::Gray),
    affordances: Affordances::of(&[Affordance::Place, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let paint = Finish::drawn(draft.rgba);
        draft.cuboid([0.0; 3], half_m.into(), paint);
        let light = Finish::drawn([0.2, 0.85, 0.4, 1.0]);
        draft.cuboid([0.0, 0.0, half_m.z], [half_m.x * 0.35, half_m.y * 0.12, half_m.z * 0.5], light);
        draft.cuboid([0.0, 0.0, half_m.z], [half_m.x * 0.12, half_m.y * 0.35, half_m.z * 0.5], light);
        Ok(vec![Part::whole(&KIND, size_m)])
    },
};
