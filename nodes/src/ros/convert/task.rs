//! How tasks end, and what the guard says.

use ponder_core::Stamp;
use ponder_core::guard::Rejection;
use ponder_core::outcome::{Halt, Outcome};
use r2r::ponder_msgs::msg;
use r2r::std_msgs::msg::Header;

use super::time;

/// The number of an outcome: `ponder_msgs/Outcome` names them.
pub fn outcome_code(outcome: &Outcome) -> u16 {
    match outcome {
        Outcome::Done { .. } => msg::Outcome::DONE as u16,
        Outcome::Failed { failure } => msg::Outcome::FAILED as u16 + failure.code as u16,
        Outcome::Refused { reason, .. } => msg::Outcome::REFUSED as u16 + *reason as u16,
        Outcome::Asked { .. } => msg::Outcome::ASKED as u16,
        Outcome::TimedOut { .. } => msg::Outcome::TIMED_OUT as u16,
        Outcome::Halted { halt } => match halt {
            Halt::EmergencyStop => msg::Outcome::HALTED_EMERGENCY_STOP as u16,
            Halt::Cancelled => msg::Outcome::HALTED_CANCELLED as u16,
            Halt::Guard(_) => msg::Outcome::HALTED_BY_GUARD as u16,
            Halt::World(_) => msg::Outcome::HALTED_WORLD_LOST as u16,
            Halt::Perception(_) => msg::Outcome::HALTED_PERCEPTION_LOST as u16,
            Halt::Reasoning(_) => msg::Outcome::HALTED_REASONER_LOST as u16,
            Halt::NoScene { .. } => msg::Outcome::HALTED_NO_SCENE as u16,
            Halt::NoPlan { .. } => msg::Outcome::HALTED_NO_PLAN as u16,
            Halt::PlanRejected(_) => msg::Outcome::HALTED_PLAN_REJECTED as u16,
        },
    }
}

/// An outcome as a message.
pub fn outcome_msg(outcome: &Outcome) -> msg::Outcome {
    msg::Outcome { code: outcome_code(outcome), name: outcome.code(), text: outcome.to_string() }
}

/// A refusal of the guard as a message.
pub fn rejection_msg(rejection: &Rejection, stamp: Stamp) -> msg::Verdict {
    msg::Verdict {
        header: Header { stamp: time(stamp), frame_id: String::new() },
        rejected: true,
        code: rejection.code as u16,
        reason: rejection.to_string(),
        value: rejection.value,
        limit: rejection.limit,
    }
}
