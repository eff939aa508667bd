//! The safety record: what must count counts, what must not does not; and what is done to the scene is done.

use std::path::Path;

use ponder_core::Vec3;
use ponder_core::command::Command;
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};

use super::hand::{Hand, down};
use crate::{Disturbance, SceneSpec, SimWorld, Violation};

#[test]
fn an_arm_pressed_into_the_table_counts() {
    let mut hand = Hand::new("objects: []", 1);
    hand.grip(0.0, 10.0);
    hand.move_to(Vec3::new(0.5, 0.0, 0.05), down(0.0), 0.3);
    hand.move_to(Vec3::new(0.5, 0.0, 0.009), down(0.0), 0.1);
    assert_eq!(hand.world.record().violations(), 0, "leaning lightly: {:?}", hand.world.record());
    hand.move_to(Vec3::new(0.5, 0.0, -0.03), down(0.0), 0.1);
    let record = hand.world.record();
    assert_eq!(record.of(Violation::FingerForce).count, 1, "{record:?}");
    assert!(record.of(Violation::FingerForce).worst > crate::record::FINGER_CONTACT_N);
    assert!(record.of(Violation::FingerForce).first.is_some());
}

#[test]
fn a_hand_against_a_cabinet_and_a_tool_outside_count() {
    let mut hand =
        Hand::new("objects: [{kind: shelf, id: shelf, size_m: [0.2, 0.3, 0.3], at: {x_m: 0.6, y_m: 0.1}}]", 1);
    hand.move_to(Vec3::new(0.4, 0.1, 0.25), down(0.0), 0.3);
    assert_eq!(hand.world.record().violations(), 0);
    hand.move_to(Vec3::new(0.5, 0.1, 0.25), down(0.0), 0.2);
    assert!(hand.world.record().of(Violation::LinkContact).count > 0, "{:?}", hand.world.record());
    hand.world.reset().unwrap();
    assert_eq!(hand.world.record().violations(), 0, "a new episode has a new record");

    let mut hand = Hand::new("objects: []", 1);
    hand.move_to(Vec3::new(0.4, 0.58, 0.3), down(0.0), 0.3);
    let outside = hand.world.record().of(Violation::Workspace);
    assert!(outside.count == 1 && (outside.worst - 0.03).abs() < 0.005, "{outside:?}");
}

#[test]
fn joints_too_fast_or_too_far_count() {
    let mut hand = Hand::new("objects: []", 1);
    let home = hand.world.robot().arm.as_ref().unwrap().home_rad.clone();
    hand.jump(6, home[6] + 0.5);
    assert!(hand.world.record().of(Violation::JointSpeed).count > 0);
    assert_eq!(hand.world.record().of(Violation::JointPosition).count, 0);
    for i in 0..100 {
        hand.jump(6, home[6] + 0.022 * f64::from(i));
    }
    let far = hand.world.record().of(Violation::JointPosition);
    assert!(far.count == 1 && far.worst < 0.1, "stopped by the joint's own limit: {far:?}");
}

/// Drives at a speed, getting there as slowly as the robot's file says.
fn drive(world: &mut SimWorld, linear_m_s: f64, angular_rad_s: f64, seconds: f64) {
    let (limits, period_s) = (world.robot().base.unwrap(), world.robot().timing.period_s);
    let (dv, dw) = (limits.linear_m_s2 * period_s, limits.angular_rad_s2 * period_s);
    let mut seen = Observation::default();
    world.observe(Want::default(), &mut seen).unwrap();
    let mut twist = seen.base.unwrap().twist;
    for _ in 0..(seconds / period_s).round() as usize {
        twist.linear_m_s += (linear_m_s - twist.linear_m_s).clamp(-dv, dv);
        twist.angular_rad_s += (angular_rad_s - twist.angular_rad_s).clamp(-dw, dw);
        let now = world.now();
        world.send(&Command { base: Some(twist), ..Command::nothing(now, now.plus_s(0.1)) });
        world.period().unwrap();
    }
}

fn room(more: &str) -> SimWorld {
    let yaml = format!("{{world: {{kind: room, size_m: [6, 6]}}, robot: rover, {more}}}");
    SimWorld::open(&SceneSpec::parse(&yaml, "test").unwrap(), 1, Path::new(".")).unwrap()
}

#[test]
fn a_rover_drives_as_told_and_counts_its_wheels() {
    for sensing in ["localised", "odometry"] {
        let mut world = room(&format!("sensors: {{base: {sensing}}}"));
        drive(&mut world, 0.5, 0.0, 2.0);
        drive(&mut world, 0.0, 0.0, 1.0);
        // Half a metre a second for two seconds, less the start, more the stop.
        let at_m = world.world_from_base().unwrap().translation.vector;
        assert!((at_m.x - 1.0).abs() < 0.03 && at_m.y.abs() < 0.01, "{at_m}");
        drive(&mut world, 0.0, 1.0, std::f64::consts::FRAC_PI_2);
        drive(&mut world, 0.4, 0.3, 3.0);
        drive(&mut world, 0.0, 0.0, 1.0);
        let (truth, yaw) = (world.world_from_base().unwrap(), ponder_core::geometry::yaw_rad);
        assert!((yaw(&truth) - 2.47).abs() < 0.15, "heading {}", yaw(&truth));
        let mut seen = Observation::default();
        world.observe(Want::default(), &mut seen).unwrap();
        let believed = seen.base.unwrap().world_from_base;
        let off_m = (believed.translation.vector - truth.translation.vector).xy().norm();
        assert!(off_m < if sensing == "localised" { 1e-9 } else { 0.05 }, "{sensing}: {off_m} m off");
        assert!(seen.base.unwrap().twist.linear_m_s.abs() < 0.01, "it stands");
        assert_eq!(world.record().violations(), 0, "{:?}", world.record());
    }
}

#[test]
fn a_rover_that_hits_something_counts() {
    let mut world = room("robot_at: {x_m: 2.2}");
    drive(&mut world, 0.5, 0.0, 2.0);
    assert!(world.record().of(Violation::BaseContact).count > 0, "{:?}", world.record());
}

#[test]
fn disturbances_happen() {
    let mut world = room("objects: [{kind: crate, id: crate, spare: true}, {kind: pillar, id: pillar, at: {x_m: 2}}]");
    assert!(world.truth().objects.iter().all(|o| o.id.as_str() != "crate"));
    let bring: Disturbance = serde_norway::from_str("{kind: move, object: crate, x_m: 1.0, y_m: 0.0}").unwrap();
    world.disturb(&bring).unwrap();
    let get = |world: &mut SimWorld| world.truth().objects.iter().find(|o| o.id.as_str() == "crate").cloned();
    let crate_m = get(&mut world).unwrap().position_m();
    assert!((crate_m - Vec3::new(1.0, 0.0, 0.225)).norm() < 0.002, "{crate_m}");
    drive(&mut world, 0.5, 0.0, 3.0);
    assert!(world.record().of(Violation::BaseContact).count > 0, "the way is blocked");
    world.disturb(&Disturbance::Shift { object: "crate".into(), dx_m: 0.0, dy_m: 1.0 }).unwrap();
    assert!(get(&mut world).unwrap().position_m().y > 0.9);
    world.disturb(&Disturbance::Remove { object: "crate".into() }).unwrap();
    assert!(get(&mut world).is_none());
    let fails = |world: &mut SimWorld, object: &str| {
        world.disturb(&Disturbance::Remove { object: object.into() }).unwrap_err().to_string()
    };
    assert!(fails(&mut world, "pillar").contains("bolted down"));
    assert!(fails(&mut world, "unicorn").contains("no object `unicorn`"));
}

#[test]
fn what_is_held_can_slip_and_drawers_can_be_shut() {
    let mut hand = Hand::new(
        "objects: [{kind: block, id: block, at: {x_m: 0.5, y_m: 0.0}}, {kind: drawer, id: drawer, open: 0.9, at: {x_m: 0.75, y_m: 0.35, yaw_rad: 3.14}}]",
        1,
    );
    let at_m = hand.object("block").position_m();
    hand.move_to(at_m + Vec3::z() * 0.1, down(0.0), 0.3);
    hand.move_to(at_m, down(0.0), 0.1);
    hand.grip(0.0, 30.0);
    hand.move_to(at_m + Vec3::z() * 0.1, down(0.0), 0.1);
    assert!(hand.world.held().is_some());
    hand.world.disturb(&Disturbance::Slip { seconds: 0.3 }).unwrap();
    hand.tick(100);
    assert!(hand.world.held().is_none() && hand.object("block").position_m().z < 0.03);
    hand.world.disturb(&Disturbance::SetOpen { object: "drawer".into(), fraction: 0.0 }).unwrap();
    hand.tick(10);
    assert!(hand.object("drawer").open_fraction.unwrap() < 0.02);
}
