//! `ponder train think` and `ponder distill`.

use std::path::Path;

use anyhow::{Context, bail};
use ponder_core::thinker::Cancel;
use ponder_models::engine::house;
use ponder_models::kernel::pool::alone;
use ponder_models::train::Recipe;
use ponder_models::train::think::book;
use ponder_models::train::think::course::Course;
use ponder_models::train::think::pupil::Shape;
use ponder_models::train::think::sft::{School, Source};
use ponder_models::train::think::slim;
use ponder_models::train::think::vocab::{self, Tokenizer};
use ponder_models::train::think::{Lessons, Split};
use ponder_nodes::stages::Mind;

use super::curve::Curve;
use super::data::{self, Asked};
use super::{INTERRUPTED, bar, ended, tell};
use crate::args::{DistillArgs, OptimizerArg, TrainThinkArgs};

/// Lessons that a tokenizer is learnt from.
const SHOWN: u64 = 12_000;
const TOKENIZER: &str = "tokenizer.json";
/// A student that is cut from its teacher.
const SLIM: &str = "slim";

/// Trains a reasoner by imitation.
pub fn train(args: &TrainThinkArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let lessons = Lessons::new(args.seed)?;
    let source = match &args.data {
        Some(path) => Source::Book(book::read(path)?),
        None => Source::Drawn(lessons.clone()),
    };
    let begun = args.out.join(TOKENIZER);
    let given = args.from.as_ref().map(|from| from.join(TOKENIZER));
    let tokenizer = match given.or_else(|| begun.exists().then_some(begun)) {
        Some(path) => vocab::open(&path)?,
        None => vocab::learn(&lessons, SHOWN, args.pieces as usize)?,
    };
    let shape = match &args.from {
        Some(from) => Shape::of(from)?,
        None => named(&args.shape, &tokenizer)?,
    };
    let muon = args.optimizer == OptimizerArg::Muon;
    let (recipe, seed, order_numbers) = (recipe(args.steps, args.lr, muon), args.seed, args.order_numbers);
    let course = Course { shape, recipe, seed, order_numbers };
    let mut school = School::new(source, tokenizer, args.rows as usize, args.seed);
    let weights = args.from.as_ref().map(|from| from.join("model.safetensors"));
    run(&course, &mut school, weights.as_deref(), &args.out, Curve::of(&args.out, &args.watch)?, stop)
}

fn recipe(steps: u64, peak_lr: f64, muon: bool) -> Recipe {
    Recipe { steps, warmup: (steps / 10).min(100), peak_lr, final_lr: 0.02, muon, ..Recipe::default() }
}

fn named(name: &str, tokenizer: &Tokenizer) -> anyhow::Result<Shape> {
    let known = "transformer, hybrid, transformer-half, hybrid-half";
    Shape::named(name, tokenizer.get_vocab_size(true)).with_context(|| format!("no shape is called {name:?}: {known}"))
}

fn run(
    course: &Course,
    school: &mut School,
    from: Option<&Path>,
    out: &Path,
    mut curve: Curve,
    stop: &Cancel,
) -> anyhow::Result<u8> {
    let bar = bar(course.recipe.steps)?;
    let done = alone(|| {
        course.run(school, from, out, &mut |p| {
            let text = format!(
                "loss {:.4}, |g| {:.2}, rate {:.1e}, {:.0} tokens/s, {} parameters",
                p.loss, p.grad_norm, p.lr, p.tokens_per_s, p.parameters
            );
            tell(&bar, p.step, 50, &text);
            let point =
                [("loss", p.loss), ("grad_norm", p.grad_norm), ("rate", p.lr), ("tokens_per_s", p.tokens_per_s)];
            curve.add(p.step, &point) && !stop.is_cancelled()
        })
    })?;
    bar.finish_and_clear();
    curve.end()?;
    Ok(ended(done, out))
}

/// Teaches a student what a teacher answers.
pub fn distill(args: &DistillArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let lessons = Lessons::new(args.seed)?;
    let book_file = args.out.join("lessons.jsonl");
    let mut wish = args.mind.wish_named(args.seed, &args.teacher)?;
    // A teacher says what it thinks first: what it would ask back about, or thinks again, is no lesson.
    wish.options.ask_below.get_or_insert(0.0);
    let teacher = Mind::open(&wish)?;
    let folder = teacher.weights().first().filter(|path| path.join(house::FILE).exists()).cloned();
    if args.student.as_deref() == Some(SLIM) && folder.is_none() {
        bail!("a slim student is cut from a teacher trained here, with its weights in a folder");
    }
    let curve = Curve::of(&args.out, &args.watch)?;
    let asked = Asked { split: Split::Train, from: 0, count: args.count };
    if !data::write(&lessons, &asked, Some(teacher), &book_file, stop)? {
        return Ok(INTERRUPTED);
    }
    let begun = args.out.join(TOKENIZER);
    // A student of one of ours has its teacher's pieces.
    let teachers = folder.as_ref().map(|folder| folder.join(TOKENIZER));
    let tokenizer = match [Some(begun), teachers].into_iter().flatten().find(|path| path.exists()) {
        Some(path) => vocab::open(&path)?,
        None => vocab::learn(&lessons, SHOWN, 1024)?,
    };
    let cut = args.out.join("begun.safetensors");
    let (shape, lr, from) = match (args.student.as_deref(), &folder) {
        (Some(SLIM) | None, Some(folder)) => (slim::cut(folder, &cut)?, 0.008, Some(cut.as_path())),
        (name, _) => (named(name.unwrap_or("hybrid-half"), &tokenizer)?, 0.012, None),
    };
    let recipe = recipe(args.steps, args.lr.unwrap_or(lr), true);
    let course = Course { shape, recipe, seed: args.seed, order_numbers: false };
    let mut school = School::new(Source::Book(book::read(&book_file)?), tokenizer, 20, args.seed);
    run(&course, &mut school, from, &args.out, curve, stop)
}
