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
            // Without what loading holds beside them for a moment.
            let moment =
                all.iter().map(|need| need.elements() * (4 + need.dtype.size_in_bytes() as u64)).max().unwrap();
            let asked = (memory::weights(&all, quant) - moment) as f64;
            let told = model.weights_bytes(precision) as f64;
            // The catalogue counts a pooling head that nobody uses, and forgets norms.
            assert!((told / asked - 1.0).abs() < 0.03, "{name} {precision:?}: {told} told, {asked} asked for");
        }
    }
}
