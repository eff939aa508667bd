//! Sinks shared with whoever made them: the ring writes to one handle, the maker closes by the other and reads how it
//! went. On one thread; sinks are never read by the ring.

use std::cell::RefCell;
use std::rc::Rc;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::sink::Sink;

/// A handle on a sink.
pub struct Kept<S>(Rc<RefCell<Option<S>>>);

impl<S> Clone for Kept<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Sink> Kept<S> {
    /// Keeps a sink.
    pub fn new(sink: S) -> Self {
        Self(Rc::new(RefCell::new(Some(sink))))
    }

    /// Takes the sink out; whatever is emitted after that is dropped.
    pub fn take(&self) -> Option<S> {
        self.0.borrow_mut().take()
    }
}

impl<S: Sink> Sink for Kept<S> {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        if let Some(sink) = self.0.borrow_mut().as_mut() {
            sink.emit(stamp, event);
        }
    }

    fn flush(&mut self) {
        if let Some(sink) = self.0.borrow_mut().as_mut() {
            sink.flush();
        }
    }
}
