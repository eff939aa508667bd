//! GGUF files against the reference's writer: blocks unpack to the same numbers, networks say what transformers says of
//! the same weights, and broken files are told apart from whole ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, IndexOp, Tensor};
use ponder_core::plan::Draft;
use ponder_core::reasoner::Reasoner;
use ponder_core::thinker::Cancel;
use ponder_models::engine::error::LoadError;
use ponder_models::engine::gguf::Gguf;
use ponder_models::engine::gguf_shape::ModelShape;
use ponder_models::engine::open::{Options, TextLlm};
use ponder_models::engine::text::Style;
use ponder_models::net::decoder::Decoder;
use ponder_models::net::layers::Weights;
use ponder_models::net::lfm2::Lfm2;
use ponder_models::reason::reasoner::{self, LlmReasoner};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const KINDS: [&str; 4] = ["llama", "qwen2", "qwen3", "lfm2"];

fn folder(kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/fixtures").join(format!("gguf_{kind}"))
}

fn open(kind: &str) -> (Gguf, HashMap<String, Tensor>) {
    let expected = std::fs::read(folder(kind).join("expected.safetensors")).unwrap();
    let expected = candle_core::safetensors::load_buffer(&expected, &Device::Cpu).unwrap();
    (Gguf::open(&folder(kind).join("model.gguf")).unwrap(), expected)
}

/// Logits of the last four tokens.
fn logits(gguf: &Gguf, weights: Weights, ids: &Tensor) -> Tensor {
    let all = match gguf.shape() {
        ModelShape::Decoder { config, .. } => Decoder::new(config, weights).unwrap().forward_ids(ids, None).unwrap(),
        ModelShape::Lfm2(config) => {
            let net = Lfm2::new(config, weights).unwrap();
            net.logits(&net.forward(ids, None).unwrap()).unwrap()
        }
    };
    all.i((.., all.dim(1).unwrap() - 4..)).unwrap()
}

fn differ(a: &Tensor, b: &Tensor) -> f32 {
    (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
}

#[test]
fn networks_say_what_transformers_says() {
    for kind in KINDS {
        let (gguf, expected) = open(kind);
        let want = &expected["logits"];
        let far = differ(&logits(&gguf, gguf.unpacked(DType::F32), &expected["ids"]), want);
        // Kept quantised, what comes in is rounded to 8 bits too.
        let size = |t: &Tensor| t.sqr().unwrap().sum_all().unwrap().sqrt().unwrap().to_scalar::<f32>().unwrap();
        let got = logits(&gguf, gguf.weights(DType::F32), &expected["ids"]);
        let kept = size(&(&got - want).unwrap()) / size(want);
        println!("{kind}: unpacked differ by {far:.1e}, kept quantised by a share of {kept:.1e}");
        assert!(far < 2e-5, "{kind}: {far}");
        assert!(kept > 0.0 && kept < 0.06, "{kind}: {kept}");
    }
}

#[test]
fn blocks_unpack_as_the_reference_unpacks_them() {
    use candle_core::quantized::gguf_file::Content;
    let mut kinds = std::collections::BTreeSet::new();
    for kind in ["llama", "lfm2"] {
        let (_, expected) = open(kind);
        let mut file = std::fs::File::open(folder(kind).join("model.gguf")).unwrap();
        let content = Content::read(&mut file).unwrap();
        for (name, want) in expected.iter().filter_map(|(name, want)| Some((name.strip_prefix("unpacked.")?, want))) {
            let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
            let got = tensor.dequantize(&Device::Cpu).unwrap().i(..16).unwrap();
            assert_eq!(differ(&got, want), 0.0, "{kind}: {name} in {:?}", tensor.dtype());
            kinds.insert(format!("{:?}", tensor.dtype()));
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>().join(" "), "F16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0");
}

#[test]
fn large_blocks_unpack_as_the_reference_unpacks_them() {
    use candle_core::quantized::gguf_file::Content;
    let folder = folder("blocks");
    let expected = std::fs::read(folder.join("expected.safetensors")).unwrap();
    let expected = candle_core::safetensors::load_buffer(&expected, &Device::Cpu).unwrap();
    let mut file = std::fs::File::open(folder.join("blocks.gguf")).unwrap();
    let content = Content::read(&mut file).unwrap();
    assert_eq!(expected.len(), 5);
    for (name, want) in &expected {
        let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
        assert_eq!(format!("{:?}", tensor.dtype()), name.replace('_', ""));
        assert_eq!(differ(&tensor.dequantize(&Device::Cpu).unwrap(), want), 0.0, "{name}");
    }
}

fn options() -> Options {
    let style = Style { answer_tokens: 150, ..Style::default() };
    Options { style: Some(style), context: 6000, ..Options::default() }
}

#[test]
fn a_file_thinks_and_answers() {
    for kind in KINDS {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let question = words::question(&mut rng, 4);
        let path = folder(kind).join("model.gguf");
        let error = TextLlm::open(&path, &Options { context: 100, ..options() }).err().unwrap();
        assert!(matches!(error, LoadError::Config { .. }), "{kind}: {error}");
        let error = TextLlm::open(&path, &Options { free: Some(1000), ..options() }).err().unwrap();
        assert!(matches!(error, LoadError::Memory { .. }), "{kind}: {error}");
        let model = TextLlm::open(&path, &options()).unwrap();
        let thought_tokens = 8;
        let mut llm = LlmReasoner::new(model, reasoner::Options { thought_tokens, ..reasoner::Options::default() });
        assert_eq!(llm.name(), "model");
        // Its context of 256 tokens can't hold a prompt: that is said, and nothing else happens.
        let error = llm.think(&question, &mut |_| panic!("it thought"), &Cancel::default()).unwrap_err();
        assert!(error.to_string().contains("the context holds 256"), "{kind}: {error}");
    }
}

#[test]
fn a_longer_context_lets_it_answer() {
    let mut bytes = std::fs::read(folder("lfm2").join("model.gguf")).unwrap();
    let key = b"lfm2.context_length";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len() + 4;
    assert_eq!(bytes[at..at + 4], 256u32.to_le_bytes());
    bytes[at..at + 4].copy_from_slice(&8000u32.to_le_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("longer.gguf");
    std::fs::write(&path, bytes).unwrap();
    let model = TextLlm::open(&path, &Options { context: 8000, ..options() }).unwrap();
    let question = words::question(&mut ChaCha8Rng::seed_from_u64(3), 4);
    let mut llm = LlmReasoner::new(model, reasoner::Options { thought_tokens: 8, ..reasoner::Options::default() });
    let answer = llm.think(&question, &mut |_| (), &Cancel::default()).unwrap();
    assert!(answer.thought.tokens <= 16);
    if let Draft::Do { .. } = &answer.draft {
        ponder_core::check::check(&answer.draft, &question.scene, &question.robot).unwrap();
    }
}

fn refused(bytes: &[u8]) -> LoadError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.gguf");
    std::fs::write(&path, bytes).unwrap();
    TextLlm::open(Path::new(&path), &options()).err().expect("a broken file was opened")
}

#[test]
fn broken_files_are_told() {
    let whole = std::fs::read(folder("llama").join("model.gguf")).unwrap();
    assert!(matches!(refused(b""), LoadError::Corrupt { .. }));
    assert!(matches!(refused(b"not a model at all"), LoadError::Corrupt { .. }));
    assert!(matches!(refused(&whole[..whole.len() - 40_000]), LoadError::Truncated { .. }));
    for cut in [4, 8, 20, 100, 1000, 3000] {
        assert!(matches!(refused(&whole[..cut]), LoadError::Corrupt { .. }), "cut at {cut}");
    }
    let swap = |from: &[u8], to: &[u8]| {
        let mut bytes = whole.clone();
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    assert!(matches!(refused(&swap(b"blk.0.attn_k.weight", b"blk.9.attn_k.weight")), LoadError::Network(_)));
    assert!(matches!(refused(&swap(b"llama.block_count", b"llama.block_cound")), LoadError::Config { .. }));
    assert!(TextLlm::open(Path::new("no/such/file.gguf"), &options()).is_err());
}
