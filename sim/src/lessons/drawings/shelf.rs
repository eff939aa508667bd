//! Lessons in drawing on disk: pixels one after the other, a line of JSON for each. A writer that was stopped goes on after
//! the last whole built scene.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use ponder_core::lesson::{DrawingLesson, DrawingShelf, LESSONS_FILE, PIXELS_FILE, SHELF_FILE};
use ponder_core::view::{CHANNELS, View};

use super::{A_SCENE, Plan, sketches};
use crate::error::SimError;

/// Writes the lessons of a plan into a folder, after those that are there; tells `report` after every built scene how
/// many are there, and stops when it says false. Returns how many are there in the end.
///
/// # Errors
/// [`SimError::Read`] for files that can't be used, [`SimError::Parse`] for a folder with lessons of another plan, and
/// what building and drawing scenes says.
pub fn write(plan: &Plan, folder: &Path, report: &mut dyn FnMut(u64) -> bool) -> Result<u64, SimError> {
    let failed = |name: &str| {
        let path = folder.join(name);
        move |source| SimError::Read { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(""))?;
    shelf(plan, folder)?;
    let open = |name: &str| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).open(folder.join(name)).map_err(failed(name))
    };
    let (mut pixels, mut lines) = (open(PIXELS_FILE)?, open(LESSONS_FILE)?);
    let picture = (View::TABLE.side_px.pow(2) * CHANNELS) as u64;
    let whole = pixels.metadata().map_err(failed(PIXELS_FILE))?.len() / picture;
    let (mut count, bytes) = there(&lines, whole).map_err(failed(LESSONS_FILE))?;
    for (file, name, length) in [(&mut pixels, PIXELS_FILE, count * picture), (&mut lines, LESSONS_FILE, bytes)] {
        file.set_len(length).map_err(failed(name))?;
        file.seek(SeekFrom::End(0)).map_err(failed(name))?;
    }
    while count < plan.count {
        for sketch in sketches(plan, count / A_SCENE)?.into_iter().skip((count % A_SCENE) as usize) {
            let line = serde_json::to_string(&sketch.lesson)
                .map_err(|e| SimError::Parse { origin: LESSONS_FILE.to_owned(), why: e.to_string() })?;
            pixels.write_all(&sketch.pixels).map_err(failed(PIXELS_FILE))?;
            lines.write_all(format!("{line}\n").as_bytes()).map_err(failed(LESSONS_FILE))?;
            count += 1;
        }
        if !report(count) {
            break;
        }
    }
    Ok(count)
}

/// Whole lessons that are there, and the bytes of their lines.
fn there(lines: &File, whole: u64) -> std::io::Result<(u64, u64)> {
    let (mut reader, mut line) = (BufReader::new(lines), String::new());
    let (mut count, mut bytes) = (0, 0);
    while count < whole && reader.read_line(&mut line)? > 0 {
        if !line.ends_with('\n') || serde_json::from_str::<DrawingLesson>(&line).is_err() {
            break;
        }
        (count, bytes) = (count + 1, bytes + line.len() as u64);
        line.clear();
    }
    Ok((count, bytes))
}

/// Says what the folder holds, or holds it against that.
fn shelf(plan: &Plan, folder: &Path) -> Result<(), SimError> {
    let path = folder.join(SHELF_FILE);
    let wanted = DrawingShelf { split: plan.name(), seed: plan.seed, view: View::TABLE };
    let read = |source| SimError::Read { path: path.clone(), source };
    let parse = |why: String| SimError::Parse { origin: path.display().to_string(), why };
    if !path.exists() {
        let text = serde_json::to_string_pretty(&wanted).map_err(|e| parse(e.to_string()))?;
        return std::fs::write(&path, text + "\n").map_err(read);
    }
    let text = std::fs::read_to_string(&path).map_err(read)?;
    match serde_json::from_str::<DrawingShelf>(&text) {
        Ok(there) if there == wanted => Ok(()),
        Ok(there) => Err(parse(format!("holds lessons of another plan ({there:?}): give another folder"))),
        Err(error) => Err(parse(format!("holds other lessons ({error}): give another folder"))),
    }
}
