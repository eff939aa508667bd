//! A recording stream that keeps its first error to itself until the end: a recording must not fail a run.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use rerun::external::re_uri::ProxyUri;
use rerun::sink::{FileSink, GrpcSink};
use rerun::{AsComponents, RecordingStream, RecordingStreamBuilder, TextLog};

/// Name of the application in the viewer; the blueprint goes with it.
pub const APPLICATION: &str = "ponder";
/// Longest wait for a viewer to take the connection.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest wait for everything to be written out.
const FLUSH: Duration = Duration::from_secs(10);

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file or stream could not be opened or written.
    #[error("recording to {to}: {why}")]
    Failed {
        /// File or viewer.
        to: String,
        /// What rerun says.
        why: String,
    },
}

/// A stream into a file, and perhaps to a viewer.
pub struct Stream {
    rec: RecordingStream,
    to: String,
    error: Option<String>,
}

impl Stream {
    /// Opens the file, and the way to a viewer that listens at a URL if one is given.
    ///
    /// # Errors
    /// [`RecordError::Failed`] when the file can't be made or the URL is none.
    pub fn open(path: &Path, viewer: Option<&str>) -> Result<Self, RecordError> {
        let to = path.display().to_string();
        // Enabled whatever the environment says: what was asked for is written.
        let builder = RecordingStreamBuilder::new(APPLICATION).enabled(true);
        let opened = match viewer {
            None => builder.save(path).map_err(|e| e.to_string()),
            Some(url) => sinks(path, url).and_then(|sinks| builder.set_sinks(sinks).map_err(|e| e.to_string())),
        };
        let rec = opened.map_err(|why| RecordError::Failed { to: to.clone(), why })?;
        rec.set_log_tick_enabled(false);
        rec.set_log_time_enabled(false);
        Ok(Self { rec, to, error: None })
    }

    /// The stream itself.
    pub fn rec(&self) -> &RecordingStream {
        &self.rec
    }

    /// Sets the time of what is logged from now on.
    pub fn set_time(&self, sim_s: f64, turn: i64) {
        self.rec.set_duration_secs("sim_time", sim_s);
        self.rec.set_time_sequence("turn", turn);
    }

    /// Logs at the time that was set.
    pub fn log<A: AsComponents + ?Sized>(&mut self, path: &str, what: &A) {
        let logged = self.rec.log(path, what);
        self.keep(logged);
    }

    /// Logs for all times.
    pub fn log_static<A: AsComponents + ?Sized>(&mut self, path: &str, what: &A) {
        let logged = self.rec.log_static(path, what);
        self.keep(logged);
    }

    /// Logs a line of text.
    pub fn say(&mut self, path: &str, level: &'static str, text: String) {
        self.log(path, &TextLog::new(text).with_level(level));
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) {
        let flushed = self.rec.flush_with_timeout(FLUSH);
        self.keep(flushed);
    }

    /// The value, or `None` with the error kept.
    pub fn keep<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|e| self.error.get_or_insert_with(|| e.to_string())).ok()
    }

    /// How it went so far.
    ///
    /// # Errors
    /// [`RecordError::Failed`], the first that was met.
    pub fn check(&mut self) -> Result<(), RecordError> {
        match self.error.take() {
            None => Ok(()),
            Some(why) => Err(RecordError::Failed { to: self.to.clone(), why }),
        }
    }
}

fn sinks(path: &Path, url: &str) -> Result<(FileSink, GrpcSink), String> {
    let viewer = viewer_sink(url)?;
    Ok((FileSink::new(path).map_err(|e| e.to_string())?, viewer))
}

/// The way to a viewer that listens at a URL.
///
/// # Errors
/// For people: it is no URL, or nobody listens there.
pub fn viewer_sink(url: &str) -> Result<GrpcSink, String> {
    let uri: ProxyUri = url.parse().map_err(|e| format!("{url} is no viewer's URL: {e}"))?;
    // The stream would wait for ever for a viewer that is not there.
    let (host, port) = (uri.origin.host.to_string(), uri.origin.port);
    let addresses = (host.as_str(), port).to_socket_addrs().map_err(|e| format!("{url}: {e}"))?;
    let reached = |address| TcpStream::connect_timeout(&address, CONNECT).is_ok();
    if !addresses.into_iter().any(reached) {
        return Err(format!("no viewer listens at {url}"));
    }
    Ok(GrpcSink::new(uri))
}
