//! How a course goes, step by step: a line each in `curve.jsonl`, and curves in `curves.rrd`, which a viewer can watch live.

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use ponder_nodes::rerun::Curves;
use ponder_nodes::viewer;
use serde_json::{Map, Value, json};

use crate::args::WatchArgs;

/// What it is at a step, by names.
pub type Point<'a> = &'a [(&'a str, f64)];

/// Both files. They are opened with the first step, which says how much of an earlier run counts.
pub struct Curve {
    path: PathBuf,
    drawing: PathBuf,
    viewer: Option<String>,
    open: Option<(File, Curves)>,
    broken: Option<anyhow::Error>,
}

impl Curve {
    /// Of the course in a folder; starts a viewer if one is wanted.
    pub fn of(out: &Path, watch: &WatchArgs) -> anyhow::Result<Self> {
        create_dir_all(out).with_context(|| format!("{} can't be made", out.display()))?;
        let viewer = if watch.view { Some(viewer::start()?) } else { watch.connect.clone() };
        let (path, drawing) = (out.join("curve.jsonl"), out.join("curves.rrd"));
        Ok(Self { path, drawing, viewer, open: None, broken: None })
    }

    /// Adds a step; false when that fails, which [`Self::end`] tells.
    pub fn add(&mut self, step: u64, point: Point<'_>) -> bool {
        if self.broken.is_none() {
            self.broken = self.write(step, point).err();
        }
        self.broken.is_none()
    }

    /// Writes out what is left.
    pub fn end(mut self) -> anyhow::Result<()> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let Some((_, curves)) = &mut self.open else { return Ok(()) };
        Ok(curves.finish()?)
    }

    fn write(&mut self, step: u64, point: Point<'_>) -> anyhow::Result<()> {
        let cant = || format!("{} can't be written", self.path.display());
        let (file, curves) = match &mut self.open {
            Some(open) => open,
            None => {
                let before = earlier(&self.path, step);
                let mut curves = Curves::open(&self.drawing, self.viewer.as_deref())?;
                let mut file =
                    OpenOptions::new().create(true).write(true).truncate(true).open(&self.path).with_context(cant)?;
                for (step, line) in &before {
                    writeln!(file, "{}", json!(line)).with_context(cant)?;
                    let numbers = line.iter().filter(|(name, _)| *name != STEP);
                    curves.add(*step, numbers.filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?))));
                }
                self.open.insert((file, curves))
            }
        };
        let mut line: Map<String, Value> = Map::from_iter([(STEP.to_owned(), json!(step))]);
        line.extend(point.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        curves.add(step, point.iter().copied());
        writeln!(file, "{}", json!(line)).with_context(cant)
    }
}

const STEP: &str = "step";

/// What an earlier run told of the steps before this one; what it told of later ones, and then lost, does not count.
fn earlier(path: &Path, before: u64) -> Vec<(u64, Map<String, Value>)> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let read = |line: String| {
        let line: Map<String, Value> = serde_json::from_str(&line).ok()?;
        let step = line.get(STEP)?.as_u64()?;
        (step < before).then_some((step, line))
    };
    BufReader::new(file).lines().map_while(Result::ok).filter_map(read).collect()
}
