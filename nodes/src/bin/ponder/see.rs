//! `ponder see`: a picture and a question; the answer as it comes, or the things in the picture with their places.

use std::cell::RefCell;
use std::io::Write;
use std::time::Instant;

use anyhow::Context;
use ponder_core::thinker::Cancel;
use ponder_models::engine::{ChatOptions, End, Options, Sampling};
use ponder_models::perceive::grounding::{self, Found, Place};
use ponder_models::perceive::{LIST_THINGS, Sight};
use ponder_models::picture;
use ponder_nodes::hub::Store;
use ponder_nodes::stages::seer_folder;
use ponder_nodes::terminal::{DIM, HEAD};
use serde_json::{Value, json};

use crate::args::{DeviceArg, PrecisionArg, SeeArgs};

/// What a shell reports for a program ended by Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// How a Janus is loaded: in 8 bits its matrices are kept for the next time, beside the models.
pub fn loading(device: DeviceArg, precision: PrecisionArg) -> anyhow::Result<Options> {
    let shelf = Store::of_environment().ok().map(|store| store.quantised());
    Ok(Options { shelf, ..Options::of(device.into(), precision.into())? })
}

/// Looks and answers.
pub fn see(args: &SeeArgs, stop: &Cancel) -> anyhow::Result<u8> {
    if let Some(depth) = &args.depth {
        return super::see_scene::see(args, depth, stop);
    }
    // What is cheap to get wrong comes before the model is loaded.
    let picture = picture::read(&args.picture).with_context(|| args.picture.display().to_string())?;
    let folder = seer_folder(args.model.as_deref())?;
    let options = loading(args.device, args.precision)?;
    let sampling = Sampling { temperature: args.temperature, seed: args.seed, ..Sampling::default() };
    let chat = ChatOptions { sampling, max_tokens: args.max_tokens as usize, ..ChatOptions::default() };
    let begun = Instant::now();
    let mut sight = Sight::open(&folder, &options)?;
    let loaded_s = begun.elapsed().as_secs_f64();

    let question = if args.scene { LIST_THINGS } else { &args.question };
    let streams = !args.json && !args.scene;
    let broken: RefCell<Option<std::io::Error>> = RefCell::default();
    let mut say = |text: &str| {
        if streams {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(shown(text).as_bytes()).and_then(|()| out.flush());
            *broken.borrow_mut() = written.err();
        }
    };
    // Who reads no more needs no more words.
    let ends = || stop.is_cancelled() || broken.borrow().is_some();
    let begun = Instant::now();
    let reply = sight.answer(&picture, question, &chat, &mut say, &ends)?;
    let took_s = begun.elapsed().as_secs_f64();
    if let Some(error) = broken.take() {
        return Err(error.into());
    }
    let cancelled = reply.end == End::Cancelled;
    let code = if cancelled { INTERRUPTED } else { 0 };
    if streams {
        println!();
        anstream::eprintln!("{DIM}{}{DIM:#}", ended(reply.end, reply.tokens.len(), took_s));
        return Ok(code);
    }
    let mut report = json!({
        "model": sight.name(), "picture": args.picture, "question": question, "answer": reply.text,
        "end": format!("{:?}", reply.end).to_lowercase(), "tokens": reply.tokens.len(),
        "prompt_tokens": reply.prompt_tokens, "load_s": loaded_s, "took_s": took_s,
    });
    if args.scene {
        if cancelled {
            anstream::eprintln!("stopped before the list was whole");
            return Ok(code);
        }
        let things = grounding::parse(&reply.text)?;
        report["things"] = things.iter().map(entry).collect();
        if !args.json {
            tell(&things)?;
        }
    }
    if args.json {
        println!("{report}");
    }
    Ok(code)
}

/// What a model says may hold anything: nothing of it steers the terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn ended(end: End, tokens: usize, took_s: f64) -> String {
    let why = match end {
        End::Whole => "",
        End::Tokens => ", cut off at --max-tokens",
        End::Context => ", cut off at the end of the model's context",
        End::Cancelled => ", stopped",
    };
    format!("{tokens} tokens in {took_s:.1} s{why}")
}

fn numbers(place: Place) -> Vec<f64> {
    match place {
        Place::Point { x, y } => vec![x, y],
        Place::Box { left, top, right, bottom } => vec![left, top, right, bottom],
    }
}

fn entry(found: &Found) -> Value {
    let place = if matches!(found.place, Place::Point { .. }) { "point" } else { "box" };
    json!({"label": found.label, "color": found.color, place: numbers(found.place)})
}

fn tell(things: &[Found]) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if things.is_empty() {
        return writeln!(out, "nothing");
    }
    for found in things {
        let color = found.color.map(|color| format!("{} ", color.name())).unwrap_or_default();
        let place: Vec<String> = numbers(found.place).iter().map(|n| format!("{n:>4.0}")).collect();
        writeln!(out, "{HEAD}{:<32}{HEAD:#} {DIM}{}{DIM:#}", format!("{color}{}", found.label), place.join(" "))?;
    }
    Ok(())
}
