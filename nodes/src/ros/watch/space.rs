//! Where things are: transforms with their frames' names kept, cameras, and what they see; odometry and poses.
//!
//! Every frame is an entity `tf/NAME`; what has a `frame_id` is attached to that frame by name. A camera is a plane
//! before its frame: the pictures beside its `camera_info`, or of its frame where there is none beside, lie on it.

use std::collections::BTreeMap;

use r2r::geometry_msgs::msg::{Point, Pose, PoseStamped, Quaternion, TransformStamped};
use r2r::nav_msgs::msg::Odometry;
use r2r::sensor_msgs::msg::{CameraInfo, CompressedImage, Image};
use r2r::tf2_msgs::msg::TFMessage;
use rerun::{Pinhole, Scalars, Transform3D, TransformAxes3D};

use super::painter::What;
use super::pen::{Pen, below};
use super::picture;
use super::table::Topic;
use crate::ros::picture::Picture;

/// Most frames and cameras that are kept in mind.
const MOST: usize = 4096;
/// Length of the axes of a pose, metres.
const AXES_M: f32 = 0.15;
/// Distance of a camera's plane where it is drawn, metres.
const PLANE_M: f32 = 0.12;

#[derive(Clone, PartialEq)]
struct Placed {
    parent: String,
    at: [f32; 3],
    turned: [f32; 4],
}

impl Placed {
    fn of(message: &TransformStamped) -> Result<(String, Self), &'static str> {
        let (parent, child) = (frame(&message.header.frame_id), frame(&message.child_frame_id));
        if parent.is_empty() || child.is_empty() || parent == child {
            return Err("a transform from nowhere, to nowhere, or to itself");
        }
        let t = &message.transform.translation;
        let at = [t.x, t.y, t.z].map(|x| x as f32);
        let turned = quaternion(&message.transform.rotation).ok_or("a transform whose rotation is none")?;
        if !at.iter().all(|x| x.is_finite()) {
            return Err("a transform that is not finite");
        }
        Ok((child.to_owned(), Self { parent: parent.to_owned(), at, turned }))
    }

    fn archetype(&self, child: &str) -> Transform3D {
        Transform3D::from_translation(self.at)
            .with_quaternion(rerun::Quaternion::from_xyzw(self.turned))
            .with_child_frame(child)
            .with_parent_frame(self.parent.as_str())
    }
}

/// Frames and cameras.
#[derive(Default)]
pub struct Frames {
    still: BTreeMap<String, Placed>,
    moving: BTreeMap<String, Placed>,
    /// By the namespace of their topics.
    cameras: BTreeMap<String, (String, [f64; 9], [u32; 2])>,
}

impl Frames {
    /// What moves, and what is seen of it, is told anew in a new run; what stands still is not.
    pub fn new_run(&mut self) {
        self.moving.clear();
        self.cameras.clear();
    }

    /// Writes what stands still: nobody will tell it again.
    pub fn write_known(pen: &mut Pen) {
        let still = std::mem::take(&mut pen.frames.still);
        for (child, placed) in &still {
            pen.write_static(below("tf", child), &placed.archetype(child));
        }
        pen.frames.still = still;
    }

    /// The frame of a picture: the plane of the camera beside it, or of one in the same frame, or the frame itself.
    pub fn of_picture(&self, topic: &str, frame_id: &str) -> String {
        let beside = namespace(topic);
        if self.cameras.contains_key(beside) {
            return plane(beside);
        }
        let same = self.cameras.iter().find(|(_, (of, ..))| of == frame(frame_id));
        same.map_or_else(|| frame(frame_id).to_owned(), |(at, _)| plane(at))
    }
}

/// A frame's name, without the `/` that some still put first.
pub fn frame(name: &str) -> &str {
    name.trim_start_matches('/')
}

fn plane(namespace: &str) -> String {
    format!("{}/image_plane", frame(namespace))
}

/// Where a topic lies, without its transport: of `/cam/image_raw/compressed` it is `/cam`.
fn namespace(topic: &str) -> &str {
    let plain = ["/compressed", "/compressedDepth"].iter().find_map(|transport| topic.strip_suffix(transport));
    plain.unwrap_or(topic).rsplit_once('/').map_or("", |(namespace, _)| namespace)
}

/// A rotation as rerun takes it, x y z w; none where there is none.
pub fn quaternion(q: &Quaternion) -> Option<[f32; 4]> {
    let all = [q.x, q.y, q.z, q.w];
    let norm = all.iter().map(|x| x * x).sum::<f64>().sqrt();
    (norm.is_finite() && norm > 1e-6).then(|| all.map(|x| (x / norm) as f32))
}

/// A place as rerun takes it.
pub fn vec3(p: &Point) -> [f32; 3] {
    [p.x as f32, p.y as f32, p.z as f32]
}

/// `/tf` and `/tf_static`: an entity for every frame.
pub fn transforms(pen: &mut Pen, topic: &mut Topic, message: TFMessage) {
    let still = topic.name.ends_with("tf_static");
    for transform in &message.transforms {
        let (child, placed) = match Placed::of(transform) {
            Ok(placed) => placed,
            Err(why) => {
                pen.warn_once(&topic.name, &format!("{why}: {}", transform.child_frame_id));
                continue;
            }
        };
        let known = if still { &mut pen.frames.still } else { &mut pen.frames.moving };
        if known.get(&child) == Some(&placed) {
            continue; // it is where it was
        }
        if known.len() < MOST || known.contains_key(&child) {
            known.insert(child.clone(), placed.clone());
        }
        if still {
            pen.write_static(below("tf", &child), &placed.archetype(&child));
        } else {
            pen.at(topic, &transform.header.stamp);
            pen.write(below("tf", &child), &placed.archetype(&child));
        }
    }
}

/// A camera's pinhole, when it is new or has changed.
pub fn camera(pen: &mut Pen, topic: &mut Topic, message: CameraInfo) {
    pen.at(topic, &message.header.stamp);
    let k: Option<[f64; 9]> = message.k.as_slice().try_into().ok();
    let of = frame(&message.header.frame_id).to_owned();
    let Some(k) = k.filter(|k| k.iter().all(|x| x.is_finite()) && k[0] > 0.0 && k[4] > 0.0 && !of.is_empty()) else {
        return pen.warn_once(&topic.name, "the camera is not calibrated, or has no frame");
    };
    let at = namespace(&topic.name).to_owned();
    let camera = (of, k, [message.width, message.height]);
    let full = pen.frames.cameras.len() >= MOST && !pen.frames.cameras.contains_key(&at);
    if full || pen.frames.cameras.get(&at) == Some(&camera) {
        return;
    }
    let [width, height] = camera.2.map(|pixels| pixels as f32);
    let pinhole = Pinhole::from_focal_length_and_resolution([k[0] as f32, k[4] as f32], [width, height])
        .with_principal_point([k[2] as f32, k[5] as f32])
        .with_camera_xyz(rerun::components::ViewCoordinates::RDF)
        .with_image_plane_distance(PLANE_M)
        .with_parent_frame(camera.0.as_str())
        .with_child_frame(plane(&at));
    let path = topic.path.clone();
    pen.attach(&path, &camera.0);
    pen.write_static(path.as_str(), &pinhole);
    // A view of everything beside the camera looks at its plane.
    if !frame(&at).is_empty() {
        pen.attach(frame(&at), &plane(&at));
    }
    pen.frames.cameras.insert(at, camera);
}

/// A picture.
pub fn image(pen: &mut Pen, topic: &mut Topic, message: Image) {
    pen.at(topic, &message.header.stamp);
    let plane = pen.frames.of_picture(&topic.name, &message.header.frame_id);
    match Picture::of(message) {
        Ok(picture) => {
            let path = topic.path.clone();
            pen.attach(&path, &plane);
            pen.paint(topic, What::Picture(picture));
        }
        Err(why) => pen.warn_once(&topic.name, &why),
    }
}

/// A picture that comes encoded.
pub fn compressed(pen: &mut Pen, topic: &mut Topic, message: CompressedImage) {
    pen.at(topic, &message.header.stamp);
    let plane = pen.frames.of_picture(&topic.name, &message.header.frame_id);
    match picture::compressed(message) {
        Ok(what) => {
            let path = topic.path.clone();
            pen.attach(&path, &plane);
            pen.paint(topic, what);
        }
        Err(why) => pen.warn_once(&topic.name, &why),
    }
}

/// A pose: axes in its frame, and curves.
pub fn pose(pen: &mut Pen, topic: &mut Topic, message: PoseStamped) {
    pen.at(topic, &message.header.stamp);
    if pen.due(topic, "position") {
        place(pen, topic, &message.header.frame_id, &message.pose);
    }
}

/// Odometry: axes in its frame, and curves of where and how fast.
pub fn odometry(pen: &mut Pen, topic: &mut Topic, message: Odometry) {
    pen.at(topic, &message.header.stamp);
    if pen.due(topic, "position") {
        place(pen, topic, &message.header.frame_id, &message.pose.pose);
        super::curves::velocity(pen, topic, &message.twist.twist);
    }
}

fn place(pen: &mut Pen, topic: &mut Topic, frame_id: &str, pose: &Pose) {
    let (path, p) = (topic.below("position"), &pose.position);
    super::curves::named(pen, topic, "position", &["x, m", "y, m", "z, m", "heading, rad"]);
    if pen.first(&topic.below("pose")) {
        pen.write_static(topic.below("pose").as_str(), &TransformAxes3D::new(AXES_M));
    }
    let q = &pose.orientation;
    let heading = (2.0 * (q.w * q.z + q.x * q.y)).atan2(1.0 - 2.0 * (q.y * q.y + q.z * q.z));
    pen.write(path.as_str(), &Scalars::new([p.x, p.y, p.z, heading]));
    let of = frame(frame_id);
    match quaternion(q).filter(|_| !of.is_empty() && vec3(p).iter().all(|x| x.is_finite())) {
        None => pen.warn_once(&topic.name, "a pose without a frame, or not finite"),
        Some(turned) => {
            // The axes' own frame is that of their entity; only where it is depends on the message's.
            let at = Transform3D::from_translation(vec3(p))
                .with_quaternion(rerun::Quaternion::from_xyzw(turned))
                .with_parent_frame(of);
            pen.write(topic.below("pose").as_str(), &at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_lies_on_the_plane_of_the_camera_beside_it_or_of_one_in_its_frame() {
        assert_eq!(namespace("/cam/image_raw/compressed"), "/cam");
        assert_eq!(namespace("/image"), "");
        let mut frames = Frames::default();
        assert_eq!(frames.of_picture("/cam/image_raw", "/optical"), "optical");
        frames.cameras.insert("/cam".to_owned(), ("optical".to_owned(), [1.0; 9], [2, 2]));
        assert_eq!(frames.of_picture("/cam/image_raw", "optical"), "cam/image_plane");
        assert_eq!(frames.of_picture("/cam/depth/image_raw", "optical"), "cam/image_plane", "of the same frame");
        assert_eq!(frames.of_picture("/other/image_raw", "elsewhere"), "elsewhere");
    }

    #[test]
    fn transforms_that_are_none_are_refused() {
        let mut message = TransformStamped { child_frame_id: "b".to_owned(), ..Default::default() };
        message.header.frame_id = "/a".to_owned();
        message.transform.rotation.w = 0.0;
        assert!(Placed::of(&message).is_err(), "a rotation of zeros");
        message.transform.rotation.w = 2.0;
        let (child, placed) = Placed::of(&message).unwrap();
        assert_eq!((child.as_str(), placed.parent.as_str(), placed.turned[3]), ("b", "a", 1.0));
        message.transform.translation.x = f64::NAN;
        assert!(Placed::of(&message).is_err());
        message.transform.translation.x = 0.0;
        message.child_frame_id = "a".to_owned();
        assert!(Placed::of(&message).is_err(), "to itself");
    }
}
