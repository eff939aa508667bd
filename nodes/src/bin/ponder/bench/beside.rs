//! The control loop beside a model that thinks: the ring of a simulated robot, turned by the wall's clock at its own
//! period, and how late its turns end.

use std::time::{Duration, Instant};

use anyhow::Context;
use ponder_core::goal::Goal;
use ponder_core::world::World;
use ponder_nodes::stack::Stack;
use ponder_nodes::urgency::{self, Urgency};
use ponder_sim::Scenario;
use ponder_sim::trial::{Shared, Trial};
use serde::Serialize;

use crate::run::{TIME_LIMIT_S, free_task};

/// What the robot does the while; again and again.
const GOALS: [&str; 2] = ["put the red block in the green bowl", "put the red block on the table"];

/// What came of so many turns.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    /// Turns of the loop.
    pub turns: usize,
    /// Their period, milliseconds.
    pub period_ms: f64,
    /// Turns that ended after the next one was due.
    pub missed: usize,
    /// How long after it was due a turn began, milliseconds: the 99th of 100, and the latest.
    pub late_ms: [f64; 2],
    /// Why the loop has no real-time priority, if it has none.
    pub no_priority: Option<String>,
}

/// Turns the loop for so long, at the priority that the node `act` has where the system permits it.
pub fn turn_for(how_long: Duration) -> anyhow::Result<Beside> {
    let work = move || -> anyhow::Result<Beside> {
        let scenario = Scenario::find("tabletop")?;
        let shared = Shared::new(Trial::begin(scenario.stage(&free_task(), 1)?)?);
        let period = Duration::from_secs_f64(shared.robot().timing.period_s);
        let mut ring = Stack::default().ring(Box::new(shared), Vec::new())?;
        let no_priority = urgency::raise(Urgency::Controls).err();
        let (mut late, mut missed, mut idle) = (Vec::new(), 0, true);
        let begun = Instant::now();
        let mut due = begun;
        while begun.elapsed() < how_long {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            late.push(due.elapsed().as_secs_f64() * 1e3);
            if idle {
                let goal = GOALS[late.len() % GOALS.len()];
                ring.start(Goal::new(late.len() as u64, goal, ring.now(), TIME_LIMIT_S)?);
            }
            idle = ring.turn().is_some();
            missed += usize::from(due.elapsed() > period);
            due = (due + period).max(Instant::now());
        }
        late.sort_by(f64::total_cmp);
        let at = |share: f64| late.get((late.len() as f64 * share) as usize).or(late.last()).copied().unwrap_or(0.0);
        let (turns, period_ms) = (late.len(), period.as_secs_f64() * 1e3);
        Ok(Beside { turns, period_ms, missed, late_ms: [at(0.99), at(1.0)], no_priority })
    };
    let thread =
        std::thread::Builder::new().name("control".to_owned()).spawn(work).context("no thread to control on")?;
    thread.join().map_err(|_| anyhow::anyhow!("the control loop died"))?
}
