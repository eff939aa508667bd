//! The world takes all its memory when it is made: observing, applying and advancing never allocate.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;

use ponder_core::action::{Action, Path as Way};
use ponder_core::controller::Controller;
use ponder_core::controllers::RobotController;
use ponder_core::guard::Guard;
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_core::{Pose, Rotation, Vec3};
use ponder_sim::{SceneSpec, SimWorld};

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[allow(unsafe_code)] // an allocator can't be written without; this one only counts and hands on
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.with(|taken| taken.set(taken.get() + 1));
        // SAFETY: the caller's promises are handed on as they are.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; every pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn taken() -> u64 {
    TAKEN.with(Cell::get)
}

#[test]
fn no_period_allocates() {
    let before = taken();
    drop(std::hint::black_box(vec![1_u8]));
    assert!(taken() > before, "the count counts");

    let down = Rotation::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
    let reach = |x_m, y_m, z_m| Action::Reach {
        world_from_tool: Pose::from_parts(Vec3::new(x_m, y_m, z_m).into(), down),
        path: Way::Joint,
        speed: 0.8,
        until_contact_n: None,
    };
    let arm = "
sensors: {joint_pos_noise_rad: 0.0005, latency_periods: 2}
objects:
  - {kind: block, at: {x_m: 0.5, y_m: 0.1}}
  - {kind: bowl, at: {x_m: 0.5, y_m: -0.1}}
  - {kind: button, at: {x_m: 0.6, y_m: 0.3}}";
    let rover = "{world: {kind: room, size_m: [6, 6]}, robot: rover}";
    let drive = Action::Drive { x_m: 1.5, y_m: 1.0, yaw_rad: None, speed: 0.8 };
    for (scene, actions) in [(arm, [reach(0.5, 0.1, 0.1), reach(0.5, 0.1, 0.03)]), (rover, [drive, drive])] {
        let scene = SceneSpec::parse(scene, "test").unwrap();
        let mut world = SimWorld::open(&scene, 1, Path::new(".")).unwrap();
        let robot = world.robot().clone();
        let (mut controller, mut guard) = (RobotController::new(robot.clone()), Guard::new(robot));
        let mut seen = Observation::default();
        world.observe(Want::default(), &mut seen).unwrap();
        let mut moved = 0;
        for period in 0..400 {
            let (command, _) = controller.tick(&actions[period / 200], &seen);
            let checked = guard.check(world.now(), &command, &seen);
            let before = taken();
            let applied = world.apply(&checked).unwrap();
            world.advance().unwrap();
            world.observe(Want::default(), &mut seen).unwrap();
            assert_eq!(taken() - before, 0, "period {period}");
            moved += usize::from(applied.rejected.is_none());
        }
        assert!(moved > 300, "the robot was really driven: {moved} periods");
        assert_eq!(world.record().violations(), 0, "{:?}", world.record());
    }
}
