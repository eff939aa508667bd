//! A table: a board on four legs that reach 0.72 m down.

use super::{Finish, Kind, Part};
use ponder_core::scene::{Affordance, Affordances};

/// Height of a table top over the floor, metres.
pub const HEIGHT_M: f64 = 0.75;

/// A table, as large as its board.
pub const KIND: Kind = Kind {
    label: "table",
    about: "a table; its object is the board, the legs hang below",
    size_m: [1.25, 1.5, 0.04],
    color: None,
    affordances: Affordances::of(&[Affordance::Surface, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let wood = Finish { rgba: [0.87, 0.78, 0.65, 1.0], density_kg_m3: 600.0 };
        let steel = Finish { rgba: [0.45, 0.46, 0.48, 1.0], density_kg_m3: 600.0 };
        draft.cuboid([0.0; 3], half_m.into(), wood);
        let leg_m = (HEIGHT_M - size_m.z) * 0.5;
        for (x, y) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let center_m = [x * (half_m.x - 0.05), y * (half_m.y - 0.05), -half_m.z - leg_m];
            draft.cuboid(center_m, [0.025, 0.025, leg_m], steel);
        }
        Ok(vec![Part { colored: false, ..Part::whole(&KIND, size_m) }])
    },
};
