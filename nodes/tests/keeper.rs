//! Processes are kept: started again when they die, stopped in order, and never left behind. No ROS is needed: a shell
//! and this very program stand in for nodes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ponder_core::thinker::Cancel;
use ponder_nodes::launch::keep::{Kept, Say, keep};
use ponder_nodes::launch::tie;

const SHORT: Duration = Duration::from_millis(700);

fn shell(name: &str, script: &str, respawn: Option<Duration>) -> Kept {
    Kept { name: name.to_owned(), program: "/bin/sh".into(), args: vec!["-c".to_owned(), script.to_owned()], respawn }
}

/// Lines that are said, with who says them.
fn ear() -> (Arc<Say>, Arc<Mutex<Vec<(usize, String)>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let by = heard.clone();
    (Arc::new(move |i, line: &str| by.lock().unwrap().push((i, line.to_owned()))), heard)
}

fn has(heard: &Mutex<Vec<(usize, String)>>, part: &str) -> usize {
    heard.lock().unwrap().iter().filter(|(_, line)| line.contains(part)).count()
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process's state as the system writes it: `S` for one that sleeps.
fn state(process: &str) -> Option<String> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).map(str::to_owned)
}

fn is_alive(process: &str) -> bool {
    state(process).is_some_and(|state| state != "Z")
}

#[test]
fn what_dies_is_started_again_and_what_ended_well_is_not_missed() {
    let (say, heard) = ear();
    let stop = Cancel::default();
    let all = vec![
        shell("dies", "echo out; echo err >&2; kill -9 $$", Some(Duration::from_millis(1))),
        shell("ends", "echo done", None),
        Kept { program: "/no/such/program".into(), ..shell("none", "", None) },
    ];
    let (signal, told) = (stop.clone(), heard.clone());
    let watch = std::thread::spawn(move || {
        until("three lives", || {
            has(&told, "out") >= 3 && has(&told, "err") >= 3 && has(&told, "is started again") >= 3
        });
        signal.cancel();
    });
    assert!(keep(all, &stop, &say, SHORT), "stopped is in order");
    watch.join().unwrap();
    assert!(has(&heard, "by SIGKILL") >= 3 && has(&heard, "is started again") >= 3);
    assert_eq!((has(&heard, "done"), has(&heard, "can't be started")), (1, 1));
}

#[test]
fn when_all_are_over_it_is_over_and_tells_how_they_ended() {
    let (say, _) = ear();
    assert!(keep(vec![shell("well", "exit 0", None)], &Cancel::default(), &say, SHORT));
    assert!(!keep(vec![shell("well", "exit 0", None), shell("ill", "exit 3", None)], &Cancel::default(), &say, SHORT));
}

#[test]
fn all_are_asked_then_told_then_killed() {
    let (say, heard) = ear();
    let stop = Cancel::default();
    let all = vec![
        // They start nothing after they are up: a shell may miss a signal while it forks.
        shell("good", "trap 'kill $!; echo good rests; exit 0' INT; sleep 60 & echo up; wait", None),
        shell("slow", "trap '' INT; trap 'kill $!; echo slow told; exit 0' TERM; sleep 60 & echo up; wait", None),
        shell("deaf", "trap '' INT TERM; echo up; while :; do sleep 0.05; done", Some(Duration::ZERO)),
    ];
    let (signal, told) = (stop.clone(), heard.clone());
    let watch = std::thread::spawn(move || {
        until("all are up", || has(&told, "up") >= 6); // each says so, and the keeper says it of each
        // A shell that is asked between its last word and its `wait` waits all the same: until they do, nobody is asked.
        let waits = |(_, line): &(usize, String)| {
            line.strip_prefix("is up, process ").is_none_or(|process| state(process).is_some_and(|state| state == "S"))
        };
        // It may sleep for an instant on the way there: ten looks one after the other must find it so.
        let mut looks = 0;
        until("all wait", || {
            looks = if told.lock().unwrap().iter().all(waits) { looks + 1 } else { 0 };
            looks == 10
        });
        signal.cancel();
    });
    // A shell has its answer ready at once, but a busy machine may not.
    assert!(keep(all, &stop, &say, 4 * SHORT));
    watch.join().unwrap();
    assert_eq!((has(&heard, "good rests"), has(&heard, "slow told"), has(&heard, "by SIGKILL")), (1, 1, 1));
    for line in heard.lock().unwrap().iter().filter_map(|(_, line)| line.strip_prefix("is up, process ")) {
        assert!(!is_alive(line), "process {line} is left");
    }
}

/// Where helpers of the last test write who they are.
const FOLDER: &str = "PONDER_TEST_KEEPER";

/// Not a test: what [`a_keeper_that_is_killed_leaves_nobody`] runs, and its children.
#[test]
fn helper() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let me = std::process::id().to_string();
    if std::env::var_os(tie::VARIABLE).is_some() {
        let stop = Cancel::default();
        tie::tie(&stop).unwrap();
        std::fs::write(folder.join(format!("child-{me}")), &me).unwrap();
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    let args = ["--exact", "helper", "--nocapture"].map(str::to_owned).to_vec();
    let child = Kept { name: "child".to_owned(), program: std::env::current_exe().unwrap(), args, respawn: None };
    keep(vec![child.clone(), child], &Cancel::default(), &ear().0, SHORT);
}

#[test]
fn a_keeper_that_is_killed_leaves_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Command::new(std::env::current_exe().unwrap());
    keeper.args(["--exact", "helper", "--nocapture"]).env(FOLDER, dir.path()).stdout(Stdio::null());
    let mut keeper = keeper.spawn().unwrap();
    let children = || -> Vec<String> {
        let entries = std::fs::read_dir(dir.path()).unwrap().flatten();
        entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_prefix("child-")?.to_owned())).collect()
    };
    until("both children are up", || children().len() == 2);
    keeper.kill().unwrap(); // -9
    keeper.wait().unwrap();
    until("its children are gone", || children().iter().all(|child| !is_alive(child)));
}
