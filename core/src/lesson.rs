//! What a picture of a simulated scene teaches: where it was taken from, and what really stands in it. Written by the
//! simulator beside the pixels, read by whoever learns to see or is examined in it.

use serde::{Deserialize, Serialize};

use crate::Pose;
use crate::image::{CameraName, Intrinsics};
use crate::observation::Observation;
use crate::scene::{ObjectId, SceneObject};

/// Depths are written in so many steps a metre, 0 where nothing is: 16 bits reach 16 m.
pub const DEPTH_STEPS_PER_M: f32 = 4000.0;
/// File with what every lesson of a folder has in common: a [`Shelf`] as JSON.
pub const SHELF_FILE: &str = "lessons.json";
/// File with one [`Lesson`] a line, JSON.
pub const LESSONS_FILE: &str = "lessons.jsonl";
/// File with all pictures, RGB u8 `[lessons, h, w, 3]`.
pub const RGB_FILE: &str = "rgb.u8";
/// File with all depths, little-endian u16 `[lessons, h, w]`, steps of [`DEPTH_STEPS_PER_M`].
pub const DEPTH_FILE: &str = "depth.u16";

/// What the lessons of a folder have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    /// How they were drawn: `train`, `held_out`, `unlike`, `suites`.
    pub split: String,
    /// Seed of all of them.
    pub seed: u64,
    /// Columns of each picture.
    pub width_px: usize,
    /// Rows of each picture.
    pub height_px: usize,
}

/// One picture and what stands in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Number of its scene; several pictures are taken of one.
    pub scene: u64,
    /// Scenario that its scene is like, or `free`.
    pub from: String,
    /// Which camera.
    pub camera: CameraName,
    /// Pinhole model of the picture as it is written.
    pub intrinsics: Intrinsics,
    /// Pose of the optical frame in the world.
    pub world_from_camera: Pose,
    /// What the robot's other senses said.
    pub observation: Observation,
    /// What the fingers hold.
    pub holding: Option<ObjectId>,
    /// Every object, in the picture or not.
    pub objects: Vec<Sighting>,
}

/// An object and how much of it a picture shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// As it really is.
    pub object: SceneObject,
    /// Pixels of the picture that show it.
    pub visible_px: f64,
    /// Pixels that would show it if nothing stood before it and the picture had no edge.
    pub whole_px: f64,
}
