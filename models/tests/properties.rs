//! What holds of every decoder, whatever its shape: read at once, piece by piece, in a batch, from a branch or after a
//! rewind, it thinks the same; and of every Janus: by the kernels or by candle, saved in either layout and loaded again, it
//! thinks the same, and in blocks of 8 and 4 bits nearly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use ponder_models::engine::checkpoint::{Need, needs};
use ponder_models::engine::names::Layout;
use ponder_models::engine::{Options, networks, save};
use ponder_models::kernel;
use ponder_models::net::decoder::{self as llama, Cache, Config, Decoder, RopeScaling};
use ponder_models::net::janus::{self, Janus};
use ponder_models::net::layers::{Quant, Weights};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Random weights, with norms and biases that matter.
fn decoder(cfg: &Config) -> (Decoder, VarMap) {
    let vars = VarMap::new();
    let decoder = Decoder::new(cfg, VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu)).unwrap();
    for (name, var) in vars.data().lock().unwrap().iter() {
        let fresh = match var.dims().len() {
            1 if name.ends_with("bias") => var.randn_like(0.0, 0.1).unwrap(),
            1 => var.randn_like(1.0, 0.1).unwrap(),
            _ => var.randn_like(0.0, 1.0 / (var.dims()[1] as f64).sqrt()).unwrap(),
        };
        var.set(&fresh).unwrap();
    }
    (decoder, vars)
}

fn ids(cfg: &Config, rows: usize, tokens: usize) -> Tensor {
    let at = |i: usize| ((i * 7919 + 13) % cfg.vocab_size) as u32;
    Tensor::from_iter((0..rows * tokens).map(at), &Device::Cpu).unwrap().reshape((rows, tokens)).unwrap()
}

fn gap(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap()
}

fn configs() -> impl Strategy<Value = Config> {
    let scaling = prop_oneof![
        Just(RopeScaling::None),
        Just(RopeScaling::Linear { factor: 2.0 }),
        Just(RopeScaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, original: 16 }),
    ];
    let shape = (1usize..4, 1usize..4, 1usize..4, prop_oneof![Just(4usize), Just(8), Just(16)], 1usize..4);
    (shape, scaling, any::<[bool; 5]>()).prop_map(|((kv, group, layers, head_dim, width), rope_scaling, on)| Config {
        hidden_size: 16 * width,
        num_layers: layers,
        num_heads: kv * group,
        num_kv_heads: kv,
        head_dim,
        rope_scaling,
        qkv_bias: on[0],
        qk_norm: on[1],
        tie_embeddings: on[2],
        out_bias: on[3],
        mlp_bias: on[4],
        ..Config::tiny()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_it_is_read_it_thinks_the_same(cfg in configs(), cuts in prop::collection::vec(1usize..6, 1..4)) {
        let (decoder, _) = decoder(&cfg);
        let tokens: usize = cuts.iter().sum::<usize>() + 1;
        let both = ids(&cfg, 2, tokens);
        let whole = decoder.forward_ids(&both, None).unwrap();

        let mut cache = decoder.cache();
        let mut pieces = Vec::new();
        for &cut in cuts.iter().chain([&1]) {
            let piece = both.narrow(1, cache.len(), cut).unwrap();
            pieces.push(decoder.forward_ids(&piece, Some(&mut cache)).unwrap());
        }
        prop_assert!(gap(&Tensor::cat(&pieces, 1).unwrap(), &whole) < 1e-4);

        // One row alone is the row of the batch.
        let second = both.narrow(0, 1, 1).unwrap();
        prop_assert!(gap(&decoder.forward_ids(&second, None).unwrap(), &whole.narrow(0, 1, 1).unwrap()) < 1e-4);

        // A branch of one row goes its own way; the rewound trunk reads on as if nothing had been.
        let mut branch = cache.select(&[1]).unwrap();
        branch.truncate(1);
        cache.truncate(1);
        let rest = both.narrow(1, 1, tokens - 1).unwrap();
        let other = ids(&cfg, 1, tokens).narrow(1, 0, tokens - 1).unwrap();
        decoder.forward_ids(&other, Some(&mut branch)).unwrap();
        let again = decoder.forward_ids(&rest, Some(&mut cache)).unwrap();
        prop_assert!(gap(&again, &whole.narrow(1, 1, tokens - 1).unwrap()) < 1e-4);

        // Padding on the left of one row changes nothing.
        let pad = Tensor::zeros((1, 3), DType::U32, &Device::Cpu).unwrap();
        let padded = Tensor::cat(&[&pad, &second], 1).unwrap();
        let filled = Tensor::cat(&[&second, &pad], 1).unwrap();
        let mut cache = Cache::left_padded(cfg.num_layers, vec![3, 0]);
        let seen = decoder.forward_ids(&Tensor::cat(&[&padded, &filled], 0).unwrap(), Some(&mut cache)).unwrap();
        let row = seen.narrow(0, 0, 1).unwrap().narrow(1, 3, tokens).unwrap();
        prop_assert!(gap(&row, &whole.narrow(0, 1, 1).unwrap()) < 1e-4);
        let row = seen.narrow(0, 1, 1).unwrap().narrow(1, 0, tokens).unwrap();
        prop_assert!(gap(&row, &whole.narrow(0, 1, 1).unwrap()) < 1e-4);
    }
}

#[test]
fn a_cache_of_another_batch_or_decoder_is_refused_and_stays_as_it_was() {
    let cfg = Config::tiny();
    let (decoder, _) = decoder(&cfg);
    let mut cache = decoder.cache();
    decoder.forward_ids(&ids(&cfg, 2, 3), Some(&mut cache)).unwrap();
    let error = decoder.forward_ids(&ids(&cfg, 1, 3), Some(&mut cache)).unwrap_err();
    assert!(error.to_string().contains("2 rows, 1 were given"), "{error}");
    assert!(decoder.forward_ids(&ids(&cfg, 2, 510), Some(&mut cache)).unwrap_err().to_string().contains("512"));
    assert!(decoder.forward_ids(&ids(&cfg, 2, 1), Some(&mut Cache::new(3))).is_err());
    assert_eq!(cache.len(), 3);
    let after = decoder.forward_ids(&ids(&cfg, 2, 4).narrow(1, 3, 1).unwrap(), Some(&mut cache)).unwrap();
    assert_eq!(after.dims(), [2, 1, cfg.vocab_size]);
}

#[test]
fn long_prompts_are_read_in_blocks_to_the_same_end() {
    use ponder_models::net::layers::{Mask, attention};
    let fresh = |heads, tokens| Tensor::randn(0f32, 1.0, (1, heads, tokens, 4), &Device::Cpu).unwrap();
    let (q, k, v) = (fresh(64, 600), fresh(32, 600), fresh(32, 600));
    let mask = Mask::Causal { offset: 0, left_pad: &[] };
    let blocks = attention(&q, &k, &v, mask, 0.5).unwrap();
    for start in [0, 250, 599] {
        let q = q.narrow(2, start, 1).unwrap();
        let (k, v) = (k.narrow(2, 0, start + 1).unwrap(), v.narrow(2, 0, start + 1).unwrap());
        let alone = attention(&q, &k.contiguous().unwrap(), &v.contiguous().unwrap(), Mask::None, 0.5).unwrap();
        assert!(gap(&alone, &blocks.narrow(2, start, 1).unwrap()) < 1e-5);
    }
}

#[test]
fn gradients_reach_every_weight() {
    let cfg = Config { qk_norm: true, qkv_bias: true, ..Config::tiny() };
    let (decoder, vars) = decoder(&cfg);
    let grads =
        decoder.forward_ids(&ids(&cfg, 2, 5), None).unwrap().sqr().unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in vars.data().lock().unwrap().iter() {
        let grad = grads.get(var).unwrap_or_else(|| panic!("{name} has no gradient"));
        assert!(grad.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap() > 0.0, "{name}");
    }
}

/// A tensor of values that matter for each name and shape asked.
fn fill(needs: &[Need], seed: u64) -> HashMap<String, Tensor> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut value = |need: &Need| {
        let (mean, spread) = match need.shape.len() {
            1 if need.name.ends_with("bias") => (0.0, 0.1),
            1 => (1.0, 0.1),
            _ => (0.0, 1.0 / (need.shape[1..].iter().product::<usize>() as f64).sqrt()),
        };
        let mut draw = || (mean + spread * 3f64.sqrt() * rng.random_range(-1.0..1.0)) as f32;
        let values: Vec<f32> = (0..need.shape.iter().product()).map(|_| draw()).collect();
        Tensor::from_vec(values, need.shape.clone(), &Device::Cpu).unwrap()
    };
    needs.iter().map(|need| (need.name.clone(), value(need))).collect()
}

/// `config.json` of a Janus, as each of the two writes it.
fn written(cfg: &janus::Config, layout: Layout) -> Value {
    let (v, l, q) = (cfg.vision.as_ref().unwrap(), &cfg.language, &cfg.vq);
    let text = json!({
        "model_type": "llama", "vocab_size": l.vocab_size, "hidden_size": l.hidden_size, "head_dim": l.head_dim,
        "intermediate_size": l.intermediate_size, "num_hidden_layers": l.num_layers, "num_attention_heads": l.num_heads,
        "num_key_value_heads": l.num_kv_heads, "max_position_embeddings": l.max_positions, "attention_bias": l.qkv_bias,
        "mlp_bias": l.mlp_bias,
    });
    let ratio = v.intermediate_size as f64 / v.hidden_size as f64;
    match layout {
        Layout::Transformers => json!({
            "model_type": "janus", "text_config": text, "tie_word_embeddings": l.tie_embeddings,
            "vision_config": { "hidden_size": v.hidden_size, "num_hidden_layers": v.num_layers, "mlp_ratio": ratio,
                "num_attention_heads": v.num_heads, "image_size": v.image_size, "patch_size": v.patch_size,
                "depth": cfg.aligner_depth },
            "vq_config": { "base_channels": q.base_channels, "channel_multiplier": q.multipliers,
                "num_res_blocks": q.num_res_blocks, "latent_channels": q.latent_channels, "embed_dim": q.embed_dim,
                "num_embeddings": q.num_codes, "num_hidden_layers": cfg.generation_aligner_depth,
                "image_token_embed_dim": cfg.image_head_width },
        }),
        Layout::Own => json!({
            "model_type": "multi_modality", "language_config": text,
            "vision_config": { "params": { "width": v.hidden_size, "layers": v.num_layers, "heads": v.num_heads,
                "image_size": v.image_size, "patch_size": v.patch_size, "mlp_ratio": ratio } },
            "aligner_config": { "params": { "depth": cfg.aligner_depth } },
            "gen_aligner_config": { "params": { "depth": cfg.generation_aligner_depth } },
            "gen_head_config": { "params": { "image_token_embed": cfg.image_head_width } },
            "gen_vision_config": { "params": { "ch": q.base_channels, "ch_mult": q.multipliers,
                "num_res_blocks": q.num_res_blocks, "z_channels": q.latent_channels, "n_embed": q.embed_dim,
                "image_token_size": q.num_codes } },
        }),
    }
}

/// What [`thoughts`] are of.
const PARTS: [&str; 5] = ["words", "codes said", "codes told", "picture", "codes seen"];

/// What a Janus makes of a picture, of words about it, and of codes.
fn thoughts(janus: &Janus) -> Vec<Tensor> {
    let size = janus.config().picture_px;
    let picture = (0..3 * size * size).map(|i| ((i * 37 % 101) as f32) / 50.5 - 1.0);
    let picture = Tensor::from_iter(picture, &Device::Cpu).unwrap().reshape((1, 3, size, size)).unwrap();
    let features = janus.understanding.as_ref().unwrap().forward(&picture).unwrap();
    let count = features.dim(1).unwrap();
    let ids = [vec![1, 2], vec![7; count], vec![3, 4]].concat();
    let embeddings = janus.embed(&[ids], 7, Some(&features)).unwrap();
    let hidden = janus.language.forward(&embeddings, None).unwrap();
    let codes = janus.generation.vq().encode(&picture).unwrap();
    vec![
        janus.language.logits(&hidden).unwrap(),
        janus.generation.logits(&hidden).unwrap(),
        janus.generation.embed(&codes).unwrap(),
        janus.generation.vq().decode(&codes).unwrap(),
        codes.to_dtype(DType::F32).unwrap(),
    ]
}

/// A small Janus about this language model. In a Janus the output's bias goes with the others', and DeepSeek's head is its
/// own.
fn whole(language: Config, tall: usize, depth: usize) -> janus::Config {
    let language = llama::Config {
        out_bias: language.qkv_bias,
        qk_norm: false,
        tie_embeddings: false,
        rope_scaling: RopeScaling::None,
        ..language
    };
    let mut cfg = janus::Config { language, aligner_depth: depth, ..janus::Config::tiny() };
    cfg.picture_px = 16 * tall;
    cfg.vision.as_mut().unwrap().image_size = cfg.picture_px;
    cfg.image_head_width = 24;
    cfg
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    // From 32 pixels on: a map of one point is all but constant within a group, and its normalisation blows up what rounding
    // left there.
    #[test]
    fn the_kernels_think_what_candle_thinks(language in configs(), tall in 2usize..4, depth in 1usize..4, seed in any::<u64>()) {
        let cfg = whole(language, tall, depth);
        let tensors = fill(&needs(DType::F32, |weights| Janus::new(&cfg, weights)).unwrap(), seed);
        let made = || thoughts(&Janus::new(&cfg, VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu)).unwrap());
        for (part, (found, wanted)) in PARTS.iter().zip(made().iter().zip(kernel::plain(made))) {
            let largest = wanted.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            prop_assert!(gap(found, &wanted) <= 1e-4 * largest.max(1.0), "{part} {}", gap(found, &wanted));
        }
    }

    #[test]
    fn in_blocks_it_thinks_nearly_the_same(language in configs(), heads in 1usize..3, seed in any::<u64>()) {
        // Wide enough for blocks of 256.
        let wide = 256 * heads;
        let language = llama::Config {
            hidden_size: wide, intermediate_size: 512, num_heads: 4 * heads, num_kv_heads: 2 * heads, head_dim: 64, ..language
        };
        let cfg = whole(language, 1, 2);
        let tensors = fill(&needs(DType::F32, |weights| Janus::new(&cfg, weights)).unwrap(), seed);
        let logits = |quant| {
            let weights = Weights::from(VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu));
            thoughts(&Janus::new(&cfg, weights.quantised(quant)).unwrap()).remove(0)
        };
        let (exact, eight, four) = (logits(None), logits(Some(Quant::Q8_0)), logits(Some(Quant::Q4K)));
        let norm = |t: &Tensor| t.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
        let off = |t: &Tensor| norm(&(t - &exact).unwrap()) / norm(&exact);
        println!("q8_0 {:.4}, q4_k {:.4}", off(&eight), off(&four));
        prop_assert!(off(&eight) < 0.05 && off(&four) < 0.4 && off(&four) > off(&eight), "{} {}", off(&eight), off(&four));
    }

    #[test]
    fn saved_in_either_layout_it_thinks_the_same(language in configs(), tall in 1usize..3, depth in 1usize..4, seed in any::<u64>()) {
        let cfg = whole(language, tall, depth);
        let needs = needs(DType::F32, |weights| Janus::new(&cfg, weights)).unwrap();
        let tensors = fill(&needs, seed);
        let original = Janus::new(&cfg, VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu)).unwrap();
        let wanted = thoughts(&original);
        for (layout, shard) in [(Layout::Own, u64::MAX), (Layout::Transformers, 200_000)] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("config.json"), written(&cfg, layout).to_string()).unwrap();
            save::write(folder.path(), &save::rename(&tensors, layout).unwrap(), shard).unwrap();
            let (loaded, read) = networks(folder.path(), &Options::default()).unwrap();
            prop_assert_eq!(&read.network, &cfg);
            for (found, wanted) in thoughts(&loaded).iter().zip(&wanted) {
                prop_assert_eq!(gap(found, wanted), 0.0);
            }
        }
    }
}
