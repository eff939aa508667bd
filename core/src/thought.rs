//! What the reasoner said while it thought. For people and for the record: nothing branches on it.

use serde::{Deserialize, Serialize};

use crate::scene::ObjectId;

/// Free text thought before a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Thought {
    /// The words, in the language of the instruction where the reasoner can.
    pub text: String,
    /// Tokens (or words, for reasoners without a tokenizer) thought.
    pub tokens: u32,
    /// Objects of the scene that the text cites.
    pub cites: Vec<ObjectId>,
}
