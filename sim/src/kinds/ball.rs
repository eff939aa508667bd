//! A ball. Rolling friction lets it come to rest.

use super::{Kind, Part};
use ponder_core::Vec3;
use ponder_core::scene::{Affordance, Affordances, Color};

/// A ball; its diameter is the first extent.
pub const KIND: Kind = Kind {
    label: "ball",
    about: "a ball to grasp; comes to rest by itself",
    size_m: [0.045, 0.045, 0.045],
    color: Some(Color::Orange),
    affordances: Affordances::of(&[Affordance::Graspable]),
    fixed: false,
    front_m: 0.0,
    build: |draft, size_m| {
        let finish = draft.own(500.0);
        draft.sphere([0.0; 3], size_m.x * 0.5, finish).with_condim(6).with_friction([0.8, 0.01, 0.002]);
        Ok(vec![Part::whole(&KIND, Vec3::repeat(size_m.x))])
    },
};
