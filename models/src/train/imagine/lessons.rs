//! Lessons in drawing, as the simulator wrote them, mapped into memory; as tensors.

use std::fs::File;
use std::path::Path;

use candle_core::{Device, Result, Tensor};
use memmap2::Mmap;
use ponder_core::lesson::{DrawingLesson, DrawingShelf, LESSONS_FILE, PIXELS_FILE, SHELF_FILE};
use ponder_core::view::{CHANNELS, View};

use crate::train::see::LessonsError;

/// A folder of lessons.
pub struct Drawings {
    shelf: DrawingShelf,
    lessons: Vec<DrawingLesson>,
    pixels: Mmap,
}

impl Drawings {
    /// Opens a folder; lessons whose pixels are not wholly there yet are left out.
    ///
    /// # Errors
    /// [`LessonsError`], naming the file.
    pub fn open(folder: &Path) -> std::result::Result<Self, LessonsError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|source| LessonsError::Read { path, source })
        };
        let parse = |name: &str, why: String| LessonsError::Parse { path: folder.join(name), why };
        let shelf: DrawingShelf =
            serde_json::from_str(&read(SHELF_FILE)?).map_err(|e| parse(SHELF_FILE, e.to_string()))?;
        let path = folder.join(PIXELS_FILE);
        let failed = |source| LessonsError::Read { path: path.clone(), source };
        let file = File::open(&path).map_err(failed)?;
        // SAFETY: the map is only read, and files of lessons only ever grow.
        #[allow(unsafe_code)]
        let pixels = unsafe { Mmap::map(&file) }.map_err(failed)?;
        let whole = pixels.len() / (shelf.view.side_px.pow(2) * CHANNELS).max(1);
        let text = read(LESSONS_FILE)?;
        let lesson = |(i, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|e| parse(LESSONS_FILE, format!("line {}: {e}", i + 1)))
        };
        let lessons = text.lines().take(whole).enumerate().map(lesson);
        let lessons = lessons.collect::<std::result::Result<Vec<DrawingLesson>, _>>()?;
        if lessons.is_empty() {
            return Err(parse(LESSONS_FILE, "has no lesson".to_owned()));
        }
        Ok(Self { shelf, lessons, pixels })
    }

    /// The camera.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.shelf.view
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[DrawingLesson] {
        &self.lessons
    }

    /// Pixels of one [side, side, channels]; none beyond the last.
    #[must_use]
    pub fn pixels(&self, number: usize) -> &[u8] {
        let each = self.view().side_px.pow(2) * CHANNELS;
        self.pixels.get(number * each..(number + 1) * each).unwrap_or(&[])
    }

    /// These, as values in [-1, 1]: [batch, channels, side, side].
    ///
    /// # Errors
    /// One is not there.
    pub fn batch(&self, which: &[usize]) -> Result<Tensor> {
        tensor(self.view().side_px, which.iter().map(|number| self.pixels(*number)))
    }
}

/// Pixels [side, side, channels] of pictures as values in [-1, 1]: [batch, channels, side, side].
pub(super) fn tensor<'a>(side: usize, pictures: impl Iterator<Item = &'a [u8]>) -> Result<Tensor> {
    let plane = side * side;
    let (mut values, mut count) = (Vec::new(), 0);
    for pixels in pictures {
        if pixels.len() != plane * CHANNELS {
            candle_core::bail!("a lesson of {} bytes, {} are wanted", pixels.len(), plane * CHANNELS);
        }
        for channel in 0..CHANNELS {
            values.extend(pixels.chunks_exact(CHANNELS).map(|pixel| f32::from(pixel[channel]) / 127.5 - 1.0));
        }
        count += 1;
    }
    Tensor::from_vec(values, (count, CHANNELS, side, side), &Device::Cpu)
}
