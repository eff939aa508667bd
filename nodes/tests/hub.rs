//! Models fetched from a hub that misbehaves in every way that hubs and networks do. The hub is a few lines of ours on
//! the loopback interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ponder_core::thinker::Cancel;
use ponder_nodes::hub::{HubError, Patience, Pull, Source, Store, Told};
use sha2::{Digest, Sha256};

const REPO: &str = "someone/small";

fn weights() -> Vec<u8> {
    (0..3_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// How the hub behaves.
#[derive(Clone, Copy, Default)]
struct Ways {
    /// Bytes of weights after which a connection is dropped; 0: never.
    drops_after: usize,
    /// Answers with everything whatever is asked for.
    no_ranges: bool,
    /// The weights are not those that are listed.
    wrong_bytes: bool,
    /// Answers to the first requests for weights, 0 for none.
    busy: u16,
    /// So many of them.
    busy_times: u32,
    /// Says nothing after the first bytes of weights.
    falls_silent: bool,
    /// Says that one must show something.
    wants_token: bool,
}

/// What a hub was asked: path and first byte.
type Asked = Arc<Mutex<Vec<(String, usize)>>>;

fn hub(ways: Ways) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked: Asked = Arc::default();
    let log = asked.clone();
    let busy = Arc::new(Mutex::new(ways.busy_times));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (log, busy) = (log.clone(), busy.clone());
            std::thread::spawn(move || drop(answer(stream, ways, &log, &busy)));
        }
    });
    (base, asked)
}

fn answer(mut stream: TcpStream, ways: Ways, log: &Asked, busy: &Mutex<u32>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let path = lines.next().unwrap()?.split(' ').nth(1).unwrap().to_owned();
    let (mut from, mut token) = (0, false);
    for line in lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let line = line.to_lowercase();
        token |= line == "authorization: bearer open-sesame";
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap();
        }
    }
    log.lock().unwrap().push((path.clone(), from));
    let plain = |code: u16| format!("HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    if ways.wants_token && !token {
        return stream.write_all(plain(401).as_bytes());
    }
    let bytes = weights();
    let sum: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let config = br#"{"hidden_size": 8}"#.to_vec();
    let is_weights = path.ends_with("/model.safetensors");
    let mut body = if path == format!("/api/models/{REPO}/tree/main?recursive=true") {
        format!(
            r#"[{{"type": "file", "path": "config.json", "size": {}, "oid": "1"}},
                {{"type": "file", "path": "README.md", "size": 5, "oid": "1"}},
                {{"type": "file", "path": "model.safetensors", "size": {}, "oid": "2",
                  "lfs": {{"oid": "{sum}", "size": {}, "pointerSize": 134}}}}]"#,
            config.len(),
            bytes.len(),
            bytes.len()
        )
        .into_bytes()
    } else if path == format!("/{REPO}/resolve/main/config.json") {
        config
    } else if path == format!("/{REPO}/resolve/main/model.safetensors") {
        bytes
    } else {
        return stream.write_all(plain(404).as_bytes());
    };
    if is_weights {
        let mut left = busy.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            return stream.write_all(plain(ways.busy).as_bytes());
        }
        body[1_000_000] ^= u8::from(ways.wrong_bytes);
    }
    let whole = body.len();
    let head = if from > 0 && !ways.no_ranges {
        body.drain(..from);
        format!("HTTP/1.1 206 X\r\nContent-Range: bytes {from}-{}/{whole}\r\n", whole - 1)
    } else {
        "HTTP/1.1 200 X\r\n".to_owned()
    };
    stream.write_all(format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes())?;
    if is_weights && ways.falls_silent && from == 0 {
        stream.write_all(&body[..100_000])?;
        std::thread::sleep(Duration::from_secs(20));
        return Ok(());
    }
    let end = if is_weights && ways.drops_after > 0 { ways.drops_after.min(body.len()) } else { body.len() };
    stream.write_all(&body[..end])
}

fn pull(base: &str) -> Pull {
    Pull {
        repo: REPO.to_owned(),
        revision: "main".to_owned(),
        source: Source::Hub { base: base.to_owned(), token: None },
        only: Vec::new(),
        check: false,
        patience: Patience { tries: 3, first_wait: Duration::from_millis(5), silence: Duration::from_millis(600) },
    }
}

fn store(dir: &tempfile::TempDir) -> Store {
    Store { folder: dir.path().join("models") }
}

fn run(pull: &Pull, store: &Store) -> Result<std::path::PathBuf, HubError> {
    pull.run(store, &Cancel::default(), &mut |_| {})
}

/// Names in the model's folder, but ours.
fn names(store: &Store) -> Vec<String> {
    let entries = std::fs::read_dir(store.folder_of(REPO)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with(".ponder"));
    names.sort();
    names
}

fn asked_for_weights(asked: &Asked) -> Vec<usize> {
    let asked = asked.lock().unwrap();
    asked.iter().filter(|(path, _)| path.ends_with("model.safetensors")).map(|(_, from)| *from).collect()
}

#[test]
fn a_model_comes_whole_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let (base, asked) = hub(Ways::default());
    let store = store(&dir);
    assert!(matches!(store.find(Some(REPO), |_| true), Err(HubError::NotHere { .. })));
    let (mut came, mut total) = (0, 0);
    let mut tell = |told: Told| match told {
        Told::Begins(files, bytes, done) => (total, came) = (bytes, done as i64 + i64::from(files != 2) * 1000),
        Told::Came(bytes) => came += bytes,
        _ => {}
    };
    let folder = pull(&base).run(&store, &Cancel::default(), &mut tell).unwrap();
    assert_eq!(came, total as i64);
    assert_eq!(names(&store), ["config.json", "model.safetensors"]);
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), weights());
    assert!(store.here(REPO).unwrap().is_whole());
    assert_eq!(store.find(Some(REPO), |_| true).unwrap(), folder);
    run(&pull(&base), &store).unwrap();
    assert_eq!(asked_for_weights(&asked), [0], "what is here is not fetched again");
    // Damage is found when it is looked for.
    let mut bytes = weights();
    bytes[7] ^= 1;
    std::fs::write(folder.join("model.safetensors"), &bytes).unwrap();
    run(&Pull { check: true, ..pull(&base) }, &store).unwrap();
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), weights());
    // And a file that is cut off since is no whole model.
    std::fs::write(folder.join("model.safetensors"), &bytes[..100]).unwrap();
    assert!(matches!(store.find(Some(REPO), |_| true), Err(HubError::InPart { .. })));
}

#[test]
fn dropped_connections_go_on_where_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let (base, asked) = hub(Ways { drops_after: 700_000, ..Ways::default() });
    run(&pull(&base), &store(&dir)).unwrap();
    let asked = asked_for_weights(&asked);
    assert!(asked.len() == 5 && asked[0] == 0, "{asked:?}");
    assert!(asked.windows(2).all(|pair| pair[1] > pair[0] + 500_000), "each goes on where the last ended: {asked:?}");
    assert_eq!(std::fs::read(store(&dir).folder_of(REPO).join("model.safetensors")).unwrap(), weights());
}

#[test]
fn what_came_in_an_earlier_run_is_not_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let stop = Cancel::default();
    let (base, _) = hub(Ways { falls_silent: true, ..Ways::default() });
    let mut came = 0;
    let mut tell = |told: Told| {
        if let Told::Came(bytes) = told {
            came += bytes; // in as many pieces as the network makes of them
            if came >= 100_000 {
                stop.cancel();
            }
        }
    };
    let stopped = pull(&base).run(&store, &stop, &mut tell);
    assert!(matches!(stopped, Err(HubError::Stopped)), "{stopped:?}");
    assert!(names(&store).iter().any(|name| name.ends_with(".part")));
    assert!(matches!(store.find(Some(REPO), |_| true), Err(HubError::InPart { .. })));
    let (base, asked) = hub(Ways::default());
    run(&pull(&base), &store).unwrap();
    let asked = asked_for_weights(&asked);
    assert!(asked.len() == 1 && (1..=100_000).contains(&asked[0]), "{asked:?}");
    assert_eq!(names(&store), ["config.json", "model.safetensors"]);
}

#[test]
fn a_server_without_ranges_starts_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let (base, _) = hub(Ways { drops_after: 500_000, no_ranges: true, ..Ways::default() });
    let error = run(&pull(&base), &store).unwrap_err();
    assert!(matches!(error, HubError::Lost { tries: 3, .. }), "{error}");
    let (base, _) = hub(Ways { no_ranges: true, ..Ways::default() });
    run(&pull(&base), &store).unwrap();
    assert_eq!(std::fs::read(store.folder_of(REPO).join("model.safetensors")).unwrap(), weights());
}

#[test]
fn the_wrong_bytes_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (base, _) = hub(Ways { wrong_bytes: true, ..Ways::default() });
    let error = run(&pull(&base), &store(&dir)).unwrap_err();
    assert!(matches!(error, HubError::Wrong { what: "SHA-256", .. }), "{error}");
    assert_eq!(names(&store(&dir)), ["config.json"]);
    let (base, _) = hub(Ways::default());
    run(&pull(&base), &store(&dir)).unwrap();
}

#[test]
fn busy_and_silent_hubs_are_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let (base, asked) = hub(Ways { busy: 503, busy_times: 2, falls_silent: true, ..Ways::default() });
    let mut again = Vec::new();
    let mut tell = |told: Told| {
        if let Told::Again(why) = told {
            again.push(why.to_owned());
        }
    };
    pull(&base).run(&store(&dir), &Cancel::default(), &mut tell).unwrap();
    assert_eq!(asked_for_weights(&asked), [0, 0, 0, 100_000]);
    assert!(again.len() == 3 && again[0].contains("503") && again[2].contains("nothing came"), "{again:?}");
    let (base, _) = hub(Ways { busy: 503, busy_times: 99, ..Ways::default() });
    let dir = tempfile::tempdir().unwrap();
    let error = run(&pull(&base), &store(&dir)).unwrap_err();
    assert!(matches!(error, HubError::Lost { tries: 3, .. }), "{error}");
}

#[test]
fn what_is_not_there_or_not_given_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (base, _) = hub(Ways::default());
    let error = run(&Pull { repo: "no/body".to_owned(), ..pull(&base) }, &store(&dir)).unwrap_err();
    assert!(matches!(error, HubError::NotThere { .. }) && error.to_string().contains("no/body"), "{error}");
    let (base, _) = hub(Ways { wants_token: true, ..Ways::default() });
    let error = run(&pull(&base), &store(&dir)).unwrap_err();
    assert!(matches!(error, HubError::Denied { status: 401, .. }) && error.to_string().contains("HF_TOKEN"), "{error}");
    let source = Source::Hub { base, token: Some("open-sesame".to_owned()) };
    run(&Pull { source, ..pull("") }, &store(&dir)).unwrap();
    let error = run(&pull("http://127.0.0.1:9"), &store(&dir)).unwrap_err();
    assert!(matches!(error, HubError::Lost { .. }), "{error}");
}

#[test]
fn two_at_once_do_not_meet() {
    let dir = tempfile::tempdir().unwrap();
    let folder = store(&dir).folder_of(REPO);
    std::fs::create_dir_all(&folder).unwrap();
    let other = std::fs::File::create(folder.join(".ponder.lock")).unwrap();
    other.lock().unwrap();
    let (base, _) = hub(Ways::default());
    assert!(matches!(run(&pull(&base), &store(&dir)), Err(HubError::Busy { .. })));
    drop(other);
    run(&pull(&base), &store(&dir)).unwrap();
}

#[test]
fn folders_are_mirrors_too() {
    let dir = tempfile::tempdir().unwrap();
    let (base, _) = hub(Ways::default());
    run(&pull(&base), &store(&dir)).unwrap();
    let other = tempfile::tempdir().unwrap();
    let source = Source::of(Some(&format!("file://{}", dir.path().join("models").display())));
    let folder = run(&Pull { source: source.clone(), ..pull("") }, &store(&other)).unwrap();
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), weights());
    assert!(store(&other).here(REPO).unwrap().listing.files.iter().any(|file| file.sha256.is_some()));
    // A mirror with a damaged file is found out by the hash that came with it.
    let path = store(&dir).folder_of(REPO).join("model.safetensors");
    let mut bytes = weights();
    bytes[9] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let third = tempfile::tempdir().unwrap();
    let error = run(&Pull { source, ..pull("") }, &store(&third)).unwrap_err();
    assert!(matches!(error, HubError::Wrong { .. }), "{error}");
    let source = Source::of(Some("nowhere/at/all"));
    assert!(matches!(run(&Pull { source, ..pull("") }, &store(&third)), Err(HubError::NotThere { .. })));
}

/// The command with a folder of models of its own and no hub but the one given.
fn ponder(dir: &tempfile::TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
    command.args(args).current_dir(dir.path()).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.env("PONDER_MODELS", dir.path().join("models")).env("HF_ENDPOINT", "http://127.0.0.1:9");
    command.env_remove("HF_TOKEN");
    command
}

#[test]
fn the_command_lists_and_fetches() {
    let dir = tempfile::tempdir().unwrap();
    let (base, _) = hub(Ways::default());
    let said = |args: &[&str], code: i32| {
        let output = ponder(&dir, args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        text
    };
    let list = said(&["models"], 0);
    assert!(list.contains("janus-pro-1b") && list.contains("4.2 GB") && list.contains("MIT"), "{list}");
    let pulled = said(&["models", "pull", REPO, "--url", &base], 0);
    assert!(pulled.contains("is here"), "{pulled}");
    let list: serde_json::Value = serde_json::from_str(&said(&["models", "--json"], 0)).unwrap();
    let models = list["models"].as_array().unwrap();
    assert!(models.iter().any(|model| model["name"] == REPO && model["state"] == "here"), "{list}");
    assert!(models.iter().any(|model| model["name"] == "janus-pro-7b" && model["state"] == "-"), "{list}");
    assert!(said(&["models", "pull", "../x", "--url", &base], 1).contains("no model"));
    assert!(said(&["models", "pull", "no/body", "--url", &base], 1).contains("is not there"));
    assert!(said(&["models", "pull", "--help"], 0).contains("Examples"));
}

#[test]
#[cfg(unix)]
fn ctrl_c_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (base, _) = hub(Ways { falls_silent: true, ..Ways::default() });
    let mut child = ponder(&dir, &["models", "pull", REPO, "--url", &base]).stderr(Stdio::null()).spawn().unwrap();
    let part = || {
        let entries = std::fs::read_dir(dir.path().join("models").join(REPO)).into_iter().flatten().flatten();
        entries
            .filter(|e| e.file_name().to_string_lossy().ends_with(".part"))
            .map(|e| e.metadata().unwrap().len())
            .max()
    };
    while part() != Some(100_000) {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let (base, asked) = hub(Ways::default());
    assert!(
        ponder(&dir, &["models", "pull", REPO, "--url", &base, "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(asked_for_weights(&asked), [100_000]);
}
