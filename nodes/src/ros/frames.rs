//! Pictures between nodes of one process, handed over as they are: the newest frame of every camera by its topic. Who
//! makes pictures puts each here before it goes to the graph; who sees in the same process takes it from here, and no
//! pixel is copied. Between processes there is the topic.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use ponder_core::image::CameraFrame;

/// What one camera shows.
#[derive(Debug)]
struct Latest {
    frame_id: String,
    frame: Mutex<Option<CameraFrame>>,
}

/// Cameras of this process, as long as whoever makes their pictures lives.
fn cameras() -> MutexGuard<'static, HashMap<String, Weak<Latest>>> {
    static CAMERAS: OnceLock<Mutex<HashMap<String, Weak<Latest>>>> = OnceLock::new();
    CAMERAS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where one camera's pictures are put. When it is dropped, there are none.
#[derive(Debug)]
pub struct Outlet(Arc<Latest>);

impl Outlet {
    /// For a topic by its full name, its pictures taken in that coordinate frame; it takes the place of one of the same name.
    pub fn new(topic: &str, frame_id: &str) -> Self {
        let latest = Arc::new(Latest { frame_id: frame_id.to_owned(), frame: Mutex::default() });
        let mut cameras = cameras();
        cameras.retain(|_, camera| camera.strong_count() > 0);
        cameras.insert(topic.to_owned(), Arc::downgrade(&latest));
        Self(latest)
    }

    /// Puts the newest picture; its pixels are shared, not copied.
    pub fn put(&self, frame: &CameraFrame) {
        *self.0.frame.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame.clone());
    }
}

/// The newest picture of a topic that a node of this process makes, and its coordinate frame; `None`: none makes it (hear
/// the topic), or none is there yet.
pub fn latest(topic: &str) -> Option<(CameraFrame, String)> {
    let camera = cameras().get(topic)?.upgrade()?;
    let frame = camera.frame.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
    Some((frame, camera.frame_id.clone()))
}

/// Does a node of this process make the pictures of a topic?
pub fn is_near(topic: &str) -> bool {
    cameras().get(topic).is_some_and(|camera| camera.strong_count() > 0)
}

#[cfg(test)]
mod tests {
    use ponder_core::image::{CameraName, Intrinsics};
    use ponder_core::{Pose, Stamp};

    use super::*;

    fn frame(stamp: u64) -> CameraFrame {
        CameraFrame {
            name: CameraName::from("scene").unwrap(),
            stamp: Stamp(stamp),
            width_px: 2,
            height_px: 1,
            rgb: Arc::from([1, 2, 3, 4, 5, 6]),
            depth_m: Some(Arc::from([0.5, 0.75])),
            intrinsics: Intrinsics { fx_px: 1.0, fy_px: 1.0, cx_px: 0.5, cy_px: 0.5 },
            world_from_camera: Pose::identity(),
        }
    }

    #[test]
    fn the_newest_picture_arrives_on_another_thread_without_a_copy() {
        let outlet = Outlet::new("/test/near/image_raw", "near_optical_frame");
        assert!(is_near("/test/near/image_raw") && latest("/test/near/image_raw").is_none());
        outlet.put(&frame(1));
        let second = frame(2);
        outlet.put(&second);
        let (taken, frame_id) = std::thread::spawn(|| latest("/test/near/image_raw")).join().unwrap().unwrap();
        assert_eq!((taken.stamp, frame_id.as_str()), (Stamp(2), "near_optical_frame"));
        assert!(Arc::ptr_eq(&taken.rgb, &second.rgb), "the pixels were copied");
        let (taken, put) = (taken.depth_m.unwrap(), second.depth_m.as_ref().unwrap());
        assert!(Arc::ptr_eq(&taken, put), "the depths were copied");
        assert_eq!(Arc::strong_count(put), 3, "ours, the outlet's and the taker's");
    }

    #[test]
    fn pictures_go_with_their_maker_and_a_new_maker_takes_the_place() {
        let topic = "/test/gone/image_raw";
        let first = Outlet::new(topic, "f");
        first.put(&frame(1));
        let second = Outlet::new(topic, "f");
        assert!(latest(topic).is_none(), "the new maker has none yet");
        second.put(&frame(2));
        drop(first);
        assert_eq!(latest(topic).map(|(frame, _)| frame.stamp), Some(Stamp(2)));
        drop(second);
        assert!(latest(topic).is_none() && !is_near(topic));
    }
}
