//! The eye that is shipped: it finds all there is in two of the simulator's pictures, of scenes that it never learned from,
//! and is refused when a byte of it changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::path::{Path, PathBuf};

use ponder_models::perceive::nano::{CONFIG_FILE, Eye, EyeError, WEIGHTS_FILE};
use ponder_models::train::see::{Exam, Lessons};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/eye-nano")
}

#[test]
fn the_shipped_eye_finds_what_is_there_and_makes_nothing_up() {
    let lessons = Lessons::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/eye")).unwrap();
    let exam = Exam::of(&Eye::open(&shipped()).unwrap(), &lessons, 1, |_| true).unwrap();
    assert_eq!((exam.pictures, exam.all.there), (2, 13));
    assert_eq!((exam.all.found, exam.all.made_up), (exam.all.there, 0), "{exam}");
    assert!(exam.all.off_m.iter().all(|m| *m < 0.02), "{exam}");
}

#[test]
fn a_changed_byte_of_the_shipped_eye_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(shipped().join(CONFIG_FILE), folder.path().join(CONFIG_FILE)).unwrap();
    let mut bytes = std::fs::read(shipped().join(WEIGHTS_FILE)).unwrap();
    assert!(bytes.len() < 3 << 20);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.path().join(WEIGHTS_FILE), bytes).unwrap();
    assert!(matches!(Eye::open(folder.path()), Err(EyeError::Hash { .. })));
}
