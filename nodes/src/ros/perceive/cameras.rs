//! The robot's cameras as `perceive` has them: the newest picture of each with its depths, its intrinsics and, by tf,
//! its place. Pictures of a node in the same process are taken as they are ([`frames`]); others are heard, and only
//! while somebody wants them: a picture is the dearest message there is. What can't be used is kept as the reason.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use arrayvec::ArrayVec;
use ponder_core::Stamp;
use ponder_core::frames::Frames;
use ponder_core::image::{CameraFrame, CameraName, Intrinsics};
use ponder_core::observation::MAX_CAMERAS;
use ponder_core::robot_file::RobotFile;
use r2r::sensor_msgs::msg::{CameraInfo, Image};
use r2r::tf2_msgs::msg::TFMessage;

use crate::ros::convert;
use crate::ros::frames;
use crate::ros::host::{Host, RosError, Task};
use crate::ros::picture::Picture;
use crate::ros::topics;

/// An older picture shows what may not be so any more, seconds.
pub const OLD_S: f64 = 1.0;
/// Depths count with a picture taken at most so long before or after, seconds.
const TOGETHER_S: f64 = 0.05;
/// Transforms count at most so long before or after a picture, seconds.
const PLACED_S: f64 = 0.25;
/// Pictures may be ahead of the clock, which travels on a way of its own, seconds.
const AHEAD_S: f64 = 0.5;

type Latest<T> = Option<Result<T, String>>;

/// Colours or depths that were heard.
#[derive(Clone)]
struct Heard<T> {
    stamp: Stamp,
    frame_id: String,
    size_px: (usize, usize),
    pixels: Arc<[T]>,
}

#[derive(Default)]
struct Camera {
    color: Latest<Heard<u8>>,
    depth: Latest<Heard<f32>>,
    info: Latest<(Intrinsics, (usize, usize))>,
}

struct Ear {
    name: CameraName,
    /// Where its topics are, and its pictures.
    at: String,
    image: String,
    heard: Rc<RefCell<Camera>>,
    tasks: Vec<Task>,
}

/// See the module.
pub struct Cameras {
    ears: Vec<Ear>,
    placed: Rc<RefCell<Frames>>,
    world_frame: String,
    _tf: [Task; 2],
}

impl Cameras {
    /// Of a robot; hears only where the cameras are until pictures are wanted.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn new(host: &Host, file: &RobotFile, topic: &dyn Fn(&str) -> String) -> Result<Self, RosError> {
        let placed = Rc::new(RefCell::new(Frames::default()));
        let hear = |name: &str, qos, fixed: bool| {
            let placed = placed.clone();
            host.subscribe(name, qos, move |message: TFMessage| {
                for told in &message.transforms {
                    // What can't be kept is missed when it is asked for.
                    if let Ok(pose) = convert::transform(told) {
                        let (parent, child) = (&told.header.frame_id, &told.child_frame_id);
                        let stamp = convert::stamp(&told.header.stamp);
                        drop(placed.borrow_mut().tell(parent, child, stamp, pose, fixed));
                    }
                }
            })
        };
        let deep = topics::sensor().keep_last(100);
        let tf = [hear("/tf", deep, false)?, hear("/tf_static", topics::latched().keep_last(100), true)?];
        let ear = |name: &String| {
            let at = topic(&file.ros.camera_topic(name));
            let name = CameraName::from(name).map_err(|e| format!("the name of a camera: {e}"))?;
            Ok(Ear { name, image: format!("{at}/image_raw"), at, heard: Rc::default(), tasks: Vec::new() })
        };
        let ears = file.cameras.iter().map(ear).collect::<Result<_, String>>();
        let ears = ears.map_err(|why| RosError::Begin { node: host.full_name().to_owned(), why })?;
        Ok(Self { ears, placed, world_frame: file.ros.world_frame.clone(), _tf: tf })
    }

    /// The cameras' names, as the robot file has them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.ears.iter().map(|ear| ear.name.as_str())
    }

    /// Begins or ceases to hear pictures.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn want(&mut self, host: &Host, wanted: bool) -> Result<(), RosError> {
        for ear in &mut self.ears {
            let far = wanted && !frames::is_near(&ear.image);
            if far && ear.tasks.is_empty() {
                ear.listen(host)?;
            } else if !far && !ear.tasks.is_empty() {
                ear.tasks.clear();
                *ear.heard.borrow_mut() = Camera::default();
            }
        }
        Ok(())
    }

    /// Forgets what was seen and where what moves was: the clock has jumped.
    pub fn forget(&mut self) {
        self.placed.borrow_mut().forget_motion();
        self.ears.iter().for_each(|ear| *ear.heard.borrow_mut() = Camera::default());
    }

    /// The newest picture of every camera.
    ///
    /// # Errors
    /// Which camera has none that can be used, and why.
    pub fn pictures(&self, now: Stamp) -> Result<ArrayVec<CameraFrame, MAX_CAMERAS>, String> {
        let picture = |ear: &Ear| Ok(ear.picture(&self.placed.borrow(), &self.world_frame, now)?.0);
        self.ears.iter().map(|ear| picture(ear).map_err(|why: String| format!("camera {}: {why}", ear.name))).collect()
    }

    /// The newest picture of one camera, and the coordinate frame that it was taken in.
    ///
    /// # Errors
    /// Why there is none that can be used.
    pub fn picture(&self, name: &str, now: Stamp) -> Result<(CameraFrame, String), String> {
        let ear = self.ears.iter().find(|ear| ear.name.as_str() == name).ok_or("there is no such camera")?;
        ear.picture(&self.placed.borrow(), &self.world_frame, now)
    }
}

impl Ear {
    fn listen(&mut self, host: &Host) -> Result<(), RosError> {
        let color = self.heard.clone();
        let color = host.subscribe(&self.image, topics::sensor(), move |message: Image| {
            color.borrow_mut().color = Some(parse(message, Picture::rgb, "depths where colours should be"));
        })?;
        let depth = self.heard.clone();
        let depth =
            host.subscribe(&format!("{}/depth/image_raw", self.at), topics::sensor(), move |message: Image| {
                depth.borrow_mut().depth = Some(parse(message, Picture::depths_m, "colours where depths should be"));
            })?;
        let info = self.heard.clone();
        let info =
            host.subscribe(&format!("{}/camera_info", self.at), topics::sensor(), move |message: CameraInfo| {
                info.borrow_mut().info = Some(intrinsics(&message));
            })?;
        self.tasks = vec![color, depth, info];
        Ok(())
    }

    fn picture(&self, placed: &Frames, world_frame: &str, now: Stamp) -> Result<(CameraFrame, String), String> {
        let (frame, frame_id) = if frames::is_near(&self.image) {
            frames::latest(&self.image).ok_or("no picture yet")?
        } else {
            self.joined(placed, world_frame)?
        };
        let age_s = now.since_s(frame.stamp);
        if age_s > OLD_S {
            return Err(format!("its last picture is {age_s:.1} s old: silent or frozen"));
        }
        if age_s < -AHEAD_S {
            return Err(format!("its picture is {:.1} s from the future", -age_s));
        }
        Ok((frame, frame_id))
    }

    /// What was heard, as one frame.
    fn joined(&self, placed: &Frames, world_frame: &str) -> Result<(CameraFrame, String), String> {
        let heard = self.heard.borrow();
        let color = heard.color.as_ref().ok_or("no picture yet")?.as_ref().map_err(String::clone)?;
        let info = heard.info.as_ref().ok_or("no camera_info yet")?.as_ref().map_err(String::clone)?;
        if info.1 != color.size_px {
            let ((w, h), (iw, ih)) = (color.size_px, info.1);
            return Err(format!("its picture has {w} x {h} pixels and its camera_info {iw} x {ih}"));
        }
        let together = |depth: &&Heard<f32>| {
            depth.size_px == color.size_px && depth.stamp.since_s(color.stamp).abs() <= TOGETHER_S
        };
        let depth = heard.depth.as_ref().map(|depth| depth.as_ref().map_err(String::clone)).transpose()?;
        let frame = CameraFrame {
            name: self.name,
            stamp: color.stamp,
            width_px: color.size_px.0,
            height_px: color.size_px.1,
            rgb: color.pixels.clone(),
            depth_m: depth.filter(together).map(|depth| depth.pixels.clone()),
            intrinsics: info.0,
            world_from_camera: placed
                .pose(world_frame, &color.frame_id, color.stamp, PLACED_S)
                .map_err(|e| e.to_string())?,
        };
        Ok((frame, color.frame_id.clone()))
    }
}

fn parse<T>(
    message: Image,
    pixels: fn(&Picture) -> Option<Vec<T>>,
    otherwise: &'static str,
) -> Result<Heard<T>, String> {
    let stamp = convert::stamp(&message.header.stamp);
    let frame_id = message.header.frame_id.clone();
    let picture = Picture::of(message)?;
    let pixels = pixels(&picture).ok_or(otherwise)?;
    Ok(Heard { stamp, frame_id, size_px: picture.size_px(), pixels: pixels.into() })
}

/// Of the rectified picture where the message tells of one (`p`), as image_geometry does; else of the raw (`k`).
fn intrinsics(message: &CameraInfo) -> Result<(Intrinsics, (usize, usize)), String> {
    let of = |m: &[f64], fy: usize, cy: usize| match m {
        [fx, _, cx, ..] if m.len() > cy => {
            Some(Intrinsics { fx_px: *fx, fy_px: m[fy], cx_px: *cx, cy_px: m[cy] }).filter(is_sound)
        }
        _ => None,
    };
    let found = of(&message.p, 5, 6).or_else(|| of(&message.k, 4, 5));
    let found = found.ok_or("its camera_info has no focal length")?;
    Ok((found, (message.width as usize, message.height as usize)))
}

fn is_sound(i: &Intrinsics) -> bool {
    let ahead = |f: f64| f.is_finite() && f > 0.0;
    ahead(i.fx_px) && ahead(i.fy_px) && i.cx_px.is_finite() && i.cy_px.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intrinsics_are_of_the_rectified_picture_where_there_is_one() {
        let k = vec![500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0];
        let p = vec![400.0, 0.0, 300.0, 0.0, 0.0, 410.0, 200.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let info = |k: &[f64], p: &[f64]| CameraInfo { k: k.to_vec(), p: p.to_vec(), ..Default::default() };
        assert_eq!(intrinsics(&info(&k, &p)).unwrap().0.fy_px, 410.0);
        assert_eq!(intrinsics(&info(&k, &[0.0; 12])).unwrap().0.cy_px, 240.0);
        for bad in [vec![], vec![0.0; 9], vec![f64::NAN; 9], vec![-1.0; 9]] {
            assert!(intrinsics(&info(&bad, &[])).is_err(), "{bad:?}");
        }
    }
}
