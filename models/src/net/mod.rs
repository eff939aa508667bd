//! Networks: tensors in, tensors out. Each file is one network as `Config` → `new(cfg, weights)` → `forward`, with named
//! presets and a `tiny()` that tests run whole. A room below the ring: it knows neither core's types nor files nor threads.
//! Every costly operation is taken from [`layers`], so that fast kernels stand behind one door.

pub mod attention;
pub mod cache;
pub mod decoder;
mod decoder_config;
pub mod janus;
pub mod layers;
pub mod lfm2;
mod lfm2_mix;
mod lfm2_state;
mod linear;
pub mod nano_eye;
mod nano_eye_config;
pub mod rope;
pub mod siglip;
pub mod vq;
mod vq_blocks;
mod vq_square;
pub mod weights;
