//! Curves over the steps of a course: one a name, in a file and, if one listens, in a viewer.

use std::path::Path;

use rerun::Scalars;

use super::stream::{RecordError, Stream};

/// A recording of curves.
pub struct Curves(Stream);

impl Curves {
    /// Into a file, and to a viewer that listens at a URL if one is given.
    ///
    /// # Errors
    /// [`RecordError::Failed`] when the file can't be made or nobody listens.
    pub fn open(path: &Path, viewer: Option<&str>) -> Result<Self, RecordError> {
        Stream::open(path, viewer).map(Self)
    }

    /// Adds a point to each curve.
    pub fn add<'a>(&mut self, step: u64, values: impl Iterator<Item = (&'a str, f64)>) {
        self.0.rec().set_time_sequence("step", i64::try_from(step).unwrap_or(i64::MAX));
        for (name, value) in values {
            self.0.log(&format!("curves/{name}"), &Scalars::single(value));
        }
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// [`RecordError::Failed`], the first that was met.
    pub fn finish(&mut self) -> Result<(), RecordError> {
        self.0.flush();
        self.0.check()
    }
}
