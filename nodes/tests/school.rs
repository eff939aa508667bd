//! Learning by command: lessons written and gone on with, a reasoner taught, rewarded, distilled and examined, an eye
//! likewise; and clear errors where something is amiss.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests too may fail a test

use std::path::Path;
use std::process::{Command, Stdio};

fn ponder(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
    let output = command.args(args).current_dir(dir).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{args:?}: {text}");
    (output.status.code(), text)
}

fn good(dir: &Path, args: &[&str]) -> String {
    let (code, text) = ponder(dir, args);
    assert_eq!(code, Some(0), "{args:?}: {text}");
    text
}

fn bad(dir: &Path, args: &[&str], part: &str) {
    let (code, text) = ponder(dir, args);
    assert!(code == Some(1) && text.contains(part), "{args:?}: {code:?} without {part:?}: {text}");
}

#[test]
fn a_reasoner_goes_through_school() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    good(dir, &["data", "think", "--out", "book.jsonl", "--count", "20"]);
    let whole = std::fs::read_to_string(dir.join("book.jsonl")).unwrap();
    // Cut off in the middle of a line, as by a kill, of a letter too, or right before its end; and gone on with.
    let letter = whole.find(|c: char| !c.is_ascii()).unwrap() + 1;
    for cut in [whole.len() / 2, letter, whole.len() - 1] {
        std::fs::write(dir.join("book.jsonl"), &whole.as_bytes()[..cut]).unwrap();
        good(dir, &["data", "think", "--out", "book.jsonl", "--count", "20"]);
        assert_eq!(std::fs::read_to_string(dir.join("book.jsonl")).unwrap(), whole, "{cut}");
    }
    bad(dir, &["data", "think", "--out", "book.jsonl", "--count", "30", "--seed", "2"], "another seed");
    assert!(good(dir, &["data", "think", "--stats", "--count", "40"]).contains("goal "));

    let small = ["--shape", "hybrid-half", "--pieces", "600", "--rows", "2"];
    let train = [&["train", "think", "--data", "book.jsonl", "--out", "mind", "--steps", "3"][..], &small].concat();
    assert!(good(dir, &train).contains("3/3"));
    // What is done is done.
    assert!(!good(dir, &train).contains("1/3"));
    let curve = std::fs::read_to_string(dir.join("mind/curve.jsonl")).unwrap();
    assert!(curve.lines().count() == 3 && curve.lines().all(|line| line.contains("\"loss\":")), "{curve}");
    let drawn = std::fs::read(dir.join("mind/curves.rrd")).unwrap();
    assert!(drawn.windows(11).any(|part| part == b"curves/loss"), "the loss is drawn");
    let other = [&["train", "think", "--data", "book.jsonl", "--out", "mind", "--steps", "4"][..], &small].concat();
    bad(dir, &other, "another recipe");

    bad(dir, &["exam", "think", "symbolic", "--ask-below", "0.5"], "--ask-below and --second-thoughts are for a model");
    assert!(good(dir, &["exam", "think", "mind", "--count", "2", "--show", "1"]).contains("of    2  all"));
    assert!(good(dir, &["exam", "think", "symbolic", "--count", "4", "--json"]).contains("\"right_of\""));
    let distill = ["distill", "--teacher", "symbolic", "--student", "transformer-half", "--out", "student"];
    let text = good(dir, &[&distill[..], &["--count", "12", "--steps", "2"]].concat());
    assert!(text.contains("of 12 asked") && dir.join("student/lessons.jsonl").is_file(), "{text}");
    bad(dir, &["distill", "--teacher", "symbolic", "--student", "slim", "--out", "x", "--count", "2"], "slim");
}

#[test]
fn half_of_the_shipped_reasoner_is_cut_off_and_learns_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/weights/reasoner-nano");
    let text = good(dir, &["distill", "--teacher", shipped, "--out", "slim", "--count", "60", "--steps", "12"]);
    let size = |folder: &Path| std::fs::metadata(folder.join("model.safetensors")).unwrap().len();
    assert!(size(&dir.join("slim")) * 2 < size(Path::new(shipped)) + 10_000, "{text}");
    let curve = std::fs::read_to_string(dir.join("slim/curve.jsonl")).unwrap();
    let loss = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["loss"].as_f64().unwrap();
    let losses: Vec<f64> = curve.lines().map(loss).collect();
    // A network that knows nothing begins at 6.9, the logarithm of its pieces.
    assert!(losses[0] < 1.0 && losses[11] < losses[0], "{losses:?}");
}

#[test]
fn a_reasoner_learns_from_reward_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/weights/reasoner-nano");
    let road = ["rl", "think", "--from", shipped, "--out", "rl", "--steps", "2", "--prompts", "6", "--split", "hard"];
    good(dir, &road);
    let curve = std::fs::read_to_string(dir.join("rl/curve.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = curve.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{curve}");
    assert!(lines.iter().all(|line| line["reward"].as_f64().unwrap() > 0.3), "{curve}");
    assert!(good(dir, &["exam", "think", "rl", "--count", "2"]).contains("of    2  all"));
    // What is done is done, and its curve stays.
    good(dir, &road);
    assert_eq!(std::fs::read_to_string(dir.join("rl/curve.jsonl")).unwrap(), curve);
}

#[test]
fn what_is_amiss_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("note.txt"), "dear diary\nlater\n").unwrap();
    std::fs::write(dir.join("line.txt"), "dear diary").unwrap();
    for name in ["note.txt", "line.txt"] {
        let before = std::fs::read(dir.join(name)).unwrap();
        bad(dir, &["data", "think", "--out", name, "--count", "3"], "line 1 is no lesson");
        assert_eq!(std::fs::read(dir.join(name)).unwrap(), before, "somebody else's file is left as it is");
    }
    bad(dir, &["train", "think", "--out", "x", "--data", "none.jsonl"], "none.jsonl");
    bad(dir, &["train", "think", "--out", "x", "--data", "note.txt"], "line 1");
    bad(dir, &["train", "think", "--out", "x", "--shape", "mamba", "--pieces", "500"], "mamba");
    bad(dir, &["train", "see", "--data", "nowhere", "--out", "x"], "nowhere");
    bad(dir, &["rl", "think", "--from", "nowhere", "--out", "x"], "nowhere");
    bad(dir, &["exam", "think", "nobody"], "nobody");
    bad(dir, &["exam", "think", "symbolic", "--reasoner", "remote"], "leave one of them out");
    bad(dir, &["exam", "see", "reasoner", "nowhere"], "reasoner");
    bad(dir, &["data", "think", "--count", "3"], "--out");
    bad(dir, &["distill", "--teacher", "remote", "--out", "x"], "address");
}

#[test]
fn an_eye_goes_through_school() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let draw = ["data", "see", "--out", "lessons", "--scenes", "1", "--side", "192"];
    assert!(good(dir, &draw).contains("1 scenes"));
    let train = ["train", "see", "--data", "lessons", "--out", "eye", "--steps", "2", "--batch", "1"];
    good(dir, &train);
    let text = good(dir, &["exam", "see", "eye", "lessons"]);
    assert!(text.contains("a picture"), "{text}");
}

#[test]
fn an_imaginer_goes_through_school() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let draw = ["data", "imagine", "--out", "lessons", "--count", "26"];
    assert!(good(dir, &draw).contains("26 pictures"));
    let whole = std::fs::read(dir.join("lessons/rgbh.u8")).unwrap();
    assert_eq!(whole.len(), 26 * 128 * 128 * 4);
    // Cut off by a kill, in the middle of a picture, and gone on with.
    std::fs::write(dir.join("lessons/rgbh.u8"), &whole[..whole.len() * 2 / 3]).unwrap();
    good(dir, &draw);
    assert!(std::fs::read(dir.join("lessons/rgbh.u8")).unwrap() == whole);
    bad(dir, &["data", "imagine", "--out", "lessons", "--seed", "2"], "another plan");
    let train = ["train", "imagine", "--data", "lessons", "--out", "nano", "--code-steps", "2", "--code-batch", "2"];
    let small = ["--steps", "2", "--rows", "2", "--hidden", "16", "--layers", "1"];
    good(dir, &[&train[..], &small].concat());
    for curve in ["nano/curve.jsonl", "nano/code/curve.jsonl"] {
        assert_eq!(std::fs::read_to_string(dir.join(curve)).unwrap().lines().count(), 2, "{curve}");
    }
    let exam = ["exam", "imagine", "nano", "--count", "2", "--sheet", "sheet.png", "--show", "1"];
    let text = good(dir, &exam);
    assert!(text.contains("2 pictures") && text.contains("drawn from words"), "{text}");
    assert!(dir.join("sheet.png").is_file());
    good(dir, &["imagine", "a red block", "--model", "nano", "-o", "block.png", "--check"]);
    bad(dir, &["see", "block.png", "--model", "nano"], "eye-nano is the eye");
    // And to be asked, about drawers and the hand, too.
    let more = ["data", "imagine", "--asked", "--png", "--out", "more", "--count", "50"];
    assert!(good(dir, &more).contains("50 pictures") && dir.join("more/49.png").is_file());
    bad(dir, &["data", "imagine", "--out", "more"], "another plan");
    let answer = ["train", "imagine", "--data", "lessons", "--asked", "more", "--stage", "answer", "--from", "nano"];
    good(dir, &[&answer[..], &["--out", "asked", "--steps", "2", "--rows", "2", "--drawn", "1"]].concat());
    let text = good(dir, &["exam", "imagine", "asked", "--count", "2"]);
    assert!(text.contains("at which point") && text.contains("known wordings"), "{text}");
    bad(dir, &["exam", "imagine", "nobody"], "nobody");
    bad(dir, &["train", "imagine", "--data", "nowhere", "--out", "x"], "nowhere");
}
