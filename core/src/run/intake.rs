//! The loop's slow side: what perceiver and reasoner answered since the last turn is taken in, an answer becomes a plan
//! only through the checker, and nothing may take for ever.

use std::sync::Arc;

use super::{Ring, Stage};
use crate::Stamp;
use crate::check::{PlanError, check};
use crate::event::Event;
use crate::outcome::{Halt, Outcome};
use crate::plan::{Draft, SkillCall};
use crate::reasoner::{Answer, Attempt, Question};
use crate::thinker::Reply;

impl Ring {
    pub(super) fn take_scene(&mut self, now: Stamp) {
        while let Some(reply) = self.parts.eyes.poll(now) {
            match reply {
                Reply::Piece(_) => continue,
                Reply::Answer(Ok(scene)) => {
                    let scene = Arc::new(scene);
                    self.emit(now, &Event::Looked(scene.clone()));
                    self.scene = Some(scene);
                }
                Reply::Answer(Err(error)) => self.look_failed(now, error.to_string()),
                Reply::Lost => self.look_failed(now, "the perceiver's thread is gone".to_owned()),
            }
            self.looking = false;
        }
        let Stage::Looking { not_before, .. } = self.stage else {
            return;
        };
        let Some(scene) = self.scene.clone().filter(|scene| scene.stamp >= not_before) else {
            return;
        };
        let Some(goal) = self.goal.clone() else {
            return;
        };
        if self.executive.is_busy() {
            self.stage = Stage::Acting;
            return;
        }
        self.first_scene.get_or_insert_with(|| scene.clone());
        let question = Question { goal, scene, robot: self.robot.clone(), attempts: self.attempts.clone() };
        self.emit(now, &Event::ThinkAsked(self.attempts.len() as u32));
        self.parts.mind.post(now, question);
        self.stage = Stage::Thinking { since: now };
    }

    pub(super) fn take_answer(&mut self, now: Stamp) {
        while matches!(self.stage, Stage::Thinking { .. }) {
            match self.parts.mind.poll(now) {
                None => return,
                Some(Reply::Piece(piece)) => self.emit(now, &Event::ThoughtPiece(piece)),
                Some(Reply::Answer(Ok(answer))) => self.judge_answer(now, Arc::new(answer)),
                Some(Reply::Answer(Err(error))) => self.think_failed(now, error.to_string()),
                Some(Reply::Lost) => self.think_failed(now, "the reasoner's thread is gone".to_owned()),
            }
        }
    }

    pub(super) fn look_failed(&mut self, now: Stamp, why: String) {
        self.emit(now, &Event::LookFailed(why.as_str().into()));
        self.end(Outcome::Halted { halt: Halt::Perception(why) });
    }

    fn think_failed(&mut self, now: Stamp, why: String) {
        self.emit(now, &Event::ThinkFailed(why.as_str().into()));
        self.end(Outcome::Halted { halt: Halt::Reasoning(why) });
    }

    /// An answer becomes a plan only through the checker.
    fn judge_answer(&mut self, now: Stamp, answer: Arc<Answer>) {
        self.emit(now, &Event::Answered(answer.clone()));
        let Some(scene) = self.scene.clone() else {
            return;
        };
        match &answer.draft {
            Draft::Refuse { reason, text } => self.end(Outcome::Refused { reason: *reason, text: text.clone() }),
            Draft::Ask { question } => self.end(Outcome::Asked { question: question.clone() }),
            draft @ Draft::Do { .. } => match check(draft, &scene, &self.robot) {
                Ok(plan) => {
                    let steps = plan.steps().iter().map(SkillCall::to_draft).collect();
                    self.emit(now, &Event::Planned(Arc::new(steps)));
                    let before = self.first_scene.clone().unwrap_or_else(|| scene.clone());
                    let owed = self.owed.beside(&plan, &scene);
                    self.executive.accept(now, plan, before, owed);
                    self.stage = Stage::Acting;
                }
                Err(error) => self.reject(now, error),
            },
        }
    }

    /// A draft that does not check goes back with the reason, a bounded number of times.
    fn reject(&mut self, now: Stamp, error: PlanError) {
        self.emit(now, &Event::PlanRejected(Arc::new(error.clone())));
        let earlier = self.attempts.iter().rev().take_while(|attempt| attempt.rejected.is_some()).count();
        if earlier + 1 >= self.limits.rejected_drafts {
            return self.end(Outcome::Halted { halt: Halt::PlanRejected(error) });
        }
        self.attempts.push(Attempt { done: Vec::new(), failed: None, rejected: Some(error) });
        self.stage = Stage::Looking { not_before: now, since: now };
    }

    /// Nothing may take for ever.
    pub(super) fn watch_clock(&mut self, now: Stamp) {
        let max_s = self.robot.timing.max_think_s;
        match self.stage {
            Stage::Looking { not_before, since } if now.since_s(since.max(not_before)) > max_s => {
                self.end(Outcome::Halted { halt: Halt::NoScene { waited_s: max_s } });
            }
            Stage::Thinking { since } if now.since_s(since) > max_s => {
                self.end(Outcome::Halted { halt: Halt::NoPlan { waited_s: max_s } });
            }
            _ => {}
        }
        let limit_s = self.goal.as_ref().map(|goal| (goal.given, goal.time_limit_s));
        if let Some((given, limit_s)) = limit_s
            && now.since_s(given) > limit_s
        {
            self.end(Outcome::TimedOut { limit_s });
        }
    }
}
