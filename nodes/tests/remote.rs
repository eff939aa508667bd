//! The remote reasoner against servers on the loopback interface: one that answers as vLLM, DeepSeek and Ollama do, and
//! ones that misbehave in every way that servers and networks do. Real sockets, real streams, the real command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

#[path = "common/chat.rs"]
mod chat;

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use chat::{Fake, PLAN, Way, server};
use ponder_core::thinker::Cancel;
use ponder_models::engine::write::{Ask, Piece, Role, TextModel, Turn, WriteError, Written};
use ponder_models::reason::free::Free;
use ponder_nodes::remote::{Client, Key, Patience, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

const KEY: &str = "sk-very-secret-0815";

fn patience() -> Patience {
    let ms = Duration::from_millis;
    Patience {
        connect: ms(2000),
        first: ms(700),
        between: ms(400),
        total: ms(8000),
        tries: 3,
        pause: ms(20),
        longest_pause: ms(1200),
    }
}

fn client(url: &str, patience: Patience) -> Client {
    Client::new(Server { url: url.to_owned(), model: "r1".to_owned(), key: Key::new(KEY).unwrap() }, patience)
}

/// Asks and gives what was written and what was heard of the thought.
fn ask(client: &mut Client, cancel: &Cancel, seed: u64) -> (Result<Written, WriteError>, String) {
    let turns = [Turn { role: Role::User, text: "what now?".to_owned(), fixed: 0 }];
    let mut heard = String::new();
    let mut hear = |piece: Piece<'_>| {
        if let Piece::Thought(text) = piece {
            heard.push_str(text);
        }
    };
    let mut script = Free::default();
    let mut ask = Ask { turns: &turns, thought_tokens: 64, script: &mut script, seed, weigh: false, temperature: None };
    let written = client.write(&mut ask, &mut hear, cancel);
    (written, heard)
}

fn written(ways: &[Way]) -> (Result<Written, WriteError>, String, Fake) {
    let fake = server(ways);
    let (written, heard) = ask(&mut client(&fake.url, patience()), &Cancel::default(), 1);
    (written, heard, fake)
}

#[test]
fn streams_of_every_kind_are_read() {
    let tagged = "<think>\nhm, the bowl\n</think>\n\ngoal held(a)\nend\n";
    let closed = "hm, the bowl\n</think>\n\ngoal held(a)\nend\n";
    for (way, thought, answer) in [
        (Way::Reasons(PLAN), "The red_block is free.", PLAN),
        (Way::Tags(tagged), "hm, the bowl", "goal held(a)\nend\n"),
        (Way::Tags(closed), "hm, the bowl", "goal held(a)\nend\n"),
        (Way::Tags("end"), "", "end"),
        (Way::Whole("end"), "hm", "end"),
    ] {
        let (written, heard, fake) = written(std::slice::from_ref(&way));
        let written = written.unwrap_or_else(|error| panic!("{way:?}: {error}"));
        assert_eq!((written.thought.as_str(), written.answer.as_str()), (thought, answer), "{way:?}");
        assert_eq!(heard, thought, "{way:?}: it streams what it keeps");
        if let Way::Reasons(_) = way {
            assert_eq!((written.thought_tokens, written.answer_tokens), (12, 18), "as the server counts");
        }
        let asked = fake.asked.lock().unwrap();
        assert_eq!((asked.len(), &asked[0]["stream"], &asked[0]["model"]), (1, &json!(true), &json!("r1")));
        assert_eq!(*fake.keys.lock().unwrap(), [format!("Bearer {KEY}")]);
    }
}

#[test]
fn what_passes_is_tried_again() {
    for way in [
        Way::Status(500, "", "{\"error\": {\"message\": \"oops\"}}"),
        Way::Status(429, "Retry-After: 1\r\n", "slow down"),
        Way::Drops,
        Way::HangsUp,
        Way::Truncates,
        Way::Nonsense,
        Way::FallsSilent,
        Way::Silent,
    ] {
        let begun = Instant::now();
        let (written, heard, fake) = written(&[way.clone(), Way::Reasons(PLAN)]);
        assert_eq!(written.unwrap_or_else(|e| panic!("{way:?}: {e}")).answer, PLAN, "{way:?}");
        assert_eq!(fake.asked.lock().unwrap().len(), 2, "{way:?}");
        assert!(heard.ends_with("The red_block is free."), "{way:?}: {heard}");
        let waited = begun.elapsed() >= Duration::from_secs(1);
        assert!(waited || !matches!(way, Way::Status(429, ..)), "it waits as long as it is asked to");
    }
}

#[test]
fn what_lasts_is_told_and_never_shows_the_key() {
    let echo = "{\"error\": {\"message\": \"bad key sk-very-secret-0815, sorry\"}}";
    for (way, tells, times) in [
        (Way::Status(401, "", echo), "PONDER_API_KEY", 1),
        (Way::Status(404, "", "{\"error\": \"model not found\"}"), "model not found", 1),
        (Way::Status(302, "Location: http://127.0.0.1:1/v1\r\n", ""), "it answers 302", 1),
        (Way::Status(503, "", echo), "it answers 503", 3),
        (Way::Nonsense, "no JSON", 3),
        (Way::Truncates, "broke off", 3),
        (Way::Silent, "no word within 0.7 s (3 tries)", 3),
        (Way::FallsSilent, "fell silent", 3),
        (Way::Endless, "does not come to an end", 1),
    ] {
        let (written, _, fake) = written(std::slice::from_ref(&way));
        let error = written.unwrap_err().to_string();
        assert!(error.contains(tells), "{way:?} should speak of `{tells}`: {error}");
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(fake.asked.lock().unwrap().len(), times, "{way:?}");
    }
    let (written, ..) = written(&[Way::Length]);
    assert_eq!(written, Err(WriteError::Unfinished(30)));
    // Nobody is there at all.
    let (written, _) = ask(&mut client("http://127.0.0.1:9/v1", patience()), &Cancel::default(), 1);
    assert!(written.unwrap_err().to_string().contains("(3 tries)"));
    // All of it takes too long.
    let fake = server(&[Way::Silent]);
    let short = Patience { total: Duration::from_millis(300), ..patience() };
    let (written, _) = ask(&mut client(&fake.url, short), &Cancel::default(), 1);
    assert!(written.unwrap_err().to_string().contains("no whole answer within 0.3 s"));
}

#[test]
fn a_cancelled_question_is_left_at_once() {
    for way in [Way::Silent, Way::FallsSilent, Way::Endless, Way::Status(429, "Retry-After: 20\r\n", "")] {
        let fake = server(std::slice::from_ref(&way));
        let cancel = Cancel::default();
        let flag = cancel.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            flag.cancel();
        });
        let calm = Patience { first: Duration::from_secs(9), between: Duration::from_secs(9), ..patience() };
        let begun = Instant::now();
        let (written, _) = ask(&mut client(&fake.url, calm), &cancel, 1);
        if !matches!(way, Way::Endless) {
            assert_eq!(written, Err(WriteError::Cancelled), "{way:?}"); // an endless one may have ended itself
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "{way:?}: {:?}", begun.elapsed());
    }
}

fn ponder(dir: &TempDir, args: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
    command.args(args).current_dir(dir.path()).stdin(Stdio::null()).env("NO_COLOR", "1").env("PONDER_API_KEY", KEY);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked") && !text.contains("very-secret"), "{text}");
    (output, text)
}

/// Does anything in the folder hold these bytes?
fn holds(folder: &std::path::Path, bytes: &[u8]) -> bool {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut files = entries.filter(|path| path.is_file());
    files.any(|path| std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes))
}

#[test]
fn think_asks_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let fake = server(&[Way::Status(400, "", "{\"error\": \"response_format is not known\"}"), Way::Reasons(PLAN)]);
    let ask = ["think", "--reasoner", "remote", "--url", &fake.url, "--model", "r1"];
    let (output, text) = ponder(&dir, &ask);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("The red_block is free.") && text.contains("1. pick(red_block)"), "{text}");
    let asked = fake.asked.lock().unwrap();
    assert_eq!(asked.len(), 2, "what the server does not know is left out");
    assert_eq!(asked[0]["response_format"]["type"], "json_schema");
    assert!(asked[0].to_string().contains("Give the answer as JSON"));
    assert!(asked[1].get("response_format").is_none() && !asked[1].to_string().contains("Give the answer as JSON"));
    assert!(asked[1]["messages"][0]["content"].as_str().unwrap().contains("- red_block"));
}

#[test]
fn answers_in_json_are_plans_and_bad_ones_go_back_once() {
    let dir = tempfile::tempdir().unwrap();
    let plan =
        r#"{"do": {"goal": [{"held": "red_block"}], "steps": [{"skill": "pick", "args": {"object": "red_block"}}]}}"#;
    let fake = server(&[Way::Reasons("pick(ghost)\nend\n"), Way::Tags(plan)]);
    let (output, text) = ponder(&dir, &["think", "pick it up", "--url", &fake.url, "--model", "r1", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["answer"]["do"]["steps"][0]["skill"], "pick", "{report}");
    let asked = fake.asked.lock().unwrap();
    assert_eq!(asked[1]["messages"].as_array().unwrap().len(), 3, "the reason goes back");
    assert!(asked[1]["messages"][2]["content"].as_str().unwrap().contains("ghost"));
}

#[test]
fn a_run_is_thought_by_a_server_and_replays_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let fake = server(&[Way::Reasons(PLAN)]);
    let args = ["run", "--no-camera", "--save", "a.rrd", "--reasoner", "remote", "--url", &fake.url, "--model", "r1"];
    let (output, story) = ponder(&dir, &args);
    assert_eq!(output.status.code(), Some(0), "{story}");
    assert!(story.contains(&format!("r1 at {}, else symbolic (baseline)", fake.url)), "{story}");
    assert!(story.contains("The red_block is free.") && story.contains("success"), "{story}");
    drop(fake);
    let (_, verdict) = ponder(&dir, &["replay", "a.journal"]);
    assert!(verdict.contains("equal to the bit"), "{verdict}");
    assert!(holds(dir.path(), b"The red") && !holds(dir.path(), KEY.as_bytes()), "no record holds the key");
}

#[test]
fn when_the_server_fails_the_fallback_thinks_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let fake = server(&[Way::Status(403, "", "no")]);
    let args = ["run", "--no-camera", "--save", "a.rrd", "--url", &fake.url, "--model", "r1"];
    let (output, story) = ponder(&dir, &args);
    assert_eq!(output.status.code(), Some(0), "{story}");
    assert!(story.contains("thinks instead") && story.contains("it answers 403"), "{story}");
    let (output, story) = ponder(&dir, &[&args[..], &["--fallback", "none"]].concat());
    assert_eq!(output.status.code(), Some(4), "{story}");
    assert!(story.contains("it answers 403"), "{story}");
    let args = ["eval", "--suite", "tabletop", "--episodes", "5", "--threads", "1", "--json", "--url", &fake.url];
    let before = fake.asked.lock().unwrap().len();
    let (output, text) = ponder(&dir, &[&args[..], &["--model", "r1", "--perception", "ground-truth"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
    assert_eq!((&report["success_rate"], &report["false_done"]), (&json!(1.0), &json!(0)), "{report}");
    assert!(report["thinking"]["answers"].as_u64().unwrap() >= 5, "{report}");
    assert_eq!(fake.asked.lock().unwrap().len() - before, 3, "after three failures it is left alone");
}

#[test]
fn what_is_wrong_is_told_before_anything_moves() {
    let dir = tempfile::tempdir().unwrap();
    let fake = server(&[Way::Reasons(PLAN)]);
    for (args, tells) in [
        (&["--reasoner", "remote"][..], "http://localhost:8000/v1"),
        (&["--reasoner", "remote", "--url", "localhost"], "is no server's address"),
        (&["--reasoner", "remote", "--url", "http://127.0.0.1:9/v1", "--model", "r1"], "no server answers"),
        (&["--reasoner", "remote", "--url", &fake.url, "--model", "r2"], "it has r1, v3, deepseek-r1"),
        (&["--reasoner", "remote", "--url", &fake.url], "several models"),
        (&["--reasoner", "symbolic", "--url", &fake.url], "--url is for"),
        (&["--url", &fake.url, "--model", "r1", "--fallback", "remote"], "--fallback"),
    ] {
        let (output, text) = ponder(&dir, &[&["run", "--no-camera"], args].concat());
        assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
        assert!(text.contains(tells), "{args:?} should speak of `{tells}`: {text}");
    }
    assert!(fake.asked.lock().unwrap().is_empty() && !dir.path().join("runs").exists());
}
