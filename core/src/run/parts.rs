//! What a ring is made of, and how often things may be tried.

use serde::{Deserialize, Serialize};

use crate::controller::Controller;
use crate::perceiver::{Look, PerceiveError};
use crate::reasoner::{Answer, Question, ReasonError};
use crate::scene::Scene;
use crate::sink::Sink;
use crate::thinker::Thinker;
use crate::world::{Want, World};

/// A perceiver in its mailbox.
pub type Eyes = Box<dyn Thinker<Look, Result<Scene, PerceiveError>>>;
/// A reasoner in its mailbox.
pub type Mind = Box<dyn Thinker<Question, Result<Answer, ReasonError>>>;

/// The stages of one ring.
pub struct Parts {
    /// The world.
    pub world: Box<dyn World>,
    /// The perceiver.
    pub eyes: Eyes,
    /// What the perceiver needs in an observation.
    pub wants: Want,
    /// The reasoner.
    pub mind: Mind,
    /// The controller.
    pub controller: Box<dyn Controller>,
    /// Told everything.
    pub sinks: Vec<Box<dyn Sink>>,
}

/// How often things may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// New plans after failures.
    pub replans: usize,
    /// Drafts that the checker may refuse in a row.
    pub rejected_drafts: usize,
    /// Pictures for the sinks at least this often, seconds; `None`: only those the perceiver needs.
    pub film_every_s: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { replans: 4, rejected_drafts: 2, film_every_s: None }
    }
}
