//! Priorities of the threads that must not wait: those between an emergency stop and the robot. Where the operating
//! system does not permit them, everything works as before and one warning says what to do.

use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// How urgent a thread is. All of them sleep nearly all of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Urgency {
    /// Takes messages in; the middleware's own threads, made by such a thread, have it too.
    Hears = 20,
    /// The control loop, which sends what makes the robot stop.
    Controls = 30,
}

/// Gives the calling thread a fixed priority before all ordinary ones (`SCHED_FIFO`); threads that it starts have it
/// too.
///
/// # Errors
/// Why not, and what to do, for people.
pub fn raise(urgency: Urgency) -> Result<(), String> {
    let why = |error: String| {
        format!(
            "no real-time priority ({error}): on a busy machine an emergency stop may wait its turn; permit it with \
             `ulimit -r 30` or CAP_SYS_NICE"
        )
    };
    let priority = ThreadPriorityValue::try_from(urgency as u8).map_err(|error| why(error.to_owned()))?;
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(priority), policy);
    set.map_err(|error| why(error.to_string()))
}
