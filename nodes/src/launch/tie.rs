//! Ties a process to the keeper that started it: it ends when the keeper does, however that came about, even `kill -9`.

use std::io;
use std::time::Duration;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};
use ponder_core::thinker::Cancel;

/// The process that a kept one is tied to.
pub const VARIABLE: &str = "PONDER_KEEPER";
/// Between two looks whether the keeper is there.
const TICK: Duration = Duration::from_millis(200);
/// Time to come to rest once it is not.
const GRACE: Duration = Duration::from_secs(8);

/// Sets `stop` when the keeper is gone, and ends the process if that is not heeded. Does nothing in a process that no
/// keeper has started. To be called once `stop` is what the signal to terminate sets.
///
/// # Errors
/// What the system says; then nothing ties it.
pub fn tie(stop: &Cancel) -> io::Result<()> {
    let keeper = std::env::var(VARIABLE).ok().and_then(|id| id.parse().ok()).map(Pid::from_raw);
    let Some(keeper) = keeper else { return Ok(()) };
    prctl::set_pdeathsig(Signal::SIGTERM)?; // at once; what follows is for a keeper that was gone before, and for the deaf
    let stop = stop.clone();
    let watch = std::thread::Builder::new().name("tie".to_owned());
    watch.spawn(move || {
        while getppid() == keeper {
            std::thread::sleep(TICK);
        }
        stop.cancel();
        std::thread::sleep(GRACE);
        std::process::exit(1);
    })?;
    Ok(())
}
