//! A bowl: a disc and a ring of slanted boxes.

use super::draft::Ring;
use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

const WALL_M: f64 = 0.005;

/// A bowl.
pub const KIND: Kind = Kind {
    label: "bowl",
    about: "an open round container with slanted walls",
    size_m: [0.15, 0.15, 0.055],
    color: Some(Color::Green),
    affordances: Affordances::of(&[Affordance::Container]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let (rim_m, half_m) = (size_m.x * 0.5 - WALL_M, size_m.z * 0.5);
        let foot_m = rim_m * 0.62;
        let (wall, floor) = (draft.own(900.0), draft.shade(0.9, 900.0));
        draft.cylinder([0.0, 0.0, -half_m + WALL_M * 0.6], foot_m, WALL_M * 0.6, floor);
        let low = (foot_m, -half_m + WALL_M * 0.5);
        draft.ring(Ring { low, high: (rim_m, half_m), thick_m: WALL_M, count: 16 }, wall);
        Ok(vec![Part::whole(&KIND, size_m).with_floor(-half_m + WALL_M * 1.2)])
    },
};
