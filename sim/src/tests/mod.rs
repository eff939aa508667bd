//! Tests that drive actuators directly, below the guard; everything above it is tested through the `World` trait.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_hand;
mod draws;
mod emergency;
mod foreign;
mod grasp;
mod hand;
mod record;
mod repeat;
mod scenes;
mod senses;
