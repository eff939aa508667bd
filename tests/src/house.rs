//! What may stand in which file: the word lists of the rooms, and what every file keeps to. Takes a
//! path inside the repository and its text, so that a test can feed it a file that breaks a rule.

/// A word that one part of the tree may not use.
struct Ban {
    /// Where it holds: a path from the root of the repository.
    room: &'static str,
    /// What may not stand there, as it would be written in code.
    words: &'static [&'static str],
    /// Paths under `room` where it may stand all the same.
    but: &'static [&'static str],
    why: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        room: "core/src",
        words: &["std::fs", "fs::", "File::", "std::net", "std::env", "env::", "std::process"],
        but: &[],
        why: "core touches no files, network or processes: nodes does",
    },
    Ban {
        room: "core/src",
        words: &["SystemTime", "Instant::now", "UNIX_EPOCH"],
        but: &[],
        why: "time is passed in, or a run could not be replayed",
    },
    Ban {
        room: "core/src",
        words: &["std::thread", "thread::", "Mutex", "RwLock", "Condvar"],
        but: &["core/src/thinker"],
        why: "the control path never waits: threads and locks live in the mailbox alone",
    },
    Ban {
        room: "core/src",
        words: &["candle_core", "candle_nn", "mujoco_rs", "r2r", "rerun", "tokio"],
        but: &[],
        why: "core knows no library that runs a robot, a model or a screen",
    },
    Ban {
        room: "models/src",
        words: &["mujoco_rs", "ponder_sim", "r2r", "rerun", "tokio", "std::net"],
        but: &[],
        why: "models knows neither simulator, ROS, screen nor network",
    },
    Ban {
        room: "models/src/net",
        words: &["ponder_core", "std::fs", "fs::", "File::", "std::thread", "thread::"],
        but: &[],
        why: "a network is tensors in, tensors out",
    },
    Ban {
        room: "sim/src",
        words: &["candle_core", "candle_nn", "ponder_models", "r2r", "rerun", "tokio", "std::net"],
        but: &[],
        why: "sim knows neither models, ROS, screen nor network",
    },
    Ban {
        room: "nodes/src",
        words: &["drive_unguarded"],
        but: &["nodes/src/ros/world"],
        why: "no command gets around the guard but those that a simulated robot's driver takes from a graph",
    },
    Ban {
        room: "nodes/src",
        words: &["r2r"],
        but: &["nodes/src/ros", "nodes/src/bin/ponder/do_"],
        why: "ROS stays behind one door",
    },
    Ban {
        room: "nodes/src",
        words: &["mujoco_rs", "candle_core", "candle_nn"],
        but: &[],
        why: "behind sim and models",
    },
];

/// Held in every library: seeds and devices are passed in, and words go to sinks.
const LIBRARIES: &[&str] = &["core/src", "models/src", "sim/src"];
const NOT_IN_LIBRARIES: &[&str] =
    &["println!", "eprintln!", "print!", "eprint!", "thread_rng", "rand::rng", "from_os_rng", "rand::random"];

/// Parts of a place's name are kept apart here, or this file would break its own rule.
const PLACES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted"),
    concat!("npm", "js"),
    concat!("deb.", "debian.org"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

const MAX_LINES: usize = 400;

/// Every rule that the file breaks, as `path:line: what, why`.
pub fn violations(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |line: usize, what: String| found.push(format!("{path}:{line}: {what}"));
    if path != "Cargo.lock" {
        for (number, line) in numbered(text) {
            for place in PLACES.iter().filter(|place| has_word(line, place)) {
                say(number, format!("`{place}`: a file names no registry's host and no machine's path"));
            }
        }
    }
    if path.starts_with("launch/") && [".rs", ".py", ".sh"].iter().any(|end| path.ends_with(end)) {
        say(1, "launch/ holds data only".into());
    }
    if !path.ends_with(".rs") {
        return found;
    }
    if !text.starts_with("//!") {
        say(1, "a file opens with `//!`: what it does and where in the ring".into());
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        say(lines, format!("{lines} lines; split it before {MAX_LINES}"));
    }
    for (number, line) in numbered(text).take_while(|(_, line)| line.trim() != "#[cfg(test)]") {
        let code = line.split("//").next().unwrap_or_default();
        for ban in BANS.iter().filter(|ban| under(path, ban.room) && !ban.but.iter().any(|but| path.starts_with(but))) {
            for word in ban.words.iter().filter(|word| has_word(code, word)) {
                say(number, format!("`{word}`: {}", ban.why));
            }
        }
        if LIBRARIES.iter().any(|room| under(path, room)) {
            for word in NOT_IN_LIBRARIES.iter().filter(|word| has_word(code, word)) {
                say(number, format!("`{word}`: a library prints nothing and draws no unseeded numbers"));
            }
        }
    }
    found
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

fn under(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether `word` stands in `line` and is not the end or the start of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(in_name) && word.starts_with(in_name);
        let after = line[at + word.len()..].chars().next().is_some_and(in_name) && word.ends_with(in_name);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn breaks(path: &str, line: &str, says: &str) {
        let found = violations(path, &format!("//! A file.\n{line}\n"));
        assert!(found.len() == 1 && found[0].contains(says), "expected one with `{says}`, found {found:#?}");
        assert!(found[0].starts_with(&format!("{path}:2: ")), "wrong place: {found:#?}");
    }

    #[track_caller]
    fn keeps(path: &str, text: &str) {
        assert_eq!(violations(path, text), Vec::<String>::new());
    }

    #[test]
    fn each_ban_of_each_room_is_seen() {
        for ban in BANS {
            for word in ban.words {
                let path = format!("{}/x.rs", ban.room);
                let found = violations(&path, &format!("//! A file.\nlet x = {word} ;\n"));
                assert!(found.iter().any(|v| v.contains(word) && v.contains(ban.why)), "{word} passed in {path}");
                for but in ban.but {
                    let found = violations(&format!("{but}/x.rs"), &format!("//! A file.\nlet x = {word} ;\n"));
                    assert!(!found.iter().any(|v| v.contains(ban.why)), "{word} refused in {but}: {found:#?}");
                }
            }
        }
    }

    #[test]
    fn libraries_are_quiet_and_seeded() {
        breaks("sim/src/world.rs", r#"println!("here");"#, "prints nothing");
        breaks("core/src/run.rs", "let mut rng = rand::rng();", "unseeded");
        keeps("nodes/src/main.rs", "//! The command.\nfn main() { println!(\"here\"); }\n");
    }

    #[test]
    fn comments_tests_and_longer_names_are_let_be() {
        keeps(
            "core/src/run.rs",
            "//! Never calls Instant::now, never tokio.\n// no std::fs\nlet offs = diffs::of();\n",
        );
        keeps("core/src/run.rs", "//! A file.\n#[cfg(test)]\nmod tests { use std::fs; }\n");
        keeps("sim/src/world.rs", "//! A file.\nlet tokionic = retokio();\n");
    }

    #[test]
    fn registries_and_machines_are_not_named() {
        breaks("README.md", &format!("see https://{}/x", PLACES[0]), PLACES[0]);
        breaks("launch/a.yaml", &format!("weights: {}me/x", PLACES[6]), PLACES[6]);
        keeps("README.md", "network/home and homework/done\n");
        keeps("Cargo.lock", &format!("source = \"{}\"", PLACES[0]));
    }

    #[test]
    fn files_open_with_what_they_do_and_stay_short() {
        assert!(violations("sim/src/x.rs", "use std::io;\n")[0].contains("opens with"));
        let long = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
        assert!(violations("sim/src/x.rs", &long)[0].contains("split it"));
        assert!(violations("launch/x.py", "pass\n")[0].contains("data only"));
    }
}
