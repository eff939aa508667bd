//! A file on its way here: it grows under a name of its own and takes its final one only when its size and hash are right.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{HubError, Listed, file};

/// Bytes read at a time.
pub(super) const PIECE: usize = 256 << 10;

/// A part of a file.
pub(super) struct Part {
    target: PathBuf,
    path: PathBuf,
    file: File,
    /// Bytes that are here.
    pub length: u64,
    hash: Sha256,
}

impl Part {
    /// Goes on with what came before, if any did. Parts of another version of the file have another name.
    pub fn open(folder: &Path, listed: &Listed) -> Result<Self, HubError> {
        let target = folder.join(&listed.path);
        let mark = listed.sha256.as_ref().map_or_else(|| listed.bytes.to_string(), |sum| sum[..12].to_owned());
        let path = folder.join(format!("{}.{mark}.part", listed.path));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(file(&path))?;
        let mut part = Self { target, path, file, length: 0, hash: Sha256::new() };
        let mut piece = vec![0; PIECE];
        loop {
            let count = part.file.read(&mut piece).map_err(file_at(&part.path))?;
            if count == 0 {
                break;
            }
            part.hash.update(&piece[..count]);
            part.length += count as u64;
        }
        if part.length > listed.bytes {
            part.restart()?;
        }
        Ok(part)
    }

    /// Throws away what is here.
    pub fn restart(&mut self) -> Result<(), HubError> {
        self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0))).map_err(file_at(&self.path))?;
        (self.length, self.hash) = (0, Sha256::new());
        Ok(())
    }

    /// Takes more of it; straight to the file, so that a kill loses nothing.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        self.file.write_all(bytes).map_err(file_at(&self.path))?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Checks it and gives it its name. What is wrong is thrown away.
    pub fn finish(self, listed: &Listed) -> Result<(), HubError> {
        let got = hexadecimal(&self.hash.finalize());
        let wrong = if self.length != listed.bytes {
            Some(("size", self.length.to_string(), listed.bytes.to_string()))
        } else {
            listed.sha256.clone().filter(|want| *want != got).map(|want| ("SHA-256", got, want))
        };
        if let Some((what, got, want)) = wrong {
            std::fs::remove_file(&self.path).map_err(file_at(&self.path))?;
            return Err(HubError::Wrong { file: listed.path.clone(), what, got, want });
        }
        self.file.sync_all().and_then(|()| std::fs::rename(&self.path, &self.target)).map_err(file(self.target))
    }
}

fn file_at(path: &Path) -> impl FnOnce(std::io::Error) -> HubError {
    file(path)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Is the file that is here the one that is listed? Reads all of it where a hash is known.
pub(super) fn is_right(path: &Path, listed: &Listed) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    if file.metadata().map(|meta| meta.len()).ok() != Some(listed.bytes) {
        return false;
    }
    let Some(want) = &listed.sha256 else { return true };
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    while let Ok(count) = file.read(&mut piece) {
        if count == 0 {
            return hexadecimal(&hash.finalize()) == *want;
        }
        hash.update(&piece[..count]);
    }
    false
}
