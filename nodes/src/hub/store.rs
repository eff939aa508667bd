//! The folder that holds models: one a repository, `OWNER/NAME` below it. `PONDER_MODELS` names it, or it is
//! `ponder/models` in the user's cache (`XDG_CACHE_HOME`, else `~/.cache`). A note in a model's folder says which files it
//! has and which are checked, so that a model is whole or known not to be.

use std::path::{Path, PathBuf};

use ponder_models::engine::catalog::Model;
use serde::{Deserialize, Serialize};

use super::{HubError, Listing, file, size};

/// Name of the note in a model's folder.
const NOTE: &str = ".ponder.json";

/// What is known of a model's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    /// Its files as they were listed.
    pub listing: Listing,
    /// Those of them that are here and were checked.
    pub checked: Vec<String>,
}

impl Here {
    /// Is every file here?
    pub fn is_whole(&self) -> bool {
        !self.listing.files.is_empty() && self.listing.files.iter().all(|file| self.checked.contains(&file.path))
    }
}

/// The folder of all models.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where.
    pub folder: PathBuf,
}

impl Store {
    /// The folder that the environment names.
    ///
    /// # Errors
    /// [`HubError::NoFolder`]
    pub fn of_environment() -> Result<Self, HubError> {
        let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = || from("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let home = || from("HOME").map(|home| home.join(".cache"));
        let folder = from("PONDER_MODELS").or_else(|| Some(cache().or_else(home)?.join("ponder/models")));
        folder.map(|folder| Self { folder }).ok_or(HubError::NoFolder)
    }

    /// The folder of a model, by owner and name.
    pub fn folder_of(&self, repo: &str) -> PathBuf {
        self.folder.join(repo)
    }

    /// Where beginnings of prompts are kept, computed.
    pub fn beginnings(&self) -> PathBuf {
        self.folder.join(".beginnings")
    }

    /// Where matrices in 8 bits are kept, made once.
    pub fn quantised(&self) -> PathBuf {
        self.folder.join(".quantised")
    }

    /// What is here of a model; `None` when nothing is known of it.
    pub fn here(&self, repo: &str) -> Option<Here> {
        let folder = self.folder_of(repo);
        let here: Here = serde_json::from_slice(&std::fs::read(folder.join(NOTE)).ok()?).ok()?;
        // A file that was taken away or cut off since does not count.
        let size_of = |path: &str| std::fs::metadata(folder.join(path)).map(|meta| meta.len()).ok();
        let whole = |path: &String| {
            let listed = here.listing.files.iter().find(|file| file.path == *path);
            listed.is_some_and(|file| size_of(path) == Some(file.bytes))
        };
        let checked = here.checked.iter().filter(|path| whole(path)).cloned().collect();
        Some(Here { checked, ..here })
    }

    /// Writes the note, whole or not at all.
    pub(super) fn note(&self, repo: &str, here: &Here) -> Result<(), HubError> {
        let path = self.folder_of(repo).join(NOTE);
        let part = path.with_extension("json.part");
        let text = serde_json::to_string_pretty(here).unwrap_or_default();
        std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &path)).map_err(file(path))
    }

    /// The folder of the model that is meant: a folder, a name, or owner and name. Without one, the first of the catalogue
    /// that `fits` and is here.
    ///
    /// # Errors
    /// [`HubError`], saying what to do.
    pub fn find(&self, meant: Option<&str>, fits: impl Fn(&Model) -> bool) -> Result<PathBuf, HubError> {
        let Some(meant) = meant else {
            let all = ponder_models::engine::catalog::MODELS.iter();
            let here = |model: &&Model| self.here(model.repo).is_some_and(|here| here.is_whole());
            let first = all.filter(|model| fits(model)).find(here);
            return first.map(|model| self.folder_of(model.repo)).ok_or(HubError::NoneHere);
        };
        if Path::new(meant).is_dir() {
            return Ok(meant.into());
        }
        let repo = repo_of(meant)?;
        match self.here(&repo) {
            Some(here) if here.is_whole() => Ok(self.folder_of(&repo)),
            Some(_) => Err(HubError::InPart { name: meant.to_owned() }),
            None => {
                let size = Model::find(&repo)
                    .map_or_else(|| "size unknown".to_owned(), |model| size((model.disk_gb * 1e9) as u64));
                Err(HubError::NotHere { name: meant.to_owned(), size })
            }
        }
    }

    /// Every model that is here, in whole or in part, by owner and name.
    pub fn all(&self) -> Vec<(String, Here)> {
        let list = |folder: &Path| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
            names.sort();
            names
        };
        let owners = list(&self.folder);
        let repos = owners
            .iter()
            .flat_map(|owner| list(&self.folder.join(owner)).into_iter().map(move |name| format!("{owner}/{name}")));
        repos.filter_map(|repo| self.here(&repo).map(|here| (repo, here))).collect()
    }
}

/// Owner and name of the model that is meant.
///
/// # Errors
/// [`HubError::Name`]
pub fn repo_of(meant: &str) -> Result<String, HubError> {
    if let Some(model) = Model::find(meant) {
        return Ok(model.repo.to_owned());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let part = |part: &str| !part.is_empty() && part.len() <= 96 && part.chars().all(plain) && !part.starts_with('.');
    match meant.split('/').collect::<Vec<_>>().as_slice() {
        [owner, name] if part(owner) && part(name) => Ok(meant.to_owned()),
        _ => Err(HubError::Name(meant.to_owned())),
    }
}
