//! The door to ROS 2, and the only place that knows r2r: what every node of ours shares ([`host`] and what it stands
//! on), messages to and from core's types ([`convert`]), and one file or folder a node, listed in [`NODES`].
//!
//! Each node turns on a thread of its own: it waits for the middleware, then lets its callbacks run there, so that
//! callbacks of one node never meet. What takes long (a control loop, a renderer, a model) has another thread and is
//! talked to through bounded channels.

pub mod act;
pub mod action;
pub mod clock;
pub mod context;
pub mod convert;
pub mod frames;
pub mod health;
pub mod host;
pub mod lifecycle;
pub mod log;
mod memory;
mod param_services;
pub mod params;
pub mod peers;
pub mod perceive;
pub mod picture;
pub mod reason;
pub mod topics;
pub mod watch;
pub mod world;

pub use host::{Host, Managed, NodeKind, RosError};

/// Every kind of node: `ponder node NAME` runs it, alone or with others in one process.
pub const NODES: &[NodeKind] = &[world::KIND, perceive::KIND, reason::KIND, act::KIND, watch::KIND];

/// The name of a robot's interface in its namespace.
fn within(namespace: &str, name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/{}/{name}", namespace.trim_matches('/')).replace("//", "/")
    }
}
