//! Where a run is recorded: a file, viewers, or both. Every run has a recording of its own, with an id of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rerun::sink::{FileSink, LogSink};
use rerun::{RecordingStream, RecordingStreamBuilder};

use crate::rerun::viewer_sink;

/// Name of the application in the viewer.
const APPLICATION: &str = "ponder watch";
/// Longest wait for everything to be written out.
const FLUSH: Duration = Duration::from_secs(10);

/// What was asked for, and how many runs there were.
#[derive(Clone, Debug)]
pub struct Targets {
    /// File of the first run.
    pub save: Option<PathBuf>,
    /// URLs of viewers.
    pub viewers: Vec<String>,
    /// Runs recorded so far.
    pub runs: u32,
}

impl Targets {
    /// Could it be opened, as far as can be told without doing so?
    ///
    /// # Errors
    /// For people.
    pub fn check(&self) -> Result<(), String> {
        for url in &self.viewers {
            drop(viewer_sink(url)?);
        }
        let folder = self.save.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => Err(format!("`save`: there is no folder {}", folder.display())),
            _ => Ok(()),
        }
    }

    /// Opens the next run's recording.
    ///
    /// # Errors
    /// For people: the file can't be made, or a viewer is gone.
    pub fn next(&mut self) -> Result<Recording, String> {
        self.runs += 1;
        let file = self.save.as_deref().map(|first| file_of(first, self.runs));
        let mut sinks: Vec<Box<dyn LogSink>> = Vec::new();
        if let Some(file) = &file {
            sinks.push(Box::new(FileSink::new(file).map_err(|e| format!("{}: {e}", file.display()))?));
        }
        for url in &self.viewers {
            sinks.push(Box::new(viewer_sink(url)?));
        }
        // Enabled whatever the environment says: what was asked for is written.
        let builder = RecordingStreamBuilder::new(APPLICATION).enabled(true);
        let builder = builder.recording_name(format!("run {}", self.runs));
        let rec = builder.set_sinks(sinks).map_err(|e| e.to_string())?;
        rec.set_log_tick_enabled(false);
        let mut to: Vec<String> = file.iter().map(|file| file.display().to_string()).collect();
        to.extend(self.viewers.iter().cloned());
        Ok(Recording { rec, to: to.join(", ") })
    }
}

/// `x.rrd`, then `x-2.rrd`.
fn file_of(first: &Path, run: u32) -> PathBuf {
    if run == 1 {
        return first.to_owned();
    }
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let name = match first.extension() {
        Some(extension) => format!("{stem}-{run}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{run}"),
    };
    first.with_file_name(name)
}

/// An open recording.
pub struct Recording {
    /// The stream into it.
    pub rec: RecordingStream,
    /// Where it goes, for people.
    pub to: String,
}

impl Recording {
    /// Writes the rest out and closes it. Nobody else may hold the stream by now.
    ///
    /// # Errors
    /// What rerun says.
    pub fn close(self) -> Result<(), String> {
        self.rec.flush_with_timeout(FLUSH).map_err(|e| format!("{}: {e}", self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_file_of_its_own() {
        let of = |path: &str, run| file_of(Path::new(path), run).display().to_string();
        assert_eq!(of("out/x.rrd", 1), "out/x.rrd");
        assert_eq!(of("out/x.rrd", 3), "out/x-3.rrd");
        assert_eq!(of("x", 2), "x-2");
    }

    #[test]
    fn what_cannot_be_opened_is_told_before() {
        let none = Targets { save: Some("/there/is/none/x.rrd".into()), viewers: Vec::new(), runs: 0 };
        assert!(none.check().unwrap_err().contains("/there/is/none"));
        let odd = Targets { save: None, viewers: vec!["not a url".to_owned()], runs: 0 };
        assert!(odd.check().unwrap_err().contains("not a url"));
    }
}
