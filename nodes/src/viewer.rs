//! The rerun viewer, on demand: found, started on this machine's own address, and waited for. It is another program; a
//! plain run never needs it.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Viewer and recordings must be of one version.
pub const VERSION: &str = "0.36.3";
/// Longest wait for the viewer to listen, seconds.
const START_S: u64 = 20;

/// Why there is no viewer.
#[derive(Debug, thiserror::Error)]
pub enum ViewerError {
    /// Nowhere.
    #[error(
        "the rerun viewer {VERSION} is not here. Set it up with `make viewer` in the folder of Ponder's source, or put \
             `rerun` {VERSION} in the PATH; the recording can be opened with it later"
    )]
    Missing,
    /// One of another version.
    #[error("{path} is {found}, but recordings are written for rerun {VERSION}: set it up with `make viewer`")]
    Version {
        /// Which program.
        path: String,
        /// What it says of itself.
        found: String,
    },
    /// It does not start or does not listen.
    #[error("the rerun viewer ({path}) did not start: {why}")]
    Start {
        /// Which program.
        path: String,
        /// Why.
        why: String,
    },
}

/// The viewer of the right version: set up by `make viewer` above this folder or the program, or in the PATH.
///
/// # Errors
/// [`ViewerError::Missing`], or [`ViewerError::Version`] if there are only others.
pub fn find() -> Result<PathBuf, ViewerError> {
    let near = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let near = near.iter().flatten().flat_map(|start| start.ancestors()).map(|dir| dir.join(".deps/rerun/rerun"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).map(|dir| dir.join("rerun")).collect();
    let mut other = ViewerError::Missing;
    for candidate in near.chain(path).filter(|candidate| candidate.is_file()) {
        match version(&candidate) {
            Some(found) if found.split_whitespace().any(|word| word == VERSION) => {
                return Ok(candidate);
            }
            found => {
                let found = found.unwrap_or_else(|| "not rerun".to_owned());
                other = ViewerError::Version { path: candidate.display().to_string(), found };
            }
        }
    }
    Err(other)
}

fn version(program: &Path) -> Option<String> {
    let output = quiet(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    output.status.success().then(|| words.join(" "))
}

/// The program with its usage data off: it sends none where this variable is set.
fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("CI", "true").stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Starts the viewer and waits until it listens; the URL to stream to.
///
/// # Errors
/// [`ViewerError`]: there is none, or it does not start (without a display, say).
pub fn start() -> Result<String, ViewerError> {
    let program = find()?;
    let fail = |why: String| ViewerError::Start { path: program.display().to_string(), why };
    // A port that is free now; the viewer takes it in a moment.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|e| fail(e.to_string()))?
        .port();
    let mut command = quiet(&program);
    command.stdout(Stdio::null()).args(["--bind", "127.0.0.1", "--port"]).arg(port.to_string());
    let mut viewer = command.spawn().map_err(|e| fail(e.to_string()))?;
    wait_for(&mut viewer, port).map_err(fail)?;
    Ok(format!("rerun+http://127.0.0.1:{port}/proxy"))
}

fn wait_for(viewer: &mut Child, port: u16) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(START_S) {
        if let Ok(Some(status)) = viewer.try_wait() {
            return Err(format!("it ended at once ({status}): is there a display?"));
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(viewer.kill());
    Err(format!("it does not listen after {START_S} s"))
}
