//! What can be wrong with a model's folder, each told by file and tensor; and the sizes of the published models.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use common::{copy, fixture};
use ponder_models::engine::checkpoint::needs;
use ponder_models::engine::memory;
use ponder_models::engine::{Janus, LoadError, Options, decoder, networks};
use ponder_models::net::layers::Quant;
use ponder_models::net::{decoder as llama, janus, siglip, vq};
use serde_json::{Value, json};

fn open(folder: &Path) -> LoadError {
    match Janus::open(folder, &Options::default()) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

fn weights(folder: &Path) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap()
}

fn rewrite(folder: &Path, tensors: &HashMap<String, Tensor>) {
    candle_core::safetensors::save(tensors, folder.join("model.safetensors")).unwrap();
}

/// The file as JSON, changed.
fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

const FC1: &str = "model.vision_model.encoder.layers.1.mlp.fc1.weight";

#[test]
fn a_tensor_that_is_missing_or_of_another_shape_is_named_with_its_file() {
    let folder = copy("janus_hf");
    let mut tensors = weights(folder.path());
    let whole = tensors.remove(FC1).unwrap();
    rewrite(folder.path(), &tensors);
    let error = open(folder.path());
    assert!(
        matches!(&error, LoadError::Missing { tensor, path } if tensor == FC1 && path.ends_with("model.safetensors")),
        "{error}"
    );

    tensors.insert(FC1.into(), whole.t().unwrap().contiguous().unwrap());
    rewrite(folder.path(), &tensors);
    let error = open(folder.path()).to_string();
    assert!(error.contains(FC1) && error.contains("model.safetensors") && error.contains("[32, 64]"), "{error}");
    assert!(error.contains("calls for [64, 32]"), "{error}");

    // One part of what the networks hold as one.
    tensors.insert(FC1.into(), whole);
    let k = "model.vision_model.encoder.layers.0.self_attn.k_proj.bias";
    let part = tensors.remove(k).unwrap();
    rewrite(folder.path(), &tensors);
    assert!(open(folder.path()).to_string().contains(&format!("tensor {k} is missing")));
    tensors.insert(k.into(), part);
    rewrite(folder.path(), &tensors);
    assert!(Janus::open(folder.path(), &Options::default()).is_ok());
}

#[test]
fn files_cut_short_or_that_are_none_are_told() {
    let folder = copy("janus_hf");
    let path = folder.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    for keep in [0, 5, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..keep]).unwrap();
        let error = open(folder.path());
        let LoadError::Truncated { path: named, found, wanted } = &error else { panic!("{keep}: {error}") };
        assert!(*named == path && *found == keep as u64 && wanted > found, "{error}");
    }
    fs::write(&path, b"version https://git-lfs.github.com/spec/v1 oid sha256").unwrap();
    assert!(open(folder.path()).to_string().contains("no safetensors file"));
    let mut odd = bytes.clone();
    odd[9] = b'!';
    fs::write(&path, &odd).unwrap();
    assert!(matches!(open(folder.path()), LoadError::Corrupt { .. }));
    fs::remove_file(&path).unwrap();
    assert!(open(folder.path()).to_string().contains("no weights here"));

    let folder = copy("janus_deepseek");
    let path = folder.path().join("pytorch_model-00002-of-00002.bin");
    let bytes = fs::read(&path).unwrap();
    for keep in [0, 3, 1000, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..keep]).unwrap();
        let error = open(folder.path());
        assert!(matches!(&error, LoadError::Corrupt { path: named, .. } if *named == path), "{keep}: {error}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(folder.path()), LoadError::Io { path: named, .. } if named == path));
    let index = folder.path().join("pytorch_model.bin.index.json");
    edit(&index, |index| index["weight_map"]["gen_embed.weight"] = json!("../secret.bin"));
    assert!(open(folder.path()).to_string().contains("no file of this folder"));
    edit(&index, |index| index["weight_map"] = json!([1]));
    assert!(open(folder.path()).to_string().contains("weight_map"));
}

#[test]
fn headers_that_lie_are_refused() {
    let folder = copy("llama3");
    let path = folder.path().join("model.safetensors");
    let write = |header: &Value, data: usize| {
        let header = header.to_string().into_bytes();
        let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, &vec![0; data]].concat();
        fs::write(&path, bytes).unwrap();
        match decoder(folder.path(), &Options::default()) {
            Ok(_) => panic!("it opened"),
            Err(error) => error,
        }
    };
    let entry =
        |shape: Value, offsets: Value| json!({ "t": { "dtype": "F32", "shape": shape, "data_offsets": offsets } });
    let huge = u64::MAX;
    assert!(matches!(write(&entry(json!([2, 2]), json!([0, 12])), 12), LoadError::Corrupt { .. }));
    assert!(matches!(write(&entry(json!([2, 2]), json!([16, 0])), 16), LoadError::Corrupt { .. }));
    assert!(matches!(write(&entry(json!([huge, huge]), json!([0, 16])), 16), LoadError::Corrupt { .. }));
    assert!(matches!(write(&entry(json!([2, 2]), json!([huge - 15, huge])), 16), LoadError::Corrupt { .. }));
    assert!(matches!(write(&json!({ "t": { "dtype": "F4", "shape": [2] } }), 16), LoadError::Corrupt { .. }));
    assert!(matches!(write(&entry(json!([2, 2]), json!([0, 16])), 8), LoadError::Truncated { .. }));
    assert!(matches!(write(&entry(json!([2, 2]), json!([0, 16])), 16), LoadError::Layout { .. }));
}

#[test]
fn another_model_by_mistake_is_told_by_its_name() {
    let folder = copy("janus_hf");
    let config = folder.path().join("config.json");
    edit(&config, |config| config["model_type"] = json!("llava"));
    let error = open(folder.path()).to_string();
    assert!(
        error.contains("this is a llava model") && error.contains("config.json") && error.contains("Janus"),
        "{error}"
    );
    // A LLaVA's weights under a Janus's configuration.
    edit(&config, |config| config["model_type"] = json!("janus"));
    let llava = HashMap::from([(
        "language_model.embed.weight".to_string(),
        Tensor::zeros(1, DType::F32, &Device::Cpu).unwrap(),
    )]);
    rewrite(folder.path(), &llava);
    assert!(matches!(open(folder.path()), LoadError::Layout { .. }));
    let error = match decoder(&fixture("janus_hf"), &Options::default()) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("this is a Janus model, Llama"), "{error}");
    let error = match networks(&fixture("qwen2"), &Options::default()) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("this is a decoder model, Janus"), "{error}");
}

#[test]
fn configurations_that_are_wrong_name_the_field() {
    let folder = copy("janus_hf");
    let config = folder.path().join("config.json");
    let original = fs::read(&config).unwrap();
    let wrong = |change: &dyn Fn(&mut Value), field: &str| {
        fs::write(&config, &original).unwrap();
        edit(&config, change);
        let error = open(folder.path());
        assert!(matches!(&error, LoadError::Config { field: named, .. } if named == field), "{field}: {error}");
    };
    wrong(&|c| c["text_config"]["hidden_size"] = json!("48"), "text_config.hidden_size");
    wrong(&|c| c["text_config"]["hidden_size"] = json!(0), "text_config.hidden_size");
    wrong(&|c| c["text_config"]["num_key_value_heads"] = json!(3), "text_config.num_key_value_heads");
    wrong(&|c| c["text_config"]["head_dim"] = json!(5), "text_config.head_dim");
    wrong(&|c| c["text_config"]["hidden_act"] = json!("gelu"), "text_config.hidden_act");
    wrong(
        &|c| c["text_config"]["rope_parameters"]["rope_type"] = json!("yarn"),
        "text_config.rope_parameters.rope_type",
    );
    wrong(&|c| c["text_config"]["layer_types"] = json!(["sliding_attention"]), "text_config.layer_types");
    wrong(&|c| c["vision_config"]["use_qk_norm"] = json!(true), "vision_config.use_qk_norm");
    wrong(&|c| c["vision_config"]["patch_size"] = json!(5), "vision_config");
    wrong(&|c| c["vision_config"] = json!(3), "vision_config");
    wrong(&|c| c["vq_config"]["channel_multiplier"] = json!([]), "vq_config.channel_multiplier");
    wrong(&|c| drop(c.as_object_mut().unwrap().remove("model_type")), "model_type");
    wrong(&|c| *c = json!([]), "the file");
    fs::write(&config, "{").unwrap();
    assert!(open(folder.path()).to_string().contains("is no JSON"));
    fs::remove_file(&config).unwrap();
    assert!(matches!(open(folder.path()), LoadError::Io { .. }));
    // What can't be built although each number is one.
    fs::write(&config, &original).unwrap();
    edit(&config, |c| c["vq_config"]["base_channels"] = json!(33));
    assert!(matches!(open(folder.path()), LoadError::Network(_)));
}

#[test]
fn tokenizers_that_do_not_fit_are_told() {
    let folder = copy("janus_hf");
    let path = folder.path().join("tokenizer.json");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, "{}").unwrap();
    assert!(matches!(open(folder.path()), LoadError::Tokenizer { .. }));
    let text = String::from_utf8(whole).unwrap().replace("<begin_of_image>", "<start_of_image>");
    fs::write(&path, text).unwrap();
    assert!(open(folder.path()).to_string().contains("no token <begin_of_image>"));
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(folder.path()), LoadError::Io { .. }));
}

#[test]
fn memory_is_counted_before_it_is_taken() {
    let tight = Options { free: Some(1_900_000), ..Options::default() };
    let error = match Janus::open(&fixture("janus_hf"), &tight) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    };
    assert!(error.to_string().starts_with("needs ") && error.to_string().contains("1.9 MB free"), "{error}");
    let LoadError::Memory { needs, .. } = error else { panic!("{error}") };
    assert!(Janus::open(&fixture("janus_hf"), &Options { free: Some(needs), ..Options::default() }).is_ok());
    assert!(Janus::open(&fixture("janus_hf"), &Options { free: Some(needs - 1), ..Options::default() }).is_err());
    assert!(memory::free().unwrap() > 1 << 20);
}

#[test]
fn the_published_models_have_their_published_sizes() {
    let count =
        |needs: Vec<ponder_models::engine::checkpoint::Need>| needs.iter().map(|need| need.elements()).sum::<u64>();
    let eye = needs(DType::F32, |w| siglip::Siglip::new(&siglip::Config::large_384(), w)).unwrap();
    // Patches, positions, 24 layers, the last norm: 303.7 million without the pooling head.
    assert_eq!(count(eye), 787_456 + 589_824 + 24 * 12_596_224 + 2048);
    let code = needs(DType::F32, |w| vq::Vq::new(&vq::Config::vq16(), w)).unwrap();
    assert!((count(code) as f64 / 1e6 - 71.9).abs() < 0.05);
    let r1 = needs(DType::BF16, |w| llama::Decoder::new(&llama::Config::r1_distill_qwen_1_5b(), w)).unwrap();
    assert_eq!(count(r1), 1_777_088_000);
    // Two bytes each, with the 12.6 million of SigLIP's pooling head: 14.84 GB of files for the 7B.
    for (cfg, billions) in [(janus::Config::janus_pro_1b(), 2.08), (janus::Config::janus_pro_7b(), 7.41)] {
        let all = needs(DType::BF16, |w| janus::Janus::new(&cfg, w)).unwrap();
        let parameters = count(all.clone()) as f64 / 1e9;
        assert!((parameters - billions).abs() < 0.01, "{parameters}");
        let gigabytes = |quant| memory::weights(&all, quant) as f64 / 1e9;
        println!(
            "{parameters:.3} billion: bf16 {:.2}, q8_0 {:.2}, q4_k {:.2} GB",
            gigabytes(None),
            gigabytes(Some(Quant::Q8_0)),
            gigabytes(Some(Quant::Q4K))
        );
        assert!(gigabytes(None) > 2.0 * billions && gigabytes(Some(Quant::Q4K)) < gigabytes(Some(Quant::Q8_0)));
    }
}
