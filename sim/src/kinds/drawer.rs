//! A cabinet with one drawer that slides out along +x. Two objects: the drawer, whose pose follows the sliding tray, so
//! that what lies in it stays in it, and the cabinet around it.

use super::{Finish, Kind, Part, Reading};
use ponder_core::Vec3;
use ponder_core::scene::{Affordance, Affordances, Color};

const BOARD_M: f64 = 0.008;
const WALL_M: f64 = 0.005;
const GAP_M: f64 = 0.003;
const STAND_OFF_M: f64 = 0.055;
/// Height of the sides as a share of the front's.
const SIDE: f64 = 0.55;
/// Part of the depth that the drawer comes out.
const TRAVEL: f64 = 0.75;
const CASE: Finish = Finish { rgba: [0.86, 0.83, 0.78, 1.0], density_kg_m3: 600.0 };

/// A drawer in a cabinet, as large as the cabinet without the handle.
pub const KIND: Kind = Kind {
    label: "drawer",
    about: "a cabinet with one drawer; pull or push its handle",
    size_m: [0.22, 0.24, 0.12],
    color: Some(Color::White),
    affordances: Affordances::of(&[Affordance::Container, Affordance::Openable, Affordance::Fixed]),
    fixed: true,
    front_m: 0.22,
    build: |draft, size_m| {
        let half_m = size_m * 0.5;
        let board = BOARD_M * 0.5;
        for z in [-1.0, 1.0] {
            draft.cuboid([0.0, 0.0, z * (half_m.z - board)], [half_m.x, half_m.y, board], CASE);
        }
        for y in [-1.0, 1.0] {
            draft.cuboid([0.0, y * (half_m.y - board), 0.0], [half_m.x, board, half_m.z - BOARD_M], CASE);
        }
        draft.cuboid([board - half_m.x, 0.0, 0.0], [board, half_m.y - BOARD_M, half_m.z - BOARD_M], CASE);

        let tray_half_m = Vec3::new(half_m.x - board, half_m.y - BOARD_M - GAP_M, half_m.z - BOARD_M - GAP_M);
        let (wall, floor, front) = (draft.shade(0.95, 500.0), draft.shade(0.85, 500.0), draft.own(500.0));
        let mut tray = draft.child("tray", [board, 0.0, 0.0])?;
        // As in most drawers, the sides are lower than the front: a hand finds room over them.
        let low_half_m = Vec3::new(tray_half_m.x, tray_half_m.y, tray_half_m.z * SIDE);
        let sunk_m = [0.0, 0.0, low_half_m.z - tray_half_m.z];
        tray.tray(sunk_m, low_half_m, WALL_M, wall, floor);
        tray.cuboid([tray_half_m.x, 0.0, 0.0], [0.004, tray_half_m.y, tray_half_m.z], front);
        let handle_m = [tray_half_m.x + STAND_OFF_M, 0.0, tray_half_m.z * 0.35];
        let bar = Finish { rgba: [0.25, 0.26, 0.28, 1.0], density_kg_m3: 600.0 };
        tray.rod_y(handle_m, 0.007, 0.045, bar);
        for y_m in [-0.045, 0.045] {
            let post_m = [tray_half_m.x + STAND_OFF_M * 0.5, y_m, handle_m[2]];
            tray.cuboid(post_m, [STAND_OFF_M * 0.5, 0.005, 0.005], bar);
        }
        let travel_m = size_m.x * TRAVEL;
        // Friction holds it where it is left; a hand moves it with two newtons.
        tray.slide("slide", [1.0, 0.0, 0.0], travel_m)?
            .with_damping([6.0, 0.0, 0.0])
            .with_solimp_friction(super::draft::STIFF)
            .set_frictionloss(1.5);
        let reading = Reading::Opens { joint: "slide", open: travel_m };
        let cabinet = Part {
            suffix: "_cabinet",
            label: "cabinet",
            affordances: Affordances::of(&[Affordance::Surface, Affordance::Fixed]),
            colored: false,
            ..Part::whole(&KIND, size_m)
        };
        let drawer = Part {
            body: "tray",
            reading,
            handle: Some(("tray", handle_m.into())),
            ..Part::whole(&KIND, tray_half_m * 2.0).with_floor(WALL_M - tray_half_m.z)
        };
        Ok(vec![drawer, cabinet])
    },
};
