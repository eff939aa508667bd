//! What is going on, in words: the goal, the thought, and the plan with the step it is at, as Markdown for the viewer.

use std::fmt::Write;

use ponder_core::event::Event;
use ponder_core::plan::{Draft, DraftArg, DraftCall};

/// How a step stands.
#[derive(Clone, Debug, Default)]
enum Step {
    #[default]
    Waiting,
    Running {
        attempt: u32,
        phase: String,
    },
    Done,
    Failed(String),
}

/// The words on the board.
#[derive(Default)]
pub struct Board {
    instruction: String,
    thought: String,
    steps: Vec<(String, Step, Vec<String>)>,
    verdict: Option<String>,
    /// Changed since they were last taken.
    thought_changed: bool,
    plan_changed: bool,
}

/// A call as a person writes it: `place_in(red_block, green_bowl)`.
pub fn call_text(call: &DraftCall) -> String {
    let args: Vec<String> = call
        .args
        .values()
        .map(|arg| match arg {
            DraftArg::Number(number) => number.to_string(),
            DraftArg::Word(word) => word.clone(),
        })
        .collect();
    format!("{}({})", call.skill, args.join(", "))
}

impl Board {
    /// Takes note of an event.
    pub fn note(&mut self, event: &Event) {
        let plan_changed = match event {
            Event::Goal(goal) => {
                *self = Self { instruction: goal.instruction.clone(), thought_changed: true, ..Self::default() };
                true
            }
            Event::ThinkAsked(n) => {
                if *n > 0 && !self.thought.is_empty() {
                    self.thought.push_str("\n\n---\n\n");
                }
                self.thought_changed = true;
                false
            }
            Event::ThoughtPiece(piece) => {
                self.thought.push_str(piece);
                self.thought_changed = true;
                false
            }
            Event::Answered(answer) => {
                let said = match &answer.draft {
                    Draft::Do { .. } => None,
                    Draft::Refuse { reason, text } => Some(format!("**Refused** ({reason}): {text}")),
                    Draft::Ask { question } => Some(format!("**Asks:** {question}")),
                };
                self.verdict = said.or(self.verdict.take());
                true
            }
            Event::PlanRejected(error) => {
                self.verdict = Some(format!("**Draft rejected:** {error}"));
                true
            }
            Event::Planned(steps) => {
                self.steps = steps.iter().map(|call| (call_text(call), Step::default(), Vec::new())).collect();
                self.verdict = None;
                true
            }
            Event::StepStarted { step, attempt } => {
                self.set(*step, Step::Running { attempt: *attempt, phase: "starts".to_owned() })
            }
            Event::PhaseStarted { step, phase: name } => {
                if let Some((_, Step::Running { phase, .. }, _)) = self.steps.get_mut(*step) {
                    *phase = name.to_string();
                }
                true
            }
            Event::Evidence(finding) => {
                let running = self.steps.iter_mut().rev().find(|(_, step, _)| !matches!(step, Step::Waiting));
                if let Some((_, _, evidence)) = running {
                    evidence.push(finding.to_string());
                }
                true
            }
            Event::StepDone(step) => self.set(*step, Step::Done),
            Event::StepFailed { step, failure } => self.set(*step, Step::Failed(failure.to_string())),
            Event::EmergencyStop(true) => {
                self.verdict = Some("**Emergency stop**".to_owned());
                true
            }
            Event::Ended(outcome) => {
                self.verdict = Some(format!("**{outcome}**"));
                true
            }
            _ => false,
        };
        self.plan_changed |= plan_changed;
    }

    fn set(&mut self, index: usize, to: Step) -> bool {
        if let Some((_, step, evidence)) = self.steps.get_mut(index) {
            if matches!(to, Step::Running { .. }) {
                evidence.clear();
            }
            *step = to;
        }
        true
    }

    /// The thought, if it changed.
    pub fn thought(&mut self) -> Option<String> {
        std::mem::take(&mut self.thought_changed).then(|| format!("**“{}”**\n\n{}", self.instruction, self.thought))
    }

    /// The plan, if it changed.
    pub fn plan(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.plan_changed) {
            return None;
        }
        let mut text = format!("**“{}”**\n\n", self.instruction);
        for (i, (call, step, evidence)) in self.steps.iter().enumerate() {
            let n = i + 1;
            let line = match step {
                Step::Waiting => format!("{n}. `{call}`"),
                Step::Running { attempt, phase } => {
                    let again = if *attempt > 0 { format!(", attempt {}", attempt + 1) } else { String::new() };
                    format!("{n}. ▶ **`{call}`** {phase}{again}")
                }
                Step::Done => format!("{n}. ✔ `{call}`"),
                Step::Failed(why) => format!("{n}. ✘ `{call}` {why}"),
            };
            // Writing to a string can't fail.
            let _ = writeln!(text, "{line}");
            for finding in evidence {
                let _ = writeln!(text, "   - {finding}");
            }
        }
        if let Some(verdict) = &self.verdict {
            let _ = write!(text, "\n{verdict}\n");
        }
        Some(text)
    }
}
