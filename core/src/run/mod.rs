//! THE loop: the one place where the stages meet. Simulation, tests, replay, the command line and the ROS graph all
//! turn it; only who turns it differs. One turn is one control period: sense, take in what the slow stages answered,
//! decide, move, and never wait.

mod again;
mod intake;
mod owed;
mod parts;

use std::sync::Arc;

pub use parts::{Eyes, Limits, Mind, Parts};

use self::owed::Owed;
use crate::Stamp;
use crate::action::{Action, MotionState, MotionStatus};
use crate::event::Event;
use crate::executive::{Executive, Now, Status};
use crate::goal::Goal;
use crate::guard::{Guard, RejectCode, Rejection};
use crate::observation::Observation;
use crate::outcome::{Failure, FailureCode, Halt, Outcome};
use crate::perceiver::Look;
use crate::reasoner::Attempt;
use crate::robot::RobotSpec;
use crate::scene::Scene;
use crate::thinker::Cancel;
use crate::world::{Want, World, WorldError};

/// Longest the robot may take to come to rest at the end of a task, seconds.
const REST_S: f64 = 3.0;
/// Refusals of the guard in a row that end a task, seconds of them.
const REJECTED_S: f64 = 0.5;
/// How often a watched motion is looked at, seconds.
const WATCH_EVERY_S: f64 = 0.2;
/// Silence of the sensors that ends a task, seconds.
const SILENT_S: f64 = 1.0;

/// What the loop is at.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Idle,
    /// Waits for a scene no older than the first stamp; since the second.
    Looking {
        not_before: Stamp,
        since: Stamp,
    },
    Thinking {
        since: Stamp,
    },
    Acting,
    /// Comes to rest, then ends with this.
    Ending {
        outcome: Arc<Outcome>,
        since: Stamp,
    },
}

/// One ring, turning.
pub struct Ring {
    parts: Parts,
    limits: Limits,
    robot: Arc<RobotSpec>,
    executive: Executive,
    guard: Guard,
    observation: Observation,
    motion: MotionStatus,
    stage: Stage,
    goal: Option<Arc<Goal>>,
    scene: Option<Arc<Scene>>,
    first_scene: Option<Arc<Scene>>,
    looking: bool,
    looked: Stamp,
    attempts: Vec<Attempt>,
    owed: Owed,
    /// The arm is only being moved out of the view.
    clearing: bool,
    rejected_since: Option<Stamp>,
    filmed: Option<Stamp>,
    action: Action,
    ready: bool,
}

impl Ring {
    /// A ring around a world, at rest.
    pub fn new(parts: Parts, limits: Limits) -> Self {
        let robot = parts.world.robot().clone();
        Self {
            executive: Executive::new(robot.clone()),
            guard: Guard::new(robot.clone()),
            parts,
            limits,
            robot,
            observation: Observation::default(),
            motion: MotionStatus::default(),
            stage: Stage::Idle,
            goal: None,
            scene: None,
            first_scene: None,
            looking: false,
            looked: Stamp::default(),
            attempts: Vec::new(),
            owed: Owed::default(),
            clearing: false,
            rejected_since: None,
            filmed: None,
            action: Action::Hold,
            ready: false,
        }
    }

    /// The world's clock.
    pub fn now(&self) -> Stamp {
        self.parts.world.now()
    }

    /// The world, for harnesses that judge or disturb it.
    pub fn world(&mut self) -> &mut dyn World {
        self.parts.world.as_mut()
    }

    /// The newest scene.
    pub fn scene(&self) -> Option<&Arc<Scene>> {
        self.scene.as_ref()
    }

    /// How many plans were tried and failed for the goal.
    pub fn failed_attempts(&self) -> usize {
        self.attempts.len()
    }

    /// Takes up a goal; whatever was being done is dropped (the robot brakes and holds).
    pub fn start(&mut self, goal: Goal) {
        let now = self.now();
        self.abandon();
        let goal = Arc::new(goal);
        self.emit(now, &Event::Goal(goal.clone()));
        self.goal = Some(goal);
        (self.first_scene, self.stage) = (None, Stage::Looking { not_before: now, since: now });
        self.attempts.clear();
        self.owed.clear();
        if self.guard.is_stopped() {
            self.end(Outcome::Halted { halt: Halt::EmergencyStop });
        }
    }

    /// Ends the task: the robot brakes, holds, and the outcome is `Halted`.
    pub fn cancel(&mut self) {
        if !matches!(self.stage, Stage::Idle | Stage::Ending { .. }) {
            let now = self.now();
            self.emit(now, &Event::Cancelled);
            self.end(Outcome::Halted { halt: Halt::Cancelled });
        }
    }

    /// Ends the task because something that it needs is lost: the robot brakes, holds, and the outcome says why.
    pub fn halt(&mut self, why: Halt) {
        if !matches!(self.stage, Stage::Idle | Stage::Ending { .. }) {
            let now = self.now();
            self.emit(now, &Event::Lost(Arc::new(why.clone())));
            self.end(Outcome::Halted { halt: why });
        }
    }

    /// Is the emergency stop latched?
    pub fn is_stopped(&self) -> bool {
        self.guard.is_stopped()
    }

    /// Latches the emergency stop.
    pub fn emergency_stop(&mut self) {
        self.guard.stop();
        let now = self.now();
        self.emit(now, &Event::EmergencyStop(true));
        if !matches!(self.stage, Stage::Idle | Stage::Ending { .. }) {
            self.end(Outcome::Halted { halt: Halt::EmergencyStop });
        }
    }

    /// Releases the emergency stop. The task that was stopped stays ended.
    ///
    /// # Errors
    /// Why the guard will not: the robot is not at rest, or its senses can't be trusted.
    pub fn resume(&mut self) -> Result<(), Rejection> {
        self.guard.resume(&self.observation)?;
        self.parts.controller.reset(&self.observation);
        let now = self.now();
        self.emit(now, &Event::EmergencyStop(false));
        Ok(())
    }

    /// Turns the ring until the goal has an outcome. `stop` is looked at every turn.
    pub fn run(&mut self, goal: Goal, stop: &Cancel) -> Arc<Outcome> {
        self.start(goal);
        loop {
            if stop.is_cancelled() {
                self.cancel();
            }
            if let Some(outcome) = self.turn() {
                return outcome;
            }
        }
    }

    /// One control period. Gives the outcome in the turn in which the robot has come to rest with it.
    pub fn turn(&mut self) -> Option<Arc<Outcome>> {
        let now = self.now();
        let sensed = self.sense(now);
        if let Err(halt) = sensed {
            self.end(Outcome::Halted { halt });
        }
        self.take_scene(now);
        self.take_answer(now);
        self.watch_clock(now);
        let action = self.decide(now);
        let moved = self.move_on(now, action);
        let ended = self.at_rest(now, moved.is_err());
        if let Err(halt) = moved {
            self.end(Outcome::Halted { halt });
        }
        if let Some(outcome) = &ended {
            self.emit(now, &Event::Ended(outcome.clone()));
            self.parts.sinks.iter_mut().for_each(|sink| sink.flush());
            (self.stage, self.goal) = (Stage::Idle, None);
        }
        ended
    }

    /// Reads the senses, with pictures when someone needs them, and posts the look that needed them.
    fn sense(&mut self, now: Stamp) -> Result<(), Halt> {
        let needs_look = !self.looking
            && match &self.stage {
                Stage::Looking { not_before, .. } => now >= *not_before,
                Stage::Acting => self.executive.is_watching() && now.since_s(self.looked) >= WATCH_EVERY_S,
                _ => false,
            };
        let film = self
            .limits
            .film_every_s
            .is_some_and(|every_s| self.filmed.is_none_or(|last| now.since_s(last) >= every_s - 1e-9));
        let wants = self.parts.wants;
        let want = Want { cameras: film || (needs_look && wants.cameras), truth: (film || needs_look) && wants.truth };
        match self.parts.world.observe(want, &mut self.observation) {
            Ok(()) => {
                if film {
                    self.filmed = Some(now);
                }
                if !self.ready {
                    self.parts.controller.reset(&self.observation);
                    self.ready = true;
                }
                self.emit(now, &Event::Observed(self.observation.clone()));
                let faults = &self.observation.faults;
                let blind = faults.iter().find(|fault| fault.blinds()).filter(|_| wants.cameras);
                if let Some(why) = blind.filter(|_| needs_look).map(ToString::to_string) {
                    self.look_failed(now, why);
                } else if needs_look {
                    let look = Look { observation: self.observation.clone(), before: self.scene.clone() };
                    self.emit(now, &Event::LookAsked);
                    self.parts.eyes.post(now, look);
                    (self.looking, self.looked) = (true, now);
                }
                Ok(())
            }
            Err(error) => {
                let passes = matches!(error, WorldError::Silent { age_s } if age_s < SILENT_S);
                let halt = self.world_failed(now, error);
                if passes { Ok(()) } else { Err(halt) } // silence: the guard stops on the old stamp
            }
        }
    }

    /// The executive's turn.
    fn decide(&mut self, now: Stamp) -> Action {
        if self.stage != Stage::Acting {
            return Action::Hold;
        }
        let tool = self.robot.arm.as_ref().map(|arm| arm.chain.world_from_tool(&self.observation.joint_pos_rad));
        let view = Now {
            stamp: now,
            observation: &self.observation,
            scene: self.scene.as_ref(),
            motion: &self.motion,
            world_from_tool: tool,
        };
        let sinks = &mut self.parts.sinks;
        let mut emit = |event: Event| sinks.iter_mut().for_each(|sink| sink.emit(now, &event));
        let (action, status) = self.executive.tick(&view, &mut emit);
        match status {
            Status::Idle | Status::Working => {}
            Status::NeedsScene(not_before) => self.stage = Stage::Looking { not_before, since: now },
            Status::Done | Status::Failed(..) if self.clearing => {
                (self.clearing, self.stage) = (false, Stage::Looking { not_before: now, since: now });
                self.executive.abandon();
            }
            Status::Done => {
                let evidence = self.executive.evidence().to_vec();
                self.executive.abandon();
                self.end(Outcome::Done { evidence });
            }
            Status::Failed(_, failure) => self.think_again(now, failure),
        }
        action
    }

    /// Action to command, command past the guard, to the world; then a period passes.
    fn move_on(&mut self, now: Stamp, action: Action) -> Result<(), Halt> {
        if action != self.action {
            self.emit(now, &Event::Acting(action));
            self.action = action;
        }
        let (command, motion) = self.parts.controller.tick(&action, &self.observation);
        if motion.state != self.motion.state {
            self.emit(now, &Event::Motion(motion.state));
        }
        self.motion = motion;
        let checked = self.guard.check(now, &command, &self.observation);
        self.emit(now, &Event::Commanded(command));
        self.heed(now, checked.rejected().map(|rejection| (rejection.code, Event::Rejected(rejection))));
        let applied = self.parts.world.apply(&checked).map_err(|error| self.world_failed(now, error))?;
        self.emit(now, &Event::Applied(applied));
        self.parts.world.advance().map_err(|error| self.world_failed(now, error))
    }

    fn world_failed(&mut self, now: Stamp, error: WorldError) -> Halt {
        let halt = Halt::World(error.to_string());
        self.emit(now, &Event::WorldFailed(error));
        halt
    }

    /// A refusal of the guard fails the step; refusals that do not end, the task.
    fn heed(&mut self, now: Stamp, rejection: Option<(RejectCode, Event)>) {
        let Some((code, event)) = rejection else {
            self.rejected_since = None;
            return;
        };
        let since = *self.rejected_since.get_or_insert(now);
        if since == now {
            self.emit(now, &event);
        }
        self.parts.controller.reset(&self.observation);
        let halted = code == RejectCode::EmergencyStop || now.since_s(since) > REJECTED_S;
        if halted {
            let halt = if code == RejectCode::EmergencyStop { Halt::EmergencyStop } else { Halt::Guard(code) };
            self.end(Outcome::Halted { halt });
        } else if since == now {
            let sinks = &mut self.parts.sinks;
            let mut emit = |event: Event| sinks.iter_mut().for_each(|sink| sink.emit(now, &event));
            self.executive.fail(now, Failure::new(FailureCode::GuardRefused, None), &mut emit);
        }
    }

    /// Everything slow is cancelled, the robot brakes, and the outcome stands once it is at rest.
    fn end(&mut self, outcome: Outcome) {
        if matches!(self.stage, Stage::Idle | Stage::Ending { .. }) {
            return;
        }
        self.abandon();
        self.stage = Stage::Ending { outcome: Arc::new(outcome), since: self.now() };
    }

    fn abandon(&mut self) {
        self.parts.eyes.cancel();
        self.parts.mind.cancel();
        self.executive.abandon();
        (self.looking, self.clearing) = (false, false);
    }

    /// The outcome, once the robot rests (or won't).
    fn at_rest(&self, now: Stamp, broken: bool) -> Option<Arc<Outcome>> {
        let Stage::Ending { outcome, since } = &self.stage else {
            return None;
        };
        let waited_s = now.since_s(*since);
        let held = self.motion.action == Action::Hold && self.motion.state != MotionState::Moving;
        let resting = held && self.observation.is_at_rest();
        (resting || broken || waited_s > REST_S).then(|| outcome.clone())
    }

    fn emit(&mut self, stamp: Stamp, event: &Event) {
        self.parts.sinks.iter_mut().for_each(|sink| sink.emit(stamp, event));
    }
}
