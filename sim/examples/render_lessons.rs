//! Writes lessons in seeing, after those that are there already:
//! `cargo run --release -p ponder-sim --example render_lessons -- FOLDER train SCENES [SEED] [SIDE]`.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ponder_sim::SimError;
use ponder_sim::lessons::{Plan, Split, write};

/// Scenes a process draws before another takes its place: the renderer's memory (about 33 MB a scene, measured) comes
/// back only with the process.
const SCENES_A_PROCESS: u64 = 60;

fn main() -> Result<(), SimError> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let number = |i: usize, usual: u64| arg(i).parse().unwrap_or(usual);
    let (Some(split), false) = (Split::named(arg(1)), arg(0).is_empty()) else {
        let names: Vec<&str> = Split::ALL.iter().map(|entry| entry.1).collect();
        return Err(SimError::Scene(format!("give a folder, one of {}, and a number of scenes", names.join(", "))));
    };
    let plan = Plan { split, seed: number(3, 1), scenes: number(2, 100), side_px: number(4, 192) as usize };
    let (start, mut first, mut told) = (Instant::now(), None, Instant::now());
    let end = write(&plan, Path::new(arg(0)), &mut |progress| {
        let first = *first.get_or_insert(progress.scenes - 1);
        if told.elapsed().as_secs() >= 5 {
            told = Instant::now();
            let a_scene_s = start.elapsed().as_secs_f64() / (progress.scenes - first) as f64;
            let left_s = a_scene_s * (progress.of - progress.scenes) as f64;
            println!(
                "{} of {} scenes, {} pictures, {left_s:.0} s left",
                progress.scenes, progress.of, progress.pictures
            );
        }
        progress.scenes < first + SCENES_A_PROCESS
    })?;
    if end.scenes < end.of {
        // Comes back only if it fails.
        let error = std::env::current_exe().map(|exe| Command::new(exe).args(&args).exec());
        let why = error.map_or_else(|e| e.to_string(), |e| e.to_string());
        return Err(SimError::Render(format!("can't go on in a process of its own: {why}")));
    }
    println!("{} scenes, {} pictures, {:.0} s", end.scenes, end.pictures, start.elapsed().as_secs_f64());
    Ok(())
}
