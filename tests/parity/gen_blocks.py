"""Blocks of 256 weights as llama.cpp's K formats have them, drawn at random, with what the reference unpacks of them. Its
Python writer can't make such blocks, but every bit pattern with finite scales is one."""

from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import save_file

KINDS = ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
# Where the 16-bit floats of a block begin: its scale, and its min where there is one.
FLOATS = {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
ROWS, COLUMNS = 8, 512


def generate(seed):
    rng = np.random.default_rng(seed)
    out = Path(__file__).parent / "fixtures" / "gguf_blocks"
    out.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out / "blocks.gguf", "blocks")
    expected = {}
    for name in KINDS:
        kind = gguf.GGMLQuantizationType[name]
        weights, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = rng.integers(0, 256, (ROWS * COLUMNS // weights, size), dtype=np.uint8)
        for at in FLOATS[name]:
            scales = rng.uniform(-0.02, 0.02, (len(blocks), 1)).astype(np.float16)
            blocks[:, at:at + 2] = scales.view(np.uint8)
        packed = blocks.reshape(ROWS, -1)
        writer.add_tensor(name, packed, raw_dtype=kind)
        expected[name] = gguf.quants.dequantize(packed, kind).astype(np.float32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, out / "expected.safetensors")


if __name__ == "__main__":
    generate(11)
