//! Controllers and guard take all their memory when they are made: no tick allocates, steady or on a change of action,
//! and no check, whether it passes, shortens or stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod toy;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nalgebra::{Translation3, UnitQuaternion};
use ponder_core::action::{Action, Path};
use ponder_core::command::{BaseTwist, Command, GripperTarget, JointTarget};
use ponder_core::controller::Controller;
use ponder_core::controllers::RobotController;
use ponder_core::guard::Guard;
use ponder_core::observation::{BaseState, Observation, Wrench};
use ponder_core::robot::RobotSpec;
use ponder_core::{Pose, Stamp, Vec3};

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

fn down(x_m: f64, y_m: f64, z_m: f64) -> Pose {
    let flip = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
    Pose::from_parts(Translation3::new(x_m, y_m, z_m), flip)
}

#[test]
fn no_tick_allocates() {
    let before = taken();
    drop(std::hint::black_box(vec![1_u8]));
    assert!(taken() > before, "the count counts");

    let robot = std::sync::Arc::new(RobotSpec { base: common::rover().base, ..(*common::arm7()).clone() });
    let arm = robot.arm.clone().expect("an arm");
    let mut observation = Observation {
        joint_pos_rad: arm.home_rad.clone(),
        joint_vel_rad_s: arm.home_rad.iter().map(|_| 0.0).collect(),
        gripper_width_m: Some(0.08),
        wrench: Some(Wrench { force_n: Vec3::zeros(), torque_nm: Vec3::zeros() }),
        base: Some(BaseState { world_from_base: Pose::identity(), twist: Default::default() }),
        ..Observation::default()
    };
    let reach = |pose, path| Action::Reach { world_from_tool: pose, path, speed: 0.8, until_contact_n: Some(10.0) };
    let arc = Path::Arc { about_m: Vec3::new(0.3, 0.0, 0.2), axis: Vec3::z(), angle_rad: 0.4 };
    let actions = [
        Action::Hold,
        reach(down(0.5, 0.2, 0.3), Path::Joint),
        reach(down(0.5, -0.1, 0.2), Path::Straight),
        reach(down(0.45, 0.1, 0.2), arc),
        reach(down(0.78, 0.54, 0.7), Path::Joint),
        reach(down(f64::NAN, 0.0, 0.0), Path::Joint),
        Action::Grip { width_m: 0.0, force_n: 20.0 },
        Action::Drive { x_m: 0.5, y_m: 0.2, yaw_rad: Some(1.0), speed: 1.0 },
        Action::LookAt { point_m: Vec3::new(0.0, 1.0, 0.0) },
        Action::Park,
    ];
    let mut controller = RobotController::new(robot.clone());
    let before = taken();
    let mut ticks = 0;
    // Long enough to arrive, and short enough to switch in full motion.
    for periods in [400, 35, 3] {
        for action in actions.iter().chain(actions.iter().rev()) {
            for _ in 0..periods {
                let (command, _) = controller.tick(action, &observation);
                if let Some(target) = command.arm {
                    observation.joint_pos_rad = target.pos_rad;
                }
                observation.stamp = observation.stamp.plus_s(robot.timing.period_s);
                ticks += 1;
            }
        }
    }
    controller.reset(&observation);
    controller.tick(&Action::Hold, &observation);
    assert_eq!(taken() - before, 0, "allocations in {ticks} ticks");
}

#[test]
fn no_check_allocates() {
    let robot = std::sync::Arc::new(RobotSpec { base: common::rover().base, ..(*common::arm7()).clone() });
    let arm = robot.arm.clone().expect("an arm");
    let mut senses = Observation {
        joint_pos_rad: arm.home_rad.clone(),
        joint_vel_rad_s: arm.home_rad.iter().map(|_| 0.0).collect(),
        base: Some(BaseState { world_from_base: Pose::identity(), twist: Default::default() }),
        ..Observation::default()
    };
    let mut guard = Guard::new(robot.clone());
    let (mut passed, mut refused, mut clipped) = (0, 0, 0);
    let (mut pos_rad, mut vel) = (arm.home_rad.clone(), 0.0);
    let before = taken();
    for turn in 0..2000_u32 {
        let now = senses.stamp;
        // Speeds up towards the edge of the workspace again and again, with a blow of each kind now and then.
        vel = f64::min(vel + 0.02, 0.5);
        pos_rad[0] += vel * 0.01;
        let mut vel_rad_s = arm.home_rad.clone();
        vel_rad_s.iter_mut().for_each(|v| *v = 0.0);
        vel_rad_s[0] = vel;
        let mut command = Command::nothing(now, now.plus_s(0.01));
        command.arm = Some(JointTarget { pos_rad: pos_rad.clone(), vel_rad_s });
        command.gripper = Some(GripperTarget { width_m: 0.082, force_n: 20.0 });
        command.base = Some(BaseTwist { linear_m_s: 0.1, angular_rad_s: 0.5 });
        match (turn % 97, command.arm.as_mut()) {
            (90, Some(target)) => target.pos_rad[2] = f64::NAN,
            (91, Some(target)) => drop(target.pos_rad.pop()),
            (92, _) => command.deadline = Stamp(0),
            (93, _) => guard.stop(),
            (96, _) => drop(guard.resume(&senses)),
            _ => {}
        }
        let checked = guard.check(now, &command, &senses);
        match checked.rejected() {
            Some(rejection) => {
                refused += 1;
                assert!(rejection.value.is_finite());
                pos_rad.clone_from(&senses.joint_pos_rad);
                vel = 0.0;
            }
            None => passed += 1,
        }
        clipped += u32::from(checked.clipped().is_some());
        if let Some(target) = &checked.command().arm {
            senses.joint_vel_rad_s.clone_from(&target.vel_rad_s);
            senses.joint_pos_rad.clone_from(&target.pos_rad);
        }
        senses.stamp = now.plus_s(0.01);
    }
    assert_eq!(taken() - before, 0);
    assert!(passed > 100 && refused > 100 && clipped > 100, "{passed} {refused} {clipped}");
}

/// Notes whether a turn took in something from the slow side, or asked it.
struct Slow(std::rc::Rc<Cell<bool>>);

impl ponder_core::sink::Sink for Slow {
    fn emit(&mut self, _stamp: Stamp, event: &ponder_core::event::Event) {
        use ponder_core::event::Event::{Answered, Ended, LookAsked, Looked, ThinkAsked};
        if matches!(event, LookAsked | Looked(_) | ThinkAsked(_) | Answered(_) | Ended(_)) {
            self.0.set(true);
        }
    }
}

#[test]
fn no_turn_of_the_loop_allocates_but_those_that_hear_from_the_slow_side() {
    let steps: &[(&str, &[(&str, &str)])] =
        &[("pick", &[("object", "red_block")]), ("place_in", &[("container", "bowl")])];
    let objects = ["table", "red_block", "bowl"].map(toy::object).to_vec();
    let slow = std::rc::Rc::new(Cell::new(false));
    let parts = toy::parts(toy::Toy::new(objects), vec![toy::plan(steps, vec![])], vec![Box::new(Slow(slow.clone()))]);
    let mut ring = ponder_core::run::Ring::new(parts, Default::default());
    let goal = ponder_core::goal::Goal::new(1, "put the red block in the bowl", ring.now(), 60.0);
    ring.start(goal.unwrap());
    let (mut quick, mut ended) = (0, None);
    while ended.is_none() {
        slow.set(false);
        let before = taken();
        ended = ring.turn();
        if !slow.get() {
            assert_eq!(taken(), before, "at {}", ring.now());
            quick += 1;
        }
    }
    assert!(quick > 500, "{quick} turns were looked at");
}
