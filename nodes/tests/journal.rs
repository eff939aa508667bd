//! The journal keeps every event to the bit, survives what a kill or a bad disk does to it, and says what is wrong.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests too may fail a test

mod common;

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use common::header;
use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::goal::Goal;
use ponder_core::observation::Observation;
use ponder_core::outcome::{Halt, Outcome};
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::reasoner::Answer;
use ponder_core::sink::Sink;
use ponder_core::thought::Thought;
use ponder_nodes::journal::{
    Ending, Entry, Journal, JournalError, JournalSink, Record, WhenBehind, event_bytes,
};

fn observed(seq: u64, values: &[f64]) -> Event {
    let mut observation = Observation {
        stamp: Stamp(seq * 1000),
        seq,
        ..Default::default()
    };
    observation.joint_pos_rad.extend(values.iter().copied());
    Event::Observed(observation)
}

/// One of each kind that is hard to write: numbers that JSON can't carry, untagged words and numbers, texts.
fn hard_events() -> Vec<Event> {
    let call = DraftCall {
        skill: "push".to_owned(),
        args: [
            ("object".to_owned(), DraftArg::Word("红色方块".to_owned())),
            ("distance_m".to_owned(), DraftArg::Number(0.1)),
        ]
        .into(),
    };
    let draft = Draft::Do {
        steps: vec![call],
        goal: Vec::new(),
    };
    let signalling = f64::from_bits(0x7ff0_0000_0000_0001);
    vec![
        Event::Goal(Arc::new(
            Goal::new(0, "把红色方块放进绿色的碗里", Stamp(1), 60.0).unwrap(),
        )),
        observed(
            1,
            &[
                f64::NAN,
                -f64::NAN,
                signalling,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ],
        ),
        observed(2, &[-0.0, f64::MIN_POSITIVE / 8.0, f64::MAX, 0.1 + 0.2]),
        Event::Answered(Arc::new(Answer {
            thought: Thought::default(),
            draft,
        })),
        Event::LookFailed("no light".into()),
        Event::Ended(Arc::new(Outcome::Halted {
            halt: Halt::Cancelled,
        })),
    ]
}

fn write(path: &Path, events: &[Event]) {
    let mut journal = JournalSink::create(path, &header(), WhenBehind::Wait).unwrap();
    for (i, event) in events.iter().enumerate() {
        journal.emit(Stamp(i as u64), event);
    }
    let written = journal.finish().unwrap();
    assert_eq!((written.events, written.lost), (events.len() as u64, 0));
}

fn read(path: &Path) -> (Vec<Result<Record, JournalError>>, Option<Ending>) {
    let mut records = Journal::open(path).unwrap().records;
    let all = records.by_ref().collect();
    (all, records.ending())
}

#[test]
fn every_event_comes_back_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.journal");
    let events = hard_events();
    write(&path, &events);
    assert_eq!(Journal::open(&path).unwrap().header, header());
    let (records, ending) = read(&path);
    assert_eq!(ending, Some(Ending::Closed));
    assert_eq!(records.len(), events.len() + 1, "each event, then the end");
    for (i, (event, record)) in events.iter().zip(&records).enumerate() {
        let (stamp, entry) = record.as_ref().unwrap();
        let Entry::Event(read) = entry else {
            panic!("{entry:?}")
        };
        assert_eq!(*stamp, Stamp(i as u64));
        assert_eq!(event_bytes(read), event_bytes(event), "{event:?}");
        if let (Event::Observed(read), Event::Observed(event)) = (read, event) {
            let bits = |o: &Observation| {
                o.joint_pos_rad
                    .iter()
                    .map(|v| v.to_bits())
                    .collect::<Vec<_>>()
            };
            assert_eq!(bits(read), bits(event));
        }
    }
}

#[test]
fn a_cut_off_journal_gives_all_that_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.journal");
    let events = hard_events();
    write(&path, &events);
    let bytes = std::fs::read(&path).unwrap();
    let start = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    let (mut most, mut cut_in_records) = (0, 0);
    for cut in start..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let (records, ending) = read(&path);
        assert!(records.iter().all(Result::is_ok), "cut at {cut}");
        let Some(Ending::CutOff(half)) = ending else {
            panic!("cut at {cut}: {ending:?}")
        };
        cut_in_records += usize::from(half > 0);
        assert!(records.len() >= most, "a longer file has no fewer records");
        most = records.len();
    }
    assert_eq!(most, events.len(), "only the end is missing at last");
    assert!(cut_in_records > 0);
}

#[test]
fn a_damaged_journal_says_where() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.journal");
    write(&path, &hard_events());
    let good = std::fs::read(&path).unwrap();
    let start = good.iter().position(|b| *b == b'\n').unwrap() + 1;
    for at in start..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let (records, ending) = read(&path);
        // A length that now points beyond the end reads as cut off; everything else is found by the checksum.
        let told = records.iter().any(Result::is_err)
            || matches!(ending, Some(Ending::CutOff(n)) if n > 0);
        assert!(told, "a flipped bit at {at} went unnoticed");
        assert!(
            records.iter().rev().skip(1).all(Result::is_ok),
            "nothing is read after damage"
        );
    }
    let mut bytes = good;
    let last = bytes.len() - 1;
    bytes[start + 20] ^= 1;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = read(&path).0.pop().unwrap().unwrap_err().to_string();
    assert!(
        error.contains("damaged at byte") && error.contains("checksum"),
        "{error}"
    );
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.journal");
    let reason = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        let error = Journal::open(&path).err().expect("refused").to_string();
        assert!(error.contains("x.journal"), "names the file: {error}");
        error
    };
    assert!(reason(b"").contains("empty"));
    assert!(reason(b"RRF2\x00\x00 no line").contains("first line"));
    assert!(reason(b"not json\n").contains("not JSON"));
    assert!(reason(b"{}\n").contains("ponder_journal"));
    assert!(reason(b"{\"ponder_journal\":1}\n").contains("header"));
    let other = reason(b"{\"ponder_journal\":99,\"ponder\":\"9.9\"}\n");
    assert!(
        other.contains("format 99") && other.contains("9.9"),
        "{other}"
    );
    let missing = Journal::open(&dir.path().join("none"))
        .err()
        .unwrap()
        .to_string();
    assert!(missing.contains("none"), "{missing}");
    assert!(Journal::open(dir.path()).is_err(), "a folder");
}

#[test]
fn a_journal_dropped_without_a_word_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.journal");
    {
        let mut journal = JournalSink::create(&path, &header(), WhenBehind::Wait).unwrap();
        (0..1000).for_each(|i| journal.emit(Stamp(i), &observed(i, &[0.5; 7])));
    }
    let (records, ending) = read(&path);
    assert_eq!((records.len(), ending), (1001, Some(Ending::Closed)));
}

#[test]
fn flushed_events_are_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.journal");
    let mut journal = JournalSink::create(&path, &header(), WhenBehind::Wait).unwrap();
    journal.emit(Stamp(1), &Event::LookAsked);
    journal.flush();
    let (records, ending) = read(&path);
    assert_eq!(
        (records.len(), ending),
        (1, Some(Ending::CutOff(0))),
        "readable while it is written"
    );
}

/// Long runs pass through a bounded set of buffers: nothing is lost where the loop may wait, all is counted where not.
#[test]
fn many_events_pass_through_few_buffers() {
    let dir = tempfile::tempdir().unwrap();
    for behind in [WhenBehind::Wait, WhenBehind::Drop] {
        let path = dir.path().join("run.journal");
        let mut journal = JournalSink::create(&path, &header(), behind).unwrap();
        for i in 0..60_000 {
            journal.emit(Stamp(i * 2_000_000), &observed(i, &[0.25; 7]));
        }
        let written = journal.finish().unwrap();
        let (records, ending) = read(&path);
        assert_eq!(ending, Some(Ending::Closed));
        let (mut events, mut lost) = (0, 0);
        for record in records {
            match record.unwrap().1 {
                Entry::Event(_) => events += 1,
                Entry::Lost(n) => lost += n,
                Entry::End(n) => assert_eq!(n, events),
            }
        }
        assert_eq!((events, lost), (written.events, written.lost));
        assert_eq!(
            events + lost,
            60_000,
            "every event is there or counted as lost"
        );
        assert!(behind == WhenBehind::Drop || lost == 0);
    }
}

/// A disk that fails in the middle: the run goes on, and the end tells.
#[test]
#[cfg(unix)]
fn an_error_in_the_middle_is_reported_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe.journal");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let reading = path.clone();
    // Takes the header, then closes its end.
    let reader = std::thread::spawn(move || {
        let mut line = String::new();
        std::io::BufReader::new(std::fs::File::open(reading).unwrap())
            .read_line(&mut line)
            .unwrap()
    });
    let mut journal = JournalSink::create(&path, &header(), WhenBehind::Wait).unwrap();
    reader.join().unwrap();
    (0..100_000).for_each(|i| journal.emit(Stamp(i * 1_000_000), &Event::LookAsked));
    let error = journal.finish().unwrap_err().to_string();
    assert!(
        error.contains("pipe.journal") && error.contains("Broken pipe"),
        "{error}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_before_the_run() {
    let error = JournalSink::create(Path::new("/dev/full"), &header(), WhenBehind::Wait)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("/dev/full") && error.contains("No space left"),
        "{error}"
    );
}
