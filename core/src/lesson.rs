//! What a picture of a simulated scene teaches: where it was taken from, and what really stands in it. Written by the
//! simulator beside the pixels, read by whoever learns to see or is examined in it.

use serde::{Deserialize, Serialize};

use crate::Pose;
use crate::image::{CameraName, Intrinsics};
use crate::observation::Observation;
use crate::scene::{Color, Label, ObjectId, SceneObject};
use crate::view::View;

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
    /// Of `visible_px` those that don't show its handle, whose colour is not the thing's; lessons of before don't say.
    #[serde(default)]
    pub body_px: Option<f64>,
}

/// File with all pictures of lessons in drawing, u8 `[lessons, side, side, 4]`: red, green, blue and height, as
/// [`View`] has them.
pub const PIXELS_FILE: &str = "rgbh.u8";

/// What lessons in drawing have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawingShelf {
    /// How they were drawn: `train`, `held_out`, `unlike`.
    pub split: String,
    /// Seed of all of them.
    pub seed: u64,
    /// The camera.
    pub view: View,
}

/// A picture to be drawn, and the words for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawingLesson {
    /// Its number.
    pub number: u64,
    /// What a person may say to have it drawn, in several wordings; none: it is only to be asked about.
    pub captions: Vec<String>,
    /// What stands in it, all of it in sight.
    pub things: Vec<Named>,
    /// The robot's hand, where it can be asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand: Option<Hand>,
}

/// A hand in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hand {
    /// It holds nothing.
    Empty,
    /// It holds this one of the things.
    Holds(usize),
}

/// A thing as it is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Kind.
    pub label: Label,
    /// Colour.
    pub color: Color,
    /// What it is in or on, if it is not the table: its place among the things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests: Option<(Rests, usize)>,
    /// Where its middle shows, percent of the picture from the left and from the top, if that can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[u8; 2]>,
    /// Is it open? For what opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
}

impl Named {
    /// A thing of which no more is said.
    #[must_use]
    pub fn new(label: Label, color: Color, rests: Option<(Rests, usize)>) -> Self {
        Self { label, color, rests, at: None, open: None }
    }
}

/// How a thing rests on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rests {
    /// In it.
    In,
    /// On it.
    On,
}
