//! `ponder run`: one instruction in one scene, told as it happens, recorded, journalled and judged.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use ponder_core::Stamp;
use ponder_core::goal::Goal;
use ponder_core::observation::Observation;
use ponder_core::outcome::Outcome;
use ponder_core::run::{Limits, Ring};
use ponder_core::sink::Sink;
use ponder_core::thinker::Cancel;
use ponder_core::world::{Want, World};
use ponder_nodes::journal::{Header, JournalSink, WhenBehind};
use ponder_nodes::rerun::RerunSink;
use ponder_nodes::sinks::Kept;
use ponder_nodes::stack::{Breakage, Stack, What, break_body};
use ponder_nodes::stages::{Eyes, Mind};
use ponder_nodes::terminal::{BAD, DIM, GOOD, HEAD, Terminal, WARN};
use ponder_nodes::verdict::{GoalOfPlan, Judgement, judge, true_scene};
use ponder_nodes::viewer;
use ponder_sim::Scenario;
use ponder_sim::task::{Task, Wordings};
use ponder_sim::trial::{Shared, Trial};
use serde::Serialize;

use crate::args::RunArgs;
use crate::pace::Pace;
use crate::records::{Paths, header};

const DONE: u8 = 0;
const REFUSED: u8 = 2;
const FAILED: u8 = 3;
const HALTED: u8 = 4;

/// Scene of instructions that no scene knows.
const USUAL_SCENE: &str = "tabletop";
/// Simulated time for instructions that are no task, seconds.
pub const TIME_LIMIT_S: f64 = 120.0;
/// Pictures for the recording this often, seconds.
const FILM_EVERY_S: f64 = 0.2;

/// What a run came to: the object of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    instruction: &'a str,
    scene: &'a str,
    task: Option<&'a str>,
    seed: u64,
    perception: &'a str,
    reasoner: &'a str,
    outcome: String,
    detail: String,
    judge: &'a Judgement,
    sim_s: f64,
    wall_s: f64,
    recording: &'a Path,
    journal: &'a Path,
    exit_code: u8,
}

/// Runs, and gives the exit code.
pub fn run(args: &RunArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let begun = Instant::now();
    // Before anything is built: is it an instruction at all?
    Goal::new(0, &args.instruction, Stamp::default(), args.time_limit.unwrap_or(TIME_LIMIT_S))?;
    let (scenario, task) = find_task(args)?;
    let planner = Mind::open(&args.mind.wish(args.seed, args.eyes.usual_mind())?)?;
    // A wrong name is told before a world is built.
    let wanted = args.eyes.perception.as_deref().map(Eyes::open).transpose()?;
    let named = task.as_ref().map(|task| task.id.clone());
    let task = task.unwrap_or_else(free_task);
    let shared = Shared::new(Trial::begin(scenario.stage(&task, args.seed)?)?);
    let no_camera = if args.no_camera { Some("--no-camera".to_owned()) } else { try_cameras(&shared)? };
    let perception = wanted.map_or_else(|| Eyes::open(args.eyes.who(no_camera.is_none())), Ok)?;
    let stack = Stack {
        perception,
        planner,
        is_live: true,
        limits: Limits { film_every_s: no_camera.is_none().then_some(FILM_EVERY_S), ..Limits::default() },
        ..Stack::default()
    }
    .broken_by(&args.fault);
    let header = header(args, &scenario, &shared, &stack)?;
    let paths = Paths::new(args, &scenario.name)?;
    banner(args, &scenario, named.as_deref(), &header, no_camera.as_deref())?;

    let url = if args.view { Some(viewer::start()?) } else { args.connect.clone() };
    let robot = shared.robot().clone();
    let journal = Kept::new(JournalSink::create(&paths.journal, &header, WhenBehind::Wait)?);
    let recording = Kept::new(RerunSink::open(&paths.recording, url.as_deref(), &robot, &header.shapes)?);
    let plan = Kept::new(GoalOfPlan::default());
    let pace = Pace::new(&stack, robot.timing.period_s);
    let sinks: Vec<Box<dyn Sink>> = vec![
        Box::new(pace.clone()),
        Box::new(journal.clone()),
        Box::new(Terminal::new(out(args))),
        Box::new(plan.clone()),
        Box::new(recording.clone()),
    ];
    let before = true_scene(&mut shared.trial());
    let mut ring = stack.ring(Box::new(shared.clone()), sinks)?;
    let goal = Goal::new(0, &args.instruction, ring.now(), args.time_limit.unwrap_or(task.time_limit_s))?;
    break_body(&args.fault, &mut shared.trial());
    let outcome = turn(&mut ring, goal, &args.fault, &pace, stop);
    let sim_s = ring.now().as_s();
    drop(ring);

    // Every record is closed before any of their errors is told.
    let journalled = journal.take().map(JournalSink::finish).transpose();
    let recorded = recording.take().map(RerunSink::finish).transpose();
    let goal = plan.take().unwrap_or_default();
    let judgement = judge(&mut shared.trial(), named.as_deref(), &outcome, &goal.facts(&before), &before)?;
    let code = exit_code(&outcome, &judgement);
    tell(args, &judgement, &paths)?;
    journalled?;
    match recorded {
        // Whoever closes the viewer does not spoil the run.
        Err(error) if url.is_some() => anstream::eprintln!("{WARN}{error}{WARN:#}"),
        recorded => drop(recorded?),
    }
    if args.json {
        let report = Report {
            instruction: &args.instruction,
            scene: &scenario.name,
            task: named.as_deref(),
            seed: args.seed,
            perception: &header.perceiver,
            reasoner: &header.reasoner,
            outcome: outcome.code(),
            detail: outcome.to_string(),
            judge: &judgement,
            sim_s,
            wall_s: begun.elapsed().as_secs_f64(),
            recording: &paths.recording,
            journal: &paths.journal,
            exit_code: code,
        };
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(code)
}

/// Where the story goes.
fn out(args: &RunArgs) -> Box<dyn Write> {
    if args.json { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) }
}

/// The scene, and the task that the instruction is a wording of, if it is one.
fn find_task(args: &RunArgs) -> anyhow::Result<(Scenario, Option<Task>)> {
    let plain = |text: &str| text.trim().trim_end_matches(['.', '。', '!', '！']).to_lowercase();
    let said = plain(&args.instruction);
    let of = |scenario: &Scenario| {
        scenario.tasks.iter().find(|task| task.wordings.all().any(|words| plain(words) == said)).cloned()
    };
    if let Some(name) = &args.scene {
        let scenario = Scenario::find(name)?;
        let task = of(&scenario);
        return Ok((scenario, task));
    }
    let mut all = Scenario::built_in()?;
    // The usual scene first: it has most of what people ask for.
    all.sort_by_key(|scenario| scenario.name != USUAL_SCENE);
    let known = all.iter().position(|scenario| of(scenario).is_some()).unwrap_or(0);
    if all.is_empty() {
        bail!("no scene comes built in: give one with --scene FILE");
    }
    let scenario = all.swap_remove(known);
    let task = of(&scenario);
    Ok((scenario, task))
}

/// A free instruction: the scene as it is drawn, and nothing to judge it by but the plan's own goal.
pub fn free_task() -> Task {
    Task {
        id: "free".to_owned(),
        wordings: Wordings { en: Vec::new(), zh: Vec::new() },
        lets: BTreeMap::new(),
        given: None,
        through: Vec::new(),
        goal: None,
        expect: None,
        never: Vec::new(),
        disturb: Vec::new(),
        time_limit_s: TIME_LIMIT_S,
    }
}

/// Takes a picture, to know before the run whether that works; why not, if it does not.
pub fn try_cameras(shared: &Shared) -> anyhow::Result<Option<String>> {
    let mut trial = shared.trial();
    let world = trial.world_mut();
    let want = Want { cameras: true, truth: false };
    let why = world.observe(want, &mut Observation::default()).err().map(|error| error.to_string());
    world.reset()?;
    Ok(why)
}

fn banner(
    args: &RunArgs,
    scenario: &Scenario,
    task: Option<&str>,
    header: &Header,
    no_camera: Option<&str>,
) -> std::io::Result<()> {
    let mut out = out(args);
    let task = task.map_or_else(|| "a free instruction".to_owned(), |task| format!("task {task}"));
    writeln!(out, "{HEAD}Ponder {}{HEAD:#}", header.ponder)?;
    writeln!(out, "scene       {} ({}), seed {}, {task}", scenario.name, scenario.about, args.seed)?;
    writeln!(out, "robot       {}", header.robot.name)?;
    writeln!(out, "perception  {}", header.perceiver)?;
    writeln!(out, "planner     {}", header.reasoner)?;
    if !header.faults.is_empty() {
        writeln!(out, "faults      {WARN}{}{WARN:#}", header.faults.join(", "))?;
    }
    if let Some(why) = no_camera {
        writeln!(out, "pictures    {WARN}none: {why}{WARN:#}")?;
    }
    writeln!(out)
}

/// Turns the ring to the end; looks for the stop signal, and whether the emergency stop is due, every turn.
fn turn(ring: &mut Ring, goal: Goal, faults: &[Breakage], pace: &Pace, stop: &Cancel) -> Arc<Outcome> {
    let emergency = |fault: &&Breakage| fault.what == What::EmergencyStop;
    let mut emergency_s = faults.iter().find(emergency).map(|fault| fault.at_s);
    ring.start(goal);
    loop {
        if emergency_s.take_if(|at_s| ring.now().as_s() >= *at_s).is_some() {
            ring.emergency_stop();
        }
        if stop.is_cancelled() {
            ring.cancel();
        }
        let begun = Instant::now();
        if let Some(outcome) = ring.turn() {
            return outcome;
        }
        pace.keep(begun);
    }
}

fn exit_code(outcome: &Outcome, judgement: &Judgement) -> u8 {
    match outcome {
        Outcome::Done { .. } if judgement.success == Some(true) => DONE,
        Outcome::Refused { .. } | Outcome::Asked { .. } => REFUSED,
        Outcome::Halted { .. } => HALTED,
        Outcome::Done { .. } | Outcome::Failed { .. } | Outcome::TimedOut { .. } => FAILED,
    }
}

fn tell(args: &RunArgs, judgement: &Judgement, paths: &Paths) -> std::io::Result<()> {
    let mut out = out(args);
    let verdict = match judgement.success {
        Some(true) => format!("{GOOD}success{GOOD:#}"),
        Some(false) => format!("{BAD}no success{BAD:#}"),
        None => format!("{WARN}nothing to judge{WARN:#}"),
    };
    writeln!(out, "\njudge       {verdict}, by the {}", judgement.by.trim_start_matches("the "))?;
    for finding in &judgement.findings {
        writeln!(out, "            {DIM}{finding}{DIM:#}")?;
    }
    for violation in &judgement.violations {
        writeln!(out, "            {BAD}{violation}{BAD:#}")?;
    }
    writeln!(out, "recording   {}", paths.recording.display())?;
    writeln!(out, "journal     {}", paths.journal.display())
}
