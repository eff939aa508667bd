//! Janus-nano's drawing: a code of pictures with heights is learned, what follows which words is learned, either goes on to
//! the bit after a stop, and what comes of it is a folder that draws and says that it does not see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use ponder_core::imaginer::Imaginer;
use ponder_core::lesson::{DrawingLesson, DrawingShelf, Hand, LESSONS_FILE, Named, PIXELS_FILE, Rests, SHELF_FILE};
use ponder_core::scene::{Color, Label};
use ponder_core::thinker::Cancel;
use ponder_core::view::{CHANNELS, View};
use ponder_models::engine::{ChatOptions, Janus, LoadError, Options};
use ponder_models::imagine::JanusImaginer;
use ponder_models::net::vq::{Config, Vq};
use ponder_models::perceive::Sight;
use ponder_models::picture::Picture;
use ponder_models::train::Params;
use ponder_models::train::imagine::asked::Asked;
use ponder_models::train::imagine::code::{self, WEIGHTS_FILE};
use ponder_models::train::imagine::exam::Marks;
use ponder_models::train::imagine::written::Written;
use ponder_models::train::imagine::{Drawings, Progress, answer, draw, shape};

const SIDE: usize = 32;
const COLORS: [(Color, &str); 3] = [(Color::Red, "red"), (Color::Green, "green"), (Color::Blue, "blue")];

fn view() -> View {
    View { side_px: SIDE, wide_px: 48, ..View::TABLE }
}

/// Lessons with one square each, of a colour, somewhere.
fn lessons(folder: &Path, count: usize) -> Drawings {
    let shelf = DrawingShelf { split: "train".to_owned(), seed: 1, view: view() };
    std::fs::write(folder.join(SHELF_FILE), serde_json::to_string(&shelf).unwrap()).unwrap();
    let (mut lines, mut pixels) = (String::new(), Vec::new());
    for number in 0..count {
        let (color, word) = COLORS[number % 3];
        let (left, top) = (number * 5 % (SIDE - 12), number * 7 % (SIDE - 12));
        let [r, g, b] = color.rgb();
        for i in 0..SIDE * SIDE {
            let inside = (left..left + 12).contains(&(i % SIDE)) && (top..top + 12).contains(&(i / SIDE));
            pixels.extend(if inside { [r, g, b, 60] } else { [220, 200, 170, 0] });
        }
        let things = vec![Named::new(Label::from("block").unwrap(), color, None)];
        let captions = vec![format!("a {word} block"), format!("there is a {word} block on a table")];
        let lesson = DrawingLesson { number: number as u64, captions, things, hand: None };
        lines += &(serde_json::to_string(&lesson).unwrap() + "\n");
    }
    std::fs::write(folder.join(LESSONS_FILE), lines).unwrap();
    std::fs::write(folder.join(PIXELS_FILE), pixels).unwrap();
    Drawings::open(folder).unwrap()
}

fn tiny() -> Config {
    Config { multipliers: vec![1, 1], latent_channels: 32, num_codes: 32, patch: 4, ..Config::nano() }
}

fn code_course(steps: u64) -> code::Course {
    code::Course { shape: tiny(), steps, batch: 4, peak_lr: 3e-3, seed: 2, from: None }
}

fn mark(p: &Progress, name: &str) -> f64 {
    p.marks.iter().find(|mark| mark.0 == name).unwrap().1
}

#[test]
fn pictures_with_heights_become_codes_and_pictures() {
    for (shape, side) in
        [(Config::nano(), 32), (tiny(), 16), (Config { in_channels: 4, out_channels: 4, ..Config::tiny() }, 32)]
    {
        let params = Params::new(1, &Device::Cpu);
        let made = Vq::new(&shape, params.weights()).unwrap();
        let pictures = Tensor::rand(-1f32, 1.0, (2, CHANNELS, side, side), &Device::Cpu).unwrap();
        let codes = made.encode(&pictures).unwrap();
        assert_eq!(codes.dims(), [2, (side / shape.stride()).pow(2)]);
        let again = made.decode(&codes).unwrap();
        assert_eq!((again.dims(), again.dtype()), (pictures.dims(), DType::F32));
        assert!(made.encode(&pictures.narrow(1, 0, 3).unwrap()).is_err(), "other channels");
        // What answers is what learned.
        let answers = Vq::new(&shape, params.snapshot().unwrap()).unwrap();
        let off = (answers.find(&pictures).unwrap() - made.find(&pictures).unwrap()).unwrap().abs().unwrap();
        assert!(off.max_all().unwrap().to_scalar::<f32>().unwrap() < 1e-3);
    }
    assert!(Vq::new(&Config { out_channels: 3, ..tiny() }, Params::new(1, &Device::Cpu).weights()).is_err());
}

#[test]
fn a_code_is_learned_and_goes_on_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let lessons = lessons(folder.path(), 12);
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let (mut first, mut last) = (None, 0.0);
    let course = code_course(60);
    let done = course.run(&lessons, &whole, &mut |p| {
        first.get_or_insert(mark(p, "pixels"));
        last = mark(p, "pixels");
        assert!(p.step < 40 || mark(p, "in use") > 0.1);
        true
    });
    assert!(done.unwrap());
    assert!(last < first.unwrap() * 0.6, "{first:?} {last}");
    // A course that begins with what another learned begins well, with its book.
    let next = code::Course { from: Some(whole.join(WEIGHTS_FILE)), steps: 2, ..code_course(2) };
    let mut begun = None;
    next.run(&lessons, &folder.path().join("next"), &mut |p| *begun.get_or_insert(mark(p, "pixels")) > 0.0).unwrap();
    assert!(begun.unwrap() < first.unwrap() * 0.7, "{begun:?} {first:?}");
    for stop in [3, 25, 60] {
        course.run(&lessons, &parts, &mut |p| p.step < stop).unwrap();
    }
    let read = |folder: &Path| candle_core::safetensors::load(folder.join(WEIGHTS_FILE), &Device::Cpu).unwrap();
    let (one, other) = (read(&whole), read(&parts));
    assert_eq!(one.len(), other.len());
    for (name, tensor) in one {
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&tensor), values(&other[&name]), "{name}");
    }
}

#[test]
fn what_follows_words_is_learned_and_the_folder_draws() {
    let folder = tempfile::tempdir().unwrap();
    let lessons = lessons(folder.path(), 24);
    let (code_out, out, parts) = (folder.path().join("code"), folder.path().join("nano"), folder.path().join("parts"));
    assert!(code_course(12).run(&lessons, &code_out, &mut |_| true).unwrap());
    let weights = code_out.join(WEIGHTS_FILE);
    let written = || Written::of(&tiny(), &weights, &lessons, &code_out, &mut |_| true).unwrap().unwrap();
    let codes = |written: &Written| written.batch(&[3, 7]).unwrap().to_vec2::<u32>().unwrap();
    let (one, again) = (written(), written());
    assert_eq!(codes(&one), codes(&again), "read from the file the second time");
    let course =
        draw::Course { shape: shape(32, 2, tiny(), SIDE), steps: 60, rows: 8, peak_lr: 0.01, seed: 4, from: None };
    let (mut first, mut last) = (None, 0.0);
    let done = course.run(&lessons, &one, &weights, &out, &mut |p| {
        first.get_or_insert(mark(p, "loss"));
        last = mark(p, "loss");
        true
    });
    assert!(done.unwrap());
    assert!(last < first.unwrap() * 0.8, "{first:?} {last}");
    for stop in [10, 40, 60] {
        course.run(&lessons, &one, &weights, &parts, &mut |p| p.step < stop).unwrap();
    }
    let read = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
    assert!(read(&out) == read(&parts), "stopped and gone on with, it is the same to the bit");

    let mut imaginer = JanusImaginer::open(&out, &Options::default()).unwrap();
    let picture = imaginer.imagine("a red block", 1, &mut |_| (), &Cancel::default()).unwrap();
    assert_eq!((picture.width_px, picture.rgb.len()), (SIDE, SIDE * SIDE * 3));
    let drawn = imaginer.sketch("a red block", 1, &mut |_| (), &Cancel::default()).unwrap();
    assert_eq!(drawn.picture, picture, "the same seed, the same picture");
    assert_eq!(drawn.pixels.len(), SIDE * SIDE * CHANNELS);
    assert_eq!(drawn.frame.unwrap().width_px, view().wide_px);
    assert!(imaginer.sketch("xyzzy 龙", 1, &mut |_| (), &Cancel::default()).is_ok(), "words that nobody taught it");
    let blind = Sight::open(&out, &Options::default());
    assert!(matches!(blind, Err(LoadError::Blind(_))), "it draws only");
    is_asked_and_draws_on(&out, &lessons, folder.path());
    let mut bytes = read(&out);
    let end = bytes.len() - 1;
    bytes[end] ^= 1;
    std::fs::write(out.join("model.safetensors"), bytes).unwrap();
    let changed = JanusImaginer::open(&out, &Options::default());
    assert!(matches!(changed, Err(LoadError::Config { ref field, .. }) if field == "sha256"));
}

/// The third course, from a folder that draws: answers are learned, it goes on to the bit, and one folder sees and draws.
fn is_asked_and_draws_on(from: &Path, lessons: &Drawings, folder: &Path) {
    let course = answer::Course {
        from: from.to_owned(),
        vision: answer::eye(32, 1, SIDE),
        steps: 40,
        rows: 6,
        turns: 3,
        drawn: 2,
        peak_lr: 0.01,
        seed: 5,
    };
    let more = asked_only(lessons, &folder.join("more"));
    let run = |out: &Path, stop: u64| {
        let (begun, mut losses) = (course.begin(out).unwrap(), Vec::new());
        let written = Written::of(begun.code_shape(), &begun.code, lessons, out, &mut |_| true).unwrap().unwrap();
        let told = &mut |p: &Progress| {
            losses.push(mark(p, "asked"));
            p.step < stop
        };
        course.run((lessons, Some(&more)), &written, begun, out, told).unwrap();
        losses
    };
    let (whole, parts) = (folder.join("asked"), folder.join("asked-parts"));
    let losses = run(&whole, 40);
    assert!(losses[39] < losses[0] * 0.8, "{losses:?}");
    for stop in [7, 30, 40] {
        run(&parts, stop);
    }
    let read = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
    assert!(read(&whole) == read(&parts), "stopped and gone on with, it is the same to the bit");

    let mut sight = Sight::open(&whole, &Options::default()).unwrap();
    let picture = Picture { width_px: SIDE, height_px: SIDE, rgb: vec![128; SIDE * SIDE * 3] };
    let short = ChatOptions { max_tokens: 4, ..ChatOptions::default() };
    assert!(sight.answer(&picture, "what is on the table?", &short, &mut |_| {}, &|| false).is_ok());
    let mut imaginer = JanusImaginer::open(&whole, &Options::default()).unwrap();
    assert!(imaginer.imagine("a red block", 1, &mut |_| (), &Cancel::default()).is_ok());
    let (mut janus, mut marks) = (Janus::open(&whole, &Options::default()).unwrap(), Asked::default());
    let wrong = marks.take(&mut janus, (&lessons.all()[0], lessons.pixels(0)), &Cancel::default()).unwrap();
    let [asked, right, usual] = marks.of(|_| true);
    assert!(asked >= 4 && right + wrong.len() == asked && (1..=asked).contains(&usual), "{asked} {right} {usual}");
}

/// The same pictures, with where things show and a hand that holds nothing.
fn asked_only(lessons: &Drawings, folder: &Path) -> Drawings {
    std::fs::create_dir_all(folder).unwrap();
    let shelf = DrawingShelf { split: "train_asked".to_owned(), seed: 1, view: view() };
    std::fs::write(folder.join(SHELF_FILE), serde_json::to_string(&shelf).unwrap()).unwrap();
    let (mut lines, mut pixels) = (String::new(), Vec::new());
    for (number, lesson) in lessons.all().iter().enumerate() {
        let mut lesson = DrawingLesson { captions: Vec::new(), hand: Some(Hand::Empty), ..lesson.clone() };
        lesson.things.iter_mut().for_each(|thing| thing.at = Some([(number * 7 % 100) as u8, 50]));
        lines += &(serde_json::to_string(&lesson).unwrap() + "\n");
        pixels.extend_from_slice(lessons.pixels(number));
    }
    std::fs::write(folder.join(LESSONS_FILE), lines).unwrap();
    std::fs::write(folder.join(PIXELS_FILE), pixels).unwrap();
    Drawings::open(folder).unwrap()
}

#[test]
fn marks_are_what_is_there() {
    let named = |label: &str, color, rests| Named::new(Label::from(label).unwrap(), color, rests);
    let asked = [named("bowl", Color::Green, None), named("block", Color::Red, Some((Rests::In, 0)))];
    let lesson = |number: usize| {
        let (label, color) = [("bowl", Color::Green), ("block", Color::Red), ("block", Color::Blue)][number];
        let mut object =
            ponder_core::lesson::Sighting { object: seen(label, color), visible_px: 1.0, whole_px: 1.0, body_px: None }
                .object;
        object.world_from_object.translation.z = if label == "block" { 0.04 } else { 0.03 };
        object
    };
    let mut marks = Marks::default();
    assert!(marks.mark(&asked, &[lesson(0), lesson(1)]));
    assert_eq!((marks.found, marks.whole, marks.perfect, marks.kept), (2, 1, 1, 1));
    assert!(!marks.mark(&asked, &[lesson(0), lesson(2), lesson(2)]));
    assert_eq!((marks.found, marks.off_color, marks.more, marks.whole, marks.rests, marks.kept), (3, 1, 1, 1, 2, 1));
    let mut aside = lesson(1);
    aside.world_from_object.translation.x = 0.3;
    assert!(marks.mark(&asked, &[lesson(0), aside, lesson(2)]));
    assert_eq!((marks.whole, marks.perfect, marks.kept), (2, 1, 1), "beside the bowl, and one more");
}

fn seen(label: &str, color: Color) -> ponder_core::scene::SceneObject {
    ponder_core::scene::SceneObject {
        id: ponder_core::scene::ObjectId::from("thing").unwrap(),
        label: Label::from(label).unwrap(),
        color: Some(color),
        world_from_object: ponder_core::Pose::identity(),
        size_m: ponder_core::Vec3::new(0.15, 0.15, 0.055),
        score: 1.0,
        seen: ponder_core::Stamp(0),
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: ponder_core::scene::Affordances::default(),
    }
}
