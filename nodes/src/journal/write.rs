//! The writing side: the loop encodes into a buffer and hands full ones to a thread that writes them, so that neither
//! the disk nor the allocator is met on the control path.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::sink::Sink;

use super::{EntryRef, Header, JournalError, encode};

/// Room of one buffer, bytes; records beyond it make it grow.
const BUFFER_BYTES: usize = 128 << 10;
/// Buffers in all: what a stalled disk may hold up before events are dropped.
const BUFFERS: usize = 64;
/// A buffer is handed over at the latest after this much of the loop's time, seconds: what a kill can lose.
const HAND_OVER_S: f64 = 0.1;

/// What to do when the disk is slower than the loop and no buffer is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBehind {
    /// Wait for the disk: in simulation, whose clock waits too.
    Wait,
    /// Drop events and keep count of them: on a robot, whose loop waits for nothing.
    Drop,
}

/// What was written, told by [`JournalSink::finish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Events written.
    pub events: u64,
    /// Events dropped because the disk was too slow.
    pub lost: u64,
}

enum Job {
    Write(Vec<u8>),
    /// Answer when all before it is written.
    Flush,
}

/// Writes the journal of a run.
pub struct JournalSink {
    path: String,
    behind: WhenBehind,
    buffer: Vec<u8>,
    jobs: Option<SyncSender<Job>>,
    empty: Receiver<Vec<u8>>,
    flushed: Receiver<()>,
    writer: Option<JoinHandle<std::io::Result<()>>>,
    last: Stamp,
    handed_over: Stamp,
    written: Written,
    /// Dropped since the last record.
    dropped: u64,
    error: Option<String>,
}

impl JournalSink {
    /// Makes the file (an old one of that name is replaced) and writes the header.
    ///
    /// # Errors
    /// [`JournalError::Io`] when it can't be made or written.
    pub fn create(path: &Path, header: &Header, behind: WhenBehind) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.display().to_string(), source };
        let mut file = File::create(path).map_err(io)?;
        let mut line = serde_json::to_vec(header).map_err(|e| io(e.into()))?;
        line.push(b'\n');
        file.write_all(&line).map_err(io)?;

        let (jobs, inbox) = sync_channel::<Job>(BUFFERS);
        let (give_back, empty) = sync_channel(BUFFERS);
        let (answer, flushed) = sync_channel(1);
        for _ in 1..BUFFERS {
            drop(give_back.try_send(Vec::with_capacity(BUFFER_BYTES)));
        }
        let work = move || {
            let mut result = Ok(());
            for job in inbox {
                match job {
                    Job::Write(mut buffer) => {
                        if result.is_ok() {
                            result = file.write_all(&buffer); // after a failure nothing more: frames stay whole
                        }
                        buffer.clear();
                        drop(give_back.try_send(buffer));
                    }
                    Job::Flush => drop(answer.try_send(())),
                }
            }
            result.and_then(|()| file.sync_data())
        };
        let writer = std::thread::Builder::new().name("journal".to_owned()).spawn(work).map_err(io)?;
        Ok(Self {
            path: path.display().to_string(),
            behind,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            jobs: Some(jobs),
            empty,
            flushed,
            writer: Some(writer),
            last: Stamp::default(),
            handed_over: Stamp::default(),
            written: Written { events: 0, lost: 0 },
            dropped: 0,
            error: None,
        })
    }

    /// Closes the journal in order and tells how the writing went.
    ///
    /// # Errors
    /// [`JournalError::Io`], the first that was met (a full disk, say).
    pub fn finish(mut self) -> Result<Written, JournalError> {
        self.close()?;
        Ok(self.written)
    }

    fn close(&mut self) -> Result<(), JournalError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        self.put(&EntryRef::End(self.written.events));
        if let Some(jobs) = self.jobs.take() {
            drop(jobs.send(Job::Write(std::mem::take(&mut self.buffer))));
        }
        let io = |source| JournalError::Io { path: self.path.clone(), source };
        let died = |_| io(std::io::Error::other("the writing thread died"));
        writer.join().map_err(died)?.map_err(io)?;
        match self.error.take() {
            None => Ok(()),
            Some(error) => Err(io(std::io::Error::other(error))),
        }
    }

    /// Encodes a record, after a note of what was dropped before it.
    fn put(&mut self, entry: &EntryRef<'_>) {
        let lost = std::mem::take(&mut self.dropped);
        let noted = match lost {
            0 => Ok(()),
            _ => encode(&mut self.buffer, self.last, &EntryRef::Lost(lost)),
        };
        if let Err(error) = noted.and_then(|()| encode(&mut self.buffer, self.last, entry)) {
            self.error.get_or_insert_with(|| error.to_string());
        }
    }

    /// Gives the buffer to the writer if another is free, or becomes so.
    fn hand_over(&mut self, behind: WhenBehind) -> bool {
        let next = match behind {
            WhenBehind::Drop => self.empty.try_recv().ok(),
            WhenBehind::Wait => self.empty.recv().ok(),
        };
        let Some(next) = next else { return false };
        let full = std::mem::replace(&mut self.buffer, next);
        self.handed_over = self.last;
        // The channel has room for every buffer there is, so this never waits.
        let jobs = self.jobs.as_ref();
        jobs.is_some_and(|jobs| jobs.try_send(Job::Write(full)).is_ok())
    }
}

impl Sink for JournalSink {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        self.last = stamp;
        if self.buffer.len() >= BUFFER_BYTES * 3 / 4 && !self.hand_over(self.behind) {
            self.dropped += 1;
            self.written.lost += 1;
            return;
        }
        self.put(&EntryRef::Event(event));
        self.written.events += 1;
        if stamp.since_s(self.handed_over) >= HAND_OVER_S {
            self.hand_over(WhenBehind::Drop); // none free: later
        }
    }

    fn flush(&mut self) {
        self.hand_over(WhenBehind::Wait);
        if self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job::Flush).is_ok()) {
            let _ = self.flushed.recv(); // an error: the thread is gone, which `finish` reports
        }
    }
}

impl Drop for JournalSink {
    fn drop(&mut self) {
        drop(self.close()); // `finish` reports; a run that unwinds still leaves a whole journal
    }
}
