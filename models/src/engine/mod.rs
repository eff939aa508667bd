//! What runs the networks: checkpoints from disk, tokens, sampling, and a Janus that chats and draws. Between the networks
//! and the adapters of the ring; knows files, but no ROS, no simulator and no network.

pub mod checkpoint;
pub mod error;
mod fields;
mod files;
pub mod hf_config;
mod janus_config;
pub mod memory;
pub mod names;
pub mod save;

pub use checkpoint::{Checkpoint, Options, decoder, networks};
pub use error::LoadError;
