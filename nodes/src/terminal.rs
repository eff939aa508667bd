//! The run as a person reads it while it happens: what the robot sees, thinks, plans and does, with the measurement
//! behind each step. A sink, so it stands outside the ring.

use std::collections::BTreeSet;
use std::io::Write;

use anstyle::{AnsiColor, Effects, Style};
use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::outcome::Outcome;
use ponder_core::scene::Scene;
use ponder_core::sink::Sink;

use crate::rerun::call_text;

/// Good news.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Bad news.
pub const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
/// A warning.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Headings.
pub const HEAD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();

/// Widest line of a thought.
const COLUMNS: usize = 110;
/// Columns before the text.
const MARGIN: &str = "                    ";

/// Writes the story of a run.
pub struct Terminal<W: Write> {
    out: W,
    /// Objects told of, so that only news is told.
    seen: BTreeSet<String>,
    steps: Vec<String>,
    /// A line that is being written on.
    line: Line,
    /// How far that line is written.
    column: usize,
    failing: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    None,
    Thought,
    Phases,
}

/// Does it take two columns? (Chinese, its punctuation and full-width forms.)
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}')
}

impl<W: Write> Terminal<W> {
    /// A story written to `out`, which strips colours where they do not belong.
    pub fn new(out: W) -> Self {
        Self { out, seen: BTreeSet::new(), steps: Vec::new(), line: Line::None, column: 0, failing: false }
    }

    // A terminal that is gone must not stop a robot: errors of writing are dropped.
    fn raw(&mut self, text: &str) {
        drop(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()));
    }

    fn end_line(&mut self) {
        if self.line != Line::None {
            self.line = Line::None;
            self.raw("\n");
        }
    }

    fn entry(&mut self, stamp: Stamp, what: &str, text: &str) {
        self.end_line();
        self.raw(&format!("{DIM}{:>7.2} s{DIM:#}  {HEAD}{what:<9}{HEAD:#} {text}\n", stamp.as_s()));
    }

    fn detail(&mut self, text: &str) {
        self.end_line();
        self.raw(&format!("{MARGIN}{text}\n"));
    }

    fn looked(&mut self, stamp: Stamp, scene: &Scene) {
        let now: BTreeSet<String> = scene.objects.iter().map(|o| o.id.to_string()).collect();
        let list = |ids: &mut dyn Iterator<Item = &String>| ids.map(String::as_str).collect::<Vec<_>>().join(", ");
        if self.seen.is_empty() {
            self.entry(stamp, "sees", &list(&mut now.iter()));
        } else if now != self.seen {
            let (new, gone) = (list(&mut now.difference(&self.seen)), list(&mut self.seen.difference(&now)));
            let text = match (new.is_empty(), gone.is_empty()) {
                (false, true) => format!("{new} has come"),
                (true, false) => format!("{gone} is gone"),
                _ => format!("{new} has come, {gone} is gone"),
            };
            self.entry(stamp, "sees", &text);
        }
        self.seen = now;
    }

    fn thought(&mut self, stamp: Stamp, piece: &str) {
        if self.line != Line::Thought {
            self.end_line();
            self.raw(&format!("{DIM}{:>7.2} s{DIM:#}  {HEAD}{:<9}{HEAD:#} ", stamp.as_s(), "thinks"));
            (self.line, self.column) = (Line::Thought, MARGIN.len());
        }
        let mut text = String::with_capacity(piece.len());
        // Latin words stay whole; Chinese may break after any character.
        for word in piece.split_inclusive(|c: char| c.is_whitespace() || is_wide(c)) {
            let columns: usize = word.trim_end().chars().map(|c| 1 + usize::from(is_wide(c))).sum();
            if self.column > MARGIN.len() && self.column + columns > COLUMNS {
                text.push('\n');
                text.push_str(MARGIN);
                self.column = MARGIN.len();
            }
            let line = word.trim_end_matches('\n');
            text.extend(line.chars().filter(|c| !c.is_control())); // a model's words move no cursor
            self.column += columns + (line.len() - line.trim_end().len());
            if line.len() < word.len() {
                text.push('\n');
                text.push_str(MARGIN);
                self.column = MARGIN.len();
            }
        }
        self.raw(&text);
    }

    fn step(&mut self, stamp: Stamp, step: usize, attempt: u32) {
        let call = self.steps.get(step).cloned().unwrap_or_default();
        let again = if attempt > 0 { format!(" {WARN}(attempt {}){WARN:#}", attempt + 1) } else { String::new() };
        self.entry(stamp, &format!("step {}/{}", step + 1, self.steps.len()), &format!("{call}{again}"));
    }

    fn phase(&mut self, phase: &str) {
        if self.line == Line::Phases {
            self.raw(&format!("{DIM} · {phase}{DIM:#}"));
        } else {
            self.end_line();
            self.raw(&format!("{MARGIN}{DIM}{phase}{DIM:#}"));
            self.line = Line::Phases;
        }
    }
}

impl<W: Write> Sink for Terminal<W> {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        let failing = std::mem::take(&mut self.failing);
        match event {
            Event::Goal(goal) => self.entry(stamp, "goal", &format!("“{}”", goal.instruction)),
            Event::Looked(scene) => self.looked(stamp, scene),
            Event::ThinkAsked(n) if *n > 0 => self.entry(stamp, "thinks", &format!("{WARN}again{WARN:#}")),
            Event::ThoughtPiece(piece) => self.thought(stamp, piece),
            Event::PlanRejected(error) => self.entry(stamp, "checker", &format!("{WARN}refuses: {error}{WARN:#}")),
            Event::Planned(steps) => {
                self.steps = steps.iter().map(call_text).collect();
                let steps = self.steps.clone();
                for (i, call) in steps.iter().enumerate() {
                    let text = format!("{}. {call}", i + 1);
                    if i == 0 { self.entry(stamp, "plans", &text) } else { self.detail(&text) }
                }
            }
            Event::StepStarted { step, attempt } => self.step(stamp, *step, *attempt),
            Event::PhaseStarted { phase, .. } => self.phase(phase),
            Event::Evidence(finding) => {
                let (mark, style) = if finding.holds { ("✔", GOOD) } else { ("✘", WARN) };
                self.detail(&format!("{style}{mark} {finding}{style:#}"));
            }
            Event::StepFailed { failure, .. } => self.detail(&format!("{WARN}✘ {failure}{WARN:#}")),
            Event::LookFailed(why) | Event::ThinkFailed(why) => {
                self.entry(stamp, "fails", &format!("{BAD}{why}{BAD:#}"));
            }
            Event::Rejected(rejection) => {
                self.entry(stamp, "guard", &format!("{BAD}stops the robot: {rejection}{BAD:#}"));
            }
            Event::WorldFailed(error) => {
                if !failing {
                    self.entry(stamp, "world", &format!("{BAD}{error}{BAD:#}"));
                }
                self.failing = true;
            }
            Event::Cancelled => self.entry(stamp, "cancelled", "the robot comes to rest"),
            Event::EmergencyStop(true) => self.entry(stamp, "guard", &format!("{BAD}emergency stop{BAD:#}")),
            Event::EmergencyStop(false) => self.entry(stamp, "guard", "emergency stop released"),
            Event::Ended(outcome) => {
                let style = match outcome.as_ref() {
                    Outcome::Done { .. } => GOOD,
                    Outcome::Refused { .. } | Outcome::Asked { .. } => WARN,
                    _ => BAD,
                };
                self.entry(stamp, "ends", &format!("{style}{outcome}{style:#}"));
            }
            // A turn of silence goes on: its failure is told once.
            _ => self.failing = failing,
        }
    }

    fn flush(&mut self) {
        self.end_line();
    }
}
