//! Simulated robots in MuJoCo: the `World` stage of the ring with everything around it. Scenes are data ([`scene`]),
//! drawn for a seed ([`draw`]), built into a model ([`build`]) and run by [`SimWorld`]. Scenario files add what to do
//! in them ([`scenario`], [`task`]); the physics is judged ([`witness`], [`judge`]), never what the robot believes; the
//! [`harness`] runs episodes by the hundred.
//!
//! Knows neither models nor ROS. Pictures need EGL, everything else runs without.

pub mod build;
mod cameras;
pub mod choose;
pub mod condition;
pub mod disturb;
pub mod draw;
mod drive;
pub mod error;
pub mod ground_truth;
pub mod hand;
pub mod harness;
pub mod judge;
pub mod kinds;
pub mod lessons;
pub mod moment;
mod quiet;
pub mod record;
mod render;
pub mod rng;
pub mod robots;
pub mod scenario;
pub mod scene;
mod sense;
pub mod shapes;
pub mod staging;
mod start;
mod states;
pub mod stats;
pub mod suite;
pub mod task;
pub mod trial;
mod truth;
pub mod witness;
pub mod world;

pub use build::Built;
pub use cameras::Photographer;
pub use disturb::{Disturbance, Fault};
pub use error::SimError;
pub use ground_truth::GroundTruth;
pub use record::{SafetyRecord, Violation};
pub use scenario::{Scenario, Suite};
pub use scene::SceneSpec;
pub use world::{SimWorld, Snapshot};

#[cfg(test)]
mod tests;

/// Version of the MuJoCo library that is loaded.
pub fn mujoco_version() -> &'static str {
    mujoco_rs::mujoco_version()
}
