//! Once warm, the journal takes the events of a turn without touching the heap: it stands on the control path.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ponder_core::Stamp;
use ponder_core::command::{Applied, Command};
use ponder_core::event::Event;
use ponder_core::observation::Observation;
use ponder_core::sink::Sink;
use ponder_nodes::journal::{JournalSink, WhenBehind};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts what this thread asks of the heap.
struct Counting;

#[allow(unsafe_code)] // the trait is unsafe; everything is passed on
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static HEAP: Counting = Counting;

#[test]
fn a_turn_is_journalled_without_the_heap() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.journal");
    // As on a robot; who waits for the disk sleeps, and the first sleep on a channel takes memory.
    let mut journal = JournalSink::create(&path, &common::header(), WhenBehind::Drop).unwrap();
    let mut observation = Observation::default();
    observation.joint_pos_rad.extend([0.1; 7]);
    observation.joint_vel_rad_s.extend([0.2; 7]);
    let mut turn = |i: u64| {
        let stamp = Stamp(i * 2_000_000);
        let sent = Command::nothing(stamp, stamp);
        let applied = Applied { stamp, sent: sent.clone(), clipped: None, rejected: None };
        let events = [Event::Observed(observation.clone()), Event::Commanded(sent), Event::Applied(applied)];
        let before = ALLOCATIONS.with(Cell::get);
        events.iter().for_each(|event| journal.emit(stamp, event));
        ALLOCATIONS.with(Cell::get) - before
    };
    let _warm: u64 = (0..20_000).map(&mut turn).sum();
    let allocations: u64 = (20_000..60_000).map(&mut turn).sum();
    assert_eq!(allocations, 0, "in 40,000 turns");
    let written = journal.finish().unwrap();
    assert_eq!(written.events + written.lost, 180_000);
}
