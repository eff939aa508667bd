"""References for models/tests/picture*.rs, made with Pillow 13 and numpy: how files of many kinds read as RGB, and what
Janus's eye is shown of them by DeepSeek's rule (bicubic with antialiasing, sides cut to whole pixels, grey 127).

    python3 tests/parity/gen_preproc.py            writes models/tests/fixtures/picture/
"""

import hashlib
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).resolve().parents[2] / "models/tests/fixtures/picture"
SIZES = [(640, 480), (333, 500), (384, 384), (1280, 719), (719, 1280), (97, 61), (1, 700), (700, 1), (1, 1), (2000, 9), (385, 384), (13, 2), (5, 700), (300, 1280)]


def pattern(w, h):
    """A picture that a test makes again by the same sums: edges, ramps and noise."""
    y, x, c = np.meshgrid(np.arange(h, dtype=np.uint32), np.arange(w, dtype=np.uint32), np.arange(3, dtype=np.uint32), indexing="ij")
    noise = ((x * 2654435761 + y * 40503 + c * 97) * 2246822519 >> 24) & 31
    ramp = (x * 3 + y * 5 + c * 80) // 7 & 127
    board = ((x // 23 + y // 17) & 1) * 96
    return (noise + ramp + board).astype(np.uint8)


def prepare(im, size=384, least=14, grey=127):
    """DeepSeek's VLMImageProcessor, in Pillow and numpy."""
    w, h = im.size
    longest = max(w, h)
    nw, nh = max(int(w / longest * size), least), max(int(h / longest * size), least)
    im = im.resize((nw, nh), Image.Resampling.BICUBIC)
    side = max(nw, nh)
    square = Image.new("RGB", (side, side), (grey,) * 3)
    square.paste(im, ((side - nw) // 2, (side - nh) // 2))
    values = (np.asarray(square).transpose(2, 0, 1) * (1 / 255)).astype(np.float32)
    return (nw, nh), np.asarray(square), ((values - np.float32(0.5)) / np.float32(0.5)).astype("<f4")


def png(w, h, depth, kind, rows, extra=b""):
    """A PNG of a kind that Pillow does not write."""
    chunk = lambda name, body: struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    body = b"".join(b"\0" + row for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, 0)) + extra + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")


def saved(im, kind, **how):
    b = io.BytesIO()
    im.save(b, kind, **how)
    return b.getvalue()


def files():
    rgb = Image.fromarray(pattern(40, 24))
    a = np.asarray(rgb)
    alpha = Image.fromarray((np.arange(40 * 24) % 256).astype(np.uint8).reshape(24, 40))
    grey = rgb.convert("L")
    yield "rgb.png", saved(rgb, "PNG")
    yield "grey.png", saved(grey, "PNG")
    yield "grey_alpha.png", saved(Image.merge("LA", (grey, alpha)), "PNG")
    yield "rgba.png", saved(Image.merge("RGBA", (*rgb.split(), alpha)), "PNG")
    yield "palette.png", saved(rgb.quantize(20), "PNG", bits=8)
    yield "palette_see_through.png", saved(rgb.quantize(20), "PNG", transparency=3)
    yield "black_or_white.png", saved(grey.convert("1"), "PNG")
    nibbles = ((np.asarray(grey)[:, ::2] >> 4) << 4 | np.asarray(grey)[:, 1::2] >> 4).astype(np.uint8)
    yield "grey_4_bit.png", png(40, 24, 4, 0, [row.tobytes() for row in nibbles])
    deep = lambda array: (array.astype(np.uint32) * 257 + np.arange(array.shape[1], dtype=np.uint32).reshape(1, -1, *[1] * (array.ndim - 2))).clip(0, 65535).astype(">u2")
    # Small and large values: Pillow cuts a 16-bit grey at 255.
    yield "grey_16_bit.png", png(40, 24, 16, 0, [(row.astype(np.uint32) * (i + 1) // 4).astype(">u2").tobytes() for i, row in enumerate(np.asarray(grey))])
    yield "rgb_16_bit.png", png(40, 24, 16, 2, [row.tobytes() for row in deep(a)])
    yield "rgba_16_bit.png", png(40, 24, 16, 6, [row.tobytes() for row in deep(np.concatenate([a, np.asarray(alpha)[..., None]], -1))])
    yield "grey_alpha_16_bit.png", png(40, 24, 16, 4, [row.tobytes() for row in deep(np.stack([np.asarray(grey), np.asarray(alpha)], -1))])
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "turned.png", saved(rgb, "PNG", exif=exif)
    yield "plain.bmp", saved(rgb, "BMP")
    yield "lossless.webp", saved(rgb, "WEBP", lossless=True)
    # Blocks of one colour each pass through a JPEG's transform unharmed, so that these too are equal to the bit.
    r = np.random.default_rng(1)
    blocks = lambda n: np.kron(r.integers(0, 255, (2, 3, n)), np.ones((8, 8, 1))).astype(np.uint8)
    for turn in range(1, 9):
        exif[0x0112] = turn
        yield f"turned_{turn}.jpg", saved(Image.fromarray(blocks(1)[..., 0]), "JPEG", quality=100, exif=exif)
    yield "cmyk.jpg", saved(Image.fromarray(blocks(4), "CMYK"), "JPEG", quality=100)
    # These are not: what libjpeg and others make of them differs a little.
    smooth = Image.fromarray(pattern(130, 90)).resize((65, 45), Image.Resampling.BICUBIC)
    yield "photo_444.jpg", saved(smooth, "JPEG", quality=92, subsampling=0)
    yield "photo_420.jpg", saved(smooth, "JPEG", quality=85, subsampling=2)
    yield "photo_progressive.jpg", saved(smooth, "JPEG", quality=85, subsampling=1, progressive=True)
    yield "photo_grey.jpg", saved(smooth.convert("L"), "JPEG", quality=85)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, data in files():
        (OUT / name).write_bytes(data)
        want = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        want.save(OUT / f"{name}.want.png", optimize=True)
    sizes = []
    for w, h in SIZES:
        fitted, square, values = prepare(Image.fromarray(pattern(w, h)))
        rows = {str(i): hashlib.sha256(row.tobytes()).hexdigest()[:8] for i, row in enumerate(square) if i % 48 == 0}
        sizes.append({
            "size": [w, h], "fitted": fitted, "rows": rows,
            "square": hashlib.sha256(square.tobytes()).hexdigest(), "values": hashlib.sha256(values.tobytes()).hexdigest(),
        })
    resized = []
    for w, h, nw, nh in [(50, 40, 120, 90), (50, 40, 50, 11), (50, 40, 9, 40), (3, 3, 200, 1), (640, 480, 17, 23)]:
        out = np.asarray(Image.fromarray(pattern(w, h)).resize((nw, nh), Image.Resampling.BICUBIC))
        resized.append({"size": [w, h], "to": [nw, nh], "pixels": hashlib.sha256(out.tobytes()).hexdigest()})
    (OUT / "prepared.json").write_text(json.dumps({"prepared": sizes, "resized": resized}, indent=1) + "\n")
    print(sum(f.stat().st_size for f in OUT.iterdir()), "bytes in", OUT.name)


main()
