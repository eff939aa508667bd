//! Keeps processes alive: starts them, hands on what they say, starts them again when they die, and stops them all, each
//! with time to bring its robot to rest. [`keep`] must be called on a thread that lives as long as the program: a child
//! ends with the thread that started it ([`super::tie`]).

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use ponder_core::thinker::Cancel;

use super::tie;

/// Between two looks at the processes.
const TICK: Duration = Duration::from_millis(20);
/// Time that a process has after each signal but the last.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// One that lived shorter waits twice as long before it is started again, up to this.
const YOUNG: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Longest wait for what a dead process has said.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Longest line that is handed on whole, bytes.
const LINE: u64 = 8192;

/// A process to be kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What people call it.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// How long after its death it is started again, if it is.
    pub respawn: Option<Duration>,
}

/// What is said: by which process (its place in the list), or by the keeper about it.
pub type Say = dyn Fn(usize, &str) + Send + Sync;

enum State {
    Running { child: Child, since: Instant },
    Waiting { until: Instant },
    Over { well: bool },
}

struct Slot {
    kept: Kept,
    state: State,
    /// Next wait before it is started again.
    wait: Duration,
    readers: Vec<JoinHandle<()>>,
}

/// Runs them until `stop`, or until all are over; true if that was in order: stopped, or each ended by itself with
/// success. `signal_after` is the patience with each signal ([`PATIENCE`]).
pub fn keep(all: Vec<Kept>, stop: &Cancel, say: &Arc<Say>, signal_after: Duration) -> bool {
    let new = |kept: Kept| {
        let wait = kept.respawn.unwrap_or_default();
        Slot { kept, state: State::Waiting { until: Instant::now() }, wait, readers: Vec::new() }
    };
    let mut slots: Vec<Slot> = all.into_iter().map(new).collect();
    while !stop.is_cancelled() && slots.iter().any(|slot| !matches!(slot.state, State::Over { .. })) {
        for (i, slot) in slots.iter_mut().enumerate() {
            slot.turn(i, say);
        }
        std::thread::sleep(TICK);
    }
    let stopped = stop.is_cancelled();
    end(&mut slots, say, signal_after);
    let until = Instant::now() + LAST_WORDS;
    while Instant::now() < until && slots.iter().flat_map(|slot| &slot.readers).any(|reader| !reader.is_finished()) {
        std::thread::sleep(TICK);
    }
    stopped || slots.iter().all(|slot| matches!(slot.state, State::Over { well: true }))
}

/// Stops what still runs: asks, asks again, and then does not ask.
fn end(slots: &mut [Slot], say: &Arc<Say>, signal_after: Duration) {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        for (i, slot) in slots.iter_mut().enumerate() {
            match &slot.state {
                State::Running { child, .. } => {
                    if signal != Signal::SIGINT {
                        say(i, &format!("has not ended: {signal}"));
                    }
                    send(child, signal);
                }
                State::Waiting { .. } => slot.state = State::Over { well: false },
                State::Over { .. } => {}
            }
        }
        let until = Instant::now() + signal_after;
        while Instant::now() < until && slots.iter().any(|slot| matches!(slot.state, State::Running { .. })) {
            for (i, slot) in slots.iter_mut().enumerate() {
                slot.reap(i, say, false);
            }
            std::thread::sleep(TICK);
        }
    }
}

/// To the whole group that the child leads. It is not reaped yet, so the number is still its own.
fn send(child: &Child, signal: Signal) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(id), signal); // one that has just died needs no signal
    }
}

impl Slot {
    fn turn(&mut self, i: usize, say: &Arc<Say>) {
        match self.state {
            State::Running { .. } => self.reap(i, say, true),
            State::Waiting { until } if Instant::now() >= until => self.start(i, say),
            State::Waiting { .. } | State::Over { .. } => {}
        }
    }

    fn start(&mut self, i: usize, say: &Arc<Say>) {
        let mut command = Command::new(&self.kept.program);
        command.args(&self.kept.args).env(tie::VARIABLE, std::process::id().to_string());
        // A group of its own: Ctrl-C in the terminal is for the keeper alone.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match command.spawn() {
            Ok(mut child) => {
                self.readers.retain(|reader| !reader.is_finished());
                let out = child.stdout.take().map(|out| listen(i, out, say));
                let err = child.stderr.take().map(|err| listen(i, err, say));
                for reader in [out, err].into_iter().flatten() {
                    match reader {
                        Ok(reader) => self.readers.push(reader),
                        Err(error) => say(i, &format!("can't be heard: {error}")),
                    }
                }
                say(i, &format!("is up, process {}", child.id()));
                self.state = State::Running { child, since: Instant::now() };
            }
            Err(error) => {
                say(i, &format!("can't be started: {}: {error}", self.kept.program.display()));
                self.died(i, say, Duration::ZERO, false, true);
            }
        }
    }

    fn reap(&mut self, i: usize, say: &Arc<Say>, again: bool) {
        let State::Running { child, since } = &mut self.state else { return };
        let lived = since.elapsed();
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => {
                say(i, &format!("has ended: {}", told(status)));
                self.died(i, say, lived, status.success(), again);
            }
            Err(error) => {
                say(i, &format!("is lost: {error}"));
                self.died(i, say, lived, false, again);
            }
        }
    }

    fn died(&mut self, i: usize, say: &Arc<Say>, lived: Duration, well: bool, again: bool) {
        let Some(least) = self.kept.respawn.filter(|_| again) else {
            self.state = State::Over { well };
            return;
        };
        if lived >= YOUNG {
            self.wait = least;
        }
        say(i, &format!("is started again in {:.1} s", self.wait.as_secs_f64()));
        self.state = State::Waiting { until: Instant::now() + self.wait };
        self.wait = (self.wait * 2).clamp(Duration::from_millis(100), LONGEST_WAIT.max(least));
    }
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal().map(Signal::try_from)) {
        (Some(0), _) => "well".to_owned(),
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(Ok(signal))) => format!("by {signal}"),
        (None, _) => "by a signal".to_owned(),
    }
}

/// Hands on what comes out of a pipe, line by line.
fn listen(i: usize, from: impl Read + Send + 'static, say: &Arc<Say>) -> std::io::Result<JoinHandle<()>> {
    let say = say.clone();
    std::thread::Builder::new().name("listen".to_owned()).spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        loop {
            line.clear();
            match from.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => say(i, String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r'])),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })
}
