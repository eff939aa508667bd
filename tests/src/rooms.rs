//! Who may depend on whom: `core ← models ← nodes`, `core ← sim ← nodes`, `tests → all`, and which
//! room alone may hold a heavy library. Works on plain lists, so that a test can feed it a house
//! that breaks a rule. After rerun's `check_forbidden_dependencies.py`.

use std::collections::BTreeSet;

/// A crate of the workspace, as Cargo sees it.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// Package name, such as `ponder-core`.
    pub name: String,
    /// What its manifest names for the library, its binaries and its build script.
    pub uses: Vec<String>,
    /// What its manifest names for tests and benches only.
    pub tests_with: Vec<String>,
    /// Everything that its library pulls in, at any distance.
    pub reaches: BTreeSet<String>,
}

/// The rooms, and of each the rooms that it may name.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("ponder-core", &[]),
    ("ponder-models", &["ponder-core"]),
    ("ponder-sim", &["ponder-core"]),
    ("ponder-nodes", &["ponder-core", "ponder-models", "ponder-sim"]),
    ("ponder-tests", &["ponder-core", "ponder-models", "ponder-sim", "ponder-nodes"]),
];

/// Libraries (by the start of their name) with one home, and the rooms that may not even reach them.
const HOMES: &[(&str, &str, &[&str])] = &[
    ("candle", "ponder-models", &["ponder-core", "ponder-sim"]),
    ("mujoco-rs", "ponder-sim", &["ponder-core", "ponder-models"]),
    ("r2r", "ponder-nodes", &["ponder-core", "ponder-models", "ponder-sim"]),
    ("rerun", "ponder-nodes", &["ponder-core", "ponder-models", "ponder-sim"]),
    ("tokio", "ponder-nodes", &["ponder-core", "ponder-models", "ponder-sim"]),
];

/// The whole of what core's manifest may name: it is the contract, and everybody builds it.
const CORE_USES: &[&str] = &["arrayvec", "nalgebra", "rand", "rand_chacha", "rsruckig", "serde", "thiserror"];
const CORE_TESTS_WITH: &[&str] = &["criterion", "proptest", "serde_json", "serde_norway"];

/// Every broken rule, in words. Empty: the house stands.
pub fn violations(rooms: &[Room]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, _) in DIRECTIONS {
        if !rooms.iter().any(|room| room.name == *name) {
            found.push(format!("{name} is not in the workspace"));
        }
    }
    for room in rooms {
        let name = room.name.as_str();
        let Some((_, may_name)) = DIRECTIONS.iter().find(|(known, _)| *known == name) else {
            found.push(format!("{name} is no room of this house: add it to DIRECTIONS, or to an existing crate"));
            continue;
        };
        for other in room.uses.iter().chain(&room.tests_with) {
            if other.starts_with("ponder-") && !may_name.contains(&other.as_str()) {
                found.push(format!("{name} depends on {other}; it may name only {may_name:?}"));
            }
            for (library, home, _) in HOMES {
                if is(other, library) && *home != name {
                    found.push(format!("{name} depends on {other}, whose only home is {home}"));
                }
            }
        }
        for (library, _, barred) in HOMES {
            if let Some(through) = room.reaches.iter().find(|r| barred.contains(&name) && is(r, library)) {
                found.push(format!("{name} pulls in {through}: `cargo tree -p {name} -i {through}` shows how"));
            }
        }
        for apart in DIRECTIONS.iter().map(|(other, _)| *other).filter(|o| *o != name && !may_name.contains(o)) {
            if room.reaches.contains(apart) {
                found.push(format!("{name} reaches {apart}; it may reach only {may_name:?}"));
            }
        }
        if name == "ponder-core" {
            for (uses, may, list) in
                [(&room.uses, CORE_USES, "CORE_USES"), (&room.tests_with, CORE_TESTS_WITH, "CORE_TESTS_WITH")]
            {
                for other in uses.iter().filter(|other| !may.contains(&other.as_str())) {
                    found.push(format!("ponder-core depends on {other}, which {list} does not list"));
                }
            }
        }
    }
    found
}

/// Whether a package is the library or one of its family: `candle-core` is candle, `rerunner` is not rerun.
fn is(package: &str, library: &str) -> bool {
    package.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str, uses: &[&str], reaches: &[&str]) -> Room {
        Room {
            name: name.into(),
            uses: uses.iter().map(|s| s.to_string()).collect(),
            reaches: reaches.iter().map(|s| s.to_string()).collect(),
            ..Room::default()
        }
    }

    fn sound() -> Vec<Room> {
        vec![
            room("ponder-core", &["serde", "nalgebra"], &["serde", "nalgebra", "ponder-core"]),
            room("ponder-models", &["ponder-core", "candle-core"], &["ponder-core", "candle-core"]),
            room("ponder-sim", &["ponder-core", "mujoco-rs"], &["ponder-core", "mujoco-rs"]),
            room("ponder-nodes", &["ponder-core", "ponder-models", "ponder-sim", "rerun"], &["tokio", "mujoco-rs"]),
            room("ponder-tests", &["ponder-nodes"], &["rerun"]),
        ]
    }

    fn only_violation(rooms: &[Room], says: &str) {
        let found = violations(rooms);
        assert!(found.len() == 1 && found[0].contains(says), "expected one violation with `{says}`, found {found:#?}");
    }

    #[test]
    fn a_sound_house_stands() {
        assert_eq!(violations(&sound()), Vec::<String>::new());
    }

    #[test]
    fn sim_may_not_see_models_even_in_its_tests() {
        let mut rooms = sound();
        rooms[2].tests_with.push("ponder-models".into());
        only_violation(&rooms, "ponder-sim depends on ponder-models");
    }

    #[test]
    fn models_may_not_reach_sim_through_others() {
        let mut rooms = sound();
        rooms[1].reaches.insert("ponder-sim".into());
        only_violation(&rooms, "ponder-models reaches ponder-sim");
    }

    #[test]
    fn core_names_only_what_is_listed() {
        let mut rooms = sound();
        rooms[0].uses.push("image".into());
        only_violation(&rooms, "ponder-core depends on image");
        rooms[0].uses.pop();
        rooms[0].tests_with.push("tempfile".into());
        only_violation(&rooms, "ponder-core depends on tempfile");
    }

    #[test]
    fn each_heavy_library_has_one_home() {
        for (at, library, says) in [
            (2, "candle-nn", "only home is ponder-models"),
            (3, "mujoco-rs", "only home is ponder-sim"),
            (1, "rerun", "only home is ponder-nodes"),
            (4, "r2r", "only home is ponder-nodes"),
        ] {
            let mut rooms = sound();
            rooms[at].uses.push(library.into());
            only_violation(&rooms, says);
        }
    }

    #[test]
    fn sim_may_not_pull_in_tokio_from_afar() {
        let mut rooms = sound();
        rooms[2].reaches.insert("tokio".into());
        only_violation(&rooms, "ponder-sim pulls in tokio");
    }

    #[test]
    fn a_room_too_many_and_a_room_too_few() {
        let mut rooms = sound();
        rooms[4].name = "ponder-attic".into();
        let found = violations(&rooms);
        assert!(found.iter().any(|v| v.contains("ponder-attic is no room")), "{found:#?}");
        assert!(found.iter().any(|v| v.contains("ponder-tests is not in the workspace")), "{found:#?}");
    }

    #[test]
    fn families_go_by_whole_words() {
        assert!(is("tokio", "tokio") && is("tokio-util", "tokio") && is("candle_nn", "candle"));
        assert!(!is("tokionic", "tokio") && !is("my-tokio", "tokio"));
    }
}
