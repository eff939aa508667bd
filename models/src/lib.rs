//! The models of a reasoning robot, on candle: a Janus that reads and draws pictures, reasoners that think in words,
//! and how they learn. A stage of the ring only through the adapters that implement core's traits.
