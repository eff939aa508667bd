//! A wooden block: cube or cuboid.

use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A block.
pub const KIND: Kind = Kind {
    label: "block",
    about: "a cube or cuboid to grasp and stack",
    size_m: [0.04, 0.04, 0.04],
    color: Some(Color::Red),
    affordances: Affordances::of(&[Affordance::Graspable, Affordance::Surface]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let finish = draft.own(700.0);
        draft.cuboid([0.0; 3], (size_m * 0.5).into(), finish);
        Ok(vec![Part::whole(&KIND, size_m)])
    },
};
