//! What runs the networks: checkpoints from disk, tokens, sampling, and a Janus that chats and draws. Between the networks
//! and the adapters of the ring; knows files, but no ROS, no simulator and no network.

pub mod catalog;
pub mod chat;
pub mod checkpoint;
pub mod draw;
pub mod error;
mod fields;
mod files;
pub mod hf_config;
pub mod janus;
mod janus_config;
pub mod memory;
pub mod names;
pub mod place;
pub mod prompt;
pub mod sampling;
pub mod save;
mod shelf;
pub mod tokenizer;

pub use chat::{ChatOptions, End, Reply};
pub use checkpoint::{Checkpoint, Options, decoder, networks};
pub use draw::{DrawOptions, Drawing};
pub use error::{LoadError, RunError};
pub use janus::Janus;
pub use prompt::{Message, Part, Role};
pub use sampling::{Sampler, Sampling};
pub use tokenizer::Tokenizer;
