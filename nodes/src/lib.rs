//! The `ponder` command and what stands around the ring: the journal, its replay, recordings for rerun, the terminal.
//! Thin: pose arithmetic, prompts and limits belong in core and models. Only here: rerun and the network.

pub mod hub;
pub mod journal;
pub mod launch;
pub mod remote;
pub mod replay;
pub mod rerun;
#[cfg(feature = "ros")]
pub mod ros;
pub mod sinks;
pub mod stack;
pub mod stages;
pub mod terminal;
pub mod urgency;
pub mod verdict;
pub mod viewer;
