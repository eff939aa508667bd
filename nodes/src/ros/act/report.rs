//! A sink that tells the graph what happens in a task: topics for whoever watches, feedback for whoever asked.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::channel::mpsc;
use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::plan::{Draft, DraftCall};
use ponder_core::sink::Sink;
use r2r::Publisher;
use r2r::ponder_msgs::action::ExecuteTask;
use r2r::ponder_msgs::msg;
use r2r::std_msgs::msg::Header;

use crate::ros::convert;
use crate::ros::host::{Host, RosError};
use crate::ros::topics;

/// Between two feedbacks, so that a flood of thought does not become a flood of messages.
const FEEDBACK_EVERY: Duration = Duration::from_millis(50);
/// Most characters of thought and pieces of evidence kept for one feedback.
const MOST_THOUGHT: usize = 4000;
const MOST_EVIDENCE: usize = 64;
/// Most lines on the way to the log.
const MOST_LINES: usize = 32;

const LOOKING: u8 = ExecuteTask::Feedback::LOOKING as u8;
const THINKING: u8 = ExecuteTask::Feedback::THINKING as u8;
const ACTING: u8 = ExecuteTask::Feedback::ACTING as u8;
const ENDING: u8 = ExecuteTask::Feedback::ENDING as u8;

/// Where `act` tells what happens. Publishers may be used from the control thread.
#[derive(Clone, Debug)]
pub struct Board {
    plan: Publisher<msg::Plan>,
    evidence: Publisher<msg::Evidence>,
    verdict: Publisher<msg::Verdict>,
    applied: Publisher<msg::Applied>,
    outcome: Publisher<msg::Outcome>,
    frame_id: String,
    log: mpsc::Sender<Line>,
}

impl Board {
    /// Puts it up; places are told in this frame.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn new(host: &Host, frame_id: &str) -> Result<Self, RosError> {
        Ok(Self {
            plan: host.publisher(topics::PLAN, topics::latched())?,
            evidence: host.publisher(topics::EVIDENCE, topics::reliable())?,
            verdict: host.publisher(topics::VERDICT, topics::reliable())?,
            applied: host.publisher(topics::APPLIED, topics::sensor())?,
            outcome: host.publisher(topics::OUTCOME, topics::latched())?,
            frame_id: frame_id.to_owned(),
            log: log(host)?,
        })
    }

    /// For the log, where there is room: the control thread waits for no terminal.
    fn say(&mut self, line: Line) {
        drop(self.log.try_send(line));
    }

    /// Tells how a task ended.
    pub fn outcome(&self, outcome: &msg::Outcome) {
        drop(self.outcome.publish(outcome));
    }
}

/// Something for the log.
#[derive(Debug)]
enum Line {
    Info(String),
    Warn(String),
}

/// A way to the log that never blocks; it is written on the node's thread.
fn log(host: &Host) -> Result<mpsc::Sender<Line>, RosError> {
    let (sender, mut lines) = mpsc::channel(MOST_LINES);
    let on = host.clone();
    let writing = host.spawn(async move {
        while let Some(line) = lines.next().await {
            match line {
                Line::Info(text) => on.info(text),
                Line::Warn(text) => on.warn(text),
            }
        }
    })?;
    std::mem::forget(writing); // it ends with the last sender
    Ok(sender)
}

/// What was told since the last feedback.
#[derive(Debug, Default)]
pub struct Progress {
    feedback: ExecuteTask::Feedback,
    changed: bool,
    told: Option<Instant>,
    steps: Vec<DraftCall>,
    /// Questions asked of the reasoner.
    pub plans: u32,
    /// What was sent last moves nothing.
    pub is_still: bool,
}

impl Progress {
    /// The next feedback, if one is due.
    pub fn due(&mut self) -> Option<ExecuteTask::Feedback> {
        let due = self.told.is_none_or(|told| told.elapsed() >= FEEDBACK_EVERY);
        if !(self.changed && due) {
            return None;
        }
        (self.changed, self.told) = (false, Some(Instant::now()));
        let next = self.feedback.clone();
        self.feedback.thought.clear();
        self.feedback.evidence.clear();
        Some(next)
    }

    fn take(&mut self, event: &Event) {
        if let Event::Applied(applied) = event {
            let arm = applied.sent.arm.iter().flat_map(|arm| arm.vel_rad_s.iter());
            let base = applied.sent.base.iter().flat_map(|base| [&base.linear_m_s, &base.angular_rad_s]);
            self.is_still = arm.chain(base).all(|speed| *speed == 0.0);
        }
        let feedback = &mut self.feedback;
        match event {
            Event::Goal(_) | Event::LookAsked => feedback.stage = LOOKING,
            Event::ThinkAsked(_) => {
                self.plans += 1;
                feedback.stage = THINKING;
            }
            Event::ThoughtPiece(piece) => {
                let room = MOST_THOUGHT.saturating_sub(feedback.thought.chars().count());
                feedback.thought.extend(piece.chars().take(room));
            }
            Event::Planned(steps) => {
                self.steps = steps.as_ref().clone();
                (feedback.step, feedback.steps) = (0, self.steps.len() as u32);
            }
            Event::StepStarted { step, .. } => {
                (feedback.stage, feedback.step) = (ACTING, *step as u32 + 1);
                feedback.doing = self.steps.get(*step).map(convert::step_text).unwrap_or_default();
            }
            Event::Evidence(finding) if feedback.evidence.len() < MOST_EVIDENCE => {
                feedback.evidence.push(convert::evidence(finding));
            }
            Event::Cancelled | Event::Lost(_) | Event::EmergencyStop(true) | Event::Ended(_) => feedback.stage = ENDING,
            _ => return,
        }
        self.changed = true;
    }
}

/// The sink.
pub struct Reporter {
    /// Topics.
    pub board: Board,
    /// For feedback, shared with who gives it.
    pub progress: Rc<RefCell<Progress>>,
}

impl Sink for Reporter {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        self.progress.borrow_mut().take(event);
        let board = &self.board;
        // A message that is lost is no reason for a robot to stop; the outcome travels with the action as well.
        match event {
            Event::Answered(answer) => {
                let checked = matches!(answer.draft, Draft::Do { .. });
                let plan = convert::plan_msg(&answer.draft, stamp, &board.frame_id, "");
                if !checked {
                    drop(board.plan.publish(&plan));
                }
            }
            Event::PlanRejected(why) => {
                let plan = msg::Plan { problem: why.to_string(), ..Default::default() };
                drop(board.plan.publish(&plan));
            }
            Event::Planned(steps) => {
                let draft = Draft::Do { steps: steps.as_ref().clone(), goal: Vec::new() };
                let plan = convert::plan_msg(&draft, stamp, &board.frame_id, "");
                drop(board.plan.publish(&msg::Plan { checked: true, ..plan }));
            }
            Event::Evidence(finding) => drop(board.evidence.publish(&convert::evidence(finding))),
            Event::Rejected(rejection) => {
                drop(board.verdict.publish(&convert::rejection_msg(rejection, stamp)));
                self.board.say(Line::Warn(format!("the guard refused a command: {rejection}")));
            }
            Event::Lost(why) => self.board.say(Line::Warn(format!("the task ends: {why}"))),
            Event::StepFailed { step, failure } => {
                self.board.say(Line::Info(format!("step {} failed: {failure}", step + 1)));
            }
            Event::Applied(applied) => {
                let arm = applied.sent.arm.as_ref().map(|arm| r2r::trajectory_msgs::msg::JointTrajectoryPoint {
                    positions: arm.pos_rad.to_vec(),
                    velocities: arm.vel_rad_s.to_vec(),
                    ..Default::default()
                });
                let message = msg::Applied {
                    header: Header { stamp: convert::time(stamp), frame_id: board.frame_id.clone() },
                    has_arm: arm.is_some(),
                    arm: arm.unwrap_or_default(),
                    has_gripper: applied.sent.gripper.is_some(),
                    gripper_width: applied.sent.gripper.map_or(0.0, |gripper| gripper.width_m),
                    gripper_force: applied.sent.gripper.map_or(0.0, |gripper| gripper.force_n),
                    has_base: applied.sent.base.is_some(),
                    base: applied.sent.base.map(|base| convert::twist_msg(&base)).unwrap_or_default(),
                    passed: applied.rejected.is_none() && applied.clipped.is_none(),
                };
                drop(board.applied.publish(&message));
            }
            _ => {}
        }
    }
}
