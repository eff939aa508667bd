//! Runs episodes: stages a task, turns the ring on it, asks the judge. What perceives and reasons comes from above: the
//! caller makes a ring around the world it is given. Many episodes run over all cores; each depends on nothing but its
//! own number and the seed, so the results do not depend on the number of threads.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use ponder_core::Stamp;
use ponder_core::controllers::RobotController;
use ponder_core::event::Event;
use ponder_core::goal::Goal;
use ponder_core::outcome::Outcome;
use ponder_core::perceiver::{Look, Perceiver};
use ponder_core::reasoner::{Question, Reasoner};
use ponder_core::run::{Limits, Parts, Ring};
use ponder_core::sink::Sink;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::{Cancel, Inline};
use ponder_core::world::World;
use rayon::prelude::*;

use crate::error::SimError;
use crate::ground_truth::GroundTruth;
use crate::scenario::{Scenario, Suite};
use crate::suite::{Episode, Evaluation};
use crate::task::Task;
use crate::trial::{Shared, Trial};

/// Makes the ring of an episode around its world, with these sinks among its own; may make something break in it.
pub type MakeRing<'a> = dyn Fn(Shared, Vec<Box<dyn Sink>>) -> Result<Ring, String> + Sync + 'a;

/// Simulated time that the baselines take to see, seconds: nothing is instant on a robot either.
pub const SEE_S: f64 = 0.05;
/// Simulated time that they take to think, seconds.
pub const THINK_S: f64 = 0.2;

/// A ring of the two baselines: ground-truth perception and the symbolic reasoner, with the robot's own controller.
///
/// # Errors
/// None yet; the signature is that of [`MakeRing`].
pub fn baselines(world: Shared, sinks: Vec<Box<dyn Sink>>) -> Result<Ring, String> {
    let robot = world.robot().clone();
    let (mut eyes, mut mind) = (GroundTruth, Symbolic);
    let wants = eyes.wants();
    let controller = Box::new(RobotController::new(robot.clone()));
    let see = move |look: &Look, _: &mut dyn FnMut(&str), cancel: &Cancel| eyes.perceive(look, &robot, cancel);
    let think =
        move |question: &Question, say: &mut dyn FnMut(&str), cancel: &Cancel| mind.think(question, say, cancel);
    let eyes = Box::new(Inline::new(Box::new(see), SEE_S));
    let mind = Box::new(Inline::new(Box::new(think), THINK_S));
    Ok(Ring::new(Parts { world: Box::new(world), eyes, wants, mind, controller, sinks }, Limits::default()))
}

/// What shall be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every task of every suite.
    All,
    /// Every task of one suite.
    Suite(Suite),
    /// What must be refused, of every suite.
    Refuse,
}

impl Selection {
    /// Parses a suite's name, `all` or `refuse`.
    ///
    /// # Errors
    /// A message with the names there are.
    pub fn parse(name: &str) -> Result<Self, SimError> {
        let suite = Suite::ALL.iter().find(|(_, known)| *known == name).map(|(suite, _)| Self::Suite(*suite));
        match name {
            "all" => Ok(Self::All),
            "refuse" => Ok(Self::Refuse),
            _ => suite.ok_or_else(|| {
                let known: Vec<&str> = Suite::ALL.iter().map(|(_, known)| *known).collect();
                SimError::Scene(format!("there is no suite `{name}`: give one of {}, refuse, all", known.join(", ")))
            }),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Suite(suite) => suite.name(),
            Self::Refuse => "refuse",
        }
    }

    fn takes(self, scenario: &Scenario, task: &Task) -> bool {
        match self {
            Self::All => true,
            Self::Suite(suite) => scenario.suite == suite,
            Self::Refuse => task.expect.is_some(),
        }
    }
}

/// What to evaluate, how long, on how many threads.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Which tasks.
    pub selection: Selection,
    /// Number of episodes; tasks take turns.
    pub episodes: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Number of threads; 0: as many as there are cores.
    pub threads: usize,
}

/// Runs the episodes of a plan; `told` hears of each as it ends, in any order.
///
/// # Errors
/// [`SimError`] when scenarios do not load, or an episode can't be staged or run at all.
pub fn evaluate(
    scenarios: &[Scenario],
    plan: Plan,
    make_ring: &MakeRing<'_>,
    told: &(dyn Fn(&Episode) + Sync),
) -> Result<Evaluation, SimError> {
    let begun = Instant::now();
    let tasks: Vec<(&Scenario, &Task)> = scenarios
        .iter()
        .flat_map(|scenario| scenario.tasks.iter().map(move |task| (scenario, task)))
        .filter(|(scenario, task)| plan.selection.takes(scenario, task))
        .collect();
    if tasks.is_empty() {
        return Err(SimError::Scene(format!("`{}` has no tasks in these scenarios", plan.selection.name())));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(plan.threads)
        .build()
        .map_err(|e| SimError::Scene(format!("no threads to run on: {e}")))?;
    let one = |number: usize| {
        let (scenario, task) = tasks[number % tasks.len()];
        let seed = mix(plan.seed, number as u64);
        let words: Vec<&String> = task.wordings.all().collect();
        let said = words[(mix(seed, 1) % words.len() as u64) as usize];
        let episode = run_episode(scenario, task, said, seed, make_ring)?;
        told(&episode);
        Ok(episode)
    };
    let records = pool.install(|| (0..plan.episodes).into_par_iter().map(one).collect::<Result<Vec<_>, SimError>>())?;
    Ok(Evaluation::of(plan.selection.name(), plan.seed, begun.elapsed().as_secs_f64(), records))
}

/// Runs one episode: these words, on this seed.
///
/// # Errors
/// [`SimError`] when it can't be staged, the ring can't be made, or the physics fails.
pub fn run_episode(
    scenario: &Scenario,
    task: &Task,
    said: &str,
    seed: u64,
    make_ring: &MakeRing<'_>,
) -> Result<Episode, SimError> {
    let begun = Instant::now();
    let shared = Shared::new(Trial::begin(scenario.stage(task, seed)?)?);
    let thoughts = Rc::new(RefCell::new(0));
    let count = Box::new(CountThoughts(thoughts.clone()));
    let mut ring = make_ring(shared.clone(), vec![count]).map_err(SimError::Scene)?;
    let start = shared.now();
    let goal = Goal::new(0, said, start, task.time_limit_s).map_err(|e| SimError::Scene(e.to_string()))?;
    let outcome = ring.run(goal, &Cancel::default());
    let sim_s = shared.now().since_s(start);
    let verdict = shared.trial().verdict(&outcome)?;
    let undisturbed = shared.trial().pending();
    let done = matches!(*outcome, Outcome::Done { .. });
    let thoughts = *thoughts.borrow();
    Ok(Episode {
        task: task.id.clone(),
        suite: scenario.suite,
        is_refusal: task.expect.is_some(),
        instruction: said.to_owned(),
        seed,
        outcome: outcome.code(),
        detail: outcome.to_string(),
        // A goal that is reached without the robot knowing is no success: it could not have told anyone.
        success: verdict.success && (done || task.expect.is_some()),
        // What had to be refused can't be done.
        false_done: done && (task.expect.is_some() || task.goal.is_some() && !verdict.reached),
        rulings: verdict.rulings,
        violations: verdict.violations,
        thoughts,
        disturbed: task.disturb.len() - undisturbed,
        undisturbed,
        sim_s,
        wall_s: begun.elapsed().as_secs_f64(),
    })
}

/// Counts how often the reasoner is asked.
struct CountThoughts(Rc<RefCell<u32>>);

impl Sink for CountThoughts {
    fn emit(&mut self, _stamp: Stamp, event: &Event) {
        if matches!(event, Event::ThinkAsked(_)) {
            *self.0.borrow_mut() += 1;
        }
    }
}

/// A well-mixed number out of two (SplitMix64, Steele et al. 2014), small enough for any JSON reader.
fn mix(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) >> 32
}
