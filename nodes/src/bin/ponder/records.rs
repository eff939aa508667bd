//! Where a run is recorded and journalled, and what the journal says of it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use ponder_core::world::World;
use ponder_nodes::journal::{FORMAT, Header};
use ponder_nodes::stack::Stack;
use ponder_nodes::stages::hashes;
use ponder_sim::Scenario;
use ponder_sim::trial::Shared;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::args::RunArgs;

/// What stands first in the journal.
pub fn header(args: &RunArgs, scenario: &Scenario, shared: &Shared, stack: &Stack) -> anyhow::Result<Header> {
    let robot = shared.robot().as_ref().clone();
    let shapes = shared.trial().staged().built.shapes()?;
    Ok(Header {
        ponder_journal: FORMAT,
        ponder: env!("CARGO_PKG_VERSION").to_owned(),
        scene: scenario.name.clone(),
        scene_sha256: sha256(&scenario.scene)?,
        seed: args.seed,
        instruction: args.instruction.clone(),
        robot_sha256: sha256(&robot)?,
        perceiver: stack.perception.name().to_owned(),
        reasoner: stack.planner.name().to_owned(),
        weights_sha256: hashes(&[stack.perception.weights(), stack.planner.weights()].concat())?,
        faults: args.fault.iter().map(ToString::to_string).collect(),
        limits: stack.limits,
        wants: stack.wants(),
        robot,
        shapes,
    })
}

/// SHA-256 of something as JSON, in hexadecimal digits.
fn sha256<T: Serialize>(value: &T) -> anyhow::Result<String> {
    let digest = Sha256::digest(serde_json::to_vec(value)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where the records go.
pub struct Paths {
    /// The recording.
    pub recording: PathBuf,
    /// The journal.
    pub journal: PathBuf,
}

impl Paths {
    /// As told; what is not told goes beside what is, or into a new folder under `runs`.
    pub fn new(args: &RunArgs, scene: &str) -> anyhow::Result<Self> {
        let told = args.save.as_ref().or(args.journal.as_ref());
        let beside = match told {
            Some(path) => path.with_extension(""),
            None => new_folder(scene)?.join("run"),
        };
        let recording = args.save.clone().unwrap_or_else(|| beside.with_extension("rrd"));
        let journal = args.journal.clone().unwrap_or_else(|| beside.with_extension("journal"));
        for path in [&recording, &journal] {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
            }
        }
        Ok(Self { recording, journal })
    }
}

/// A folder of the next number: `runs/0007-tabletop`.
fn new_folder(scene: &str) -> anyhow::Result<PathBuf> {
    let runs = Path::new("runs");
    let make =
        |folder: &Path| std::fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()));
    make(runs)?;
    let number = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.ok()?.file_name().to_str()?.split('-').next()?.parse::<u32>().ok()
    };
    let next = std::fs::read_dir(runs)?.filter_map(number).max().unwrap_or(0) + 1;
    let folder = runs.join(format!("{next:04}-{scene}"));
    make(&folder)?;
    Ok(folder)
}
