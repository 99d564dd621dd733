"""Odd and hostile pictures: each gives an input for a network or a sentence, never anything else.

The conformance pictures lie outside the repository; without them only the fuzzing runs.
"""

import io
import random
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core.errors import ImageRejected
from core.imaging.gate import open_picture
from core.imaging.prepare import prepare

pillow_heif.register_heif_opener()

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "images"
FILES = sorted(p for p in FOLDER.glob("*/*") if p.suffix in (".png", ".jpg"))
needs_pictures = pytest.mark.skipif(not FILES, reason=f"no conformance pictures in {FOLDER}")


def check(data: bytes, name: str) -> np.ndarray | None:
    """Return the input, or None if the file was rejected with a readable sentence."""
    try:
        pixels = prepare(open_picture(data, name).rgb).pixels
    except ImageRejected as error:
        sentence = str(error)
        assert sentence.endswith(".") and 40 < len(sentence) < 320 and sentence.isprintable()
        return None
    assert pixels.shape == (28, 28) and pixels.dtype == np.uint8
    return pixels


@needs_pictures
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_conformance_picture(path):
    pixels = check(path.read_bytes(), path.name)
    if path.parent.name == "pngsuite" and path.name.startswith("x"):
        assert pixels is None
    elif path.parent.name == "exif-orientation":
        assert pixels is not None


@needs_pictures
def test_intact_conformance_pictures_pass_the_gate():
    for path in FILES:
        if not path.name.startswith(("x", "s01")):  # broken on purpose; a single pixel
            assert open_picture(path.read_bytes(), path.name).rgb.mode == "RGB"


@needs_pictures
def test_orientation_does_not_change_the_picture():
    upright = None
    for path in sorted(FOLDER.glob("exif-orientation/Landscape_[1-8].jpg")):
        # Not what a network sees: where there is no garment, JPEG's noise decides what is cut out.
        picture = open_picture(path.read_bytes(), path.name).rgb.resize((60, 40))
        pixels = np.asarray(picture).astype(int)
        upright = pixels if upright is None else upright
        assert np.abs(pixels - upright).mean() < 6, path.name


def small_files() -> dict[str, bytes]:
    """One small file or more in each format, with noise and edges, EXIF and several frames."""
    noise = np.random.default_rng(5).integers(0, 90, (36, 48, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    image.paste((230, 220, 200), (12, 8, 36, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    more = {"save_all": True, "append_images": [image.rotate(90), image.rotate(180)]}
    kinds = {
        "plain.jpg": ("JPEG", image, {"exif": exif}),
        "progressive.jpg": ("JPEG", image, {"progressive": True}),
        "cmyk.jpg": ("JPEG", image.convert("CMYK"), {}),
        "preview.jpg": ("MPO", image, more),
        "plain.png": ("PNG", image, {"exif": exif}),
        "palette.png": ("PNG", image.quantize(16), {"transparency": 3}),
        "animated.png": ("PNG", image, more),
        "lossy.webp": ("WEBP", image, {"exif": exif}),
        "animated.webp": ("WEBP", image, more),
        "plain.gif": ("GIF", image, {}),
        "animated.gif": ("GIF", image, more),
        "plain.bmp": ("BMP", image, {}),
        "palette.bmp": ("BMP", image.quantize(16), {}),
        "plain.tif": ("TIFF", image, {"exif": exif}),
        "packed.tif": ("TIFF", image.convert("RGBA"), {"compression": "tiff_adobe_deflate"}),
        "pages.tif": ("TIFF", image, {"save_all": True, "append_images": [image.rotate(90)]}),
        "plain.avif": ("AVIF", image, {"exif": exif}),
        "animated.avif": ("AVIF", image, more),
        "plain.heic": ("HEIF", image, {"exif": exif.tobytes()}),
        "tiles.heic": ("HEIF", image.resize((192, 144)), {"tile_size": 64}),
    }
    files = {}
    for name, (form, picture, options) in kinds.items():
        buffer = io.BytesIO()
        picture.copy().save(buffer, form, **options)  # a saved picture keeps things of its format
        files[name] = buffer.getvalue()
    return files


def damage(data: bytes, chance: random.Random) -> bytes:
    """Truncate, flip up to eight bits, overwrite header bytes or cut a piece out."""
    broken = bytearray(data)
    way = chance.randrange(4)
    if way == 0:
        del broken[chance.randrange(len(broken)) :]
    elif way == 1:
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    elif way == 2:
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(min(160, len(broken)))] = chance.choice((0, 1, 127, 128, 255))
    else:
        start = chance.randrange(len(broken))
        del broken[start : start + chance.randint(1, 30)]
    return bytes(broken)


def test_damaged_files_raise_nothing_but_a_sentence():
    files = small_files()
    assert all(check(data, name) is not None for name, data in files.items())
    chance = random.Random(20240229)
    rejected = 0
    for trial in range(600):
        name = chance.choice(sorted(files))
        rejected += check(damage(files[name], chance), f"{trial} {name}") is None
    assert 150 < rejected < 590  # the damage is real, and not all of it fatal
