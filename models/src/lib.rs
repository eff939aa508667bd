//! The room of the models of a reasoning robot: a Janus that reads and draws pictures, reasoners that think in words, and
//! how they learn. A stage of the ring only through adapters that implement core's traits.

pub mod engine;
pub mod imagine;
pub mod kernel;
pub mod net;
pub mod perceive;
pub mod picture;
pub mod reason;
pub mod train;
