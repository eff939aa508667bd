//! A heavy crate on the floor: an obstacle that someone can shove into the way.

use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A crate.
pub const KIND: Kind = Kind {
    label: "crate",
    about: "a heavy crate that blocks the way",
    size_m: [0.45, 0.45, 0.45],
    color: Some(Color::Brown),
    affordances: Affordances::of(&[Affordance::Place]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let (body, edge) = (draft.own(300.0), draft.shade(0.6, 0.0));
        draft.cuboid([0.0; 3], half_m.into(), body);
        for (x, y) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let post_m = [half_m.x * 0.08, half_m.y * 0.08, half_m.z * 1.004];
            draft.cuboid([x * half_m.x * 0.93, y * half_m.y * 0.93, 0.0], post_m, edge);
        }
        Ok(vec![Part::whole(&KIND, size_m)])
    },
};
