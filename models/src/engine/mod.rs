//! What turns networks into models that can be asked: weights, tokenizers, caches, sampling, grammars.

pub mod grammar;
pub mod write;
