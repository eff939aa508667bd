//! Every way a model's files may lie, and quantised matrices that are made once and read from then on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use common::{copy, fixture, gap};
use ponder_models::engine::{Janus, LoadError, Options, decoder, save};
use ponder_models::net::layers::Quant;

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

#[test]
fn a_model_lies_in_one_file_or_in_shards_in_f32_or_bf16() {
    let options = Options::default();
    let ids = common::Expected::of("llama3").get("ids").clone();
    let wanted = decoder(&fixture("llama3"), &options).unwrap().forward_ids(&ids, None).unwrap();
    let tensors: BTreeMap<String, Tensor> = weights(&fixture("llama3")).into_iter().collect();
    for (dtype, shard, files, bound) in
        [(DType::F32, 20_000, 3, 0.0), (DType::F32, u64::MAX, 1, 0.0), (DType::BF16, 9_000, 3, 0.2)]
    {
        let folder = copy("llama3");
        fs::remove_file(folder.path().join("model.safetensors")).unwrap();
        let cast = tensors.iter().map(|(name, t)| (name.clone(), t.to_dtype(dtype).unwrap())).collect();
        save::write(folder.path(), &cast, shard).unwrap();
        let written = fs::read_dir(folder.path()).unwrap();
        let written =
            written.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "safetensors"));
        assert!(written.count() > files);
        let found = decoder(folder.path(), &options).unwrap().forward_ids(&ids, None).unwrap();
        assert!(gap(&found, &wanted) <= bound, "{dtype:?} {shard}: {}", gap(&found, &wanted));
    }
    // A pickle in one file.
    let folder = copy("janus_deepseek");
    fs::remove_file(folder.path().join("pytorch_model.bin.index.json")).unwrap();
    fs::rename(folder.path().join("pytorch_model-00001-of-00002.bin"), folder.path().join("pytorch_model.bin"))
        .unwrap();
    let error = open(folder.path());
    assert!(
        matches!(&error, LoadError::Missing { path, .. } | LoadError::Layout { path, .. } if path.ends_with("pytorch_model.bin")),
        "{error}"
    );
}

#[test]
fn quantised_matrices_are_made_once_and_read_from_then_on() {
    let folder = copy("qwen2");
    let shelf = tempfile::tempdir().unwrap();
    let options = Options { quant: Some(Quant::Q8_0), shelf: Some(shelf.path().join("kept")), ..Options::default() };
    let ids = common::Expected::of("qwen2").get("ids").clone();
    let think = || decoder(folder.path(), &options).unwrap().forward_ids(&ids, None).unwrap();
    let files = || fs::read_dir(shelf.path().join("kept")).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>();
    let made = think();
    let [file] = &files()[..] else { panic!("one file, not {:?}", files()) };
    let (bytes, written) = (fs::read(file).unwrap(), fs::metadata(file).unwrap().modified().unwrap());
    assert_eq!(gap(&think(), &made), 0.0);
    assert_eq!(fs::metadata(file).unwrap().modified().unwrap(), written, "it was written again");
    // It is what is read: with its last matrix zeroed, the model thinks otherwise.
    let mut spoilt = bytes.clone();
    let end = spoilt.len();
    spoilt[end - 5000..].fill(0);
    fs::write(file, &spoilt).unwrap();
    assert!(gap(&think(), &made) > 0.0);
    // Cut short, or of other weights, it counts as none and is made anew.
    for wrong in [&bytes[..bytes.len() - 1], &bytes[..40], &[]] {
        fs::write(file, wrong).unwrap();
        assert_eq!(gap(&think(), &made), 0.0);
        assert_eq!(fs::read(file).unwrap().len(), bytes.len());
    }
    let mut tensors = weights(folder.path());
    let head = tensors["lm_head.weight"].affine(-1.0, 0.0).unwrap();
    tensors.insert("lm_head.weight".into(), head);
    rewrite(folder.path(), &tensors);
    assert!(gap(&think(), &made) > 1.0);
    assert_eq!(files().len(), 2);
    // Where nothing can be written the model loads all the same.
    fs::write(shelf.path().join("a_file"), "").unwrap();
    let options = Options { shelf: Some(shelf.path().join("a_file")), ..options.clone() };
    assert!(decoder(folder.path(), &options).is_ok());
}
