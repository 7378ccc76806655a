"""Writes the pictures and expected values of the pixel tests.

    python make_golden.py            (Pillow <= 12.3, transformers 4.45.0)

samples/       one tiny picture of every format and mode
samples.json   what Pillow and Hugging Face's MllamaImageProcessor make of each
shapes.json    the processor's tiles for many sizes of picture, as hashes

Pixels are the processor's, after ImageOps.exif_transpose where a picture has an
orientation: the processor itself ignores it.
"""

import hashlib
import io
import json
import math
import pathlib
import random
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps
from transformers.image_utils import ChannelDimension
from transformers.models.mllama import image_processing_mllama as mllama

HERE = pathlib.Path(__file__).parent
SAMPLES = HERE / "samples"
MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


# ---- Expected values -------------------------------------------------------


def fit_to_canvas(fit):
    """Version 4.45.0 lets a side of a very long picture become 0; later ones
    keep it at 1."""

    def at_least_one(**sizes):
        height, width = fit(**sizes)
        return max(int(height), 1), max(int(width), 1)

    return at_least_one


mllama.get_image_size_fit_to_canvas = fit_to_canvas(mllama.get_image_size_fit_to_canvas)


def tiles(rgb, tile_size, max_tiles):
    """The processor's steps on [h, w, 3], with the channel order said at each:
    preprocess() guesses it from the shape and misreads heights 1 and 3."""
    processor = mllama.MllamaImageProcessor(
        size={"height": tile_size, "width": tile_size}, max_image_tiles=max_tiles,
        image_mean=MEAN, image_std=STD)
    first = dict(input_data_format=ChannelDimension.FIRST, data_format=ChannelDimension.FIRST)
    image, (rows, columns) = processor.resize(
        rgb.transpose(2, 0, 1), size=processor.size, max_image_tiles=max_tiles, **first)
    image = processor.pad(image, size=processor.size, aspect_ratio=(rows, columns), **first)
    image = processor.rescale(image, scale=processor.rescale_factor, **first)
    image = processor.normalize(image, mean=MEAN, std=STD, **first)
    pixels, _ = mllama.pack_images([[mllama.split_to_tiles(image, rows, columns)]], max_tiles)
    ids = mllama.convert_aspect_ratios_to_ids([[(rows, columns)]], max_tiles)
    pixels = np.ascontiguousarray(pixels[0, 0], np.float32)
    if rgb.shape[0] not in (1, 3):
        whole = processor(Image.fromarray(rgb), return_tensors="np")
        assert np.array_equal(whole["pixel_values"][0, 0], pixels)
        assert whole["aspect_ratio_ids"][0, 0] == ids[0, 0]
    return pixels, int(ids[0, 0]), int(rows * columns)


def digest(pixels):
    return hashlib.sha256(pixels.astype("<f4").tobytes()).hexdigest()


def sample_entry(name, data, exact):
    picture = Image.open(io.BytesIO(data))
    if picture.getexif().get(0x0112, 1) != 1:
        picture = ImageOps.exif_transpose(picture)
    rgb = np.asarray(mllama.convert_to_rgb(picture))
    pixels, ratio_id, count = tiles(rgb, 8, 4)
    levels = np.rint((pixels[:count] * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]) * 255)
    return {"file": name, "exact": exact, "width": rgb.shape[1], "height": rgb.shape[0],
            "rgb": rgb.tobytes().hex(), "aspect_ratio_id": ratio_id, "tile_count": count,
            "levels": levels.astype(np.uint8).tobytes().hex(), "sha256": digest(pixels)}


# ---- Writers ---------------------------------------------------------------


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def scanlines(samples, depth):
    """Filter-0 rows of [h, w, channels]."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            packed = flat.astype(">u2").tobytes()
        else:
            bits = (flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.reshape(-1).astype(np.uint8)).tobytes()
        out += b"\0" + packed
    return out


def png(samples, depth, colour, *, palette=None, trns=None, interlaced=False, before=b"", after=b""):
    height, width = samples.shape[:2]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    data = b"".join(scanlines(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
    if palette is not None:
        out += chunk(b"PLTE", bytes(palette))
    if trns is not None:
        out += chunk(b"tRNS", trns)
    return out + chunk(b"IDAT", zlib.compress(data, 9)) + after + chunk(b"IEND", b"")


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation, order=">", kind=3, prefix=b""):
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    entries = struct.pack(order + "HHI4s", 0x010F, 2, 2, b"x\0\0\0")
    entries += struct.pack(order + "HHI", 0x0112, kind, 1) + value
    head = (b"MM" if order == ">" else b"II") + struct.pack(order + "HI", 42, 8)
    return prefix + head + struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)


def riff(*chunks):
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def u24(value):
    return struct.pack("<I", value)[:3]


def animation_with_small_first_frame(frame, alpha):
    """A canvas of 20 x 14 whose first frame lies at (4, 2)."""
    still = saved(frame, "WEBP", lossless=True, exact=True)
    bitstream = still[still.index(b"VP8L"):]
    place = u24(2) + u24(1) + u24(frame.width - 1) + u24(frame.height - 1) + u24(100) + b"\0"
    flags = bytes([0x02 | (0x10 if alpha else 0), 0, 0, 0])
    return riff((b"VP8X", flags + u24(19) + u24(13)), (b"ANIM", b"\x10\x80\xf0\xff" + b"\0\0"),
                (b"ANMF", place + bitstream), (b"ANMF", place + bitstream))


# ---- Samples ---------------------------------------------------------------


def noise(seed, height, width, channels, most):
    return np.random.default_rng(seed).integers(0, most + 1, (height, width, channels))


def photo(height=17, width=24):
    """Smooth enough for lossy codecs, with an edge."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 / width, y * 255 / height, 128 + 100 * np.sin(x / 3.0 + y / 4.0)], -1)
    rgb[4:9, 5:14] = (230, 30, 60)
    return Image.fromarray(rgb.astype(np.uint8))


def png_samples():
    h, w = 9, 13
    for depth in (1, 2, 4, 8, 16):
        most = (1 << depth) - 1
        grey = noise(depth, h, w, 1, most)
        if depth == 16:
            grey[::2] //= 300  # some below 256, so that clipping leaves something
        for interlaced in (False, True):
            tail = "_interlaced" if interlaced else ""
            yield f"grey{depth}{tail}.png", png(grey, depth, 0, interlaced=interlaced)
            key = struct.pack(">H", int(grey[1, 1, 0]))
            yield f"grey{depth}_key{tail}.png", png(grey, depth, 0, trns=key, interlaced=interlaced)
            if depth >= 8:
                for name, colour in (("grey_alpha", 4), ("rgb", 2), ("rgba", 6)):
                    data = noise(depth + colour, h, w, CHANNELS[colour], most)
                    yield f"{name}{depth}{tail}.png", png(data, depth, colour, interlaced=interlaced)
            if depth <= 8:
                count = min(1 << depth, 200)
                index = noise(depth, h, w, 1, count - 1)
                palette = noise(7, count, 1, 3, 255).astype(np.uint8).tobytes()
                yield f"palette{depth}{tail}.png", png(index, depth, 3, palette=palette, interlaced=interlaced)
                one = b"\xff" * (count - 2) + b"\0"
                yield f"palette{depth}_index{tail}.png", png(
                    index, depth, 3, palette=palette, trns=one, interlaced=interlaced)
                table = noise(8, max(count // 2, 1), 1, 1, 255).astype(np.uint8).tobytes()
                yield f"palette{depth}_table{tail}.png", png(
                    index, depth, 3, palette=palette, trns=table, interlaced=interlaced)
    for value in (0, 1):
        yield f"grey1_key_is_{value}.png", png(noise(1, h, w, 1, 1), 1, 0, trns=struct.pack(">H", value))
    grey2 = noise(2, h, w, 1, 3)
    yield "grey2_key_is_3.png", png(grey2, 2, 0, trns=struct.pack(">H", 3))
    yield "grey4_key_is_15.png", png(noise(4, h, w, 1, 15), 4, 0, trns=struct.pack(">H", 15))
    rgb = noise(3, h, w, 3, 255)
    yield "rgb8_key.png", png(rgb, 8, 2, trns=struct.pack(">HHH", *map(int, rgb[2, 2])))
    rgb = noise(3, h, w, 3, 65535)
    yield "rgb16_key.png", png(rgb, 16, 2, trns=struct.pack(">HHH", *map(int, rgb[2, 2])))
    short = noise(9, 4, 1, 3, 255).astype(np.uint8).tobytes()
    yield "palette8_short.png", png(noise(9, h, w, 1, 3), 8, 3, palette=short)
    yield "palette8_index_past_end.png", png(noise(9, h, w, 1, 60), 8, 3, palette=short)
    yield "rgb8_one_pixel.png", png(noise(5, 1, 1, 3, 255), 8, 2)
    yield "rgb8_one_row.png", png(noise(5, 1, 40, 3, 255), 8, 2)
    yield "rgb8_one_column.png", png(noise(5, 40, 1, 3, 255), 8, 2)
    text = chunk(b"tEXt", b"Title\0picture") + chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"teST", b"private")
    yield "rgb8_with_chunks.png", png(noise(6, h, w, 3, 255), 8, 2, before=text)
    yield "rgb8_filtered.png", saved(photo(), "PNG", optimize=True)


def apng():
    frames = [photo(9, 13), photo(9, 13).rotate(180)]
    return saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)


def jpeg_samples():
    picture = photo()
    for name, options in {
        "ycc444": dict(subsampling=0), "ycc422": dict(subsampling=1), "ycc420": dict(subsampling=2),
        "progressive": dict(progressive=True), "progressive444": dict(progressive=True, subsampling=0),
        "rgb": dict(keep_rgb=True), "restarts": dict(restart_marker_blocks=2), "coarse": dict(quality=10),
    }.items():
        yield f"{name}.jpg", saved(picture, "JPEG", **{"quality": 90, **options})
    yield "grey.jpg", saved(picture.convert("L"), "JPEG")
    yield "grey_progressive.jpg", saved(picture.convert("L"), "JPEG", progressive=True)
    # Pillow's own CMYK has no black; give it some.
    cmyk = np.asarray(picture.convert("CMYK")).copy()
    cmyk[..., 3] = np.arange(24) * 8
    data = saved(Image.fromarray(cmyk, "CMYK"), "JPEG", quality=95)
    yield "cmyk.jpg", data
    yield "cmyk_progressive.jpg", saved(Image.fromarray(cmyk, "CMYK"), "JPEG", progressive=True)
    adobe = data.index(b"Adobe")
    assert data[adobe + 11] == 0
    yield "ycck.jpg", data[:adobe + 11] + b"\x02" + data[adobe + 12:]
    yield "one_pixel.jpg", saved(picture.crop((6, 5, 7, 6)), "JPEG")
    yield "trailing_bytes.jpg", saved(picture, "JPEG") + b"after the end"


def webp_samples():
    picture = photo()
    alpha = picture.copy()
    alpha.putalpha(Image.fromarray(noise(1, 17, 24, 1, 255)[..., 0].astype(np.uint8)))
    yield "lossy.webp", saved(picture, "WEBP", quality=80), False
    yield "lossy_coarse.webp", saved(picture, "WEBP", quality=5), False
    yield "lossy_alpha.webp", saved(alpha, "WEBP", quality=80), False
    yield "lossless.webp", saved(picture, "WEBP", lossless=True), True
    yield "lossless_alpha.webp", saved(alpha, "WEBP", lossless=True, exact=True), True
    yield "animation.webp", saved(picture, "WEBP", save_all=True, lossless=True,
                                  append_images=[picture.rotate(180)]), True
    yield "animation_alpha.webp", saved(alpha, "WEBP", save_all=True, lossless=True, exact=True,
                                        append_images=[alpha.rotate(180)]), True
    small = alpha.crop((0, 0, 11, 7))
    yield "animation_small_frame.webp", animation_with_small_first_frame(small.convert("RGB"), False), True
    yield "animation_small_frame_alpha.webp", animation_with_small_first_frame(small, True), True


def orientation_samples():
    picture = photo()
    tiny = noise(4, 5, 8, 3, 255)
    for o in range(1, 9):
        order = "<" if o % 2 else ">"
        yield f"orientation{o}.jpg", saved(picture, "JPEG", exif=exif(o, order, prefix=b"Exif\0\0")), False
        block = chunk(b"eXIf", exif(o, order))
        yield f"orientation{o}.png", png(tiny, 8, 2, before=block), True
        yield f"orientation{o}.webp", saved(picture, "WEBP", lossless=True, exif=exif(o, order)), True
    yield "orientation6_long.jpg", saved(picture, "JPEG", exif=exif(6, "<", 4, b"Exif\0\0")), False
    yield "orientation6_after_rows.png", png(tiny, 8, 2, after=chunk(b"eXIf", exif(6))), True
    yield "orientation6_prefix.webp", saved(picture, "WEBP", lossless=True, exif=exif(6, prefix=b"Exif\0\0")), True
    for o in (0, 9):
        yield f"orientation{o}.png", png(tiny, 8, 2, before=chunk(b"eXIf", exif(o))), True
    yield "orientation6_key.png", png(noise(4, 5, 8, 1, 255), 8, 0, trns=struct.pack(">H", 77),
                                      before=chunk(b"eXIf", exif(6))), True


def samples():
    for name, data in png_samples():
        yield name, data, True
    yield "animation.png", apng(), True
    for name, data in jpeg_samples():
        yield name, data, False
    yield from webp_samples()
    yield from orientation_samples()


# ---- Shapes ----------------------------------------------------------------


def pattern(width, height):
    """Bytes that the test computes alike."""
    i = np.arange(width * height * 3, dtype=np.uint64)
    mixed = (i * 2654435761 + (width * 65536 + height) * 40503) & 0xFFFFFFFF
    return (mixed >> 24).astype(np.uint8).reshape(height, width, 3)


def shapes():
    for tile, most in ((8, 3), (16, 4), (14, 6), (28, 1)):
        for n in (2, 3, tile - 1, tile, tile + 1, 2 * tile, 60, 200):
            yield 1, n, tile, most
            yield n, 1, tile, most
        for a in range(1, most + 1):
            for b in range(1, most // a + 1):
                yield b * tile, a * tile, tile, most
                yield b * tile - 1, a * tile + 1, tile, most
        yield 5 * tile, 5 * tile, tile, most
        yield 1, 1, tile, most
        yield 3, 3, tile, most
    for tile, most in ((56, 4), (16, 6), (28, 3)):
        yield 17, 300, tile, most
        yield 300, 17, tile, most
    pick = random.Random(1)
    for _ in range(200):
        tile, most = pick.choice([(8, 3), (14, 6), (16, 4), (28, 2), (20, 5)])
        sides = [max(1, int(math.exp(pick.uniform(0, math.log(6 * tile))))) for _ in range(2)]
        yield *sides, tile, most


def main():
    SAMPLES.mkdir(exist_ok=True)
    for old in SAMPLES.iterdir():
        old.unlink()
    entries = []
    for name, data, exact in samples():
        (SAMPLES / name).write_bytes(data)
        entries.append(sample_entry(name, data, exact))
    (HERE / "samples.json").write_text(json.dumps(entries, indent=0) + "\n")
    table = []
    for width, height, tile, most in shapes():
        pixels, ratio_id, count = tiles(pattern(width, height), tile, most)
        table.append([width, height, tile, most, ratio_id, count, digest(pixels)])
    lines = ",\n".join(json.dumps(row) for row in table)
    (HERE / "shapes.json").write_text(f"[\n{lines}\n]\n")
    print(len(entries), "samples,", len(table), "shapes, tile counts", sorted({row[5] for row in table}))


if __name__ == "__main__":
    main()
