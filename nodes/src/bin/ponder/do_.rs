//! `ponder do`: gives an instruction to a robot's graph, by its namespace, tells what comes of it, and cancels it on Ctrl-C.

mod client;
mod story;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use ponder_core::Stamp;
use ponder_core::goal::Goal;
use ponder_core::thinker::Cancel;
use r2r::GoalStatus;
use r2r::ponder_msgs::action::ExecuteTask;
use r2r::ponder_msgs::msg;
use serde::Serialize;

use crate::args::DoArgs;
use client::{Client, Heard};
use story::Story;

const DONE: u8 = 0;
const NONE: u8 = 1;
const REFUSED: u8 = 2;
const FAILED: u8 = 3;
const HALTED: u8 = 4;

/// Time limit where none is given, seconds: what the action has for zero.
const TIME_LIMIT_S: f64 = 120.0;
/// Longest wait for an answer to the goal itself.
const TAKEN_UP: Duration = Duration::from_secs(10);

/// What a task came to: the object of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    instruction: &'a str,
    outcome: &'a str,
    code: Option<u16>,
    detail: &'a str,
    evidence: Vec<&'a str>,
    plans: u32,
    took_s: f64,
    wall_s: f64,
    exit_code: u8,
}

/// What came back, and how it is to be read.
struct Ended {
    result: ExecuteTask::Result,
    has_outcome: bool,
    exit_code: u8,
}

/// Does it, and gives the exit code.
pub fn do_(args: &DoArgs, stop: &Cancel) -> anyhow::Result<u8> {
    // Before anybody is asked: is it an instruction at all?
    let goal = Goal::new(0, &args.instruction, Stamp::default(), args.time_limit.unwrap_or(TIME_LIMIT_S))?;
    if !(0.0..=3600.0).contains(&args.wait) {
        bail!("--wait is {} s: it must be within 0 and 3600", args.wait);
    }
    let mut client = Client::new(&args.namespace)?;
    if !client.wait(Duration::from_secs_f64(args.wait), stop)? {
        bail!("no {} in this graph: is `act` up, and in that namespace?", client.action_name());
    }
    let begun = Instant::now();
    let mut story = Story::begin(args.json, &goal.instruction);
    client.send(&goal.instruction, args.time_limit.unwrap_or(0.0))?;
    let ended = follow(&mut client, &mut story, stop, begun)?;
    let outcome = &ended.result.outcome;
    story.end(outcome, &ended.result.evidence, ended.exit_code);
    if args.json {
        let report = Report {
            instruction: &goal.instruction,
            outcome: &outcome.name,
            code: ended.has_outcome.then_some(outcome.code),
            detail: &outcome.text,
            evidence: ended.result.evidence.iter().map(|evidence| evidence.text.as_str()).collect(),
            plans: ended.result.plans,
            took_s: ended.result.took,
            wall_s: begun.elapsed().as_secs_f64(),
            exit_code: ended.exit_code,
        };
        println!("{}", serde_json::to_string(&report).context("no report")?);
    }
    Ok(ended.exit_code)
}

/// Turns the client until the task has ended, or nobody is there who could end it.
fn follow(client: &mut Client, story: &mut Story, stop: &Cancel, begun: Instant) -> anyhow::Result<Ended> {
    let (mut taken, mut cancelled) = (false, false);
    loop {
        for heard in client.turn() {
            match heard {
                Heard::Taken => taken = true,
                Heard::Refused(why) => bail!("`act` did not take the goal: {why}"),
                Heard::Feedback(feedback) => story.tell(&feedback),
                Heard::Ended(status, result) => return Ok(ended(status, result)),
                Heard::NoResult(why) => bail!("the task's result did not arrive: {why}"),
                Heard::NoCancel(why) => story.warn(&format!("the task could not be cancelled: {why}")),
            }
        }
        if stop.is_cancelled() && taken && !cancelled {
            cancelled = true;
            story.warn("cancelled: the robot comes to rest (Ctrl-C again ends this program at once)");
            client.cancel()?;
        }
        if client.is_lost() {
            let text = "nothing is heard from `act` any more: how the task ended is not known".to_owned();
            let outcome = msg::Outcome { code: 0, name: "lost:act".to_owned(), text };
            let result = ExecuteTask::Result { outcome, ..Default::default() };
            return Ok(Ended { result, has_outcome: false, exit_code: HALTED });
        }
        if !taken && begun.elapsed() > TAKEN_UP {
            bail!("{} does not answer", client.action_name());
        }
    }
}

fn ended(status: GoalStatus, result: ExecuteTask::Result) -> Ended {
    let done = result.outcome.code == msg::Outcome::DONE as u16;
    // An empty result has the code of a success: only one that says so counts as one.
    if done && !matches!(status, GoalStatus::Succeeded) {
        let text = "`act` ended the task without an outcome".to_owned();
        let outcome = msg::Outcome { name: "none".to_owned(), text, ..result.outcome };
        return Ended { result: ExecuteTask::Result { outcome, ..result }, has_outcome: false, exit_code: NONE };
    }
    let exit_code = exit_code(result.outcome.code);
    Ended { result, has_outcome: true, exit_code }
}

/// By the ranges of `ponder_msgs/Outcome`, as `ponder run` has them.
fn exit_code(outcome: u16) -> u8 {
    match outcome {
        0 => DONE,
        100..200 | 500..600 => FAILED,
        200..400 => REFUSED,
        400..500 => HALTED,
        _ => NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_run() {
        let codes = [(0, 0), (101, 3), (113, 3), (201, 2), (300, 2), (401, 4), (411, 4), (500, 3), (601, 1), (602, 1)];
        for (outcome, code) in codes {
            assert_eq!(exit_code(outcome), code, "{outcome}");
        }
        let empty = || ExecuteTask::Result::default();
        assert_eq!(ended(GoalStatus::Aborted, empty()).exit_code, 1, "an empty result is no success");
        assert_eq!(ended(GoalStatus::Succeeded, empty()).exit_code, 0);
    }
}
