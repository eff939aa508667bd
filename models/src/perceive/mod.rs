//! Perceivers that look at pictures. The Perceiver of the ring: a model says what it sees in words (`grounding` reads
//! them strictly), the depth picture says where that is (`locate`), names stay the same from look to look (`track`).

pub mod grounding;
pub mod locate;
pub mod nano;
mod sight;
mod track;

use ponder_core::image::CameraFrame;
use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Scene, SceneObject};
use ponder_core::thinker::Cancel;
use ponder_core::world::Want;

use crate::picture::Picture;
pub use nano::NanoPerceiver;
pub use sight::{Sight, SightError};

/// What a model is asked for a scene. What it answers is read by [`grounding::parse`].
pub const LIST_THINGS: &str = "List every object in the picture as JSON and nothing else: \
    [{\"label\": \"block\", \"color\": \"red\", \"box\": [left, top, right, bottom]}]. A label is one or two words. The \
    numbers of a box are whole, from 0 to 1000, in thousandths of the picture's width and height. No object: [].";

/// Says in words what is in a picture. Janus does; a test's double may.
pub trait Describer: Send {
    /// Name for banners and records.
    fn name(&self) -> &str;

    /// Answers a question about a picture; `None` if it was cancelled.
    ///
    /// # Errors
    /// Why the model failed, in words.
    fn describe(&mut self, picture: &Picture, question: &str, cancel: &Cancel) -> Result<Option<String>, String>;
}

/// Perceives by what a model says and a depth picture measures.
pub struct WordPerceiver<D> {
    describer: D,
    name: String,
}

/// Perceives with a Janus.
pub type JanusPerceiver = WordPerceiver<Sight>;

impl<D: Describer> WordPerceiver<D> {
    /// A perceiver that believes what `describer` says.
    pub fn new(describer: D) -> Self {
        Self { name: format!("{} + depth", describer.name()), describer }
    }

    fn look(&mut self, frame: &CameraFrame, cancel: &Cancel) -> Result<Vec<SceneObject>, PerceiveError> {
        let bad = |why: String| PerceiveError::BadImage { camera: frame.name.to_string(), why };
        let (width_px, height_px) = (frame.width_px, frame.height_px);
        if width_px == 0 || height_px == 0 || frame.rgb.len() != width_px * height_px * 3 {
            return Err(bad(format!("{} bytes of pixels for {width_px} × {height_px}", frame.rgb.len())));
        }
        match &frame.depth_m {
            None => return Err(PerceiveError::Missing("depth picture")),
            Some(depth) if depth.len() != width_px * height_px => {
                return Err(bad(format!("{} depths for {width_px} × {height_px} pixels", depth.len())));
            }
            Some(_) => {}
        }
        let picture = Picture { width_px, height_px, rgb: frame.rgb.to_vec() };
        let said = self.describer.describe(&picture, LIST_THINGS, cancel).map_err(PerceiveError::Failed)?;
        let said = said.ok_or(PerceiveError::Cancelled)?;
        let found = grounding::parse(&said).map_err(|error| PerceiveError::Failed(error.to_string()))?;
        let objects = found
            .iter()
            .filter_map(|found| locate::locate(frame, found.place).map(|at| track::object(found, &at, frame.stamp)));
        Ok(objects.collect())
    }
}

impl<D: Describer> Perceiver for WordPerceiver<D> {
    fn name(&self) -> &str {
        &self.name
    }

    fn wants(&self) -> Want {
        Want { cameras: true, truth: false }
    }

    fn perceive(&mut self, look: &Look, robot: &RobotSpec, cancel: &Cancel) -> Result<Scene, PerceiveError> {
        let observation = &look.observation;
        let frames = &observation.cameras;
        let mut objects = Vec::new();
        if frames.is_empty() {
            return Err(PerceiveError::Missing("camera picture"));
        }
        for frame in frames {
            let seen = self.look(frame, cancel)?;
            track::merge(&mut objects, seen);
        }
        track::name(&mut objects, look.before.as_deref());
        if let Some(before) = look.before.as_deref() {
            objects.extend(track::remembered(before, &objects, frames));
        }
        let stamp = frames.iter().map(|frame| frame.stamp).min().unwrap_or(observation.stamp);
        Ok(Scene {
            stamp,
            observation_seq: observation.seq,
            holding: track::held(&objects, observation, robot),
            objects,
            world_from_base: observation.base.map(|base| base.world_from_base),
        })
    }
}
