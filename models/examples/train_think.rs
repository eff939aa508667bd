//! Schools reasoner-nano: looks at lessons, learns a tokenizer, runs the cold start (which goes on after a kill), and
//! gives marks. `train_think help` tells the commands. Outside the ring.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use candle_core::Device;
use ponder_core::symbolic::Symbolic;
use ponder_models::engine::open::{Options, TextLlm};
use ponder_models::kernel::pool;
use ponder_models::reason::reasoner::{LlmReasoner, Options as Thinking};
use ponder_models::train::think::pupil::Shape;
use ponder_models::train::think::{Lessons, Split, grade, grpo, sft, vocab};
use ponder_models::train::{Params, Recipe, Trainer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokenizers::Tokenizer;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const HELP: &str = "train_think COMMAND [--name value]…
  data-stats  --seed 1 --count 2000                  families, lengths, examples of every split
  data        --seed 1 --split train --from 0 --count 1000   lessons as JSON lines on stdout
  tokenizer   --seed 1 --count 12000 --size 1024 --out FILE
  sft         --seed 1 --tokenizer FILE --out DIR [--shape transformer|hybrid --steps 6000 --rows 20 --lr 0.004
              --optimizer adamw|muon --from WEIGHTS]
              goes on where DIR/checkpoint.safetensors stands
  grpo        --seed 1 --model DIR --out DIR [--steps 200 --group 8 --prompts 2 --lr 0.0002 --kl 0.02 --split train]
              learns from reward, from the weights of a folder (--from-scratch 1: from none)
  seal        --model DIR                            writes ponder.json with the files' hashes
  eval        --model DIR --seed 1 --count 500       marks on held-out and hard lessons, with and without grammar
  forced      --model DIR --seed 1 --count 300       how well it foretells what is taught, word by word, and where it errs
  teacher     --seed 1 --count 500                   the same marks for the symbolic baseline";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_else(|| "help".to_owned());
    let mut given = BTreeMap::new();
    while let Some(name) = args.next() {
        let name = name.strip_prefix("--").ok_or_else(|| format!("{name:?} is no option\n{HELP}"))?.to_owned();
        let value = args.next().ok_or_else(|| format!("--{name} needs a value"))?;
        given.insert(name, value);
    }
    let given = Given(given);
    match command.as_str() {
        "data-stats" => data_stats(&given),
        "data" => data(&given),
        "tokenizer" => tokenizer(&given),
        "sft" => pool::alone(|| cold_start(&given)),
        "grpo" => pool::alone(|| from_reward(&given)),
        "seal" => Ok(sft::seal(&given.path("model")?)?),
        "eval" => eval(&given),
        "forced" => pool::alone(|| forced(&given)),
        "teacher" => teacher(&given),
        _ => {
            println!("{HELP}");
            Ok(())
        }
    }
}

struct Given(BTreeMap<String, String>);

impl Given {
    fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        text.parse().map_err(|_| format!("--{name} {text:?} is no number that fits").into())
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        Ok(PathBuf::from(self.0.get(name).ok_or_else(|| format!("--{name} is needed\n{HELP}"))?))
    }

    fn word<'a>(&'a self, name: &str, usual: &'a str) -> &'a str {
        self.0.get(name).map_or(usual, String::as_str)
    }

    fn lessons(&self) -> Result<Lessons> {
        Ok(Lessons::new(self.number("seed", 1)?)?)
    }
}

fn split(name: &str) -> Result<Split> {
    Ok(match name {
        "train" => Split::Train,
        "held-out" => Split::HeldOut,
        "hard" => Split::Hard,
        _ => return Err(format!("{name:?} is no split: train, held-out or hard").into()),
    })
}

fn data(given: &Given) -> Result<()> {
    let lessons = given.lessons()?;
    let split = split(given.0.get("split").map_or("train", String::as_str))?;
    let from: u64 = given.number("from", 0)?;
    for index in from..from + given.number("count", 1000)? {
        let l = lessons.get(split, index)?;
        println!("{}", json!({ "i": index, "f": l.family, "p": l.prompt(), "t": l.thought, "a": l.answer }));
    }
    Ok(())
}

fn data_stats(given: &Given) -> Result<()> {
    let (lessons, count) = (given.lessons()?, given.number("count", 2000)?);
    for split in [Split::Train, Split::HeldOut, Split::Hard] {
        let (mut families, mut bytes) = (BTreeMap::<&str, (u64, String)>::new(), [0; 3]);
        for index in 0..count {
            let l = lessons.get(split, index)?;
            let say = || {
                format!("{}\n      {}\n      {}", l.question.goal.instruction, l.thought, l.answer.replace('\n', " | "))
            };
            families.entry(l.family).or_insert_with(|| (0, say())).0 += 1;
            for (sum, text) in bytes.iter_mut().zip([&l.prompt(), &l.thought, &l.answer]) {
                *sum += text.len() as u64;
            }
        }
        let [prompt, thought, answer] = bytes.map(|sum| sum / count.max(1));
        println!("{split:?}: {count} lessons, bytes of prompt {prompt}, thought {thought}, answer {answer}");
        for (family, (n, example)) in families {
            println!("  {n:5} {family}: {example}");
        }
    }
    Ok(())
}

fn tokenizer(given: &Given) -> Result<()> {
    let tokenizer = vocab::learn(&given.lessons()?, given.number("count", 12_000)?, given.number("size", 1024)?)?;
    let out = given.path("out")?;
    tokenizer.save(&out, false)?;
    println!("{} pieces in {}", tokenizer.get_vocab_size(true), out.display());
    Ok(())
}

fn cold_start(given: &Given) -> Result<()> {
    let (seed, out) = (given.number("seed", 1)?, given.path("out")?);
    let tokenizer = Tokenizer::from_file(given.path("tokenizer")?)?;
    let shape = given.word("shape", "transformer");
    let shape = Shape::named(shape, tokenizer.get_vocab_size(true))
        .ok_or_else(|| format!("--shape {shape:?}: transformer or hybrid"))?;
    let muon = match given.word("optimizer", "adamw") {
        "adamw" => false,
        "muon" => true,
        other => return Err(format!("--optimizer {other:?}: adamw or muon").into()),
    };
    let mut builder = Params::builder(seed, &Device::Cpu);
    if let Ok(from) = given.path("from") {
        builder = builder.load(&from)?;
    }
    let params = builder.build();
    let net = shape.build(params.weights())?;
    let steps = given.number("steps", 6000)?;
    let recipe =
        Recipe { steps, warmup: 100, peak_lr: given.number("lr", 4e-3)?, final_lr: 0.02, muon, ..Recipe::default() };
    let mut trainer = Trainer::new(&params, recipe)?;
    std::fs::create_dir_all(&out)?;
    let checkpoint = out.join("checkpoint.safetensors");
    if checkpoint.exists() {
        trainer.resume(&checkpoint)?;
        println!("goes on at step {}", trainer.steps_done());
    }
    let mut school = sft::School::new(given.lessons()?, tokenizer.clone(), given.number("rows", 20)?, seed);
    println!("{} parameters", params.count());
    let (started, first) = (Instant::now(), trainer.steps_done());
    let (mut mean, mut tokens, mut saved) = (None, 0, Instant::now());
    while !trainer.is_done() {
        let batch = school.batch(trainer.steps_done())?;
        tokens += batch.iter().map(|t| t.prompt.len() + t.target.len()).sum::<usize>();
        let report = trainer.step([sft::loss(&net, &batch)])?;
        let so_far = mean.map_or(report.loss, |mean: f64| 0.98 * mean + 0.02 * report.loss);
        mean = Some(so_far);
        let done = trainer.steps_done();
        if done % 50 == 0 || trainer.is_done() {
            let secs = started.elapsed().as_secs_f64();
            let left = secs / (done - first) as f64 * (steps - done) as f64 / 60.0;
            let (rate, norm, lr) = (tokens as f64 / secs, report.grad_norm, report.lr);
            println!(
                "{done}/{steps} loss {so_far:.4} |g| {norm:.2} lr {lr:.1e} {rate:.0} tokens/s, {left:.0} min left"
            );
        }
        if saved.elapsed().as_secs() > 120 || trainer.is_done() {
            trainer.save(&checkpoint, json!({ "steps": done }))?;
            sft::write(&params, &shape, &tokenizer, &out)?;
            saved = Instant::now();
        }
    }
    Ok(())
}

fn from_reward(given: &Given) -> Result<()> {
    let (seed, out, folder) = (given.number("seed", 1)?, given.path("out")?, given.path("model")?);
    let tokenizer = Tokenizer::from_file(folder.join("tokenizer.json"))?;
    let shape = Shape::of(&folder)?;
    let mut builder = Params::builder(seed, &Device::Cpu);
    if !given.0.contains_key("from-scratch") {
        builder = builder.load(&folder.join("model.safetensors"))?;
    }
    let params = builder.build();
    let net = shape.build(params.weights())?;
    let reference = shape.build(params.snapshot()?)?;
    let steps = given.number("steps", 200)?;
    let recipe =
        Recipe { steps, warmup: 5, peak_lr: given.number("lr", 2e-4)?, weight_decay: 0.0, ..Recipe::default() };
    let mut trainer = Trainer::new(&params, recipe)?;
    let options =
        grpo::Options { group: given.number("group", 8)?, kl: given.number("kl", 0.02)?, ..Default::default() };
    let (prompts, split) =
        (given.number("prompts", 2u64)?, split(given.0.get("split").map_or("train", String::as_str))?);
    let end = tokenizer.token_to_id(vocab::END).ok_or("the tokenizer has no token that ends a turn")?;
    let lessons = given.lessons()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    std::fs::create_dir_all(&out)?;
    let mut asked = 1 << 32; // lessons that the cold start does not come to
    while !trainer.is_done() {
        let step = trainer.steps_done();
        let policy = shape.build(params.snapshot()?)?;
        let (mut seen, mut apart, mut taught) = (Vec::new(), 0.0, Vec::new());
        for _ in 0..prompts {
            let lesson = lessons.get(split, asked)?;
            asked += 1;
            let prompt = sft::encode(&tokenizer, &lesson)?.prompt;
            let drawn = grpo::draw(&policy, &prompt, end, &options, &mut rng)?;
            let mut rewards = Vec::new();
            for row in &drawn {
                let ended = row.last() == Some(&end);
                let words = if ended { &row[..row.len() - 1] } else { &row[..] };
                rewards.push(grpo::reward(&lesson, &tokenizer.decode(words, false)?, ended));
            }
            seen.push(grpo::watch(&drawn, &rewards));
            let gains = grpo::advantages(&rewards);
            if gains.iter().any(|gain| *gain != 0.0) {
                let old = grpo::log_probs(&policy, &prompt, &drawn, options.temperature)?;
                let from = grpo::log_probs(&reference, &prompt, &drawn, options.temperature)?;
                taught.push((prompt, drawn, gains, old, from));
            }
        }
        let losses = taught.iter().map(|(prompt, drawn, gains, old, from)| {
            let (loss, kl) = grpo::loss(&net, prompt, drawn, gains, old, from, &options)?;
            apart += kl / taught.len() as f64;
            Ok(loss)
        });
        if taught.is_empty() {
            continue; // nothing was better than anything: other questions
        }
        let report = trainer.step(losses)?;
        let of = |pick: fn(&grpo::Watch) -> f64| seen.iter().map(pick).sum::<f64>() / seen.len().max(1) as f64;
        println!(
            "{} reward {:.3} right {:.3} tokens {:.1} distinct {:.2} kl {apart:.4} |g| {:.2}",
            step + 1,
            of(|w| w.reward),
            of(|w| w.right),
            of(|w| w.tokens),
            of(|w| w.distinct),
            report.grad_norm
        );
        if trainer.is_done() || trainer.steps_done() % 50 == 0 {
            sft::write(&params, &shape, &tokenizer, &out)?;
        }
    }
    Ok(())
}

fn show(name: &str, marks: &[grade::Mark], mut took_ms: Vec<f64>) {
    took_ms.sort_by(f64::total_cmp);
    let at = |q: f64| took_ms.get(((took_ms.len() - 1) as f64 * q) as usize).copied().unwrap_or(0.0);
    println!("{name}: median {:.0} ms, 95 % within {:.0} ms", at(0.5), at(0.95));
    for (key, share) in grade::shares(marks) {
        println!("  {:5.1} %  {:4} of {:4}  {key}", share.rate() * 100.0, share.right, share.of);
    }
}

fn eval(given: &Given) -> Result<()> {
    let (lessons, count) = (given.lessons()?, given.number("count", 500)?);
    let folder: PathBuf = given.path("model")?;
    let open = |folder: &Path| TextLlm::open(folder, &Options { context: 2048, ..Options::default() });
    let mut reasoner = LlmReasoner::new(open(&folder)?, Thinking { thought_tokens: 200, ..Thinking::default() });
    let mut writer = open(&folder)?;
    for split in [Split::HeldOut, Split::Hard] {
        let (mut marks, mut took, mut free, mut free_took) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for index in 0..count {
            let lesson = lessons.get(split, index)?;
            let start = Instant::now();
            let mark = grade::ask(&mut reasoner, &lesson)?;
            took.push(start.elapsed().as_secs_f64() * 1e3);
            if given.0.contains_key("show") && !mark.is_right() {
                println!(
                    "--- {} {:?}\n{}\n> {}\n> {}\n= {}\n= {}",
                    mark.family,
                    mark.verdict,
                    lesson.prompt(),
                    mark.thought,
                    mark.answer.replace('\n', " | "),
                    lesson.thought,
                    lesson.answer.replace('\n', " | ")
                );
            }
            marks.push(mark);
            let start = Instant::now();
            free.push(grade::ask_freely(&mut writer, &lesson, 200)?);
            free_took.push(start.elapsed().as_secs_f64() * 1e3);
        }
        show(&format!("{split:?}, with the grammar"), &marks, took);
        show(&format!("{split:?}, without"), &free, free_took);
    }
    Ok(())
}

fn forced(given: &Given) -> Result<()> {
    let (lessons, count, folder) = (given.lessons()?, given.number("count", 300)?, given.path("model")?);
    let tokenizer = Tokenizer::from_file(folder.join("tokenizer.json"))?;
    let params = Params::builder(0, &Device::Cpu).load(&folder.join("model.safetensors"))?.build();
    let net = Shape::of(&folder)?.build(params.weights())?;
    for split in [Split::Train, Split::HeldOut] {
        let (mut loss, mut words, mut right, mut whole) = (0.0, 0, 0, 0);
        for index in 0..count {
            let tokens = sft::encode(&tokenizer, &lessons.get(split, index)?)?;
            loss += f64::from(sft::loss(&net, std::slice::from_ref(&tokens))?.to_scalar::<f32>()?)
                * tokens.target.len() as f64;
            let told = sft::foretold(&net, &tokens)?;
            let wrong = told.iter().zip(&tokens.target).position(|(told, taught)| told != taught);
            right += told.iter().zip(&tokens.target).filter(|(told, taught)| told == taught).count();
            words += told.len();
            whole += usize::from(wrong.is_none());
            if let Some(at) = wrong.filter(|_| given.0.contains_key("show")) {
                let said = |ids: &[u32]| tokenizer.decode(ids, false).unwrap_or_default();
                println!(
                    "--- {}\n{}\n@ {:?} not {:?}",
                    said(&tokens.prompt),
                    said(&tokens.target[..at]),
                    said(&told[at..=at]),
                    said(&tokens.target[at..])
                );
            }
        }
        let share = |n: usize, of: usize| n as f64 / of.max(1) as f64 * 100.0;
        println!(
            "{split:?}: {:.3} a lesson, {:.4} a word; {:.2} % of words, {:.1} % of {count} lessons whole",
            loss / count.max(1) as f64,
            loss / words.max(1) as f64,
            share(right, words),
            share(whole, count as usize)
        );
    }
    Ok(())
}

fn teacher(given: &Given) -> Result<()> {
    let (lessons, count) = (given.lessons()?, given.number("count", 500)?);
    for split in [Split::Train, Split::HeldOut, Split::Hard] {
        let (mut marks, mut took) = (Vec::new(), Vec::new());
        for index in 0..count {
            let lesson = lessons.get(split, index)?;
            let start = Instant::now();
            marks.push(grade::ask(&mut Symbolic, &lesson)?);
            took.push(start.elapsed().as_secs_f64() * 1e3);
        }
        show(&format!("{split:?}, symbolic"), &marks, took);
    }
    Ok(())
}
