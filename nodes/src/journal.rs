//! The journal: every event of a run, to the bit, from which `ponder replay` turns the same loop again. A sink, so it
//! stands outside the ring and is told what every stage made.
//!
//! The file opens with one line of JSON (what ran: `head -1 run.journal` shows it), then come frames, each an event:
//! length and CRC-32 (little endian, 4 bytes each), then the record in MessagePack with named fields. MessagePack
//! carries every f64 to the bit, NaN and infinities too, which JSON can't; `ponder replay --print` writes it out as
//! JSON lines for people and tools. Pictures are not journalled.
//!
//! A killed run leaves whole frames and perhaps a torn last one: a reader takes all before it and says so. The last
//! record of a run that ended by itself is [`Entry::End`].

use std::collections::BTreeMap;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::robot::RobotSpec;
use ponder_core::run::Limits;
use ponder_core::world::Want;
use ponder_sim::shapes::Shape;
use serde::{Deserialize, Serialize};

mod read;
mod write;

pub use read::{Ending, Journal, Records};
pub use write::{JournalSink, WhenBehind, Written};

/// Number of the format; a reader takes this one only.
pub const FORMAT: u32 = 1;

/// Longest record taken by a reader, bytes: more is damage, not data.
const MAX_RECORD_BYTES: usize = 16 << 20;
/// Longest first line taken, bytes.
const MAX_HEADER_BYTES: u64 = 1 << 20;
/// Length and checksum before each record, bytes.
const FRAME_BYTES: usize = 8;

/// What ran: the first line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`]. First, so that a reader of another format can say which it met.
    pub ponder_journal: u32,
    /// Version of Ponder that wrote it.
    pub ponder: String,
    /// Scene, by name or file.
    pub scene: String,
    /// SHA-256 of the scene's file.
    pub scene_sha256: String,
    /// Seed of everything random in the run.
    pub seed: u64,
    /// The instruction, as it was said.
    pub instruction: String,
    /// SHA-256 of the robot file and its model.
    pub robot_sha256: String,
    /// Name of the perceiver.
    pub perceiver: String,
    /// Name of the reasoner.
    pub reasoner: String,
    /// SHA-256 of each weights file in use.
    pub weights_sha256: BTreeMap<String, String>,
    /// Faults injected, by name.
    pub faults: Vec<String>,
    /// How often the loop tried again.
    pub limits: Limits,
    /// What the perceiver wanted to see.
    pub wants: Want,
    /// The robot whole, so that a replay needs no other file.
    pub robot: RobotSpec,
    /// What it looks like, for recordings.
    pub shapes: Vec<Shape>,
}

/// What one record holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // one is in memory at a time
pub enum Entry {
    /// Something happened.
    Event(Event),
    /// The disk was so slow that this many events were dropped here (the loop waits for no disk).
    Lost(u64),
    /// The journal was closed in order, after this many events.
    End(u64),
}

/// One record: when, and what.
pub type Record = (Stamp, Entry);

/// The same without owning the event.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum EntryRef<'a> {
    Event(&'a Event),
    Lost(u64),
    End(u64),
}

/// Why a journal can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be made, written or read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The first line is not a journal's.
    #[error("{path} is not a journal of Ponder: {why}")]
    NotAJournal {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A journal of another version.
    #[error(
        "{path} is a journal of format {found}, written by Ponder {by}; this Ponder reads format {FORMAT}"
    )]
    Format {
        /// Which file.
        path: String,
        /// Its format.
        found: u64,
        /// Version that wrote it.
        by: String,
    },
    /// A frame within the file is not what was written.
    #[error("{path} is damaged at byte {at} (record {record}): {why}; what comes before is whole")]
    Damaged {
        /// Which file.
        path: String,
        /// Where the frame starts.
        at: u64,
        /// Its number, from 0.
        record: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Appends one framed record to `buffer`; without allocation once the buffer has grown.
fn encode(
    buffer: &mut Vec<u8>,
    stamp: Stamp,
    entry: &EntryRef<'_>,
) -> Result<(), rmp_serde::encode::Error> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FRAME_BYTES]);
    let written =
        (stamp, entry).serialize(&mut rmp_serde::Serializer::new(&mut *buffer).with_struct_map());
    if let Err(error) = written {
        buffer.truncate(start);
        return Err(error);
    }
    let (head, body) = buffer[start..].split_at_mut(FRAME_BYTES);
    head[..4].copy_from_slice(&(body.len() as u32).to_le_bytes());
    head[4..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    Ok(())
}

/// The bytes an event is journalled as: equal bytes are equal events to the bit, NaNs included.
pub fn event_bytes(event: &Event) -> Vec<u8> {
    let mut buffer = Vec::new();
    match event.serialize(&mut rmp_serde::Serializer::new(&mut buffer).with_struct_map()) {
        Ok(()) => buffer,
        Err(error) => error.to_string().into_bytes(), // an event that can't be written equals none that can
    }
}
