//! The clock that a node lives by: the system's, or with `use_sim_time` what `/clock` says. Read from any thread.
//! Jumps are counted, not hidden: whoever holds stamps across one has to let go of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ponder_core::Stamp;

/// A step of `/clock` further than this, or any step back, is a jump, nanoseconds.
const JUMP_NS: u64 = 1_000_000_000;

/// A node's clock.
#[derive(Debug, Default)]
pub struct RosClock {
    simulated: AtomicBool,
    simulated_ns: AtomicU64,
    jumps: AtomicU64,
}

impl RosClock {
    /// Nanoseconds since the clock's start: of the epoch, or of the simulation. Zero before the first `/clock`.
    pub fn now(&self) -> Stamp {
        if self.simulated.load(Ordering::Acquire) {
            return Stamp(self.simulated_ns.load(Ordering::Acquire));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Stamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Does it follow `/clock`?
    pub fn is_simulated(&self) -> bool {
        self.simulated.load(Ordering::Acquire)
    }

    /// How often it has jumped: back, or forward by more than a second; or changed from one clock to the other.
    pub fn jumps(&self) -> u64 {
        self.jumps.load(Ordering::Acquire)
    }

    /// Follows `/clock`, or no longer.
    pub fn simulate(&self, on: bool) {
        if self.simulated.swap(on, Ordering::AcqRel) != on {
            self.jumps.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// What `/clock` said.
    pub fn hear(&self, now: Stamp) {
        let before = self.simulated_ns.swap(now.0, Ordering::AcqRel);
        let jumped = before != 0 && (now.0 < before || now.0 - before > JUMP_NS);
        if jumped && self.is_simulated() {
            self.jumps.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_both_ways_are_counted_and_steps_are_not() {
        let clock = RosClock::default();
        clock.simulate(true);
        let at_start = clock.jumps();
        for ms in [1000, 1010, 1500] {
            clock.hear(Stamp(ms * 1_000_000));
        }
        assert_eq!((clock.jumps() - at_start, clock.now()), (0, Stamp(1_500_000_000)));
        clock.hear(Stamp(400_000_000));
        assert_eq!(clock.jumps() - at_start, 1, "back");
        clock.hear(Stamp(2_000_000_000));
        assert_eq!(clock.jumps() - at_start, 2, "far forward");
    }
}
