//! A cup: an open cylinder of boxes. A handle sticks out along its +x.

use super::draft::Ring;
use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

const WALL_M: f64 = 0.004;

/// A cup.
pub const KIND: Kind = Kind {
    label: "cup",
    about: "an upright open cup with a small handle",
    size_m: [0.062, 0.062, 0.08],
    color: Some(Color::Blue),
    affordances: Affordances::of(&[Affordance::Graspable, Affordance::Container]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let (rim_m, half_m) = (size_m.x * 0.5 - WALL_M * 0.5, size_m.z * 0.5);
        let (wall, floor, handle) = (draft.own(700.0), draft.shade(0.85, 1400.0), draft.shade(0.9, 500.0));
        draft.cylinder([0.0, 0.0, -half_m + WALL_M], rim_m * 0.98, WALL_M, floor);
        // Only the bottom touches what it stands on.
        let (low, high) = ((rim_m * 0.98, WALL_M * 0.5 - half_m), (rim_m, half_m));
        draft.ring(Ring { low, high, thick_m: WALL_M, count: 12 }, wall);
        let out_m = size_m.x * 0.5 + 0.012;
        for z_m in [-0.3, 0.3] {
            draft.cuboid([out_m - 0.006, 0.0, size_m.z * z_m], [0.007, 0.003, 0.003], handle);
        }
        draft.cuboid([out_m, 0.0, 0.0], [0.003, 0.003, size_m.z * 0.3], handle);
        Ok(vec![Part::whole(&KIND, size_m).with_floor(-half_m + WALL_M * 2.0)])
    },
};
