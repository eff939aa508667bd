//! Sinks are told everything and asked nothing: journal, rerun, terminal, metrics.

use crate::Stamp;
use crate::event::Event;

/// Takes events. Must not fail the run: it keeps its own errors and reports them at the end.
pub trait Sink {
    /// One event.
    fn emit(&mut self, stamp: Stamp, event: &Event);

    /// Writes out what is buffered.
    fn flush(&mut self) {}
}
