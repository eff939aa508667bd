//! Whole-stack tests, beside the ring: what they share. The tests themselves stand in `tests/`.

pub mod house;
pub mod rooms;
