//! Simulation.
pub mod shapes;
