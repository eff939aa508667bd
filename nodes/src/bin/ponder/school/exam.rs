//! `ponder exam`: marks on lessons that nobody learned from.

use std::time::Instant;

use ponder_core::reasoner::ReasonError;
use ponder_core::thinker::Cancel;
use ponder_models::perceive::nano::Eye;
use ponder_models::train::see::{Exam, Lessons as Pictures};
use ponder_models::train::think::grade::{self, Mark};
use ponder_models::train::think::{Lesson, Lessons};
use ponder_nodes::stages::{Mind, eye_folder};
use serde_json::json;

use super::{INTERRUPTED, bar};
use crate::args::{ExamSeeArgs, ExamThinkArgs};

/// Examines an eye.
pub fn see(args: &ExamSeeArgs) -> anyhow::Result<u8> {
    let (eye, lessons) = (Eye::open(&eye_folder(&args.eye)?)?, Pictures::open(&args.lessons)?);
    let of = |camera: &str| args.camera.as_deref().is_none_or(|name| name == camera);
    println!("{}", Exam::of(&eye, &lessons, 1, |lesson| of(lesson.camera.as_str()))?);
    Ok(0)
}

/// Examines a reasoner.
pub fn think(args: &ExamThinkArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let lessons = Lessons::new(args.seed)?;
    let mut wish = args.mind.wish_named(args.seed, &args.who)?;
    // Marks are for what it understands, whatever it would rather ask about.
    wish.options.ask_below = wish.options.ask_below.or(Some(0.0));
    let mind = Mind::open(&wish)?;
    let mut reasoner = mind.reasoner();
    let (mut marks, mut took_ms, mut shown) = (Vec::new(), Vec::new(), 0);
    let bar = bar(args.count)?;
    for index in 0..args.count {
        if stop.is_cancelled() {
            break;
        }
        let lesson = lessons.get(args.split.into(), index)?;
        let begun = Instant::now();
        let mark = match grade::ask(reasoner.as_mut(), &lesson, stop) {
            Err(ReasonError::Cancelled) => break,
            mark => mark?,
        };
        took_ms.push(begun.elapsed().as_secs_f64() * 1e3);
        if !mark.is_right() && shown < args.show {
            shown += 1;
            bar.suspend(|| show(&lesson, &mark));
        }
        marks.push(mark);
        bar.set_position(index + 1);
    }
    bar.finish_and_clear();
    took_ms.sort_by(f64::total_cmp);
    let at = |q: f64| took_ms.get(((took_ms.len().max(1) - 1) as f64 * q) as usize).copied().unwrap_or(0.0);
    let shares = grade::shares(&marks);
    if args.json {
        let rows: serde_json::Map<_, _> =
            shares.iter().map(|(key, share)| ((*key).to_owned(), json!([share.right, share.of]))).collect();
        println!("{}", json!({"who": mind.name(), "ms_p50": at(0.5), "ms_p95": at(0.95), "right_of": rows}));
    } else {
        println!("{}, {:?}: median {:.0} ms, 95 % within {:.0} ms", mind.name(), args.split, at(0.5), at(0.95));
        for (key, share) in &shares {
            println!("  {:5.1} %  {:4} of {:4}  {key}", share.rate() * 100.0, share.right, share.of);
        }
    }
    Ok(if stop.is_cancelled() { INTERRUPTED } else { 0 })
}

fn show(lesson: &Lesson, mark: &Mark) {
    let line = |text: &str| text.replace('\n', " | ");
    println!("--- {}: {:?}\n{}", mark.family, mark.verdict, lesson.prompt());
    println!("said    {}\n        {}", mark.thought, line(&mark.answer));
    println!("taught  {}\n        {}", lesson.thought, line(&lesson.answer));
}
