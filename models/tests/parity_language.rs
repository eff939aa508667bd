//! Llama, Qwen2 and Qwen3 against transformers on small random weights: logits, hidden states, greedy text, padded
//! batches; the same from configurations of transformers 4 and 5, and within bounds in coarser dtypes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use candle_core::{DType, Tensor};
use common::{Expected, argmax, fixture, gap, relative, rows};
use ponder_models::engine::hf_config::{ModelConfig, read, read_file};
use ponder_models::engine::{Options, decoder};
use ponder_models::net::decoder::{Cache, Config, Decoder, RopeScaling};
use ponder_models::net::layers::Quant;

const MODELS: [&str; 4] = ["llama3", "llama_linear", "qwen2", "qwen3"];
/// Far below what a missing bias, norm or stretch of the rope would show: those give differences near 1.
const CLOSE: f32 = 1e-4;

fn load(name: &str) -> Decoder {
    decoder(&fixture(name), &Options::default()).unwrap()
}

fn greedy(decoder: &Decoder, ids: &Tensor, count: usize) -> Vec<Vec<u32>> {
    let mut cache = decoder.cache();
    let mut hidden = decoder.forward(&decoder.embed(ids).unwrap(), Some(&mut cache)).unwrap();
    let mut steps = Vec::new();
    for _ in 0..count {
        let last = hidden.narrow(1, hidden.dim(1).unwrap() - 1, 1).unwrap();
        steps.push(argmax(&decoder.logits(&last).unwrap()));
        hidden = decoder.forward(&decoder.embed(steps.last().unwrap()).unwrap(), Some(&mut cache)).unwrap();
    }
    rows(&Tensor::cat(&steps, 1).unwrap())
}

#[test]
fn logits_hidden_states_and_greedy_text_are_transformers() {
    for name in MODELS {
        let (decoder, expected) = (load(name), Expected::of(name));
        let ids = expected.get("ids");
        let logits = decoder.forward_ids(ids, None).unwrap();
        assert!(gap(&logits, expected.get("logits")) < CLOSE, "{name}: {}", gap(&logits, expected.get("logits")));
        for (i, state) in decoder.hidden_states(&decoder.embed(ids).unwrap()).unwrap().iter().enumerate() {
            let wanted = expected.get(&format!("hidden.{i}"));
            assert!(gap(state, wanted) < CLOSE, "{name}, depth {i}: {}", gap(state, wanted));
        }
        assert_eq!(greedy(&decoder, ids, 12), expected.rows("greedy"), "{name}");
    }
}

#[test]
fn a_padded_row_reads_as_transformers_does() {
    for name in MODELS {
        let (decoder, expected) = (load(name), Expected::of(name));
        let mut cache = Cache::left_padded(decoder.config().num_layers, vec![5, 0]);
        let logits = decoder.forward_ids(expected.get("padded.ids"), Some(&mut cache)).unwrap();
        let wanted = expected.get("padded.logits");
        let real = |t: &Tensor, row: usize, pad: usize| t.get(row).unwrap().narrow(0, pad, 40 - pad).unwrap();
        assert!(gap(&real(&logits, 0, 5), &real(wanted, 0, 5)) < CLOSE, "{name}");
        assert!(gap(&real(&logits, 1, 0), &real(wanted, 1, 0)) < CLOSE, "{name}");
    }
}

#[test]
fn both_transformers_say_the_same() {
    for name in MODELS {
        let five = read(&fixture(name)).unwrap();
        assert_eq!(five, read_file(&fixture(name).join("config_v4.json")).unwrap(), "{name}");
        let ModelConfig::Decoder(cfg) = five else { panic!("{name} is a decoder") };
        assert_eq!(
            cfg.rope_theta,
            [500_000.0, 10_000.0, 10_000.0, 1_000_000.0][MODELS.iter().position(|m| *m == name).unwrap()]
        );
    }
    let scaling = |name: &str| match read(&fixture(name)).unwrap() {
        ModelConfig::Decoder(Config { rope_scaling, .. }) => rope_scaling,
        ModelConfig::Janus(_) => panic!("a decoder"),
    };
    assert_eq!(scaling("llama3"), RopeScaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, original: 32 });
    assert_eq!(scaling("llama_linear"), RopeScaling::Linear { factor: 4.0 });
}

#[test]
fn coarser_dtypes_stay_within_their_bounds() {
    // Root mean square of the error over that of the logits.
    for (options, bound) in [
        (Options { dtype: DType::BF16, ..Options::default() }, 0.03),
        (Options { dtype: DType::F16, ..Options::default() }, 0.004),
        (Options { quant: Some(Quant::Q8_0), ..Options::default() }, 0.04),
    ] {
        for name in MODELS {
            let expected = Expected::of(name);
            let coarse = decoder(&fixture(name), &options).unwrap();
            let logits = coarse.forward_ids(expected.get("ids"), None).unwrap();
            let error = relative(&logits, expected.get("logits"));
            println!("{name} {:?} {:?}: {error:.4}", options.dtype, options.quant);
            assert!(error < bound, "{name} {:?} {:?}: {error}", options.dtype, options.quant);
            assert!(error > 1e-5, "{name}: nothing was coarser");
        }
    }
}
