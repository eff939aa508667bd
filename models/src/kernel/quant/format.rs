//! The block formats of GGUF files this room multiplies with, read into one shape: unsigned codes and, for every 32 of
//! them (16 in Q6_K), what turns a code into a weight: `scale * (code - offset)` or `scale * code + min`. The layouts
//! are those of llama.cpp's ggml.

use candle_core::quantized::GgmlDType;

/// How a format's codes and scales are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// candle's name of the format.
    pub dtype: GgmlDType,
    /// Bits of a code: 4, 5, 6 or 8.
    pub(super) bits: usize,
    /// Whether blocks hold 256 weights with small scales of their own, rather than 32 with one scale.
    pub(super) nested: bool,
    /// Whether a weight is `scale * code + min`; otherwise it is `scale * (code - offset)`.
    pub(super) min: bool,
}

/// One block of one row: 32 or 256 weights.
pub(super) struct Block {
    pub codes: [u8; 256],
    /// f16 bits of the block's scale and min (for nested ones, of the scale of the scales and of the mins).
    pub scale: u16,
    pub min: u16,
    /// Nested: the scale of each 32 codes (of each 16 in Q6_K, signed).
    pub scales: [u8; 16],
    /// Nested with a min: the min of each 32 codes.
    pub mins: [u8; 8],
}

const fn format(dtype: GgmlDType, bits: usize, nested: bool, min: bool) -> Format {
    Format { dtype, bits, nested, min }
}

/// Every format there is a kernel for.
pub const FORMATS: [Format; 8] = [
    format(GgmlDType::Q4_0, 4, false, false),
    format(GgmlDType::Q4_1, 4, false, true),
    format(GgmlDType::Q5_0, 5, false, false),
    format(GgmlDType::Q5_1, 5, false, true),
    format(GgmlDType::Q8_0, 8, false, false),
    format(GgmlDType::Q4K, 4, true, true),
    format(GgmlDType::Q5K, 5, true, true),
    format(GgmlDType::Q6K, 6, true, false),
];

impl Format {
    /// The format of a GGUF type, if there is a kernel for it.
    pub fn of(dtype: GgmlDType) -> Option<Self> {
        FORMATS.into_iter().find(|format| format.dtype == dtype)
    }

    /// Weights in a block: 32 or 256.
    pub(super) fn block(self) -> usize {
        if self.nested { 256 } else { 32 }
    }

    /// What is taken from a code before it is scaled; 0 where there is a min.
    pub(super) fn offset(self) -> i32 {
        if self.min { 0 } else { 1 << (self.bits - 1) }
    }

    /// Scales for each 32 codes.
    pub(super) fn parts(self) -> usize {
        if self.bits == 6 { 2 } else { 1 }
    }

    /// Reads one block from its `dtype.type_size()` bytes.
    pub(super) fn read(self, bytes: &[u8]) -> Block {
        let mut block = Block { codes: [0; 256], scale: 0, min: 0, scales: [0; 16], mins: [0; 8] };
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        match (self.bits, self.nested) {
            (6, _) => {
                block.scale = half(208);
                block.scales.copy_from_slice(&bytes[192..208]);
                for i in 0..256 {
                    let (part, j) = (i / 128, i % 128);
                    let low = bytes[part * 64 + j % 64] >> (j / 64 * 4) & 15;
                    let high = bytes[128 + part * 32 + j % 32] >> (j / 32 * 2) & 3;
                    block.codes[i] = low | high << 4;
                }
            }
            (bits, true) => {
                (block.scale, block.min) = (half(0), half(2));
                six_bits(&bytes[4..16], &mut block);
                let low = 16 + (bits - 4) * 32;
                for i in 0..256 {
                    let code = bytes[low + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
                    let high = if bits == 5 { bytes[16 + i % 32] >> (i / 32) & 1 } else { 0 };
                    block.codes[i] = code | high << 4;
                }
            }
            (8, _) => {
                block.scale = half(0);
                for i in 0..32 {
                    block.codes[i] = bytes[2 + i] ^ 0x80;
                }
            }
            (bits, false) => {
                block.scale = half(0);
                let mut at = 2;
                if self.min {
                    block.min = half(at);
                    at += 2;
                }
                let high = at;
                at += (bits - 4) * 4;
                for i in 0..32 {
                    let code = bytes[at + i % 16] >> (i / 16 * 4) & 15;
                    let high = if bits == 5 { bytes[high + i / 8] >> (i % 8) & 1 } else { 0 };
                    block.codes[i] = code | high << 4;
                }
            }
        }
        block
    }
}

/// Unpacks the eight 6-bit scales and mins of a Q4_K or Q5_K block.
fn six_bits(packed: &[u8], block: &mut Block) {
    for i in 0..4 {
        block.scales[i] = packed[i] & 63;
        block.mins[i] = packed[i + 4] & 63;
        block.scales[i + 4] = packed[i + 8] & 15 | (packed[i] >> 6) << 4;
        block.mins[i + 4] = packed[i + 8] >> 4 | (packed[i + 4] >> 6) << 4;
    }
}
