//! `ponder up`: brings up the nodes of a launch file as processes of this program, and keeps them up until Ctrl-C.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, anyhow, bail};
use ponder_core::thinker::Cancel;
use ponder_nodes::launch::keep::{self, Kept, Say};
use ponder_nodes::launch::plan::{Declared, Job, Plan};
use ponder_nodes::launch::{self, command};
use ponder_nodes::terminal::{DIM, HEAD};

use crate::args::UpArgs;

/// A colour a node, in turn.
const COLORS: [AnsiColor; 5] =
    [AnsiColor::Cyan, AnsiColor::Magenta, AnsiColor::Green, AnsiColor::Yellow, AnsiColor::Blue];

/// Brings them up, and gives the exit code.
pub fn up(args: &UpArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let given = args.given.iter().map(|given| argument(given)).collect::<Result<Vec<_>, _>>()?;
    let share = launch::share();
    let file = launch::find(&args.file, share.as_deref())?;
    let share = share.unwrap_or_else(|| PathBuf::from("share").join(launch::PACKAGE));
    let plan = Plan::new(&file, &share, &given, args.show_args)?;
    if args.show_args {
        show(&file, &plan.args)?;
        return Ok(0);
    }
    if plan.jobs.is_empty() {
        bail!("{} starts no node", file.display());
    }
    let program = std::env::current_exe().context("this program can't be found")?;
    let all = kept(&plan.jobs, &program, args.one_process)?;
    if args.dry_run {
        let mut out = std::io::stdout().lock();
        for kept in &all {
            writeln!(out, "ponder {}", command::shell(&kept.args))?;
        }
        return Ok(0);
    }
    if cfg!(not(feature = "ros")) {
        bail!("this `ponder` was built without ROS: `make ros`, then `source .deps/ros/setup.sh` (--dry-run works)");
    }
    let say = speaker(&all);
    let well = keep::keep(all, stop, &say, keep::PATIENCE);
    Ok(u8::from(!well))
}

/// `name:=value`.
fn argument(given: &str) -> anyhow::Result<(String, String)> {
    let parts = given.split_once(":=").filter(|(name, _)| !name.is_empty());
    let (name, value) = parts.ok_or_else(|| anyhow!("`{given}` is no argument: write NAME:=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The processes: one a node, or one for all.
fn kept(jobs: &[Job], program: &Path, one_process: bool) -> anyhow::Result<Vec<Kept>> {
    let kept = |name: String, args, respawn| Kept { name, program: program.to_owned(), args, respawn };
    if one_process {
        let args = command::one_process(jobs).map_err(|why| anyhow!(why))?;
        // It lives as its nodes do: again, if all of them would be.
        let respawn = jobs.iter().map(|job| job.respawn).try_fold(Default::default(), |a, b| Some(b?.max(a)));
        return Ok(vec![kept(launch::PACKAGE.to_owned(), args, respawn)]);
    }
    Ok(jobs.iter().map(|job| kept(job.name.clone(), command::words(job), job.respawn)).collect())
}

fn show(file: &Path, all: &[Declared]) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{HEAD}Arguments of {}{HEAD:#}, as NAME:=VALUE", file.display())?;
    for Declared { name, default, description } in all {
        let default =
            default.as_ref().map_or_else(|| "must be given".to_owned(), |default| format!("default `{default}`"));
        writeln!(out, "  {HEAD}{name}{HEAD:#} {DIM}({default}){DIM:#}\n      {description}")?;
    }
    Ok(())
}

/// Writes a line with the name of who says it in front.
fn speaker(all: &[Kept]) -> Arc<Say> {
    let width = all.iter().map(|kept| kept.name.len()).max().unwrap_or_default();
    let name = |(i, kept): (usize, &Kept)| {
        let style: Style = COLORS[i % COLORS.len()].on_default();
        format!("{style}{:width$} │{style:#}", kept.name)
    };
    let names: Vec<String> = all.iter().enumerate().map(name).collect();
    Arc::new(move |i, line: &str| {
        let name = names.get(i).map_or("", String::as_str);
        // A terminal that is gone must not stop a robot.
        drop(writeln!(anstream::stdout().lock(), "{name} {line}"));
    })
}
