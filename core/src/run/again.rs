//! After a plan that failed: the next question, asked of a scene that the arm does not hide. Part of [`super::Ring`].

use std::sync::Arc;

use super::{Ring, Stage};
use crate::Stamp;
use crate::check::check;
use crate::event::Event;
use crate::outcome::{Failure, Outcome};
use crate::plan::{Draft, DraftCall};
use crate::reasoner::Attempt;

impl Ring {
    /// A plan failed: what was done and what went wrong goes into the next question.
    pub(super) fn think_again(&mut self, now: Stamp, failure: Failure) {
        let (done, failed) = self.executive.report();
        self.executive.abandon();
        let failed = failed.map(|call| (call, failure));
        self.attempts.push(Attempt { done, failed, rejected: None });
        if self.attempts.len() > self.limits.replans {
            return self.end(Outcome::Failed { failure });
        }
        self.stage = Stage::Looking { not_before: now.plus_s(0.2), since: now };
        self.clear_view(now);
    }

    /// An arm before the cameras hides what the next thought is about: it is moved away first, by a plan like any other.
    fn clear_view(&mut self, now: Stamp) {
        let look = DraftCall { skill: "look".to_owned(), args: Default::default() };
        let draft = Draft::Do { steps: vec![look.clone()], goal: Vec::new() };
        let scene = self.scene.clone().filter(|_| self.robot.arm.is_some());
        let plan = scene.clone().and_then(|scene| check(&draft, &scene, &self.robot).ok());
        if let Some((scene, plan)) = scene.zip(plan) {
            self.emit(now, &Event::Planned(Arc::new(vec![look])));
            self.executive.accept(now, plan, scene, Vec::new());
            (self.clearing, self.stage) = (true, Stage::Acting);
        }
    }
}
