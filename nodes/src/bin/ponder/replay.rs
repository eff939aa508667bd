//! `ponder replay`: turns the loop again from a journal, or shows what is in it.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use ponder_core::sink::Sink;
use ponder_nodes::journal::{Ending, Entry, Header, Journal, JournalError, Records};
use ponder_nodes::replay::replay as turn_again;
use ponder_nodes::rerun::RerunSink;
use ponder_nodes::terminal::{BAD, DIM, GOOD, Terminal};

use crate::args::ReplayArgs;

/// Compares or shows.
pub fn replay(args: &ReplayArgs) -> anyhow::Result<u8> {
    let mut journal = Journal::open(&args.journal)?;
    if args.json {
        return json(&journal.header, &mut journal.records);
    }
    banner(&journal.header)?;
    if args.print {
        let mut terminal = Terminal::new(anstream::stdout());
        let ending = feed(&mut journal.records, &mut terminal);
        terminal.flush();
        return shown(ending);
    }
    if let Some(path) = &args.rrd {
        let robot = Arc::new(journal.header.robot.clone());
        let mut recording = RerunSink::open(path, None, &robot, &journal.header.shapes)?;
        let ending = feed(&mut journal.records, &mut recording);
        recording.finish()?;
        anstream::println!("recording  {}", path.display());
        return shown(ending);
    }
    compare(journal)
}

fn compare(journal: Journal) -> anyhow::Result<u8> {
    let verdict = turn_again(journal, Vec::new())?;
    if let Some(Ending::CutOff(_)) = verdict.ending {
        anstream::println!("{DIM}the journal was {}{DIM:#}", Ending::CutOff(0));
    }
    anstream::println!("compared   {} turns, {} events", verdict.turns, verdict.events);
    match &verdict.difference {
        None => {
            anstream::println!("verdict    {GOOD}equal to the bit{GOOD:#}");
            Ok(0)
        }
        Some(difference) => {
            anstream::println!(
                "verdict    {BAD}different in turn {} at {}{BAD:#}\n  recorded  {}\n  replayed  {}",
                difference.turn,
                difference.stamp,
                difference.recorded,
                difference.replayed
            );
            Ok(1)
        }
    }
}

fn banner(header: &Header) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "journal    of Ponder {}, scene {}, seed {}", header.ponder, header.scene, header.seed)?;
    writeln!(out, "robot      {}", header.robot.name)?;
    writeln!(out, "perception {}\nplanner    {}", header.perceiver, header.reasoner)?;
    if !header.faults.is_empty() {
        writeln!(out, "faults     {}", header.faults.join(", "))?;
    }
    Ok(writeln!(out, "goal       “{}”", header.instruction)?)
}

/// Gives every event to a sink.
fn feed(records: &mut Records, sink: &mut dyn Sink) -> Result<Option<Ending>, JournalError> {
    for record in records.by_ref() {
        match record? {
            (stamp, Entry::Event(event)) => sink.emit(stamp, &event),
            (stamp, Entry::Lost(n)) => {
                anstream::eprintln!("{stamp}: {n} events were dropped here by a slow disk")
            }
            (_, Entry::End(_)) => {}
        }
    }
    Ok(records.ending())
}

fn shown(ending: Result<Option<Ending>, JournalError>) -> anyhow::Result<u8> {
    if let Some(ending @ Ending::CutOff(_)) = ending? {
        anstream::println!("{DIM}the journal was {ending}{DIM:#}");
    }
    Ok(0)
}

fn json(header: &Header, records: &mut Records) -> anyhow::Result<u8> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, header)?;
    writeln!(out)?;
    for record in records.by_ref() {
        serde_json::to_writer(&mut out, &record.context("the records before this are whole")?)?;
        writeln!(out)?;
    }
    out.flush()?;
    if let Some(ending @ Ending::CutOff(_)) = records.ending() {
        anstream::eprintln!("the journal was {ending}");
    }
    Ok(0)
}
