//! The emergency stop as it is in the robot files, on the simulated bodies: they can do what the files say of them. The
//! arm follows the guard's quick stop, stays on the way that the guard kept free and keeps what it holds; the rover, told
//! zero at once, stays on its wheels and stops on a part of the way that the guard kept free.

use std::path::Path;

use ponder_core::Vec3;
use ponder_core::command::{BaseTwist, Command, JointTarget};
use ponder_core::guard::{Guard, REST_BASE, REST_RAD_S};
use ponder_core::observation::Observation;
use ponder_core::robot::JointVec;
use ponder_core::world::{Want, World};

use super::hand::{Hand, down};
use crate::{SceneSpec, SimWorld};

/// From the first command of a stop to the first of no velocity: until the first is on the wire a period may pass, and
/// both together may take 50 ms.
const ZERO_S: f64 = 0.03 + 1e-9;

/// One period behind a guard: what was sent; `seen` is what is felt after it.
fn period(world: &mut SimWorld, guard: &mut Guard, seen: &mut Observation, wish: &Command) -> Command {
    let checked = guard.check(world.now(), wish, seen);
    assert!(guard.is_stopped() || checked.rejected().is_none(), "{:?}", checked.rejected());
    world.apply(&checked).unwrap();
    world.advance().unwrap();
    world.observe(Want::default(), seen).unwrap();
    checked.command().clone()
}

fn nothing(world: &SimWorld) -> Command {
    let now = world.now();
    Command::nothing(now, now.plus_s(0.05))
}

/// Farthest along each joint's course that an arm was past a posture, radians.
fn past(felt: &[JointVec], posture: &JointVec, vel_rad_s: &JointVec) -> f64 {
    let joints = |at: &JointVec| {
        let each = at.iter().zip(posture).zip(vel_rad_s).filter(|(_, vel)| **vel != 0.0);
        each.map(|((at, to), vel)| (at - to) * vel.signum()).fold(0.0, f64::max)
    };
    felt.iter().map(joints).fold(0.0, f64::max)
}

/// What an emergency stop of the arm came to.
#[derive(Debug)]
struct ArmStop {
    /// From the first command of the stop to the first of no velocity, seconds.
    zero_s: f64,
    /// From the first command of the stop until every joint is at rest for good, seconds.
    rest_s: f64,
    /// Farthest past where the stop led, radians.
    over_rad: f64,
    /// Farthest past where an ordinary stop would have led, which the guard looked at, radians.
    out_rad: f64,
    held: bool,
}

/// Speeds the arm up with a block in its hand, along a course (shares of the joints' top speeds), and stops it.
fn stop_arm(course: [f64; 7]) -> ArmStop {
    let mut hand = Hand::new("objects: [{kind: block, id: block, at: {x_m: 0.5, y_m: 0.0, yaw_rad: 0.0}}]", 1);
    let at_m = hand.object("block").position_m();
    hand.move_to(Vec3::new(at_m.x, at_m.y, 0.2), down(0.0), 0.4);
    hand.move_to(at_m, down(0.0), 0.2);
    hand.grip(0.0, 40.0);
    hand.move_to(Vec3::new(at_m.x, at_m.y, 0.35), down(0.0), 0.2);
    let world = &mut hand.world;
    assert!(world.held().is_some());
    let robot = world.robot().clone();
    let (period_s, limits) = (robot.timing.period_s, &robot.arm.as_ref().unwrap().limits);
    let mut guard = Guard::new(robot.clone());
    let mut seen = Observation::default();
    world.observe(Want::default(), &mut seen).unwrap();
    let mut pos = seen.joint_pos_rad.clone();
    let top: JointVec = course.iter().zip(limits).map(|(share, limit)| share * limit.vel_rad_s).collect();
    // All joints together, the slowest to speed up at its acceleration; then on for a little.
    let slowest_s = top.iter().zip(limits).map(|(vel, limit)| vel.abs() / limit.acc_rad_s2).fold(0.0, f64::max);
    let steps = (slowest_s / period_s).ceil();
    for step in 1..=steps as usize + 6 {
        let share = (step as f64 / steps).min(1.0);
        let vel_rad_s: JointVec = top.iter().map(|vel| vel * share).collect();
        pos.iter_mut().zip(&vel_rad_s).for_each(|(pos, vel)| *pos += vel * period_s);
        let target = JointTarget { pos_rad: pos.clone(), vel_rad_s };
        let wish = Command { arm: Some(target), ..nothing(world) };
        period(world, &mut guard, &mut seen, &wish);
    }
    let braking_s = top.iter().zip(limits).map(|(vel, limit)| vel.abs() / limit.stop_acc_rad_s2).fold(0.0, f64::max);
    let ordinary: JointVec = pos.iter().zip(&top).map(|(pos, vel)| pos + 0.5 * braking_s * vel).collect();
    guard.stop();
    let (mut zero_s, mut rest_s, mut felt) = (None, 0.0, Vec::new());
    for step in 0..60 {
        let wish = nothing(world);
        let sent = period(world, &mut guard, &mut seen, &wish).arm.unwrap();
        if sent.vel_rad_s.iter().all(|vel| *vel == 0.0) {
            zero_s = zero_s.or(Some(f64::from(step) * period_s));
        }
        if seen.joint_vel_rad_s.iter().any(|vel| vel.abs() > REST_RAD_S) {
            rest_s = f64::from(step + 1) * period_s;
        }
        felt.push(seen.joint_pos_rad.clone());
        pos = sent.pos_rad;
    }
    let (over_rad, out_rad) = (past(&felt, &pos, &top), past(&felt, &ordinary, &top));
    ArmStop { zero_s: zero_s.unwrap(), rest_s, over_rad, out_rad, held: world.held().is_some() }
}

#[test]
fn the_arm_can_do_its_emergency_stop_and_keeps_what_it_holds() {
    // Turned as a whole, folded up and down, the elbow, the wrist alone, and all at once.
    for course in [
        [0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, -0.8, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 1.0],
        [0.4, 0.3, -0.4, 0.3, 0.6, 0.6, -1.0],
    ] {
        let stop = stop_arm(course);
        assert!(stop.zero_s <= ZERO_S && stop.rest_s <= 0.13, "{course:?}: {stop:?}");
        assert!(stop.over_rad < 0.02 && stop.out_rad < 0.002, "{course:?}: {stop:?}");
        assert!(stop.held, "{course:?}: it is lost");
    }
}

/// What a stop of the rover came to.
#[derive(Debug)]
struct BaseStop {
    /// From the first command of the stop to the first of no velocity, seconds.
    zero_s: f64,
    /// From the first command of the stop until it is at rest for good, seconds.
    rest_s: f64,
    /// Way from the stop on, metres.
    way_m: f64,
    /// Most that it leant over, degrees.
    lean_deg: f64,
}

/// Speeds the rover up and stops it: as an emergency, or because nothing is asked of it any more.
fn stop_base(twist: BaseTwist, is_emergency: bool) -> BaseStop {
    let scene = SceneSpec::parse("{world: {kind: room, size_m: [6, 6]}, robot: rover}", "test").unwrap();
    let mut world = SimWorld::open(&scene, 1, Path::new(".")).unwrap();
    let period_s = world.robot().timing.period_s;
    let mut guard = Guard::new(world.robot().clone());
    let mut seen = Observation::default();
    world.observe(Want::default(), &mut seen).unwrap();
    for _ in 0..50 {
        let wish = Command { base: Some(twist), ..nothing(&world) };
        period(&mut world, &mut guard, &mut seen, &wish);
    }
    let from = world.world_from_base().unwrap();
    if is_emergency {
        guard.stop();
    }
    let (mut zero_s, mut rest_s, mut lean_deg) = (None, 0.0, 0.0_f64);
    for step in 0..80 {
        let wish = nothing(&world);
        if period(&mut world, &mut guard, &mut seen, &wish).base == Some(BaseTwist::default()) {
            zero_s = zero_s.or(Some(f64::from(step) * period_s));
        }
        let felt = seen.base.unwrap().twist;
        if felt.linear_m_s.abs() > REST_BASE || felt.angular_rad_s.abs() > REST_BASE {
            rest_s = f64::from(step + 1) * period_s;
        }
        let up = world.world_from_base().unwrap().rotation * Vec3::z();
        lean_deg = lean_deg.max(up.z.clamp(-1.0, 1.0).acos().to_degrees());
    }
    let way_m = (from.inverse() * world.world_from_base().unwrap()).translation.vector.xy().norm();
    BaseStop { zero_s: zero_s.unwrap(), rest_s, way_m, lean_deg }
}

#[test]
fn the_rover_told_zero_at_once_stays_on_its_wheels_and_stops_sooner() {
    for (linear_m_s, angular_rad_s) in [(0.6, 0.0), (-0.6, 0.0), (0.0, 2.0), (0.6, 2.0), (0.5, -1.0)] {
        let twist = BaseTwist { linear_m_s, angular_rad_s };
        let (stop, ordinary) = (stop_base(twist, true), stop_base(twist, false));
        assert!(stop.zero_s == 0.0 && ordinary.zero_s > 0.3, "{twist:?}: {stop:?} and {ordinary:?}");
        assert!(stop.rest_s <= 0.14 && stop.lean_deg < 3.0, "{twist:?}: {stop:?}");
        assert!(stop.way_m <= 0.25 * ordinary.way_m + 1e-3, "{twist:?}: {stop:?} and {ordinary:?}");
    }
}
