//! `ponder data imagine`, `ponder train imagine` and `ponder exam imagine`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::ProgressBar;
use ponder_core::imaginer::{ImagineError, Imaginer};
use ponder_core::lesson::{Named, Rests};
use ponder_core::thinker::Cancel;
use ponder_core::view::CHANNELS;
use ponder_models::engine::{Janus, Options, RunError};
use ponder_models::imagine::JanusImaginer;
use ponder_models::kernel::pool::alone;
use ponder_models::net::vq;
use ponder_models::perceive::nano::Eye;
use ponder_models::picture::{Picture, write_png};
use ponder_models::train::CHECKPOINT;
use ponder_models::train::imagine::asked::Asked;
use ponder_models::train::imagine::code::{self, WEIGHTS_FILE};
use ponder_models::train::imagine::evidence::{Evidence, Shown};
use ponder_models::train::imagine::exam::{Exam, ExamError, Marks};
use ponder_models::train::imagine::questions::Sort;
use ponder_models::train::imagine::written::Written;
use ponder_models::train::imagine::{Drawings, Progress, answer, draw, shape};
use ponder_nodes::stages::{eye_folder, imaginer_folder};
use ponder_sim::lessons::drawings::{A_SCENE, Plan, Sketch, sketches, write};
use serde_json::{Value, json};

use super::curve::Curve;
use super::data::{SCENES_A_PROCESS, again};
use super::sheet::Sheet;
use super::{INTERRUPTED, bar, ended, tell};
use crate::args::{DataImagineArgs, ExamImagineArgs, ImagineStage, TrainImagineArgs};

/// Folder of the first course.
const CODE: &str = "code";
/// The eye that is asked: width and layers.
const EYE_WIDTH: usize = 128;
const EYE_LAYERS: usize = 4;
/// Questions about a picture while it learns.
const TURNS: usize = 8;

/// Draws pictures to be drawn again.
pub fn data(args: &DataImagineArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let plan = Plan { split: args.split.into(), seed: args.seed, count: args.count, asked: args.asked };
    let (bar, mut first) = (bar(args.count)?, None);
    let end = write(&plan, &args.out, &mut |count| {
        let first = *first.get_or_insert(count);
        tell(&bar, count, 20 * A_SCENE, "pictures");
        count < first + SCENES_A_PROCESS * A_SCENE && !stop.is_cancelled()
    })?;
    bar.finish_and_clear();
    if stop.is_cancelled() {
        return Ok(ended(false, &args.out));
    }
    if end < args.count {
        return again();
    }
    if args.png {
        as_png(&Drawings::open(&args.out)?, &args.out)?;
    }
    println!("{end} pictures in {}", args.out.display());
    Ok(0)
}

/// Writes the colours of each as a picture of its own: `0.png` and on.
fn as_png(lessons: &Drawings, folder: &Path) -> anyhow::Result<()> {
    let side = lessons.view().side_px;
    for (i, lesson) in lessons.all().iter().enumerate() {
        let rgb = lessons.pixels(i).chunks_exact(CHANNELS).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let picture = Picture { width_px: side, height_px: side, rgb };
        write_png(&picture, &folder.join(format!("{}.png", lesson.number)))?;
    }
    Ok(())
}

/// Trains an imaginer.
pub fn train(args: &TrainImagineArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let lessons = Drawings::open(&args.data)?;
    eprintln!("{} pictures to learn from", lessons.all().len());
    if args.stage == Some(ImagineStage::Answer) {
        return train_answers(args, &lessons, stop);
    }
    let (code_out, wants) = (args.out.join(CODE), |stage| args.stage.is_none_or(|only| only == stage));
    let code_shape = vq::Config::nano();
    if wants(ImagineStage::Code) {
        let course = code::Course {
            shape: code_shape.clone(),
            steps: args.code_steps,
            batch: args.code_batch as usize,
            peak_lr: args.code_lr,
            seed: args.seed,
            from: args.code_from.as_deref().map(|from| inside(from, WEIGHTS_FILE)),
        };
        let (bar, mut curve) = (bar(args.code_steps)?, Curve::of(&code_out, &args.watch)?);
        let told = &mut |p: &Progress| told(&bar, &mut curve, p, stop);
        let done = alone(|| course.run(&lessons, &code_out, told))?;
        bar.finish_and_clear();
        curve.end()?;
        if !done {
            return Ok(ended(false, &args.out));
        }
    }
    if !wants(ImagineStage::Draw) {
        return Ok(ended(true, &code_out));
    }
    let weights = code_out.join(WEIGHTS_FILE);
    let Some(written) = as_codes(&code_shape, &weights, &lessons, &code_out, stop)? else {
        return Ok(ended(false, &args.out));
    };
    let course = draw::Course {
        shape: shape(args.hidden as usize, args.layers as usize, code_shape, lessons.view().side_px),
        steps: args.steps,
        rows: args.rows as usize,
        peak_lr: args.lr,
        seed: args.seed,
        from: args.from.as_deref().map(|from| inside(from, CHECKPOINT)),
    };
    let (bar, mut curve) = (bar(args.steps)?, Curve::of(&args.out, &args.watch)?);
    let told = &mut |p: &Progress| told(&bar, &mut curve, p, stop);
    let done = alone(|| course.run(&lessons, &written, &weights, &args.out, told))?;
    bar.finish_and_clear();
    curve.end()?;
    Ok(ended(done, &args.out))
}

/// All lessons as codes; none if it was stopped.
fn as_codes(
    shape: &vq::Config,
    weights: &Path,
    lessons: &Drawings,
    folder: &Path,
    stop: &Cancel,
) -> anyhow::Result<Option<Written>> {
    let codes = bar(lessons.all().len() as u64)?;
    let written = Written::of(shape, weights, lessons, folder, &mut |done| {
        tell(&codes, done as u64, 1000, "pictures as codes");
        !stop.is_cancelled()
    })?;
    codes.finish_and_clear();
    Ok(written)
}

/// Teaches one that draws to be asked.
fn train_answers(args: &TrainImagineArgs, lessons: &Drawings, stop: &Cancel) -> anyhow::Result<u8> {
    let course = answer::Course {
        from: args.from.clone().context("--from says which imaginer begins it")?,
        vision: answer::eye(EYE_WIDTH, EYE_LAYERS, lessons.view().side_px),
        steps: args.steps,
        rows: args.rows as usize,
        turns: TURNS,
        drawn: args.drawn as usize,
        peak_lr: args.lr,
        seed: args.seed,
    };
    let more = args.asked.as_deref().map(Drawings::open).transpose()?;
    if let Some(more) = &more {
        eprintln!("{} more to be asked about", more.all().len());
    }
    let begun = course.begin(&args.out)?;
    let Some(written) = as_codes(begun.code_shape(), &begun.code, lessons, &args.out, stop)? else {
        return Ok(ended(false, &args.out));
    };
    let (bar, mut curve) = (bar(args.steps)?, Curve::of(&args.out, &args.watch)?);
    let told = &mut |p: &Progress| told(&bar, &mut curve, p, stop);
    let done = alone(|| course.run((lessons, more.as_ref()), &written, begun, &args.out, told))?;
    bar.finish_and_clear();
    curve.end()?;
    Ok(ended(done, &args.out))
}

/// The file of this name where a folder is meant.
fn inside(meant: &Path, file: &str) -> PathBuf {
    if meant.is_dir() { meant.join(file) } else { meant.to_owned() }
}

/// Tells of a step; true to go on.
fn told(bar: &ProgressBar, curve: &mut Curve, p: &Progress, stop: &Cancel) -> bool {
    let marks: Vec<String> = p.marks.iter().map(|(name, mark)| format!("{name} {mark:.4}")).collect();
    let text = format!("{}, |g| {:.2}, rate {:.1e}, {} parameters", marks.join(", "), p.grad_norm, p.lr, p.parameters);
    tell(bar, p.step, 50, &text);
    let mut point = p.marks.clone();
    point.extend([("grad_norm", p.grad_norm), ("rate", p.lr)]);
    curve.add(p.step, &point) && !stop.is_cancelled()
}

/// Examines an imaginer.
pub fn exam(args: &ExamImagineArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let mut imaginer = JanusImaginer::open(&imaginer_folder(Some(&args.who))?, &Options::default())?;
    imaginer.guidance = args.cfg.unwrap_or(imaginer.guidance);
    imaginer.temperature = args.temperature.unwrap_or(imaginer.temperature);
    let eye = Eye::open(&eye_folder(&args.eye)?)?;
    let plan = Plan { split: args.split.into(), seed: args.seed, count: args.count, asked: false };
    let (bar, mut exam, mut shown) = (bar(args.count)?, Exam::default(), 0);
    let mut sheet = imaginer.view().map(|view| Sheet::new(view.side_px));
    let mut evidence = Evidence::default();
    let janus = Janus::open(&imaginer_folder(Some(&args.who))?, &Options::default())?;
    let mut answering = janus.sees().then(|| (janus, Asked::default()));
    'all: for scene in 0..args.count.div_ceil(A_SCENE) {
        let mut together = Vec::new();
        for sketch in sketches(&plan, scene)? {
            let lesson = &sketch.lesson;
            // English and Chinese in turns.
            let caption = lesson.captions.get(lesson.number as usize % lesson.captions.len().max(1));
            let words = caption.with_context(|| format!("nothing is said of picture {}", lesson.number))?;
            let seed = args.seed.wrapping_add(lesson.number);
            let answer = match exam.take(&imaginer, &eye, (lesson, &sketch.pixels), words, seed, stop) {
                Err(ExamError::Draw(ImagineError::Cancelled)) => break 'all,
                answer => answer?,
            };
            if let Some(sheet) = &mut sheet {
                sheet.add(&answer.pixels, answer.whole);
            }
            if !answer.whole && shown < args.show {
                shown += 1;
                let seen = answer.seen.iter().filter(|o| o.label.as_str() != "table");
                let seen = seen.map(|o| format!("{} {}", o.color.map_or("", |c| c.name()), o.label));
                let seen: Vec<String> = seen.collect();
                bar.suspend(|| {
                    println!("{}: {words}\n    {}\n    seen: {}", lesson.number, asked(&lesson.things), seen.join(", "))
                });
            }
            if let Some((janus, marks)) = &mut answering
                && !ask(janus, marks, &sketch, args.show, (&bar, stop))?
            {
                break 'all;
            }
            let things = lesson.things.clone();
            together.push(Shown { asked: things, drawn: answer.seen, camera: answer.camera });
            bar.set_position(lesson.number + 1);
        }
        evidence.add(&together);
    }
    if let Some((janus, marks)) = &mut answering {
        let plan = Plan { asked: true, ..plan };
        'more: for scene in (0..args.count.div_ceil(A_SCENE)).take_while(|_| !stop.is_cancelled()) {
            for sketch in sketches(&plan, scene)? {
                bar.set_message(format!("asked about {} more", sketch.lesson.number + 1));
                if !ask(janus, marks, &sketch, args.show, (&bar, stop))? {
                    break 'more;
                }
            }
        }
    }
    bar.finish_and_clear();
    if let Some((path, sheet)) = args.sheet.as_deref().zip(sheet) {
        sheet.write(path)?;
    }
    report(&exam, &evidence, answering.as_ref().map(|(_, marks)| marks), &imaginer, args);
    Ok(if stop.is_cancelled() { INTERRUPTED } else { 0 })
}

/// Asks about a picture, and shows what went wrong with the first; false once it was stopped.
fn ask(
    janus: &mut Janus,
    marks: &mut Asked,
    sketch: &Sketch,
    show: u64,
    (bar, stop): (&ProgressBar, &Cancel),
) -> anyhow::Result<bool> {
    let number = sketch.lesson.number;
    let wrong = match marks.take(janus, (&sketch.lesson, &sketch.pixels), stop) {
        Err(RunError::Cancelled) => return Ok(false),
        wrong => wrong?,
    };
    for wrong in wrong.iter().filter(|_| number < show) {
        let (turn, said) = (&wrong.turn, &wrong.said);
        bar.suspend(|| println!("{number}: {} {said:?}, not {:?}", turn.question, turn.answer));
    }
    Ok(true)
}

fn asked(things: &[Named]) -> String {
    let name = |i: usize| format!("{} {}", things[i].color.name(), things[i].label);
    let told = |(i, thing): (usize, &Named)| match thing.rests {
        Some((Rests::In, under)) => format!("{} in {}", name(i), name(under)),
        Some((Rests::On, under)) => format!("{} on {}", name(i), name(under)),
        None => name(i),
    };
    format!("asked: {}", things.iter().enumerate().map(told).collect::<Vec<_>>().join(", "))
}

/// Rows of marks in answering.
fn answers(asked: &Asked) -> Vec<(&'static str, [usize; 3])> {
    let sorts = Sort::ALL.into_iter().map(|sort| (sort.name(), asked.of(|(s, ..)| s == sort)));
    let all = [
        ("English", asked.of(|(_, zh, _)| !zh)),
        ("Chinese", asked.of(|(_, zh, _)| zh)),
        ("known wordings", asked.of(|(.., new)| !new)),
        ("new wordings", asked.of(|(.., new)| new)),
        ("all questions", asked.of(|_| true)),
    ];
    sorts.chain(all).collect()
}

fn report(exam: &Exam, evidence: &Evidence, asked: Option<&Asked>, imaginer: &JanusImaginer, args: &ExamImagineArgs) {
    let rows = [("drawn from words", exam.drawn), ("true, through codes", exam.again), ("true", exam.real)];
    if args.json {
        let row = |m: &Marks| {
            json!({
                "pictures": m.pictures, "whole": m.whole, "perfect": m.perfect, "things": m.things, "found": m.found,
                "off_color": m.off_color, "more": m.more, "rests": m.rests, "kept": m.kept,
            })
        };
        let rows: serde_json::Map<String, Value> =
            rows.iter().map(|(name, marks)| ((*name).to_owned(), row(marks))).collect();
        println!(
            "{}",
            json!({
                "who": imaginer.name(), "cfg": imaginer.guidance, "temperature": imaginer.temperature, "marks": rows,
                "answers": asked.map(|asked| answers(asked).into_iter().map(|(name, [asked, right, usual])| {
                    (name.to_owned(), json!({ "asked": asked, "right": right, "by_the_most_usual": usual }))
                }).collect::<serde_json::Map<_, _>>()),
                "evidence": {
                    "pairs": evidence.pairs, "asked": evidence.asked, "drawn": evidence.drawn, "both": evidence.both,
                },
            })
        );
        return;
    }
    println!(
        "{}, {:?}, seed {}: {} pictures; guidance {}, temperature {}",
        imaginer.name(),
        args.split,
        args.seed,
        exam.drawn.pictures,
        imaginer.guidance,
        imaginer.temperature
    );
    rows.iter().for_each(|(name, marks)| println!("  {name:<20} {marks}"));
    let share = |told: f64| told / evidence.pairs.max(1) as f64 * 100.0;
    println!(
        "  of {} pairs of pictures of nearly the same things, the one meant is told from the other by what was asked in \
         {:.1} %, by what was drawn in {:.1} %, by both in {:.1} %",
        evidence.pairs,
        share(evidence.asked),
        share(evidence.drawn),
        share(evidence.both)
    );
    let Some(asked) = asked else { return };
    println!("  asked about the true pictures, right to the word; beside it by the most usual answer alone");
    for (name, [asked, right, usual]) in answers(asked) {
        let share = |n: usize| n as f64 / asked.max(1) as f64 * 100.0;
        println!("    {name:<20} {:5.1} % of {asked:<6} {:5.1} %", share(right), share(usual));
    }
}
