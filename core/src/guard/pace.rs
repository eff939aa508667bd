//! Keeps setpoints from coming faster than the control period: a bucket of time that each step empties by a period. A
//! late period may be followed by an early one; in the long run no more than one step a period passes.

use crate::Stamp;

/// The bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    now: Stamp,
    begun: bool,
    saved_s: f64,
}

impl Pace {
    /// The clock at the last turn.
    pub(super) fn now(&self) -> Stamp {
        self.now
    }

    /// Takes in the clock; gives the time since the last turn, seconds.
    pub(super) fn turn(&mut self, now: Stamp, period_s: f64) -> f64 {
        let gap_s = if self.begun { now.since_s(self.now).max(0.0) } else { period_s };
        (self.now, self.begun) = (now, true);
        self.saved_s = (self.saved_s + gap_s).min(1.5 * period_s);
        gap_s
    }

    /// May setpoints move in this turn?
    pub(super) fn is_ready(&self, period_s: f64) -> bool {
        self.saved_s >= 0.5 * period_s
    }

    /// Ends a turn.
    pub(super) fn step(&mut self, period_s: f64) {
        if self.is_ready(period_s) {
            self.saved_s -= period_s;
        }
    }
}
