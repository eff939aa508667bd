//! `ponder eval`: many seeded episodes, counted.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ponder_nodes::stack::{Stack, What, break_body};
use ponder_nodes::stages::{Eyes, Mind, Tally};
use ponder_nodes::terminal::WARN;
use ponder_sim::Scenario;
use ponder_sim::harness::{Plan, Selection, evaluate};
use ponder_sim::suite::Evaluation;
use ponder_sim::trial::{Shared, Trial};
use serde::Serialize;

use crate::args::EvalArgs;
use crate::run::{free_task, try_cameras};

/// The object of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    perception: &'a str,
    reasoner: &'a str,
    thinking: Tally,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

/// Why no pictures can be taken here, if so.
fn blind(scenarios: &[Scenario]) -> anyhow::Result<Option<String>> {
    let Some(scenario) = scenarios.first() else { return Ok(None) };
    try_cameras(&Shared::new(Trial::begin(scenario.stage(&free_task(), 0)?)?))
}

/// Runs the episodes and prints the table, or one JSON object.
pub fn eval(args: &EvalArgs) -> anyhow::Result<u8> {
    if args.fault.iter().any(|fault| fault.what == What::EmergencyStop) {
        bail!("the emergency stop is a person's: it can be pressed in `ponder run` only");
    }
    let planner = Mind::open(&args.mind.wish(args.seed, args.eyes.usual_mind())?)?;
    let mut scenarios = if args.scenario.is_empty() {
        Scenario::built_in()?
    } else {
        args.scenario.iter().map(|path| Scenario::load(path)).collect::<Result<_, _>>()?
    };
    let selections = args.suite.iter().map(|name| Selection::parse(name)).collect::<Result<Vec<_>, _>>()?;
    let selection = match selections.as_slice() {
        [] => bail!("no suite is named"),
        [one] => *one,
        many => {
            let among = |scenario: &Scenario| many.contains(&Selection::Suite(scenario.suite));
            if many.iter().any(|s| !matches!(s, Selection::Suite(_))) {
                bail!("`all` and `refuse` stand alone: they can't be joined with other suites");
            }
            scenarios.retain(among);
            Selection::All
        }
    };
    let blind = if args.eyes.perception.is_none() && !args.eyes.baselines { blind(&scenarios)? } else { None };
    let perception = Eyes::open(args.eyes.who(blind.is_none()))?;
    let stack = Stack { perception, planner, ..Stack::default() }.broken_by(&args.fault);
    if let Some(why) = blind {
        anstream::eprintln!("{WARN}no pictures: {why}{WARN:#}");
    }
    if !args.json {
        anstream::println!("perception  {}\nplanner     {}", stack.perception.name(), stack.planner.name());
        for fault in &args.fault {
            anstream::println!("fault       {WARN}{fault}{WARN:#}");
        }
    }
    let episodes = args.episodes as usize;
    let bar = ProgressBar::new(episodes as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  {elapsed} gone, {eta} to go")
            .context("progress bar")?,
    );
    bar.enable_steady_tick(Duration::from_millis(250));
    let failed = std::sync::atomic::AtomicUsize::new(0);
    let plan = Plan { selection, episodes, seed: args.seed, threads: args.threads };
    let make_ring = |world: Shared, sinks| {
        break_body(&args.fault, &mut world.trial());
        stack.ring(Box::new(world), sinks).map_err(|error| error.to_string())
    };
    let mut evaluation = evaluate(&scenarios, plan, &make_ring, &|episode| {
        let failures = if episode.success { 0 } else { 1 };
        let failures = failed.fetch_add(failures, std::sync::atomic::Ordering::Relaxed) + failures;
        bar.set_message(format!("{failures} failed"));
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    evaluation.suite = args.suite.join(",");
    let mut out = anstream::stdout().lock();
    if args.json {
        let (perception, reasoner) = (stack.perception.name(), stack.planner.name());
        let report = Report { perception, reasoner, thinking: stack.planner.tally(), evaluation: &evaluation };
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
        return Ok(0);
    }
    for episode in evaluation.records.iter().filter(|episode| !episode.success) {
        let why = episode.failure().unwrap_or_default();
        writeln!(out, "{} (seed {}) “{}”: {why}: {}", episode.task, episode.seed, episode.instruction, episode.detail)?;
    }
    writeln!(out, "{evaluation}\nthinking     {}\nwall time    {:.1} s", stack.planner.tally(), evaluation.wall_s)?;
    Ok(0)
}
