//! The task as a person reads it while it happens, in the words and columns of `ponder run`.

use std::io::Write;
use std::time::Instant;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::sink::Sink;
use ponder_nodes::terminal::{BAD, DIM, GOOD, HEAD, Terminal, WARN};
use r2r::ponder_msgs::action::ExecuteTask;
use r2r::ponder_msgs::msg;

/// Columns before the text.
const MARGIN: &str = "                    ";

// rosidl's constants are enums of their own in the generated code; the wire has bytes.
const LOOKING: u8 = ExecuteTask::Feedback::LOOKING as u8;
const THINKING: u8 = ExecuteTask::Feedback::THINKING as u8;
const ACTING: u8 = ExecuteTask::Feedback::ACTING as u8;
const ENDING: u8 = ExecuteTask::Feedback::ENDING as u8;

/// Tells.
pub struct Story {
    is_json: bool,
    /// Lays out thoughts.
    terminal: Terminal<Box<dyn Write>>,
    begun: Instant,
    stage: Option<u8>,
    step: (u32, String),
    told: usize,
}

fn out(is_json: bool) -> Box<dyn Write> {
    if is_json { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) }
}

impl Story {
    /// Begins with the goal. The story of `--json` goes to standard error.
    pub fn begin(is_json: bool, instruction: &str) -> Self {
        let (terminal, begun) = (Terminal::new(out(is_json)), Instant::now());
        let mut story = Self { is_json, terminal, begun, stage: None, step: (0, String::new()), told: 0 };
        story.entry("goal", &format!("“{instruction}”"));
        story
    }

    // A terminal that is gone must not stop a robot: errors of writing are dropped.
    fn line(&mut self, text: &str) {
        self.terminal.flush();
        drop(writeln!(out(self.is_json), "{text}"));
    }

    fn entry(&mut self, what: &str, text: &str) {
        let at_s = self.begun.elapsed().as_secs_f64();
        self.line(&format!("{DIM}{at_s:>7.2} s{DIM:#}  {HEAD}{what:<9}{HEAD:#} {text}"));
    }

    fn evidence(&mut self, evidence: &[msg::Evidence]) {
        for found in evidence {
            let (mark, style) = if found.holds { ("✔", GOOD) } else { ("✘", WARN) };
            self.line(&format!("{MARGIN}{style}{mark} {}{style:#}", found.text));
            self.told += 1;
        }
    }

    /// What is new in a feedback.
    pub fn tell(&mut self, feedback: &ExecuteTask::Feedback) {
        if !feedback.thought.is_empty() {
            let at = Stamp::from_s(self.begun.elapsed().as_secs_f64());
            self.terminal.emit(at, &Event::ThoughtPiece(feedback.thought.as_str().into()));
        }
        if self.stage.replace(feedback.stage) != Some(feedback.stage) {
            match feedback.stage {
                LOOKING => self.entry("looks", ""),
                // A thought says by itself that it is thought.
                THINKING if feedback.thought.is_empty() => self.entry("thinks", "…"),
                ENDING => self.entry("ends", "the robot comes to rest"),
                _ => {}
            }
        }
        let step = (feedback.step, feedback.doing.clone());
        if feedback.stage == ACTING && feedback.step > 0 && step != self.step {
            self.entry(&format!("step {}/{}", feedback.step, feedback.steps), &feedback.doing);
            self.step = step;
        }
        self.evidence(&feedback.evidence);
    }

    /// Something that a person should know.
    pub fn warn(&mut self, text: &str) {
        self.line(&format!("{MARGIN}{WARN}{text}{WARN:#}"));
    }

    /// The outcome, with what was measured and not told yet (feedback may be lost, the result is not).
    pub fn end(&mut self, outcome: &msg::Outcome, evidence: &[msg::Evidence], exit_code: u8) {
        let untold = evidence.get(self.told..).unwrap_or_default();
        self.evidence(untold);
        let style = match exit_code {
            0 => GOOD,
            2 => WARN,
            _ => BAD,
        };
        let text = if outcome.text.is_empty() { &outcome.name } else { &outcome.text };
        self.entry("ends", &format!("{style}{text}{style:#}"));
    }
}
