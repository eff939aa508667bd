//! The perceiver of words and depth, held to scenes whose truth is known: boxes on a table, as a depth camera sees them,
//! found by a double that says what a good model would, or what a bad one does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::sync::Arc;

use ponder_core::geometry::{Aabb, yaw_rad};
use ponder_core::image::{CameraFrame, CameraName, Intrinsics};
use ponder_core::kinematics::{Chain, Joint};
use ponder_core::observation::Observation;
use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::{Arm, Gripper, JointLimits, RobotSpec, Timing};
use ponder_core::scene::{Affordance, Color, Scene};
use ponder_core::thinker::Cancel;
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use ponder_models::perceive::grounding::Place;
use ponder_models::perceive::locate::locate;
use ponder_models::perceive::{Describer, WordPerceiver};
use ponder_models::picture::Picture;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;

/// A box on the table (whose top is z = 0), or in the air.
#[derive(Clone, Copy)]
struct Thing {
    name: &'static str,
    at_m: [f64; 3],
    turn_rad: f64,
    size_m: [f64; 3],
}

impl Thing {
    fn pose(&self) -> Pose {
        Pose::from_parts(Vec3::from(self.at_m).into(), Rotation::from_euler_angles(0.0, 0.0, self.turn_rad))
    }
}

const BLOCK: Thing = Thing { name: "red block", at_m: [0.5, 0.12, 0.025], turn_rad: 0.4, size_m: [0.05, 0.05, 0.05] };
const BOX: Thing = Thing { name: "box", at_m: [0.62, -0.15, 0.04], turn_rad: 0.0, size_m: [0.16, 0.1, 0.08] };
const MAT: Thing = Thing { name: "blue mat", at_m: [0.42, -0.02, 0.001], turn_rad: 0.0, size_m: [0.12, 0.1, 0.002] };

/// How far along a ray the box begins, if it does.
fn hit(thing: &Thing, from_m: &Vec3, along: &Vec3) -> Option<f64> {
    let pose = thing.pose();
    let start = pose.inverse_transform_point(&(*from_m).into()).coords;
    let way = pose.inverse_transform_vector(along);
    let (mut near, mut far) = (0.0_f64, f64::INFINITY);
    for axis in 0..3 {
        let half = thing.size_m[axis] * 0.5;
        let (a, b) = ((-half - start[axis]) / way[axis], (half - start[axis]) / way[axis]);
        (near, far) = (near.max(a.min(b)), far.min(a.max(b)));
    }
    (near < far && near > 0.0).then_some(near)
}

/// What a depth camera before the table sees, with noise of up to two millimetres and one pixel in fifty blind.
fn frame(things: &[Thing], eye_m: [f64; 3]) -> CameraFrame {
    let (eye, target) = (Vec3::from(eye_m), Vec3::new(0.5, 0.0, 0.0));
    let forward = (target - eye).normalize();
    let right = forward.cross(&Vec3::z()).normalize();
    let turn = Rotation::from_basis_unchecked(&[right, forward.cross(&right), forward]);
    let intrinsics = Intrinsics { fx_px: 280.0, fy_px: 280.0, cx_px: 160.0, cy_px: 120.0 };
    let mut chance = 1_u64;
    let depth_m = (0..WIDTH * HEIGHT).map(|i| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (chance >> 40) as f64 / (1_u64 << 24) as f64;
        let seen = intrinsics.deproject((i % WIDTH) as f64 + 0.5, (i / WIDTH) as f64 + 0.5, 1.0);
        let along = turn * seen;
        let table = -eye.z / along.z;
        let depth = things.iter().filter_map(|thing| hit(thing, &eye, &along)).fold(table, f64::min);
        let blind = depth < 0.0 || noise < 0.02;
        if blind { f32::NAN } else { (depth + (noise - 0.5) * 0.004) as f32 }
    });
    CameraFrame {
        name: CameraName::from("scene").unwrap(),
        stamp: Stamp(7),
        width_px: WIDTH,
        height_px: HEIGHT,
        depth_m: Some(depth_m.collect()),
        rgb: vec![0; WIDTH * HEIGHT * 3].into(),
        intrinsics,
        world_from_camera: Pose::from_parts(eye.into(), turn),
    }
}

const EYE_M: [f64; 3] = [-0.1, 0.0, 0.75];

fn place_of(thing: &Thing, frame: &CameraFrame) -> Place {
    let bounds = frame.bounds_of(&thing.pose(), &Vec3::from(thing.size_m)).unwrap();
    let x = |px: f64| px / WIDTH as f64 * 1000.0;
    let y = |px: f64| px / HEIGHT as f64 * 1000.0;
    Place::Box {
        left: x(bounds.left_px),
        top: y(bounds.top_px),
        right: x(bounds.right_px),
        bottom: y(bounds.bottom_px),
    }
}

#[test]
fn boxes_on_a_table_are_measured() {
    let things = [BLOCK, BOX, MAT];
    for eye_m in [EYE_M, [0.5, 0.0001, 1.0], [0.9, 0.7, 0.5]] {
        let frame = frame(&things, eye_m);
        for thing in &things {
            let Place::Box { left, top, right, bottom } = place_of(thing, &frame) else { unreachable!() };
            // A model's box is a little off.
            for off in [-8.0, 0.0, 8.0] {
                let place = Place::Box {
                    left: left - off,
                    top: (top - off).max(0.0),
                    right: right + off,
                    bottom: (bottom + off).min(1000.0),
                };
                let found = locate(&frame, place).unwrap();
                let apart = found.world_from_object.translation.vector - Vec3::from(thing.at_m);
                let why = format!("{} from {eye_m:?}, {off}: {apart:?}, {:?}", thing.name, found.size_m);
                assert!(apart.norm() < 0.014, "{why}");
                // A mat is known by its colour alone: by depth it reaches as far as its box.
                if thing.name != MAT.name {
                    let mut size: Vec<f64> = vec![found.size_m.x, found.size_m.y];
                    let mut want = thing.size_m[..2].to_vec();
                    size.sort_by(f64::total_cmp);
                    want.sort_by(f64::total_cmp);
                    assert!(size.iter().zip(&want).all(|(a, b)| (a - b).abs() < 0.02), "{why}");
                    assert!((found.size_m.z - thing.size_m[2]).abs() < 0.008, "{why}");
                }
                assert!((0.9..=1.0).contains(&found.measured));
            }
        }
    }
    let frame = frame(&things, [0.5, 0.0001, 1.0]);
    let turn = yaw_rad(&locate(&frame, place_of(&BLOCK, &frame)).unwrap().world_from_object);
    assert!((turn - BLOCK.turn_rad).abs() < 0.12, "seen from above, it is turned by {turn}");
}

#[test]
fn what_has_no_depth_is_nowhere() {
    let mut blind = frame(&[BLOCK], EYE_M);
    let place = place_of(&BLOCK, &blind);
    blind.depth_m = Some(vec![f32::NAN; WIDTH * HEIGHT].into());
    assert_eq!(locate(&blind, place), None);
    blind.depth_m = Some(vec![1.0; 7].into());
    assert_eq!(locate(&blind, place), None);
    blind.depth_m = None;
    assert_eq!(locate(&blind, place), None);
    let seen = frame(&[BLOCK], EYE_M);
    assert_eq!(locate(&seen, Place::Box { left: 0.0, top: 0.0, right: 0.4, bottom: 0.4 }), None, "a pixel is no thing");
}

/// Says what it is told to.
struct Double(Arc<dyn Fn() -> Result<Option<String>, String> + Send + Sync>);

impl Describer for Double {
    fn name(&self) -> &str {
        "double"
    }

    fn describe(&mut self, _: &Picture, question: &str, _: &Cancel) -> Result<Option<String>, String> {
        assert!(question.contains("JSON"));
        (self.0)()
    }
}

fn says(text: &str) -> WordPerceiver<Double> {
    let text = text.to_owned();
    WordPerceiver::new(Double(Arc::new(move || Ok(Some(text.clone())))))
}

/// What a good model says of things.
fn list(things: &[Thing], frame: &CameraFrame) -> String {
    let entry = |thing: &Thing| {
        let Place::Box { left, top, right, bottom } = place_of(thing, frame) else { unreachable!() };
        serde_json::json!({"label": thing.name, "box": [left.round(), top.round(), right.round(), bottom.round()]})
    };
    serde_json::Value::from_iter(things.iter().map(entry)).to_string()
}

/// An arm of one joint, its tool at a point.
fn robot(tool_m: Vec3) -> RobotSpec {
    let joint = Joint { parent_from_joint: Pose::identity(), axis: Vec3::z_axis() };
    let area = Aabb { min_m: Vec3::repeat(-2.0), max_m: Vec3::repeat(2.0) };
    let limits = JointLimits {
        min_rad: -3.0,
        max_rad: 3.0,
        vel_rad_s: 1.0,
        acc_rad_s2: 1.0,
        jerk_rad_s3: 1.0,
        stop_acc_rad_s2: 50.0,
        stop_jerk_rad_s3: 10_000.0,
        emergency_acc_rad_s2: None,
    };
    let arm = Arm {
        joint_names: vec!["turn".to_owned()],
        limits: vec![limits],
        chain: Chain::new(vec![joint], Pose::from_parts(tool_m.into(), Rotation::identity())).unwrap(),
        link_radius_m: 0.05,
        home_rad: [0.0].into_iter().collect(),
        workspace: area,
        keep_out: Vec::new(),
        tool_speed_m_s: 1.0,
        gripper: Gripper { max_width_m: 0.08, max_force_n: 10.0, speed_m_s: 0.1, finger_depth_m: 0.04 },
    };
    let timing = Timing { period_s: 0.01, max_observation_age_s: 1.0, max_scene_age_s: 1.0, max_think_s: 1.0 };
    RobotSpec { name: "test".to_owned(), arm: Some(arm), base: None, cameras: Vec::new(), timing }
}

fn look(frame: CameraFrame, width_m: f64, before: Option<&Scene>) -> Look {
    let mut observation = Observation { seq: 5, gripper_width_m: Some(width_m), ..Observation::default() };
    observation.joint_pos_rad.push(0.0);
    observation.cameras.push(frame);
    Look { observation, before: before.cloned().map(Arc::new) }
}

fn perceive(things: &[Thing], said: &[Thing], before: Option<&Scene>) -> Scene {
    let frame = frame(things, EYE_M);
    let mut eyes = says(&list(said, &frame));
    eyes.perceive(&look(frame, 0.08, before), &robot(Vec3::zeros()), &Cancel::default()).unwrap()
}

#[test]
fn a_scene_is_made_of_words_and_depth() {
    let scene = perceive(&[BLOCK, BOX], &[BLOCK, BOX], None);
    assert_eq!((scene.stamp, scene.observation_seq, scene.holding), (Stamp(7), 5, None));
    let block = scene.get("red_block").unwrap();
    assert_eq!((block.label.as_str(), block.color, block.seen), ("block", Some(Color::Red), Stamp(7)));
    assert!(block.can(Affordance::Graspable) && !block.can(Affordance::Container));
    assert!(scene.get("box").unwrap().can(Affordance::Container));
    assert!(perceive(&[BLOCK], &[], None).objects.is_empty(), "nothing is there if nothing is said to be");
    // What nobody knows affords nothing.
    let odd = Thing { name: "wug", ..BLOCK };
    assert_eq!(perceive(&[odd], &[odd], None).objects[0].affordances, ponder_core::scene::Affordances::default());
}

#[test]
fn names_stay_and_what_is_out_of_view_is_remembered() {
    let other = Thing { at_m: [0.5, -0.1, 0.025], ..BLOCK };
    let first = perceive(&[BLOCK, other], &[BLOCK, other], None);
    let at = |scene: &Scene, id: &str| scene.get(id).unwrap().position_m();
    assert!((at(&first, "red_block").y - 0.12).abs() < 0.01 && (at(&first, "red_block_2").y + 0.1).abs() < 0.01);
    // Told of the other way round, and moved a little.
    let moved = Thing { at_m: [0.55, 0.1, 0.025], ..BLOCK };
    let second = perceive(&[moved, other], &[other, moved], Some(&first));
    assert_eq!(second.objects.len(), 2);
    assert!((at(&second, "red_block").y - 0.1).abs() < 0.01 && (at(&second, "red_block_2").y + 0.1).abs() < 0.01);
    // One taken away from under the camera's eyes is gone; one behind the camera is remembered.
    let mut before = second.clone();
    before.objects[0].world_from_object = Pose::translation(-3.0, 0.0, 0.0);
    before.objects[0].id = "far_block".try_into().unwrap();
    let third = perceive(&[], &[], Some(&before));
    let ids: Vec<&str> = third.objects.iter().map(|object| object.id.as_str()).collect();
    assert_eq!(ids, ["far_block"]);
    assert_eq!(third.objects[0].seen, second.stamp);
}

#[test]
fn what_the_hand_holds_lies_between_closed_fingers() {
    let held = |tool_m: [f64; 3], width_m: f64| {
        let frame = frame(&[BLOCK], EYE_M);
        let mut eyes = says(&list(&[BLOCK], &frame));
        let scene = eyes.perceive(&look(frame, width_m, None), &robot(Vec3::from(tool_m)), &Cancel::default()).unwrap();
        scene.holding.map(|id| id.to_string())
    };
    assert_eq!(held(BLOCK.at_m, 0.05).as_deref(), Some("red_block"));
    assert_eq!(held(BLOCK.at_m, 0.001), None, "shut on nothing");
    assert_eq!(held(BLOCK.at_m, 0.1), None, "open around it");
    assert_eq!(held([0.5, -0.12, 0.025], 0.05), None, "elsewhere");
}

#[test]
fn what_is_wrong_is_an_error_and_never_a_scene() {
    let good = frame(&[BLOCK], EYE_M);
    let words = list(&[BLOCK], &good);
    let robot = robot(Vec3::zeros());
    let with = |eyes: &mut WordPerceiver<Double>, look: &Look| eyes.perceive(look, &robot, &Cancel::default());
    let mut blind = look(good.clone(), 0.08, None);
    blind.observation.cameras.clear();
    assert_eq!(with(&mut says(&words), &blind), Err(PerceiveError::Missing("camera picture")));
    let flat = CameraFrame { depth_m: None, ..good.clone() };
    assert_eq!(with(&mut says(&words), &look(flat, 0.08, None)), Err(PerceiveError::Missing("depth picture")));
    for bad in [
        CameraFrame { rgb: vec![0; 5].into(), ..good.clone() },
        CameraFrame { depth_m: Some(vec![1.0; 5].into()), ..good.clone() },
        CameraFrame { width_px: 0, rgb: vec![].into(), ..good.clone() },
    ] {
        let found = with(&mut says(&words), &look(bad, 0.08, None));
        assert!(matches!(found, Err(PerceiveError::BadImage { .. })), "{found:?}");
    }
    for nonsense in
        ["", "I see a red block.", "[{\"label\": \"block\"}]", "[{\"label\": \"b\", \"box\": [9, 9, 1, 1]}]"]
    {
        let found = with(&mut says(nonsense), &look(good.clone(), 0.08, None));
        assert!(matches!(&found, Err(PerceiveError::Failed(why)) if why.contains("the model")), "{found:?}");
    }
    let mut broken = WordPerceiver::new(Double(Arc::new(|| Err("no memory".to_owned()))));
    assert_eq!(with(&mut broken, &look(good.clone(), 0.08, None)), Err(PerceiveError::Failed("no memory".to_owned())));
    let mut stopped = WordPerceiver::new(Double(Arc::new(|| Ok(None))));
    assert_eq!(with(&mut stopped, &look(good, 0.08, None)), Err(PerceiveError::Cancelled));
}
