//! The world: a simulator, a robot's drivers, or a journal. The only stage with the outside behind it.

use serde::{Deserialize, Serialize};

use crate::command::Applied;
use crate::guard::Checked;
use crate::observation::Observation;
use crate::robot::RobotSpec;

/// What an observation shall hold beyond joint states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Camera pictures.
    pub cameras: bool,
    /// The simulator's own knowledge, for the ground-truth baseline.
    pub truth: bool,
}

/// Why the world did not answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum WorldError {
    /// No joint states came.
    #[error("no joint states since {age_s:.2} s")]
    Silent {
        /// Age of the last.
        age_s: f64,
    },
    /// The simulator or driver failed and will not come back by itself.
    #[error("{0}")]
    Broken(String),
    /// A journal has no more observations.
    #[error("the journal ends here")]
    End,
}

/// A robot in its surroundings. Values in, values out; `observe`, `apply`, `advance` in this order every period.
pub trait World {
    /// The robot that is in it.
    fn robot(&self) -> &std::sync::Arc<RobotSpec>;

    /// Reads the senses into `into`, reusing its memory; `stamp` there is the world's clock. A world whose sensors are
    /// silent leaves the old values and returns `Silent`.
    ///
    /// # Errors
    /// [`WorldError`]: `Silent` may pass, the others end the run.
    fn observe(&mut self, want: Want, into: &mut Observation) -> Result<(), WorldError>;

    /// Hands a checked command to the actuators and says what was sent.
    ///
    /// # Errors
    /// [`WorldError::Broken`] when it could not be sent.
    fn apply(&mut self, command: &Checked) -> Result<Applied, WorldError>;

    /// Lets one control period pass: a simulator steps, a robot waits for its clock.
    ///
    /// # Errors
    /// [`WorldError`] when there is no next period.
    fn advance(&mut self) -> Result<(), WorldError>;

    /// The world's clock.
    fn now(&self) -> crate::Stamp;
}
