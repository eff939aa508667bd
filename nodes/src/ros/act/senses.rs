//! What `act` has heard last of its robot and of the scene, written by the node's callbacks and read by the control
//! loop. The lock is held for a copy only; a condition variable tells the loop that joint states came.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ponder_core::command::BaseTwist;
use ponder_core::observation::{BaseState, Observation, SensorFault, Wrench};
use ponder_core::robot_file::RobotFile;
use ponder_core::scene::Scene;
use ponder_core::{Stamp, Vec3};
use r2r::geometry_msgs::msg::WrenchStamped;
use r2r::nav_msgs::msg::Odometry;
use r2r::sensor_msgs::msg::JointState;

use crate::ros::convert;

/// Most joints in a message that is looked at.
const MOST_JOINTS: usize = 256;

/// The names that a robot's joint states have to hold.
#[derive(Clone, Debug)]
pub struct Names {
    joints: Vec<String>,
    fingers: Vec<String>,
    has_base: bool,
}

impl Names {
    /// Of a robot file.
    pub fn of(file: &RobotFile) -> Self {
        let arm = file.arm.as_ref();
        Self {
            joints: arm.map(|arm| arm.joints.iter().map(|joint| joint.name.clone()).collect()).unwrap_or_default(),
            fingers: arm.map(|arm| arm.gripper.fingers.clone()).unwrap_or_default(),
            has_base: file.base.is_some(),
        }
    }
}

#[derive(Debug, Default)]
struct Latest {
    observation: Observation,
    heard: Option<Instant>,
    base_heard: Option<Instant>,
    scene: Option<Arc<Scene>>,
    problem: Option<String>,
}

/// Shared among threads.
#[derive(Clone, Debug)]
pub struct Senses {
    names: Arc<Names>,
    latest: Arc<(Mutex<Latest>, Condvar)>,
}

impl Senses {
    /// Nothing heard yet.
    pub fn new(names: Names) -> Self {
        Self { names: Arc::new(names), latest: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joint states came. A message without our joints is somebody else's and is passed over.
    pub fn joints(&self, message: &JointState) {
        if message.name.len() > MOST_JOINTS || message.position.len() < message.name.len() {
            self.lock().problem = Some("joint states with more names than positions, or far too many".to_owned());
            return;
        }
        let find = |name: &String| message.name.iter().position(|known| known == name);
        let places: Option<Vec<usize>> = self.names.joints.iter().map(find).collect();
        let fingers: Option<Vec<usize>> = self.names.fingers.iter().map(find).collect();
        let mut latest = self.lock();
        let observation = &mut latest.observation;
        // A wheel joint's states are a driving robot's sign of life, though their numbers are the odometry's to tell.
        if let Some(places) = &places {
            let speed = |place: &usize| message.velocity.get(*place).copied().unwrap_or(0.0);
            observation.joint_pos_rad = places.iter().map(|place| message.position[*place]).collect();
            observation.joint_vel_rad_s = places.iter().map(speed).collect();
        } else {
            return;
        }
        if let (Some(fingers), false) = (fingers, self.names.fingers.is_empty()) {
            observation.gripper_width_m = Some(fingers.iter().map(|finger| message.position[*finger]).sum());
        }
        observation.stamp = convert::stamp(&message.header.stamp);
        observation.seq += 1;
        observation.faults.clear();
        let finite = observation.joint_pos_rad.iter().chain(&observation.joint_vel_rad_s).all(|x| x.is_finite());
        if !finite {
            observation.faults.push(SensorFault::JointNotFinite);
        }
        latest.problem = (!finite).then(|| "a joint state is not a number".to_owned());
        latest.heard = Some(Instant::now());
        drop(latest);
        self.latest.1.notify_all();
    }

    /// Odometry came.
    pub fn odometry(&self, message: &Odometry) {
        let mut latest = self.lock();
        match convert::pose("odometry", &message.pose.pose) {
            Ok(world_from_base) => {
                let twist = BaseTwist {
                    linear_m_s: message.twist.twist.linear.x,
                    angular_rad_s: message.twist.twist.angular.z,
                };
                latest.observation.base = Some(BaseState { world_from_base, twist });
                latest.base_heard = Some(Instant::now());
                self.latest.1.notify_all();
            }
            Err(why) => latest.problem = Some(why.to_string()),
        }
    }

    /// The wrist's force and torque came.
    pub fn wrench(&self, message: &WrenchStamped) {
        let vector = |v: &r2r::geometry_msgs::msg::Vector3| Vec3::new(v.x, v.y, v.z);
        let (force_n, torque_nm) = (vector(&message.wrench.force), vector(&message.wrench.torque));
        let finite = force_n.iter().chain(torque_nm.iter()).all(|x| x.is_finite());
        self.lock().observation.wrench = finite.then_some(Wrench { force_n, torque_nm });
    }

    /// A scene came.
    pub fn scene(&self, message: &r2r::ponder_msgs::msg::Scene) {
        let scene = convert::scene(message);
        let mut latest = self.lock();
        match scene {
            Ok(scene) => latest.scene = Some(Arc::new(scene)),
            Err(why) => latest.problem = Some(format!("a scene that can't be used: {why}")),
        }
    }

    /// The newest scene, if it is no older than that.
    pub fn scene_since(&self, since: Stamp) -> Option<Arc<Scene>> {
        self.lock().scene.clone().filter(|scene| scene.stamp >= since)
    }

    /// Lets go of what was seen before the clock jumped.
    pub fn forget(&self) {
        let mut latest = self.lock();
        let seq = latest.observation.seq;
        *latest = Latest { observation: Observation { seq, ..Observation::default() }, ..Latest::default() };
    }

    /// Copies the newest observation; how long ago it was heard (of the part heard longest ago), `None`: never.
    pub fn read(&self, into: &mut Observation) -> Option<Duration> {
        let latest = self.lock();
        let mut age = latest.heard?.elapsed();
        if self.names.has_base {
            age = age.max(latest.base_heard?.elapsed());
        }
        into.clone_from(&latest.observation);
        Some(age)
    }

    /// How long ago joint states were heard; and what is wrong with what came.
    pub fn state(&self) -> (Option<Duration>, Option<String>) {
        let latest = self.lock();
        (latest.heard.map(|heard| heard.elapsed()), latest.problem.clone())
    }

    /// Waits for joint states of that time or later, not longer than the limit.
    pub fn wait_until(&self, until: Stamp, limit: Duration) {
        let latest = self.lock();
        // Whether they came or the limit passed, the loop looks at the clock itself.
        drop(self.latest.1.wait_timeout_while(latest, limit, |latest| latest.observation.stamp < until));
    }

    /// Waits until all that an observation needs was heard, not longer than the limit.
    pub fn wait_for_all(&self, limit: Duration) {
        let latest = self.lock();
        let lacks =
            |latest: &mut Latest| latest.heard.is_none() || (self.names.has_base && latest.base_heard.is_none());
        drop(self.latest.1.wait_timeout_while(latest, limit, lacks)); // what is missing then is said by who needs it
    }

    /// When the newest joint states were taken.
    pub fn stamp(&self) -> Stamp {
        self.lock().observation.stamp
    }
}
