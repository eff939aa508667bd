//! A shelf: a top board and a bottom board between two sides, open in front (+x).

use super::{Finish, Kind, Part};
use ponder_core::scene::{Affordance, Affordances};

const BOARD_M: f64 = 0.012;

/// A shelf.
pub const KIND: Kind = Kind {
    label: "shelf",
    about: "two boards to put things on",
    size_m: [0.16, 0.34, 0.18],
    color: None,
    affordances: Affordances::of(&[Affordance::Surface, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let wood = Finish { rgba: [0.62, 0.45, 0.30, 1.0], density_kg_m3: 600.0 };
        for z_m in [BOARD_M * 0.5 - half_m.z, half_m.z - BOARD_M * 0.5] {
            draft.cuboid([0.0, 0.0, z_m], [half_m.x, half_m.y, BOARD_M * 0.5], wood);
        }
        for y in [-1.0, 1.0] {
            let side_m = [half_m.x, BOARD_M * 0.5, half_m.z - BOARD_M];
            draft.cuboid([0.0, y * (half_m.y - BOARD_M * 0.5), 0.0], side_m, wood);
        }
        Ok(vec![Part { colored: false, ..Part::whole(&KIND, size_m) }.with_floor(BOARD_M - half_m.z)])
    },
};
