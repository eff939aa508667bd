//! Bytes of a file from a hub or a folder, piece by piece, from a thread of its own: whoever waits for the next piece can
//! give up when none comes, and is never stuck in a read.

use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::HubError;
use super::files::PIECE;

/// Longest waits for a connection and for the head of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes.
pub(super) enum Piece {
    /// The bytes that follow start here: at what was asked for, or at zero when the server can't.
    From(u64),
    /// Some bytes.
    Bytes(Vec<u8>),
    /// That was all.
    End,
    /// Worth another try.
    Failed(String),
    /// Not worth one.
    Refused(HubError),
}

/// Where a file is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// At a hub, with the token to show.
    Url(String, Option<String>),
    /// On this machine.
    File(PathBuf),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url, _) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A client of hubs.
pub(super) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .user_agent(concat!("ponder/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Starts to read from byte `from`. The thread ends with the file, or when nobody listens any more.
pub(super) fn stream(agent: &ureq::Agent, place: &Place, from: u64) -> std::io::Result<Receiver<Piece>> {
    let (pieces, inbox) = sync_channel(4);
    let (agent, place) = (agent.clone(), place.clone());
    std::thread::Builder::new().name("fetch".to_owned()).spawn(move || {
        let last = match &place {
            Place::Url(url, token) => web(&agent, url, token.as_deref(), from, &pieces),
            Place::File(path) => local(path, from, &pieces),
        };
        drop(pieces.send(last));
    })?;
    Ok(inbox)
}

fn web(agent: &ureq::Agent, url: &str, token: Option<&str>, from: u64, pieces: &SyncSender<Piece>) -> Piece {
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header("Range", format!("bytes={from}-"));
    }
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let response = match request.call() {
        Ok(response) => response,
        Err(error @ ureq::Error::BadUri(_)) => {
            return Piece::Refused(HubError::Listing { url: url.to_owned(), why: error.to_string() });
        }
        Err(error) => return Piece::Failed(error.to_string()),
    };
    let status = response.status().as_u16();
    let start = match status {
        200 => 0,
        206 => {
            let range = response.headers().get("content-range").and_then(|value| value.to_str().ok());
            let start = range.and_then(|r| r.strip_prefix("bytes ")?.split('-').next()?.trim().parse::<u64>().ok());
            match start {
                Some(start) if start == from => start,
                _ => return Piece::Failed(format!("it answers with the range {range:?} to one from {from}")),
            }
        }
        404 | 410 => return Piece::Refused(HubError::NotThere { url: url.to_owned() }),
        401 | 403 => return Piece::Refused(HubError::Denied { url: url.to_owned(), status }),
        408 | 416 | 425 | 429 | 500..=599 => return Piece::Failed(format!("it answers {status}")),
        _ => return Piece::Refused(HubError::Status { url: url.to_owned(), status }),
    };
    pump(response.into_body().into_reader(), start, pieces)
}

fn local(path: &PathBuf, from: u64, pieces: &SyncSender<Piece>) -> Piece {
    use std::io::{Seek, SeekFrom};
    let open = || {
        let mut file = std::fs::File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        Ok(file)
    };
    match open() {
        Ok(file) => pump(file, from, pieces),
        Err(source) => Piece::Refused(HubError::File { path: path.clone(), source }),
    }
}

fn pump(mut from: impl Read, start: u64, pieces: &SyncSender<Piece>) -> Piece {
    if pieces.send(Piece::From(start)).is_err() {
        return Piece::End;
    }
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Piece::End,
            Ok(count) => {
                if pieces.send(Piece::Bytes(piece[..count].to_vec())).is_err() {
                    return Piece::End; // nobody listens
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Piece::Failed(error.to_string()),
        }
    }
}
