//! Pictures of an examination side by side: with a green edge what is as asked, with a red one what lacks something.

use std::path::Path;

use ponder_models::picture::{self, Picture, PictureError};

/// Pictures a row, and rows.
const ACROSS: usize = 8;
const DOWN: usize = 4;
/// Width of an edge, pixels.
const EDGE_PX: usize = 2;
const GOOD: [u8; 3] = [60, 160, 70];
const BAD: [u8; 3] = [210, 50, 50];

/// A sheet that fills.
pub struct Sheet {
    side_px: usize,
    cells: Vec<Vec<u8>>,
}

impl Sheet {
    /// An empty one for pictures of so many pixels a side.
    pub fn new(side_px: usize) -> Self {
        Self { side_px, cells: Vec::new() }
    }

    /// Adds pixels [side, side, channels], whose first three channels are colours, as long as there is room.
    pub fn add(&mut self, pixels: &[u8], is_good: bool) {
        let channels = pixels.len() / self.side_px.pow(2).max(1);
        if self.cells.len() >= ACROSS * DOWN || channels < 3 {
            return;
        }
        let side = self.side_px + 2 * EDGE_PX;
        let edge = if is_good { GOOD } else { BAD };
        let cell = (0..side * side).flat_map(|i| {
            let at = [i % side, i / side].map(|px| px.checked_sub(EDGE_PX).filter(|px| *px < self.side_px));
            let [Some(x), Some(y)] = at else { return edge };
            let start = (y * self.side_px + x) * channels;
            [pixels[start], pixels[start + 1], pixels[start + 2]]
        });
        self.cells.push(cell.collect());
    }

    /// Writes what there is.
    pub fn write(&self, path: &Path) -> Result<(), PictureError> {
        let side = self.side_px + 2 * EDGE_PX;
        let (across, down) = (ACROSS.min(self.cells.len()), self.cells.len().div_ceil(ACROSS));
        let (width_px, height_px) = (across * side, down * side);
        let mut rgb = vec![255; width_px * height_px * 3];
        for (i, cell) in self.cells.iter().enumerate() {
            let (left, top) = (i % ACROSS * side, i / ACROSS * side);
            for (row, line) in cell.chunks_exact(side * 3).enumerate() {
                let start = ((top + row) * width_px + left) * 3;
                rgb[start..start + side * 3].copy_from_slice(line);
            }
        }
        picture::write_png(&Picture { width_px, height_px, rgb }, path)
    }
}
