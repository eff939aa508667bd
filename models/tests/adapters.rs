//! Core's traits on a Janus of toy size with random weights.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use ponder_core::imaginer::{ImagineError, Imaginer};
use ponder_core::perceiver::Perceiver;
use ponder_core::thinker::Cancel;
use ponder_models::engine::{ChatOptions, End, Options};
use ponder_models::imagine::JanusImaginer;
use ponder_models::perceive::{Describer, JanusPerceiver, Sight};
use ponder_models::picture::Picture;

fn picture(seed: u8) -> Picture {
    Picture { width_px: 30, height_px: 20, rgb: (0..1800_u32).map(|i| (i * 7 % 251) as u8 ^ seed).collect() }
}

#[test]
fn a_picture_is_looked_at() {
    let mut sight = Sight::open(&common::fixture("janus_deepseek"), &Options::default()).unwrap();
    assert_eq!(sight.name(), "janus_deepseek");
    let options = ChatOptions { max_tokens: 8, ..ChatOptions::default() };
    let mut streamed = String::new();
    let mut ask = |seed: u8| {
        streamed.clear();
        let reply = sight.answer(&picture(seed), "what?", &options, &mut |text| streamed.push_str(text), &|| false);
        let reply = reply.unwrap();
        assert_eq!(reply.text, streamed);
        reply
    };
    let (first, other) = (ask(0), ask(0xff));
    assert_eq!(first.reused_tokens, 0);
    assert_ne!(first.tokens, other.tokens, "another picture, another answer");
    assert!(ask(0xff).reused_tokens > 16, "the same picture is not looked at anew");
    let stopped = sight.answer(&picture(0), "what?", &options, &mut |_| {}, &|| true).unwrap();
    assert_eq!(stopped.end, End::Cancelled);
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(sight.describe(&picture(0), "what?", &cancel), Ok(None));
    assert!(sight.describe(&Picture { rgb: vec![], ..picture(0) }, "what?", &Cancel::default()).is_err());
    assert!(JanusPerceiver::new(sight).name().contains("janus"));
}

#[test]
fn a_picture_is_drawn() {
    let mut imaginer = JanusImaginer::open(&common::fixture("janus_hf"), &Options::default()).unwrap();
    let mut shares = Vec::new();
    let mut draw = |seed| imaginer.imagine("a red block", seed, &mut |share| shares.push(share), &Cancel::default());
    let (one, again, other) = (draw(1).unwrap(), draw(1).unwrap(), draw(2).unwrap());
    assert_eq!(one.rgb.len(), one.width_px * one.height_px * 3);
    assert_eq!(one, again);
    assert_ne!(one, other);
    let third = shares.len() / 3;
    assert!(shares[..third].is_sorted() && (shares[third - 1] - 1.0).abs() < 1e-6, "{shares:?}");
    let (cancel, mut steps) = (Cancel::default(), 0);
    let signal = cancel.clone();
    let mut progress = |_| {
        steps += 1;
        if steps == 3 {
            signal.cancel();
        }
    };
    assert_eq!(imaginer.imagine("a red block", 1, &mut progress, &cancel), Err(ImagineError::Cancelled));
    assert_eq!(steps, 3, "it stops within a token");
    imaginer.guidance = -1.0;
    let wrong = imaginer.imagine("a red block", 1, &mut |_| {}, &Cancel::default());
    assert!(matches!(wrong, Err(ImagineError::Failed(why)) if why.contains("guidance")));
}
