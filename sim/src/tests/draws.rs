//! Drawing: within the ranges, apart from each other, the same for the same seed; what does not fit is said.

use std::collections::HashSet;
use std::path::Path;

use ponder_core::scene::Color;

use crate::draw::Drawn;
use crate::{SceneSpec, SimError};

const CROWD: &str = "
min_gap_m: 0.015
light: {brightness: {min: 0.8, max: 1.2}, azimuth_rad: {min: -3, max: 3}}
cameras: [{name: scene, eye_m: [{min: 1.4, max: 1.6}, {min: -0.1, max: 0.1}, 0.95]}]
objects:
  - {kind: drawer, id: drawer, at: {x_m: 0.7, y_m: 0.3, yaw_rad: 3.1}}
  - {kind: block, color: [red, green, blue, yellow], size_m: [{min: 0.03, max: 0.05}, 0.04, 0.04], at: &any {x_m: {min: 0.3, max: 0.7}, y_m: {min: -0.35, max: 0.35}, yaw_rad: {min: -3.2, max: 3.2}}}
  - {kind: block, color: [red, green, blue, yellow], scale: {min: 0.8, max: 1.2}, at: *any}
  - {kind: block, color: [red, green, blue, yellow], at: *any}
  - {kind: bowl, at: *any}
  - {kind: plate, at: *any}
  - {kind: bin, at: *any}";

fn draw(seed: u64) -> Drawn {
    SceneSpec::parse(CROWD, "test").unwrap().draw(seed).unwrap()
}

/// Corners of a footprint with the room in front of it, and points along its sides.
fn border(thing: &crate::draw::Thing) -> Vec<nalgebra::Point3<f64>> {
    let (x, y) = (thing.size_m.x * 0.5, thing.size_m.y * 0.5);
    let front = x + thing.kind.front_m;
    let along = |a: f64, b: f64, i: i32| a + (b - a) * f64::from(i) / 10.0;
    let points = (0..=10).flat_map(|i| {
        [(along(-x, front, i), -y), (along(-x, front, i), y), (-x, along(-y, y, i)), (front, along(-y, y, i))]
    });
    points.map(|(x, y)| thing.pose * nalgebra::Point3::new(x, y, 0.0)).collect()
}

#[test]
fn things_keep_apart_and_in_their_ranges() {
    let mut seen_colors = HashSet::new();
    for seed in 0..200 {
        let drawn = draw(seed);
        let things: Vec<_> = drawn.things.iter().filter(|t| t.kind.label != "table").collect();
        assert_eq!(things.len(), 7);
        for (i, a) in things.iter().enumerate() {
            for b in &things[..i] {
                for point in border(a) {
                    let local = b.pose.inverse() * point;
                    let outside_x = (-b.size_m.x * 0.5 - local.x).max(local.x - b.size_m.x * 0.5 - b.kind.front_m);
                    let outside_y = local.y.abs() - b.size_m.y * 0.5;
                    let gap_m = outside_x.max(outside_y);
                    assert!(gap_m > 0.01, "seed {seed}: {a:?} and {b:?} are {gap_m} m apart");
                }
            }
        }
        for thing in things.iter().skip(1) {
            let m = thing.pose.translation;
            assert!((0.3..=0.7).contains(&m.x) && (-0.35..=0.35).contains(&m.y), "{thing:?}");
            assert!((m.z - thing.size_m.z * 0.5).abs() < 1e-12, "{thing:?} stands on the table");
        }
        let colors: Vec<Color> = things[1..4].iter().filter_map(|t| t.color).collect();
        assert_eq!(colors.iter().collect::<HashSet<_>>().len(), 3, "blocks differ in colour");
        seen_colors.extend(colors);
        assert!((0.8..=1.2).contains(&drawn.brightness) && (1.4..=1.6).contains(&drawn.cameras[0].eye_m.x));
    }
    assert_eq!(seen_colors.len(), 4, "every colour is drawn some time");
}

#[test]
fn a_seed_is_a_scene() {
    let text = |seed| format!("{:?}", draw(seed));
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn things_start_on_and_in_each_other() {
    let yaml = "objects:
      - {kind: plate, id: plate, at: {x_m: 0.5, y_m: -0.2, yaw_rad: 0.5}}
      - {kind: block, id: low, at: {on: plate}}
      - {kind: block, id: high, at: {on: low, x_m: 0.004}}
      - {kind: drawer, id: drawer, open: 0.8, at: {x_m: 0.7, y_m: 0.2, yaw_rad: 3.14}}
      - {kind: ball, id: ball, at: {in: drawer}}
      - {kind: cup, id: cup, at: {on: drawer_cabinet}}
      - {kind: block, id: spare, spare: true}";
    let scene = SceneSpec::parse(yaml, "test").unwrap();
    let mut world = crate::SimWorld::open(&scene, 1, Path::new(".")).unwrap();
    let truth = world.truth();
    let get = |id: &str| truth.objects.iter().find(|o| o.id.as_str() == id).unwrap();
    let rests = |a: &str, b: &str| (get(a).bottom_m() - get(b).top_m()).abs();
    assert!(rests("high", "low") < 0.002 && rests("cup", "drawer_cabinet") < 0.002);
    assert!(rests("low", "plate") < 0.01, "on the plate's floor, a little under its rim");
    let offset = (get("high").position_m() - get("low").position_m()).xy().norm();
    assert!((offset - 0.004).abs() < 0.002, "offsets count from what it is on");
    let (ball, drawer) = (get("ball"), get("drawer"));
    assert!((ball.position_m() - drawer.position_m()).xy().norm() < 0.03, "in the drawer where that is");
    assert!((drawer.open_fraction.unwrap() - 0.8).abs() < 0.02);
    assert!(truth.objects.iter().all(|o| o.id.as_str() != "spare"), "out of sight");
}

#[test]
fn what_is_wrong_is_said() {
    let fails = |yaml: &str| match SceneSpec::parse(yaml, "kitchen.yaml") {
        Err(error) => error.to_string(),
        Ok(scene) => scene.build(1, Path::new("nowhere")).err().map_or(String::new(), |e| e.to_string()),
    };
    let object = |fields: &str| fails(&format!("objects: [{{{fields}}}]"));
    for (error, wanted) in [
        (fails("objects: 3"), "kitchen.yaml"),
        (fails("wrold: {kind: tabletop}"), "wrold"),
        (object("kind: blok"), "no kind `blok`; there are: block"),
        (object("kind: block, sise: 3"), "sise"),
        (object("kind: block, id: Big One"), "lower-case"),
        (object("kind: block, color: mauve"), "a colour"),
        (object("kind: block, size_m: [0.04, 0.04, -1]"), "size_m"),
        (object("kind: block, at: {x_m: {min: 1, max: 0}}"), "min ≤ max"),
        (object("kind: block, at: {x_m: .nan}"), "x_m"),
        (object("kind: block, at: {on: moon}"), "`moon` must be the `id`"),
        (object("kind: drawer, at: {on: table}"), "bolted down"),
        (fails("objects: [{kind: block, id: a}, {kind: ball, id: a, at: {x_m: 1}}]"), "two objects have this id"),
        (fails("objects: [{kind: block, id: a}, {kind: block, id: b, at: {in: a}}]"), "nothing can lie in it"),
        (fails("robot: arm9"), "no robot `arm9`: built in are arm7, rover"),
        (fails("robot: robots/arm9.yaml"), "cannot read nowhere/robots/arm9.yaml"),
        (fails("world: {kind: mjcf, file: kitchen.xml}"), "kitchen.xml"),
        (fails("cameras: [{name: a, eye_m: [0, 0, 1], target_m: [0, 0, 1]}]"), "camera `a` stands where it looks"),
        (fails("cameras: [{name: a, width_px: 9000}]"), "width_px"),
        (fails("sensors: {frame_drop: 2}"), "frame_drop"),
        (
            object("kind: bin, at: &at {x_m: {min: 0.4, max: 0.5}, y_m: {min: 0, max: 0.1}}}, {kind: bin, at: *at"),
            "found no free place",
        ),
    ] {
        // Scenes that only fail when they start.
        assert!(error.contains(wanted) || wanted.contains("nothing can lie"), "`{error}` should say `{wanted}`");
    }
    let scene = SceneSpec::parse("objects: [{kind: block, id: a}, {kind: block, id: b, at: {in: a}}]", "t").unwrap();
    let error = crate::SimWorld::open(&scene, 1, Path::new(".")).err().unwrap();
    assert!(error.to_string().contains("nothing can lie in it"), "{error}");
    assert!(matches!(error, SimError::Object { .. }));
}
