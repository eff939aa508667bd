//! What courses of every sort share: a folder that a stopped run goes on from, the order in which a book is read, and means
//! of what is told.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::error::TrainError;
use super::trainer::Trainer;

/// File of a run that goes on.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// Time between checkpoints.
const KEEP_EVERY: Duration = Duration::from_secs(120);
/// Steps over which what is told is averaged, about.
const MEMORY: f64 = 50.0;

/// Keeps a run in a folder.
pub(super) struct Keeper {
    checkpoint: PathBuf,
    saved: Instant,
}

impl Keeper {
    /// A trainer goes on from where the folder stands; the cursor is that of its checkpoint, null without one.
    pub(super) fn open(folder: &Path, trainer: &mut Trainer) -> Result<(Self, Value), TrainError> {
        let checkpoint = folder.join(CHECKPOINT);
        let cursor = if checkpoint.exists() { trainer.resume(&checkpoint)? } else { Value::Null };
        Ok((Self { checkpoint, saved: Instant::now() }, cursor))
    }

    /// Writes a checkpoint where it is time for one, at the end, and where the run stops; says whether it did.
    pub(super) fn keep(&mut self, trainer: &Trainer, stops: bool, cursor: Value) -> Result<bool, TrainError> {
        if self.saved.elapsed() < KEEP_EVERY && !trainer.is_done() && !stops {
            return Ok(false);
        }
        trainer.save(&self.checkpoint, cursor)?;
        self.saved = Instant::now();
        Ok(true)
    }
}

/// A mean over the last steps, with one more.
pub(super) fn smoothed(before: Option<f64>, now: f64) -> f64 {
    before.map_or(now, |mean| mean + (now - mean) / MEMORY)
}

/// The pages at these places, as a book of so many is read again and again: every page once before any comes again, each
/// reading in an order of its own.
pub(super) fn pages(count: usize, places: Range<u64>, seed: u64) -> Vec<usize> {
    let count = count.max(1) as u64;
    let (mut reading, mut order) = (None, Vec::new());
    let page = |place: u64| {
        let this = place / count;
        if reading != Some(this) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(this + 1);
            order = (0..count as usize).collect::<Vec<_>>();
            order.shuffle(&mut rng);
            reading = Some(this);
        }
        order[(place % count) as usize]
    };
    places.map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_read_whole_before_it_is_read_again_and_in_another_order() {
        let all = pages(7, 0..21, 3);
        for reading in all.chunks(7) {
            let mut sorted = reading.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert_ne!(all[..7], all[7..14]);
        assert_eq!(pages(7, 5..16, 3), all[5..16], "from wherever it is gone on with");
        assert_ne!(pages(7, 0..7, 4), all[..7]);
    }
}
