//! Keeps MuJoCo from writing `MUJOCO_LOG.TXT` wherever the program runs. Its warnings are read from the data where they
//! matter; what it calls an error ends the process, so that is shown.

use std::io::Write;
use std::sync::Once;

use mujoco_rs::logging::set_log_handler;
use mujoco_rs::wrappers::mj_logging::{MjLogMessage, MjtLogLevel};

static ONCE: Once = Once::new();

/// Takes over MuJoCo's messages. Every way into MuJoCo in this crate comes through here first.
pub(crate) fn hush() {
    #[allow(unsafe_code)] // a global of MuJoCo's that has no safe setter
    ONCE.call_once(|| {
        // SAFETY: all of this crate's uses of MuJoCo wait for this call, so no other thread is in it.
        unsafe { set_log_handler(show) };
    });
}

fn show(message: &MjLogMessage) {
    if message.level() == MjtLogLevel::mjLOG_ERROR {
        // The process is about to end: these are its last words, and there is nobody to hand them to.
        let _ = writeln!(std::io::stderr(), "MuJoCo: {}", message.subject());
    }
}
