//! Steps that somebody asked for while the simulation stands, by service or by action. A step is a control period, since
//! nothing between two of them can be seen or commanded; it takes as long as one does when the simulation plays, so that
//! the other nodes live through it as ever.

use r2r::ServiceRequest;
use r2r::simulation_interfaces::action::SimulateSteps;
use r2r::simulation_interfaces::msg::Result as SimResult;
use r2r::simulation_interfaces::srv::StepSimulation;

use super::answers::{Code, result};
use crate::ros::action::{End, Goal};

/// Most steps of one service call, which nobody can cancel: more are the action's.
const MOST_BY_SERVICE: u64 = 10_000;

/// Who asked for steps.
pub enum Asker {
    /// By the service; answered at the end.
    Service(ServiceRequest<StepSimulation::Service>),
    /// By the action; told after every step, and may cancel.
    Action(Goal<SimulateSteps::Action>),
}

impl Asker {
    /// How many steps it wants.
    pub fn wanted(&self) -> u64 {
        match self {
            Self::Service(request) => request.message.steps,
            Self::Action(goal) => goal.goal.steps,
        }
    }

    /// Ends it.
    pub fn answer(self, how: End, result: SimResult) {
        match self {
            Self::Service(request) => drop(request.respond(StepSimulation::Response { result })), // may be gone
            Self::Action(goal) => goal.end(how, SimulateSteps::Result { result }),
        }
    }

    /// Why so many can't be made.
    pub fn refusal(&self) -> Option<SimResult> {
        match self.wanted() {
            0 => Some(result(Code::Failed, "no steps are asked for")),
            n if n > MOST_BY_SERVICE && matches!(self, Self::Service(_)) => Some(result(
                Code::Failed,
                format!("{n} steps: at most {MOST_BY_SERVICE} by the service, more by the action simulate_steps"),
            )),
            _ => None,
        }
    }
}

/// Steps that are being made.
pub struct Steps {
    asker: Asker,
    done: u64,
}

impl Steps {
    /// None is made yet.
    pub fn new(asker: Asker) -> Self {
        Self { asker, done: 0 }
    }

    /// Goes on with the next step, unless the asker cancelled.
    pub fn next(self) -> Option<Self> {
        match &self.asker {
            Asker::Action(goal) if goal.is_cancel_asked() => {
                let why = format!("cancelled after {} steps", self.done);
                self.end(End::Canceled, result(Code::Failed, why));
                None
            }
            _ => Some(self),
        }
    }

    /// One was made; `None` when it was the last.
    pub fn made(mut self) -> Option<Self> {
        self.done += 1;
        let remaining_steps = self.asker.wanted().saturating_sub(self.done);
        if let Asker::Action(goal) = &self.asker {
            goal.feedback(SimulateSteps::Feedback { completed_steps: self.done, remaining_steps });
        }
        if remaining_steps == 0 {
            self.end(End::Succeeded, result(Code::Ok, ""));
            return None;
        }
        Some(self)
    }

    /// Ends before the last.
    pub fn end(self, how: End, result: SimResult) {
        self.asker.answer(how, result);
    }
}
