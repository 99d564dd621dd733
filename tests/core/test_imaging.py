"""The image gate, on pictures made here."""

import io
import os
import struct
import time
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, TiffImagePlugin

from core.errors import ImageRejected
from core.imaging import formats, gate
from core.imaging.flatten import DARK_GROUND
from core.imaging.formats import MAX_JPEG_SCANS, recognise
from core.imaging.gate import MAX_SIDE, open_picture, safe_name

pillow_heif.register_heif_opener()


def encode(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def corner_picture() -> Image.Image:
    """48 x 32, grey, with a red upper left and a blue lower right corner."""
    image = Image.new("RGB", (48, 32), (128, 128, 128))
    image.paste((255, 0, 0), (0, 0, 16, 16))
    image.paste((0, 0, 255), (32, 16, 48, 32))
    return image


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, chunks: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + chunks + png_chunk(b"IEND", b"")


def camera_raw(tags: dict[int, int | bytes]) -> bytes:
    """Return a TIFF with a preview and these tags, as cameras' raw pictures are."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[tag] = value
        info.tagtype[tag] = 1 if isinstance(value, bytes) else 4
    return encode(corner_picture(), "TIFF", tiffinfo=info)


def rejected(data: bytes, name: str = "jacket.png") -> str:
    with pytest.raises(ImageRejected) as caught:
        open_picture(data, name)
    sentence = str(caught.value)
    assert sentence.endswith(".") and len(sentence) < 320
    return sentence


# ---- What passes the gate ----


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_each_format_passes_and_keeps_its_colours(form):
    picture = open_picture(encode(corner_picture(), form), f"a.{form.lower()}")
    assert picture.rgb.mode == "RGB" and picture.rgb.size == (48, 32) and picture.notes == ()
    pixels = np.asarray(picture.rgb).astype(int)
    assert np.abs(pixels[4, 4] - (255, 0, 0)).max() < 16
    assert np.abs(pixels[28, 44] - (0, 0, 255)).max() < 16


# What a camera stores for each orientation: the inverse of what has to be done to see it upright.
STORED = {
    1: [],
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_every_exif_orientation_is_turned_upright(orientation, form):
    stored = corner_picture()
    for operation in STORED[orientation]:
        stored = stored.transpose(operation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(encode(stored, form, exif=exif.tobytes()))
    difference = np.asarray(picture.rgb).astype(int) - np.asarray(corner_picture())
    assert picture.rgb.size == (48, 32) and np.abs(difference).mean() < 6
    turned = "Turned upright, as the camera noted." in picture.notes
    assert turned == (orientation > 1) or form == "HEIF"  # its library does not say
    assert not picture.rgb.getexif()


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("block", [b"MM\0j\0\0\0\x08\0\x01", b"II*\0\xff\xff\xff\xff", b"x" * 40])
def test_broken_exif_does_not_reject_an_intact_picture(form, block):
    data = encode(corner_picture(), form, exif=b"Exif\0\0" + block)
    assert open_picture(data).rgb.size == (48, 32)


def half_transparent(mode: str) -> Image.Image:
    """8 x 8, black; the left half fully transparent."""
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 4, 8))
    return image.convert(mode)


def palette_picture() -> Image.Image:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([9, 9, 9, 0, 0, 0])
    image.paste(0, (0, 0, 4, 8))
    return image


def with_key(mode: str, left, right) -> Image.Image:
    image = Image.new(mode, (8, 8), right)
    image.paste(left, (0, 0, 4, 8))
    return image


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(half_transparent("RGBA"), "PNG"), id="RGBA PNG"),
        pytest.param(encode(half_transparent("LA"), "PNG"), id="LA PNG"),
        pytest.param(encode(half_transparent("RGBA"), "WEBP", lossless=True), id="RGBA WebP"),
        pytest.param(encode(palette_picture(), "PNG", transparency=0), id="palette PNG"),
        pytest.param(encode(palette_picture(), "PNG", transparency=b"\0\xff"), id="palette alpha"),
        pytest.param(encode(palette_picture(), "GIF", transparency=0), id="palette GIF"),
        pytest.param(encode(with_key("L", 7, 0), "PNG", transparency=7), id="grey tRNS"),
        pytest.param(
            encode(with_key("RGB", (1, 2, 3), 0), "PNG", transparency=(1, 2, 3)), id="RGB tRNS"
        ),
        pytest.param(
            # 4-bit grey: the key 7 is in units of the file, 0 to 15, not of the decoded pixels
            png(8, 8, depth=4, chunks=png_chunk(b"tRNS", b"\0\x07")
                + png_chunk(b"IDAT", zlib.compress(b"\0\x77\x77\0\0" * 8))),
            id="4-bit grey tRNS",
        ),
        pytest.param(
            png(8, 8, depth=16, chunks=png_chunk(b"tRNS", b"\x12\x34")
                + png_chunk(b"IDAT", zlib.compress((b"\0" + b"\x12\x34" * 4 + b"\0\0" * 4) * 8))),
            id="16-bit grey tRNS",
        ),
        pytest.param(
            png(8, 8, depth=16, colour=2, chunks=png_chunk(b"tRNS", b"\x12\x34" * 3)
                + png_chunk(b"IDAT", zlib.compress((b"\0" + b"\x12\x34" * 12 + bytes(24)) * 8))),
            id="16-bit RGB tRNS",
        ),
    ],
)  # fmt: skip
def test_transparent_parts_become_white(data):
    picture = open_picture(data)
    pixels = np.asarray(picture.rgb)
    assert (pixels[:, :4] == 255).all() and (pixels[:, 4:] == 0).all()
    assert "Transparent parts were put on white." in picture.notes
    assert picture.alpha is None  # a rectangle is no cut-out


@pytest.mark.parametrize(("key", "left", "right"), [(0, DARK_GROUND, 255), (1, 255, 0)])
def test_the_transparent_colour_of_a_one_bit_picture(key, left, right):
    data = zlib.compress((b"\0\xf0" if key else b"\0\x0f") * 8)
    body = png_chunk(b"tRNS", bytes([0, key])) + png_chunk(b"IDAT", data)
    picture = open_picture(png(8, 8, depth=1, chunks=body))
    pixels = np.asarray(picture.rgb)
    assert (pixels[:, :4] == left).all() and (pixels[:, 4:] == right).all()
    assert "Transparent parts were put on" in picture.notes[0]


def test_half_transparency_is_mixed_with_white():
    pixels = np.asarray(open_picture(encode(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")).rgb)
    assert np.abs(pixels.astype(int) - 127).max() <= 1


def test_an_opaque_alpha_channel_is_not_worth_a_note():
    picture = open_picture(encode(Image.new("RGBA", (4, 4), "red"), "PNG"))
    assert picture.notes == () and picture.alpha is None


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_what_is_white_is_put_on_dark_grey(form):
    image = Image.new("RGBA", (48, 32), (0, 255, 0, 0))  # what is transparent has a colour, too
    ImageDraw.Draw(image).ellipse((8, 4, 40, 28), fill=(255, 255, 255, 255))
    picture = open_picture(encode(image, form, **({"lossless": True} if form == "WEBP" else {})))
    pixels, alpha = np.asarray(picture.rgb).astype(int), np.asarray(picture.alpha).astype(int)
    assert np.abs(pixels[16, 24] - 255).max() < 8 and alpha[16, 24] > 248
    assert np.abs(pixels[2, 2] - DARK_GROUND).max() < 8 and alpha[2, 2] < 8
    assert picture.notes == ("Transparent parts were put on dark grey, because the rest is light.",)


def test_the_alpha_is_turned_and_reduced_with_the_picture():
    image = Image.new("RGBA", (3200, 1600), (0, 0, 0, 0))
    ImageDraw.Draw(image).polygon([(0, 0), (799, 0), (0, 1599)], fill=(200, 0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = open_picture(encode(image, "PNG", exif=exif, compress_level=1))
    assert picture.alpha.size == picture.rgb.size == (800, 1600)
    alpha, reds = np.asarray(picture.alpha), np.asarray(picture.rgb)[..., 1] < 60
    assert alpha[5, 795] == 255 and not alpha[600:].any() and ((alpha > 200) == reds).mean() > 0.99


def test_16_bit_grey_is_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    picture = open_picture(encode(Image.fromarray(ramp), "PNG"))
    expected = np.arange(256).reshape(16, 16)
    assert np.abs(np.asarray(picture.rgb)[..., 0].astype(int) - expected).max() <= 1
    assert picture.notes == ("16-bit grey was reduced to 8 bits.",)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_a_tiff_of_numbers_that_are_no_colours(mode):
    assert "8 or 16 bits" in rejected(encode(Image.new(mode, (8, 8)), "TIFF"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF"])
def test_one_bit_and_grey_pictures(form):
    image = Image.new("L", (16, 16), 255)
    image.paste(0, (0, 0, 8, 16))
    image = image if form == "JPEG" else image.convert("1")
    pixels = np.asarray(open_picture(encode(image, form)).rgb)
    assert pixels[8, 2].max() < 10 and pixels[8, 13].min() > 245


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk(form):
    pixels = np.asarray(open_picture(encode(corner_picture().convert("CMYK"), form)).rgb)
    assert np.abs(pixels[4, 4].astype(int) - (255, 0, 0)).max() < 12


FRAMES = ["GIF", "WEBP", "PNG", "AVIF", "TIFF", "HEIF"]


def animation(form: str, *frames: Image.Image) -> bytes:
    options = {"lossless": True} if form == "WEBP" else {}
    return encode(frames[0], form, save_all=True, append_images=frames[1:], **options)


def framed(colour: str, size: int = 32) -> Image.Image:
    image = Image.new("RGB", (size, size), "white")
    image.paste(colour, (8, 8, size - 8, size - 8))
    return image


@pytest.mark.parametrize("form", FRAMES)
def test_of_an_animation_the_first_frame_is_used(form):
    picture = open_picture(animation(form, *map(framed, ("red", "lime", "blue"))))
    assert np.abs(np.array(picture.rgb.getpixel((16, 16))) - (255, 0, 0)).max() < 16
    assert len(picture.notes) == 1 and "only" in picture.notes[0]
    assert "shows something" not in picture.notes[0]


@pytest.mark.parametrize("form", FRAMES)
def test_of_an_animation_that_begins_blank_the_first_frame_that_shows_something_is_used(form):
    white, cream = Image.new("RGB", (32, 32), "white"), Image.new("RGB", (32, 32), "#fffffb")
    picture = open_picture(animation(form, white, cream, *map(framed, ("red", "lime"))))
    assert np.abs(np.array(picture.rgb.getpixel((16, 16))) - (255, 0, 0)).max() < 16
    assert picture.notes[0].endswith("that shows something is used.")


def test_an_animation_that_stays_blank_is_blank():
    white, cream = Image.new("RGB", (32, 32), "white"), Image.new("RGB", (32, 32), "#fffffb")
    picture = open_picture(animation("GIF", *[white, cream] * 40, framed("red")))
    assert picture.rgb.getextrema() == ((255, 255),) * 3
    assert picture.notes == ("The picture is animated: only its first frame is used.",)


@pytest.mark.parametrize(
    ("form", "size"),
    [
        ("JPEG", (4000, 3000)),
        ("PNG", (3300, 2000)),
        ("BMP", (1601, 400)),
        ("WEBP", (900, 3300)),
        ("TIFF", (3300, 2000)),
        ("AVIF", (1700, 900)),
        ("HEIF", (1700, 400)),
    ],
)
def test_big_pictures_are_reduced(form, size):
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    image.paste("blue", (size[0] // 2, size[1] // 2, *size))
    small = open_picture(encode(image, form)).rgb
    assert (
        max(small.size) == MAX_SIDE and abs(small.width / small.height - size[0] / size[1]) < 0.02
    )
    quarters = np.asarray(small.resize((2, 2), Image.Resampling.BOX)).astype(int)
    expected = np.array([[[255, 0, 0], [255, 255, 255]], [[255, 255, 255], [0, 0, 255]]])
    assert np.abs(quarters - expected).max() < 16


def test_a_photo_in_tiles_as_iphones_store_it():
    image = corner_picture().resize((720, 480), Image.Resampling.NEAREST)
    data = encode(image, "HEIF", tile_size=256)
    assert data.count(b"hvc1") > 5  # the items of a grid
    pixels = np.asarray(open_picture(data, "IMG_0001.HEIC").rgb).astype(int)
    assert pixels.shape == (480, 720, 3)
    assert np.abs(pixels - np.asarray(image)).mean() < 3


@pytest.mark.parametrize("size", [(2_000_000, 2), (2, 9001)])
def test_extreme_aspects_are_reduced_too(size):
    assert max(open_picture(encode(Image.new("L", size), "PNG")).rgb.size) <= MAX_SIDE


# ---- What the gate rejects ----


def test_an_empty_file():
    assert "is empty" in rejected(b"")


def test_more_than_25_megabytes():
    noise = encode(corner_picture(), "BMP") + os.urandom(gate.MAX_BYTES)
    assert "has 25.0 MB; at most 25 MB" in rejected(noise)


def test_exactly_25_megabytes_is_not_too_much():
    data = encode(corner_picture(), "BMP")
    assert open_picture(data + bytes(gate.MAX_BYTES - len(data))).rgb.size == (48, 32)


def test_a_header_that_claims_60_megapixels_without_any_pixels():
    assert "60.0 megapixels" in rejected(png(10_000, 6_000))


def test_a_real_60_megapixel_picture_that_compresses_to_nothing():
    assert "60.0 megapixels" in rejected(encode(Image.new("L", (10_000, 6_000)), "PNG"))


def test_a_header_beyond_the_limit_at_which_pillow_raises():
    assert "50 megapixels" in rejected(png(30_000, 30_000))


def test_a_single_pixel():
    assert "1 × 1" in rejected(encode(Image.new("L", (1, 1)), "PNG"))


def test_a_jpeg_of_hundreds_of_scans():
    data = encode(corner_picture(), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert "passes" in rejected(data[:-2] + scan * 100 + data[-2:])
    assert open_picture(data).rgb.size == (48, 32)


def test_what_comes_after_a_jpeg_is_no_scan():
    """A phone's moving photo is a JPEG with a video behind it, where any bytes may be."""
    data = encode(corner_picture(), "JPEG")
    assert open_picture(data + b"\xff\xda\0\2" * 2 * MAX_JPEG_SCANS).rgb.size == (48, 32)


@pytest.mark.parametrize(
    "segment", [b"\xff\xe0\0\2", b"\xff\xd0", b"\xff\1", b"\xff", b"\xff\xe0\0\0"]
)
def test_a_jpeg_of_millions_of_segments_is_judged_at_once(segment):
    data = b"\xff\xd8" + b"\xff\xe0\0\2" + segment * (20_000_000 // len(segment))
    begin = time.process_time()
    assert recognise(data).format == "JPEG"
    formats.too_many_scans(data)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("lead", [b"\r\n", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\n\r\n", bytes(128)])
def test_bytes_before_a_picture(form, lead):
    assert open_picture(lead + encode(corner_picture(), form)).rgb.size == (48, 32)


def test_too_many_bytes_before_a_picture():
    assert "not a picture" in rejected(bytes(5000) + encode(corner_picture(), "JPEG"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.8])
def test_truncated_files(form, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encode(Image.fromarray(noise), form)
    assert "jacket.png" in rejected(data[: int(len(data) * share)])


def test_a_damaged_checksum_in_a_png():
    data = bytearray(encode(corner_picture(), "PNG"))
    data[data.index(b"IEND") - 8] ^= 1
    assert "damaged" in rejected(bytes(data))


@pytest.mark.parametrize("data", [b"Dear Sir or Madam,\n" * 9, b"\0", b"PK\x03\x04" + bytes(99)])
def test_other_files_with_a_picture_name(data):
    assert "not a picture" in rejected(data)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(99), "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(99), "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf" + bytes(99), "AVIF"),
        (b"II*\0\x08\0\0\0" + bytes(99), "TIFF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(99), "video"),
        (b"\0\0\0\x08wide\0\0\0\0mdat" + bytes(99), "video"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(99), "video"),
        (b"\x1aE\xdf\xa3" + bytes(99), "video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99), "raw"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(99), "raw"),
        (camera_raw({254: 1, 330: 99}), "raw"),
        (camera_raw({50706: b"\1\4\0\0"}), "raw"),
        (b"\xff\n" + bytes(99), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "JPEG XL"),
        (encode(corner_picture(), "JPEG2000"), "JPEG 2000"),
        (encode(corner_picture(), "JPEG2000", no_jp2=True), "JPEG 2000"),
        (b"8BPS\0\1" + bytes(99), "Photoshop"),
        (b"gimp xcf v011" + bytes(99), "GIMP"),
        (encode(corner_picture(), "ICO"), "icon"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<SVG/>", "SVG"),
        (b"<?xml version='1.0'?><!--" + b"x" * 9999 + b"--><svg/>", "SVG"),
        (b"%PDF-1.7\n" + bytes(99), "PDF"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"PK\3\4" + bytes(99), "packed"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "document"),
    ],
)
def test_formats_that_are_not_read_are_named(data, named):
    assert named in rejected(data)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shirt (1).jpg", "shirt (1).jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\coat.png", "coat.png"),
        ("a\nb\0c\x1b[31m.png", "abc-31m.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800half.png", "half.png"),
        ("![x](http://evil.example/a.png)", "a.png)"),
        ("<img src=x onerror=alert(1)>", "-img src=x onerror=alert(1)-"),
        ("Größe 名前.webp", "Größe 名前.webp"),
        ("", "picture"),
        ("\n/", "picture"),
        ("x" * 500 + ".png", "x" * 59 + "…"),
    ],
)
def test_hostile_names_are_made_harmless(name, expected):
    assert safe_name(name) == expected
    assert f"“{expected}”" in rejected(b"", name)
