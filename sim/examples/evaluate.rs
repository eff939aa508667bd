//! Evaluates a suite with the two baselines and shows what failed and why:
//! `cargo run --release -p ponder-sim --example evaluate -- tabletop 40 7`, or, for all that happens in one episode,
//! `… -- trace red_block_in_bowl 12345 "put the red block in the green bowl"`. Scenario files (`*.yaml`) among the
//! arguments take the place of the built-in ones.

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::sink::Sink;
use ponder_sim::SimError;
use ponder_sim::harness::{Plan, Selection, baselines, evaluate, run_episode};
use ponder_sim::scenario::Scenario;
use ponder_sim::suite::Episode;

fn main() -> Result<(), SimError> {
    let (files, args): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.ends_with(".yaml"));
    let arg = |i: usize| args.get(i).map(String::as_str);
    let number = |i: usize, usual: u64| arg(i).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let scenarios = if files.is_empty() {
        Scenario::built_in()?
    } else {
        files.iter().map(|file| Scenario::find(file)).collect::<Result<_, _>>()?
    };
    if arg(0) == Some("trace") {
        let (task, said) = (arg(1).unwrap_or_default(), arg(3).unwrap_or_default());
        return trace(&scenarios, task, number(2, 1), said);
    }
    let selection = arg(0).map_or(Ok(Selection::All), Selection::parse)?;
    let plan = Plan { selection, episodes: number(1, 40) as usize, seed: number(2, 7), threads: number(3, 0) as usize };
    let evaluation = evaluate(&scenarios, plan, &baselines, &|_| {})?;
    for episode in evaluation.records.iter().filter(|episode| !episode.success) {
        show(episode);
    }
    let disturbances = evaluation.records.iter().map(|e| (e.disturbed, e.disturbed + e.undisturbed));
    let (came, all) = disturbances.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("disturbances {came} of {all} came");
    println!("{evaluation}\nwall {:.1} s", evaluation.wall_s);
    Ok(())
}

fn show(episode: &Episode) {
    println!(
        "{} {} {:?}: {} ({:.1} s)",
        episode.task, episode.seed, episode.instruction, episode.detail, episode.sim_s
    );
    let wrong = episode.rulings.iter().filter(|ruling| !ruling.holds).map(ToString::to_string);
    wrong.chain(episode.violations.iter().cloned()).for_each(|line| println!("    {line}"));
}

fn trace(scenarios: &[Scenario], task: &str, seed: u64, said: &str) -> Result<(), SimError> {
    let all = scenarios.iter().flat_map(|s| s.tasks.iter().map(move |t| (s, t)));
    let Some((scenario, task)) = all.into_iter().find(|(_, t)| t.id == task) else {
        return Err(SimError::Scene(format!("there is no task `{task}`")));
    };
    let said = if said.is_empty() { task.wordings.en[0].as_str() } else { said };
    let episode = run_episode(scenario, task, said, seed, &|world, mut sinks| {
        sinks.push(Box::new(Tell));
        baselines(world, sinks)
    })?;
    show(&episode);
    Ok(())
}

/// Tells everything but what comes every turn.
struct Tell;

impl Sink for Tell {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        match event {
            Event::Observed(_) | Event::Commanded(_) | Event::Applied(_) | Event::Motion(_) => {}
            Event::Looked(scene) => {
                println!("{stamp} sees (holding {:?})", scene.holding);
                for o in &scene.objects {
                    let at = o.position_m();
                    let handle = o.handle_m.map(|m| [m.x, m.y, m.z]);
                    println!("    {:<18} {:.3} {:.3} {:.3} {handle:.3?}", o.id, at.x, at.y, at.z);
                }
            }
            Event::Acting(action) => println!("{stamp}   {action:?}"),
            other => println!("{stamp} {other:?}"),
        }
    }
}
