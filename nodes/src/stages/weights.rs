//! Files of models: which of a folder is opened, whether it is of the right sort, and hashes for the journal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use ponder_models::perceive::nano;

use crate::hub::{HubError, Store, file};

/// Folder below Ponder's own data that holds the models that come with it.
const SHIPPED: &str = "models/weights";

/// The imaginer that comes with Ponder.
pub const IMAGINER: &str = "janus-nano";

/// The folder of the Janus that draws: one that comes with Ponder, one of the store, or any; without a name
/// [`IMAGINER`], or, where that is not here, the first of the store that draws.
///
/// # Errors
/// [`HubError`].
pub fn imaginer_folder(meant: Option<&str>) -> Result<PathBuf, HubError> {
    match meant {
        Some(meant) => find(meant),
        None => find(IMAGINER).or_else(|_| Store::of_environment()?.find(None, |model| model.kind.sees())),
    }
}

/// The folder of the Janus that is asked about pictures; without a name the first of the store that sees.
///
/// # Errors
/// [`HubError`].
pub fn seer_folder(meant: Option<&str>) -> Result<PathBuf, HubError> {
    match meant {
        Some(meant) => find(meant),
        None => Store::of_environment()?.find(None, |model| model.kind.sees()),
    }
}

/// The file or folder of the model that is meant: a GGUF file, a folder, one that comes with Ponder, or one of the store.
pub(super) fn find(meant: &str) -> Result<PathBuf, HubError> {
    let path = Path::new(meant);
    if path.exists() {
        return Ok(path.to_owned());
    }
    let is_name = meant.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !meant.starts_with('.');
    let shipped = crate::launch::share().map(|share| share.join(SHIPPED).join(meant));
    if let Some(folder) = shipped.filter(|folder| is_name && folder.is_dir()) {
        return Ok(folder);
    }
    Store::of_environment()?.find(Some(meant), |_| true)
}

fn config(path: &Path) -> Value {
    let text = std::fs::read_to_string(path.join("config.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Is it an eye that was trained here?
pub(super) fn is_eye(path: &Path) -> bool {
    config(path)["model"] == nano::NAME
}

/// Is it a Janus, which sees?
pub(super) fn sees(path: &Path) -> bool {
    let config = config(path);
    matches!(config["model_type"].as_str(), Some("multi_modality" | "janus"))
}

/// GGUF files of a folder that has no configuration.
pub(super) fn ggufs(folder: &Path) -> Vec<PathBuf> {
    if !folder.is_dir() || folder.join("config.json").is_file() {
        return Vec::new();
    }
    files(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "gguf")).collect()
}

/// The files that a model is made of.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_part = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        path.is_file() && ["json", "jinja", "safetensors", "gguf", "bin", "model", "txt"].contains(&ending)
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_part).collect();
    files.sort();
    files
}

/// SHA-256 of every file of these models, by folder and name.
///
/// # Errors
/// [`HubError::File`] when one can't be read.
pub fn hashes(models: &[PathBuf]) -> Result<BTreeMap<String, String>, HubError> {
    let mut all = BTreeMap::new();
    for path in models.iter().flat_map(|model| files(model)) {
        let text = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("{}/{}", text(path.parent().and_then(Path::file_name)), text(path.file_name()));
        let (mut hash, mut piece) = (Sha256::new(), vec![0; 256 << 10]);
        let mut reader = File::open(&path).map_err(file(&path))?;
        loop {
            match reader.read(&mut piece).map_err(file(&path))? {
                0 => break,
                count => hash.update(&piece[..count]),
            }
        }
        all.insert(name, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
    }
    Ok(all)
}
