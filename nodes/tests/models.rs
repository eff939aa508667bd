//! `ponder see` and `ponder imagine` end to end, on a Janus of toy size with random weights: what it says and draws means
//! nothing, all around it does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use serde_json::Value;
use tempfile::TempDir;

fn tiny() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/fixtures/janus_deepseek")
}

/// A folder with a photo in it, and no model known.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let photos = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/tests/fixtures/picture");
    std::fs::copy(photos.join("photo_420.jpg"), dir.path().join("photo.jpg")).unwrap();
    dir
}

fn ponder(dir: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
    command.args(args).current_dir(dir.path()).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.env("PONDER_MODELS", dir.path().join("models")).env("HF_ENDPOINT", "http://127.0.0.1:9");
    command
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{text}");
    text
}

fn code(dir: &TempDir, args: &[&str], want: i32) -> String {
    let output = ponder(dir, args).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(want), "{args:?}: {text}");
    text
}

fn json(dir: &TempDir, args: &[&str]) -> Value {
    let output = ponder(dir, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_picture_is_asked_about() {
    let (dir, tiny) = (folder(), tiny());
    let model = tiny.to_str().unwrap();
    let ask = ["see", "photo.jpg", "what is on the table?", "--model", model, "--max-tokens", "12"];
    let streamed = ponder(&dir, &ask).output().unwrap();
    assert!(streamed.status.success(), "{}", said(&streamed));
    let report = json(&dir, &[&ask[..], &["--json"]].concat());
    assert_eq!(report["tokens"], 12, "{report}");
    assert!(report["prompt_tokens"].as_u64().unwrap() > 16, "the picture is in the prompt: {report}");
    let answer = report["answer"].as_str().unwrap();
    let plain: String = answer.chars().filter(|c| !c.is_control() || "\n\t".contains(*c)).collect();
    assert_eq!(String::from_utf8_lossy(&streamed.stdout), plain + "\n", "the same words come one by one");
    // Another question, other words read; the same seed, the same answer.
    let warm = |seed: &str| json(&dir, &[&ask[..], &["--json", "--temperature", "1", "--seed", seed]].concat());
    assert_eq!(warm("3")["answer"], warm("3")["answer"]);
    assert_ne!(warm("3")["answer"], warm("4")["answer"]);
}

#[test]
fn no_scene_is_made_up_from_nonsense() {
    let (dir, tiny) = (folder(), tiny());
    let text = code(&dir, &["see", "photo.jpg", "--scene", "--model", tiny.to_str().unwrap(), "--max-tokens", "12"], 1);
    assert!(text.contains("the model"), "{text}");
}

#[test]
fn words_become_pictures() {
    let (dir, tiny) = (folder(), tiny());
    let model = tiny.to_str().unwrap();
    let draw = |more: &[&str]| {
        let args = [&["imagine", "a red block on a table", "--model", model][..], more].concat();
        json(&dir, &[&args[..], &["--json"]].concat())
    };
    let bytes = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let report = draw(&["-o", "one.png", "--seed", "3"]);
    assert_eq!(report["pictures"][0]["path"], "one.png", "{report}");
    draw(&["-o", "x.png", "--seed", "2", "--cfg", "5", "-n", "2"]);
    assert_eq!(bytes("one.png"), bytes("x-2.png"), "the same seed draws the same");
    assert_ne!(bytes("one.png"), bytes("x-1.png"));
    draw(&["-o", "free.png", "--seed", "3", "--cfg", "1"]);
    assert_ne!(bytes("one.png"), bytes("free.png"), "guidance matters");
    let drawn = ponder_models::picture::read(&dir.path().join("one.png")).unwrap();
    assert!(drawn.width_px == drawn.height_px && drawn.width_px >= 16);
    // What was drawn can be looked at; in 8 bits matrices are made once.
    code(&dir, &["see", "one.png", "--model", model, "--max-tokens", "2"], 0);
    let kept = || {
        let files = std::fs::read_dir(dir.path().join("models/.quantised")).unwrap().flatten();
        files.map(|file| (file.file_name(), file.metadata().unwrap().modified().unwrap())).collect::<Vec<_>>()
    };
    code(&dir, &["see", "one.png", "--model", model, "--max-tokens", "2", "--precision", "q8"], 0);
    let first = kept();
    assert_eq!(first.len(), 1, "{first:?}");
    draw(&["-o", "eight.png", "--seed", "3", "--precision", "q8"]);
    assert_eq!(kept(), first, "read, not made again");
    code(&dir, &["see", "one.png", "--model", model, "--max-tokens", "2", "--precision", "q4"], 0);
    assert_eq!(kept().len(), 2, "4 bits are kept beside 8");
}

#[test]
fn what_is_wrong_is_told_before_a_model_is_loaded() {
    let (dir, tiny) = (folder(), tiny());
    let model = tiny.to_str().unwrap();
    let photo = std::fs::read(dir.path().join("photo.jpg")).unwrap();
    std::fs::write(dir.path().join("half.jpg"), &photo[..photo.len() / 2]).unwrap();
    std::fs::write(dir.path().join("text.jpg"), "hello").unwrap();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    for (args, tells) in [
        (&["see", "photo.jpg"][..], "ponder models pull janus-pro-1b"),
        (&["imagine", "a cup", "--model", "janus-pro-1b"], "ponder models pull janus-pro-1b"),
        (&["imagine", "a cup", "--model", model, "--check"], "needs depths"),
        (&["see", "photo.jpg", "--model", "janus-pro-7b"], "ponder models pull janus-pro-7b"),
        (&["see", "photo.jpg", "--model", "no such thing"], "no such thing"),
        (&["see", "photo.jpg", "--model", "empty"], "empty"),
        (&["see", "none.jpg", "--model", model], "none.jpg"),
        (&["see", "half.jpg", "--model", model], "cut off"),
        (&["see", "text.jpg", "--model", model], "PNG, JPEG"),
        (&["see", ".", "--model", model], "."),
        (&["see", "photo.jpg", "what?", "--scene", "--model", model], "--scene"),
        (&["see", "photo.jpg", "--model", model, "--temperature=-1"], "temperature"),
        (&["see", "photo.jpg", "--model", model, "--temperature=NaN"], "temperature"),
        (&["imagine", "  ", "--model", model], "what to draw"),
        (&["imagine", "a cup", "--model", model, "--cfg=-3"], "guidance"),
        (&["imagine", "a cup", "--model", model, "-o", "no/where.png"], "no folder no"),
        (&["imagine", "a cup", "--model", model, "-n", "0"], "0"),
        (&["see"], "PICTURE"),
    ] {
        let text = code(&dir, args, 1);
        assert!(text.contains(tells), "{args:?} should speak of `{tells}`: {text}");
    }
    for help in ["see", "imagine", "models"] {
        assert!(code(&dir, &[help, "--help"], 0).contains("Examples"));
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_at_once_and_keeps_what_is_drawn() {
    let (dir, tiny) = (folder(), tiny());
    let args = ["imagine", "a cup", "--model", tiny.to_str().unwrap(), "-n", "1000", "-o", "x.png"];
    let mut child = ponder(&dir, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !dir.path().join("x-2.png").is_file() {
        assert!(begun.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    let asked = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            ponder_models::picture::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

#[test]
fn the_imaginer_that_comes_with_ponder_draws_what_an_eye_finds() {
    let dir = folder();
    let args = ["imagine", "a red block on a table", "-n", "3", "-o", "x.png", "--seed", "1", "--check", "--json"];
    let report = json(&dir, &args);
    let seen = report["pictures"].as_array().unwrap().iter().filter(|picture| {
        let seen = picture["seen"].as_array().unwrap();
        seen.iter().any(|thing| thing["label"] == "block" && thing["color"] == "red")
    });
    // Dice fall otherwise where another processor rounds otherwise.
    assert!(seen.count() >= 1 && dir.path().join("x-3.png").is_file(), "{report}");
}

/// A photo of a simulated table and its depth picture in the folder.
fn table(dir: &TempDir) {
    let yaml = "
cameras: [{name: scene, eye_m: [1.35, 0.0, 0.9], target_m: [0.46, 0.0, 0.0], fov_deg: 45}]
objects:
  - {kind: block, id: a, color: red, at: {x_m: 0.45, y_m: 0.15}}
  - {kind: bowl, id: b, color: green, at: {x_m: 0.5, y_m: -0.12}}";
    let spec = ponder_sim::SceneSpec::parse(yaml, "test").unwrap();
    let mut world = ponder_sim::SimWorld::open(&spec, 3, std::path::Path::new(".")).unwrap();
    let mut seen = Observation::default();
    world.observe(Want { cameras: true, truth: false }, &mut seen).unwrap();
    let camera = &seen.cameras[0];
    let (width, height) = (camera.width_px as u32, camera.height_px as u32);
    image::RgbImage::from_raw(width, height, camera.rgb.to_vec()).unwrap().save(dir.path().join("table.png")).unwrap();
    let mm = camera.depth_m.as_ref().unwrap().iter().map(|m| if m.is_finite() { (m * 1e3).round() as u16 } else { 0 });
    let depth = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(width, height, mm.collect::<Vec<_>>()).unwrap();
    depth.save(dir.path().join("depth.png")).unwrap();
}

#[test]
fn a_photo_with_depth_is_a_scene_that_is_planned_in() {
    let dir = folder();
    table(&dir);
    let at = ["--eye-m", "1.35,0,0.9", "--target-m", "0.46,0,0"];
    let look = [&["see", "table.png", "--depth", "depth.png", "--save-scene", "scene.json"][..], &at].concat();
    let text = code(&dir, &look, 0);
    assert!(text.contains("red_block") && text.contains("green_bowl"), "{text}");
    let scene = json(&dir, &[&look[..], &["--json"]].concat());
    let block = scene["objects"].as_array().unwrap().iter().find(|o| o["label"] == "block").unwrap();
    assert_eq!(block["color"], "red", "{block}");
    let place: Vec<f64> =
        block["world_from_object"]["translation"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    assert!((place[0] - 0.45).abs() < 0.02 && (place[1] - 0.15).abs() < 0.02, "{place:?}");
    let plan = code(&dir, &["think", "put the red block in the green bowl", "--scene", "scene.json", "--symbolic"], 0);
    assert!(plan.contains("pick") && plan.contains("place_in"), "{plan}");

    for (more, tells) in [
        (&["--model", "ground-truth"][..], "simulator"),
        (&["--precision", "q8"], "--precision"),
        (&["--fov-deg", "0"], "no angle"),
    ] {
        let text = code(&dir, &[&look[..], more].concat(), 1);
        assert!(text.contains(tells), "{more:?} should speak of `{tells}`: {text}");
    }
    let text = code(&dir, &look[..4], 1);
    assert!(text.contains("--eye-m") && text.contains("--target-m"), "a camera that stands nowhere: {text}");
    let nowhere = [&look[..4], &["--eye-m", "1,NaN,0", "--target-m", "0,0,0"]].concat();
    assert!(code(&dir, &nowhere, 1).contains("is no place"));
    let other = [&["see", "photo.jpg", "--depth", "depth.png"][..], &at].concat();
    assert!(code(&dir, &other, 1).contains("depths for a picture"), "of another size");
    let flat = [&["see", "table.png", "--depth", "table.png"][..], &at].concat();
    assert!(code(&dir, &flat, 1).contains("16 bits"), "no depths at all");
}
