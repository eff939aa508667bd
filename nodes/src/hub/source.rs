//! Where models come from: a hub that speaks as Hugging Face's does, or a folder on this machine.

use std::path::{Path, PathBuf};

use super::store::Here;
use super::{HubError, Listed, Listing, file};

/// The hub, when the environment names no other.
const HUB: &str = "https://huggingface.co";

/// Where models come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A hub that speaks as Hugging Face's does.
    Hub {
        /// Its address, without a slash at its end.
        base: String,
        /// What to show it.
        token: Option<String>,
    },
    /// A folder: of models (`OWNER/NAME` or `NAME` below it), or the model itself.
    Folder(PathBuf),
}

impl Source {
    /// From an address, a folder or a `file://` address, else from `HF_ENDPOINT`, else the usual hub. The token is
    /// `HF_TOKEN`'s.
    pub fn of(given: Option<&str>) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let base = given.map(str::to_owned).or_else(|| variable("HF_ENDPOINT")).unwrap_or_else(|| HUB.to_owned());
        if let Some(path) = base.strip_prefix("file://") {
            return Self::Folder(path.trim_start_matches("localhost").into());
        }
        if Path::new(&base).is_dir() || !base.contains("://") {
            return Self::Folder(base.into());
        }
        Self::Hub { base: base.trim_end_matches('/').to_owned(), token: variable("HF_TOKEN") }
    }
}

/// The model's folder in a folder of models.
pub(super) fn origin(base: &Path, repo: &str) -> Result<PathBuf, HubError> {
    let name = repo.rsplit('/').next().unwrap_or(repo);
    let places = [base.join(repo), base.join(name), base.to_owned()];
    let is_model = |folder: &&PathBuf| folder.join("config.json").is_file() || folder.join(".ponder.json").is_file();
    let found = places.iter().find(is_model).cloned();
    found.ok_or_else(|| HubError::NotThere { url: places[0].display().to_string() })
}

/// The files of a model's folder; with their hashes, if it was fetched by us.
pub(super) fn listing_of(folder: &Path) -> Result<Listing, HubError> {
    let noted = std::fs::read(folder.join(".ponder.json")).ok();
    if let Some(here) = noted.and_then(|text| serde_json::from_slice::<Here>(&text).ok()).filter(Here::is_whole) {
        return Ok(here.listing);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(file(folder))? {
        let entry = entry.map_err(file(folder))?;
        let meta = std::fs::metadata(entry.path()).map_err(file(entry.path()))?;
        if let (true, Ok(path)) = (meta.is_file(), entry.file_name().into_string()) {
            files.push(Listed { path, bytes: meta.len(), sha256: None });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Listing { files })
}
