//! Lessons on disk: pixels and depths one after the other, so that they can be mapped into memory, and a line of JSON
//! for each. A writer that was stopped goes on after the last whole scene.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use ponder_core::lesson::{DEPTH_FILE, DEPTH_STEPS_PER_M, LESSONS_FILE, Lesson, RGB_FILE, SHELF_FILE, Shelf};

use super::Plan;
use super::stage::{Taken, take};
use crate::error::SimError;
use crate::scenario::Scenario;

/// How far the writing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Scenes written, those of earlier runs included.
    pub scenes: u64,
    /// Scenes there will be.
    pub of: u64,
    /// Pictures written.
    pub pictures: u64,
}

/// Writes the lessons of a plan into a folder, after those that are there; tells `report` after every scene and stops
/// when it says false. Returns how far it came.
///
/// # Errors
/// [`SimError::Read`] for files that can't be used, [`SimError::Parse`] for a folder with lessons of another plan, and
/// what building and drawing scenes says.
pub fn write(plan: &Plan, folder: &Path, report: &mut dyn FnMut(Progress) -> bool) -> Result<Progress, SimError> {
    let suites = Scenario::built_in()?;
    let mut files = Files::open(plan, folder)?;
    let mut progress = Progress { scenes: files.scenes, of: plan.scenes, pictures: files.pictures };
    while progress.scenes < plan.scenes {
        let taken = take(plan, &suites, progress.scenes)?;
        taken.iter().try_for_each(|taken| files.put(taken))?;
        files.flush()?;
        progress.scenes += 1;
        progress.pictures += taken.len() as u64;
        if !report(progress) {
            break;
        }
    }
    Ok(progress)
}

struct Files<'a> {
    folder: &'a Path,
    rgb: File,
    depth: File,
    lines: File,
    scenes: u64,
    pictures: u64,
}

impl<'a> Files<'a> {
    /// Opens a folder; what was begun of a scene there is cut off.
    fn open(plan: &Plan, folder: &'a Path) -> Result<Self, SimError> {
        let at = |name: &str| folder.join(name);
        let failed = |name: &str| {
            let path = at(name);
            move |source| SimError::Read { path, source }
        };
        std::fs::create_dir_all(folder).map_err(failed(""))?;
        let (split, side) = (plan.split.name().to_owned(), plan.side_px);
        let shelf = Shelf { split, seed: plan.seed, width_px: side, height_px: side };
        let parse =
            |e: serde_json::Error| SimError::Parse { origin: at(SHELF_FILE).display().to_string(), why: e.to_string() };
        if at(SHELF_FILE).exists() {
            let text = std::fs::read_to_string(at(SHELF_FILE)).map_err(failed(SHELF_FILE))?;
            let there: Shelf = serde_json::from_str(&text).map_err(parse)?;
            if there != shelf {
                let why = format!("holds lessons of another plan ({there:?}, not {shelf:?}): give another folder");
                return Err(SimError::Parse { origin: folder.display().to_string(), why });
            }
        } else {
            let text = serde_json::to_string_pretty(&shelf).map_err(parse)?;
            std::fs::write(at(SHELF_FILE), text).map_err(failed(SHELF_FILE))?;
        }
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).open(at(name)).map_err(failed(name))
        };
        let (mut rgb, mut depth, mut lines) = (open(RGB_FILE)?, open(DEPTH_FILE)?, open(LESSONS_FILE)?);
        // A scene is whole when the next has begun or nothing is missing; to be sure, the last one is taken again.
        let mut ends: Vec<(u64, u64)> = Vec::new();
        let mut end = 0;
        let mut reader = BufReader::new(&lines);
        let mut line = String::new();
        while reader.read_line(&mut line).map_err(failed(LESSONS_FILE))? > 0 {
            let Ok(lesson) = serde_json::from_str::<Lesson>(&line) else { break };
            if ends.last().is_none_or(|last| last.0 != lesson.scene) {
                ends.push((lesson.scene, end));
            }
            end += line.len() as u64;
            line.clear();
        }
        drop(reader);
        let (scenes, kept) = ends.last().copied().unwrap_or((0, 0));
        lines.seek(SeekFrom::Start(0)).map_err(failed(LESSONS_FILE))?;
        let pictures = {
            use std::io::Read;
            BufReader::new((&lines).take(kept)).lines().count() as u64
        };
        let pixels = (side * side) as u64;
        for (file, name, length) in [
            (&mut rgb, RGB_FILE, pictures * pixels * 3),
            (&mut depth, DEPTH_FILE, pictures * pixels * 2),
            (&mut lines, LESSONS_FILE, kept),
        ] {
            file.set_len(length).map_err(failed(name))?;
            file.seek(SeekFrom::End(0)).map_err(failed(name))?;
        }
        Ok(Self { folder, rgb, depth, lines, scenes, pictures })
    }

    fn put(&mut self, taken: &Taken) -> Result<(), SimError> {
        let folder = self.folder;
        let failed = |name: &str| {
            let path = folder.join(name);
            move |source| SimError::Read { path, source }
        };
        let depths = taken.frame.depth_m.as_deref().unwrap_or(&[]).iter();
        let steps = depths.map(|d| (d * DEPTH_STEPS_PER_M).round()).map(|s| if s < 65535.0 { s as u16 } else { 0 });
        let depths: Vec<u8> = steps.flat_map(u16::to_le_bytes).collect();
        let mut line = serde_json::to_string(&taken.lesson)
            .map_err(|e| SimError::Parse { origin: LESSONS_FILE.to_owned(), why: e.to_string() })?;
        line.push('\n');
        self.rgb.write_all(&taken.frame.rgb).map_err(failed(RGB_FILE))?;
        self.depth.write_all(&depths).map_err(failed(DEPTH_FILE))?;
        self.lines.write_all(line.as_bytes()).map_err(failed(LESSONS_FILE))
    }

    fn flush(&mut self) -> Result<(), SimError> {
        let path = self.folder.join(LESSONS_FILE);
        self.lines.flush().map_err(|source| SimError::Read { path, source })
    }
}
