//! `ponder think`: a goal and a scene; the thought as it is thought, then the plan, checked. Nothing moves.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use ponder_core::Stamp;
use ponder_core::check::check;
use ponder_core::goal::Goal;
use ponder_core::plan::{Draft, Plan};
use ponder_core::reasoner::{Answer, Question, ReasonError};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Scene;
use ponder_core::thinker::Cancel;
use ponder_core::world::World;
use ponder_nodes::stages::{Mind, Who};
use ponder_nodes::terminal::{DIM, GOOD, HEAD, WARN};
use ponder_nodes::verdict::true_scene;
use ponder_sim::Scenario;
use ponder_sim::robots::RobotSource;
use ponder_sim::trial::{Shared, Trial};
use serde_json::json;

use crate::args::ThinkArgs;
use crate::run::{TIME_LIMIT_S, free_task};

const PLANNED: u8 = 0;
const REFUSED: u8 = 2;
const INTERRUPTED: u8 = 130;

/// Thinks, tells, and gives the exit code.
pub fn think(args: &ThinkArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let goal = Arc::new(Goal::new(0, &args.instruction, Stamp::default(), TIME_LIMIT_S)?);
    let (scene, robot) = around(args)?;
    if let Some(path) = &args.save_scene {
        let text = serde_json::to_string_pretty(&*scene)?;
        std::fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    let usual = if args.symbolic { Who::Symbolic } else { Who::shipped() };
    let chosen = Mind::open(&args.mind.wish(args.seed, usual)?)?;
    let mut mind = chosen.reasoner();
    let question = Question { goal, scene, robot, attempts: Vec::new() };
    let broken: RefCell<Option<std::io::Error>> = RefCell::default();
    let mut say = |piece: &str| {
        if args.json {
            return;
        }
        let mut out = anstream::stdout().lock();
        let shown: String = piece.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        if let Err(error) = write!(out, "{DIM}{shown}{DIM:#}").and_then(|()| out.flush()) {
            *broken.borrow_mut() = Some(error);
            stop.cancel(); // who reads no more needs no more words
        }
    };
    let begun = Instant::now();
    let answer = mind.think(&question, &mut say, stop);
    let took_s = begun.elapsed().as_secs_f64();
    if let Some(error) = broken.take() {
        return Err(error.into());
    }
    let answer = match answer {
        Err(ReasonError::Cancelled) => {
            anstream::eprintln!("\nstopped before there was an answer");
            return Ok(INTERRUPTED);
        }
        answer => answer?,
    };
    let plan = match &answer.draft {
        Draft::Do { .. } => Some(check(&answer.draft, &question.scene, &question.robot)?),
        Draft::Refuse { .. } | Draft::Ask { .. } => None,
    };
    if args.json {
        let (instruction, tokens) = (&args.instruction, answer.thought.tokens);
        println!(
            "{}",
            json!({
                "instruction": instruction, "reasoner": chosen.name(), "thought": answer.thought.text,
                "thought_tokens": tokens, "answer": answer.draft, "checked": plan.is_some(), "took_s": took_s,
            })
        );
    } else {
        tell(chosen.name(), &answer, plan.as_ref(), took_s)?;
    }
    Ok(if plan.is_some() { PLANNED } else { REFUSED })
}

/// The scene and the robot in it: a file's, or a simulated scene's as the simulator knows it.
fn around(args: &ThinkArgs) -> anyhow::Result<(Arc<Scene>, Arc<RobotSpec>)> {
    let file = Path::new(&args.scene);
    if file.extension().is_some_and(|ending| ending == "json") {
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("{shown} can't be read"))?;
        let scene: Scene = serde_json::from_str(&text).with_context(|| format!("{shown} is no scene"))?;
        if let Some(twice) = scene
            .objects
            .iter()
            .enumerate()
            .find(|(i, object)| scene.objects[..*i].iter().any(|other| other.id == object.id))
        {
            bail!("{shown}: the object {} is there twice", twice.1.id);
        }
        let robot = RobotSource::load(&args.robot, Path::new("."))?.checked()?;
        return Ok((Arc::new(scene), Arc::new(robot)));
    }
    let scenario = Scenario::find(&args.scene)?;
    let shared = Shared::new(Trial::begin(scenario.stage(&free_task(), args.seed)?)?);
    let scene = true_scene(&mut shared.trial());
    let robot = shared.robot().clone();
    Ok((Arc::new(scene), robot))
}

fn tell(name: &str, answer: &Answer, plan: Option<&Plan>, took_s: f64) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "\n")?;
    match (&answer.draft, plan) {
        (_, Some(plan)) => {
            writeln!(out, "{HEAD}plan{HEAD:#}")?;
            for (i, step) in plan.steps().iter().enumerate() {
                writeln!(out, "  {}. {step}", i + 1)?;
            }
            let facts: Vec<String> = plan.goal().iter().map(ToString::to_string).collect();
            writeln!(out, "{HEAD}goal{HEAD:#}  {}", facts.join(", "))?;
            writeln!(out, "{GOOD}checked{GOOD:#}: skills, arguments, objects, and each step's preconditions in turn")?;
        }
        (Draft::Refuse { text, .. }, _) => writeln!(out, "{WARN}refused{WARN:#}  {text}")?,
        (Draft::Ask { question }, _) => writeln!(out, "{WARN}asks{WARN:#}  {question}")?,
        (Draft::Do { .. }, None) => {}
    }
    writeln!(out, "{DIM}{name}, {} tokens of thought, {took_s:.1} s{DIM:#}", answer.thought.tokens)
}
