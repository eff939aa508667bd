//! Curves over the steps of a course: one a name, in a file and, if one listens, in a viewer.

use std::path::Path;

use rerun::Scalars;

use super::blueprint;
use super::stream::{RecordError, Stream};

/// A recording of curves.
pub struct Curves {
    stream: Stream,
    laid_out: bool,
}

impl Curves {
    /// Into a file, and to a viewer that listens at a URL if one is given.
    ///
    /// # Errors
    /// [`RecordError::Failed`] when the file can't be made or nobody listens.
    pub fn open(path: &Path, viewer: Option<&str>) -> Result<Self, RecordError> {
        Ok(Self { stream: Stream::open(path, viewer)?, laid_out: false })
    }

    /// Adds a point to each curve.
    pub fn add<'a>(&mut self, step: u64, values: impl Iterator<Item = (&'a str, f64)>) {
        let values: Vec<(&str, f64)> = values.collect();
        let rec = self.stream.rec();
        rec.set_time_sequence(blueprint::STEP, i64::try_from(step).unwrap_or(i64::MAX));
        if !self.laid_out {
            // Without a layout they are there as well, only less large.
            self.laid_out = blueprint::send_curves(rec, values.iter().map(|(name, _)| *name)).is_ok();
        }
        for (name, value) in values {
            self.stream.log(&format!("curves/{name}"), &Scalars::single(value));
        }
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// [`RecordError::Failed`], the first that was met.
    pub fn finish(&mut self) -> Result<(), RecordError> {
        self.stream.flush();
        self.stream.check()
    }
}
