//! What runs the networks: checkpoints from disk, tokens, sampling, grammars, a Janus that chats and draws, and writers that
//! think and answer. Between the networks and the adapters of the ring; knows files, but no ROS, no simulator and no network.

mod beginnings;
pub mod catalog;
pub mod chat;
pub mod checkpoint;
pub mod draw;
pub mod error;
mod fields;
mod files;
pub mod gguf;
pub mod gguf_shape;
mod gguf_words;
pub mod grammar;
pub mod hf_config;
pub mod house;
pub mod janus;
mod janus_config;
pub mod lfm2_config;
pub mod memory;
pub mod meter;
pub mod names;
pub mod network;
pub mod open;
pub mod place;
pub mod prompt;
mod reading;
pub mod refused;
pub mod sampling;
pub mod save;
mod shelf;
pub mod talk;
pub mod text;
pub mod tokenizer;
mod utf8;
pub mod write;

pub use chat::{ChatOptions, End, Reply};
pub use checkpoint::{Checkpoint, Options, decoder, networks};
pub use draw::{DrawOptions, Drawing};
pub use error::{LoadError, RunError};
pub use janus::Janus;
pub use prompt::{Message, Part, Role};
pub use sampling::{Sampler, Sampling};
pub use tokenizer::Tokenizer;
