"""A small byte-level BPE for the GGUF files: special tokens, all bytes, a few merges."""

PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
OTHERS = [b for b in range(256) if b not in PRINTABLE]
BYTES = {b: chr(b) for b in PRINTABLE} | {b: chr(0x100 + i) for i, b in enumerate(OTHERS)}
SPECIAL = ["<|im_start|>", "<|im_end|>", "<think>", "</think>"]
WORDS = [("p", "i"), ("c", "k"), ("pi", "ck"), ("e", "n"), ("en", "d"), ("Ġ", "a"), ("o", "n")]
VOCAB = SPECIAL + [BYTES[b] for b in range(256)] + [a + b for a, b in WORDS]
MERGES = [f"{a} {b}" for a, b in WORDS]
# Control tokens are 3, ordinary ones 1.
TYPES = [3] * len(SPECIAL) + [1] * (len(VOCAB) - len(SPECIAL))
