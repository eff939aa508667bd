//! What time it is in a graph that may have any clock. `/clock` is the time where there is one; otherwise the stamps
//! of what is heard are. A step back begins a new run: stamps of two runs never meet on one timeline.

use ponder_core::Stamp;
use rerun::time::TimeCell;

/// A topic's stamp further back than this behind its last is a jump, seconds.
const BACK_S: f64 = 1.0;
/// A stamp further from `/clock` than this is of another clock, seconds.
const OFF_S: f64 = 60.0;
/// Times from here on (the year 2001) are counted from the epoch, nanoseconds.
const EPOCH_NS: u64 = 1_000_000_000_000_000_000;

/// What a stamp turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Time of a message.
    At(Stamp),
    /// Nobody knows what time it is yet.
    Unknown,
    /// The stamp is of another clock than `/clock`, which is taken in its place.
    Off(Stamp),
    /// The clock has jumped back.
    Back,
}

/// The time of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    clock: Option<Stamp>,
    /// Somebody publishes `/clock`: until it is heard, nobody knows what time it is.
    expected: bool,
    /// Last stamp of a message: the time where there is no `/clock`.
    latest: Option<Stamp>,
    /// Counted from the epoch? Known from the first stamp on, and the same for the whole run.
    epoch: Option<bool>,
}

impl Times {
    /// The same graph, before anything is heard of it.
    pub fn anew(&self) -> Self {
        Self { expected: self.expected, ..Self::default() }
    }

    /// Does anybody publish `/clock`?
    pub fn expect(&mut self, clock: bool) {
        self.expected = clock;
    }

    /// The time of a message whose stamp may be of any clock: its stamp if that is near the time, or the time.
    pub fn near(&self, stamp: Stamp) -> Told {
        let near = |now: Stamp| if stamp.since_s(now).abs() > OFF_S { now } else { stamp };
        self.now().map_or(Told::Unknown, |now| Told::At(near(now)))
    }

    /// What `/clock` said; has it jumped back?
    pub fn tick(&mut self, now: Stamp) -> bool {
        let back = self.clock.is_some_and(|before| now.0 < before.0);
        self.clock = Some(now);
        back
    }

    /// The time now.
    pub fn now(&self) -> Option<Stamp> {
        self.clock.or(self.latest)
    }

    /// The time of a message with this stamp (zero: none), whose topic's last was `last` if that tells of jumps.
    pub fn of(&mut self, stamp: Stamp, last: Option<Stamp>) -> Told {
        if stamp.0 == 0 {
            return self.now().map_or(Told::Unknown, Told::At);
        }
        if self.expected && self.clock.is_none() {
            return Told::Unknown;
        }
        if let Some(clock) = self.clock.filter(|clock| stamp.since_s(*clock).abs() > OFF_S) {
            // Far behind its own last, it is of the next run, and /clock will say so in a moment.
            let back = last.is_some_and(|last| last.since_s(stamp) > BACK_S && stamp.0 < clock.0);
            return if back { Told::Back } else { Told::Off(clock) };
        }
        if last.is_some_and(|last| last.since_s(stamp) > BACK_S) {
            return Told::Back;
        }
        Told::At(stamp)
    }

    /// Takes a stamp as the time, until there is a later one or a `/clock`.
    pub fn take(&mut self, stamp: Stamp) {
        self.latest = Some(stamp);
    }

    /// As rerun takes it.
    pub fn cell(&mut self, stamp: Stamp) -> TimeCell {
        let ns = i64::try_from(stamp.0).unwrap_or(i64::MAX);
        if *self.epoch.get_or_insert(stamp.0 >= EPOCH_NS) {
            TimeCell::from_timestamp_nanos_since_epoch(ns)
        } else {
            TimeCell::from_duration_nanos(ns)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: f64) -> Stamp {
        Stamp((s * 1e9) as u64)
    }

    #[test]
    fn stamps_are_the_time_and_what_has_none_takes_the_last() {
        let mut times = Times::default();
        assert_eq!(times.of(Stamp(0), None), Told::Unknown);
        assert_eq!(times.of(at(5.0), None), Told::At(at(5.0)));
        times.take(at(5.0));
        assert_eq!(times.of(Stamp(0), None), Told::At(at(5.0)));
        assert!(!times.tick(at(6.0)));
        assert_eq!(times.of(Stamp(0), None), Told::At(at(6.0)), "/clock is the time where there is one");
    }

    #[test]
    fn another_clock_and_a_jump_are_told_apart() {
        let mut times = Times::default();
        assert!(!times.tick(at(100.0)));
        assert_eq!(times.of(at(1.7e9), None), Told::Off(at(100.0)));
        assert_eq!(times.of(at(99.0), Some(at(99.5))), Told::At(at(99.0)), "late, and of this run");
        assert_eq!(times.of(at(95.0), Some(at(99.0))), Told::Back);
        assert_eq!(times.of(at(0.1), Some(at(99.0))), Told::Back, "before /clock has told");
        assert!(times.tick(at(0.1)));
    }

    #[test]
    fn until_an_expected_clock_is_heard_no_stamp_is_the_time() {
        let mut times = Times::default();
        times.expect(true);
        assert_eq!(times.of(at(1.7e9), None), Told::Unknown);
        assert_eq!(times.near(at(1.7e9)), Told::Unknown);
        assert!(!times.tick(at(5.0)));
        assert_eq!(times.near(at(1.7e9)), Told::At(at(5.0)));
        assert_eq!(times.near(at(4.0)), Told::At(at(4.0)));
        assert_eq!(times.anew().of(at(4.0), None), Told::Unknown);
    }
}
