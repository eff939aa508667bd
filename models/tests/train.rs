//! The trainer on networks small enough for seconds: the loss falls, a killed run goes on to the bit, one seed gives one
//! run, and nothing trains that gets no gradient.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::Init;
use ponder_models::net::decoder::{Config, Decoder};
use ponder_models::net::layers::{Linear, RmsNorm};
use ponder_models::net::siglip::{self, Siglip};
use ponder_models::net::{lfm2, lfm2::Lfm2};
use ponder_models::train::checkpoint::header;
use ponder_models::train::{IGNORE, Params, Recipe, TrainError, Trainer, cross_entropy};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const WORDS: usize = 6;

fn shape() -> Config {
    Config { vocab_size: 16, tie_embeddings: true, qk_norm: true, qkv_bias: true, ..Config::tiny() }
}

/// "words | words": what comes before the bar is to be copied after it. The random numbers are the cursor.
fn copying(rng: &mut ChaCha8Rng, rows: usize) -> (Tensor, Tensor) {
    let (mut ids, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let words: Vec<u32> = (0..WORDS).map(|_| rng.random_range(1..16)).collect();
        let line: Vec<u32> = words.iter().chain(&[0]).chain(&words).copied().collect();
        ids.extend(&line[..2 * WORDS]);
        targets.extend(std::iter::repeat_n(IGNORE, WORDS).chain(words));
    }
    let shape = (rows, 2 * WORDS);
    let tensor = |all| Tensor::from_vec(all, shape, &Device::Cpu).unwrap();
    (tensor(ids), tensor(targets))
}

struct Run {
    params: Params,
    network: Decoder,
    trainer: Trainer,
    rng: ChaCha8Rng,
}

impl Run {
    fn new(seed: u64, steps: u64) -> Self {
        let params = Params::new(seed, &Device::Cpu);
        let network = Decoder::new(&shape(), params.weights()).unwrap();
        let recipe = Recipe { steps, warmup: 10, peak_lr: 5e-3, weight_decay: 0.01, ..Recipe::default() };
        let trainer = Trainer::new(&params, recipe).unwrap();
        Self { params, network, trainer, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    fn step(&mut self) -> f64 {
        let (network, rng) = (&self.network, &mut self.rng);
        let report = self.trainer.step((0..2).map(|_| {
            let (ids, targets) = copying(rng, 16);
            cross_entropy(&network.forward_ids(&ids, None)?, &targets, None)
        }));
        report.unwrap().loss
    }

    fn values(&self) -> BTreeMap<String, Vec<u32>> {
        let bits = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|x| x.to_bits()).collect();
        self.params.tensors().unwrap().into_iter().map(|(name, tensor)| (name, bits(tensor))).collect()
    }
}

#[test]
fn a_decoder_learns_to_copy() {
    let mut run = Run::new(1, 200);
    let first = run.step();
    assert!((first - 16f64.ln()).abs() < 1.0, "the first loss is {first}, a guess costs {}", 16f64.ln());
    let losses: Vec<f64> = (1..200).map(|_| run.step()).collect();
    let last = losses[190..].iter().sum::<f64>() / losses[190..].len() as f64;
    assert!(last < 0.2 * first, "{first} fell to {last} only");
    // What was learned is in the snapshot, on the kernels, and is not changed by what comes after.
    let answers = Decoder::new(&shape(), run.params.snapshot().unwrap()).unwrap();
    let (ids, targets) = copying(&mut run.rng, 32);
    let measured = |network: &Decoder| {
        let logits = network.forward_ids(&ids, None).unwrap();
        f64::from(cross_entropy(&logits, &targets, None).unwrap().to_scalar::<f32>().unwrap())
    };
    let (trained, answered) = (measured(&run.network), measured(&answers));
    assert!((trained - answered).abs() < 1e-4 * first, "{trained} in training, {answered} in answering");
    run.step();
    assert_eq!(measured(&answers), answered);
}

#[test]
fn a_killed_run_goes_on_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs/copy.safetensors");
    let mut whole = Run::new(3, 12);
    let losses: Vec<f64> = (0..12).map(|_| whole.step()).collect();
    let mut half = Run::new(3, 12);
    (0..5).for_each(|i| assert_eq!(half.step(), losses[i]));
    let cursor = serde_json::json!({ "words": half.rng.get_word_pos().to_string() });
    half.trainer.save(&path, cursor).unwrap();
    assert_eq!(header(&path).unwrap().step, 5);
    assert!(std::fs::read_dir(path.parent().unwrap()).unwrap().count() == 1, "a part of a file was left");
    drop(half);
    // Another seed: everything must come from the file.
    let mut rest = Run::new(99, 12);
    let cursor = rest.trainer.resume(&path).unwrap();
    rest.rng = ChaCha8Rng::seed_from_u64(3);
    rest.rng.set_word_pos(cursor["words"].as_str().unwrap().parse().unwrap());
    (5..12).for_each(|i| assert_eq!(rest.step(), losses[i], "step {i}"));
    assert!(rest.trainer.is_done());
    assert_eq!(rest.values(), whole.values());
    // The file is weights for any reader, and where another run may start.
    let next = Params::builder(4, &Device::Cpu).load(&path).unwrap().build();
    Decoder::new(&shape(), next.weights()).unwrap();
    assert_eq!(next.count(), whole.params.count());
}

#[test]
fn one_seed_is_one_run() {
    let runs: Vec<_> = [5, 5, 6]
        .map(|seed| {
            let mut run = Run::new(seed, 10);
            (0..3).for_each(|_| drop(run.step()));
            run.values()
        })
        .into();
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    // Whether kernels run on one thread or on all makes no difference.
    let alone = ponder_models::kernel::pool::alone(|| {
        let mut run = Run::new(5, 10);
        (0..3).for_each(|_| drop(run.step()));
        run.values()
    });
    assert_eq!(runs[0], alone);
}

#[test]
fn nothing_trains_without_a_gradient() {
    let params = Params::new(1, &Device::Cpu);
    let (first, last) = (params.weights().pp("first"), params.weights().pp("last"));
    let (first, last) = (Linear::new(4, 4, false, &first).unwrap(), Linear::new(4, 3, true, &last).unwrap());
    let xs = Tensor::new(&[[1f32, 2.0, 3.0, 4.0]], &Device::Cpu).unwrap();
    let mut trainer = Trainer::new(&params, Recipe::default()).unwrap();
    let targets = Tensor::new(&[1u32], &Device::Cpu).unwrap();
    let cut = |xs: &Tensor| {
        let hidden = candle_nn::ops::softmax_last_dim(&first.forward(xs)?)?;
        cross_entropy(&last.forward(&hidden)?, &targets, None)
    };
    let before = params.tensors().unwrap()["last.weight"].to_vec2::<f32>().unwrap();
    let error = trainer.step([cut(&xs)]).unwrap_err();
    assert!(matches!(&error, TrainError::NoGradient { names } if names == &["first.weight"]), "{error}");
    assert_eq!(params.tensors().unwrap()["last.weight"].to_vec2::<f32>().unwrap(), before);
    // Frozen or allowed to idle it may start.
    let mut trainer = trainer.may_idle(|name| name.starts_with("first"));
    trainer.step([cut(&xs)]).unwrap();
    let whole = |xs: &Tensor| cross_entropy(&last.forward(&first.forward(xs)?)?, &targets, None);
    Trainer::new(&params, Recipe::default()).unwrap().step([whole(&xs)]).unwrap();
    let frozen = Params::builder(1, &Device::Cpu).frozen(|name| name.starts_with("first")).build();
    let weights = frozen.weights();
    let first = Linear::new(4, 4, false, &weights.pp("first")).unwrap();
    let norm = RmsNorm::new(4, 1e-6, &weights.pp("norm")).unwrap();
    let loss = norm.forward(&first.forward(&xs).unwrap()).unwrap().sqr().unwrap().sum_all();
    Trainer::new(&frozen, Recipe::default()).unwrap().step([loss]).unwrap();
    assert_eq!((frozen.trained().len(), frozen.all().len()), (1, 2));
}

#[test]
fn every_network_of_ours_can_learn() {
    let params = Params::new(1, &Device::Cpu);
    let network = Lfm2::new(&lfm2::Config::tiny(), params.weights()).unwrap();
    let tower = Siglip::new(&siglip::Config::tiny(), params.weights().pp("eye")).unwrap();
    let ids = Tensor::new(&[[1u32, 2, 3, 4]], &Device::Cpu).unwrap();
    let picture = Tensor::full(0.5f32, (1, 3, 32, 32), &Device::Cpu).unwrap();
    let target = Tensor::new(&[[2u32, 3, 4, 5]], &Device::Cpu).unwrap();
    let recipe = Recipe { steps: 100, warmup: 0, peak_lr: 1e-2, ..Recipe::default() };
    let mut trainer = Trainer::new(&params, recipe).unwrap();
    let mut step = || {
        let said = cross_entropy(&network.logits(&network.forward(&ids, None)?)?, &target, None)?;
        let seen = (tower.forward(&picture)? - 0.3)?.sqr()?.mean_all()?;
        said + seen
    };
    let losses: Vec<f64> = (0..100).map(|_| trainer.step([step()]).unwrap().loss).collect();
    assert!(losses[99] < 0.3 * losses[0], "{losses:?}");
}

#[test]
fn bad_input_is_named() {
    let params = Params::new(1, &Device::Cpu);
    assert!(
        Trainer::new(&params, Recipe::default()).is_err_and(|error| error.to_string().contains("build the network"))
    );
    let value = params.get("x", (), Init::Const(1.0)).unwrap();
    let wrong = Recipe { beta2: 1.0, ..Recipe::default() };
    assert!(Trainer::new(&params, wrong).is_err_and(|error| error.to_string().contains("beta2 is 1")));
    assert!(params.get("x", 3, Init::Const(1.0)).unwrap_err().to_string().contains("parameter x"));
    let mut trainer = Trainer::new(&params, Recipe::default()).unwrap();
    assert!(matches!(trainer.step([]).unwrap_err(), TrainError::Empty { step: 0 }));
    let error = trainer.step([value.affine(f64::NAN, 0.0)]).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { step: 0, what: "the loss", .. }), "{error}");
    assert_eq!(value.to_scalar::<f32>().unwrap(), 1.0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    assert!(matches!(trainer.resume(&path).unwrap_err(), TrainError::Io { .. }));
    params.save(&path).unwrap();
    assert!(trainer.resume(&path).unwrap_err().to_string().contains("no checkpoint"));
    trainer.save(&path, serde_json::Value::Null).unwrap();
    let mut other = Trainer::new(&params, Recipe { steps: 7, ..Recipe::default() }).unwrap();
    assert!(matches!(other.resume(&path).unwrap_err(), TrainError::OtherRecipe { .. }));
    let more = Params::new(1, &Device::Cpu);
    more.get("y", 2, Init::Const(1.0)).unwrap();
    let mut other = Trainer::new(&more, Recipe::default()).unwrap();
    assert!(other.resume(&path).unwrap_err().to_string().contains("y is missing"));
    let logits = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
    let targets = Tensor::new(&[1u32, 3], &Device::Cpu).unwrap();
    assert!(cross_entropy(&logits, &targets, None).unwrap_err().to_string().contains("target 3"));
}

#[test]
fn cross_entropy_is_what_it_says() {
    let rows = [[0.1f32, 2.0, -1.0], [3.0, 0.0, 0.5], [1.0, 1.0, 1.0], [-200.0, 300.0, 0.0]];
    let logits = candle_core::Var::new(&rows, &Device::Cpu).unwrap();
    let targets = Tensor::new(&[1u32, IGNORE, 2, 0], &Device::Cpu).unwrap();
    let weights = Tensor::new(&[0.5f32, 9.0, 2.0, 1.0], &Device::Cpu).unwrap();
    let loss = cross_entropy(&logits, &targets, Some(&weights)).unwrap();
    let chance = candle_nn::ops::log_softmax(&logits, 1).unwrap().to_vec2::<f32>().unwrap();
    let want = -(0.5 * chance[0][1] + 2.0 * chance[2][2] + chance[3][0]) / 3.5;
    assert!((loss.to_scalar::<f32>().unwrap() - want).abs() < 1e-5 * want.abs());
    let grad = loss.backward().unwrap().get(&logits).unwrap().to_vec2::<f32>().unwrap();
    for (row, share) in [0.5f32, 0.0, 2.0, 1.0].iter().enumerate() {
        for class in 0..3 {
            let hit = if [1, 9, 2, 0][row] == class { 1.0 } else { 0.0 };
            let want = share / 3.5 * (chance[row][class].exp() - hit);
            assert!((grad[row][class] - want).abs() < 1e-6, "{row} {class}: {} {want}", grad[row][class]);
        }
    }
    let none = Tensor::new(&[IGNORE; 4], &Device::Cpu).unwrap();
    assert_eq!(cross_entropy(&logits, &none, None).unwrap().to_scalar::<f32>().unwrap(), 0.0);
}
