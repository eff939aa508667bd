//! A push button: a spring-loaded cap in a base. Each press past its travel toggles it; a ring lights up while it is on.

use super::{Finish, Kind, Part, Reading};
use ponder_core::scene::{Affordance, Affordances, Color};

const TRAVEL_M: f64 = 0.010;

/// A button, as large as base and cap at rest.
pub const KIND: Kind = Kind {
    label: "button",
    about: "a push button; each press switches it on or off",
    size_m: [0.09, 0.09, 0.05],
    color: Some(Color::Red),
    affordances: Affordances::of(&[Affordance::Pressable, Affordance::Fixed]),
    fixed: true,
    front_m: 0.0,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let base_half_m = half_m.z - 0.010;
        let radius_m = half_m.x * 0.55;
        let base = Finish { rgba: [0.30, 0.31, 0.33, 1.0], density_kg_m3: 1000.0 };
        draft.cuboid([0.0, 0.0, -half_m.z + base_half_m], [half_m.x, half_m.y, base_half_m], base);
        let cap_finish = draft.own(600.0);
        // The cap reaches into the base without touching it: parent and child do not collide.
        let mut cap = draft.child("cap", [0.0, 0.0, half_m.z])?;
        cap.cylinder([0.0, 0.0, -0.012], radius_m, 0.012, cap_finish);
        cap.slide("press", [0.0, 0.0, -1.0], TRAVEL_M + 0.004)?
            .with_stiffness([250.0, 0.0, 0.0])
            .with_damping([4.0, 0.0, 0.0])
            .with_springref(-0.006);
        let reading = Reading::Toggles { joint: "press", travel_m: TRAVEL_M * 0.7, lamp: "lamp", lamp_rise_m: 0.006 };
        Ok(vec![Part { reading, ..Part::whole(&KIND, size_m) }])
    },
};

/// Radius of the ring that lights up, for a button of that width, metres.
pub fn lamp_radius_m(width_m: f64) -> f64 {
    width_m * 0.5 * 0.72
}
