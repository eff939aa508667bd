//! The journal as a replay plays it: one record ahead, compared with what the loop makes anew.

use ponder_core::Stamp;
use ponder_core::event::Event;

use crate::journal::{Entry, JournalError, Record, Records, event_bytes};

/// Where a replay first left the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The loop's clock.
    pub stamp: Stamp,
    /// Turn, from 1.
    pub turn: u64,
    /// What the journal has there.
    pub recorded: String,
    /// What the replay made.
    pub replayed: String,
}

/// The journal as it is played: one record ahead.
pub struct Tape {
    pub records: Records,
    pub head: Option<Record>,
    /// Stamp of the last head: the clock.
    pub stamp: Stamp,
    /// Stamp of the last event that was equal.
    pub compared: Stamp,
    pub turns: u64,
    pub events: u64,
    pub difference: Option<Difference>,
    pub error: Option<JournalError>,
}

impl Tape {
    pub fn new(records: Records) -> Self {
        let stamp = Stamp::default();
        let mut tape =
            Self { records, head: None, stamp, compared: stamp, turns: 0, events: 0, difference: None, error: None };
        tape.wind();
        tape
    }

    fn wind(&mut self) {
        self.head = match self.records.next().transpose() {
            Ok(Some((_, Entry::End(_)))) | Ok(None) => None,
            Ok(record) => record,
            Err(error) => {
                self.error = Some(error);
                None
            }
        };
        if let Some((stamp, _)) = &self.head {
            self.stamp = *stamp;
        }
    }

    pub fn head(&self) -> Option<&Event> {
        match &self.head {
            Some((_, Entry::Event(event))) => Some(event),
            _ => None,
        }
    }

    /// Is the head of the turn that is being compared?
    pub fn in_turn(&self) -> bool {
        self.stamp == self.compared
    }

    /// Compares what the replay made with the record and goes on to the next.
    pub fn compare(&mut self, stamp: Stamp, event: &Event) {
        // After a difference nothing that follows means anything; after the end there is nothing to compare with.
        let (Some((at, entry)), None) = (&self.head, &self.difference) else {
            return;
        };
        let equal = match entry {
            Entry::Event(recorded) => *at == stamp && event_bytes(recorded) == event_bytes(event),
            Entry::Lost(_) | Entry::End(_) => false,
        };
        if equal {
            self.events += 1;
            self.compared = stamp;
            self.turns += u64::from(matches!(event, Event::Applied(_)));
            return self.wind();
        }
        let (recorded, replayed) = match entry {
            Entry::Event(recorded) => apart(&format!("{at} {recorded:?}"), &format!("{stamp} {event:?}")),
            Entry::Lost(n) => (format!("{n} events that a slow disk made the journal drop"), format!("{event:?}")),
            Entry::End(_) => ("the end".to_owned(), format!("{event:?}")),
        };
        self.difference = Some(Difference { stamp: *at, turn: self.turns + 1, recorded, replayed });
    }

    /// The replay went another way than the record, without an event of its own to show.
    pub fn strayed(&mut self, replayed: &str) {
        let Some((at, entry)) = &self.head else {
            return;
        };
        let recorded = format!("{entry:?}");
        let (stamp, turn) = (*at, self.turns + 1);
        self.difference.get_or_insert(Difference { stamp, turn, recorded, replayed: replayed.to_owned() });
    }
}

/// Two long texts cut down to where they part.
fn apart(a: &str, b: &str) -> (String, String) {
    const AROUND: usize = 60;
    let kind = |text: &str| text.split(['(', '{']).next().unwrap_or_default().trim().to_owned();
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let cut = |text: &str| {
        if text.chars().count() <= 3 * AROUND {
            return text.to_owned();
        }
        let part: String = text.chars().skip(same.saturating_sub(AROUND)).take(2 * AROUND).collect();
        format!("{}: …{part}…", kind(text))
    };
    (cut(a), cut(b))
}
