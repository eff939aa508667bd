//! What the catalogue says that a Janus takes, held to what its networks ask for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use candle_core::DType;
use ponder_models::engine::catalog::{Model, Precision};
use ponder_models::engine::checkpoint::needs;
use ponder_models::engine::memory;
use ponder_models::net::{janus, weights::Quant};

#[test]
fn memory_is_what_the_networks_ask_for() {
    for (name, cfg) in
        [("janus-pro-1b", janus::Config::janus_pro_1b()), ("janus-pro-7b", janus::Config::janus_pro_7b())]
    {
        let model = Model::find(name).unwrap();
        for (precision, dtype, quant) in [
            (Precision::F32, DType::F32, None),
            (Precision::Bf16, DType::BF16, None),
            (Precision::Q8, DType::F32, Some(Quant::Q8_0)),
        ] {
            let all = needs(dtype, |weights| janus::Janus::new(&cfg, weights)).unwrap();
            let more = memory::weights(&all, quant) as f64 / model.weights_bytes(precision) as f64;
            // Loading holds more for a moment, and so do blocks that candle lays out a second time.
            let most = if quant.is_some() { 2.0 } else { 1.4 };
            assert!((0.97..most).contains(&more), "{name} {precision:?}: {more} times what the catalogue tells");
        }
    }
}
