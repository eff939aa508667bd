//! Keeps a simulated run to the wall's time while a stage on a thread of its own is waited for: the simulation would
//! otherwise run minutes ahead of a thought. A sink that hears what is asked and answered.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::sink::Sink;
use ponder_nodes::stack::Stack;

/// See the module. Clones are one.
#[derive(Clone)]
pub struct Pace {
    period: Duration,
    thinks_slowly: bool,
    sees_slowly: bool,
    /// Waits for the reasoner, and for the perceiver.
    waits: Rc<Cell<(bool, bool)>>,
}

impl Pace {
    /// For a ring of this stack, turned every `period_s`.
    pub fn new(stack: &Stack, period_s: f64) -> Self {
        Self {
            period: Duration::from_secs_f64(period_s),
            thinks_slowly: stack.is_live && stack.planner.is_slow() && !stack.hung_planner,
            sees_slowly: stack.is_live && stack.perception.is_slow(),
            waits: Rc::default(),
        }
    }

    /// After a turn that began then.
    pub fn keep(&self, begun: Instant) {
        let (thinks, sees) = self.waits.get();
        if thinks && self.thinks_slowly || sees && self.sees_slowly {
            std::thread::sleep(self.period.saturating_sub(begun.elapsed()));
        }
    }
}

impl Sink for Pace {
    fn emit(&mut self, _stamp: Stamp, event: &Event) {
        let (thinks, sees) = self.waits.get();
        self.waits.set(match event {
            Event::ThinkAsked(_) => (true, sees),
            Event::Answered(_) | Event::ThinkFailed(_) => (false, sees),
            Event::LookAsked => (thinks, true),
            Event::Looked(_) | Event::LookFailed(_) => (thinks, false),
            Event::Cancelled | Event::Lost(_) | Event::Ended(_) => (false, false),
            _ => return,
        });
    }

    fn flush(&mut self) {}
}
