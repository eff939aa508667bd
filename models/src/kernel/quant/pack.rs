//! Weights laid out for the kernels: panels of 16 rows, interleaved by four columns, so that one 64-byte vector holds the
//! same four columns of all 16 rows and every instruction set reads whole vectors. A panel has two streams, codes and
//! scales, that hold exactly what the file's blocks hold: nothing is rounded, and no more memory is read.
//!
//! Codes of 32 columns: 8 vectors (8 bits), or 4 vectors of two nibbles each, then the fifth bits as one vector or the
//! fifth and sixth as two. Scales of a block: 16 f16 scales, 16 f16 mins if there are any; in nested formats for every 32
//! columns 16 byte scales (twice 16 in Q6_K) and 16 byte mins.

use super::format::{Block, Format};
use crate::kernel::Pool;

/// Rows in a panel.
pub(super) const ROWS: usize = 16;
/// Columns that are unpacked together.
pub(super) const UNIT: usize = 32;

/// A cache line, so that panels start on one.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A weight matrix in panels.
pub(super) struct Packed {
    pub format: Format,
    pub rows: usize,
    pub columns: usize,
    codes: Vec<Line>,
    scales: Vec<u8>,
}

impl Format {
    /// Cache lines of codes for a panel's 32 columns.
    fn unit_lines(self) -> usize {
        match self.bits {
            8 => 8,
            bits => bits,
        }
    }

    /// Bytes before a block's byte scales: the f16 scales and mins.
    pub(super) fn half_bytes(self) -> usize {
        ROWS * 2 * (1 + usize::from(self.min))
    }

    /// Bytes of byte scales and mins for 32 columns of a nested format.
    pub(super) fn byte_scales(self) -> usize {
        if self.nested { ROWS * (self.parts() + usize::from(self.min)) } else { 0 }
    }

    /// Bytes of scales for one block of a panel.
    fn scale_bytes(self) -> usize {
        self.half_bytes() + self.block() / UNIT * self.byte_scales()
    }
}

impl Packed {
    /// Packs `data`, rows of whole GGUF blocks; the caller has checked that it holds `rows * columns` weights and that
    /// columns are a whole number of blocks.
    pub(super) fn new(format: Format, rows: usize, columns: usize, data: &[u8], pool: &Pool) -> Self {
        let (panels, blocks) = (rows.div_ceil(ROWS), columns / format.block());
        let units = format.block() / UNIT;
        let (lines, scale_bytes) = (blocks * units * format.unit_lines(), blocks * format.scale_bytes());
        let mut codes = vec![Line([0; 64]); panels * lines];
        let mut scales = vec![0; panels * scale_bytes];
        let size = format.dtype.type_size();
        // Two passes, one for each stream, as each hands out chunks of one output.
        pool.chunks(&mut codes, lines, |panel, codes| {
            for row in 0..ROWS.min(rows - panel * ROWS) {
                for b in 0..blocks {
                    let at = ((panel * ROWS + row) * blocks + b) * size;
                    let block = format.read(&data[at..at + size]);
                    for u in 0..units {
                        let start = (b * units + u) * format.unit_lines();
                        let unit = &mut codes[start..start + format.unit_lines()];
                        put_codes(format, &block.codes[u * UNIT..(u + 1) * UNIT], row, unit);
                    }
                }
            }
        });
        pool.chunks(&mut scales, scale_bytes, |panel, scales| {
            for row in 0..ROWS.min(rows - panel * ROWS) {
                for b in 0..blocks {
                    let at = ((panel * ROWS + row) * blocks + b) * size;
                    let block = format.read(&data[at..at + size]);
                    put_scales(format, &block, row, &mut scales[b * format.scale_bytes()..][..format.scale_bytes()]);
                }
            }
        });
        Self { format, rows, columns, codes, scales }
    }

    /// Panels of 16 rows, the last perhaps part empty.
    pub(super) fn panels(&self) -> usize {
        self.rows.div_ceil(ROWS)
    }

    /// Bytes of weights and scales in memory.
    pub(super) fn bytes(&self) -> usize {
        self.codes.len() * 64 + self.scales.len()
    }

    /// Bytes of codes and scales in one panel.
    pub(super) fn panel_bytes(&self) -> usize {
        self.bytes() / self.panels().max(1)
    }

    /// A panel's codes, on a cache line, and its scales.
    pub(super) fn panel(&self, i: usize) -> (*const u8, *const u8) {
        let (codes, scales) = (self.codes.len() / self.panels(), self.scales.len() / self.panels());
        (self.codes[i * codes..(i + 1) * codes].as_ptr().cast(), self.scales[i * scales..(i + 1) * scales].as_ptr())
    }
}

fn put_codes(format: Format, codes: &[u8], row: usize, unit: &mut [Line]) {
    for (i, &code) in codes.iter().enumerate() {
        let (group, byte) = (i / 4, row * 4 + i % 4);
        if format.bits == 8 {
            unit[group].0[byte] = code;
            continue;
        }
        unit[group / 2].0[byte] |= (code & 15) << (group % 2 * 4);
        match format.bits {
            5 => unit[4].0[byte] |= (code >> 4) << group,
            6 => unit[4 + group / 4].0[byte] |= (code >> 4) << (group % 4 * 2),
            _ => {}
        }
    }
}

fn put_scales(format: Format, block: &Block, row: usize, to: &mut [u8]) {
    to[row * 2..row * 2 + 2].copy_from_slice(&block.scale.to_le_bytes());
    if format.min {
        to[ROWS * 2 + row * 2..ROWS * 2 + row * 2 + 2].copy_from_slice(&block.min.to_le_bytes());
    }
    if !format.nested {
        return;
    }
    for u in 0..format.block() / UNIT {
        let unit = &mut to[format.half_bytes() + u * format.byte_scales()..][..format.byte_scales()];
        for part in 0..format.parts() {
            unit[part * ROWS + row] = block.scales[u * format.parts() + part];
        }
        if format.min {
            unit[format.parts() * ROWS + row] = block.mins[u];
        }
    }
}
