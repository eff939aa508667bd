//! Scene specs to take lessons of: the suites' own, recoloured, and free ones with things on, in and beside each other.

use ponder_core::scene::Color;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::Split;
use crate::error::SimError;
use crate::rng::{Range, Span};
use crate::scenario::Scenario;
use crate::scene::{At, CameraSpec, Colors, LightSpec, ObjectSpec, SceneSpec, Surroundings};

/// Combinations of kind and colour that only the split `unlike` has.
const UNLIKE: &[(&str, Color)] = &[
    ("block", Color::Orange),
    ("ball", Color::Pink),
    ("cup", Color::Yellow),
    ("bowl", Color::Purple),
    ("plate", Color::Cyan),
    ("bin", Color::Brown),
    ("button", Color::Blue),
];
const FIXTURES: &[&str] =
    &["drawer", "drawer", "drawer", "box", "box", "shelf", "button", "button", "knob", "knob", "pad"];
const DISHES: &[&str] = &["bowl", "plate", "bin", "pad"];
const SMALL: &[&str] = &["block", "block", "ball", "cup"];

/// A scene and what it is like.
pub(super) struct Draft {
    pub(super) from: String,
    pub(super) spec: SceneSpec,
}

pub(super) fn between(min: f64, max: f64) -> Range {
    Range::Between(Span { min, max })
}

/// The spec of a scene.
pub(super) fn draft(split: Split, suites: &[Scenario], rng: &mut ChaCha8Rng) -> Result<Draft, SimError> {
    let like = |scenario: &Scenario| Draft { from: scenario.name.clone(), spec: scenario.scene.clone() };
    let none = || SimError::Scene("there are no built-in scenarios".to_owned());
    if split == Split::Suites {
        return suites.choose(rng).map(like).ok_or_else(none);
    }
    let mut draft = match rng.random_range(0..100) {
        0..35 => {
            let mut draft = suites.choose(rng).map(like).ok_or_else(none)?;
            if rng.random_bool(0.6) {
                draft.spec.objects.iter_mut().for_each(|object| object.color = color(split, &object.kind, rng));
            }
            draft
        }
        35..86 => Draft { from: "free".to_owned(), spec: table(split, rng) },
        _ => Draft { from: "free_room".to_owned(), spec: room(split, rng) },
    };
    let spec = &mut draft.spec;
    spec.light = LightSpec {
        brightness: between(0.7, 1.3),
        azimuth_rad: between(-3.1, 3.1),
        elevation_rad: between(0.7, 1.5),
        fine: false,
    };
    spec.cameras = cameras(&spec.world, rng);
    Ok(draft)
}

/// The usual camera, as it is or a little elsewhere, and one that stands somewhere else.
fn cameras(world: &Surroundings, rng: &mut ChaCha8Rng) -> Vec<CameraSpec> {
    let about = |at: [f64; 3], by: [f64; 3]| [0, 1, 2].map(|i| between(at[i] - by[i], at[i] + by[i]));
    let (eye, target) = match world {
        Surroundings::Room { size_m } => {
            let far_m = size_m[0].max(size_m[1]);
            ([-0.85 * far_m, 0.0, 0.95 * far_m], [-0.04 * far_m, 0.0, 0.0])
        }
        _ => ([1.55, 0.0, 0.95], [0.40, 0.0, 0.13]),
    };
    let far = eye[0].abs();
    let (near, wide) = if rng.random_bool(0.4) { (0.0, 0.25) } else { (0.03, 0.25) };
    let camera = |name: &str, by: f64| CameraSpec {
        name: name.to_owned(),
        eye_m: about(eye, [by * far * 0.6, by * far, by * far * 0.6]),
        target_m: about(target, [by * far * 0.25; 3]),
        fov_deg: between(45.0 - by * 20.0, 45.0 + by * 20.0),
        ..CameraSpec::default()
    };
    vec![camera("scene", near), camera("aside", wide)]
}

/// Colours that a kind may have in a split.
pub(super) fn color(split: Split, kind: &str, rng: &mut ChaCha8Rng) -> Colors {
    let rare: Vec<Color> = UNLIKE.iter().filter(|entry| entry.0 == kind).map(|entry| entry.1).collect();
    let usual: Vec<Color> = Color::ALL.iter().map(|entry| entry.0).filter(|color| !rare.contains(color)).collect();
    let from = if split == Split::Unlike && !rare.is_empty() && rng.random_bool(0.5) { &rare } else { &usual };
    from.choose(rng).map_or(Colors::Usual, |color| Colors::One(*color))
}

/// A thing with a name of its own.
fn thing(split: Split, kind: &str, number: usize, at: At, rng: &mut ChaCha8Rng) -> ObjectSpec {
    let letter = char::from(b'a' + (number % 26) as u8);
    let scale = match kind {
        "block" => between(0.8, 1.25),
        "ball" | "cup" => between(0.85, 1.2),
        _ => between(0.9, 1.1),
    };
    ObjectSpec {
        id: Some(format!("t{letter}")),
        color: color(split, kind, rng),
        scale,
        at,
        ..ObjectSpec::new(kind, 0.0, 0.0)
    }
}

fn table(split: Split, rng: &mut ChaCha8Rng) -> SceneSpec {
    let mut objects: Vec<ObjectSpec> = Vec::new();
    let yaw = |rng: &mut ChaCha8Rng| if rng.random_bool(0.6) { between(-0.8, 0.8) } else { between(-3.1, 3.1) };
    let dish_at = || At { x_m: between(0.36, 0.64), y_m: between(-0.36, 0.36), ..At::default() };
    if rng.random_bool(0.6) {
        for _ in 0..rng.random_range(1..=2) {
            let kind = FIXTURES.choose(rng).copied().unwrap_or("button");
            let at = match kind {
                "drawer" => At {
                    x_m: between(0.58, 0.68),
                    y_m: between(-0.24, 0.24),
                    yaw_rad: between(2.94, 3.34),
                    ..At::default()
                },
                "box" => At {
                    x_m: between(0.46, 0.58),
                    y_m: between(-0.28, 0.28),
                    yaw_rad: between(2.84, 3.44),
                    ..At::default()
                },
                "shelf" => At {
                    x_m: between(0.60, 0.70),
                    y_m: between(-0.25, 0.25),
                    yaw_rad: between(2.94, 3.34),
                    ..At::default()
                },
                _ => At { yaw_rad: between(-0.5, 0.5), ..dish_at() },
            };
            let mut fixture = thing(split, kind, objects.len(), at, rng);
            fixture.open = match rng.random_range(0..10) {
                0..4 => Range::Exactly(0.0),
                4..7 => Range::Exactly(1.0),
                _ => between(0.0, 1.0),
            };
            fixture.on = rng.random_bool(0.5);
            objects.push(fixture);
        }
    }
    for _ in 0..rng.random_range(0..=2) {
        let kind = DISHES.choose(rng).copied().unwrap_or("bowl");
        objects.push(thing(split, kind, objects.len(), dish_at(), rng));
    }
    for _ in 0..rng.random_range(1..=6) {
        let kind = SMALL.choose(rng).copied().unwrap_or("block");
        let yaw_rad = yaw(rng);
        let mut at = At { x_m: between(0.30, 0.70), y_m: between(-0.42, 0.42), yaw_rad, ..At::default() };
        if rng.random_bool(0.35) {
            at = resting(kind, yaw_rad, &objects, rng).unwrap_or(at);
        }
        objects.push(thing(split, kind, objects.len(), at, rng));
    }
    SceneSpec { objects, min_gap_m: rng.random_range(0.008..0.05), repeat_colors: true, ..SceneSpec::default() }
}

/// A place on or in something that carries nothing yet.
fn resting(kind: &str, yaw_rad: Range, objects: &[ObjectSpec], rng: &mut ChaCha8Rng) -> Option<At> {
    let off_m = |by: f64| between(-by, by);
    let free = |object: &&ObjectSpec| {
        let id = object.id.as_deref();
        !objects.iter().any(|o| o.at.on.as_deref() == id || o.at.inside.as_deref() == id)
    };
    let places: Vec<At> = objects
        .iter()
        .filter(free)
        .filter_map(|under| {
            let on = |by| At { on: under.id.clone(), x_m: off_m(by), y_m: off_m(by), yaw_rad, ..At::default() };
            let inside = |by| At { inside: under.id.clone(), x_m: off_m(by), y_m: off_m(by), yaw_rad, ..At::default() };
            match under.kind.as_str() {
                "bowl" => Some(inside(0.015)),
                "bin" => Some(inside(0.045)),
                "plate" => Some(on(0.03)),
                "drawer" if under.open.ends().0 >= 0.99 => {
                    Some(At { x_m: between(0.02, 0.06), y_m: off_m(0.05), ..inside(0.0) })
                }
                "box" if under.open.ends().0 >= 0.99 => Some(inside(0.03)),
                "shelf" if kind != "ball" => Some(on(0.04)),
                "block" if kind != "ball" => Some(on(0.004)),
                _ => None,
            }
        })
        .collect();
    places.choose(rng).cloned()
}

fn room(split: Split, rng: &mut ChaCha8Rng) -> SceneSpec {
    let mut objects: Vec<ObjectSpec> = Vec::new();
    let at = || At { x_m: between(-2.4, 2.4), y_m: between(-2.4, 2.4), ..At::default() };
    if rng.random_bool(0.8) {
        objects.push(ObjectSpec { id: Some("dock".to_owned()), at: at(), ..ObjectSpec::new("dock", 0.0, 0.0) });
    }
    for _ in 0..rng.random_range(2..=6) {
        let kind = ["zone", "zone", "pillar", "crate"].choose(rng).copied().unwrap_or("zone");
        let yaw_rad = if kind == "crate" { between(-0.8, 0.8) } else { Range::Exactly(0.0) };
        let at = At { yaw_rad, ..at() };
        objects.push(ObjectSpec { scale: Range::Exactly(1.0), ..thing(split, kind, objects.len(), at, rng) });
    }
    let robot_at = crate::scene::RobotAt {
        x_m: between(-2.3, 2.3),
        y_m: between(-2.3, 2.3),
        z_m: 0.0,
        yaw_rad: between(-3.1, 3.1),
    };
    let world = Surroundings::Room { size_m: [6.0, 6.0] };
    SceneSpec {
        world,
        robot: "rover".to_owned(),
        robot_at,
        objects,
        min_gap_m: 0.1,
        repeat_colors: true,
        ..SceneSpec::default()
    }
}
