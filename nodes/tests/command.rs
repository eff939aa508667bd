//! The `ponder` command as a person meets it: exit codes, clear errors, records that outlive whatever happens to a run.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests too may fail a test

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const DONE: i32 = 0;
const ERROR: i32 = 1;
const REFUSED: i32 = 2;
const FAILED: i32 = 3;
const HALTED: i32 = 4;

/// The command in a folder of its own, far from the sources.
fn ponder(dir: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
    command.args(args).current_dir(dir.path()).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

fn output(dir: &TempDir, args: &[&str]) -> (Output, String) {
    let output = ponder(dir, args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{args:?}: {text}");
    (output, text)
}

fn code(dir: &TempDir, args: &[&str], want: i32) -> String {
    let (output, text) = output(dir, args);
    assert_eq!(output.status.code(), Some(want), "{args:?}: {text}");
    text
}

#[test]
fn a_run_is_done_recorded_and_replayed_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let story = code(&dir, &["run", "--baselines", "--no-camera"], DONE);
    for part in ["ground-truth (baseline)", "symbolic (baseline)", "thinks", "1. pick(red_block)", "✔", "success"] {
        assert!(story.contains(part), "`{part}` is missing in: {story}");
    }
    assert!(!story.contains('\u{1b}'), "no colours where none are wanted");
    let folder = dir.path().join("runs/0001-tabletop");
    let recording = std::fs::metadata(folder.join("run.rrd")).unwrap().len();
    assert!((10_000..10_000_000).contains(&recording), "a recording of {recording} bytes");
    let verdict = code(&dir, &["replay", "runs/0001-tabletop/run.journal"], DONE);
    assert!(verdict.contains("equal to the bit"), "{verdict}");
    let told = code(&dir, &["replay", "--print", "runs/0001-tabletop/run.journal"], DONE);
    assert!(told.contains("1. pick(red_block)") && told.contains("done, on"), "{told}");
    code(&dir, &["replay", "--rrd", "again.rrd", "runs/0001-tabletop/run.journal"], DONE);
    assert!(std::fs::metadata(dir.path().join("again.rrd")).unwrap().len() > 10_000);
    code(&dir, &["run", "--baselines", "--no-camera"], DONE);
    assert!(dir.path().join("runs/0002-tabletop/run.journal").is_file(), "no run overwrites another");
}

#[test]
fn a_changed_command_in_a_journal_is_found() {
    let dir = tempfile::tempdir().unwrap();
    code(&dir, &["run", "--baselines", "--no-camera", "--save", "a.rrd"], DONE);
    let path = dir.path().join("a.journal");
    // The same run with another planning time would differ too; here one bit of one applied command is turned.
    let mut bytes = std::fs::read(&path).unwrap();
    flip_a_sent_position(&mut bytes);
    std::fs::write(&path, &bytes).unwrap();
    let verdict = code(&dir, &["replay", "a.journal"], ERROR);
    assert!(verdict.contains("different in turn") && verdict.contains("recorded"), "{verdict}");
}

/// Turns the last bit of a joint position in the 300th applied command, and makes the checksum fit.
fn flip_a_sent_position(bytes: &mut [u8]) {
    let mut at = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut applied = 0;
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let body = &mut bytes[at + 8..at + 8 + length];
        if body.windows(7).any(|w| w == b"applied") {
            applied += 1;
            if applied == 300 {
                let field = body.windows(7).position(|w| w == b"pos_rad").unwrap();
                body[field + 7 + 1 + 8] ^= 1; // array head, then the marker and eight bytes of the first number
                let checksum = crc32fast::hash(body);
                bytes[at + 4..at + 8].copy_from_slice(&checksum.to_le_bytes());
                return;
            }
        }
        at += 8 + length;
    }
    panic!("no such command in the journal");
}

#[test]
fn json_is_one_object() {
    let dir = tempfile::tempdir().unwrap();
    let run = ["run", "--baselines", "--no-camera", "--json", "把杯子放到盘子上"];
    let (output, _) = output(&dir, &run);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outcome"], "done", "{report}");
    assert_eq!((&report["judge"]["success"], &report["exit_code"]), (&Value::from(true), &Value::from(0)));
    for what in ["skills", "robots", "scenes", "suites", "models"] {
        let list: Value = serde_json::from_str(&code(&dir, &["list", what, "--json"], DONE)).unwrap();
        assert!(list.as_array().is_some_and(|list| list.len() >= 2), "{what}: {list}");
        assert!(code(&dir, &["list", what], DONE).lines().count() >= 2);
    }
    let health: Value = serde_json::from_str(&code(&dir, &["doctor", "--json"], DONE)).unwrap();
    assert_eq!(health["works"], true);
    let args = ["eval", "--baselines", "--suite", "tabletop", "--episodes", "3", "--json"];
    let evaluation: Value = serde_json::from_str(&code(&dir, &args, DONE)).unwrap();
    for field in ["success_rate", "episodes", "by_task", "failures"] {
        assert!(!evaluation[field].is_null(), "{field} is missing");
    }
}

#[test]
fn refusals_have_a_code_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let story = code(&dir, &["run", "--baselines", "--no-camera", "pick up the purple block"], REFUSED);
    assert!(story.contains("refused (it is not there)"), "{story}");
    let story = code(&dir, &["run", "--baselines", "--no-camera", "frobnicate the wug"], REFUSED);
    assert!(story.contains("not understood"), "{story}");
}

#[test]
fn free_instructions_are_judged_by_the_plans_goal() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["run", "--baselines", "--no-camera", "--scene", "tabletop", "put the yellow block on the plate"];
    let story = code(&dir, &args, DONE);
    assert!(story.contains("free instruction") && story.contains("the plan's own goal"), "{story}");
}

#[test]
fn wrong_usage_is_told_clearly() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bad.yaml"), "name: [").unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    std::fs::write(dir.path().join("no.journal"), "hello\n").unwrap();
    for (args, tells) in [
        (&["run", "--scene", "atlantis"] as &[&str], "atlantis"),
        (&["run", "--scene", "missing.yaml"], "missing.yaml"),
        (&["run", "--scene", "bad.yaml"], "bad.yaml"),
        (&["run", "  "], "empty"),
        (&["run", "a\u{7}b"], "control character"),
        (&["run", "--time-limit", "-1"], "time limit"),
        (&["run", "--time-limit=NaN"], "time limit"),
        (&["run", "--fault", "gremlins"], "frozen_camera"),
        (&["run", "--fault", "nan-joint@soon"], "soon"),
        (&["run", "--baselines", "--no-camera", "--save", "file/x.rrd"], "file"),
        (&["run", "--perception", "psychic"], "ground-truth"),
        (&["run", "--baselines", "--no-camera", "--connect", "nonsense"], "nonsense is no viewer's URL"),
        (&["run", "--baselines", "--no-camera", "--connect", "rerun+http://127.0.0.1:9/proxy"], "no viewer listens"),
        (&["eval", "--suite", "atlantis"], "tabletop"),
        (&["eval", "--episodes", "0"], "episodes"),
        (&["replay", "none.journal"], "none.journal"),
        (&["replay", "no.journal"], "not a journal"),
        (&["replay", "."], "."),
        (&["list", "dreams"], "skills"),
        (&["sing"], "sing"),
        (&[], "Usage"),
    ] {
        let text = code(&dir, args, ERROR);
        assert!(text.contains(tells), "{args:?} should speak of `{tells}`: {text}");
    }
    let too_long = "a".repeat(3000);
    assert!(code(&dir, &["run", &too_long], ERROR).contains("3000 bytes"));
    for help in [&["--help"] as &[&str], &["run", "--help"], &["eval", "--help"], &["replay", "--help"]] {
        let text = code(&dir, help, DONE);
        assert!(help.len() == 1 || text.contains("Examples"), "{text}");
    }
}

/// Faults by name end in a safe stop with the right code, and their journals replay to the bit.
#[test]
fn faults_end_in_a_safe_stop() {
    let dir = tempfile::tempdir().unwrap();
    for (fault, ends, tells) in [
        ("nan-joint@2", HALTED, "a sensor is at fault"),
        ("sensor-silence@2", HALTED, "no joint states since"),
        ("hung-planner", HALTED, "no answer in"),
        ("emergency-stop@2", HALTED, "emergency stop"),
        // Commands that come too late are dropped: the arm stands still, and the robot sees that it does.
        ("late-command@2", FAILED, "the motion was blocked"),
    ] {
        let story = code(&dir, &["run", "--baselines", "--no-camera", "--save", "f.rrd", "--fault", fault], ends);
        assert!(story.contains(tells), "{fault}: {story}");
        let verdict = code(&dir, &["replay", "f.journal"], DONE);
        assert!(verdict.contains("equal to the bit"), "{fault}: {verdict}");
    }
}

/// A robot that sees by pictures must not go on with old ones, or with none.
#[test]
fn broken_cameras_end_in_a_safe_stop() {
    let dir = tempfile::tempdir().unwrap();
    let (_, health) = output(&dir, &["doctor"]);
    if health.contains("not here  pictures") {
        return eprintln!("no EGL here: there are no pictures to break");
    }
    for (fault, tells) in [("frozen-camera@1", "a camera is frozen"), ("silent-camera@1", "a camera is silent")] {
        let story = code(&dir, &["run", "--baselines", "--fault", fault, "--save", "f.rrd"], HALTED);
        assert!(story.contains("perception failed") && story.contains(tells), "{story}");
        code(&dir, &["replay", "f.journal"], DONE);
    }
}

/// Starts a run that lasts, and waits until its journal grows.
fn started(dir: &TempDir) -> (Child, PathBuf) {
    let args = ["run", "--baselines", "--no-camera", "--save", "k.rrd", "--fault", "hung-planner"];
    // The planner hangs for a minute of the loop's time, and the loop waits for it as long as the robot file allows.
    let child = ponder(dir, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = dir.path().join("k.journal");
    let begun = Instant::now();
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    while size(&journal) < 200_000 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the journal does not grow");
        std::thread::sleep(Duration::from_millis(1));
    }
    (child, journal)
}

#[test]
fn a_kill_in_the_middle_leaves_a_readable_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, journal) = started(&dir);
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let verdict = code(&dir, &["replay", journal.to_str().unwrap()], DONE);
    assert!(verdict.contains("cut off") && verdict.contains("equal to the bit"), "{verdict}");
    code(&dir, &["replay", "--print", journal.to_str().unwrap()], DONE);
}

#[test]
#[cfg(unix)]
fn ctrl_c_brings_the_robot_to_rest_and_closes_the_records() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, journal) = started(&dir);
    let interrupt = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(HALTED));
    let verdict = code(&dir, &["replay", journal.to_str().unwrap()], DONE);
    assert!(!verdict.contains("cut off") && verdict.contains("equal to the bit"), "{verdict}");
    let story = code(&dir, &["replay", "--print", journal.to_str().unwrap()], DONE);
    assert!(story.contains("comes to rest") && story.contains("halted: cancelled"), "{story}");
}

#[test]
fn launch_files_are_told_of_without_ros() {
    let dir = tempfile::tempdir().unwrap();
    let lines = code(&dir, &["up", "headless", "seed:=4", "--dry-run"], DONE);
    assert!(lines.contains("ponder node world --ros-args -r __node:=world -r __ns:=/ponder"), "{lines}");
    assert!(
        lines.contains("-p seed:=4") && lines.contains("-p camera_hz:=0.0") && lines.lines().count() == 4,
        "{lines}"
    );
    assert!(lines.contains("ground-truth") && lines.contains("reasoner-nano"), "{lines}");
    let lines = code(&dir, &["up", "tabletop", "--dry-run"], DONE);
    assert!(lines.contains("eye-nano") && lines.contains("reasoner-nano"), "{lines}");
    let one = code(&dir, &["up", "headless", "--dry-run", "--one-process"], DONE);
    assert!(one.starts_with("ponder node world act perceive reason --ros-args") && one.lines().count() == 1, "{one}");
    assert!(code(&dir, &["up", "real_arm", "--show-args"], DONE).contains("robot (must be given)"));

    assert!(code(&dir, &["up", "real_arm"], ERROR).contains("launch[0].arg: `robot` must be given"));
    assert!(code(&dir, &["up", "headless", "sed:=4"], ERROR).contains("there is no argument `sed`"));
    assert!(code(&dir, &["up", "headless", "seed=4"], ERROR).contains("write NAME:=VALUE"));
    assert!(code(&dir, &["up", "there_is_none"], ERROR).contains("there are control, headless"));
}
