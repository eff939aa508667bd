//! The same networks on an NVIDIA card: what the processor makes of the fixtures, the card makes of them too. Run
//! where there is a card: `cargo test --release -p ponder-models --features cuda --test cuda -- --ignored`. The bounds are
//! the processor's with some room; none was measured on a card yet.
#![cfg(feature = "cuda")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use candle_core::{DType, Device, Tensor};
use common::{Expected, argmax, fixture, relative, rows};
use ponder_models::engine::{Options, networks};
use ponder_models::net::layers::Quant;

/// `<image_placeholder>` in the references' tokenizer.
const PLACEHOLDER: u32 = 267;

fn home(tensor: &Tensor) -> Tensor {
    tensor.to_device(&Device::Cpu).unwrap().to_dtype(DType::F32).unwrap()
}

#[test]
#[ignore = "needs an NVIDIA card, which no `make` asks for: the command is above"]
fn a_card_sees_says_and_draws_what_the_processor_does() {
    let card = Device::new_cuda(0).unwrap();
    for (dtype, quant, bound) in [
        (DType::F32, None, 2e-3),
        (DType::BF16, None, 0.05),
        (DType::F16, None, 0.01),
        (DType::F32, Some(Quant::Q8_0), 0.05),
    ] {
        for name in ["janus_hf", "janus_deepseek"] {
            let options = Options { dtype, quant, device: card.clone(), ..Options::default() };
            let (janus, _) = networks(&fixture(name), &options).unwrap();
            let expected = Expected::of(name);
            let pictures = expected.get("pictures").to_device(&card).unwrap();
            let aligned = janus.understanding.as_ref().unwrap().forward(&pictures).unwrap();
            let embeddings = janus.embed(&expected.rows("two.ids"), PLACEHOLDER, Some(&aligned)).unwrap();
            // With a cache, as in use.
            let mut cache = janus.language.cache();
            let hidden = janus.language.forward(&embeddings, Some(&mut cache)).unwrap();
            let logits = home(&janus.language.logits(&hidden).unwrap());
            let error = relative(&logits, expected.get("two.logits"));
            println!("{name} {dtype:?} {quant:?}: {error:.5}");
            assert!(error < bound, "{name} {dtype:?} {quant:?}: {error}");
            let next =
                janus.language.embed(&argmax(&logits.narrow(1, 0, 1).unwrap()).to_device(&card).unwrap()).unwrap();
            janus.language.forward(&next, Some(&mut cache)).unwrap();
            // Pictures are decoded in f32 whatever the rest is in.
            let vq = janus.generation.vq();
            let pixels = home(&vq.decode(&expected.get("draw.codes").to_device(&card).unwrap()).unwrap());
            assert!(relative(&pixels, expected.get("draw.pixels")) < 2e-3, "{name}");
            let codes = vq.encode(&pictures).unwrap().to_device(&Device::Cpu).unwrap();
            assert_eq!(rows(&codes), expected.rows("encode.codes"), "{name}");
        }
    }
}
