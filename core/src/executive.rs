//! The executive carries a checked plan out: step by step it takes a fresh scene, checks the step's preconditions on it,
//! runs the skill's phases, holds still, looks again and measures the skill's promise, once more with the arm out of the
//! view where it does not hold. A step counts as done only on measurements; what fails is tried again within bounds, then
//! handed back with its reason.

use std::sync::Arc;

use crate::action::{Action, MotionState, MotionStatus};
use crate::event::Event;
use crate::fact::{EMPTY_WIDTH_M, Fact, Finding, Measure, measure_since};
use crate::observation::Observation;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{DraftCall, Facts, Plan, SkillCall};
use crate::robot::RobotSpec;
use crate::scene::Scene;
use crate::skill::{Context, OnBlocked, Phase, Phases, Unmet};
use crate::skills::look;
use crate::state::State;
use crate::{Pose, Stamp};

/// Rest between a motion's end and the look that measures it, seconds: things settle.
const SETTLE_S: f64 = 0.25;

/// What the executive knows in one turn.
pub struct Now<'a> {
    /// The loop's clock.
    pub stamp: Stamp,
    /// The senses.
    pub observation: &'a Observation,
    /// The newest scene, if there is one.
    pub scene: Option<&'a Arc<Scene>>,
    /// How the controller's action goes.
    pub motion: &'a MotionStatus,
    /// Where the tool is measured to be.
    pub world_from_tool: Option<Pose>,
}

/// How carrying out the plan goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status {
    /// No plan.
    Idle,
    /// Moving.
    Working,
    /// Holding still until a scene no older than this comes.
    NeedsScene(Stamp),
    /// Every promise and the goal were measured.
    Done,
    /// A step (index from 0) failed for good; `None`: the goal at the end.
    Failed(Option<usize>, Failure),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Idle,
    /// A fresh scene is needed to start the step.
    Preparing(Stamp),
    Running,
    /// A fresh scene is needed to measure the step's promise.
    Verifying(Stamp),
    Finished(Status),
}

/// Runs one plan at a time.
pub struct Executive {
    robot: Arc<RobotSpec>,
    plan: Option<Plan>,
    stage: Stage,
    step: usize,
    attempt: u32,
    phases: Phases,
    phase: usize,
    step_began: Stamp,
    phase_began: Stamp,
    watched: Stamp,
    promise: Facts,
    /// Why the step's attempt before this one failed.
    failed: Option<Failure>,
    /// The view was cleared to measure this attempt's promise.
    cleared: bool,
    /// What is not in sight was looked for from above: for this attempt's promise, or for the goal.
    looked: bool,
    /// The running phase is such a look for the goal.
    is_last_look: bool,
    before_step: Option<Arc<Scene>>,
    before_task: Option<Arc<Scene>>,
    owed: Vec<Fact>,
    evidence: Vec<Finding>,
}

impl Executive {
    /// An executive with no plan.
    pub fn new(robot: Arc<RobotSpec>) -> Self {
        Self {
            robot,
            plan: None,
            stage: Stage::Idle,
            step: 0,
            attempt: 0,
            phases: Phases::new(),
            phase: 0,
            step_began: Stamp::default(),
            phase_began: Stamp::default(),
            watched: Stamp::default(),
            promise: Facts::new(),
            failed: None,
            cleared: false,
            looked: false,
            is_last_look: false,
            before_step: None,
            before_task: None,
            owed: Vec::new(),
            evidence: Vec::with_capacity(256),
        }
    }

    /// Takes up a plan. `before_task` is the scene that the goal's movements are measured against; `owed` must be measured
    /// at the end beside the plan's own goal.
    pub fn accept(&mut self, now: Stamp, plan: Plan, before_task: Arc<Scene>, owed: Vec<Fact>) {
        self.plan = Some(plan);
        self.owed = owed;
        self.before_task = Some(before_task);
        (self.step, self.attempt, self.failed) = (0, 0, None);
        (self.looked, self.is_last_look) = (false, false);
        self.evidence.clear();
        self.stage = Stage::Preparing(now);
    }

    /// Drops the plan.
    pub fn abandon(&mut self) {
        (self.plan, self.stage) = (None, Stage::Idle);
        self.phases.clear();
    }

    /// Ends the running step as failed, for reasons from below (the guard).
    pub fn fail(&mut self, now: Stamp, failure: Failure, emit: &mut dyn FnMut(Event)) {
        if self.stage == Stage::Running {
            self.step_failed(now, failure, emit);
        }
    }

    /// Is a plan being carried out?
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Finished(_))
    }

    /// Does the running phase want fresh scenes?
    pub fn is_watching(&self) -> bool {
        self.stage == Stage::Running && self.phases.get(self.phase).is_some_and(|phase| phase.watch)
    }

    /// Measurements made so far for the plan.
    pub fn evidence(&self) -> &[Finding] {
        &self.evidence
    }

    /// The steps that worked, and the one that is on or failed.
    pub fn report(&self) -> (Vec<DraftCall>, Option<DraftCall>) {
        let steps = self.plan.as_ref().map_or(&[] as &[SkillCall], Plan::steps);
        let done = steps.iter().take(self.step).map(SkillCall::to_draft).collect();
        (done, steps.get(self.step).map(SkillCall::to_draft))
    }

    /// One turn: what to do now, and how it goes.
    pub fn tick(&mut self, now: &Now<'_>, emit: &mut dyn FnMut(Event)) -> (Action, Status) {
        // A stage may end the moment it begins; few can in one turn, and the rest is for the next.
        for _ in 0..4 {
            let before = self.stage;
            match self.stage {
                Stage::Idle => return (Action::Hold, Status::Idle),
                Stage::Finished(status) => return (Action::Hold, status),
                Stage::Preparing(since) | Stage::Verifying(since) => {
                    let Some(scene) = now.scene.filter(|scene| scene.stamp >= since && now.stamp >= since) else {
                        return (Action::Hold, Status::NeedsScene(since));
                    };
                    if matches!(before, Stage::Preparing(_)) {
                        self.prepare(now, scene, emit);
                    } else {
                        self.verify(now, scene, emit);
                    }
                }
                Stage::Running => {
                    if let Some(action) = self.advance(now, emit) {
                        return (action, Status::Working);
                    }
                }
            }
        }
        (Action::Hold, Status::Working)
    }

    /// Starts the step on a fresh scene, or ends the plan if there is none left.
    fn prepare(&mut self, now: &Now<'_>, scene: &Arc<Scene>, emit: &mut dyn FnMut(Event)) {
        let Some(call) = self.plan.as_ref().and_then(|plan| plan.steps().get(self.step).copied()) else {
            return self.conclude(now, scene, emit);
        };
        let state = State::of(scene, &self.robot);
        self.promise = call.skill().promise(&call, &state);
        self.before_step = Some(scene.clone());
        (self.step_began, self.phase_began) = (now.stamp, now.stamp);
        (self.watched, self.cleared, self.looked) = (scene.stamp, false, false);
        emit(Event::StepStarted { step: self.step, attempt: self.attempt });
        if let Err(unmet) = call.skill().check(&call, &state) {
            if matches!(unmet, Unmet::Already(_)) {
                self.stage = Stage::Verifying(scene.stamp);
                return;
            }
            let failure = Failure::new(FailureCode::PreconditionLost, call.object(0));
            return self.step_lost(Failure { unmet: Some(unmet), ..failure }, emit);
        }
        match call.skill().phases(&self.context(&call, scene, now)) {
            Ok(phases) => {
                (self.phases, self.phase, self.stage) = (phases, 0, Stage::Running);
                self.announce(emit);
            }
            Err(failure) => self.step_lost(failure, emit),
        }
    }

    fn context<'a>(&'a self, call: &'a SkillCall, scene: &'a Scene, now: &Now<'a>) -> Context<'a> {
        Context {
            call,
            scene,
            observation: now.observation,
            robot: &self.robot,
            world_from_tool: now.world_from_tool,
            attempt: self.attempt,
        }
    }

    /// One turn of the running phase; `None` when the stage changed.
    fn advance(&mut self, now: &Now<'_>, emit: &mut dyn FnMut(Event)) -> Option<Action> {
        let Some(phase) = self.phases.get(self.phase).copied() else {
            self.stage = Stage::Verifying(now.stamp.plus_s(SETTLE_S));
            return None;
        };
        let call = self.plan.as_ref().and_then(|plan| plan.steps().get(self.step).copied())?;
        let fail = |code| Failure::new(code, call.object(0));
        if now.stamp.since_s(self.step_began) > call.spec().timeout_s {
            self.step_failed(now.stamp, fail(FailureCode::StepTimedOut), emit);
            return None;
        }
        let width_m = now.observation.gripper_width_m;
        if phase.carrying && width_m.is_some_and(|width_m| width_m < EMPTY_WIDTH_M) {
            self.step_failed(now.stamp, fail(FailureCode::Dropped), emit);
            return None;
        }
        if phase.watch
            && let Some(scene) = now.scene.filter(|scene| scene.stamp > self.watched)
        {
            self.watched = scene.stamp;
            let context = self.context(&call, scene, now);
            if let Err(failure) = call.skill().still_fits(&context, &phase) {
                self.step_failed(now.stamp, failure, emit);
                return None;
            }
        }
        let dwelt = now.stamp.since_s(self.phase_began) >= phase.dwell_s;
        match now.motion.of(&phase.action) {
            MotionState::Reached if phase.on_reached.is_some() => {
                self.step_failed(now.stamp, fail(phase.on_reached.unwrap_or(FailureCode::NoEffect)), emit);
                None
            }
            MotionState::Reached if dwelt => self.next_phase(now, emit),
            MotionState::Blocked => match phase.on_blocked {
                OnBlocked::Fail(code) => {
                    self.step_failed(now.stamp, fail(code), emit);
                    None
                }
                OnBlocked::Continue if dwelt => self.next_phase(now, emit),
                OnBlocked::Continue => Some(phase.action),
            },
            // A look that can't be had is done without.
            MotionState::Refused(_) if self.looked => self.next_phase(now, emit),
            MotionState::Refused(refusal) => {
                let failure = fail(FailureCode::Unreachable);
                self.step_lost(Failure { refusal: Some(refusal), ..failure }, emit);
                None
            }
            MotionState::Moving | MotionState::Reached => Some(phase.action),
        }
    }

    fn next_phase(&mut self, now: &Now<'_>, emit: &mut dyn FnMut(Event)) -> Option<Action> {
        (self.phase, self.phase_began) = (self.phase + 1, now.stamp);
        self.announce(emit);
        self.phases.get(self.phase).map(|phase: &Phase| phase.action)
    }

    fn announce(&self, emit: &mut dyn FnMut(Event)) {
        if let Some(phase) = self.phases.get(self.phase) {
            let name = arrayvec::ArrayString::from(phase.name).unwrap_or_default();
            emit(Event::PhaseStarted { step: self.step, phase: name });
        }
    }

    /// Measures the step's promise on a fresh scene.
    fn verify(&mut self, now: &Now<'_>, scene: &Arc<Scene>, emit: &mut dyn FnMut(Event)) {
        if std::mem::take(&mut self.is_last_look) {
            self.step += 1;
            return self.conclude(now, scene, emit);
        }
        let before = self.before_step.as_deref();
        let (promise, had) = (self.promise.clone(), self.evidence.len());
        for fact in &promise {
            let finding = measure_since(fact, scene, Some(now.observation), before);
            emit(Event::Evidence(finding));
            if !finding.holds {
                self.evidence.truncate(had); // a promise is measured as a whole
                if self.clears_view(now.stamp, emit) || self.looks_from_above(now.stamp, scene, &finding, emit) {
                    return;
                }
                let failure = Failure::new(FailureCode::NoEffect, fact.objects().next());
                return self.step_failed(now.stamp, Failure { finding: Some(finding), ..failure }, emit);
            }
            self.evidence.push(finding);
        }
        self.step_done(scene, emit);
    }

    /// An arm before the cameras may hide that a promise was kept: once, it moves away before the step counts as failed.
    fn clears_view(&mut self, now: Stamp, emit: &mut dyn FnMut(Event)) -> bool {
        let may = !self.cleared && self.robot.arm.is_some();
        if may {
            (self.cleared, self.phase, self.phase_began, self.stage) = (true, 0, now, Stage::Running);
            // Where the way is blocked it is measured from where the arm is.
            let phase = Phase { on_blocked: OnBlocked::Continue, ..Phase::clear_the_view() };
            self.phases = [phase].into_iter().collect();
            self.announce(emit);
        }
        may
    }

    /// What the other cameras don't see in a bowl or a bin, the hand's own may see from above: once it looks there.
    fn looks_from_above(&mut self, now: Stamp, scene: &Scene, finding: &Finding, emit: &mut dyn FnMut(Event)) -> bool {
        let is_wanted = finding.measure == Measure::Missing && scene.holding.is_none() && !self.looked;
        let holder = finding.fact.objects().nth(1).and_then(|id| scene.get(&id)).filter(|_| is_wanted);
        let Some(phase) = self.robot.arm.as_ref().zip(holder).and_then(|(arm, holder)| look::from_above(arm, holder))
        else {
            return false;
        };
        (self.looked, self.phase, self.phase_began, self.stage) = (true, 0, now, Stage::Running);
        self.phases = [phase].into_iter().collect();
        self.announce(emit);
        true
    }

    fn step_done(&mut self, scene: &Scene, emit: &mut dyn FnMut(Event)) {
        emit(Event::StepDone(self.step));
        (self.step, self.attempt, self.failed, self.looked) = (self.step + 1, 0, None, false);
        self.stage = Stage::Preparing(scene.stamp);
    }

    /// Measures the goal once every step has worked.
    fn conclude(&mut self, now: &Now<'_>, scene: &Arc<Scene>, emit: &mut dyn FnMut(Event)) {
        let goal = self.plan.as_ref().map_or(&[] as &[Fact], Plan::goal);
        let (had, mut lost) = (self.evidence.len(), None);
        for fact in goal.iter().chain(&self.owed) {
            let finding = measure_since(fact, scene, Some(now.observation), self.before_task.as_deref());
            emit(Event::Evidence(finding));
            if !finding.holds {
                lost = Some(finding);
                break;
            }
            self.evidence.push(finding);
        }
        let Some(finding) = lost else {
            self.stage = Stage::Finished(Status::Done);
            return;
        };
        if self.step > 0 && self.looks_from_above(now.stamp, scene, &finding, emit) {
            self.evidence.truncate(had); // the goal is measured as a whole, too
            (self.step, self.step_began, self.is_last_look) = (self.step - 1, now.stamp, true);
            return;
        }
        let failure = Failure::new(FailureCode::GoalNotReached, finding.fact.objects().next());
        self.stage = Stage::Finished(Status::Failed(None, Failure { finding: Some(finding), ..failure }));
    }

    /// A step did not work: once more from a fresh look, if it may be tried again.
    fn step_failed(&mut self, now: Stamp, failure: Failure, emit: &mut dyn FnMut(Event)) {
        let retries = self.plan.as_ref().and_then(|p| p.steps().get(self.step)).map_or(0, |c| c.spec().retries);
        if self.attempt >= retries {
            return self.step_lost(failure, emit);
        }
        emit(Event::StepFailed { step: self.step, failure });
        self.failed = Some(failure);
        self.attempt += 1;
        self.stage = Stage::Preparing(now.plus_s(SETTLE_S));
    }

    /// A step can't work: the plan ends here. That it can't be tried again is no reason of its own: what went wrong
    /// when it was tried is.
    fn step_lost(&mut self, failure: Failure, emit: &mut dyn FnMut(Event)) {
        emit(Event::StepFailed { step: self.step, failure });
        let again = failure.code == FailureCode::PreconditionLost;
        let failure = self.failed.filter(|_| again).unwrap_or(failure);
        self.stage = Stage::Finished(Status::Failed(Some(self.step), failure));
    }
}
