//! Simulated robots in MuJoCo: the `World` stage of the ring with everything around it. Scenes are data ([`scene`]),
//! drawn for a seed ([`draw`]), built into a model ([`build`]) and run by [`SimWorld`].
//!
//! Knows neither models nor ROS. Pictures need EGL, everything else runs without.

pub mod build;
mod cameras;
pub mod disturb;
pub mod draw;
mod drive;
pub mod error;
pub mod kinds;
mod quiet;
pub mod record;
mod render;
pub mod rng;
pub mod robots;
pub mod scene;
mod sense;
pub mod shapes;
mod start;
mod states;
mod truth;
pub mod world;

pub use build::Built;
pub use disturb::{Disturbance, Fault};
pub use error::SimError;
pub use record::{SafetyRecord, Violation};
pub use scene::SceneSpec;
pub use world::{SimWorld, Snapshot};

#[cfg(test)]
mod tests;
