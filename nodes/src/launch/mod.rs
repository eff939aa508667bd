//! ROS 2 launch files without ROS's own launcher: the YAML format as far as the files in `launch/` use it. A file is
//! read into checked types ([`mod@file`]), gone through with its arguments ([`plan`]), said as command lines
//! ([`command`]), and kept alive as processes ([`keep`], [`tie`]). Needs no ROS; stands outside the ring.

pub mod command;
pub mod file;
pub mod keep;
pub mod plan;
pub mod text;
pub mod tie;

use std::io::Read;
use std::path::{Path, PathBuf};

use self::file::Document;

/// The one package whose nodes can be started.
pub const PACKAGE: &str = "ponder";
/// Its nodes.
pub const NODES: [&str; 4] = ["world", "perceive", "reason", "act"];

/// How the name of a launch file ends.
const ENDING: &str = ".launch.yaml";
/// Longest file, bytes; one that nests that deep takes its reader a few seconds.
const MAX_BYTES: u64 = 32 * 1024;

/// Why a launch file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no such file.
    #[error("there is no launch file `{name}`; {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Something in a file.
    #[error("{}: {place}{why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Where in it, with a colon behind; empty where `why` says it.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// Something given on the command line.
    #[error("{0}")]
    Given(String),
}

/// The folder with Ponder's own data: `share/ponder` of the installation that this program belongs to, the root of the
/// source tree that it was built in, or `share/ponder` of a ROS that is sourced.
pub fn share() -> Option<PathBuf> {
    let has_files = |folder: &PathBuf| folder.join("launch").join(format!("tabletop{ENDING}")).is_file();
    let program = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
    let near = program.ancestors().skip(1).flat_map(|folder| [folder.join("share").join(PACKAGE), folder.to_owned()]);
    let sourced = std::env::var_os("AMENT_PREFIX_PATH").unwrap_or_default();
    let sourced = std::env::split_paths(&sourced).map(|prefix| prefix.join("share").join(PACKAGE));
    let here = std::env::current_dir().unwrap_or_default();
    near.chain(sourced).chain(here.ancestors().map(Path::to_owned)).find(has_files)
}

/// A launch file by its path, or by its name among Ponder's own.
///
/// # Errors
/// [`LaunchError::Unknown`] with the names that there are.
pub fn find(name: &str, share: Option<&Path>) -> Result<PathBuf, LaunchError> {
    let path = PathBuf::from(name);
    if path.is_file() {
        return Ok(path);
    }
    let own = share.map(|share| share.join("launch"));
    if let Some(own) = own.as_ref().filter(|_| !name.contains('/')) {
        let files = [name.to_owned(), format!("{name}{ENDING}")].map(|name| own.join(name));
        if let Some(file) = files.into_iter().find(|file| file.is_file()) {
            return Ok(file);
        }
    }
    let files = own.and_then(|own| std::fs::read_dir(own).ok()).into_iter().flatten().flatten();
    let names = files.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(ENDING).map(str::to_owned));
    let mut known: Vec<String> = names.collect();
    known.sort();
    let known = if known.is_empty() { "give a path".to_owned() } else { format!("there are {}", known.join(", ")) };
    Err(LaunchError::Unknown { name: name.to_owned(), known })
}

/// Reads a file that people write.
fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|e| e.to_string())?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("longer than {MAX_BYTES} bytes"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Document, String> {
    serde_norway::from_str(text).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests;
