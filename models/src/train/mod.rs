//! How the models of this crate learn.

pub mod think;
