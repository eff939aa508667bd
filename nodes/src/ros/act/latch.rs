//! The emergency stop as it outlives the process: a flag for the control loop and a file for the next life of the node.
//! Whatever can't be read counts as latched.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The latch, shared among threads.
#[derive(Clone, Debug)]
pub struct Latch {
    on: Arc<AtomicBool>,
    file: Arc<PathBuf>,
}

impl Latch {
    /// As it was left: in `folder`, or where this user's programs keep their state; `name` is the node's.
    ///
    /// # Errors
    /// When the folder can't be made: a stop could not be remembered.
    pub fn open(folder: &str, name: &str) -> Result<Self, String> {
        let state = || std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
        let folder = match folder {
            "" => state().or_else(home).unwrap_or_else(std::env::temp_dir).join("ponder"),
            given => PathBuf::from(given),
        };
        let why = |error| format!("{} can't be used to remember an emergency stop: {error}", folder.display());
        std::fs::create_dir_all(&folder).map_err(why)?;
        let file = folder.join(format!("emergency-stop{}", name.replace('/', "-")));
        let on = file.try_exists().unwrap_or(true);
        Ok(Self { on: Arc::new(AtomicBool::new(on)), file: Arc::new(file) })
    }

    /// Is it latched?
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// Latches it: the flag first, for the loop that must not wait for a disk.
    ///
    /// # Errors
    /// It is latched, but will not outlive the process.
    pub fn set(&self, reason: &str) -> Result<(), String> {
        self.on.store(true, Ordering::Release);
        std::fs::write(self.file.as_ref(), reason)
            .map_err(|error| format!("latched, but {} can't be written: {error}", self.file.display()))
    }

    /// Releases it: the file first, so that nothing moves before that is sure.
    ///
    /// # Errors
    /// It stays latched.
    pub fn release(&self) -> Result<(), String> {
        match std::fs::remove_file(self.file.as_ref()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{} can't be removed: {error}", self.file.display()))
            }
            _ => {
                self.on.store(false, Ordering::Release);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_outlives_the_process_until_it_is_released() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Latch::open(dir.path().to_str().unwrap(), "/ponder/act").unwrap();
        assert!(!open().is_on());
        open().set("somebody came near").unwrap();
        let next = open();
        assert!(next.is_on());
        next.release().unwrap();
        assert!(!next.is_on() && !open().is_on());
        next.release().unwrap();
    }

    #[test]
    fn a_folder_that_is_none_is_an_error() {
        assert!(Latch::open("/dev/null/state", "/act").unwrap_err().contains("emergency stop"));
    }
}
