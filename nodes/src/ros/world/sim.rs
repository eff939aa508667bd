//! The thread on which the simulation lives: a control period of physics for a period of the wall's time, commands in,
//! senses out. Pictures are drawn elsewhere meanwhile and never delay it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use ponder_core::Stamp;
use ponder_core::command::BaseTwist;
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_sim::{Photographer, SimError, SimWorld};
use r2r::control_msgs::action::{FollowJointTrajectory, GripperCommand};
use r2r::trajectory_msgs::msg::JointTrajectory;

use super::board::Board;
use super::driver::{Driver, Trajectory};
use crate::ros::action::{End, Goal};

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

    /// Runs until `stop` and gives itself back.
    pub fn run(mut self, orders: &Receiver<Order>, pace: Pace, stop: &AtomicBool, watch: &Watch) -> Self {
        let period = Duration::from_secs_f64(self.world.robot().timing.period_s / pace.real_time_factor);
        let mut next = Instant::now();
        while !stop.load(Ordering::Acquire) {
            loop {
                match orders.try_recv() {
                    Ok(order) => self.take(order, pace),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return self,
                }
            }
            if let Err(error) = self.period(pace, watch) {
                self.board.failed(&error);
                watch.failed.store(true, Ordering::Release);
                return self;
            }
            next = (next + period).max(Instant::now().checked_sub(MOST_BEHIND).unwrap_or(next));
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        self
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
                Err((error_code, error_string)) => {
                    goal.end(End::Aborted, FollowJointTrajectory::Result { error_code, error_string });
                }
            },
            Order::Grip(goal) => self.driver.grip(goal, pace.grip_factor, &robot),
            Order::Drive(twist) => self.driver.drive(twist),
            Order::Reset(told) => {
                let reset = self.world.reset();
                // Senses of the beginning, for controllers that hold from there.
                drop(self.world.observe(Want::default(), &mut self.observation));
                self.driver = Driver::new(&robot, &self.observation.joint_pos_rad);
                (self.told_truth, self.filmed) = (None, None);
                told(reset);
            }
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
        // The picture of what was before goes out before what comes after.
        if let Some(photographer) = &mut self.photographer {
            if let Some(frames) = photographer.fetch()? {
                watch.pictures.fetch_add(frames.len() as u64, Ordering::Relaxed);
                self.board.pictures(&frames);
            }
            let due = self.filmed.is_none_or(|last| now.since_s(last) >= 1.0 / pace.camera_hz - 1e-9);
            if pace.camera_hz > 0.0 && due {
                photographer.order(&self.world)?;
                self.filmed = Some(now);
            }
        }
        if self.told_truth.is_none_or(|last| now.since_s(last) >= TRUTH_EVERY_S - 1e-9) {
            self.told_truth = Some(now);
            self.board.truth(&self.world.truth(), &self.observation);
        }
        self.board.senses(&self.observation, now);
        watch.periods.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
