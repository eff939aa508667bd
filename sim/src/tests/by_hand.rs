//! The simulation by hand: things are put where they are told to be, and the beginning comes back in parts.

use std::path::Path;

use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_core::{Pose, Stamp, Vec3};

use crate::hand::{Entity, Motion};
use crate::{SceneSpec, SimWorld};

const SCENE: &str = "
objects:
  - {kind: block, id: block, color: red, at: {x_m: 0.45, y_m: 0.1}}
  - {kind: block, id: spare, color: blue, spare: true, at: {x_m: 0.4, y_m: -0.2}}
  - {kind: drawer, id: cabinet, at: {x_m: 0.5, y_m: 0.4}}";

fn world() -> SimWorld {
    SimWorld::open(&SceneSpec::parse(SCENE, "test").unwrap(), 3, Path::new(".")).unwrap()
}

fn entity(world: &mut SimWorld, id: &str) -> Entity {
    world.entities().into_iter().find(|entity| entity.object.id.as_str() == id).unwrap()
}

#[test]
fn loose_things_are_put_anywhere_and_move_as_told() {
    let mut world = world();
    let to =
        Pose::from_parts(Vec3::new(0.6, -0.1, 0.4).into(), ponder_core::Rotation::from_euler_angles(0.3, 0.2, 0.9));
    let motion = Motion { linear_m_s: Vec3::new(0.1, 0.0, 0.5), angular_rad_s: Vec3::new(0.0, 1.0, -2.0) };
    world.put("block", &to, &motion).unwrap();
    let block = entity(&mut world, "block");
    let at = block.object.world_from_object;
    assert!((at.translation.vector - to.translation.vector).norm() < 1e-9 && at.rotation.angle_to(&to.rotation) < 1e-7);
    assert!((block.motion.linear_m_s - motion.linear_m_s).norm() < 1e-9);
    assert!((block.motion.angular_rad_s - motion.angular_rad_s).norm() < 1e-9);
    let far = Pose::translation(100.0, 0.0, 0.0);
    for (id, to) in [("nothing", &to), ("cabinet", &to), ("block", &far)] {
        world.put(id, to, &Motion::default()).unwrap_err();
    }
}

#[test]
fn the_store_gives_and_takes() {
    let mut world = world();
    let seen = |world: &mut SimWorld| world.truth().objects.iter().any(|o| o.id.as_str() == "spare");
    assert!(entity(&mut world, "spare").stored && !seen(&mut world));
    world.put("spare", &Pose::translation(0.5, -0.3, 0.1), &Motion::default()).unwrap();
    assert!(seen(&mut world));
    for _ in 0..2 {
        world.store("spare").unwrap();
        assert!(entity(&mut world, "spare").stored && !seen(&mut world), "what is stored stays stored");
    }
    world.store("cabinet").unwrap_err();
}

#[test]
fn the_beginning_comes_back_in_parts() {
    let mut world = world();
    let start_m = entity(&mut world, "block").object.position_m();
    let moved_m = |world: &mut SimWorld| (entity(world, "block").object.position_m() - start_m).norm();
    let away = |world: &mut SimWorld| {
        world.put("block", &Pose::translation(0.3, -0.3, 0.1), &Motion::default()).unwrap();
        (0..10).for_each(|_| world.advance().unwrap());
    };
    let sensed = |world: &mut SimWorld| {
        let mut seen = Observation::default();
        world.observe(Want::default(), &mut seen).unwrap();
        seen.stamp
    };
    away(&mut world);
    let then = world.now();
    world.reset_parts(false, true).unwrap();
    assert!(moved_m(&mut world) < 1e-9);
    assert_eq!((world.now(), sensed(&mut world)), (then, then));
    away(&mut world);
    world.reset_parts(true, false).unwrap();
    assert!(moved_m(&mut world) > 0.1);
    assert_eq!((world.now(), sensed(&mut world)), (Stamp(0), Stamp(0)));
    world.advance().unwrap();
    world.reset_parts(true, true).unwrap();
    assert!(moved_m(&mut world) < 1e-9 && world.now() == Stamp(0));
}
