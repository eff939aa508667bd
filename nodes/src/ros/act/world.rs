//! The robot behind the graph as the ring's `World`: joint states and odometry in, setpoints out, to any robot that
//! speaks ros2_control's interfaces. A setpoint is a trajectory of one point, a period away: should nothing follow it,
//! the robot's own controller holds there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::channel::mpsc;
use ponder_core::Stamp;
use ponder_core::command::{Applied, BaseTwist, GripperTarget};
use ponder_core::guard::Checked;
use ponder_core::observation::Observation;
use ponder_core::robot::RobotSpec;
use ponder_core::world::{Want, World, WorldError};
use r2r::Publisher;
use r2r::builtin_interfaces::msg::Duration as RosDuration;
use r2r::geometry_msgs::msg::{Twist, TwistStamped};
use r2r::std_msgs::msg::Header;
use r2r::trajectory_msgs::msg::{JointTrajectory, JointTrajectoryPoint};

use super::senses::Senses;
use crate::ros::clock::RosClock;
use crate::ros::convert;

/// Silence of the robot after which it counts as gone.
const GONE: Duration = Duration::from_secs(1);

/// Where velocity commands go.
#[derive(Clone, Debug)]
pub enum Drive {
    /// The robot has no base.
    None,
    /// `Twist`.
    Plain(Publisher<Twist>),
    /// `TwistStamped`, in this frame.
    Stamped(Publisher<TwistStamped>, String),
}

/// Where commands go. Publishers may be used from the control thread.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Setpoints of the arm.
    pub arm: Option<Publisher<JointTrajectory>>,
    /// Names of its joints.
    pub joints: Vec<String>,
    /// Targets of the gripper, to the node's thread, which has the action client.
    pub gripper: mpsc::Sender<GripperTarget>,
    /// The base.
    pub drive: Drive,
}

impl Wire {
    /// Sends the base a velocity.
    pub fn drive(&self, twist: &BaseTwist, now: Stamp) -> Result<(), WorldError> {
        let lost = |error: r2r::Error| WorldError::Broken(format!("a velocity command could not be sent: {error}"));
        match &self.drive {
            Drive::None => Ok(()),
            Drive::Plain(publisher) => publisher.publish(&convert::twist_msg(twist)).map_err(lost),
            Drive::Stamped(publisher, frame_id) => {
                let header = Header { stamp: convert::time(now), frame_id: frame_id.clone() };
                publisher.publish(&TwistStamped { header, twist: convert::twist_msg(twist) }).map_err(lost)
            }
        }
    }
}

/// A robot in a graph.
pub struct RosWorld {
    robot: Arc<RobotSpec>,
    clock: Arc<RosClock>,
    senses: Senses,
    wire: Wire,
    now: Stamp,
    sent_gripper: Option<GripperTarget>,
    next: Instant,
}

impl RosWorld {
    /// The robot as it is heard of.
    pub fn new(robot: Arc<RobotSpec>, clock: Arc<RosClock>, senses: Senses, wire: Wire) -> Self {
        let now = if clock.is_simulated() { senses.stamp() } else { clock.now() };
        Self { robot, clock, senses, wire, now, sent_gripper: None, next: Instant::now() }
    }

    /// The loop's time. A simulation's clock and joint states travel apart, and the loop lives by the latter as long as
    /// they keep up.
    fn time(&self) -> Stamp {
        let (clock, stamp) = (self.clock.now(), self.senses.stamp());
        let keeps_up = clock.since_s(stamp) <= self.robot.timing.max_observation_age_s;
        if self.clock.is_simulated() && keeps_up { stamp } else { clock.max(stamp) }
    }

    fn period(&self) -> Duration {
        period(&self.robot)
    }
}

fn period(robot: &RobotSpec) -> Duration {
    Duration::from_secs_f64(robot.timing.period_s)
}

impl World for RosWorld {
    fn robot(&self) -> &Arc<RobotSpec> {
        &self.robot
    }

    fn observe(&mut self, _want: Want, into: &mut Observation) -> Result<(), WorldError> {
        let max = Duration::from_secs_f64(self.robot.timing.max_observation_age_s);
        match self.senses.read(into) {
            Some(age) if age <= max => {
                // Joint states may overtake the clock that they are stamped by.
                self.now = self.now.max(into.stamp);
                Ok(())
            }
            Some(age) => Err(WorldError::Silent { age_s: age.as_secs_f64() }),
            None => Err(WorldError::Broken("no joint states of this robot have come: is its driver up?".to_owned())),
        }
    }

    fn apply(&mut self, command: &Checked) -> Result<Applied, WorldError> {
        let sent = command.command();
        if let (Some(target), Some(publisher)) = (&sent.arm, &self.wire.arm) {
            let nanosec = self.period().subsec_nanos();
            let point = JointTrajectoryPoint {
                positions: target.pos_rad.to_vec(),
                velocities: target.vel_rad_s.to_vec(),
                time_from_start: RosDuration { sec: 0, nanosec },
                ..Default::default()
            };
            let joint_names = self.wire.joints.clone();
            let message = JointTrajectory { joint_names, points: vec![point], ..Default::default() };
            let lost = |error| WorldError::Broken(format!("a setpoint could not be sent: {error}"));
            publisher.publish(&message).map_err(lost)?;
        }
        if let Some(target) = sent.gripper.filter(|target| self.sent_gripper != Some(*target))
            && self.wire.gripper.try_send(target).is_ok()
        {
            self.sent_gripper = Some(target); // a full channel: it is sent again in the next period
        }
        if let Some(twist) = &sent.base {
            self.wire.drive(twist, self.now)?;
        }
        Ok(Applied { stamp: self.now, sent: sent.clone(), clipped: command.clipped(), rejected: command.rejected() })
    }

    fn advance(&mut self) -> Result<(), WorldError> {
        if self.clock.is_simulated() {
            // The simulation's joint states are the beat, and where it stands still there is no period to pass.
            self.senses.wait_until(self.now.plus_s(self.robot.timing.period_s), GONE);
        } else {
            self.next = (self.next + self.period()).max(Instant::now());
            std::thread::sleep(self.next.saturating_duration_since(Instant::now()));
        }
        self.now = self.time().max(self.now);
        match self.senses.state().0 {
            Some(age) if age <= GONE => Ok(()),
            _ => Err(WorldError::Broken("the robot's joint states have ceased".to_owned())),
        }
    }

    fn now(&self) -> Stamp {
        self.now
    }
}
