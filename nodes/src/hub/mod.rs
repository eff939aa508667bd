//! Where models come from: the folder on this machine that holds them, and how they are fetched into it from a hub or
//! from another folder, so that nothing of a long download is lost and nothing wrong is kept. Outside the ring.

mod fetch;
mod files;
mod listing;
mod pull;
mod source;
mod store;

pub use listing::{Listed, Listing};
pub use pull::{Patience, Pull, Told};
pub use source::Source;
pub use store::{Here, Store, repo_of};

use std::path::PathBuf;

/// Why a model is not here, or can't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Not a name that a model can have.
    #[error("`{0}` is no model: give a name from `ponder models`, or OWNER/NAME as at the hub")]
    Name(String),
    /// Known, not here.
    #[error(
        "the model {name} is not here: `ponder models pull {name}` fetches it ({size}), or give a folder in its place"
    )]
    NotHere {
        /// Its name.
        name: String,
        /// Its size in words.
        size: String,
    },
    /// Only a part of it is here.
    #[error("the model {name} is here in part: `ponder models pull {name}` fetches the rest")]
    InPart {
        /// Its name.
        name: String,
    },
    /// No model of the kind that is needed is here.
    #[error(
        "no model that sees and draws is here: `ponder models pull janus-pro-1b` fetches one (4.2 GB), or give a folder with --model DIR; --model janus-nano knows its own table only"
    )]
    NoneHere,
    /// No folder to keep models in.
    #[error("no folder to keep models in is known: set PONDER_MODELS, or HOME")]
    NoFolder,
    /// A file or folder can't be used.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process fetches the same model.
    #[error("{folder} is being filled by another `ponder`: wait for it", folder = folder.display())]
    Busy {
        /// The model's folder.
        folder: PathBuf,
    },
    /// Too little room.
    #[error("{need} are needed in {folder}, {free} are free there: make room, or set PONDER_MODELS", folder = folder.display())]
    Room {
        /// Where.
        folder: PathBuf,
        /// What is needed, in words.
        need: String,
        /// What is free, in words.
        free: String,
    },
    /// The hub does not have it.
    #[error("{url} is not there: is the name right?")]
    NotThere {
        /// What was asked for.
        url: String,
    },
    /// The hub does not give it.
    #[error("{url} is not given out ({status}): accept the licence on its page if it asks for that, and set HF_TOKEN")]
    Denied {
        /// What was asked for.
        url: String,
        /// The answer.
        status: u16,
    },
    /// The hub answers with something else.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The answer.
        status: u16,
    },
    /// The connection failed again and again.
    #[error("{url}: {why}, {tries} times in a row; what has come is kept: run the same command again")]
    Lost {
        /// What was asked for.
        url: String,
        /// The last failure.
        why: String,
        /// How often.
        tries: u32,
    },
    /// A listing that can't be understood.
    #[error("the list of files from {url} can't be used: {why}")]
    Listing {
        /// Where it came from.
        url: String,
        /// Why.
        why: String,
    },
    /// What came is not what was listed.
    #[error(
        "{file} came with the wrong {what} ({got}, listed is {want}) and was thrown away: run the same command again"
    )]
    Wrong {
        /// Which file.
        file: String,
        /// `size` or `SHA-256`.
        what: &'static str,
        /// What it has.
        got: String,
        /// What it should have.
        want: String,
    },
    /// It was stopped.
    #[error("stopped; what has come is kept: run the same command again")]
    Stopped,
}

pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> HubError {
    let path = path.into();
    move |source| HubError::File { path, source }
}

/// Bytes in words: `4.2 GB`.
pub fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b >= 9.95e9 => format!("{:.0} GB", b / 1e9),
        b if b >= 9.95e8 => format!("{:.1} GB", b / 1e9),
        b if b >= 9.95e5 => format!("{:.0} MB", b / 1e6),
        b if b >= 1e3 => format!("{:.0} kB", b / 1e3),
        b => format!("{b:.0} B"),
    }
}
