//! Perceivers turn observations into scenes. Slow: run behind a thinker, latest frame wins.

use std::sync::Arc;

use crate::observation::Observation;
use crate::robot::RobotSpec;
use crate::scene::Scene;
use crate::thinker::Cancel;
use crate::world::Want;

/// Why there is no scene.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PerceiveError {
    /// The observation lacks what this perceiver needs.
    #[error("the observation has no {0}")]
    Missing(&'static str),
    /// A picture can't be used.
    #[error("camera {camera}: {why}")]
    BadImage {
        /// Which.
        camera: String,
        /// Why.
        why: String,
    },
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The model failed.
    #[error("{0}")]
    Failed(String),
}

/// What a perceiver is asked.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What the senses say.
    pub observation: Observation,
    /// The scene believed before, for names that stay and things out of view.
    pub before: Option<Arc<Scene>>,
}

/// Sees.
pub trait Perceiver: Send {
    /// Name for banners and records, e.g. `ground-truth (baseline)`.
    fn name(&self) -> &str;

    /// What it needs in an observation.
    fn wants(&self) -> Want;

    /// Makes a scene.
    ///
    /// # Errors
    /// [`PerceiveError`]; never a made-up scene.
    fn perceive(&mut self, look: &Look, robot: &RobotSpec, cancel: &Cancel) -> Result<Scene, PerceiveError>;
}
