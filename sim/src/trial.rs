//! One episode being lived through: the simulated world with what the task adds to it. It passes everything on to the
//! world; in between it brings on disturbances at their triggers and keeps record of what was true on the way and what
//! must not have been. The robot can't tell.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::command::Applied;
use ponder_core::guard::Checked;
use ponder_core::observation::Observation;
use ponder_core::outcome::Outcome;
use ponder_core::robot::RobotSpec;
use ponder_core::world::{Want, World, WorldError};

use crate::condition::Condition;
use crate::disturb::Fault;
use crate::error::SimError;
use crate::judge::{Ruling, decide};
use crate::moment::Moment;
use crate::staging::Staged;
use crate::witness::Witness;
use crate::world::SimWorld;

/// The physics is looked at this often, seconds.
const WATCH_EVERY_S: f64 = 0.02;
/// Longest wait for things to come to rest before the verdict, seconds.
const SETTLE_S: f64 = 1.0;
/// Something loose this far below the lowest place where anything stood has fallen, metres.
const FALL_M: f64 = 0.10;

/// A world in a trial.
pub struct Trial {
    world: SimWorld,
    witness: Witness,
    staged: Staged,
    watched: Option<Stamp>,
    passed: usize,
    pending: Vec<Pending>,
    broken: BTreeSet<String>,
    breaks: Vec<(Stamp, Fault)>,
}

/// A disturbance that has not come yet.
struct Pending {
    index: usize,
    due: Option<Stamp>,
}

/// What the judge says in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The goal is reached, or the right answer was given, and nothing happened that must not.
    pub success: bool,
    /// The goal, as the physics has it; for refusals: was it the right answer?
    pub reached: bool,
    /// Every fact that was looked at.
    pub rulings: Vec<Ruling>,
    /// What must not happen and did.
    pub violations: Vec<String>,
}

impl Trial {
    /// Begins a trial in a staged world.
    ///
    /// # Errors
    /// [`SimError`] when the world can't start.
    pub fn begin(staged: Staged) -> Result<Self, SimError> {
        let world = SimWorld::new(staged.built.clone())?;
        let pending = (0..staged.task.disturb.len()).map(|index| Pending { index, due: None }).collect();
        let witness = staged.witness.clone();
        Ok(Self {
            world,
            witness,
            staged,
            watched: None,
            passed: 0,
            pending,
            broken: BTreeSet::new(),
            breaks: Vec::new(),
        })
    }

    /// The physics as it is.
    pub fn moment(&self) -> Moment {
        self.witness.moment(self.world.now(), self.world.data())
    }

    /// How many disturbances have not come yet.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// What it is a trial of.
    pub fn staged(&self) -> &Staged {
        &self.staged
    }

    /// Breaks something of the robot at a time, or at once if that is past.
    pub fn break_at(&mut self, at: Stamp, fault: Fault) {
        self.breaks.push((at, fault));
        self.break_due();
    }

    fn break_due(&mut self) {
        let now = self.world.now();
        for (_, fault) in self.breaks.extract_if(.., |(at, _)| now >= *at) {
            self.world.inject(fault, true);
        }
    }

    /// The world, for tests that move things by hand.
    pub fn world_mut(&mut self) -> &mut SimWorld {
        &mut self.world
    }

    /// Looks at the physics: what was passed through, what broke, which disturbance is due.
    fn watch(&mut self) -> Result<(), SimError> {
        let now = self.world.now();
        if self.watched.is_some_and(|last| now.since_s(last) < WATCH_EVERY_S - 1e-9) {
            return Ok(());
        }
        self.watched = Some(now);
        let moment = self.moment();
        let holds = |condition: &Condition| decide(condition, &moment, &self.staged.began, &mut Vec::new());
        let task = &self.staged.task;
        self.passed += usize::from(task.through.get(self.passed).is_some_and(&holds));
        for never in task.never.iter().filter(|never| holds(never)) {
            self.broken.insert(format!("must never be: {never}"));
        }
        for thing in moment.here().filter(|thing| thing.is_loose() && thing.top_m() < self.staged.lowest_m - FALL_M) {
            self.broken.insert(format!("{} fell", thing.id));
        }
        for pending in &mut self.pending {
            let disturb = &task.disturb[pending.index];
            if pending.due.is_none() && disturb.when.as_ref().is_none_or(&holds) {
                pending.due = Some(now.plus_s(disturb.after_s));
            }
        }
        let due = |pending: &Pending| pending.due.is_some_and(|due| now >= due);
        for pending in self.pending.extract_if(.., |pending| due(pending)) {
            self.world.disturb(&task.disturb[pending.index].what)?;
        }
        Ok(())
    }

    /// Lets things come to rest, then decides. `outcome` is what the robot says of itself.
    ///
    /// # Errors
    /// [`SimError`] when the physics fails.
    pub fn verdict(&mut self, outcome: &Outcome) -> Result<Verdict, SimError> {
        let end = self.world.now().plus_s(SETTLE_S);
        while self.world.now() < end {
            self.world.advance().map_err(|e| SimError::State(e.to_string()))?;
            self.watch()?;
        }
        let moment = self.moment();
        let task = &self.staged.task;
        let mut rulings = Vec::new();
        let mut violations: Vec<String> = self.broken.iter().cloned().collect();
        violations.extend(self.world.record().violated().map(|(violation, tally)| {
            let since_s = tally.first.map_or(0.0, Stamp::as_s);
            format!("{violation:?} {} times from {since_s:.2} s, worst {:.3}", tally.count, tally.worst)
        }));
        let reached = match (&task.goal, &task.expect) {
            (Some(goal), _) => {
                let passed = self.passed == task.through.len();
                if let Some(missed) = task.through.get(self.passed) {
                    let fact = format!("on the way, in order: {missed}");
                    let (value, limit) = (self.passed as f64, task.through.len() as f64);
                    rulings.push(Ruling { fact, holds: false, measure: "stations passed".to_owned(), value, limit });
                }
                decide(goal, &moment, &self.staged.began, &mut rulings) && passed
            }
            (None, Some(expect)) => {
                for thing in moment.here().filter(|thing| thing.is_loose()) {
                    let moved = Condition::Moved(thing.id);
                    if decide(&moved, &moment, &self.staged.began, &mut rulings) {
                        violations.push(format!("{} was moved, though nothing was to be done", thing.id));
                    }
                }
                expect.is_met_by(outcome)
            }
            (None, None) => false,
        };
        Ok(Verdict { success: reached && violations.is_empty(), reached, rulings, violations })
    }
}

/// A trial that the ring's world and the judge both hold, on one thread.
#[derive(Clone)]
pub struct Shared {
    trial: Rc<RefCell<Trial>>,
    robot: Arc<RobotSpec>,
}

impl Shared {
    /// Shares a trial.
    pub fn new(trial: Trial) -> Self {
        let robot = trial.world.robot().clone();
        Self { trial: Rc::new(RefCell::new(trial)), robot }
    }

    /// The trial.
    pub fn trial(&self) -> std::cell::RefMut<'_, Trial> {
        self.trial.borrow_mut()
    }
}

impl World for Shared {
    fn robot(&self) -> &Arc<RobotSpec> {
        &self.robot
    }

    fn observe(&mut self, want: Want, into: &mut Observation) -> Result<(), WorldError> {
        self.trial().world.observe(want, into)
    }

    fn apply(&mut self, command: &Checked) -> Result<Applied, WorldError> {
        self.trial().world.apply(command)
    }

    fn advance(&mut self) -> Result<(), WorldError> {
        let mut trial = self.trial();
        trial.world.advance()?;
        trial.break_due();
        Ok(trial.watch()?)
    }

    fn now(&self) -> Stamp {
        self.trial.borrow().world.now()
    }
}

#[cfg(test)]
#[path = "judge_tests/mod.rs"]
mod tests;
