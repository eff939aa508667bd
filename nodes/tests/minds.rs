//! Models in this process behind `run`, `eval` and `think`, with a GGUF of toy size and random weights: what it plans means
//! nothing, all around it does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/fixtures")
}

/// The eye that comes with Ponder.
fn eye() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/weights/eye-nano")
}

/// A folder with the model in it, told that it can hold a prompt.
fn folder() -> TempDir {
    let mut bytes = std::fs::read(fixtures().join("gguf_lfm2/model.gguf")).unwrap();
    let key = b"lfm2.context_length";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len() + 4;
    bytes[at..at + 4].copy_from_slice(&16000u32.to_le_bytes());
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("toy.gguf"), bytes).unwrap();
    dir
}

fn ponder(dir: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
    command.args(args).current_dir(dir.path()).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.env("PONDER_MODELS", dir.path().join("models"));
    command
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn a_run_with_a_model_is_journalled_and_replays_to_the_bit() {
    let dir = folder();
    let args = ["run", "--no-camera", "--save", "a.rrd", "--reasoner", "toy.gguf", "--thought-tokens", "16"];
    let more = ["--context", "16000", "--time-limit", "40"];
    let output = ponder(&dir, &[&args[..], &more].concat()).output().unwrap();
    let story = said(&output);
    assert!(output.status.code().is_some_and(|code| code != 1), "{story}");
    assert!(story.contains("planner     toy\n"), "{story}");
    let journal = std::fs::read(dir.path().join("a.journal")).unwrap();
    let line = journal.split(|b| *b == b'\n').next().unwrap();
    let header: Value = serde_json::from_slice(line).unwrap();
    let weights = header["weights_sha256"].as_object().unwrap();
    assert!(weights.len() == 1 && weights.keys().all(|name| name.ends_with("/toy.gguf")), "{weights:?}");
    let verdict = said(&ponder(&dir, &["replay", "a.journal"]).output().unwrap());
    assert!(verdict.contains("equal to the bit"), "{verdict}");
}

#[test]
fn a_run_with_both_learned_parts_the_usual_ones_is_journalled_and_replays_to_the_bit() {
    let dir = folder();
    let args = ["run", "put the red block in the green bowl", "--scene", "tabletop", "--seed", "1", "--save", "a.rrd"];
    let output = ponder(&dir, &[&args[..], &["--time-limit", "60"]].concat()).output().unwrap();
    let story = said(&output);
    assert_eq!(output.status.code(), Some(0), "{story}");
    assert!(
        story.contains("perception  eye-nano\nplanner     reasoner-nano, thinking again and asking back below 0.8\n"),
        "{story}"
    );
    let journal = std::fs::read(dir.path().join("a.journal")).unwrap();
    let header: Value = serde_json::from_slice(journal.split(|b| *b == b'\n').next().unwrap()).unwrap();
    let weights = header["weights_sha256"].as_object().unwrap();
    for part in ["eye-nano", "reasoner-nano"] {
        assert!(weights.contains_key(&format!("{part}/model.safetensors")), "{weights:?}");
    }
    let verdict = said(&ponder(&dir, &["replay", "a.journal"]).output().unwrap());
    assert!(verdict.contains("equal to the bit"), "{verdict}");
}

#[test]
fn an_evaluation_does_not_depend_on_threads() {
    let dir = folder();
    let count = |more: &[&str]| {
        let args = ["eval", "--suite", "refuse", "--episodes", "3", "--json", "--model", "toy.gguf"];
        let args = [&args[..], &["--context", "16000", "--perception", "ground-truth"], more].concat();
        let output = ponder(&dir, &args).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        let of = |episode: &Value| (episode["outcome"].clone(), episode["detail"].clone(), episode["thoughts"].clone());
        let outcomes: Vec<_> = report["records"].as_array().unwrap().iter().map(of).collect();
        (outcomes, report)
    };
    let few = ["--thought-tokens", "8"];
    let (one, report) = count(&[&few[..], &["--threads", "1"]].concat());
    let (two, _) = count(&[&few[..], &["--threads", "2"]].concat());
    assert_eq!(one, two);
    assert!(report["thinking"]["thought_tokens"].as_u64().unwrap() > 0, "{}", report["thinking"]);
    let (_, report) = count(&["--thought-tokens", "0", "--no-grammar"]);
    assert_eq!(report["reasoner"], "toy, without thought, without grammar");
    assert_eq!(report["thinking"]["thought_tokens"], 0);
    // Random words without a grammar are no plans: nothing is done, and nothing is said to be.
    assert_eq!(report["false_done"], 0);
}

#[test]
fn what_is_no_reasoner_is_told_before_anything_moves() {
    let dir = folder();
    let janus = fixtures().join("janus_deepseek");
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("words.gguf"), "no model").unwrap();
    // An eye of which a bit was lost on the way, and one without its weights.
    for name in ["changed", "blind"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        std::fs::copy(eye().join("config.json"), dir.path().join(name).join("config.json")).unwrap();
    }
    let mut bytes = std::fs::read(eye().join("model.safetensors")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(dir.path().join("changed/model.safetensors"), bytes).unwrap();
    for (option, model, tells) in [
        ("--reasoner", "no such thing", "there is no reasoner `no such thing`"),
        ("--reasoner", "smollm2-135m", "ponder models pull smollm2-135m"),
        ("--reasoner", "empty", "empty"),
        ("--reasoner", "words.gguf", "words.gguf"),
        ("--reasoner", janus.to_str().unwrap(), "it does not plan"),
        ("--perception", "no such thing", "ground-truth"),
        ("--perception", "janus-pro-1b", "ponder models pull janus-pro-1b"),
        ("--perception", "toy.gguf", "does not see"),
        ("--perception", "changed", "it was changed"),
        ("--perception", "blind", "model.safetensors"),
    ] {
        for command in ["run", "eval"] {
            let output = ponder(&dir, &[command, option, model]).output().unwrap();
            let text = said(&output);
            assert_eq!(output.status.code(), Some(1), "{model}: {text}");
            assert!(text.contains(tells), "{command} {option} {model} should speak of `{tells}`: {text}");
        }
    }
    assert!(!dir.path().join("runs").exists());
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_thought_at_once() {
    let dir = folder();
    let args = ["run", "--no-camera", "--save", "k.rrd", "--reasoner", "toy.gguf", "--thought-tokens", "12000"];
    let args = [&args[..], &["--context", "16000"]].concat();
    let mut child = ponder(&dir, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let journal = dir.path().join("k.journal");
    while std::fs::read(&journal).is_ok_and(|bytes| !bytes.windows(13).any(|w| w == b"thought_piece"))
        || !journal.is_file()
    {
        assert!(begun.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none(), "no thought comes");
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    let asked = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let verdict = said(&ponder(&dir, &["replay", "k.journal"]).output().unwrap());
    assert!(verdict.contains("equal to the bit"), "{verdict}");
}

#[test]
fn a_bench_says_how_fast_a_model_is_and_what_it_leaves_to_the_control_loop() {
    let dir = folder();
    let args = ["bench", "reasoner", "--model", "toy.gguf", "--rounds", "1", "--watch", "1", "--thought-tokens", "8"];
    let more = ["--context", "16000", "--json"];
    let output = ponder(&dir, &[&args[..], &more].concat()).output().unwrap();
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rates = report["tokens_a_second"].as_array().unwrap();
    assert!(rates.len() == 2 && rates.iter().all(|line| line["ponder"]["decode"].as_f64().unwrap() > 1.0), "{text}");
    assert!(report["control_beside_thought"]["turns"].as_u64().unwrap() > 20, "{text}");
    let plans = &report["plans"];
    assert!(plans["next"][0].as_u64().unwrap() * 2 < plans["first"][0].as_u64().unwrap(), "{text}");
    assert!(plans["answer_tokens"].as_u64().unwrap() > plans["forced_tokens"].as_u64().unwrap(), "{text}");
    let output = ponder(&dir, &["bench", "reasoner", "--model", "none.gguf"]).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("none.gguf"), "{}", said(&output));
}
