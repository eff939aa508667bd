//! What the simulated robot says: its URDF, clock, joint states, odometry, wrench, transforms, pictures, and the
//! simulator's own knowledge for the baseline. All stamps are simulated time.

use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::image::CameraFrame;
use ponder_core::observation::{Observation, Truth};
use ponder_core::robot::RobotSpec;
use ponder_core::robot_file::RobotFile;
use ponder_core::scene::Scene;
use ponder_sim::SimError;
use ponder_sim::robots::urdf;
use r2r::geometry_msgs::msg::WrenchStamped;
use r2r::nav_msgs::msg::Odometry;
use r2r::rosgraph_msgs::msg::Clock;
use r2r::sensor_msgs::msg::{CameraInfo, Image, JointState};
use r2r::std_msgs::msg::{Header, String as Text};
use r2r::tf2_msgs::msg::TFMessage;
use r2r::{Publisher, QosProfile};

use super::frames::{self, transform};
use crate::ros::convert;
use crate::ros::frames::Outlet;
use crate::ros::host::{Host, RosError};
use crate::ros::log::Logger;
use crate::ros::topics;

struct Camera {
    name: String,
    frame_id: String,
    image: Publisher<Image>,
    info: Publisher<CameraInfo>,
    depth: Publisher<Image>,
    near: Outlet,
}

/// Does anybody hear it? A picture is worth asking: it is copied three times on its way out.
fn is_heard(publisher: &Publisher<Image>) -> bool {
    publisher.get_inter_process_subscription_count().map_or(true, |count| count > 0)
}

/// Where it is said. Publishers may be used from the simulation's thread.
pub struct Board {
    names: RobotFile,
    spec: Arc<RobotSpec>,
    logger: Logger,
    clock: Publisher<Clock>,
    joints: Publisher<JointState>,
    odom: Option<Publisher<Odometry>>,
    wrench: Option<Publisher<WrenchStamped>>,
    tf: Publisher<TFMessage>,
    latched: (Publisher<TFMessage>, Publisher<Text>),
    truth: Publisher<r2r::ponder_msgs::msg::Scene>,
    cameras: Vec<Camera>,
}

impl Board {
    /// Puts it up; `resolve` puts the robot's namespace before a name.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn new(
        host: &Host,
        file: &RobotFile,
        spec: &Arc<RobotSpec>,
        cameras: &[String],
        resolve: &dyn Fn(&str) -> String,
    ) -> Result<Self, RosError> {
        let states = QosProfile::default().keep_last(5);
        let camera = |name: &String| -> Result<Camera, RosError> {
            let (at, frame_id) = (resolve(&file.ros.camera_topic(name)), format!("{name}_optical_frame"));
            let image = format!("{at}/image_raw");
            Ok(Camera {
                near: Outlet::new(&image, &frame_id),
                name: name.clone(),
                frame_id,
                image: host.publisher(&image, topics::reliable().keep_last(2))?,
                info: host.publisher(&format!("{at}/camera_info"), topics::reliable().keep_last(2))?,
                depth: host.publisher(&format!("{at}/depth/image_raw"), topics::reliable().keep_last(2))?,
            })
        };
        let odom = file.base.as_ref().map(|_| host.publisher(&resolve(&file.ros.odom), states.clone())).transpose()?;
        let wrench =
            file.arm.as_ref().map(|_| host.publisher(&resolve(&file.ros.wrench), states.clone())).transpose()?;
        let tf_static = host.publisher::<TFMessage>("/tf_static", topics::latched())?;
        let description = host.publisher::<Text>(&resolve(&file.ros.robot_description), topics::latched())?;
        let told = tf_static.publish(&TFMessage { transforms: frames::fixed(file, spec) });
        told.map_err(RosError::rcl("can't tell the fixed frames"))?;
        let told = description.publish(&Text { data: urdf::write(file, spec) });
        told.map_err(RosError::rcl("can't tell the robot's description"))?;
        Ok(Self {
            names: file.clone(),
            spec: spec.clone(),
            logger: host.logger(),
            clock: host.publisher("/clock", QosProfile::default().keep_last(1))?,
            joints: host.publisher(&resolve(&file.ros.joint_states), states)?,
            odom,
            wrench,
            tf: host.publisher("/tf", QosProfile::default().keep_last(100))?,
            latched: (tf_static, description),
            truth: host.publisher(topics::TRUTH, topics::reliable().keep_last(1))?,
            cameras: cameras.iter().map(camera).collect::<Result<_, _>>()?,
        })
    }

    /// The frame of all places.
    pub fn world_frame(&self) -> &str {
        &self.names.ros.world_frame
    }

    /// Takes it down: nothing is said any more, and the graph shows none of it.
    pub fn close(self, host: &Host) {
        host.retire(self.clock);
        host.retire(self.joints);
        self.odom.into_iter().for_each(|publisher| host.retire(publisher));
        self.wrench.into_iter().for_each(|publisher| host.retire(publisher));
        host.retire(self.tf);
        let (tf_static, description) = self.latched;
        host.retire(tf_static);
        host.retire(description);
        host.retire(self.truth);
        for camera in self.cameras {
            host.retire(camera.image);
            host.retire(camera.info);
            host.retire(camera.depth);
        }
    }

    /// The physics failed.
    pub fn failed(&self, error: &SimError) {
        self.logger.error(format_args!("the simulation stands until it is reset: {error}"));
    }

    /// The renderer failed.
    pub fn blind(&self, error: &SimError) {
        self.logger.error(format_args!("no more pictures: {error}"));
    }

    /// A trajectory was not followed.
    pub fn refused(&self, why: &str) {
        self.logger.warn(format_args!("a trajectory is not followed: {why}"));
    }

    fn header(&self, stamp: Stamp, frame_id: &str) -> Header {
        Header { stamp: convert::time(stamp), frame_id: frame_id.to_owned() }
    }

    /// The time; after the senses, so that who hears it has them.
    pub fn clock(&self, now: Stamp) {
        drop(self.clock.publish(&Clock { clock: convert::time(now) }));
    }

    /// Where an arm's links are.
    pub fn frames(&self, observation: &Observation) {
        let transforms = frames::links(&self.names, &self.spec, &observation.joint_pos_rad, observation.stamp);
        if !transforms.is_empty() {
            drop(self.tf.publish(&TFMessage { transforms }));
        }
    }

    /// Joint states, odometry, wrench.
    pub fn senses(&self, observation: &Observation) {
        let names = &self.names;
        let mut joints = JointState { header: self.header(observation.stamp, ""), ..Default::default() };
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
        if let (Some(publisher), Some(wrench)) = (&self.wrench, observation.wrench) {
            let mut message = WrenchStamped { header: self.header(observation.stamp, "tool"), ..Default::default() };
            message.wrench.force = convert::vector_msg(&wrench.force_n);
            message.wrench.torque = convert::vector_msg(&wrench.torque_nm);
            drop(publisher.publish(&message));
        }
        if let (Some(publisher), Some(base)) = (&self.odom, observation.base) {
            let mut message = Odometry {
                header: self.header(observation.stamp, &names.ros.world_frame),
                child_frame_id: names.ros.base_frame.clone(),
                ..Default::default()
            };
            message.pose.pose = convert::pose_msg(&base.world_from_base);
            message.twist.twist = convert::twist_msg(&base.twist);
            drop(publisher.publish(&message));
        }
    }

    /// The simulator's knowledge, and where a base is that drives.
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
        if let Some(base) = observation.base {
            let (world, frame) = (&self.names.ros.world_frame, &self.names.ros.base_frame);
            let transforms = vec![transform(truth.stamp, world, frame, &base.world_from_base)];
            drop(self.tf.publish(&TFMessage { transforms }));
        }
    }

    /// Pictures of every camera: to who sees in this process as they are, to the graph where somebody listens.
    pub fn pictures(&self, frames: &[CameraFrame]) {
        for frame in frames {
            let Some(camera) = self.cameras.iter().find(|camera| camera.name == frame.name.as_str()) else { continue };
            camera.near.put(frame);
            let header = self.header(frame.stamp, &camera.frame_id);
            let (height, width) = (frame.height_px as u32, frame.width_px as u32);
            let picture = |encoding: &str, bytes_a_pixel: u32, data: Vec<u8>| Image {
                header: header.clone(),
                height,
                width,
                encoding: encoding.to_owned(),
                is_bigendian: 0,
                step: width * bytes_a_pixel,
                data,
            };
            if is_heard(&camera.image) {
                drop(camera.image.publish(&picture("rgb8", 3, frame.rgb.to_vec())));
            }
            if let Some(depth_m) = frame.depth_m.as_ref().filter(|_| is_heard(&camera.depth)) {
                let bytes = depth_m.iter().flat_map(|metres| metres.to_le_bytes()).collect();
                drop(camera.depth.publish(&picture("32FC1", 4, bytes)));
            }
            let i = &frame.intrinsics;
            drop(camera.info.publish(&CameraInfo {
                header: header.clone(),
                height,
                width,
                distortion_model: "plumb_bob".to_owned(),
                d: vec![0.0; 5],
                k: vec![i.fx_px, 0.0, i.cx_px, 0.0, i.fy_px, i.cy_px, 0.0, 0.0, 1.0],
                r: vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
                p: vec![i.fx_px, 0.0, i.cx_px, 0.0, 0.0, i.fy_px, i.cy_px, 0.0, 0.0, 0.0, 1.0, 0.0],
                ..Default::default()
            }));
            let world = &self.names.ros.world_frame;
            let transforms = vec![transform(frame.stamp, world, &camera.frame_id, &frame.world_from_camera)];
            drop(self.tf.publish(&TFMessage { transforms }));
        }
    }
}
