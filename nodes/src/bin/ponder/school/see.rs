//! `ponder train see`.

use ponder_core::thinker::Cancel;
use ponder_models::kernel::pool::alone;
use ponder_models::perceive::nano::{Eye, WEIGHTS_FILE};
use ponder_models::train::see::{Course, Exam, Lessons};

use super::curve::Curve;
use super::{bar, ended, tell};
use crate::args::TrainSeeArgs;

/// Trains an eye.
pub fn train(args: &TrainSeeArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let lessons = Lessons::open(&args.data)?;
    let held_out = args.held_out.as_deref().map(Lessons::open).transpose()?;
    let from = args.from.as_ref().map(|from| if from.is_dir() { from.join(WEIGHTS_FILE) } else { from.clone() });
    let course = Course { steps: args.steps, batch: args.batch as usize, peak_lr: args.lr, seed: args.seed };
    eprintln!("{} pictures to learn from", lessons.len());
    let (bar, mut curve) = (bar(args.steps)?, Curve::of(&args.out, &args.watch)?);
    let done = alone(|| {
        course.run(&lessons, from.as_deref(), &args.out, &mut |p| {
            let [all, centers, kinds, colors, numbers] = p.losses;
            let text = format!(
                "loss {all:.3} (where {centers:.3} kind {kinds:.3} colour {colors:.3} numbers {numbers:.3}), \
                 |g| {:.1}, rate {:.1e}, {} parameters",
                p.grad_norm, p.lr, p.parameters
            );
            tell(&bar, p.step, 50, &text);
            let point = [
                ("loss/all", all),
                ("loss/where", centers),
                ("loss/kind", kinds),
                ("loss/colour", colors),
                ("loss/numbers", numbers),
                ("grad_norm", p.grad_norm),
                ("rate", p.lr),
            ];
            curve.add(p.step, &point) && !stop.is_cancelled()
        })
    })?;
    bar.finish_and_clear();
    curve.end()?;
    if let (Some(held_out), true) = (held_out, done) {
        println!("{}", Exam::of(&Eye::open(&args.out)?, &held_out, 1, |_| true)?);
    }
    Ok(ended(done, &args.out))
}
