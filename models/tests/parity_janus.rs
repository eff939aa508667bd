//! Janus against transformers on small random weights, in transformers' layout (one safetensors file, tied head, grouped
//! heads) and DeepSeek's (pickles in shards, q, k and v of the eye in one): what is seen, said and drawn, number by number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use candle_core::{DType, Tensor};
use common::{Expected, argmax, fixture, gap, relative, rows};
use ponder_models::engine::hf_config::{read, read_file};
use ponder_models::engine::names::Layout;
use ponder_models::engine::{Checkpoint, Options, networks};
use ponder_models::net::janus::Janus;
use ponder_models::net::layers::Quant;

const MODELS: [&str; 2] = ["janus_hf", "janus_deepseek"];
const CLOSE: f32 = 1e-4;
/// `<image_placeholder>` in the references' tokenizer.
const PLACEHOLDER: u32 = 267;

fn load(name: &str, options: &Options) -> Janus {
    networks(&fixture(name), options).unwrap().0
}

#[test]
fn each_layout_is_told_by_its_names() {
    assert_eq!(Checkpoint::open(&fixture("janus_hf")).unwrap().layout(), Layout::Transformers);
    assert_eq!(Checkpoint::open(&fixture("janus_deepseek")).unwrap().layout(), Layout::Own);
    assert_eq!(read(&fixture("janus_hf")).unwrap(), read_file(&fixture("janus_hf").join("config_v4.json")).unwrap());
}

#[test]
fn what_is_seen_and_said_is_transformers() {
    for name in MODELS {
        let (janus, expected) = (load(name, &Options::default()), Expected::of(name));
        let features = janus.understanding.as_ref().unwrap().tower().forward(expected.get("pictures")).unwrap();
        assert!(gap(&features, expected.get("features")) < CLOSE, "{name}");
        let aligned = janus.understanding.as_ref().unwrap().forward(expected.get("pictures")).unwrap();
        assert!(gap(&aligned, expected.get("aligned")) < CLOSE, "{name}");
        // Two rows with a picture each; one row with both.
        for case in ["one", "two"] {
            let ids = expected.rows(&format!("{case}.ids"));
            let embeddings = janus.embed(&ids, PLACEHOLDER, Some(&aligned)).unwrap();
            let mut cache = janus.language.cache();
            let mut hidden = janus.language.forward(&embeddings, Some(&mut cache)).unwrap();
            let logits = janus.language.logits(&hidden).unwrap();
            let wanted = expected.get(&format!("{case}.logits"));
            assert!(gap(&logits, wanted) < CLOSE, "{name} {case}: {}", gap(&logits, wanted));
            let mut steps = Vec::new();
            for _ in 0..12 {
                let last = hidden.narrow(1, hidden.dim(1).unwrap() - 1, 1).unwrap();
                steps.push(argmax(&janus.language.logits(&last).unwrap()));
                let embedded = janus.language.embed(steps.last().unwrap()).unwrap();
                hidden = janus.language.forward(&embedded, Some(&mut cache)).unwrap();
            }
            let said = rows(&Tensor::cat(&steps, 1).unwrap());
            assert_eq!(said, expected.rows(&format!("{case}.greedy")), "{name} {case}");
        }
    }
}

#[test]
fn pictures_become_codes_by_deepseeks_rule_and_pictures_again() {
    for name in MODELS {
        let (janus, expected) = (load(name, &Options::default()), Expected::of(name));
        let vq = janus.generation.vq();
        assert_eq!(rows(&vq.encode(expected.get("pictures")).unwrap()), expected.rows("encode.codes"), "{name}");
        for case in ["draw", "plain"] {
            let pixels = vq.decode(expected.get(&format!("{case}.codes"))).unwrap();
            let wanted = expected.get(&format!("{case}.pixels"));
            assert!(gap(&pixels, wanted) < CLOSE, "{name} {case}: {}", gap(&pixels, wanted));
        }
    }
}

#[test]
fn the_logits_of_codes_are_transformers_step_by_step() {
    for name in MODELS {
        let (janus, expected) = (load(name, &Options::default()), Expected::of(name));
        let (ids, codes) = (expected.get("draw.ids"), expected.get("plain.codes"));
        // All steps at once: the prompt, then each code but the last.
        let count = codes.dim(1).unwrap();
        let words = janus.language.embed(ids).unwrap();
        let drawn = janus.generation.embed(&codes.narrow(1, 0, count - 1).unwrap()).unwrap();
        let hidden = janus.language.forward(&Tensor::cat(&[words, drawn], 1).unwrap(), None).unwrap();
        let hidden = hidden.narrow(1, ids.dim(1).unwrap() - 1, count).unwrap();
        let logits = janus.generation.logits(&hidden).unwrap();
        assert!(gap(&logits, expected.get("plain.logits")) < CLOSE, "{name}");
    }
}

#[test]
fn coarser_dtypes_stay_within_their_bounds() {
    for (options, bound) in [
        (Options { dtype: DType::BF16, ..Options::default() }, 0.03),
        (Options { dtype: DType::F16, ..Options::default() }, 0.004),
        (Options { quant: Some(Quant::Q8_0), ..Options::default() }, 0.04),
    ] {
        for name in MODELS {
            let (janus, expected) = (load(name, &options), Expected::of(name));
            let aligned = janus.understanding.as_ref().unwrap().forward(expected.get("pictures")).unwrap();
            let embeddings = janus.embed(&expected.rows("two.ids"), PLACEHOLDER, Some(&aligned)).unwrap();
            let logits = janus.language.logits(&janus.language.forward(&embeddings, None).unwrap()).unwrap();
            let error = relative(&logits, expected.get("two.logits"));
            println!("{name} {:?} {:?}: {error:.4}", options.dtype, options.quant);
            assert!(error < bound && error > 1e-5, "{name} {:?} {:?}: {error}", options.dtype, options.quant);
            // Pictures are decoded in f32 whatever the rest is in.
            let pixels = janus.generation.vq().decode(expected.get("draw.codes")).unwrap();
            assert!(gap(&pixels, expected.get("draw.pixels")) < CLOSE, "{name}");
        }
    }
}
