//! Fetches a model: its list of files, then each file from where it stopped, again and again while the connection breaks,
//! checked before it counts. Whatever ends it, the next call goes on where it was.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use ponder_core::thinker::Cancel;

use super::fetch::{self, Piece, Place};
use super::files::{Part, is_right};
use super::source::{Source, listing_of, origin};
use super::store::{Here, Store};
use super::{HubError, Listed, Listing, file, size};

/// Longest list of files, bytes.
const LONGEST_LIST: usize = 16 << 20;
/// Room that is left on the disk, bytes.
const ROOM: u64 = 64 << 20;
/// The stop signal is looked at this often.
const LOOK: Duration = Duration::from_millis(100);

/// How long to go on trying.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Failures in a row, without a byte between them, until it gives up.
    pub tries: u32,
    /// Wait after the first of them; it doubles.
    pub first_wait: Duration,
    /// A connection that says nothing for so long is given up.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 6, first_wait: Duration::from_secs(1), silence: Duration::from_secs(60) }
    }
}

/// What is told while it goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told<'a> {
    /// How much there is to do: all files, all their bytes, and bytes that are here already.
    Begins(usize, u64, u64),
    /// A file is looked at or fetched.
    File(&'a str),
    /// So many bytes more are here (fewer, when a file starts anew).
    Came(i64),
    /// It failed and is tried again.
    Again(&'a str),
}

/// A model to fetch.
#[derive(Clone, Debug)]
pub struct Pull {
    /// Owner and name.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// From where.
    pub source: Source,
    /// Only files whose names have one of these in them; none: all.
    pub only: Vec<String>,
    /// Read again what was checked before.
    pub check: bool,
    /// How long to go on trying.
    pub patience: Patience,
}

impl Pull {
    /// Fetches what is not here yet. Gives the model's folder.
    ///
    /// # Errors
    /// [`HubError`]; what has come is kept.
    pub fn run(&self, store: &Store, stop: &Cancel, tell: &mut dyn FnMut(Told)) -> Result<PathBuf, HubError> {
        let folder = store.folder_of(&self.repo);
        std::fs::create_dir_all(&folder).map_err(file(&folder))?;
        let lock_path = folder.join(".ponder.lock");
        let lock = File::create(&lock_path).map_err(file(&lock_path))?;
        lock.try_lock().map_err(|_| HubError::Busy { folder: folder.clone() })?;
        let mut work = Work { pull: self, agent: fetch::agent(), stop, tell };
        let listing = work.listing()?;
        let before = store.here(&self.repo).unwrap_or_default();
        let was = |listed: &Listed| before.checked.contains(&listed.path) && before.listing.files.contains(listed);
        let mut here = Here { listing, checked: Vec::new() };
        let files = here.listing.files.clone();
        let have = |listed: &&Listed| was(listed) && !self.check;
        here.checked = files.iter().filter(have).map(|listed| listed.path.clone()).collect();
        let done: u64 = files.iter().filter(have).map(|listed| listed.bytes).sum();
        (work.tell)(Told::Begins(files.len(), here.listing.bytes(), done));
        room(&folder, here.listing.bytes() - done)?;
        for listed in files.iter().filter(|listed| !have(listed)) {
            (work.tell)(Told::File(&listed.path));
            if is_right(&folder.join(&listed.path), listed) {
                (work.tell)(Told::Came(listed.bytes as i64));
            } else {
                work.file(&folder, listed)?;
            }
            here.checked.push(listed.path.clone());
            store.note(&self.repo, &here)?;
        }
        store.note(&self.repo, &here)?;
        Ok(folder)
    }

    fn place(&self, path: &str) -> Result<Place, HubError> {
        Ok(match &self.source {
            Source::Hub { base, token } => {
                let path = path.replace('%', "%25").replace(' ', "%20").replace('+', "%2B");
                Place::Url(format!("{base}/{}/resolve/{}/{path}", self.repo, self.revision), token.clone())
            }
            Source::Folder(base) => Place::File(origin(base, &self.repo)?.join(path)),
        })
    }
}

/// Is there room for so many bytes more?
fn room(folder: &Path, need: u64) -> Result<(), HubError> {
    let Ok(stat) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free >= need.saturating_add(ROOM) {
        return Ok(());
    }
    Err(HubError::Room { folder: folder.to_owned(), need: size(need), free: size(free) })
}

/// A pull at work.
struct Work<'a> {
    pull: &'a Pull,
    agent: ureq::Agent,
    stop: &'a Cancel,
    tell: &'a mut dyn FnMut(Told),
}

impl Work<'_> {
    fn listing(&mut self) -> Result<Listing, HubError> {
        let listing = match &self.pull.source {
            Source::Hub { base, token } => {
                let (repo, revision) = (&self.pull.repo, &self.pull.revision);
                let url = format!("{base}/api/models/{repo}/tree/{revision}?recursive=true");
                let mut text = Vec::new();
                let mut take = |from: Option<u64>, bytes: &[u8]| {
                    if from.is_some() {
                        text.clear();
                    }
                    text.extend_from_slice(bytes);
                    let long = text.len() > LONGEST_LIST;
                    let why = || HubError::Listing { url: url.clone(), why: "it does not end".to_owned() };
                    if long { Err(why()) } else { Ok(()) }
                };
                self.stubborn(&Place::Url(url.clone(), token.clone()), &mut || 0, &mut take, None)?;
                Listing::from_hub(&url, &String::from_utf8_lossy(&text))?
            }
            Source::Folder(base) => listing_of(&origin(base, &self.pull.repo)?)?,
        };
        let mut listing = listing.wanted();
        if !self.pull.only.is_empty() {
            listing.files.retain(|listed| self.pull.only.iter().any(|part| listed.path.contains(part)));
        }
        if listing.files.is_empty() {
            let why = "no file of it belongs to a model".to_owned();
            return Err(HubError::Listing { url: self.pull.repo.clone(), why });
        }
        Ok(listing)
    }

    fn file(&mut self, folder: &Path, listed: &Listed) -> Result<(), HubError> {
        let place = self.pull.place(&listed.path)?;
        let part = std::cell::RefCell::new(Part::open(folder, listed)?);
        (self.tell)(Told::Came(part.borrow().length as i64));
        let tell = std::cell::RefCell::new(&mut *self.tell);
        let mut take = |from: Option<u64>, bytes: &[u8]| {
            let mut part = part.borrow_mut();
            if from.is_some_and(|from| from != part.length) {
                (tell.borrow_mut())(Told::Came(-(part.length as i64)));
                part.restart()?;
            }
            // A server that sends more than it listed fills no disk.
            let bytes = &bytes[..bytes.len().min((listed.bytes + 1).saturating_sub(part.length) as usize)];
            (tell.borrow_mut())(Told::Came(bytes.len() as i64));
            part.push(bytes)
        };
        let mut again = |told: Told| (tell.borrow_mut())(told);
        let mut work = Work { pull: self.pull, agent: self.agent.clone(), stop: self.stop, tell: &mut again };
        if part.borrow().length < listed.bytes || listed.bytes == 0 {
            work.stubborn(&place, &mut || part.borrow().length, &mut take, Some(listed.bytes))?;
        }
        part.into_inner().finish(listed)
    }

    /// Reads a place to its end, `take` being handed where bytes start (after every connection) and the bytes.
    fn stubborn(
        &mut self,
        place: &Place,
        have: &mut dyn FnMut() -> u64,
        take: &mut dyn FnMut(Option<u64>, &[u8]) -> Result<(), HubError>,
        want: Option<u64>,
    ) -> Result<(), HubError> {
        let patience = self.pull.patience;
        let mut failures = 0;
        loop {
            let begun = have();
            let why = match self.once(place, begun, take)? {
                None if want.is_none_or(|want| have() >= want) => return Ok(()),
                None => "the connection ended early".to_owned(),
                Some(why) => why,
            };
            failures = if have() > begun { 1 } else { failures + 1 };
            if failures >= patience.tries {
                return Err(HubError::Lost { url: place.to_string(), why, tries: failures });
            }
            (self.tell)(Told::Again(&why));
            let until = Instant::now() + patience.first_wait * (1 << (failures - 1).min(5));
            while Instant::now() < until {
                self.look_for_stop()?;
                std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
            }
        }
    }

    /// One connection: `None` at its end, or why it failed.
    fn once(
        &self,
        place: &Place,
        from: u64,
        take: &mut dyn FnMut(Option<u64>, &[u8]) -> Result<(), HubError>,
    ) -> Result<Option<String>, HubError> {
        let pieces = fetch::stream(&self.agent, place, from).map_err(file("a thread to fetch with"))?;
        let mut heard = Instant::now();
        loop {
            self.look_for_stop()?;
            match pieces.recv_timeout(LOOK) {
                Ok(Piece::From(start)) => take(Some(start), &[])?,
                Ok(Piece::Bytes(bytes)) => take(None, &bytes)?,
                Ok(Piece::End) => return Ok(None),
                Ok(Piece::Failed(why)) => return Ok(Some(why)),
                Ok(Piece::Refused(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) if heard.elapsed() > self.pull.patience.silence => {
                    return Ok(Some(format!("nothing came for {} s", self.pull.patience.silence.as_secs())));
                }
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(Some("the connection is gone".to_owned())),
            }
            heard = Instant::now();
        }
    }

    fn look_for_stop(&self) -> Result<(), HubError> {
        if self.stop.is_cancelled() { Err(HubError::Stopped) } else { Ok(()) }
    }
}
