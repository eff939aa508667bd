//! A dial with a bar across it. The bar lies along its own x; a quarter turn counter-clockwise switches it on. The pose
//! of the object turns with the bar.

use super::{Finish, Kind, Part, Reading};
use ponder_core::scene::{Affordance, Affordances, Color};

const RANGE_RAD: f64 = std::f64::consts::FRAC_PI_2;

/// A knob, as large as base and bar.
pub const KIND: Kind = Kind {
    label: "knob",
    about: "a dial that is on when turned a quarter counter-clockwise",
    size_m: [0.08, 0.08, 0.06],
    color: Some(Color::Black),
    affordances: Affordances::of(&[Affordance::Turnable, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let base = Finish { rgba: [0.80, 0.80, 0.82, 1.0], density_kg_m3: 1000.0 };
        draft.cuboid([0.0, 0.0, -half_m.z + 0.010], [half_m.x, half_m.y, 0.010], base);
        let (bar, disc) = (draft.own(600.0), draft.shade(0.8, 600.0));
        let mut dial = draft.child("dial", [0.0; 3])?;
        dial.cylinder([0.0, 0.0, -half_m.z + 0.026], half_m.x * 0.85, 0.004, disc);
        dial.cuboid([0.0, 0.0, 0.015], [half_m.x * 0.72, 0.009, half_m.z - 0.015], bar);
        let mark = Finish::drawn([0.95, 0.95, 0.95, 1.0]);
        dial.cuboid([half_m.x * 0.55, 0.0, half_m.z], [half_m.x * 0.15, 0.003, 0.0006], mark);
        dial.hinge("turn", [0.0, 0.0, 1.0], [0.0; 3], [0.0, RANGE_RAD])?
            .with_damping([0.02, 0.0, 0.0])
            .with_solimp_friction(super::draft::STIFF)
            .set_frictionloss(0.04);
        let reading = Reading::Turns { joint: "turn", on_rad: RANGE_RAD * 0.5 };
        Ok(vec![Part { body: "dial", reading, ..Part::whole(&KIND, size_m) }])
    },
};
