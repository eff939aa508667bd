//! How janus-nano learned to draw, and how well: first a code of pictures, by drawing again what was seen ([`code`]); then
//! all lessons as codes ([`written`]), and a language model that says the codes after the words ([`draw`]); then to be asked
//! about pictures, through an eye of its own ([`answer`]); and the examinations, in which eye-nano looks for what was to be
//! drawn ([`exam`]), and in which it is asked itself ([`asked`]). Outside the ring. The way is LlamaGen's (Sun et al.,
//! 2024) and Janus's (Wu et al., 2024), in small and without an adversary.

pub mod answer;
pub mod asked;
mod book;
pub mod code;
pub mod draw;
pub mod evidence;
pub mod exam;
pub mod lessons;
mod loss;
pub mod questions;
mod ship;
mod wordings;
pub mod words;
pub mod written;

pub use lessons::Drawings;
pub use ship::shape;

use std::path::PathBuf;

use super::TrainError;
use super::see::LessonsError;
use crate::engine::LoadError;

/// Prefix of the code's tensors in a Janus.
pub(crate) const CODE: &str = "gen_vision_model";

/// What may go wrong.
#[derive(Debug, thiserror::Error)]
pub enum ImagineError {
    /// The lessons can't be read.
    #[error(transparent)]
    Lessons(#[from] LessonsError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] candle_core::Error),
    /// The folder can't be written or read as a model.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The tokenizer refused a text, or lacks a token.
    #[error("the tokenizer: {0}")]
    Tokenizer(String),
    /// A file can't be read or written, or is none of ours.
    #[error("{path}: {why}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// How far a course is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Parameters that learn.
    pub parameters: usize,
    /// What it is measured by, averaged over the last steps.
    pub marks: Vec<(&'static str, f64)>,
    /// The gradient's norm.
    pub grad_norm: f64,
    /// The learning rate.
    pub lr: f64,
}
