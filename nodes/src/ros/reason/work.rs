//! Who asked, and how each is answered: the goal of an action or the request of a service.

use ponder_core::thought::Thought;
use r2r::ServiceRequest;
use r2r::ponder_msgs::action::Think;
use r2r::ponder_msgs::msg;
use r2r::ponder_msgs::srv::MakePlan;

use crate::ros::action::{End, Goal};

/// A dry run with the scene that it is made in.
pub struct Dry {
    /// Who asked.
    pub request: ServiceRequest<MakePlan::Service>,
    /// The scene.
    pub scene: msg::Scene,
}

/// Somebody who asked.
pub enum Asked {
    /// By the action.
    Think(Goal<Think::Action>),
    /// By the service.
    Dry(Dry),
}

/// What it came to.
pub struct Ending {
    /// How.
    pub how: End,
    /// Why there is no answer.
    pub message: String,
    /// The answer.
    pub plan: msg::Plan,
    /// Its words.
    pub thought: Thought,
}

impl Ending {
    /// No answer.
    pub fn failed(why: impl Into<String>) -> Self {
        Self { how: End::Aborted, message: why.into(), plan: msg::Plan::default(), thought: Thought::default() }
    }
}

impl Asked {
    /// Does it no longer want to know?
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Think(goal) if goal.is_cancel_asked())
    }

    /// Passes on a piece of thought.
    pub fn say(&self, piece: &str) {
        if let Self::Think(goal) = self {
            goal.feedback(Think::Feedback { piece: piece.to_owned() });
        }
    }

    /// Answers.
    pub fn end(self, ending: Ending) {
        let Ending { how, message, plan, thought } = ending;
        let is_answer = how == End::Succeeded;
        match self {
            Self::Think(goal) => goal.end(
                how,
                Think::Result {
                    success: is_answer,
                    message,
                    plan,
                    thought: thought.text,
                    thought_tokens: thought.tokens,
                    cites: thought.cites.iter().map(|id| id.to_string()).collect(),
                },
            ),
            Self::Dry(Dry { request, scene }) => {
                // A plan that the checker refuses is none that could be carried out.
                let message = if plan.problem.is_empty() { message } else { plan.problem.clone() };
                let success = is_answer && plan.problem.is_empty();
                let (thought, thought_tokens) = (thought.text, thought.tokens);
                // Whoever asked may be gone.
                drop(request.respond(MakePlan::Response { success, message, plan, thought, thought_tokens, scene }));
            }
        }
    }
}
