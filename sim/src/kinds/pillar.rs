//! A pillar: a round landmark that a base must drive around.

use super::{Kind, Part};
use ponder_core::scene::{Affordance, Affordances, Color};

/// A pillar.
pub const KIND: Kind = Kind {
    label: "pillar",
    about: "a round pillar from floor to head height",
    size_m: [0.3, 0.3, 1.2],
    color: Some(Color::Yellow),
    affordances: Affordances::of(&[Affordance::Place, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let finish = draft.own(1000.0);
        draft.cylinder([0.0; 3], size_m.x * 0.5, size_m.z * 0.5, finish);
        Ok(vec![Part::whole(&KIND, size_m)])
    },
};
