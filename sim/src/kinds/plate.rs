//! A plate: a flat disc with a low rim.

use super::draft::Ring;
use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A plate.
pub const KIND: Kind = Kind {
    label: "plate",
    about: "a flat round plate with a low rim",
    size_m: [0.17, 0.17, 0.016],
    color: Some(Color::White),
    affordances: Affordances::of(&[Affordance::Surface]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let (rim_m, half_m) = (size_m.x * 0.5 - 0.002, size_m.z * 0.5);
        let foot_m = rim_m * 0.78;
        let (wall, floor) = (draft.own(1100.0), draft.shade(0.93, 1100.0));
        draft.cylinder([0.0, 0.0, -half_m + 0.004], foot_m, 0.004, floor);
        draft.ring(
            Ring { low: (foot_m, -half_m + 0.004), high: (rim_m, half_m - 0.002), thick_m: 0.004, count: 16 },
            wall,
        );
        Ok(vec![Part::whole(&KIND, size_m).with_floor(-half_m + 0.008)])
    },
};
