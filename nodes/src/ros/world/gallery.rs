//! Pictures on their way out, on a thread of their own: they are large, and the simulation does not wait for them.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use ponder_core::image::CameraFrame;
use ponder_core::robot_file::RobotFile;
use ponder_core::{Pose, Stamp};
use r2r::Publisher;
use r2r::geometry_msgs::msg::{Transform, TransformStamped};
use r2r::sensor_msgs::msg::{CameraInfo, Image};
use r2r::std_msgs::msg::Header;
use r2r::tf2_msgs::msg::TFMessage;

use crate::ros::convert;
use crate::ros::host::{Host, RosError};
use crate::ros::topics;

/// A header.
pub fn header(stamp: Stamp, frame_id: &str) -> Header {
    Header { stamp: convert::time(stamp), frame_id: frame_id.to_owned() }
}

/// A transform from the header's frame to a child.
pub fn transform(header: Header, child: &str, parent_from_child: &Pose) -> TransformStamped {
    let rotation = convert::pose_msg(parent_from_child).orientation;
    let translation = convert::vector_msg(&parent_from_child.translation.vector);
    TransformStamped { header, child_frame_id: child.to_owned(), transform: Transform { translation, rotation } }
}

struct Camera {
    name: String,
    frame_id: String,
    image: Publisher<Image>,
    info: Publisher<CameraInfo>,
    depth: Publisher<Image>,
}

/// Where pictures are shown.
pub struct Gallery {
    frames: SyncSender<Vec<CameraFrame>>,
    thread: JoinHandle<Vec<Camera>>,
}

impl Gallery {
    /// Opens it for cameras of these names; `tf` tells where they stand.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn open(
        host: &Host,
        file: &RobotFile,
        cameras: &[String],
        resolve: &dyn Fn(&str) -> String,
        tf: Publisher<TFMessage>,
    ) -> Result<Self, RosError> {
        let qos = || topics::reliable().keep_last(2);
        let camera = |name: &String| -> Result<Camera, RosError> {
            let at = match file.ros.camera_namespace.trim_end_matches('/') {
                "" => resolve(name),
                within => resolve(&format!("{within}/{name}")),
            };
            Ok(Camera {
                name: name.clone(),
                frame_id: format!("{name}_optical_frame"),
                image: host.publisher(&format!("{at}/image_raw"), qos())?,
                info: host.publisher(&format!("{at}/camera_info"), qos())?,
                depth: host.publisher(&format!("{at}/depth/image_raw"), qos())?,
            })
        };
        let cameras: Vec<Camera> = cameras.iter().map(camera).collect::<Result<_, _>>()?;
        let world_frame = file.ros.world_frame.clone();
        let (frames, inbox) = sync_channel(1);
        let work = move || hang(cameras, &inbox, &tf, &world_frame);
        let thread = std::thread::Builder::new().name("ponder-pictures".to_owned()).spawn(work);
        let thread = thread.map_err(|error| RosError::Start(format!("no thread for pictures: {error}")))?;
        Ok(Self { frames, thread })
    }

    /// Shows pictures, unless there is still work with those before.
    pub fn show(&self, frames: Vec<CameraFrame>) {
        drop(self.frames.try_send(frames));
    }

    /// Closes it.
    pub fn close(self, host: &Host) {
        drop(self.frames);
        for camera in self.thread.join().unwrap_or_default() {
            host.retire(camera.image);
            host.retire(camera.info);
            host.retire(camera.depth);
        }
    }
}

fn hang(
    cameras: Vec<Camera>,
    inbox: &Receiver<Vec<CameraFrame>>,
    tf: &Publisher<TFMessage>,
    world_frame: &str,
) -> Vec<Camera> {
    for frame in inbox.iter().flatten() {
        let Some(camera) = cameras.iter().find(|camera| camera.name == frame.name.as_str()) else { continue };
        // First where it was taken from; whatever is lost here is followed by the next.
        let transforms = vec![transform(header(frame.stamp, world_frame), &camera.frame_id, &frame.world_from_camera)];
        drop(tf.publish(&TFMessage { transforms }));
        drop(camera.info.publish(&info(camera, &frame)));
        drop(camera.image.publish(&image(camera, &frame, "rgb8", 3, frame.rgb.to_vec())));
        if let Some(depth_m) = &frame.depth_m {
            let bytes = depth_m.iter().flat_map(|metres| metres.to_le_bytes()).collect();
            drop(camera.depth.publish(&image(camera, &frame, "32FC1", 4, bytes)));
        }
    }
    cameras
}

fn image(camera: &Camera, frame: &CameraFrame, encoding: &str, bytes_a_pixel: u32, data: Vec<u8>) -> Image {
    let (height, width) = (frame.height_px as u32, frame.width_px as u32);
    Image {
        header: header(frame.stamp, &camera.frame_id),
        height,
        width,
        encoding: encoding.to_owned(),
        is_bigendian: 0,
        step: width * bytes_a_pixel,
        data,
    }
}

fn info(camera: &Camera, frame: &CameraFrame) -> CameraInfo {
    let i = &frame.intrinsics;
    CameraInfo {
        header: header(frame.stamp, &camera.frame_id),
        height: frame.height_px as u32,
        width: frame.width_px as u32,
        distortion_model: "plumb_bob".to_owned(),
        d: vec![0.0; 5],
        k: vec![i.fx_px, 0.0, i.cx_px, 0.0, i.fy_px, i.cy_px, 0.0, 0.0, 1.0],
        r: vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p: vec![i.fx_px, 0.0, i.cx_px, 0.0, 0.0, i.fy_px, i.cy_px, 0.0, 0.0, 0.0, 1.0, 0.0],
        ..Default::default()
    }
}
