//! Learning by command: lessons, courses, the road of reward, distillation, exams. The loops themselves are in
//! `ponder_models::train`; here they get a bar, and Ctrl-C.

mod curve;
mod data;
mod exam;
mod imagine;
mod rl;
mod see;
mod sheet;
mod think;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ponder_core::thinker::Cancel;

use crate::args::{DataArgs, DataOf, DistillArgs, ExamArgs, ExamIn, RlArgs, RlWhat, TrainArgs, TrainWhat};

/// What a shell reports for a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Writes lessons.
pub fn data(args: &DataArgs, stop: &Cancel) -> anyhow::Result<u8> {
    match &args.of {
        DataOf::See(args) => data::see(args, stop),
        DataOf::Think(args) => data::think(args, stop),
        DataOf::Imagine(args) => imagine::data(args, stop),
    }
}

/// Trains.
pub fn train(args: &TrainArgs, stop: &Cancel) -> anyhow::Result<u8> {
    match &args.what {
        TrainWhat::See(args) => see::train(args, stop),
        TrainWhat::Think(args) => think::train(args, stop),
        TrainWhat::Imagine(args) => imagine::train(args, stop),
    }
}

/// Lets a reasoner learn from reward.
pub fn rl(args: &RlArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let RlWhat::Think(args) = &args.what;
    rl::think(args, stop)
}

/// Teaches what another answers.
pub fn distill(args: &DistillArgs, stop: &Cancel) -> anyhow::Result<u8> {
    think::distill(args, stop)
}

/// Gives marks.
pub fn exam(args: &ExamArgs, stop: &Cancel) -> anyhow::Result<u8> {
    match &args.in_ {
        ExamIn::See(args) => exam::see(args),
        ExamIn::Think(args) => exam::think(args, stop),
        ExamIn::Imagine(args) => imagine::exam(args, stop),
    }
}

/// A bar over so many steps, of which some were done before.
fn bar(steps: u64) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(steps);
    bar.set_style(ProgressStyle::with_template("{pos:>6}/{len} {wide_bar} {eta:>4} left  {msg}")?);
    bar.enable_steady_tick(Duration::from_secs(1));
    Ok(bar)
}

/// Where no bar is drawn, as in a log, a line now and then.
fn tell(bar: &ProgressBar, step: u64, every: u64, text: &str) {
    if bar.position() == 0 && step > 1 {
        bar.reset_eta();
    }
    bar.set_position(step);
    bar.set_message(text.to_owned());
    if bar.is_hidden() && (step.is_multiple_of(every) || Some(step) == bar.length()) {
        println!("{step}/{} {text}", bar.length().unwrap_or(0));
    }
}

/// The end of a run that goes on later, or is done.
fn ended(done: bool, out: &std::path::Path) -> u8 {
    if done {
        println!("{}", out.display());
        return 0;
    }
    eprintln!("stopped; nothing is lost: the same command goes on");
    INTERRUPTED
}
