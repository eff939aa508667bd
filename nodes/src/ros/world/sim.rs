//! The thread on which the simulation lives: a control period of physics for a period of the wall's time, commands in,
//! senses out. Pictures are drawn elsewhere meanwhile and never delay it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use ponder_core::Stamp;
use ponder_core::command::BaseTwist;
use ponder_core::image::CameraFrame;
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World, WorldError};
use ponder_sim::{Fault, Photographer, SimError, SimWorld};
use r2r::control_msgs::action::{FollowJointTrajectory, GripperCommand};
use r2r::trajectory_msgs::msg::JointTrajectory;

use super::answers::{Ask, Code, result};
use super::board::Board;
use super::driver::{Driver, Trajectory, not_now, refuse_follow};
use super::steps::{Asker, Steps};
use crate::ros::action::{End, Goal};
use crate::ros::host::Host;

/// Between two looks at the truth and two tellings of the frames, simulated seconds.
const TRUTH_EVERY_S: f64 = 0.05;
/// Falling behind the wall's time further than this is let go of.
const MOST_BEHIND: Duration = Duration::from_millis(200);

/// What the graph asks of the simulation.
pub enum Order {
    /// A trajectory on the controller's topic.
    Trajectory(JointTrajectory),
    /// One by its action.
    Follow(Goal<FollowJointTrajectory::Action>),
    /// The gripper.
    Grip(Goal<GripperCommand::Action>),
    /// The base.
    Drive(BaseTwist),
    /// Whatever else, between two periods.
    Ask(Ask),
}

impl Order {
    /// Tells whoever waits for it that it is not carried out.
    pub fn refuse(self, why: &str) {
        match self {
            Self::Follow(goal) => refuse_follow(goal, not_now(why)),
            Self::Grip(goal) => goal.end(End::Aborted, GripperCommand::Result::default()),
            Self::Ask(ask) => ask(Err(result(Code::IncorrectState, why))),
            Self::Trajectory(_) | Self::Drive(_) => {}
        }
    }
}

/// What both threads look at.
#[derive(Debug, Default)]
pub struct Watch {
    /// Periods that were stepped.
    pub periods: AtomicU64,
    /// Pictures that were drawn.
    pub pictures: AtomicU64,
    /// The physics failed.
    pub failed: AtomicBool,
    /// Which fault the node wants: its place in [`Fault::ALL`] plus one; zero: none.
    pub fault: AtomicU8,
}

/// How it is run.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Simulated seconds a second.
    pub real_time_factor: f64,
    /// Pictures of every camera a simulated second; 0: none.
    pub camera_hz: f64,
    /// Opening of the gripper for one unit of its action's position.
    pub grip_factor: f64,
}

/// Does time pass? The numbers are `simulation_interfaces/SimulationState`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// At the beginning, and no time passes.
    Stopped = 0,
    /// It does.
    Playing = 1,
    /// It does not.
    Paused = 2,
}

/// The simulation with all that belongs to it.
pub struct Sim {
    /// The world.
    pub world: SimWorld,
    /// What was sensed last.
    pub observation: Observation,
    /// The frame of all places.
    pub world_frame: String,
    /// What came out of the scene's store since the beginning.
    pub spawned: BTreeSet<String>,
    mode: Mode,
    pace: Pace,
    driver: Driver,
    board: Board,
    photographer: Option<Photographer>,
    frames: Vec<CameraFrame>,
    told_truth: Option<Stamp>,
    filmed: Option<Stamp>,
    steps: Option<Steps>,
    failed: bool,
}

impl Sim {
    /// At its beginning.
    ///
    /// # Errors
    /// [`SimError`] when the world gives no senses.
    pub fn new(
        mut world: SimWorld,
        board: Board,
        photographer: Option<Photographer>,
        pace: Pace,
    ) -> Result<Self, SimError> {
        let mut observation = Observation::default();
        let sensed = world.observe(Want::default(), &mut observation);
        sensed.map_err(|error| SimError::State(error.to_string()))?;
        let driver = Driver::new(&world.robot().clone(), &observation.joint_pos_rad);
        Ok(Self {
            world,
            observation,
            world_frame: board.world_frame().to_owned(),
            spawned: BTreeSet::new(),
            mode: Mode::Playing,
            pace,
            driver,
            board,
            photographer,
            frames: Vec::new(),
            told_truth: None,
            filmed: None,
            steps: None,
            failed: false,
        })
    }

    /// Lets go of everything: the board is taken down.
    pub fn close(self, host: &Host) {
        self.board.close(host);
    }

    /// Runs until `stop` and gives itself back, with the robot at rest.
    pub fn run(mut self, orders: &Receiver<Order>, stop: &AtomicBool, watch: &Watch) -> Self {
        let period = Duration::from_secs_f64(self.world.robot().timing.period_s / self.pace.real_time_factor);
        let mut next = Instant::now();
        while !stop.load(Ordering::Acquire) {
            loop {
                match orders.try_recv() {
                    Ok(order) => self.take(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return self.leave(orders),
                }
            }
            self.break_or_mend(watch.fault.load(Ordering::Acquire));
            if let Err(error) = self.turn(watch) {
                self.board.failed(&error);
                self.failed = true;
                self.driver.rest("the physics failed");
                self.end_steps(&error.to_string());
            }
            watch.failed.store(self.failed, Ordering::Release);
            next = (next + period).max(Instant::now().checked_sub(MOST_BEHIND).unwrap_or(next));
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        self.leave(orders)
    }

    /// Whoever still waits is answered.
    fn leave(mut self, orders: &Receiver<Order>) -> Self {
        let why = "the node is deactivated";
        self.end_steps(why);
        self.driver.rest(why);
        orders.try_iter().for_each(|order| order.refuse(why));
        self
    }

    fn take(&mut self, order: Order) {
        let now = self.world.now();
        let robot: Arc<_> = self.world.robot().clone();
        match order {
            Order::Ask(ask) => ask(Ok(self)),
            order if self.failed => order.refuse("the physics failed: reset the simulation"),
            Order::Trajectory(message) => match Trajectory::parse(&message, &robot) {
                Ok(trajectory) => self.driver.follow(now, trajectory, None),
                Err((_, why)) => self.board.refused(&why),
            },
            Order::Follow(goal) => match Trajectory::parse(&goal.goal.trajectory, &robot) {
                Ok(trajectory) => self.driver.follow(now, trajectory, Some(goal)),
                Err(refusal) => refuse_follow(goal, refusal),
            },
            Order::Grip(goal) => self.driver.grip(goal, self.pace.grip_factor, &robot),
            Order::Drive(twist) => self.driver.drive(now, twist, &robot),
        }
    }

    /// Does time pass?
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Lets time pass, or no longer.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Are steps being made, one by one?
    pub fn is_stepping(&self) -> bool {
        self.steps.is_some()
    }

    /// Makes steps while no time passes otherwise.
    pub fn step(&mut self, asker: Asker) {
        let not_now = match (self.failed, self.mode, &self.steps) {
            (true, ..) => Some("the physics failed: reset the simulation"),
            (_, Mode::Playing, _) => Some("the simulation is not paused"),
            (.., Some(_)) => Some("other steps are being made"),
            _ => None,
        };
        match not_now.map(|why| result(Code::IncorrectState, why)).or_else(|| asker.refusal()) {
            Some(refusal) => asker.answer(End::Aborted, refusal),
            None => self.steps = Some(Steps::new(asker)),
        }
    }

    fn end_steps(&mut self, why: &str) {
        if let Some(steps) = self.steps.take() {
            steps.end(End::Aborted, result(Code::Failed, why));
        }
    }

    /// Back to the beginning, in time, in state, or in both.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn reset(&mut self, time: bool, state: bool) -> Result<(), SimError> {
        let why = "the simulation was reset";
        self.end_steps(why);
        self.driver.rest(why);
        if time {
            // What is being drawn has a stamp of the time before.
            self.photographer.iter_mut().for_each(Photographer::discard);
        }
        self.world.reset_parts(time, state)?;
        if state {
            self.failed = false;
            self.spawned.clear();
        }
        // Senses of the beginning, for controllers that hold from there.
        drop(self.world.observe(Want::default(), &mut self.observation));
        self.driver = Driver::new(&self.world.robot().clone(), &self.observation.joint_pos_rad);
        self.frames.clear();
        self.show();
        Ok(())
    }

    /// Puts what was spawned back into the store.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn put_away(&mut self) -> Result<(), SimError> {
        for object in std::mem::take(&mut self.spawned) {
            self.world.store(&object)?;
        }
        self.show();
        Ok(())
    }

    /// Shows what was changed by hand at once, also while no time passes.
    pub fn show(&mut self) {
        (self.told_truth, self.filmed) = (None, None);
        if self.mode != Mode::Playing {
            self.board.truth(&self.world.truth(), &self.observation);
            let silent = self.world.has_fault(Fault::SilentCamera) || self.world.has_fault(Fault::FrozenCamera);
            if let Some(photographer) = self.photographer.as_mut().filter(|_| !silent) {
                drop(photographer.order(&self.world)); // one that fails fails again when time passes
            }
        }
    }

    fn break_or_mend(&mut self, wanted: u8) {
        for (i, (fault, _)) in Fault::ALL.into_iter().enumerate() {
            let there = usize::from(wanted) == i + 1;
            if self.world.has_fault(fault) != there {
                self.world.inject(fault, there);
            }
        }
    }

    /// One turn of the wall's clock.
    fn turn(&mut self, watch: &Watch) -> Result<(), SimError> {
        if self.failed {
            return Ok(());
        }
        self.steps = self.steps.take().and_then(Steps::next);
        if self.mode != Mode::Playing && self.steps.is_none() {
            // Time stands; the robot is still there.
            self.look(None, watch);
            if !self.world.has_fault(Fault::SensorSilence) {
                self.board.senses(&self.observation);
            }
            self.board.clock(self.world.now());
            return Ok(());
        }
        self.period(watch)?;
        self.steps = self.steps.take().and_then(Steps::made);
        Ok(())
    }

    fn period(&mut self, watch: &Watch) -> Result<(), SimError> {
        let broken = |error: WorldError| SimError::State(error.to_string());
        let command = self.driver.command(self.world.now());
        self.world.drive_unguarded(&command);
        self.world.advance().map_err(broken)?;
        let heard = match self.world.observe(Want::default(), &mut self.observation) {
            Ok(()) => true,
            Err(WorldError::Silent { .. }) => false,
            Err(error) => return Err(broken(error)),
        };
        if let (true, Some(width_m)) = (heard, self.observation.gripper_width_m) {
            self.driver.watch_gripper(width_m);
        }
        let now = self.world.now();
        // The picture of what was before goes out before what comes after.
        self.look(Some(now), watch);
        if self.told_truth.is_none_or(|last| now.since_s(last) >= TRUTH_EVERY_S - 1e-9) {
            self.told_truth = Some(now);
            self.board.truth(&self.world.truth(), &self.observation);
            if heard {
                self.board.frames(&self.observation);
            }
        }
        if heard {
            self.board.senses(&self.observation);
        }
        self.board.clock(now);
        watch.periods.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Hands pictures out, and orders the next if it is time; a robot goes on without.
    fn look(&mut self, now: Option<Stamp>, watch: &Watch) {
        let looked = self.fetch(watch).and_then(|()| now.map_or(Ok(()), |now| self.film(now)));
        if let Err(error) = looked {
            self.board.blind(&error);
            self.photographer = None;
        }
    }

    /// Tells pictures that were drawn meanwhile; frozen cameras have only the last before, silent ones none.
    fn fetch(&mut self, watch: &Watch) -> Result<(), SimError> {
        let Some(frames) = self.photographer.as_mut().map(Photographer::fetch).transpose()?.flatten() else {
            return Ok(());
        };
        watch.pictures.fetch_add(frames.len() as u64, Ordering::Relaxed);
        let frozen = self.world.has_fault(Fault::FrozenCamera) && !self.frames.is_empty();
        if !frozen && !self.world.has_fault(Fault::SilentCamera) {
            self.board.pictures(&frames);
            self.frames = frames;
        }
        Ok(())
    }

    fn film(&mut self, now: Stamp) -> Result<(), SimError> {
        let due = self.filmed.is_none_or(|last| now.since_s(last) >= 1.0 / self.pace.camera_hz - 1e-9);
        let Some(photographer) = self.photographer.as_mut().filter(|_| self.pace.camera_hz > 0.0 && due) else {
            return Ok(());
        };
        self.filmed = Some(now);
        if self.world.has_fault(Fault::SilentCamera) {
            return Ok(());
        }
        if self.world.has_fault(Fault::FrozenCamera) && !self.frames.is_empty() {
            self.board.pictures(&self.frames);
            return Ok(());
        }
        photographer.order(&self.world)
    }
}
