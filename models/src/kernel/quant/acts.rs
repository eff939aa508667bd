//! Activations as bytes: every 32 of a row share a scale, `x = scale * q`, q in -127..=127, as in ggml's Q8 blocks. Rows
//! are laid out in tiles, row by row within every four columns, in the order the kernels read them.

use super::format::Format;
use super::pack::UNIT;
use crate::kernel::Pool;

/// Tiles of up to `widest` quantised rows.
pub(super) struct Acts {
    tiles: Vec<Tile>,
}

/// Rows that go through a panel together: 1, 2, 4 or 8, of which `rows` are real and the rest zero.
pub(super) struct Tile {
    pub width: usize,
    pub start: usize,
    pub rows: usize,
    /// For every 32 columns: 8 groups of four columns, each with its bytes row by row.
    pub codes: Vec<i8>,
    /// For every 32 columns: each row's scale.
    pub scales: Vec<f32>,
    /// For every 32 columns and each scale of the weights: each row's `-offset * sum(codes)`.
    pub starts: Vec<i32>,
    /// For every 32 columns: each row's `scale * sum(codes)`, negative for nested formats; only where there are mins.
    pub sums: Vec<f32>,
}

impl Acts {
    /// Quantises `rows` rows of `columns` (a multiple of 32) for weights of a format.
    pub(super) fn new(x: &[f32], columns: usize, format: Format, widest: usize, pool: &Pool) -> Self {
        let rows = x.len() / columns;
        let mut tiles: Vec<Option<Tile>> = Vec::new();
        let mut starts = Vec::new();
        let mut start = 0;
        while start < rows {
            starts.push((start, (rows - start).min(widest)));
            start += widest;
        }
        tiles.resize_with(starts.len(), || None);
        pool.chunks(&mut tiles, 1, |i, tile| {
            let (start, rows) = starts[i];
            tile[0] = Some(Tile::new(&x[start * columns..(start + rows) * columns], columns, format, start));
        });
        Self { tiles: tiles.into_iter().flatten().collect() }
    }

    pub(super) fn tiles(&self) -> &[Tile] {
        &self.tiles
    }
}

impl Tile {
    fn new(x: &[f32], columns: usize, format: Format, start: usize) -> Self {
        let rows = x.len() / columns;
        let (width, units, parts) = (rows.next_power_of_two(), columns / UNIT, format.parts());
        let mut tile = Self {
            width,
            start,
            rows,
            codes: vec![0; width * columns],
            scales: vec![0.0; width * units],
            starts: vec![0; width * units * parts],
            sums: vec![0.0; if format.min { width * units } else { 0 }],
        };
        for (m, row) in x.chunks_exact(columns).enumerate() {
            for (u, unit) in row.chunks_exact(UNIT).enumerate() {
                let (scale, codes) = quantise(unit);
                let to = &mut tile.codes[u * UNIT * width..(u + 1) * UNIT * width];
                for (group, four) in codes.chunks_exact(4).enumerate() {
                    let at = (group * width + m) * 4;
                    to[at..at + 4].copy_from_slice(four);
                }
                tile.scales[u * width + m] = scale;
                let mut sum = 0;
                for (part, codes) in codes.chunks_exact(UNIT / parts).enumerate() {
                    let part_sum: i32 = codes.iter().map(|&q| i32::from(q)).sum();
                    tile.starts[(u * parts + part) * width + m] = -format.offset() * part_sum;
                    sum += part_sum;
                }
                if format.min {
                    // A nested format takes its min away.
                    let sign = if format.nested { -1.0 } else { 1.0 };
                    tile.sums[u * width + m] = sign * scale * sum as f32;
                }
            }
        }
        tile
    }
}

/// The scale and codes of 32 values. A value that is not a number spoils its whole unit, as it should.
fn quantise(x: &[f32]) -> (f32, [i8; UNIT]) {
    /// Added and taken away again, this leaves a small float rounded to a whole number in its low bits.
    const ROUND: f32 = 12_582_912.0;
    let mut lanes = [0f32; 8];
    for eight in x.chunks_exact(8) {
        for (lane, &x) in lanes.iter_mut().zip(eight) {
            *lane = if x.abs() > *lane { x.abs() } else { *lane };
        }
    }
    let most = lanes.iter().fold(0f32, |a, &b| a.max(b));
    let strange = x.iter().fold(0f32, |a, &b| a + b * 0.0);
    let (scale, inverse) = (most / 127.0, if most > 0.0 { 127.0 / most } else { 0.0 });
    let mut codes = [0; UNIT];
    if strange != 0.0 || !inverse.is_finite() {
        return (if strange != 0.0 { f32::NAN } else { 0.0 }, codes);
    }
    for (code, &x) in codes.iter_mut().zip(x) {
        *code = (x * inverse + ROUND).to_bits() as i8;
    }
    (scale, codes)
}
