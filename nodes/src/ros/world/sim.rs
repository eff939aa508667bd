//! The thread on which the simulation lives: a control period of physics for a period of the wall's time, commands in,
//! senses out. Pictures are drawn elsewhere meanwhile and never delay it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use ponder_core::Stamp;
use ponder_core::command::BaseTwist;
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_sim::{Photographer, SimError, SimWorld};
use r2r::control_msgs::action::{FollowJointTrajectory, GripperCommand};
use r2r::trajectory_msgs::msg::JointTrajectory;

use super::board::Board;
use super::driver::{Driver, Trajectory, not_now, refuse_follow};
use crate::ros::action::{End, Goal};
use crate::ros::host::Host;

/// Between two looks at the truth, simulated seconds.
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
    /// Back to the beginning; told when it is done.
    Reset(Box<dyn FnOnce(Result<(), SimError>) + Send>),
}

impl Order {
    /// Tells whoever waits for it that it is not carried out.
    pub fn refuse(self, why: &str) {
        match self {
            Self::Follow(goal) => refuse_follow(goal, not_now(why)),
            Self::Grip(goal) => goal.end(End::Aborted, GripperCommand::Result::default()),
            Self::Reset(told) => told(Err(SimError::State(why.to_owned()))),
            Self::Trajectory(_) | Self::Drive(_) => {}
        }
    }
}

/// What the node's thread may look at.
#[derive(Debug, Default)]
pub struct Watch {
    /// Periods that were stepped.
    pub periods: AtomicU64,
    /// Pictures that were drawn.
    pub pictures: AtomicU64,
    /// The physics failed.
    pub failed: AtomicBool,
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

/// The simulation with all that belongs to it.
pub struct Sim {
    world: SimWorld,
    driver: Driver,
    board: Board,
    photographer: Option<Photographer>,
    observation: Observation,
    told_truth: Option<Stamp>,
    filmed: Option<Stamp>,
}

impl Sim {
    /// At its beginning.
    ///
    /// # Errors
    /// [`SimError`] when the world gives no senses.
    pub fn new(mut world: SimWorld, board: Board, photographer: Option<Photographer>) -> Result<Self, SimError> {
        let mut observation = Observation::default();
        let sensed = world.observe(Want::default(), &mut observation);
        sensed.map_err(|error| SimError::State(error.to_string()))?;
        let driver = Driver::new(&world.robot().clone(), &observation.joint_pos_rad);
        Ok(Self { world, driver, board, photographer, observation, told_truth: None, filmed: None })
    }

    /// Lets go of everything; the board is taken down.
    pub fn close(self, host: &Host) {
        self.board.close(host);
    }

    /// Runs until `stop` and gives itself back, with the robot at rest. A physics that failed stands until it is reset.
    pub fn run(mut self, orders: &Receiver<Order>, pace: Pace, stop: &AtomicBool, watch: &Watch) -> Self {
        let period = Duration::from_secs_f64(self.world.robot().timing.period_s / pace.real_time_factor);
        let (mut next, mut failed) = (Instant::now(), false);
        while !stop.load(Ordering::Acquire) {
            for order in orders.try_iter() {
                match order {
                    Order::Reset(told) => {
                        let reset = self.reset();
                        failed = reset.is_err();
                        told(reset);
                    }
                    order if failed => order.refuse("the physics has failed: reset the simulation"),
                    order => self.take(order, pace),
                }
            }
            if !failed && let Err(error) = self.period(pace, watch) {
                self.driver.rest("the physics failed");
                self.board.failed(&error);
                failed = true;
            }
            watch.failed.store(failed, Ordering::Release);
            next = (next + period).max(Instant::now().checked_sub(MOST_BEHIND).unwrap_or(next));
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        self.driver.rest("the simulation stands still: the node was deactivated");
        // What came too late to be taken.
        orders.try_iter().for_each(|order| order.refuse("the node was deactivated"));
        self
    }

    /// Back to the beginning; whoever waits for the robot is told.
    fn reset(&mut self) -> Result<(), SimError> {
        self.driver.rest("the simulation was reset");
        self.photographer.iter_mut().for_each(Photographer::discard);
        (self.told_truth, self.filmed) = (None, None);
        self.world.reset()?;
        let sensed = self.world.observe(Want::default(), &mut self.observation);
        sensed.map_err(|error| SimError::State(error.to_string()))?;
        self.driver = Driver::new(self.world.robot(), &self.observation.joint_pos_rad);
        Ok(())
    }

    fn take(&mut self, order: Order, pace: Pace) {
        let now = self.world.now();
        let robot: Arc<_> = self.world.robot().clone();
        match order {
            Order::Trajectory(message) => match Trajectory::parse(&message, &robot) {
                Ok(trajectory) => self.driver.follow(now, trajectory, None),
                Err((_, why)) => self.board.refused(&why),
            },
            Order::Follow(goal) => match Trajectory::parse(&goal.goal.trajectory, &robot) {
                Ok(trajectory) => self.driver.follow(now, trajectory, Some(goal)),
                Err(refusal) => refuse_follow(goal, refusal),
            },
            Order::Grip(goal) => self.driver.grip(goal, pace.grip_factor, &robot),
            Order::Drive(twist) => self.driver.drive(now, twist, &robot),
            Order::Reset(told) => told(self.reset()),
        }
    }

    fn period(&mut self, pace: Pace, watch: &Watch) -> Result<(), SimError> {
        let broken = |error: ponder_core::world::WorldError| SimError::State(error.to_string());
        let command = self.driver.command(self.world.now());
        self.world.drive_unguarded(&command);
        self.world.advance().map_err(broken)?;
        self.world.observe(Want::default(), &mut self.observation).map_err(broken)?;
        if let Some(width_m) = self.observation.gripper_width_m {
            self.driver.watch_gripper(width_m);
        }
        let now = self.world.now();
        if let Err(error) = self.film(now, pace, watch) {
            self.board.blind(&error);
            self.photographer = None; // a robot goes on without pictures
        }
        if self.told_truth.is_none_or(|last| now.since_s(last) >= TRUTH_EVERY_S - 1e-9) {
            self.told_truth = Some(now);
            self.board.truth(&self.world.truth(), &self.observation);
        }
        self.board.senses(&self.observation, now);
        watch.periods.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Hands out the pictures that are ready, and orders new ones when it is time.
    fn film(&mut self, now: Stamp, pace: Pace, watch: &Watch) -> Result<(), SimError> {
        let Some(photographer) = &mut self.photographer else { return Ok(()) };
        if let Some(frames) = photographer.fetch()? {
            watch.pictures.fetch_add(frames.len() as u64, Ordering::Relaxed);
            self.board.pictures(frames);
        }
        if self.filmed.is_none_or(|last| now.since_s(last) >= 1.0 / pace.camera_hz - 1e-9) {
            photographer.order(&self.world)?;
            self.filmed = Some(now);
        }
        Ok(())
    }
}
