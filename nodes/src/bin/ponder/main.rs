//! The `ponder` command: parses its arguments, hands them to one file a subcommand, and turns what comes back into an
//! exit code.

mod args;
mod bench;
#[cfg(feature = "ros")]
mod do_;
mod doctor;
mod eval;
mod imagine;
mod list;
mod models;
#[cfg(feature = "ros")]
mod node;
mod pace;
mod records;
mod replay;
mod run;
mod school;
mod see;
mod see_scene;
mod think;
mod up;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use args::{BenchArgs, BenchOf, Cli, Command};
use clap::Parser;
use ponder_core::thinker::Cancel;

/// Wrong usage, and everything that is no outcome of a task.
const ERROR: u8 = 1;
/// What a shell reports for a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    #[cfg(feature = "ros")]
    let given = node::arguments(given);
    let cli = match Cli::try_parse_from(given) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap's own code for errors means something else here.
            let code = if error.use_stderr() { ERROR } else { 0 };
            drop(error.print());
            return code.into();
        }
    };
    match dispatch(&cli.command) {
        Ok(code) => code.into(),
        Err(error) if is_broken_pipe(&error) => ERROR.into(), // `ponder list scenes | head -1`
        Err(error) => {
            anstream::eprintln!("{0}ponder:{0:#} {error:#}", ponder_nodes::terminal::BAD);
            ERROR.into()
        }
    }
}

fn dispatch(command: &Command) -> anyhow::Result<u8> {
    match command {
        Command::Run(args) => run::run(args, &stop_signal()?),
        #[cfg(feature = "ros")]
        Command::Do(args) => do_::do_(args, &stop_signal()?),
        Command::Eval(args) => eval::eval(args),
        Command::Replay(args) => replay::replay(args),
        Command::List(args) => list::list(args),
        Command::Think(args) => think::think(args, &stop_signal()?),
        Command::See(args) => see::see(args, &stop_signal()?),
        Command::Imagine(args) => imagine::imagine(args, &stop_signal()?),
        Command::Models(args) => models::models(args, &stop_signal()?),
        Command::Data(args) => school::data(args, &stop_signal()?),
        Command::Train(args) => school::train(args, &stop_signal()?),
        Command::Rl(args) => school::rl(args, &stop_signal()?),
        Command::Distill(args) => school::distill(args, &stop_signal()?),
        Command::Exam(args) => school::exam(args, &stop_signal()?),
        Command::Bench(BenchArgs { of: BenchOf::Reasoner(args) }) => bench::reasoner(args, &stop_signal()?),
        Command::Doctor(args) => doctor::doctor(args),
        Command::Up(args) => up::up(args, &stop_signal()?),
        #[cfg(feature = "ros")]
        Command::Node(args) => node::node(args, &stop_signal()?),
    }
}

/// Set by the first Ctrl-C (or a request to terminate): the robot comes to rest. The second ends the program at once.
fn stop_signal() -> anyhow::Result<Cancel> {
    let stop = Cancel::default();
    let (asked, signal) = (AtomicBool::new(false), stop.clone());
    let handler = move || {
        if asked.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED);
        }
        signal.cancel();
    };
    ctrlc::set_handler(handler).context("Ctrl-C can't be caught, so the robot could not be stopped by it")?;
    Ok(stop)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
    error.downcast_ref::<std::io::Error>().is_some_and(kind)
}
