//! One turn of the whole loop (sense, executive, skill, controller, guard, send) on a world of kinematics, so without
//! physics and pictures: `cargo bench -p ponder-core --bench turn`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a bench may stop where it stands

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/toy/mod.rs"]
mod toy;

use std::time::Instant;

use ponder_core::goal::Goal;
use ponder_core::run::Ring;

fn main() {
    let steps: &[(&str, &[(&str, &str)])] =
        &[("pick", &[("object", "red_block")]), ("place_in", &[("container", "bowl")])];
    let mut micros = Vec::new();
    for _ in 0..20 {
        let objects = ["table", "red_block", "bowl"].map(toy::object).to_vec();
        let drafts = vec![toy::plan(steps, vec![])];
        let mut ring = Ring::new(toy::parts(toy::Toy::new(objects), drafts, vec![]), Default::default());
        ring.start(Goal::new(1, "put the red block in the bowl", ring.now(), 60.0).expect("a goal"));
        loop {
            let begun = Instant::now();
            let ended = ring.turn();
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
            if ended.is_some() {
                break;
            }
        }
    }
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    println!(
        "one turn of the loop, {} turns: median {:.1} µs, 99 % {:.1} µs, worst {:.0} µs",
        micros.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
