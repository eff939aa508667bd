//! The physics does what hands do: grasp, lift, hold, put into, pull, open, press, turn.

use super::hand::{Hand, down};
use ponder_core::Vec3;

const UP: f64 = 0.2;

fn above(at_m: Vec3, z_m: f64) -> Vec3 {
    Vec3::new(at_m.x, at_m.y, z_m)
}

#[test]
fn lifts_a_block_holds_it_and_puts_it_in_a_bowl() {
    let mut hand = Hand::new(
        "objects:
          - {kind: block, id: block, at: {x_m: 0.5, y_m: -0.1, yaw_rad: 0.4}}
          - {kind: bowl, id: bowl, at: {x_m: 0.45, y_m: 0.2}}",
        1,
    );
    let at_m = hand.object("block").position_m();
    hand.move_to(above(at_m, UP), down(0.4), 0.4);
    hand.move_to(at_m, down(0.4), 0.2);
    assert_eq!(hand.world.held(), None);
    hand.grip(0.0, 40.0);
    assert_eq!(hand.world.held().unwrap().as_str(), "block");
    hand.move_to(above(at_m, at_m.z + 0.15), down(0.4), 0.2);
    let lifted_m = hand.object("block").position_m();
    assert!((lifted_m.z - at_m.z - 0.15).abs() < 0.005, "lifted to {lifted_m}");
    hand.tick(200);
    let held_m = hand.object("block").position_m();
    assert!((held_m - lifted_m).norm() < 0.002, "slipped {} m", (held_m - lifted_m).norm());
    let bowl_m = hand.object("bowl").position_m();
    hand.move_to(above(bowl_m, UP), down(0.4), 0.3);
    hand.move_to(above(bowl_m, 0.06), down(0.4), 0.2);
    hand.grip(0.08, 40.0);
    hand.move_to(above(bowl_m, UP), down(0.4), 0.2);
    hand.tick(50);
    let end_m = hand.object("block").position_m();
    assert!((end_m - bowl_m).xy().norm() < 0.03 && end_m.z < 0.05, "ended at {end_m}");
    assert_eq!(hand.world.held(), None);
    assert_eq!(hand.world.record().violations(), 0, "{:?}", hand.world.record());
}

#[test]
fn pulls_and_pushes_a_drawer() {
    let mut hand = Hand::new("objects: [{kind: drawer, id: drawer, at: {x_m: 0.68, y_m: 0.05, yaw_rad: 3.14159}}]", 1);
    let drawer = hand.object("drawer");
    let handle_m = drawer.handle_m.unwrap();
    // Fingers close along x, in front of and behind the bar.
    let grasp = down(std::f64::consts::FRAC_PI_2);
    hand.grip(0.05, 40.0);
    hand.move_to(above(handle_m, UP), grasp, 0.4);
    hand.move_to(handle_m, grasp, 0.1);
    hand.grip(0.0, 40.0);
    hand.move_to(handle_m - Vec3::x() * 0.16, grasp, 0.15);
    let open = hand.object("drawer").open_fraction.unwrap();
    assert!(open > 0.9, "open {open}: {:?}", hand.world.record());
    hand.move_to(handle_m + Vec3::x() * 0.002, grasp, 0.15);
    let closed = hand.object("drawer").open_fraction.unwrap();
    assert!(closed < 0.05, "closed {closed}");
    hand.grip(0.05, 40.0);
    hand.move_to(above(handle_m, UP), grasp, 0.2);
    hand.tick(100);
    assert!(hand.object("drawer").open_fraction.unwrap() < 0.05);
    assert_eq!(hand.world.record().violations(), 0, "{:?}", hand.world.record());
}

#[test]
fn opens_a_lid_by_its_handle() {
    let mut hand = Hand::new("objects: [{kind: box, id: box, at: {x_m: 0.6, y_m: -0.1, yaw_rad: 3.14159}}]", 1);
    let at = hand.object("box");
    let handle_m = at.handle_m.unwrap();
    let grasp = down(std::f64::consts::FRAC_PI_2);
    hand.grip(0.04, 40.0);
    hand.move_to(above(handle_m, 0.25), grasp, 0.4);
    hand.move_to(handle_m, grasp, 0.1);
    hand.grip(0.0, 25.0);
    // Around the hinge at the back edge of the top, held by a loose grip.
    let hinge_m = at.world_from_object * nalgebra::Point3::new(-0.08, 0.0, at.size_m.z * 0.5);
    let arm_m = handle_m - hinge_m.coords;
    for i in 1..=20 {
        let turned = nalgebra::Rotation3::from_axis_angle(&Vec3::y_axis(), i as f64 / 20.0 * 1.4);
        hand.move_to(hinge_m.coords + turned * arm_m, grasp, 0.15);
    }
    let open = hand.object("box").open_fraction.unwrap();
    assert!(open > 0.75, "open {open}: {:?}", hand.world.record());
    hand.grip(0.04, 25.0);
    let up_m = hand.tool_m() + Vec3::z() * 0.1;
    hand.move_to(up_m, grasp, 0.1);
    hand.tick(100);
    let stays = hand.object("box").open_fraction.unwrap();
    assert!(stays > 0.7, "fell back to {stays}");
    assert_eq!(hand.world.record().violations(), 0, "{:?}", hand.world.record());
}

#[test]
fn presses_a_button_on_and_off() {
    let mut hand = Hand::new("objects: [{kind: button, id: button, at: {x_m: 0.5, y_m: 0.1}}]", 1);
    let button = hand.object("button");
    assert_eq!(button.on, Some(false));
    hand.grip(0.0, 20.0);
    for on in [true, false] {
        hand.move_to(above(button.position_m(), 0.15), down(0.0), 0.4);
        hand.move_to(above(button.position_m(), button.top_m() + 0.002), down(0.0), 0.1);
        hand.move_to(above(button.position_m(), button.top_m()), down(0.0), 0.05);
        hand.tick(20);
        assert_eq!(hand.object("button").on, Some(on));
        hand.move_to(above(button.position_m(), 0.15), down(0.0), 0.1);
        hand.tick(20);
        assert_eq!(hand.object("button").on, Some(on), "stays when let go");
    }
    assert_eq!(hand.world.record().violations(), 0, "{:?}", hand.world.record());
}

#[test]
fn turns_a_knob() {
    let mut hand = Hand::new("objects: [{kind: knob, id: knob, at: {x_m: 0.5, y_m: 0.1}}]", 1);
    let knob = hand.object("knob");
    let grip_m = above(knob.position_m(), knob.top_m() - 0.012);
    hand.grip(0.05, 20.0);
    hand.move_to(above(grip_m, 0.2), down(0.0), 0.4);
    hand.move_to(grip_m, down(0.0), 0.1);
    hand.grip(0.0, 30.0);
    hand.move_to(grip_m, down(1.5), 0.1);
    assert_eq!(hand.object("knob").on, Some(true), "{:?}", hand.object("knob"));
    hand.grip(0.05, 20.0);
    hand.move_to(above(grip_m, 0.2), down(1.5), 0.2);
    hand.tick(50);
    assert_eq!(hand.object("knob").on, Some(true), "stays when let go");
    assert_eq!(hand.world.record().violations(), 0, "{:?}", hand.world.record());
}

#[test]
fn lifts_a_cup_and_a_ball() {
    for (kind, width_m) in [("cup", 0.062), ("ball", 0.045)] {
        let mut hand = Hand::new(&format!("objects: [{{kind: {kind}, id: it, at: {{x_m: 0.5, y_m: 0.0}}}}]"), 1);
        let it = hand.object("it");
        let at_m = it.position_m();
        hand.move_to(above(at_m, 0.25), down(0.0), 0.4);
        hand.move_to(at_m, down(0.0), 0.2);
        hand.grip(0.0, 30.0);
        hand.move_to(above(at_m, at_m.z + 0.15), down(0.0), 0.2);
        hand.tick(200);
        let lifted_m = hand.object("it").position_m();
        assert!(lifted_m.z > at_m.z + 0.14, "{kind} at {lifted_m}");
        let mut seen = Default::default();
        ponder_core::world::World::observe(&mut hand.world, Default::default(), &mut seen).unwrap();
        let gripped_m = seen.gripper_width_m.unwrap();
        assert!((gripped_m - width_m).abs() < 0.006, "{kind}: fingers {gripped_m} m apart");
        assert_eq!(hand.world.record().violations(), 0, "{:?}", hand.world.record());
    }
}
