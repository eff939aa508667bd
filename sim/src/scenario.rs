//! Scenario files: a scene, the tasks to do in it, and how each is judged, all as data (YAML). The built-in ones travel
//! in the binary; any other is loaded by its path. A file that loads is whole: what can be checked without building the
//! scene was checked, with file and field in every error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use ponder_core::goal::{Goal, Language};
use ponder_core::scene::ObjectId;
use ponder_core::{Stamp, Vec3};
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, IT};
use crate::error::SimError;
use crate::scene::SceneSpec;
use crate::task::{MIN_WORDINGS, Task};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Groups of scenarios that are evaluated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// Pick and place on a table.
    Tabletop,
    /// Things that open, close and switch.
    Drawer,
    /// Towers.
    Stack,
    /// Everything of a kind to its place.
    Sort,
    /// Driving in a room.
    Mobile,
}

impl Suite {
    /// Every suite with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Tabletop, "tabletop"),
        (Self::Drawer, "drawer"),
        (Self::Stack, "stack"),
        (Self::Sort, "sort"),
        (Self::Mobile, "mobile"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A scene and what to do in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called; the file's stem for built-in ones.
    pub name: String,
    /// One line for people.
    pub about: String,
    /// Which suite it belongs to.
    pub suite: Suite,
    /// The scene with its ranges.
    pub scene: SceneSpec,
    /// Spaces that count as "in" an object, where they are not those of a kind of ours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<ObjectId, Region>,
    /// Where relative paths in it start.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What to do.
    #[serde(with = "serde_norway::with::singleton_map_recursive")]
    pub tasks: Vec<Task>,
}

/// A space that counts as "in" an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged, expecting = "`site: name`, `geom: name`, or `center_m` and `size_m`")]
pub enum Region {
    /// A box-shaped site of the MJCF.
    Site {
        /// Its name.
        site: String,
    },
    /// A box-shaped geom of the MJCF.
    Geom {
        /// Its name.
        geom: String,
    },
    /// A box in the object's own frame.
    Box {
        /// Centre, metres.
        center_m: Vec3,
        /// Extent, metres.
        size_m: Vec3,
    },
}

impl Scenario {
    /// The built-in scenarios, by name.
    ///
    /// # Errors
    /// [`SimError`] for a file that does not parse: names it.
    pub fn built_in() -> Result<Vec<Self>, SimError> {
        let yaml = |file: &&include_dir::File<'_>| file.path().extension().is_some_and(|e| e == "yaml");
        let mut all: Vec<Self> = FILES
            .files()
            .filter(yaml)
            .map(|file| {
                let origin = format!("scenarios/{}", file.path().display());
                let text = file.contents_utf8().ok_or_else(|| parse_error(&origin, "is not UTF-8"))?;
                Self::parse(text, &origin)
            })
            .collect::<Result<_, _>>()?;
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// A built-in scenario by its name, or any other by its path.
    ///
    /// # Errors
    /// [`SimError`] when there is no such scenario or it does not parse.
    pub fn find(name_or_path: &str) -> Result<Self, SimError> {
        if name_or_path.ends_with(".yaml") || name_or_path.ends_with(".yml") {
            return Self::load(Path::new(name_or_path));
        }
        let all = Self::built_in()?;
        let known = all.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        all.into_iter().find(|s| s.name == name_or_path).ok_or_else(|| {
            SimError::Scene(format!(
                "there is no scenario `{name_or_path}`: give one of {known}, or the path of a .yaml file"
            ))
        })
    }

    /// Loads a file; paths in it start at its folder.
    ///
    /// # Errors
    /// [`SimError`] when it can't be read or does not parse.
    pub fn load(path: &Path) -> Result<Self, SimError> {
        let text = std::fs::read_to_string(path).map_err(|source| SimError::Read { path: path.to_owned(), source })?;
        let mut scenario = Self::parse(&text, &path.display().to_string())?;
        scenario.folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(scenario)
    }

    /// Parses a file's text; `origin` names it in errors.
    ///
    /// # Errors
    /// [`SimError::Parse`] with the field or task and what is wrong with it.
    pub fn parse(text: &str, origin: &str) -> Result<Self, SimError> {
        let scenario: Self = serde_norway::from_str(text).map_err(|e| parse_error(origin, &e.to_string()))?;
        scenario.scene.check().map_err(|e| parse_error(origin, &format!("scene: {e}")))?;
        if scenario.tasks.is_empty() {
            return Err(parse_error(origin, "`tasks` is empty: a scenario needs at least one"));
        }
        let mut ids = BTreeSet::new();
        for task in &scenario.tasks {
            check(task).map_err(|why| parse_error(origin, &format!("task `{}`: {why}", task.id)))?;
            if !ids.insert(&task.id) {
                return Err(parse_error(origin, &format!("two tasks are called `{}`", task.id)));
            }
        }
        Ok(scenario)
    }

    /// The task of that name.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }
}

fn parse_error(origin: &str, why: &str) -> SimError {
    SimError::Parse { origin: origin.to_owned(), why: why.to_owned() }
}

/// What can be checked about a task without its scene.
fn check(task: &Task) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if task.id.is_empty() || !task.id.chars().all(plain) {
        return Err("`id` has only lower-case letters, digits and `_`".to_owned());
    }
    for (language, field) in [(Language::En, "en"), (Language::Zh, "zh")] {
        let wordings = task.wordings.of(language);
        if wordings.len() < MIN_WORDINGS {
            return Err(format!("`wordings.{field}` has {}: at least {MIN_WORDINGS} are wanted", wordings.len()));
        }
        for words in wordings {
            Goal::new(0, words, Stamp(0), task.time_limit_s)
                .map_err(|e| format!("`wordings.{field}`: {words:?}: {e}"))?;
            if Language::of(words) != language {
                return Err(format!("`wordings.{field}`: {words:?} is not in that language"));
            }
        }
    }
    match (&task.goal, &task.expect) {
        (Some(_), Some(_)) => {
            return Err("has both `goal` and `expect`: it is one or the other".to_owned());
        }
        (None, None) => {
            return Err("needs a `goal`, or an `expect` for what must be refused".to_owned());
        }
        _ => {}
    }
    if let Some(name) = task.lets.keys().find(|name| name.as_str() == IT) {
        return Err(format!("`let`: `{name}` is taken"));
    }
    let mut wrong = None;
    let conditions = task.goal.iter().chain(&task.given).chain(&task.through).chain(&task.never);
    for condition in conditions.chain(task.disturb.iter().filter_map(|d| d.when.as_ref())) {
        condition.walk(false, &mut |part, bound| {
            if !bound && part.names().iter().any(|name| name.as_str() == IT) {
                wrong = Some(format!("{part}: `it` has a meaning only inside `every` and `some`"));
            }
            if matches!(part, Condition::All(list) | Condition::Any(list) if list.is_empty()) {
                wrong = Some(format!("`{}` needs at least one condition", part.word()));
            }
        });
    }
    wrong.map_or(Ok(()), Err)
}
