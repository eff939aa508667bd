//! Learning from reward: groups drawn freely or under the answer's grammar, the gain of each, and a road that goes on to the
//! bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

use std::path::Path;

use candle_core::Device;
use ponder_core::check::check;
use ponder_core::plan::Draft;
use ponder_core::thinker::Cancel;
use ponder_models::net::{decoder, lfm2};
use ponder_models::reason::grammar::Limits;
use ponder_models::reason::split::CLOSE;
use ponder_models::train::think::book::Page;
use ponder_models::train::think::course::Course;
use ponder_models::train::think::guided::Guides;
use ponder_models::train::think::pupil::Shape;
use ponder_models::train::think::rl::{Guide, Road, Told};
use ponder_models::train::think::{Lessons, Split, grpo, sft, vocab};
use ponder_models::train::{Params, Recipe, Trainer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn transformer(vocab_size: usize) -> Shape {
    Shape::Transformer(decoder::Config {
        vocab_size,
        hidden_size: 32,
        intermediate_size: 64,
        qk_norm: true,
        ..decoder::Config::tiny()
    })
}

#[test]
fn a_toy_learns_from_reward() {
    let shape = transformer(12);
    let params = Params::new(3, &Device::Cpu);
    let net = shape.build(params.weights()).unwrap();
    let reference = shape.build(params.snapshot().unwrap()).unwrap();
    let recipe = Recipe { steps: 60, warmup: 1, peak_lr: 3e-3, weight_decay: 0.0, ..Recipe::default() };
    let mut trainer = Trainer::new(&params, recipe).unwrap();
    let options = grpo::Options { group: 16, max_tokens: 6, kl: 0.001, ..grpo::Options::default() };
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut curve = Vec::new();
    while !trainer.is_done() {
        let policy = shape.build(params.snapshot().unwrap()).unwrap();
        let pens = (0..options.group).map(|_| Box::new(grpo::UpTo::new(0)) as Box<dyn grpo::Pen>).collect();
        let drawn = grpo::draw(&policy, &[1, 2], pens, &options, &mut rng).unwrap();
        // The more sevens the better.
        let share = |answer: &grpo::Drawn| {
            answer.tokens.iter().filter(|t| **t == 7).count() as f64 / answer.tokens.len() as f64
        };
        let rewards: Vec<f64> = drawn.iter().map(share).collect();
        curve.push(grpo::watch(&drawn, &rewards).reward);
        let old = grpo::log_probs(&policy, &[1, 2], &drawn, 1.0).unwrap();
        let from = grpo::log_probs(&reference, &[1, 2], &drawn, 1.0).unwrap();
        let gains = grpo::advantages(&rewards);
        let loss = grpo::loss(&net, &[1, 2], &drawn, &gains, Some(&old), Some(&from), &options).map(|(loss, _)| loss);
        trainer.step([loss]).unwrap();
    }
    let (first, last): (f64, f64) = (curve[0], curve[55..].iter().sum::<f64>() / 5.0);
    assert!(first < 0.3 && last > 0.7, "{first} {last}: {curve:?}");
}

#[test]
fn advantages_stand_beside_the_group() {
    assert_eq!(grpo::advantages(&[1.0, 1.0, 1.0]), [0.0; 3]);
    let gains = grpo::advantages(&[0.0, 1.0]);
    assert!((gains[0] + 1.0).abs() < 1e-9 && (gains[1] - 1.0).abs() < 1e-9);
}

#[test]
fn the_road_of_reward_goes_on_to_the_bit() {
    let lessons = Lessons::new(12).unwrap();
    let tokenizer = vocab::learn(&lessons, 100, 600).unwrap();
    let shape = transformer(tokenizer.get_vocab_size(true));
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe { steps: 80, warmup: 5, peak_lr: 1e-2, ..Recipe::default() };
    let course = Course { shape, recipe, seed: 3, order_numbers: false };
    // It has half learnt one answer to everything, so that some of what it says can be read and some can't.
    let page = |i| {
        let page: Page = lessons.get(Split::Train, i).unwrap().into();
        Page { thought: String::new(), answer: "refuse(unsafe, \"no\")\n".to_owned(), ..page }
    };
    let mut school = sft::School::new(sft::Source::Book((0..8).map(page).collect()), tokenizer, 4, 5);
    course.run(&mut school, None, folder.path(), &mut |_| true).unwrap();
    let guide = Guide { thought_tokens: 4, limits: Limits { text_chars: 16, ..Limits::default() } };
    for guide in [None, Some(guide)] {
        let road = Road {
            recipe: Recipe { steps: 3, warmup: 0, peak_lr: 1e-3, ..Recipe::default() },
            options: grpo::Options { group: 4, max_tokens: 30, ..grpo::Options::default() },
            prompts: 2,
            split: Split::Train,
            seed: 6,
            from_scratch: false,
            guide,
        };
        let (through, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let run = |out: &Path, until: u64| {
            let stop = Cancel::default();
            let mut told = |told: &Told| {
                if told.step >= until {
                    stop.cancel();
                }
            };
            road.run(&lessons, folder.path(), out, &mut told, &stop).unwrap()
        };
        assert!(run(through.path(), 99));
        assert!(!run(stopped.path(), 2));
        assert!(run(stopped.path(), 99));
        let weights = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
        assert_eq!(weights(through.path()), weights(stopped.path()));
    }
}

/// A network that knows nothing writes what can be read and passes the checker, and no thought is longer than asked.
#[test]
fn what_is_drawn_under_the_grammar_checks() {
    let lessons = Lessons::new(14).unwrap();
    let tokenizer = vocab::learn(&lessons, 100, 600).unwrap();
    let (width, close) = (tokenizer.get_vocab_size(true), tokenizer.token_to_id(CLOSE));
    let limits = Limits { text_chars: 24, steps: 4, ..Limits::default() };
    for shape in [transformer(width), Shape::Hybrid(lfm2::Config { vocab_size: width, ..lfm2::Config::tiny() })] {
        let params = Params::new(5, &Device::Cpu);
        let net = shape.build(params.weights()).unwrap();
        let options = grpo::Options { max_tokens: 160, ..grpo::Options::default() };
        let (mut plans, mut ended) = (0, 0);
        for (index, thought_tokens) in (0..12).map(|index| (index, if index % 2 == 0 { 0 } else { 6 })) {
            let guides = Guides::new(&tokenizer, thought_tokens, limits).unwrap();
            let lesson = lessons.get(Split::Train, index).unwrap();
            let prompt = sft::encode(&tokenizer, &lesson.clone().into()).unwrap().prompt;
            let pens = (0..8).map(|_| Box::new(guides.pen(&lesson).unwrap()) as Box<dyn grpo::Pen + '_>).collect();
            let mut rng = ChaCha8Rng::seed_from_u64(index);
            let drawn = grpo::draw(&net, &prompt, pens, &options, &mut rng).unwrap();
            let probable = grpo::log_probs(&net, &prompt, &drawn, 1.0).unwrap().to_vec1::<f32>().unwrap();
            // Beside those that it was chosen from alone each is likelier than beside all.
            let mut freely = drawn.clone();
            for among in freely.iter_mut().flat_map(|answer| &mut answer.among) {
                if matches!(among, grpo::Among::These(tokens) if tokens.len() > 1) {
                    *among = grpo::Among::All;
                }
            }
            let beside = grpo::log_probs(&net, &prompt, &freely, 1.0).unwrap().to_vec1::<f32>().unwrap();
            assert!(probable.iter().zip(&beside).all(|(p, beside)| *p <= 0.0 && *p >= beside - 1e-4));
            assert!(probable.iter().sum::<f32>() > 0.9 * beside.iter().sum::<f32>(), "{probable:?} {beside:?}");
            let tokens: usize = drawn.iter().map(|answer| answer.tokens.len()).sum();
            assert!(probable.len() < tokens, "what had to come is no choice");
            for answer in drawn.iter().filter(|answer| answer.ended) {
                ended += 1;
                let text = tokenizer.decode(&answer.tokens[..answer.tokens.len() - 1], false).unwrap();
                let thought = answer.tokens.iter().position(|token| Some(*token) == close).unwrap();
                assert!(thought <= thought_tokens + 1, "{thought} tokens with the line's end");
                let (_, rest) = text.split_once(CLOSE).unwrap();
                let draft = lesson.read(rest.trim()).unwrap();
                if let Draft::Do { .. } = draft {
                    plans += 1;
                    check(&draft, &lesson.question.scene, &lesson.question.robot).unwrap();
                }
            }
        }
        assert!(plans > 4 && ended > 60, "{plans} plans of {ended}");
    }
}
