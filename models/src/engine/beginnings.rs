//! Beginnings of prompts on disk: what a network computed of the words that stay the same from question to question is put
//! aside when it is first read, and taken back by the next process that asks the same model. A file that is cut short, of
//! another model or of other words counts as none, and one that can't be written is made again next time.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};

/// Files that are kept; the oldest go first.
const MOST: usize = 8;
const ENDING: &str = "beginning";

/// The beginnings of one model.
pub(super) struct Beginnings {
    folder: PathBuf,
    /// What changes when the model does.
    mark: String,
}

impl Beginnings {
    /// Of the model in this file or folder.
    pub fn new(folder: &Path, model: &Path) -> Self {
        let mut files: Vec<PathBuf> = fs::read_dir(model).into_iter().flatten().flatten().map(|f| f.path()).collect();
        files.sort();
        if files.is_empty() {
            files.push(model.to_owned());
        }
        let about = |path: &PathBuf| {
            let data = fs::metadata(path).ok()?;
            let since = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(format!("{} {} {}\n", fs::canonicalize(path).ok()?.display(), data.len(), since.as_nanos()))
        };
        Self { folder: folder.to_owned(), mark: files.iter().filter_map(about).collect() }
    }

    fn path(&self, tokens: &[u32]) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(concat!(env!("CARGO_PKG_VERSION"), "\n"));
        hash.update(&self.mark);
        tokens.iter().for_each(|token| hash.update(token.to_le_bytes()));
        let name: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{name}.{ENDING}"))
    }

    /// What was put aside of these tokens.
    pub fn take(&self, tokens: &[u32]) -> Option<HashMap<String, Tensor>> {
        candle_core::safetensors::load(self.path(tokens), &Device::Cpu).ok().filter(|held| !held.is_empty())
    }

    /// Puts aside what is held of these tokens, under its name only once it is whole.
    pub fn keep(&self, tokens: &[u32], held: &HashMap<String, Tensor>) {
        let path = self.path(tokens);
        let half = path.with_extension(format!("half-{}", std::process::id()));
        let written = fs::create_dir_all(&self.folder).is_ok() && candle_core::safetensors::save(held, &half).is_ok();
        if !written || fs::rename(&half, &path).is_err() {
            // Half a file helps nobody; if it can't go either, its name is none that is read.
            drop(fs::remove_file(&half));
        }
        self.clear();
    }

    fn clear(&self) {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|file| file.path());
        let ours = files.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
        let mut dated: Vec<_> =
            ours.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path))).collect();
        dated.sort();
        dated.iter().rev().skip(MOST).for_each(|(_, path)| drop(fs::remove_file(path)));
    }
}
