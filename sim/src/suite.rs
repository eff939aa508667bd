//! What an evaluation found out: one record an episode, and the tables made of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::judge::Ruling;
use crate::scenario::Suite;
use crate::stats::Share;

/// One episode: a task, in one wording, on one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Which task.
    pub task: String,
    /// Of which suite.
    pub suite: Suite,
    /// Must it be refused (or asked about) rather than done?
    pub is_refusal: bool,
    /// The words that were said.
    pub instruction: String,
    /// Seed of the scene and of every chance in it.
    pub seed: u64,
    /// How the robot says it ended: `done`, `failed:dropped`, `refused:not_there`.
    pub outcome: String,
    /// More about that, for people.
    pub detail: String,
    /// Did the judge find the goal reached, or the right answer given, and nothing broken on the way?
    pub success: bool,
    /// The robot says done and the judge says no, or that it had to be refused.
    pub false_done: bool,
    /// Every fact the judge looked at.
    pub rulings: Vec<Ruling>,
    /// What must not happen and did: fallen objects, broken invariants, limits exceeded in the simulator's own record.
    pub violations: Vec<String>,
    /// How often the reasoner was asked.
    pub thoughts: u32,
    /// Disturbances that came.
    pub disturbed: usize,
    /// Disturbances that never came, because the robot never did what brings them on.
    pub undisturbed: usize,
    /// Simulated time, seconds.
    pub sim_s: f64,
    /// Time on the wall, seconds.
    pub wall_s: f64,
}

impl Episode {
    /// Why it is no success: the robot's own outcome, or `not_refused`, `false_done`, or what was violated.
    pub fn failure(&self) -> Option<String> {
        if self.success {
            None
        } else if self.is_refusal && self.outcome == "done" {
            Some("not_refused".to_owned())
        } else if self.false_done {
            Some("false_done".to_owned())
        } else if !self.violations.is_empty() {
            Some("violation".to_owned())
        } else {
            Some(self.outcome.clone())
        }
    }
}

/// What one task came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// Successes among its episodes.
    pub success: Share,
    /// Mean simulated time of its successes, seconds.
    pub mean_sim_s: f64,
    /// Failures by code.
    pub failures: BTreeMap<String, usize>,
}

/// What an evaluation came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated: a suite's name, `all` or `refuse`.
    pub suite: String,
    /// Seed that all chance came from.
    pub seed: u64,
    /// Number of episodes.
    pub episodes: usize,
    /// Share of episodes that the judge calls a success.
    pub success_rate: f64,
    /// The same with its confidence interval.
    pub success: Share,
    /// Successes among goals to reach.
    pub goals: Share,
    /// Right answers among goals to refuse.
    pub refusals: Share,
    /// Episodes in which the robot says done and the judge says no.
    pub false_done: usize,
    /// Episodes with anything that must not happen.
    pub violations: usize,
    /// Task by task.
    pub by_task: BTreeMap<String, TaskResult>,
    /// Failures by code.
    pub failures: BTreeMap<String, usize>,
    /// Mean simulated time of successes, seconds.
    pub mean_sim_s: f64,
    /// Time on the wall for everything, seconds.
    pub wall_s: f64,
    /// The episodes, in the order of their numbers.
    pub records: Vec<Episode>,
}

impl Evaluation {
    /// Counts records up.
    pub fn of(suite: &str, seed: u64, wall_s: f64, records: Vec<Episode>) -> Self {
        let success = share(&records, |_| true);
        let mut by_task: BTreeMap<&str, Vec<&Episode>> = BTreeMap::new();
        for record in &records {
            by_task.entry(&record.task).or_default().push(record);
        }
        let by_task = by_task.into_iter().map(|(task, records)| {
            let result = TaskResult {
                success: share(records.iter().copied(), |_| true),
                mean_sim_s: mean_sim_s(records.iter().copied()),
                failures: failures(records.iter().copied()),
            };
            (task.to_owned(), result)
        });
        Self {
            suite: suite.to_owned(),
            seed,
            episodes: records.len(),
            success_rate: success.rate,
            success,
            goals: share(&records, |e| !e.is_refusal),
            refusals: share(&records, |e| e.is_refusal),
            false_done: records.iter().filter(|e| e.false_done).count(),
            violations: records.iter().filter(|e| !e.violations.is_empty()).count(),
            by_task: by_task.collect(),
            failures: failures(&records),
            mean_sim_s: mean_sim_s(&records),
            wall_s,
            records,
        }
    }
}

fn share<'a>(records: impl IntoIterator<Item = &'a Episode>, which: impl Fn(&Episode) -> bool) -> Share {
    let (mut hits, mut trials) = (0, 0);
    for record in records.into_iter().filter(|record| which(record)) {
        trials += 1;
        hits += usize::from(record.success);
    }
    Share::of(hits, trials)
}

fn failures<'a>(records: impl IntoIterator<Item = &'a Episode>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for failure in records.into_iter().filter_map(Episode::failure) {
        *counts.entry(failure).or_default() += 1;
    }
    counts
}

fn mean_sim_s<'a>(records: impl IntoIterator<Item = &'a Episode>) -> f64 {
    let (count, total_s) = records
        .into_iter()
        .filter(|record| record.success)
        .fold((0, 0.0), |(count, total_s), record| (count + 1, total_s + record.sim_s));
    if count == 0 { 0.0 } else { total_s / f64::from(count) }
}

impl std::fmt::Display for Evaluation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:<34} {:>9} {:>8}  failures", "task", "success", "time")?;
        for (task, result) in &self.by_task {
            let Share { hits, trials, .. } = result.success;
            let failures: Vec<String> = result.failures.iter().map(|(code, n)| format!("{code} ×{n}")).collect();
            writeln!(f, "{task:<34} {hits:>4}/{trials:<4} {:>6.1} s  {}", result.mean_sim_s, failures.join(", "))?;
        }
        writeln!(f, "success      {}", self.success)?;
        if self.goals.trials > 0 && self.refusals.trials > 0 {
            writeln!(f, "  goals      {}", self.goals)?;
            writeln!(f, "  refusals   {}", self.refusals)?;
        }
        writeln!(f, "false done   {}", self.false_done)?;
        write!(f, "violations   {}", self.violations)
    }
}
