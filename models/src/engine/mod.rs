//! What turns networks into models that can be asked: weights, tokenizers, caches, sampling, grammars.

pub mod talk;
pub mod grammar;
pub mod lfm2_config;
pub mod network;
pub mod sample;
pub mod text;
pub mod write;
