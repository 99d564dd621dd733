"""Several things in a picture, things that lie askew, cut-outs and squared paper: drawn here."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.imaging.advice import hint, slanted
from core.imaging.flatten import flatten
from core.imaging.gate import Picture
from core.imaging.prepare import Kind, Options, Prepared, prepare
from core.imaging.things import place_names, things

TEE = ((5, 1), (7, 1), (11, 3), (10, 5), (8, 4), (8, 11), (4, 11), (4, 4), (2, 5), (1, 3))


def tee(pen: ImageDraw.ImageDraw, left: int, top: int, size: int, **colours) -> None:
    """Draw a T-shirt into a square of ``size`` px."""
    pen.polygon([(left + x * size / 12, top + y * size / 12) for x, y in TEE], **colours)


def sheet(places: list[tuple[int, int]], size: tuple[int, int] = (600, 400), **colours):
    image = Image.new("RGB", size, "white")
    for left, top in places:
        tee(ImageDraw.Draw(image), left, top, 160, **(colours or {"fill": (40, 60, 140)}))
    return image


def mask_of(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((200, 200), bool)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("places", "names"),
    [
        ([(30, 100), (330, 100)], ["Left", "Right"]),
        ([(30, 10), (30, 210)], ["Upper", "Lower"]),
        ([(10, 100), (210, 100), (410, 100)], ["Left", "Middle", "Right"]),
    ],
)
@pytest.mark.parametrize("colours", [{"fill": (40, 60, 140)}, {"outline": "black", "width": 5}])
def test_several_things_are_counted_and_named(places, names, colours):
    prepared = prepare(sheet(places, **colours))
    boxes = things(prepared.mask)
    assert len(boxes) == len(places) and place_names(boxes) == names
    assert f"There are {len(places)} things" in (hint(prepared) or "")


def test_a_crop_to_one_of_them_shows_one_alone():
    image = sheet([(30, 100), (330, 100)])
    for box in things(prepare(image).mask):
        prepared = prepare(image, Options(box=box))
        assert hint(prepared) is None
        alone = prepare(sheet([(200, 100)]))
        assert np.abs(prepared.pixels.astype(int) - alone.pixels).mean() < 6


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(mask_of((20, 20, 120, 180)), id="one"),
        pytest.param(mask_of((20, 20, 120, 180), (140, 90, 160, 110)), id="a thing and a speck"),
        pytest.param(mask_of((20, 20, 120, 90), (20, 96, 120, 180)), id="a thing with a gap"),
        pytest.param(
            mask_of((20, 20, 180, 40), (20, 20, 40, 180), (80, 80, 120, 120)), id="inside another"
        ),
        pytest.param(
            mask_of(*[(x, y, x + 15, y + 15) for x in range(5, 190, 45) for y in (5, 95, 180)]),
            id="a pattern",
        ),
        pytest.param(np.zeros((200, 200), bool), id="nothing"),
    ],
)
def test_one_thing_is_not_several(mask):
    assert things(mask) == []


def bar(degrees: float, *, wide: int = 40) -> Prepared:
    image = Image.new("RGB", (300, 300), "white")
    image.paste((40, 60, 140), (150 - wide // 2, 60, 150 + wide // 2, 240))
    return prepare(image.rotate(degrees, fillcolor="white"))


@pytest.mark.parametrize("degrees", [30, 45, 60, -45, 120])
def test_what_is_long_and_askew_is_noticed(degrees):
    assert slanted(bar(degrees))


@pytest.mark.parametrize(("degrees", "wide"), [(0, 40), (90, 40), (8, 40), (45, 170)])
def test_what_stands_lies_or_has_no_direction_is_not_askew(degrees, wide):
    assert not slanted(bar(degrees, wide=wide))


def cut_out(colour: str, *, margin: int = 40, size: int = 240) -> Picture:
    image = Image.new("RGBA", (size + 2 * margin,) * 2, (0, 200, 0, 0))
    tee(ImageDraw.Draw(image), margin, margin, size, fill=colour)
    flat = flatten(image, 8)
    return Picture(flat.rgb, (), flat.alpha)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "colour",
    [(255, 255, 255), (250, 248, 244), (0, 0, 0), (64, 64, 64), (128, 128, 128), (255, 230, 0)],
)
def test_of_a_cut_out_its_outline_is_kept_whatever_its_colour(colour, kind):
    picture = cut_out(colour)
    prepared = prepare(picture.rgb, Options(kind=kind), alpha=picture.alpha)
    wanted = np.asarray(picture.alpha.resize(prepared.mask.shape[::-1])) > 127
    assert (prepared.mask ^ wanted).sum() < 0.03 * wanted.sum()
    assert (prepared.pixels > 20).mean() > 0.3


def test_of_a_cut_out_in_black_and_white_both_parts_are_kept():
    image = Image.new("RGBA", (320, 320), (0, 0, 0, 0))
    tee(ImageDraw.Draw(image), 40, 40, 240, fill=(255, 255, 255, 255))
    image.paste((0, 0, 0, 255), (150, 130, 170, 240))
    flat = flatten(image, 8)
    prepared = prepare(flat.rgb, Options(kind=Kind.PHOTO), alpha=flat.alpha)
    assert prepared.mask[128:180, 128].all()


def test_a_cut_out_that_fills_its_picture_is_negated_like_any_photo():
    picture = cut_out("#141418", margin=-20)
    prepared = prepare(picture.rgb, Options(kind=Kind.PHOTO), alpha=picture.alpha)
    assert prepared.pixels.max() > 200  # dark cloth becomes bright


@pytest.mark.parametrize("radius", [0, 40])
def test_a_window_with_round_corners_is_a_picture_and_no_cut_out(radius):
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((20, 20, 380, 380), radius, fill=(255, 255, 255, 255))
    tee(pen, 80, 80, 240, fill=(40, 60, 140, 255))
    flat = flatten(image, 8)
    mask = prepare(flat.rgb, alpha=flat.alpha).mask
    assert mask.mean() < 0.6


@pytest.mark.parametrize("colour", ["#c8d8f0", "#e0e0e0"])
def test_the_squares_of_the_paper_are_no_drawing(colour):
    image = Image.new("RGB", (600, 600), "white")
    pen = ImageDraw.Draw(image)
    for at in range(0, 600, 40):
        pen.line((at, 0, at, 600), fill=colour, width=1)
        pen.line((0, at, 600, at), fill=colour, width=1)
    plain = Image.new("RGB", (600, 600), "white")
    for each in (image, plain):
        tee(ImageDraw.Draw(each), 100, 100, 400, outline="#303080", width=6)
    options = Options(kind=Kind.SKETCH)
    lined, clean = prepare(image, options), prepare(plain, options)
    assert np.abs(np.subtract(lined.box, clean.box)).max() < 0.02
    assert (lined.mask ^ clean.mask).sum() < 0.2 * clean.mask.sum()


def test_a_light_drawing_with_dark_lines_stays_whole():
    image = Image.new("RGB", (600, 600), "white")
    tee(ImageDraw.Draw(image), 100, 100, 400, fill="#ffe0b0", outline="black", width=6)
    mask = prepare(image, Options(kind=Kind.SKETCH)).mask
    assert mask[128, 128]
