//! What the world costs over MuJoCo's own loop on the same model, what a picture costs, and how well parallel rollouts
//! use the cores. Prints a line each; measures in many short turns and takes the quickest, so that a busy machine disturbs little.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mujoco_rs::wrappers::mj_data::{MjData, MjtState};
use ponder_core::command::Command;
use ponder_core::guard::{Checked, Guard};
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_sim::{Built, SceneSpec, SimWorld};
use rayon::prelude::*;

const SCENES: [(&str, &str); 3] = [
    (
        "arm, 6 things on a table",
        "objects:
      - {kind: block, at: {x_m: 0.4, y_m: 0.1}}
      - {kind: block, color: blue, at: {x_m: 0.5, y_m: 0.2}}
      - {kind: bowl, at: {x_m: 0.5, y_m: -0.1}}
      - {kind: plate, at: {x_m: 0.65, y_m: 0.0}}
      - {kind: cup, at: {x_m: 0.4, y_m: -0.25}}
      - {kind: ball, at: {x_m: 0.6, y_m: 0.3}}",
    ),
    ("arm alone", "objects: []"),
    ("rover in a room", "{world: {kind: room, size_m: [6, 6]}, robot: rover}"),
];
const PERIODS: usize = 20;
const TURNS: usize = 300;

fn built(yaml: &str) -> Arc<Built> {
    Arc::new(SceneSpec::parse(yaml, "bench").unwrap().build(1, Path::new(".")).unwrap())
}

fn hold(world: &mut SimWorld) -> Checked {
    let mut seen = Observation::default();
    world.observe(Want::default(), &mut seen).unwrap();
    let now = world.now();
    Guard::new(world.robot().clone()).check(now, &Command::nothing(now, now.plus_s(1e6)), &seen)
}

fn run(world: &mut SimWorld, command: &Checked, periods: usize) {
    let mut seen = Observation::default();
    for _ in 0..periods {
        world.observe(Want::default(), &mut seen).unwrap();
        world.apply(command).unwrap();
        world.advance().unwrap();
    }
}

fn quickest(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap_or_default()
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The world's periods against the same number of MuJoCo's own steps from the same state with the same controls.
fn steps(name: &str, yaml: &str) {
    let mut world = SimWorld::new(built(yaml)).unwrap();
    let command = hold(&mut world);
    run(&mut world, &command, 50);
    let model = world.built().model.clone();
    let steps = (world.robot().timing.period_s / model.opt().timestep).round() as usize * PERIODS;
    let mut plain = MjData::new(model);
    let all = MjtState::mjSTATE_INTEGRATION as u32;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let state = world.data().state(all);
        plain.set_state(&state, all).unwrap();
        theirs.push(timed(|| (0..steps).for_each(|_| plain.step())));
        ours.push(timed(|| run(&mut world, &command, PERIODS)));
    }
    let (ours, theirs) = (quickest(ours), quickest(theirs));
    let over = ours.as_secs_f64() / theirs.as_secs_f64() - 1.0;
    let each_us = |t: Duration| t.as_secs_f64() * 1e6 / steps as f64;
    println!(
        "step, {name}: MuJoCo {:.1} µs, the world {:.1} µs a physics step: {:+.1} % (limit +5 %); {:.0}x real time",
        each_us(theirs),
        each_us(ours),
        over * 100.0,
        2000.0 / each_us(ours)
    );
}

fn pictures(fine: bool) {
    let yaml = format!("{}\nlight: {{fine: {fine}}}", SCENES[0].1);
    let mut world = SimWorld::new(built(&yaml)).unwrap();
    let mut seen = Observation::default();
    let look = Want { cameras: true, truth: false };
    if let Err(error) = world.observe(look, &mut seen) {
        println!("picture: {error}");
        return;
    }
    let times = (0..20).map(|_| timed(|| world.observe(look, &mut seen).unwrap())).collect();
    let frames = seen.cameras.len() as u32;
    println!(
        "picture, 384x384 RGB and depth{}: {:.1} ms",
        if fine { ", fine" } else { "" },
        (quickest(times) / frames).as_secs_f64() * 1e3
    );
}

/// Time that this process's threads ran, and that they stood ready to run while others did, nanoseconds.
fn ran_and_waited() -> Option<(u64, u64)> {
    let mut sums = (0, 0);
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        let mut numbers = text.split_whitespace().map_while(|n| n.parse::<u64>().ok());
        sums = (sums.0 + numbers.next()?, sums.1 + numbers.next()?);
    }
    Some(sums)
}

fn parallel() {
    let built = built(SCENES[0].1);
    let rollout = |_| {
        let mut world = SimWorld::new(built.clone()).unwrap();
        let command = hold(&mut world);
        run(&mut world, &command, 3000);
    };
    let cores = rayon::current_num_threads();
    rayon::broadcast(|_| ());
    let (before, start) = (ran_and_waited(), Instant::now());
    (0..8).into_par_iter().for_each(rollout);
    let wall_s = start.elapsed().as_secs_f64();
    if let (Some(before), Some(after)) = (before, ran_and_waited()) {
        let share = |ns: u64| ns as f64 * 1e-9 / (wall_s * cores as f64) * 100.0;
        let (ran, waited) = (share(after.0 - before.0), share(after.1 - before.1));
        println!(
            "8 parallel rollouts on {cores} cores: {:.0} % of them used where other programs left them free (limit 85 %; \
             {ran:.0} % in all); {:.0}x real time together",
            ran / (100.0 - waited).max(1.0) * 100.0,
            8.0 * 30.0 / wall_s
        );
    }
}

fn main() {
    for (name, yaml) in SCENES {
        steps(name, yaml);
    }
    pictures(false);
    pictures(true);
    parallel();
}
