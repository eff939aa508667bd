//! Lessons in seeing, as the simulator wrote them, mapped into memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use ponder_core::Stamp;
use ponder_core::image::CameraFrame;
use ponder_core::lesson::{DEPTH_FILE, DEPTH_STEPS_PER_M, LESSONS_FILE, Lesson, RGB_FILE, SHELF_FILE, Shelf};

/// Of a camera that few pictures are by, each is shown at most so many times as often.
const MOST_TIMES: usize = 5;

/// Why a folder of lessons can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LessonsError {
    /// A file can't be read.
    #[error("can't read {path}: {source}; write lessons there first")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line or file makes no sense.
    #[error("{path}: {why}")]
    Parse {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// A folder of lessons.
pub struct Lessons {
    shelf: Shelf,
    lessons: Vec<Lesson>,
    rgb: Mmap,
    depth: Mmap,
}

impl Lessons {
    /// Opens a folder; lessons whose pixels are not wholly there yet are left out.
    ///
    /// # Errors
    /// [`LessonsError`], naming the file.
    pub fn open(folder: &Path) -> Result<Self, LessonsError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|source| LessonsError::Read { path, source })
        };
        let parse = |name: &str, why: String| LessonsError::Parse { path: folder.join(name), why };
        let shelf: Shelf = serde_json::from_str(&read(SHELF_FILE)?).map_err(|e| parse(SHELF_FILE, e.to_string()))?;
        let map = |name: &str| {
            let path = folder.join(name);
            let file = File::open(&path).map_err(|source| LessonsError::Read { path: path.clone(), source })?;
            // SAFETY: the map is only read, and files of lessons only ever grow.
            #[allow(unsafe_code)]
            unsafe { Mmap::map(&file) }.map_err(|source| LessonsError::Read { path, source })
        };
        let (rgb, depth) = (map(RGB_FILE)?, map(DEPTH_FILE)?);
        let pixels = (shelf.width_px * shelf.height_px).max(1);
        let whole = (rgb.len() / (pixels * 3)).min(depth.len() / (pixels * 2));
        let text = read(LESSONS_FILE)?;
        let lines = text.lines().take(whole).enumerate();
        let lesson = |(i, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|e| parse(LESSONS_FILE, format!("line {}: {e}", i + 1)))
        };
        let lessons = lines.map(lesson).collect::<Result<Vec<Lesson>, _>>()?;
        if lessons.is_empty() {
            return Err(parse(LESSONS_FILE, "has no lesson".to_owned()));
        }
        Ok(Self { shelf, lessons, rgb, depth })
    }

    /// What they have in common.
    #[must_use]
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lessons.len()
    }

    /// Never: an empty folder does not open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lessons.is_empty()
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Lesson] {
        &self.lessons
    }

    /// Their numbers, each as often as it is to be shown: nearly as many of every camera, lest the few of one be learned last.
    #[must_use]
    pub fn evened(&self) -> Vec<usize> {
        let mut counts = BTreeMap::<_, usize>::new();
        self.lessons.iter().for_each(|lesson| *counts.entry(lesson.camera).or_default() += 1);
        let most = counts.values().copied().max().unwrap_or_default();
        let times = |lesson: &Lesson| {
            let count = counts.get(&lesson.camera).copied().unwrap_or(most).max(1);
            ((most + count / 2) / count).clamp(1, MOST_TIMES)
        };
        let shown = self.lessons.iter().enumerate();
        shown.flat_map(|(number, lesson)| std::iter::repeat_n(number, times(lesson))).collect()
    }

    /// The frame of one; `None` beyond the last.
    #[must_use]
    pub fn frame(&self, number: usize) -> Option<CameraFrame> {
        let lesson = self.lessons.get(number)?;
        let Shelf { width_px, height_px, .. } = self.shelf;
        let pixels = width_px * height_px;
        let rgb = self.rgb.get(number * pixels * 3..(number + 1) * pixels * 3)?;
        let steps = self.depth.get(number * pixels * 2..(number + 1) * pixels * 2)?.chunks_exact(2);
        let depth_m = steps.map(|two| match u16::from_le_bytes([two[0], two[1]]) {
            0 => f32::NAN,
            steps => f32::from(steps) / DEPTH_STEPS_PER_M,
        });
        Some(CameraFrame {
            name: lesson.camera,
            stamp: Stamp::default(),
            width_px,
            height_px,
            rgb: rgb.into(),
            depth_m: Some(depth_m.collect()),
            intrinsics: lesson.intrinsics,
            world_from_camera: lesson.world_from_camera,
        })
    }
}
