//! `ponder imagine`: words in, pictures out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ponder_core::image::CameraFrame;
use ponder_core::imaginer::{ImagineError, Imaginer};
use ponder_core::scene::SceneObject;
use ponder_core::thinker::Cancel;
use ponder_models::imagine::JanusImaginer;
use ponder_models::perceive::nano::{Eye, NAME as EYE};
use ponder_models::picture;
use ponder_nodes::stages::{eye_folder, imaginer_folder};
use serde_json::{Value, json};

use crate::args::ImagineArgs;
use crate::see::loading;

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
    let folder = imaginer_folder(args.model.as_deref())?;
    let options = loading(args.device, args.precision)?;
    let mut imaginer = JanusImaginer::open(&folder, &options)?;
    imaginer.guidance = args.cfg.unwrap_or(imaginer.guidance);
    imaginer.temperature = args.temperature.unwrap_or(imaginer.temperature);
    let eye = args.check.then(|| -> anyhow::Result<Eye> { Ok(Eye::open(&eye_folder(EYE)?)?) }).transpose()?;
    if eye.is_some() && imaginer.view().is_none() {
        bail!(
            "{} draws colours alone, and {EYE} needs depths: --check is for what `ponder train imagine` made",
            imaginer.name()
        );
    }

    let begun = Instant::now();
    let bar = ProgressBar::new(u64::from(args.number) * STEPS as u64);
    bar.set_style(ProgressStyle::with_template("{msg:16} {wide_bar} {percent:>3} % {eta}")?);
    let mut pictures: Vec<serde_json::Value> = Vec::new();
    let mut stopped = false;
    for i in 0..args.number {
        let seed = args.seed.wrapping_add(u64::from(i));
        bar.set_message(format!("picture {}/{}", i + 1, args.number));
        let mut progress = |share: f32| bar.set_position(((i as f32 + share) * STEPS) as u64);
        match imaginer.sketch(&args.prompt, seed, &mut progress, stop) {
            Ok(drawn) => {
                let path = numbered(&args.output, i, args.number);
                picture::write_png(&drawn.picture, &path)?;
                let mut entry = json!({"path": path, "seed": seed});
                let seen = eye.as_ref().zip(drawn.frame.as_ref()).map(|(eye, frame)| check(eye, frame)).transpose()?;
                if !args.json {
                    bar.suspend(|| anstream::println!("{}", path.display()));
                    seen.iter().flatten().for_each(|object| bar.suspend(|| anstream::println!("  {}", told(object))));
                }
                if let Some(seen) = seen {
                    entry["seen"] = seen.iter().map(entry_of).collect();
                }
                pictures.push(entry);
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
            "model": imaginer.name(), "prompt": args.prompt, "cfg": imaginer.guidance,
            "temperature": imaginer.temperature,
            "pictures": pictures, "took_s": took_s, "stopped": stopped,
        });
        println!("{report}");
    } else if stopped {
        anstream::eprintln!("stopped after {} of {}", pictures.len(), args.number);
    }
    Ok(if stopped { INTERRUPTED } else { 0 })
}

/// What the eye sees of it, but for what everything stands on.
fn check(eye: &Eye, frame: &CameraFrame) -> anyhow::Result<Vec<SceneObject>> {
    let mut seen = eye.see(frame)?;
    seen.retain(|object| object.label.as_str() != "table");
    Ok(seen)
}

fn told(object: &SceneObject) -> String {
    let color = object.color.map(|color| format!("{} ", color.name())).unwrap_or_default();
    let (at_m, size_m) = (object.position_m(), object.size_m);
    let [x, y, z, wide] = [at_m.x, at_m.y, at_m.z, size_m.x.max(size_m.y)].map(|m| m * 100.0);
    let name = format!("{color}{}", object.label);
    format!("{name:<16} at {x:.0}, {y:.0}, {z:.0} cm, {wide:.0} cm wide, {:.0} % sure", object.score * 100.0)
}

fn entry_of(object: &SceneObject) -> Value {
    let (at_m, size_m) = (object.position_m(), object.size_m);
    json!({
        "label": object.label, "color": object.color, "position_m": at_m.as_slice(), "size_m": size_m.as_slice(),
        "score": object.score,
    })
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
