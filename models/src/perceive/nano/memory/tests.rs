//! Tests of the memory over looks.
#![allow(clippy::unwrap_used)] // a test may stop where it stands

use ponder_core::Stamp;
use ponder_core::scene::{Color, Label};

use super::*;
use crate::perceive::nano::kinds::{KINDS, numbered};

fn thing(id: &str, color: Color, label: &str, at_m: [f64; 3]) -> SceneObject {
    let label = Label::from(label).unwrap();
    SceneObject {
        id: ObjectId::from(id).unwrap(),
        label,
        color: Some(color),
        world_from_object: Pose::translation(at_m[0], at_m[1], at_m[2]),
        size_m: Vec3::repeat(0.04),
        score: 0.9,
        seen: Stamp(0),
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: KINDS[numbered(&label).unwrap()].affordances,
    }
}

fn find(color: Color, label: &str, at_m: [f64; 3]) -> Find {
    let object = thing("", color, label, at_m);
    let slot = slot_of(&object).unwrap();
    Find::new(object, slot, &[])
}

#[test]
fn what_the_hand_carried_keeps_its_name_however_far_and_nothing_else_gets_it() {
    let old = [
        thing("red_block", Color::Red, "block", [0.4, 0.0, 0.02]),
        thing("blue_block", Color::Blue, "block", [0.5, 0.2, 0.02]),
    ];
    let (red, memory) = (Some(old[0].id), Memory::default());
    let stays = find(Color::Blue, "block", [0.5, 0.2, 0.02]);
    let far = [0.6, -0.5, 0.05];
    // Let go of, or just closed around; seen as what it is, or as something of its colour or kind.
    for other in [(Color::Red, "block"), (Color::Red, "ball"), (Color::Orange, "block")] {
        let finds = [stays.clone(), find(other.0, other.1, far)];
        let mut let_go = memory.again(&old, &finds, &[], (red, None));
        let_go.sort_unstable();
        assert_eq!(let_go, [(0, 1), (1, 0)], "{other:?}");
        let mut closed_around = memory.again(&old, &finds, &[], (None, Some(1)));
        closed_around.sort_unstable();
        assert_eq!(closed_around, [(0, 1), (1, 0)], "{other:?}");
        assert_eq!(memory.again(&old, &finds, &[], (None, None)), [(1, 0)], "{other:?}");
    }
    let strange = [stays, find(Color::Green, "ball", far)];
    assert_eq!(memory.again(&old, &strange, &[], (red, None)), [(1, 0)]);
}

#[test]
fn what_lies_in_a_drawer_goes_with_it_and_a_shut_drawer_of_another_colour_is_the_same() {
    let mut drawer = thing("brown_drawer", Color::Brown, "drawer", [0.5, 0.1, 0.05]);
    drawer.size_m = Vec3::new(0.2, 0.2, 0.1);
    let mut old = [
        drawer,
        thing("red_block", Color::Red, "block", [0.52, 0.1, 0.03]),
        thing("blue_block", Color::Blue, "block", [0.52, 0.4, 0.03]),
    ];
    let finds = [find(Color::White, "drawer", [0.63, 0.1, 0.05])];
    let same = Memory::default().again(&old, &finds, &[], (None, None));
    assert_eq!(same, [(0, 0)]);
    slide(&mut old, &finds, &same);
    assert!((old[1].position_m() - Vec3::new(0.65, 0.1, 0.03)).norm() < 1e-9, "{}", old[1].position_m());
    assert!((old[2].position_m().x - 0.52).abs() < 1e-9);
}

#[test]
fn what_is_let_go_of_falls_to_the_floor_of_what_is_below() {
    let mut bowl = thing("bowl", Color::Green, "bowl", [0.5, 0.0, 0.03]);
    bowl.size_m = Vec3::new(0.15, 0.15, 0.06);
    let mut table = thing("table", Color::Brown, "table", [0.5, 0.0, -0.02]);
    table.size_m = Vec3::new(1.0, 1.0, 0.04);
    let things = [thing("red_block", Color::Red, "block", [0.4, 0.2, 0.02]), bowl, table];
    let lies_m = |x: f64| fallen(0, &Pose::translation(x, 0.0, 0.2), &things).translation.z - 0.02;
    assert!(lies_m(0.52) < 0.01 && lies_m(0.52) > 0.0, "in the bowl, on its floor: {}", lies_m(0.52));
    assert!(lies_m(0.7).abs() < 1e-9, "on the table: {}", lies_m(0.7));
}

#[test]
fn two_finds_that_go_through_each_other_are_one_and_two_that_stand_on_each_other_are_not() {
    let cup = |z: f64| thing("", Color::Blue, "cup", [0.4, 0.0, z]);
    assert!(is_one(&cup(0.02), &cup(0.04)));
    let block = |z: f64| thing("", Color::Red, "block", [0.4, 0.0, z]);
    assert!(!is_one(&block(0.02), &block(0.058)));
    assert!(!is_one(&block(0.02), &thing("", Color::Blue, "block", [0.4, 0.0, 0.047])));
}

#[test]
fn what_stands_about_is_one_however_far_off_the_worse_look_is_and_is_where_the_better_one_has_it() {
    let zone = |at_m: [f64; 2]| {
        let mut find = find(Color::Red, "zone", [at_m[0], at_m[1], 0.0]);
        find.object.size_m = Vec3::new(0.8, 0.8, 0.002);
        find
    };
    let (above, flat) = (Vec3::new(0.0, 0.0, 5.0), Vec3::new(-2.0, 0.0, 0.4));
    let flatly = || zone([2.6, 0.0]).seen_from(&flat);
    for (mut finds, more) in [
        (vec![flatly()], vec![zone([2.0, 0.0]).seen_from(&above)]),
        (vec![zone([2.0, 0.0]).seen_from(&above)], vec![flatly()]),
    ] {
        merge(&mut finds, more, &[]);
        assert!(finds.len() == 1 && (finds[0].object.position_m().x - 2.0).abs() < 1e-9, "{finds:?}");
    }
    // Another one beside it is another one.
    let mut finds = vec![zone([2.0, 0.0]).seen_from(&above)];
    merge(&mut finds, vec![zone([2.9, 0.0]).seen_from(&above)], &[]);
    assert_eq!(finds.len(), 2);
    // Nor is it gone when it is found a little farther on.
    let old = thing("red_zone", Color::Red, "zone", [2.0, 0.0, 0.0]);
    let old = SceneObject { size_m: Vec3::new(0.8, 0.8, 0.002), ..old };
    assert_eq!(Memory::default().again(&[old], &[flatly()], &[], (None, None)), [(0, 0)]);
}

#[test]
fn where_a_thing_came_to_lie_among_others_in_a_bowl_is_a_guess_and_in_a_bin_or_alone_is_not() {
    let holder = |label: &str, z_m: f64| {
        let mut holder = thing("holder", Color::Green, label, [0.5, 0.0, z_m * 0.5]);
        holder.size_m = Vec3::new(0.15, 0.15, z_m);
        holder
    };
    let red = thing("red_block", Color::Red, "block", [0.51, 0.0, 0.04]);
    let blue = |y: f64| thing("blue_block", Color::Blue, "block", [0.48, y, 0.03]);
    let heaped = |holder: &SceneObject, y: f64| is_heaped(0, &[red.clone(), holder.clone(), blue(y)]);
    assert!(heaped(&holder("bowl", 0.055), 0.0));
    assert!(!heaped(&holder("bowl", 0.055), 0.3), "alone");
    assert!(!heaped(&holder("bin", 0.1), 0.0), "deep");
}
