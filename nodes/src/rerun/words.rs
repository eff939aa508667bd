//! Events in words: the log of a recording.

use ponder_core::event::Event;
use rerun::TextLogLevel as Level;

/// Entity, level and text of an event that is worth a line.
pub fn of(event: &Event) -> Option<(&'static str, &'static str, String)> {
    let line = match event {
        Event::Goal(goal) => ("log/goal", Level::INFO, format!("“{}”", goal.instruction)),
        Event::WorldFailed(error) => ("log/world", Level::ERROR, error.to_string()),
        Event::LookFailed(why) => ("log/perception", Level::ERROR, why.to_string()),
        Event::ThinkFailed(why) => ("log/reasoner", Level::ERROR, why.to_string()),
        Event::PlanRejected(error) => ("log/checker", Level::WARN, error.to_string()),
        Event::Planned(steps) => ("log/checker", Level::INFO, format!("a plan of {} steps passed", steps.len())),
        Event::StepStarted { step, attempt } => {
            ("log/steps", Level::INFO, format!("step {} starts, attempt {}", step + 1, attempt + 1))
        }
        Event::PhaseStarted { step, phase } => ("log/steps", Level::DEBUG, format!("step {}: {phase}", step + 1)),
        Event::StepDone(step) => ("log/steps", Level::INFO, format!("step {} done", step + 1)),
        Event::StepFailed { step, failure } => ("log/steps", Level::WARN, format!("step {}: {failure}", step + 1)),
        Event::Evidence(finding) => {
            let level = if finding.holds { Level::INFO } else { Level::WARN };
            ("log/evidence", level, finding.to_string())
        }
        Event::Rejected(rejection) => ("log/guard", Level::ERROR, rejection.to_string()),
        Event::Applied(applied) => {
            let clip = applied.clipped?;
            let text = format!("{}: {:.4} asked, {:.4} sent", clip.code, clip.asked, clip.sent);
            ("log/guard", Level::WARN, text)
        }
        Event::Cancelled => ("log/goal", Level::WARN, "cancelled".to_owned()),
        Event::EmergencyStop(true) => ("log/guard", Level::CRITICAL, "emergency stop".to_owned()),
        Event::EmergencyStop(false) => ("log/guard", Level::INFO, "emergency stop released".to_owned()),
        Event::Ended(outcome) => ("log/goal", Level::INFO, outcome.to_string()),
        _ => return None,
    };
    Some(line)
}
