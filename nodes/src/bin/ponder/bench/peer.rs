//! llama.cpp beside our engine, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};

use super::rates::Rates;

const SCRIPT: &str = include_str!("peer_llamacpp.mjs");

/// See the module.
pub struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    script: PathBuf,
}

impl Peer {
    /// Loads the file in llama.cpp; the folder has `node_modules/node-llama-cpp` in it.
    pub fn start(folder: &Path, file: &Path, numbers: [usize; 3]) -> anyhow::Result<Self> {
        let script = std::env::temp_dir().join(format!("ponder-peer-{}.mjs", std::process::id()));
        std::fs::write(&script, SCRIPT).with_context(|| format!("{} can't be written", script.display()))?;
        let mut child = Command::new("node")
            .arg(&script)
            .args([folder, &std::fs::canonicalize(file)?])
            .args(numbers.map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node does not start: llama.cpp beside us needs Node.js")?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else { bail!("the peer has no pipes") };
        let mut peer = Self { child, to, from: BufReader::new(from), script };
        match peer.line()?.as_str() {
            "ready" => Ok(peer),
            line => bail!("llama.cpp did not come up (it said {line:?}): is node-llama-cpp in {}?", folder.display()),
        }
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// One turn of the same work.
    pub fn turn(&mut self) -> anyhow::Result<Rates> {
        writeln!(self.to, "run")?;
        let line = self.line()?;
        let mut numbers = line.split(' ').map(str::parse::<f64>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(prefill)), Some(Ok(decode))) => Ok(Rates { prefill, decode }),
            _ => bail!("llama.cpp answered {line:?}"),
        }
    }

    /// Its process.
    pub fn id(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_file(&self.script));
    }
}
