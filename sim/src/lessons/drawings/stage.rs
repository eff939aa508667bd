//! A built scene with a set of things, arranged again and again, seen by the one camera. Nothing moves by itself: things
//! are put where they rest. The arm, at home, is above what the camera sees.

use std::path::Path;
use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::image::CameraFrame;
use ponder_core::lesson::{DrawingLesson, Named};
use ponder_core::scene::Color;
use ponder_core::view::View;
use ponder_core::{Pose, Stamp};
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::asked::{Beside, show};
use super::compose::{Placed, arrange};
use super::words::captions;
use super::{A_SCENE, Plan, Split};
use crate::build::{Built, ObjectPort};
use crate::cameras::frame;
use crate::error::SimError;
use crate::render::{Eyes, STATE};
use crate::rng::{Range, Stream, stream};
use crate::scene::{CameraSpec, Colors, ObjectSpec, SceneSpec};
use crate::start::place;

/// Things of a built scene, by kind.
const SET: &[(&str, usize)] = &[("block", 6), ("ball", 4), ("cup", 4), ("bowl", 3), ("plate", 3), ("bin", 3)];
/// Combinations of kind and colour that only the split `unlike` has.
const UNLIKE: &[(&str, Color)] = &[
    ("block", Color::Pink),
    ("ball", Color::Brown),
    ("cup", Color::Orange),
    ("bowl", Color::Cyan),
    ("plate", Color::Purple),
    ("bin", Color::Red),
];
/// How much finer than written the camera takes its pictures.
const FINER: usize = 2;
/// Wordings of a lesson, and of one in an examination.
const WORDINGS: usize = 6;

/// A lesson with its pixels.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// What is said, and what stands there.
    pub lesson: DrawingLesson,
    /// Pixels [side, side, 4].
    pub pixels: Vec<u8>,
}

/// A built scene, its state and the camera that sees it.
pub(super) struct Stage {
    pub(super) built: Built,
    pub(super) data: MjData<Arc<MjModel>>,
    eyes: Eyes,
    camera: usize,
    side_px: usize,
}

impl Stage {
    fn open(spec: &SceneSpec, seed: u64, side_px: usize) -> Result<Self, SimError> {
        let built = spec.build(seed, Path::new("."))?;
        let data = MjData::try_new(built.model.clone()).map_err(|e| SimError::State(e.to_string()))?;
        let eyes = Eyes::open(built.model.clone(), built.cameras.clone(), built.hidden_groups.clone())?;
        let camera = built.cameras.iter().position(|c| c.name == "scene");
        let camera = camera.ok_or_else(|| SimError::Scene("the camera of the view is not there".to_owned()))?;
        Ok(Self { built, data, eyes, camera, side_px })
    }

    /// What can be put somewhere.
    pub(super) fn things(&self) -> Vec<&ObjectPort> {
        self.built.objects.iter().filter(|o| o.free.is_some()).collect()
    }

    /// The picture with these things where they are placed, and the others away.
    pub(super) fn take(&mut self, placed: &[Placed]) -> Result<CameraFrame, SimError> {
        let Self { built, data, eyes, camera, side_px } = self;
        for (i, port) in built.objects.iter().filter(|o| o.free.is_some()).enumerate() {
            let away = Pose::translation(60.0 + i as f64, 60.0, -5.0);
            let pose = placed.iter().find(|p| p.object == i).map_or(away, |p| p.world_from_object);
            if let Some((qpos, _)) = port.free {
                place(data, qpos, &(pose * port.body_from_object.inverse()));
            }
        }
        data.forward_kinematics();
        let fill = |state: &mut Vec<f64>| {
            state.resize(built.model.state_size(STATE), 0.0);
            data.read_state_into(STATE, state);
        };
        let shot = eyes.shoot(fill, vec![*camera])?.pop();
        let shot = shot.ok_or_else(|| SimError::Render("no picture was taken".to_owned()))?;
        let whole = frame(built, *camera, shot, Stamp(0))?;
        let small = whole.shrunk(*side_px, *side_px);
        small.ok_or_else(|| SimError::Render("a picture can't be shrunk".to_owned()))
    }
}

/// The pictures of one built scene: numbers `scene * A_SCENE` and on, as far as the plan goes.
///
/// # Errors
/// [`SimError`]: no scene can be built, or pictures can't be taken.
pub fn sketches(plan: &Plan, scene: u64) -> Result<Vec<Sketch>, SimError> {
    let mut rng = stream(plan.seed_of(scene), Stream::Lessons);
    let view = View::TABLE;
    let mut spec = spec(plan.split, &view, &mut rng);
    let beside = if plan.asked { Beside::of(scene) } else { Beside::Nothing };
    spec.objects.extend(beside.object(&mut rng));
    let mut stage = Stage::open(&spec, plan.seed_of(scene), view.side_px)?;
    let empty = stage.take(&[])?;
    let numbers = scene * A_SCENE..((scene + 1) * A_SCENE).min(plan.count);
    let sketch = |number: u64| {
        // Each picture has chances of its own, whatever was taken before it.
        let mut rng = stream(super::super::mixed(plan.seed_of(scene), number + 1), Stream::Lessons);
        let (small, things, hand, captions) = if plan.asked {
            let shown = show(&mut stage, &empty, beside, &mut rng)?;
            (shown.frame, shown.things, shown.hand, Vec::new())
        } else {
            let fits = arrange(&stage.things(), &empty, &|_, _, _| true, &mut rng);
            let placed = fits.ok_or_else(|| SimError::Scene("no arrangement fits into the view".to_owned()))?;
            let small = stage.take(&placed)?;
            let named = |p: &Placed| {
                let port = stage.things()[p.object];
                Named::new(port.label, port.color.unwrap_or(Color::Gray), p.rests)
            };
            let things: Vec<Named> = placed.iter().map(named).collect();
            let captions = captions(&things, plan.split, WORDINGS, &mut rng);
            (small, things, None, captions)
        };
        let pixels = view.pixels(&small).ok_or_else(|| SimError::Render("a picture has no depth".to_owned()))?;
        Ok(Sketch { lesson: DrawingLesson { number, captions, things, hand }, pixels })
    };
    numbers.map(sketch).collect()
}

fn spec(split: Split, view: &View, rng: &mut ChaCha8Rng) -> SceneSpec {
    let mut objects = Vec::new();
    for (kind, count) in SET {
        let rare: Vec<Color> = UNLIKE.iter().filter(|entry| entry.0 == *kind).map(|entry| entry.1).collect();
        let mut usual: Vec<Color> = Color::ALL.iter().map(|c| c.0).filter(|c| !rare.contains(c)).collect();
        usual.shuffle(rng);
        // In the split `unlike` a third of what stands there is such.
        let first = rare.choose(rng).filter(|_| split == Split::Unlike);
        for (i, color) in first.into_iter().chain(&usual).take(*count).enumerate() {
            objects.push(ObjectSpec {
                id: Some(format!("{kind}{i}")),
                color: Colors::One(*color),
                spare: true,
                ..ObjectSpec::new(kind, 0.0, 0.0)
            });
        }
    }
    let exactly = |at: [f64; 3]| at.map(Range::Exactly);
    let camera = CameraSpec {
        name: "scene".to_owned(),
        eye_m: exactly(view.eye_m),
        target_m: exactly(view.target_m),
        fov_deg: Range::Exactly(view.fov_deg),
        width_px: view.side_px * FINER,
        height_px: view.side_px * FINER,
        ..CameraSpec::default()
    };
    SceneSpec { objects, cameras: vec![camera], repeat_colors: true, ..SceneSpec::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_is_the_cameras_and_splits_keep_their_colours() {
        let plan = Plan { split: Split::Train, seed: 3, count: 3, asked: false };
        let taken = sketches(&plan, 0).unwrap();
        assert_eq!(taken.len(), 3);
        let view = View::TABLE;
        for sketch in &taken {
            assert_eq!(sketch.pixels.len(), view.side_px * view.side_px * 4);
            assert!(!sketch.lesson.captions.is_empty() && !sketch.lesson.things.is_empty());
            let high = sketch.pixels.chunks(4).filter(|p| p[3] > 4).count();
            assert!(high > 60, "something stands there: {high}");
            let table = sketch.pixels.chunks(4).filter(|p| p[3] <= 1).count();
            assert!(table > view.side_px * view.side_px / 4, "heights are over the table: {table}");
        }
        assert_eq!(sketches(&plan, 0).unwrap()[1].pixels, taken[1].pixels, "the same seed, the same picture");
        let mut rng = stream(1, Stream::Lessons);
        let colors = |split: Split, rng: &mut ChaCha8Rng| -> Vec<bool> {
            let spec = spec(split, &view, rng);
            let rare = |o: &ObjectSpec| UNLIKE.iter().any(|(k, c)| o.kind == *k && o.color == Colors::One(*c));
            spec.objects.iter().map(rare).collect()
        };
        assert!((0..20).all(|_| colors(Split::Train, &mut rng).iter().all(|rare| !rare)));
        assert!(colors(Split::Unlike, &mut rng).iter().filter(|rare| **rare).count() == UNLIKE.len());
    }
}
