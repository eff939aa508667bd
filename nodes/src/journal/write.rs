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
    pub fn create(path: &Path, header: &Header) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io {
            path: path.display().to_string(),
            source,
        };
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
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(work)
            .map_err(io)?;
        Ok(Self {
            path: path.display().to_string(),
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
        self.put(EntryRef::End(self.written.events));
        if let Some(jobs) = self.jobs.take() {
            drop(jobs.send(Job::Write(std::mem::take(&mut self.buffer))));
        }
        let io = |source| JournalError::Io {
            path: self.path.clone(),
            source,
        };
        writer
            .join()
            .map_err(|_| io(std::io::Error::other("the writing thread died")))?
            .map_err(io)?;
        self.error
            .take()
            .map_or(Ok(()), |error| Err(io(std::io::Error::other(error))))
    }

    /// Encodes a record and hands the buffer over when it is full or old; drops the record when no buffer is free.
    fn put(&mut self, entry: EntryRef<'_>) {
        if self.buffer.len() >= BUFFER_BYTES * 3 / 4 && !self.hand_over() {
            self.dropped += 1;
            self.written.lost += 1;
            return;
        }
        let lost = std::mem::take(&mut self.dropped);
        let gap = if lost > 0 {
            encode(&mut self.buffer, self.last, &EntryRef::Lost(lost))
        } else {
            Ok(())
        };
        if let Err(error) = gap.and_then(|()| encode(&mut self.buffer, self.last, &entry)) {
            self.error.get_or_insert_with(|| error.to_string());
        }
    }

    /// Gives the buffer to the writer if another is free.
    fn hand_over(&mut self) -> bool {
        let Ok(next) = self.empty.try_recv() else {
            return false;
        };
        let full = std::mem::replace(&mut self.buffer, next);
        self.handed_over = self.last;
        // The channel has room for every buffer there is, so this never waits.
        self.jobs
            .as_ref()
            .is_some_and(|jobs| jobs.try_send(Job::Write(full)).is_ok())
    }
}

impl Sink for JournalSink {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        self.last = stamp;
        let lost = self.written.lost;
        self.put(EntryRef::Event(event));
        if self.written.lost == lost {
            self.written.events += 1;
        }
        if stamp.since_s(self.handed_over) >= HAND_OVER_S {
            self.hand_over(); // none free: later
        }
    }

    fn flush(&mut self) {
        self.hand_over();
        if self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(Job::Flush).is_ok())
        {
            let _ = self.flushed.recv(); // an error: the thread is gone, which `finish` reports
        }
    }
}

impl Drop for JournalSink {
    fn drop(&mut self) {
        drop(self.close()); // `finish` reports; a run that unwinds still leaves a whole journal
    }
}
