//! Learned perception: the eye of janus-nano, shipped alone as `eye-nano`, finds things in the robot's own pictures and says
//! what and where they are; names stay from look to look, what is hidden is remembered, what the fingers hold is judged
//! from joints. The Perceiver of the ring; nothing of a simulator's truth is used. How it learned: `train::see`.

pub mod code;
mod corner;
mod depth;
mod eye;
mod find;
mod flat;
mod hand;
mod hidden;
pub mod input;
pub mod kinds;
mod memory;
mod round;

use std::path::Path;
use std::sync::Arc;

pub use eye::{About, CONFIG_FILE, Eye, EyeError, WEIGHTS_FILE, hash};
pub use find::{Find, Likely};

use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Scene;
use ponder_core::thinker::Cancel;
use ponder_core::world::Want;

use depth::surface;
use memory::{Memory, merge};

/// What it is called: an encoder with heads, without a language part.
pub const NAME: &str = "eye-nano";

/// Perceives with an eye of its own training.
pub struct NanoPerceiver {
    eye: Arc<Eye>,
    memory: Memory,
}

impl NanoPerceiver {
    /// Opens a folder with a configuration and weights.
    ///
    /// # Errors
    /// [`EyeError`], naming the file and what to do.
    pub fn open(folder: &Path) -> Result<Self, EyeError> {
        Ok(Self::new(Eye::open(folder)?))
    }

    /// With an eye at hand.
    #[must_use]
    pub fn new(eye: impl Into<Arc<Eye>>) -> Self {
        Self { eye: eye.into(), memory: Memory::default() }
    }
}

impl Perceiver for NanoPerceiver {
    fn name(&self) -> &str {
        NAME
    }

    fn wants(&self) -> Want {
        Want { cameras: true, truth: false }
    }

    fn perceive(&mut self, look: &Look, robot: &RobotSpec, cancel: &Cancel) -> Result<Scene, PerceiveError> {
        let observation = &look.observation;
        let frames = &observation.cameras;
        if frames.is_empty() {
            return Err(PerceiveError::Missing("camera picture"));
        }
        let mut finds: Vec<Find> = Vec::new();
        for (i, frame) in frames.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(PerceiveError::Cancelled);
            }
            let mut seen = self.eye.find(frame).map_err(|error| match error {
                EyeError::Picture(why) => PerceiveError::BadImage { camera: frame.name.to_string(), why },
                other => PerceiveError::Failed(other.to_string()),
            })?;
            let before = look.before.iter().flat_map(|scene| &scene.objects);
            surface(&mut seen, before.chain(finds.iter().map(|find| &find.object)));
            merge(&mut finds, seen, &frames[..i]);
        }
        let (objects, holding) = self.memory.take(finds, look, robot);
        let stamp = frames.iter().map(|frame| frame.stamp).min().unwrap_or(observation.stamp);
        Ok(Scene {
            stamp,
            observation_seq: observation.seq,
            objects,
            holding,
            world_from_base: observation.base.map(|base| base.world_from_base),
        })
    }
}
