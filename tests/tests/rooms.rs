//! Holds the house to its plan: dependency directions by Cargo's own word, word lists and file rules
//! over every source. What the rules are, and that each can fail, stands in `src/rooms.rs` and
//! `src/house.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use ponder_tests::{house, rooms};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package stands in the workspace")
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).current_dir(root()).output().expect("cargo starts");
    assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

#[test]
fn the_rooms_depend_only_downwards() {
    let metadata = cargo(&["metadata", "--format-version=1", "--offline", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let rooms: Vec<_> = packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().expect("a name");
            let (tests_with, uses): (Vec<_>, Vec<_>) =
                package["dependencies"].as_array().expect("a list").iter().partition(|d| d["kind"] == "dev");
            let names = |deps: Vec<&Value>| deps.iter().map(|d| d["name"].as_str().expect("a name").into()).collect();
            let tree = cargo(&["tree", "--offline", "--package", name, "--edges=normal", "--prefix=none"]);
            let reaches = tree.lines().filter_map(|line| line.split(' ').next()).map(String::from).collect();
            rooms::Room { name: name.into(), uses: names(uses), tests_with: names(tests_with), reaches }
        })
        .collect();
    assert!(rooms.iter().any(|room| room.reaches.len() > 10), "cargo tree was not understood: {rooms:#?}");
    let found = rooms::violations(&rooms);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_file_keeps_the_rules_of_its_room() {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(root()).expect("the root can be listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a UTF-8 name").to_owned();
        let ours = ["core", "models", "sim", "nodes", "launch", "tests", ".ci", ".cargo"].contains(&name.as_str());
        if ours || (path.is_file() && name != ".git") {
            files.extend(walkdir::WalkDir::new(&path).into_iter().map(|e| e.expect("an entry").into_path()));
        }
    }
    let mut sources = 0;
    let mut found = Vec::new();
    for file in files.iter().filter(|path| path.is_file()) {
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        }; // pictures, meshes
        let path = file.strip_prefix(root()).expect("under the root").to_str().expect("a UTF-8 path");
        sources += usize::from(path.ends_with(".rs"));
        found.extend(house::violations(path, &text));
    }
    assert!(sources >= 5, "only {sources} sources found under {}", root().display());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
