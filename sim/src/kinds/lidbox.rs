//! A box with a lid on a stiff hinge at its back edge. The lid stays where it is left; a bar along y near its front
//! edge is the handle.

use super::{Kind, Part, Reading};
use ponder_core::Vec3;
use ponder_core::scene::{Affordance, Affordances, Color};

const WALL_M: f64 = 0.006;
const LID_M: f64 = 0.008;
const OPEN_RAD: f64 = 1.6;
const BAR_M: f64 = 0.034;

/// A box with a lid, as large as its closed body without the handle.
pub const KIND: Kind = Kind {
    label: "box",
    about: "a box with a hinged lid; holds things, opens and closes",
    size_m: [0.16, 0.18, 0.09],
    color: Some(Color::Brown),
    affordances: Affordances::of(&[
        Affordance::Container,
        Affordance::Surface,
        Affordance::Openable,
        Affordance::Fixed,
    ]),
    fixed: true,
    front_m: 0.04,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let (wall, floor, lid_finish, bar) =
            (draft.own(600.0), draft.shade(0.8, 600.0), draft.shade(1.15, 300.0), draft.shade(0.45, 300.0));
        draft.tray([0.0, 0.0, -LID_M * 0.5], half_m - Vec3::z() * (LID_M * 0.5), WALL_M, wall, floor);
        // The lid's frame lies on the hinge, so that it turns without an offset.
        let mut lid = draft.child("lid", [-half_m.x, 0.0, half_m.z - LID_M])?;
        lid.cuboid([half_m.x, 0.0, LID_M * 0.5], [half_m.x, half_m.y, LID_M * 0.48], lid_finish);
        let handle_m = [size_m.x - 0.03, 0.0, LID_M + BAR_M];
        lid.rod_y(handle_m, 0.006, 0.03, bar);
        for y_m in [-0.03, 0.03] {
            lid.cuboid([handle_m[0], y_m, LID_M + BAR_M * 0.5], [0.004, 0.004, BAR_M * 0.5], bar);
        }
        lid.hinge("lid", [0.0, -1.0, 0.0], [0.0; 3], [0.0, OPEN_RAD])?
            .with_damping([0.05, 0.0, 0.0])
            .with_solimp_friction(super::draft::STIFF)
            .set_frictionloss(0.16);
        let whole = Part::whole(&KIND, size_m).with_floor(-half_m.z + WALL_M);
        let reading = Reading::Opens { joint: "lid", open: OPEN_RAD };
        Ok(vec![Part { reading, handle: Some(("lid", handle_m.into())), ..whole }])
    },
};
