//! Answers under the grammar from networks that want to say anything at all: each one parses, type-checks, names only what
//! is there and passes the checker, or refuses, or asks. `PONDER_GENERATIONS` sets how many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod words;

use std::path::Path;

use ponder_core::check;
use ponder_core::plan::Draft;
use ponder_core::reasoner::{Question, ReasonError, Reasoner};
use ponder_core::thinker::Cancel;
use ponder_models::engine::open::{self, TextLlm};
use ponder_models::engine::sampling::Sampling;
use ponder_models::engine::text::{Style, Writer};
use ponder_models::engine::write::{Ask, Piece, Script, TextModel, WriteError};
use ponder_models::reason::grammar::{Guide, Limits};
use ponder_models::reason::reasoner::{LlmReasoner, Options};
use ponder_models::reason::{answer, prompt};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use words::{Fond, MOODS, Mood, question, writer};

const HOT: Sampling = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0, seed: 0 };

fn style() -> Style {
    Style { thought: HOT, answer: HOT, answer_tokens: 4096, stride: 512 }
}

fn count() -> u64 {
    std::env::var("PONDER_GENERATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

#[test]
fn every_answer_of_any_network_checks_refuses_or_asks() {
    let (mut plans, mut steps, mut goals, mut refused, mut asked) = (0, 0, 0, 0, 0);
    for case in 0..count() {
        let mut rng = ChaCha8Rng::seed_from_u64(case);
        let mood = MOODS[(case % 7) as usize];
        let question = question(&mut rng, 10);
        let mut model = writer(Fond::new(mood, case), style());
        let mut guide = Guide::new(&question.scene, &question.robot, Limits::default());
        let turns = [prompt::turn(&question)];
        let thought_tokens = rng.random_range(0..30);
        let mut ask =
            Ask { turns: &turns, thought_tokens, script: &mut guide, seed: case, weigh: false, temperature: None };
        let written =
            model.write(&mut ask, &mut |_| (), &Cancel::default()).unwrap_or_else(|e| panic!("{case} {mood:?}: {e}"));
        assert!(written.thought_tokens <= thought_tokens, "{case}: the budget holds");
        assert!(!written.thought.contains("<think>") && !written.thought.contains("</think>"), "{case}");
        let draft =
            answer::read(&written.answer).unwrap_or_else(|e| panic!("{case} {mood:?}: {e}\n{}", written.answer));
        match &draft {
            Draft::Do { steps: calls, goal } => {
                let checked = check::check(&draft, &question.scene, &question.robot);
                checked.unwrap_or_else(|e| panic!("{case} {mood:?}: {e}\n{}", written.answer));
                (plans, steps, goals) = (plans + 1, steps + calls.len(), goals + goal.len());
                assert_eq!(answer::write(&draft), written.answer, "{case}: it is written as it is read");
            }
            Draft::Refuse { text, .. } => {
                assert!(!text.trim().is_empty() && text.chars().count() <= 240, "{case}: {text:?}");
                refused += 1;
            }
            Draft::Ask { question } => {
                assert!(!question.trim().is_empty() && !question.contains(['<', '\n', '"']), "{case}: {question:?}");
                asked += 1;
            }
        }
    }
    println!("{plans} plans of {steps} steps and {goals} goal facts, {refused} refusals, {asked} questions");
    assert!(plans > 0 && steps > 0 && goals > 0 && refused > 0 && asked > 0, "every kind was seen");
}

#[test]
fn the_reasoner_streams_what_it_keeps_and_answers() {
    for (case, mood) in (0..24).zip(MOODS.iter().cycle()) {
        let mut rng = ChaCha8Rng::seed_from_u64(1000 + case);
        let question = question(&mut rng, 8);
        let options = Options { thought_tokens: 40, ..Options::default() };
        let mut reasoner = LlmReasoner::new(writer(Fond::new(*mood, case), style()), options);
        let mut said = String::new();
        let answer = reasoner.think(&question, &mut |piece| said.push_str(piece), &Cancel::default()).unwrap();
        assert_eq!(said, answer.thought.text);
        assert!(answer.thought.tokens <= 40);
        if let Draft::Do { .. } = answer.draft {
            check::check(&answer.draft, &question.scene, &question.robot).unwrap();
        }
    }
}

#[test]
fn the_same_question_gets_the_same_answer() {
    let question = question(&mut ChaCha8Rng::seed_from_u64(5), 8);
    let think = || {
        let mut reasoner = LlmReasoner::new(writer(Fond::new(Mood::Wild, 1), style()), Options::default());
        reasoner.think(&question, &mut |_| (), &Cancel::default()).unwrap()
    };
    assert_eq!(think(), think());
}

/// Thinks about one random scene and holds the answer to what it must be; whether it was a plan.
fn holds(reasoner: &mut LlmReasoner<Writer>, case: u64, most: usize) -> bool {
    let question = question(&mut ChaCha8Rng::seed_from_u64(case), most);
    let answer = reasoner.think(&question, &mut |_| (), &Cancel::default());
    let answer = answer.unwrap_or_else(|error| panic!("{case}: {error}"));
    match &answer.draft {
        Draft::Do { .. } => {
            let checked = check::check(&answer.draft, &question.scene, &question.robot);
            checked.unwrap_or_else(|error| panic!("{case}: {error}\n{:?}", answer.draft));
            true
        }
        Draft::Refuse { text, .. } | Draft::Ask { question: text } => {
            // A compact model's short names are long again by now.
            assert!(!text.trim().is_empty() && text.chars().count() <= 2400, "{case}: {text:?}");
            assert!(!text.contains(char::is_control), "{case}: {text:?}");
            false
        }
    }
}

#[test]
fn every_answer_of_networks_with_random_weights_checks_refuses_or_asks() {
    use ponder_models::engine::network::{Liquid, Llama, Network};
    use ponder_models::net::{decoder, lfm2};
    use ponder_models::train::Params;
    let vocab = words::tokenizer().get_vocab_size(true);
    let (mut plans, count) = (0, count() / 3);
    for case in 0..count {
        let params = Params::new(case, &candle_core::Device::Cpu);
        let max_positions = 1 << 15;
        let net: Box<dyn Network> = if case % 2 == 0 {
            let config = decoder::Config { vocab_size: vocab, max_positions, ..decoder::Config::tiny() };
            decoder::Decoder::new(&config, params.weights()).unwrap();
            let net = decoder::Decoder::new(&config, params.snapshot().unwrap()).unwrap();
            Box::new(Llama::new(net))
        } else {
            let config = lfm2::Config { vocab_size: vocab, max_positions, ..lfm2::Config::tiny() };
            lfm2::Lfm2::new(&config, params.weights()).unwrap();
            Box::new(Liquid::new(lfm2::Lfm2::new(&config, params.snapshot().unwrap()).unwrap()))
        };
        let mut reasoner =
            LlmReasoner::new(words::written_by(net, style()), Options { thought_tokens: 12, ..Options::default() });
        plans += u64::from(holds(&mut reasoner, case, 6));
    }
    println!("{plans} plans of {count}");
    assert!(plans > 0 && plans < count, "plans, and other answers");
}

/// Our own small model, drawn from hot: it too writes what it never learned.
#[test]
fn every_answer_of_a_small_model_checks_refuses_or_asks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/reasoner-nano");
    let style = Style { answer_tokens: 512, ..style() };
    let model = TextLlm::open(&folder, &open::Options { style: Some(style), ..open::Options::default() }).unwrap();
    // It would rather ask than answer most of these.
    let options = Options { thought_tokens: 200, ask_below: Some(0.0), ..Options::default() };
    let mut reasoner = LlmReasoner::new(model, options);
    let plans = (0..count()).filter(|case| holds(&mut reasoner, 50_000 + case, 8)).count() as u64;
    println!("{plans} plans of {}", count());
    assert!(plans > 0 && plans < count(), "plans, and other answers");
}

/// A language model of others, which never heard of robots.
#[test]
#[ignore = "takes minutes, and ./setup.sh smollm2 first: make test"]
fn every_answer_of_smollm2_checks_refuses_or_asks() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    if !file.exists() {
        return println!("left out: {} is not there, ./setup.sh smollm2 gets it", file.display());
    }
    let model = TextLlm::open(&file, &open::Options::default()).unwrap();
    let mut reasoner = LlmReasoner::new(model, Options { thought_tokens: 24, ..Options::default() });
    let count = count() / 30;
    let plans = (0..count).filter(|case| holds(&mut reasoner, 70_000 + case, 4)).count();
    println!("{plans} plans of {count}");
}

/// Cancels after so many pieces of thought.
fn cancelled_after(pieces: usize, question: &Question) -> (usize, Result<(), ReasonError>) {
    let options = Options { thought_tokens: 5000, ..Options::default() };
    let mut reasoner = LlmReasoner::new(writer(Fond::new(Mood::Wordy, 1), style()), options);
    let cancel = Cancel::default();
    let mut heard = 0;
    let mut say = |_: &str| {
        heard += 1;
        if heard == pieces {
            cancel.cancel();
        }
    };
    let end = reasoner.think(question, &mut say, &cancel).map(|_| ());
    (heard, end)
}

#[test]
fn a_cancelled_question_ends_within_a_token() {
    let question = question(&mut ChaCha8Rng::seed_from_u64(5), 8);
    assert_eq!(cancelled_after(7, &question), (7, Err(ReasonError::Cancelled)), "no piece comes after it");
}

#[test]
fn a_full_context_is_said_before_anything_is_thought() {
    let question = question(&mut ChaCha8Rng::seed_from_u64(5), 8);
    let mut net = Fond::new(Mood::Wild, 1);
    net.context = 2000;
    let mut model = writer(net, style());
    let mut guide = Guide::new(&question.scene, &question.robot, Limits::default());
    let turns = [prompt::turn(&question)];
    let mut ask =
        Ask { turns: &turns, thought_tokens: 10, script: &mut guide, seed: 0, weigh: false, temperature: None };
    let error = model.write(&mut ask, &mut |_: Piece<'_>| panic!("it thought"), &Cancel::default()).unwrap_err();
    assert!(matches!(error, WriteError::ContextFull { context: 2000, .. }), "{error}");
}

#[test]
fn what_stays_the_same_is_read_once() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (one, two) = (question(&mut rng, 8), question(&mut rng, 8));
    let two = Question { robot: one.robot.clone(), ..two };
    let mut model = writer(Fond::new(Mood::Wild, 1), style());
    let mut read = |question: &Question| {
        let mut guide = Guide::new(&question.scene, &question.robot, Limits::default());
        let turns = [prompt::turn(question)];
        let mut ask =
            Ask { turns: &turns, thought_tokens: 3, script: &mut guide, seed: 0, weigh: false, temperature: None };
        model.write(&mut ask, &mut |_| (), &Cancel::default()).unwrap().prompt_tokens
    };
    let (first, again, other) = (read(&one), read(&one), read(&two));
    assert_eq!(again, 1, "the last token is read again for its logits");
    assert!(other < first / 2, "{other} of {first} tokens were new");
}

/// A network whose weights are broken.
#[test]
fn logits_that_are_no_numbers_are_an_error() {
    struct Broken(usize, usize);
    impl ponder_models::engine::network::Network for Broken {
        fn vocab(&self) -> usize {
            self.1
        }
        fn context(&self) -> usize {
            1 << 16
        }
        fn held(&self) -> usize {
            self.0
        }
        fn read(&mut self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
            self.0 += tokens.len();
            Ok(vec![f32::NAN; self.1])
        }
        fn rewind(&mut self, len: usize) {
            self.0 = self.0.min(len);
        }
    }
    let tokenizer = words::tokenizer();
    let vocab = tokenizer.get_vocab_size(true);
    let chat = ponder_models::engine::talk::Chat::new(tokenizer, ponder_models::engine::talk::CHATML, "", "<|im_end|>");
    let model = ponder_models::engine::text::Writer::new("broken", Box::new(Broken(0, vocab)), chat.unwrap(), style());
    let mut reasoner = LlmReasoner::new(model.unwrap(), Options::default());
    let question = question(&mut ChaCha8Rng::seed_from_u64(5), 8);
    let error = reasoner.think(&question, &mut |_| (), &Cancel::default()).unwrap_err();
    assert!(error.to_string().contains("not finite"), "{error}");
}

#[test]
fn a_script_says_why_a_line_is_wrong() {
    let question = question(&mut ChaCha8Rng::seed_from_u64(2), 8);
    let mut guide = Guide::new(&question.scene, &question.robot, Limits::default());
    for line in ["end", "fly()", "pick(ghost)", "goal held(ghost)", "goal in(", "wait(1e9)", "ask()"] {
        assert!(guide.take(line).is_err(), "{line}");
    }
    assert!(guide.take("wait(2.5)").is_ok());
    assert!(guide.take("end").is_ok());
    assert_eq!(guide.next(), None);
}

/// Time that this thread has had a core, in milliseconds: others on the machine don't count.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-6
}

#[test]
#[ignore = "prints what the grammar costs with a vocabulary as wide as Qwen's: make test"]
fn what_a_grammar_costs() {
    use ponder_models::engine::grammar::Grammars;
    let took = |began: f64| cpu_ms() - began;
    let wide = words::wide_tokenizer(151_000);
    let began = cpu_ms();
    let grammars = Grammars::new(&wide, 151_936, wide.token_to_id("<|im_end|>").unwrap()).unwrap();
    println!("vocabulary of 151,936 read in {:.0} ms, once", took(began));
    let (mut guide_s, mut write_s, mut compile_s, mut mask_s) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for case in 0..20 {
        let question = Question { robot: words::robot(true, true), ..question(&mut rng, 20) };
        let began = cpu_ms();
        let mut guide = Guide::new(&question.scene, &question.robot, Limits::default());
        guide_s.push(took(began));
        let mut sampler = ponder_models::engine::sampling::Sampler::new(HOT, case).unwrap();
        for _ in 0..8 {
            let began = cpu_ms();
            let Some(lark) = guide.next() else { break };
            write_s.push(took(began));
            let began = cpu_ms();
            let mut grammar = grammars.start(&lark).unwrap();
            compile_s.push(took(began));
            let mut line = Vec::new();
            while !grammar.is_done() {
                let began = cpu_ms();
                let mut tokens = grammar.forced();
                if tokens.is_empty() {
                    let mut logits: Vec<f32> = vec![0.0; 151_936];
                    grammar.allowed().unwrap().mask(&mut logits);
                    mask_s.push(took(began));
                    tokens.push(sampler.choose(&mut logits, &[]).unwrap());
                    grammar.take(tokens[0]).unwrap();
                }
                tokens.iter().for_each(|token| line.extend_from_slice(grammars.bytes(*token)));
            }
            guide.take(String::from_utf8(line).unwrap().trim_end()).unwrap();
        }
    }
    let stats = |name: &str, times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        println!(
            "{name}: mean {mean:.2} ms, median {:.2}, most {:.2} ({} times)",
            times[times.len() / 2],
            times[times.len() - 1],
            times.len()
        );
        mean
    };
    stats("guide of a scene of up to 20 things", &mut guide_s);
    stats("text of a line's grammar", &mut write_s);
    let compile = stats("grammar of a line", &mut compile_s);
    let mask = stats("mask of a token", &mut mask_s);
    assert!(compile < 60.0 && mask < 10.0, "a grammar costs more than a small network's step");
}
