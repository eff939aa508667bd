//! `ponder imagine`: words in, pictures out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ponder_core::imaginer::{ImagineError, Imaginer};
use ponder_core::thinker::Cancel;
use ponder_models::engine::Options;
use ponder_models::imagine::JanusImaginer;
use ponder_models::picture;
use ponder_nodes::hub::Store;
use serde_json::json;

use crate::args::ImagineArgs;

/// What a shell reports for a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;
/// Steps of the bar for one picture.
const STEPS: f32 = 1000.0;

/// Draws.
pub fn imagine(args: &ImagineArgs, stop: &Cancel) -> anyhow::Result<u8> {
    if args.prompt.trim().is_empty() {
        bail!("say what to draw: the words are empty");
    }
    let parent = args.output.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        bail!("there is no folder {} for the picture", parent.display());
    }
    if args.output.is_dir() || args.output.file_name().is_none() {
        bail!("{} names no file for the picture", args.output.display());
    }
    let folder = Store::of_environment()?.find(args.model.as_deref(), |model| model.kind.sees())?;
    let options = Options::of(args.device.into(), args.precision.into())?;
    let mut imaginer = JanusImaginer::open(&folder, &options)?;
    (imaginer.guidance, imaginer.temperature) = (args.cfg, args.temperature);

    let begun = Instant::now();
    let bar = ProgressBar::new(u64::from(args.number) * STEPS as u64);
    bar.set_style(ProgressStyle::with_template("{msg:16} {wide_bar} {percent:>3} % {eta}")?);
    let mut pictures: Vec<serde_json::Value> = Vec::new();
    let mut stopped = false;
    for i in 0..args.number {
        let seed = args.seed.wrapping_add(u64::from(i));
        bar.set_message(format!("picture {}/{}", i + 1, args.number));
        let mut progress = |share: f32| bar.set_position(((i as f32 + share) * STEPS) as u64);
        match imaginer.imagine(&args.prompt, seed, &mut progress, stop) {
            Ok(drawn) => {
                let path = numbered(&args.output, i, args.number);
                picture::write_png(&drawn, &path)?;
                if !args.json {
                    bar.suspend(|| anstream::println!("{}", path.display()));
                }
                pictures.push(json!({"path": path, "seed": seed}));
            }
            Err(ImagineError::Cancelled) => {
                stopped = true;
                break;
            }
            Err(error) => return Err(error).context("the picture could not be drawn"),
        }
    }
    bar.finish_and_clear();
    if args.json {
        let took_s = begun.elapsed().as_secs_f64();
        let report = json!({
            "model": imaginer.name(), "prompt": args.prompt, "cfg": args.cfg, "temperature": args.temperature,
            "pictures": pictures, "took_s": took_s, "stopped": stopped,
        });
        println!("{report}");
    } else if stopped {
        anstream::eprintln!("stopped after {} of {}", pictures.len(), args.number);
    }
    Ok(if stopped { INTERRUPTED } else { 0 })
}

/// `x.png`, or of several `x-1.png` and so on.
fn numbered(output: &Path, i: u32, of: u32) -> PathBuf {
    if of == 1 {
        return output.to_owned();
    }
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let end = output.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    output.with_file_name(format!("{stem}-{}{end}", i + 1))
}
