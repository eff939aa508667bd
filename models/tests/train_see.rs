//! Janus-nano's eye: what it should say of an object is that object again, files that are not what they were are refused,
//! and a small eye learns to find the one thing in a picture.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use candle_core::{Device, Tensor};
use ponder_core::image::{CameraFrame, CameraName, Intrinsics};
use ponder_core::lesson::{DEPTH_FILE, DEPTH_STEPS_PER_M, LESSONS_FILE, Lesson, RGB_FILE, SHELF_FILE, Shelf, Sighting};
use ponder_core::observation::Observation;
use ponder_core::scene::{Affordances, Color, Label, ObjectId, SceneObject};
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use ponder_models::net::nano_eye::{Config, NanoEye, Spot};
use ponder_models::perceive::nano::code::{COLOR, DEPTH, KIND, OUTPUTS, both, decode, encode};
use ponder_models::perceive::nano::kinds::KINDS;
use ponder_models::perceive::nano::{About, CONFIG_FILE, Eye, EyeError, NAME, WEIGHTS_FILE};
use ponder_models::train::see::course::start;
use ponder_models::train::see::{Batch, Lessons, losses};
use ponder_models::train::{Params, Recipe, Trainer};

const SIDE: usize = 32;

fn object(label: &str, at_m: [f64; 3], turn_rad: f64) -> SceneObject {
    SceneObject {
        id: ObjectId::from("thing").unwrap(),
        label: Label::from(label).unwrap(),
        color: Some(Color::Red),
        world_from_object: Pose::from_parts(Vec3::from(at_m).into(), Rotation::from_euler_angles(0.0, 0.0, turn_rad)),
        size_m: Vec3::new(0.05, 0.05, 0.04),
        score: 1.0,
        seen: Stamp(0),
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: Affordances::default(),
    }
}

/// A frame of a camera before a table, looking back and down at it.
fn frame(rgb: Vec<u8>, depth_m: Vec<f32>) -> CameraFrame {
    let (eye, target) = (Vec3::new(1.55, 0.1, 0.95), Vec3::new(0.45, 0.0, 0.0));
    let forward = (target - eye).normalize();
    let right = forward.cross(&Vec3::z()).normalize();
    let turn = Rotation::from_basis_unchecked(&[right, forward.cross(&right), forward]);
    CameraFrame {
        name: CameraName::from("scene").unwrap(),
        stamp: Stamp(0),
        width_px: SIDE,
        height_px: SIDE,
        rgb: rgb.into(),
        depth_m: Some(depth_m.into()),
        intrinsics: Intrinsics { fx_px: 40.0, fy_px: 40.0, cx_px: 15.5, cy_px: 15.5 },
        world_from_camera: Pose::from_parts(eye.into(), turn),
    }
}

fn empty() -> CameraFrame {
    frame(vec![128; SIDE * SIDE * 3], vec![1.4; SIDE * SIDE])
}

#[test]
fn what_is_said_of_an_object_is_that_object_again() {
    let frame = empty();
    for (label, turn_rad) in [("block", 0.3), ("cup", -2.0), ("drawer", 3.0), ("bowl", 0.0)] {
        let mut thing = object(label, [0.5, 0.05, 0.03], turn_rad);
        if label == "drawer" {
            (thing.open_fraction, thing.handle_m) = (Some(0.7), Some(thing.position_m()));
        }
        let said = encode(&thing, &frame, SIDE / 4).unwrap();
        let mut outputs = vec![0f32; OUTPUTS];
        outputs[..KIND].copy_from_slice(&said.numbers);
        outputs[KIND + said.kind] = 5.0;
        outputs[COLOR + said.color] = 5.0;
        let again = decode(&outputs, (said.row, said.column, KINDS[said.kind].slot), 0.9, &frame).unwrap();
        assert_eq!((again.label, again.color), (thing.label, thing.color));
        assert!((again.position_m() - thing.position_m()).norm() < 1e-4, "{label} {again:?}");
        assert!((again.size_m - thing.size_m).norm() < 1e-5);
        let off = again.world_from_object.rotation.angle_to(&thing.world_from_object.rotation);
        assert!(label == "bowl" || off < 1e-4, "{label} turned by {off}");
        assert_eq!(again.open_fraction.is_some(), label == "drawer");
    }
    assert!(said_outside(&frame), "a thing beside the picture is not said");
}

/// Height tells how far along a steep ray a thing is, depth along a flat one.
#[test]
fn the_flatter_a_ray_the_less_height_tells() {
    let off_m = |at_m: [f64; 3]| {
        let (frame, thing) = (empty(), object("block", at_m, 0.0));
        let said = encode(&thing, &frame, SIDE / 4).unwrap();
        let mut outputs = vec![0f32; OUTPUTS];
        outputs[..KIND].copy_from_slice(&said.numbers);
        outputs[DEPTH] += 0.02;
        let again = decode(&outputs, (said.row, said.column, KINDS[said.kind].slot), 0.9, &frame).unwrap();
        let depth_m = frame.world_from_camera.inverse_transform_point(&thing.position_m().into()).z;
        (again.position_m() - thing.position_m()).norm() / depth_m
    };
    let (steep, flat) = (off_m([0.5, 0.0, 0.03]), off_m([-0.3, 0.0, 0.27]));
    assert!(steep < 0.005 && flat > 2.0 * steep, "{steep} {flat}");
}

fn said_outside(frame: &CameraFrame) -> bool {
    encode(&object("block", [0.5, 3.0, 0.02], 0.0), frame, SIDE / 4).is_none()
}

#[test]
fn changed_weights_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { side_px: SIDE, ..Config::tiny(OUTPUTS) };
    let params = Params::new(1, &Device::Cpu);
    NanoEye::new(&config, params.weights()).unwrap();
    let path = folder.path().join(WEIGHTS_FILE);
    params.save(&path).unwrap();
    let about = About {
        model: NAME.to_owned(),
        eye: config,
        kinds: KINDS.iter().map(|kind| kind.label.to_owned()).collect(),
        threshold: [0.4; 3],
        sha256: ponder_models::perceive::nano::hash(&std::fs::read(&path).unwrap()),
    };
    std::fs::write(folder.path().join(CONFIG_FILE), serde_json::to_vec(&about).unwrap()).unwrap();
    let eye = Eye::open(folder.path()).unwrap();
    assert!(eye.see(&empty()).unwrap().len() < 64);
    assert!(matches!(eye.see(&CameraFrame { depth_m: None, ..empty() }), Err(EyeError::Picture(_))));
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Eye::open(folder.path()), Err(EyeError::Hash { .. })));
}

#[test]
fn a_deeper_eye_sees_at_first_what_the_one_it_came_from_saw() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.safetensors");
    let old = Config { side_px: SIDE, inner: 0, ..Config::tiny(OUTPUTS) };
    let new = Config { layers: 3, inner: 2, ..old.clone() };
    let params = Params::new(1, &Device::Cpu);
    let eye = NanoEye::new(&old, params.weights()).unwrap();
    params.save(&path).unwrap();
    let grown = start(2, Some(&path)).unwrap();
    let deeper = NanoEye::new(&new, grown.weights()).unwrap();
    assert!(grown.count() > params.count());
    let numbers = |count: usize| (0..count).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<f32>>();
    let picture = Tensor::from_vec(numbers(SIDE * SIDE * 6), (1, SIDE, SIDE, 6), &Device::Cpu).unwrap();
    let close = Tensor::from_vec(numbers(8 * 8 * 6), (1, 8, 8, 6), &Device::Cpu).unwrap();
    let spot = Spot { picture: 0, row: 3, column: 4, slot: 1 };
    let says = |eye: &NanoEye| {
        let seen = eye.forward(&picture).unwrap();
        let said = eye.look(&seen, &[spot], &close).unwrap();
        Tensor::cat(&[seen.centers.flatten_all().unwrap(), said.flatten_all().unwrap()], 0).unwrap()
    };
    let off = (says(&eye) - says(&deeper)).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
    assert!(off < 1e-5, "{off}");
}

#[test]
fn what_is_said_of_a_thing_and_of_its_picture_in_a_mirror_is_one() {
    let said = encode(&object("cup", [0.5, 0.1, 0.02], 0.4), &empty(), SIDE / 4).unwrap();
    let mirrored = said.clone().mirrored(SIDE / 4);
    assert!(said.numbers != mirrored.numbers && said.column + mirrored.column == SIDE / 4 - 1);
    assert_eq!(both(&said.numbers, &mirrored.numbers), said.numbers);
}

/// Lessons with one bright block each, somewhere.
fn lessons(folder: &std::path::Path) -> Lessons {
    let (mut rgb, mut depth, mut lines) = (Vec::new(), Vec::new(), String::new());
    let empty = empty();
    for i in 0..16_u32 {
        let at_m = [0.3 + 0.1 * f64::from(i % 4), -0.2 + 0.13 * f64::from(i / 4), 0.02];
        let thing = object("block", at_m, 0.0);
        let camera_m = empty.world_from_camera.inverse_transform_point(&thing.position_m().into()).coords;
        let (x, y) = empty.intrinsics.project(&camera_m).unwrap();
        for pixel in 0..SIDE * SIDE {
            let (column, row) = ((pixel % SIDE) as f64, (pixel / SIDE) as f64);
            let hit = (column - x).abs() <= 1.5 && (row - y).abs() <= 1.5;
            rgb.extend(if hit { [205, 35, 35] } else { [128; 3] });
            let near = ((camera_m.z - 0.025) * f64::from(DEPTH_STEPS_PER_M)) as u16;
            depth.extend(if hit { near } else { 5600 }.to_le_bytes());
        }
        let sighting = Sighting { object: thing, visible_px: 9.0, whole_px: 9.0, body_px: None };
        let lesson = Lesson {
            scene: u64::from(i),
            from: "test".to_owned(),
            camera: empty.name,
            intrinsics: empty.intrinsics,
            world_from_camera: empty.world_from_camera,
            observation: Observation::default(),
            holding: None,
            objects: vec![sighting],
        };
        lines += &(serde_json::to_string(&lesson).unwrap() + "\n");
    }
    let shelf = Shelf { split: "train".to_owned(), seed: 1, width_px: SIDE, height_px: SIDE };
    std::fs::write(folder.join(SHELF_FILE), serde_json::to_vec(&shelf).unwrap()).unwrap();
    std::fs::write(folder.join(RGB_FILE), rgb).unwrap();
    std::fs::write(folder.join(DEPTH_FILE), depth).unwrap();
    std::fs::write(folder.join(LESSONS_FILE), lines).unwrap();
    Lessons::open(folder).unwrap()
}

#[test]
fn a_small_eye_learns_to_find_the_one_thing() {
    let folder = tempfile::tempdir().unwrap();
    let lessons = lessons(folder.path());
    let config = Config { side_px: SIDE, ..Config::tiny(OUTPUTS) };
    let params = Params::new(3, &Device::Cpu);
    let eye = NanoEye::new(&config, params.weights()).unwrap();
    let recipe = Recipe { steps: 250, warmup: 10, peak_lr: 5e-3, clip: Some(5.0), ..Recipe::default() };
    let mut trainer = Trainer::new(&params, recipe).unwrap();
    let mut told = Vec::new();
    while !trainer.is_done() {
        let step = trainer.steps_done();
        let numbers: Vec<usize> = (0..4).map(|i| (step as usize * 4 + i) % lessons.len()).collect();
        let report = trainer.step(std::iter::once_with(|| {
            let batch = Batch::new(&lessons, &numbers, &config, step)?;
            Ok(losses(&eye, &batch)?.all)
        }));
        told.push(report.unwrap().loss);
    }
    assert!(told[told.len() - 1] < 0.3 * told[0], "{} after {}", told[told.len() - 1], told[0]);
    let eye = Eye::new(&config, [0.3; 3], params.snapshot().unwrap()).unwrap();
    let said = eye.see(&lessons.frame(5).unwrap()).unwrap();
    let truth = &lessons.all()[5].objects[0].object;
    let near = said.iter().filter(|o| (o.position_m() - truth.position_m()).norm() < 0.06);
    assert!(near.into_iter().any(|o| o.label == truth.label && o.color == truth.color), "{said:?}");
}
