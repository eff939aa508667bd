//! LFM2 against transformers, in both layouts of its configuration, and against itself: cached, batched, branched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::{D, DType, Device, IndexOp, Tensor};
use candle_nn::VarBuilder;
use ponder_models::engine::lfm2_config;
use ponder_models::engine::network::{Liquid, Network};
use ponder_models::net::lfm2::{Config, Lfm2, State};

const NAMES: [&str; 2] = ["lfm2", "lfm2_biased"];
const CLOSE: f32 = 2e-5;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/fixtures").join(name)
}

fn config(name: &str, file: &str) -> Config {
    lfm2_config::read(&std::fs::read_to_string(folder(name).join(file)).unwrap()).unwrap()
}

fn load(name: &str) -> (Lfm2, HashMap<String, Tensor>) {
    let read = |file: &str| std::fs::read(folder(name).join(file)).unwrap();
    let vb = VarBuilder::from_buffered_safetensors(read("model.safetensors"), DType::F32, &Device::Cpu).unwrap();
    let expected = candle_core::safetensors::load_buffer(&read("expected.safetensors"), &Device::Cpu).unwrap();
    (Lfm2::new(&config(name, "config.json"), vb).unwrap(), expected)
}

fn logits(net: &Lfm2, ids: &Tensor, state: Option<&mut State>) -> Tensor {
    net.logits(&net.forward(ids, state).unwrap()).unwrap()
}

fn differ(a: &Tensor, b: &Tensor) -> f32 {
    (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
}

#[test]
fn both_layouts_of_the_configuration_are_the_same() {
    for name in NAMES {
        assert_eq!(config(name, "config.json"), config(name, "config_v4.json"), "{name}");
    }
    assert_eq!(config("lfm2", "config.json").ff_size, 64);
    assert_eq!(Config::lfm2_350m().ff_size, 4608);
}

#[test]
fn logits_are_those_of_transformers() {
    for name in NAMES {
        let (net, expected) = load(name);
        let got = logits(&net, &expected["ids"], None);
        let far = differ(&got, &expected["logits"]);
        println!("{name}: logits differ by {far:.1e}");
        assert!(far < CLOSE, "{name}: {far}");
    }
}

#[test]
fn greedy_text_is_that_of_transformers_at_two_rows() {
    for name in NAMES {
        let (net, expected) = load(name);
        let mut state = net.state();
        let mut next = expected["ids"].clone();
        let want = &expected["greedy"];
        for n in 0..want.dim(1).unwrap() {
            let all = logits(&net, &next, Some(&mut state));
            next = all.i((.., all.dim(1).unwrap() - 1..)).unwrap().argmax(D::Minus1).unwrap();
            let wanted = want.i((.., n..n + 1)).unwrap();
            assert_eq!(next.to_vec2::<u32>().unwrap(), wanted.to_vec2::<u32>().unwrap(), "{name}: token {n}");
        }
    }
}

#[test]
fn padding_on_the_left_counts_for_nothing() {
    for name in NAMES {
        let (net, expected) = load(name);
        let ids = &expected["padded.ids"];
        let pad = ids.i(0).unwrap().to_vec1::<u32>().unwrap().iter().take_while(|id| **id == 2).count();
        // Whole, and in two parts, the first of which ends inside the padding.
        for cut in [0, 3, 9] {
            let mut state = net.left_padded(vec![pad, 0]);
            let mut parts = Vec::new();
            if cut > 0 {
                parts.push(logits(&net, &ids.i((.., ..cut)).unwrap(), Some(&mut state)));
            }
            parts.push(logits(&net, &ids.i((.., cut..)).unwrap(), Some(&mut state)));
            let got = Tensor::cat(&parts, 1).unwrap();
            for (row, from) in [(0, pad), (1, 0)] {
                let part = |t: &Tensor| t.i((row, from..)).unwrap();
                let far = differ(&part(&got), &part(&expected["padded.logits"]));
                assert!(far < CLOSE, "{name}, cut at {cut}, row {row}: {far}");
            }
        }
    }
}

#[test]
fn token_by_token_and_row_by_row_are_the_whole() {
    for name in NAMES {
        let (net, expected) = load(name);
        let ids = &expected["ids"];
        let whole = logits(&net, ids, None);
        for row in 0..2 {
            let mut state = net.state();
            for at in 0..ids.dim(1).unwrap() {
                let one = logits(&net, &ids.i((row..row + 1, at..at + 1)).unwrap(), Some(&mut state));
                let far = differ(&one, &whole.i((row..row + 1, at..at + 1)).unwrap());
                assert!(far < CLOSE, "{name}: row {row}, token {at}: {far}");
            }
        }
    }
}

#[test]
fn a_state_branches_into_rows_and_goes_back_to_its_point() {
    let (net, expected) = load("lfm2");
    let ids = expected["ids"].i(0..1).unwrap();
    let mut state = net.state();
    logits(&net, &ids.i((.., ..10)).unwrap(), Some(&mut state));
    let point = state.point();
    let straight = logits(&net, &ids.i((.., 10..)).unwrap(), Some(&mut state));
    state.rewind(&point);
    assert_eq!(state.len(), 10);
    let again = logits(&net, &ids.i((.., 10..)).unwrap(), Some(&mut state));
    assert_eq!(differ(&straight, &again), 0.0);
    state.rewind(&point);
    let mut rows = state.select(&[0, 0, 0]).unwrap();
    let three = Tensor::cat(&[&ids, &ids, &ids], 0).unwrap().i((.., 10..)).unwrap();
    let all = logits(&net, &three, Some(&mut rows));
    for row in 0..3 {
        assert!(differ(&all.i(row..row + 1).unwrap(), &straight) < CLOSE);
    }
    assert!(net.forward(&ids, Some(&mut rows)).is_err(), "a state of another batch");
}

#[test]
fn as_a_network_it_goes_back_to_its_mark_or_to_nothing() {
    let (net, expected) = load("lfm2");
    let ids = expected["ids"].i(0).unwrap().to_vec1::<u32>().unwrap();
    let mut net = Liquid::new(net);
    let whole = net.read(&ids).unwrap();
    net.rewind(5);
    assert_eq!(net.held(), 0, "no mark was set");
    net.read(&ids[..10]).unwrap();
    net.mark();
    net.read(&ids[10..15]).unwrap();
    net.rewind(12);
    assert_eq!(net.held(), 10);
    let again = net.read(&ids[10..]).unwrap();
    assert!(whole.iter().zip(&again).all(|(a, b)| (a - b).abs() < CLOSE));
    assert!(net.read(&[9999]).is_err() && net.read(&[]).is_err());
    assert_eq!(net.held(), ids.len(), "an error leaves it as it was");
}
