//! The reading side: header, then one record after the other, never more than one in memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::{Entry, FORMAT, FRAME_BYTES, Header, JournalError, MAX_HEADER_BYTES, MAX_RECORD_BYTES, Record};

/// How a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Closed in order.
    Closed,
    /// The run was killed: the file ends after a whole record, or this many bytes into one.
    CutOff(u64),
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => write!(f, "closed in order"),
            Self::CutOff(0) => write!(f, "cut off: the run was killed; every record in it is whole"),
            Self::CutOff(bytes) => {
                write!(f, "cut off: the run was killed; the last {bytes} bytes, half a record, are left out")
            }
        }
    }
}

/// A journal opened for reading.
pub struct Journal {
    /// What ran.
    pub header: Header,
    /// What happened.
    pub records: Records,
}

impl Journal {
    /// Opens a journal and reads its header.
    ///
    /// # Errors
    /// [`JournalError`] when the file can't be read, is no journal, or is of another format.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let name = || path.display().to_string();
        let io = |source| JournalError::Io { path: name(), source };
        let mut file = BufReader::new(File::open(path).map_err(io)?);
        let mut line = Vec::new();
        file.by_ref().take(MAX_HEADER_BYTES).read_until(b'\n', &mut line).map_err(io)?;
        let wrong = |why: String| JournalError::NotAJournal { path: name(), why };
        if line.is_empty() {
            return Err(wrong("the file is empty".to_owned()));
        }
        if line.pop() != Some(b'\n') {
            return Err(wrong("its first line does not end".to_owned()));
        }
        let json: serde_json::Value =
            serde_json::from_slice(&line).map_err(|_| wrong("its first line is not JSON".to_owned()))?;
        let found = json["ponder_journal"]
            .as_u64()
            .ok_or_else(|| wrong("its first line has no `ponder_journal` number".to_owned()))?;
        if found != u64::from(FORMAT) {
            let by = json["ponder"].as_str().unwrap_or("of unknown version").to_owned();
            return Err(JournalError::Format { path: name(), found, by });
        }
        // From the text, not from the value above: that keeps every number to the bit.
        let header = serde_json::from_slice(&line).map_err(|e| wrong(format!("its header can't be read: {e}")))?;
        let at = line.len() as u64 + 1;
        Ok(Self { header, records: Records { path: name(), file, at, count: 0, ending: None, body: Vec::new() } })
    }
}

/// The records of a journal, in order. After the last, [`Records::ending`] says how it ends.
pub struct Records {
    path: String,
    file: BufReader<File>,
    /// Where the next frame starts.
    at: u64,
    count: u64,
    ending: Option<Ending>,
    body: Vec<u8>,
}

impl Records {
    /// How the journal ends; known once the iteration is over without an error.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    fn damaged(&self, why: impl Into<String>) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), at: self.at, record: self.count, why: why.into() }
    }

    /// Fills `into` as far as the file goes and says how many bytes that were.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize, JournalError> {
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(JournalError::Io { path: self.path.clone(), source });
                }
            }
        }
        Ok(filled)
    }

    fn cut_off(&mut self, bytes: usize) -> Option<Record> {
        self.ending = Some(Ending::CutOff(bytes as u64));
        None
    }

    fn read(&mut self) -> Result<Option<Record>, JournalError> {
        let mut head = [0; FRAME_BYTES];
        let got = self.fill(&mut head)?;
        if got < FRAME_BYTES {
            return Ok(self.cut_off(got));
        }
        let [a, b, c, d, e, f, g, h] = head;
        let (length, checksum) = (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]));
        if length > MAX_RECORD_BYTES {
            return Err(self.damaged(format!("a record of {length} bytes can't be")));
        }
        let mut body = std::mem::take(&mut self.body);
        body.resize(length, 0);
        let got = self.fill(&mut body)?;
        if got < length {
            return Ok(self.cut_off(FRAME_BYTES + got));
        }
        if crc32fast::hash(&body) != checksum {
            return Err(self.damaged("the checksum does not fit"));
        }
        let record: Record = rmp_serde::from_slice(&body).map_err(|e| self.damaged(e.to_string()))?;
        self.body = body;
        self.at += (FRAME_BYTES + length) as u64;
        self.count += 1;
        if matches!(record.1, Entry::End(_)) {
            self.ending = Some(Ending::Closed);
        }
        Ok(Some(record))
    }
}

impl Iterator for Records {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ending.is_some() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.ending = Some(Ending::CutOff(0)); // nothing after damage is read
        }
        read.transpose()
    }
}
