//! The reasoner that thinks in words: a prompt from goal, scene and skills; a thought; an answer under a grammar that
//! only plans which check, refusals and questions pass.

pub mod again;
pub mod alias;
pub mod answer;
pub mod compact;
pub mod facts;
pub mod free;
pub mod grammar;
mod numbers;
pub mod prompt;
pub mod quote;
pub mod reasoner;
pub mod reckon;
pub mod schema;
pub mod split;
pub mod sums;
