//! What the simulated robot says: clock, joint states, odometry, wrench, transforms, pictures, and the simulator's own
//! knowledge for the baseline. All stamps are simulated time.

use ponder_core::image::CameraFrame;
use ponder_core::observation::{Observation, Truth};
use ponder_core::robot_file::RobotFile;
use ponder_core::scene::Scene;
use ponder_core::{Pose, Stamp};
use ponder_sim::SimError;
use r2r::geometry_msgs::msg::WrenchStamped;
use r2r::nav_msgs::msg::Odometry;
use r2r::rosgraph_msgs::msg::Clock;
use r2r::sensor_msgs::msg::JointState;
use r2r::tf2_msgs::msg::TFMessage;
use r2r::{Publisher, QosProfile};

use super::gallery::{Gallery, header, transform};
use crate::ros::convert;
use crate::ros::host::{Host, RosError};
use crate::ros::topics;

/// Where it is said. Publishers may be used from the simulation's thread.
pub struct Board {
    names: RobotFile,
    logger: String,
    clock: Publisher<Clock>,
    joints: Publisher<JointState>,
    odom: Option<Publisher<Odometry>>,
    wrench: Option<Publisher<WrenchStamped>>,
    tf: Publisher<TFMessage>,
    truth: Publisher<r2r::ponder_msgs::msg::Scene>,
    gallery: Gallery,
}

impl Board {
    /// Puts it up; `resolve` puts the robot's namespace before a name.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn new(
        host: &Host,
        file: &RobotFile,
        cameras: &[String],
        resolve: &dyn Fn(&str) -> String,
    ) -> Result<Self, RosError> {
        let states = QosProfile::default().keep_last(5);
        let odom = file.base.as_ref().map(|_| host.publisher(&resolve(&file.ros.odom), states.clone())).transpose()?;
        let wrench =
            file.arm.as_ref().map(|_| host.publisher(&resolve(&file.ros.wrench), states.clone())).transpose()?;
        let tf = host.publisher("/tf", QosProfile::default().keep_last(100))?;
        Ok(Self {
            names: file.clone(),
            logger: host.full_name().trim_start_matches('/').replace('/', "."),
            clock: host.publisher("/clock", QosProfile::default().keep_last(1))?,
            joints: host.publisher(&resolve(&file.ros.joint_states), states)?,
            odom,
            wrench,
            tf: tf.clone(),
            truth: host.publisher(topics::TRUTH, topics::reliable().keep_last(1))?,
            gallery: Gallery::open(host, file, cameras, resolve, tf)?,
        })
    }

    /// Takes it down: nothing is said any more.
    pub fn close(self, host: &Host) {
        self.gallery.close(host);
        host.retire(self.clock);
        host.retire(self.joints);
        self.odom.into_iter().for_each(|publisher| host.retire(publisher));
        self.wrench.into_iter().for_each(|publisher| host.retire(publisher));
        host.retire(self.tf);
        host.retire(self.truth);
    }

    /// The physics failed.
    pub fn failed(&self, error: &SimError) {
        r2r::log_error!(&self.logger, "the simulation stands until it is reset: {error}");
    }

    /// A trajectory was not followed.
    pub fn refused(&self, why: &str) {
        r2r::log_warn!(&self.logger, "a trajectory is not followed: {why}");
    }

    /// The renderer failed.
    pub fn blind(&self, error: &SimError) {
        r2r::log_error!(&self.logger, "no more pictures: {error}");
    }

    /// Pictures of every camera.
    pub fn pictures(&self, frames: Vec<CameraFrame>) {
        self.gallery.show(frames);
    }

    /// Joint states, odometry, wrench; then the clock, so that who hears the time has the senses.
    pub fn senses(&self, observation: &Observation, now: Stamp) {
        let names = &self.names;
        let mut joints = JointState { header: header(observation.stamp, ""), ..Default::default() };
        if let Some(arm) = &names.arm {
            joints.name = arm.joints.iter().map(|joint| joint.name.clone()).collect();
            joints.position = observation.joint_pos_rad.to_vec();
            joints.velocity = observation.joint_vel_rad_s.to_vec();
            for finger in &arm.gripper.fingers {
                joints.name.push(finger.clone());
                let share = 1.0 / arm.gripper.fingers.len() as f64;
                joints.position.push(observation.gripper_width_m.unwrap_or_default() * share);
                joints.velocity.push(0.0);
            }
        }
        // Whatever is lost here is followed by the next period's.
        drop(self.joints.publish(&joints));
        if let (Some(publisher), Some(wrench), Some(arm)) = (&self.wrench, observation.wrench, &names.arm) {
            let mut message = WrenchStamped { header: header(observation.stamp, &arm.tool), ..Default::default() };
            message.wrench.force = convert::vector_msg(&wrench.force_n);
            message.wrench.torque = convert::vector_msg(&wrench.torque_nm);
            drop(publisher.publish(&message));
        }
        if let (Some(publisher), Some(base)) = (&self.odom, observation.base) {
            let mut message = Odometry {
                header: header(observation.stamp, &names.ros.world_frame),
                child_frame_id: names.ros.base_frame.clone(),
                ..Default::default()
            };
            message.pose.pose = convert::pose_msg(&base.world_from_base);
            message.twist.twist = convert::twist_msg(&base.twist);
            drop(publisher.publish(&message));
        }
        drop(self.clock.publish(&Clock { clock: convert::time(now) }));
    }

    /// The simulator's knowledge, and where the base is.
    pub fn truth(&self, truth: &Truth, observation: &Observation) {
        let scene = Scene {
            stamp: truth.stamp,
            observation_seq: observation.seq,
            objects: truth.objects.clone(),
            holding: None,
            world_from_base: observation.base.map(|base| base.world_from_base),
        };
        let message = convert::scene_msg(&scene, &self.names.ros.world_frame, "simulator's truth");
        drop(self.truth.publish(&message));
        let base = observation.base.map_or_else(Pose::identity, |base| base.world_from_base);
        let transforms =
            vec![transform(header(truth.stamp, &self.names.ros.world_frame), &self.names.ros.base_frame, &base)];
        drop(self.tf.publish(&TFMessage { transforms }));
    }
}
