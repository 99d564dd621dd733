"""From a picture to the input of a network: photos, sketches, colour; on pictures made here."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.errors import ImageRejected
from core.imaging.advice import hint
from core.imaging.prepare import SWITCHES, Kind, Options, Prepared, Stage, naive, prepare
from core.imaging.scene import window_sum

PHOTO = Options(kind=Kind.PHOTO)


def extent(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left, right (inclusive) of what is not black."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def stages(prepared: Prepared) -> list[Stage]:
    return [step.stage for step in prepared.steps]


def shirt(background, cloth, *, size=(300, 400), box=(60, 80, 240, 340)) -> Image.Image:
    """A shaded rectangle on an even background: not flat enough to be taken for a drawing."""
    image = Image.new("RGB", size, background)
    left, top, right, bottom = box
    for y in range(top, bottom):
        share = 0.6 + 0.4 * (y - top) / (bottom - top)
        image.paste(tuple(round(share * v) for v in cloth), (left, y, right, y + 1))
    return image


def floor(size=(300, 400)) -> Image.Image:
    grain = np.random.default_rng(3).integers(60, 125, (size[1], size[0], 1), dtype=np.uint8)
    return Image.fromarray(np.repeat(grain, 3, axis=2))


def overlap(prepared: Prepared, truth: Image.Image) -> float:
    """Intersection over union of the mask with a drawn one."""
    mask = prepared.mask
    wanted = np.asarray(truth.convert("L").resize(mask.shape[::-1])) > 127
    return (mask & wanted).sum() / (mask | wanted).sum()


# ---- Photos ----


@pytest.mark.parametrize(
    ("background", "cloth"),
    [
        ((255, 255, 255), (90, 40, 40)),
        ((200, 190, 180), (250, 90, 90)),
        ((0, 0, 0), (200, 200, 200)),
        ((60, 70, 80), (230, 230, 90)),
    ],
)
def test_background_becomes_black_and_the_garment_fills_the_frame(background, cloth):
    prepared = prepare(shirt(background, cloth), PHOTO)
    assert prepared.pixels.shape == (28, 28) and prepared.pixels.dtype == np.uint8
    top, bottom, left, right = extent(prepared.pixels)
    assert (top, bottom) == (0, 27) and abs((right - left + 1) - 28 * 180 / 260) <= 1
    assert abs(left - (27 - right)) <= 1  # centred
    assert prepared.pixels[:, left + 1 : right].mean() > 60


def test_on_a_light_background_dark_cloth_becomes_bright_and_light_cloth_dark():
    image = shirt("white", (90, 40, 40))
    image.paste((225, 200, 200), (60, 210, 240, 340))
    pixels = prepare(image, PHOTO).pixels
    assert pixels[5:12, 14].min() > 150 > 90 > pixels[16:25, 14].max()


def test_what_looks_like_fashion_mnist_already_is_not_negated():
    step = next(s for s in prepare(shirt((0, 0, 0), (200, 200, 200)), PHOTO).steps
                if s.stage is Stage.NEGATE)  # fmt: skip
    assert "black already" in step.sentence


@pytest.mark.parametrize("cloth", [(255, 255, 255), (0, 0, 0), (30, 60, 200), (200, 30, 30)])
def test_plain_cloth_on_a_grainy_floor_is_cut_out_and_does_not_vanish(cloth):
    image, truth = floor(), Image.new("L", (300, 400))
    for drawn, colour in ((image, cloth), (truth, 255)):
        ImageDraw.Draw(drawn).ellipse((60, 60, 240, 320), colour)
    prepared = prepare(image, PHOTO)
    assert overlap(prepared, truth) > 0.9
    assert prepared.pixels[6:22, 11:17].min() >= 30
    top, _, left, _ = extent(prepared.pixels)
    assert prepared.pixels[top : top + 3, left : left + 3].max() == 0  # the floor beside the curve


def test_a_garment_that_reaches_out_of_the_picture_keeps_its_end():
    image, truth = floor(), Image.new("L", (300, 400))
    for drawn, colour in ((image, (30, 60, 200)), (truth, 255)):
        ImageDraw.Draw(drawn).rectangle((90, 60, 210, 400), colour)
    prepared = prepare(image, PHOTO)
    assert overlap(prepared, truth) > 0.9 and prepared.mask[-1].any()


def test_a_soft_shadow_on_white_is_no_garment():
    truth = Image.new("L", (300, 300))
    ImageDraw.Draw(truth).rectangle((80, 60, 200, 240), 255)
    shade = np.roll(np.asarray(truth.filter(ImageFilter.GaussianBlur(9))), (10, 10), (0, 1))
    image = Image.fromarray((255 - 0.22 * shade).astype(np.uint8)).convert("RGB")
    image.paste((90, 50, 50), mask=truth)
    assert overlap(prepare(image, PHOTO), truth) > 0.9


def test_the_strap_of_a_hanger_is_left_out():
    image = floor()
    draw = ImageDraw.Draw(image)
    draw.rectangle((80, 140, 220, 330), (30, 60, 200))
    draw.line((150, 20, 150, 140), (30, 60, 200), 4)
    rows = np.flatnonzero(prepare(image, PHOTO).mask.any(axis=1))
    assert rows[0] > 0.28 * len(prepare(image, PHOTO).mask)


def test_the_same_picture_gets_the_same_mask():
    image = floor()
    ImageDraw.Draw(image).ellipse((60, 60, 240, 320), (140, 90, 60))
    first, second = prepare(image, PHOTO), prepare(image, PHOTO)
    assert np.array_equal(first.mask, second.mask)


@pytest.mark.parametrize("box", [(20, 20, 26, 28), (900, 700, 990, 790), (0, 0, 50, 60)])
def test_small_and_off_centre_content_is_found(box):
    picture = shirt((255, 255, 255), (120, 60, 60), size=(1000, 800), box=box)
    top, bottom, left, right = extent(prepare(picture, PHOTO).pixels)
    aspect = (box[2] - box[0]) / (box[3] - box[1])
    assert max(bottom - top, right - left) >= 26
    assert abs((right - left + 1) / (bottom - top + 1) - aspect) < 0.3


def test_specks_do_not_widen_the_crop():
    clean, specked = (shirt((255, 255, 255), (90, 40, 40)) for _ in range(2))
    for x, y in [(5, 5), (290, 12), (150, 395), (8, 380)]:
        specked.paste((0, 0, 0), (x, y, x + 2, y + 2))
    difference = prepare(clean, PHOTO).pixels.astype(int) - prepare(specked, PHOTO).pixels
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("size", [(1600, 200), (200, 1600), (1600, 2), (2, 1600), (2, 2), (28, 28)])
@pytest.mark.parametrize("kind", list(Kind))
def test_any_aspect_gives_the_frame(size, kind):
    image = Image.new("RGB", size, "white")
    image.paste((70, 20, 20), (0, 0, max(1, size[0] // 2), max(1, size[1] // 2)))
    pixels = prepare(image, Options(kind=kind)).pixels
    assert pixels.shape == (28, 28) and pixels.any()


@pytest.mark.parametrize("seed", [0, 1])
def test_pure_noise_gives_an_input(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    assert prepare(Image.fromarray(noise), PHOTO).pixels.any()


def shoe() -> Image.Image:
    """A boot with its toe to the left, shaded from top to bottom."""
    image, mask = Image.new("RGB", (400, 300), "white"), Image.new("L", (400, 300))
    outline = [(60, 200), (180, 150), (230, 60), (340, 60), (340, 240), (60, 240)]
    ImageDraw.Draw(mask).polygon(outline, 255)
    shades = np.linspace(120, 20, 300).astype(np.uint8)[:, None, None]
    cloth = np.broadcast_to(shades, (300, 400, 3))
    return Image.composite(Image.fromarray(cloth.copy()), image, mask)


def test_the_toe_is_turned_to_the_left_unless_switched_off():
    left = prepare(shoe(), PHOTO)
    turned = shoe().transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    right = prepare(turned, PHOTO)
    kept = prepare(turned, Options(kind=Kind.PHOTO, off=frozenset({Stage.MIRROR})))
    assert not left.mirrored and right.mirrored and not kept.mirrored
    assert np.abs(left.pixels.astype(int) - right.pixels).mean() < 8
    assert np.abs(left.pixels.astype(int) - kept.pixels).mean() > 20


# ---- Steps, switches, brush and crop ----


@pytest.mark.parametrize("kind", list(Kind))
def test_steps_tell_the_way_and_end_with_the_input(kind):
    prepared = prepare(shirt((250, 250, 250), (90, 40, 40)), Options(kind=kind))
    assert stages(prepared)[0] is Stage.ORIGINAL and stages(prepared)[-1] is Stage.FIT
    for step in prepared.steps:
        assert step.title and step.sentence.endswith(".") and step.image.dtype == np.uint8
    assert np.array_equal(prepared.steps[-1].image, prepared.pixels)


@pytest.mark.parametrize(("kind", "stage"), [(k, s) for k in Kind for s in SWITCHES[k]])
def test_a_step_that_is_switched_off_says_so(kind, stage):
    picture = shirt((250, 250, 250), (90, 40, 40))
    prepared = prepare(picture, Options(kind=kind, off=frozenset({stage})))
    assert prepared.pixels.shape == (28, 28)
    assert not any(step.on for step in prepared.steps if step.stage is stage)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_found_before_is_used_again(kind, monkeypatch):
    picture = shirt((250, 250, 250), (90, 40, 40))
    erase = np.zeros((40, 40), bool)
    erase[:20] = True
    before = prepare(picture, Options(kind, erase=erase))
    others = [Options(kind), *(Options(kind, frozenset({stage})) for stage in SWITCHES[kind])]
    anew = [prepare(picture, other) for other in others]
    for name in ("photo.find_garment", "sketch.find_lines"):
        monkeypatch.delattr(f"core.imaging.{name}")  # asking again would fail
    for other, expected in zip(others, anew, strict=True):
        again = prepare(picture, other, before=before)
        assert np.array_equal(again.pixels, expected.pixels)
        assert np.array_equal(again.mask, expected.mask) and again.box == expected.box


def test_the_other_kind_looks_anew():
    picture = shirt((250, 250, 250), (90, 40, 40))
    sketched = prepare(picture, Options(Kind.SKETCH))
    again = prepare(picture, Options(Kind.PHOTO), before=sketched)
    assert np.array_equal(again.mask, prepare(picture, Options(Kind.PHOTO)).mask)


def test_the_brush_adds_and_erases():
    picture = shirt((250, 250, 250), (90, 40, 40))
    brush = np.zeros((40, 30), bool)
    brush[:20] = True
    found = prepare(picture, PHOTO).mask
    erased = prepare(picture, Options(kind=Kind.PHOTO, erase=brush)).mask
    added = prepare(picture, Options(kind=Kind.PHOTO, add=brush)).mask
    half = len(found) // 2
    assert found[:half].any() and not erased[:half].any() and added[:half].all()
    assert np.array_equal(erased[half + 1 :], found[half + 1 :])


def test_the_brush_adds_ink_to_a_sketch_and_takes_it_away():
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).rectangle((40, 40, 160, 160), outline="black", width=6)
    brush = np.zeros((50, 50), bool)
    brush[24:28, 12:38] = True  # across the middle of the square, where the paper is white
    whole = (0.0, 0.0, 1.0, 1.0)
    before = prepare(image, Options(Kind.SKETCH, box=whole)).pixels
    added = prepare(image, Options(Kind.SKETCH, box=whole, add=brush)).pixels
    assert before[13:15, 10:18].max() == 0 and added[13:15, 10:18].min() > 100
    brush = np.ones((50, 50), bool)
    brush[:25] = False
    erased = prepare(image, Options(Kind.SKETCH, box=whole, erase=brush)).pixels
    assert before[16:].any() and not erased[16:].any() and erased[:12].any()


def test_the_crop_that_was_asked_for_is_used():
    box = (0.5, 0.25, 1.0, 1.0)
    assert prepare(shirt("white", (90, 40, 40)), Options(kind=Kind.PHOTO, box=box)).box == box


# ---- Advice ----


def test_a_clear_photo_needs_no_hint():
    prepared = prepare(shirt((250, 250, 250), (90, 40, 40)), PHOTO)
    assert hint(prepared) is None


def test_white_on_white_gets_its_hint():
    image = Image.new("RGB", (300, 400), (252, 252, 252))
    image.paste((242, 242, 242), (60, 80, 240, 340))
    prepared = prepare(image, PHOTO)
    assert "darker background" in (hint(prepared) or "")


def test_where_nothing_stands_out_the_hint_says_so():
    image = Image.new("RGB", (300, 400), (252, 252, 252))
    image.paste((246, 246, 246), (60, 80, 240, 340))
    image.putpixel((150, 200), (240, 240, 240))  # not one single colour
    prepared = prepare(image, PHOTO)
    assert "stands out" in (hint(prepared) or "")


def test_a_garment_that_fills_the_picture_gets_its_hint():
    picture = shirt("white", (90, 40, 40))
    everywhere = np.ones((8, 8), bool)
    everywhere[0, 0] = False
    prepared = prepare(picture, Options(kind=Kind.PHOTO, add=everywhere))
    assert "Step back" in (hint(prepared) or "")


def test_there_is_no_advice_on_a_mask_that_was_switched_off():
    options = Options(kind=Kind.PHOTO, off=frozenset({Stage.MASK}))
    assert hint(prepare(shirt("white", (90, 40, 40)), options)) is None


# ---- Sketches ----


def drawing(size: int, width: int, ink: str, ground: str) -> Image.Image:
    """The outline of trousers, as shares of the side."""
    image = Image.new("RGB", (size, size), ground)
    outline = [(0.3, 0.1), (0.7, 0.1), (0.8, 0.9), (0.6, 0.9), (0.5, 0.4), (0.4, 0.9),
               (0.2, 0.9), (0.3, 0.1)]  # fmt: skip
    ImageDraw.Draw(image).line([(x * size, y * size) for x, y in outline], ink, width)
    return image


@pytest.mark.parametrize(("size", "width"), [(280, 18), (280, 6), (280, 1), (1600, 1)])
@pytest.mark.parametrize(("ink", "ground"), [("white", "black"), ("black", "white")])
def test_drawings_keep_their_lines(size, width, ink, ground):
    prepared = prepare(drawing(size, width, ink, ground))
    assert prepared.kind is Kind.SKETCH and extent(prepared.pixels)[:2] == (0, 27)
    assert prepared.pixels.max() > 100  # thin lines survive the reduction
    assert prepared.pixels[25:, 13:15].max() < 30  # nothing between the legs


def test_a_drawing_with_several_pens_is_still_a_drawing():
    image = drawing(280, 5, "red", "white")
    for y, colour in [(60, "blue"), (90, "lime"), (110, "black"), (130, "purple")]:
        ImageDraw.Draw(image).line([(85, y), (195, y)], colour, 5)
    assert prepare(image).kind is Kind.SKETCH


def test_drawings_do_not_depend_on_the_polarity():
    light, dark = (prepare(drawing(280, 8, *c)).pixels for c in (("white", "black"),
                                                                 ("black", "white")))  # fmt: skip
    assert np.array_equal(light, dark)


def test_a_lone_dot_is_content_not_a_speck():
    image = Image.new("RGB", (100, 100), "white")
    image.paste("black", (50, 50, 52, 52))
    assert prepare(image).pixels.max() > 200


def test_a_person_overrules_the_guess():
    assert prepare(shirt("white", (200, 60, 60))).kind is Kind.PHOTO
    picture = drawing(280, 8, "black", "white")
    assert Stage.NEGATE in stages(prepare(picture, PHOTO))
    assert Stage.LINES in stages(prepare(picture, Options(kind=Kind.SKETCH)))


# ---- Colour, frames, blanks ----


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("colour", ["white", "black", "red"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_blank_picture_is_rejected(mode, colour, channels):
    with pytest.raises(ImageRejected, match="a single colour"):
        prepare(Image.new("RGB", (280, 280), colour).convert(mode), channels=channels)


def test_colour_data_sets_get_a_centre_crop_without_negation():
    image = Image.new("RGB", (300, 100), "blue")
    image.paste("red", (100, 0, 200, 100))
    image.paste("lime", (100, 0, 200, 50))
    prepared = prepare(image, height=32, width=32, channels=3)
    assert prepared.pixels.shape == (32, 32, 3) and prepared.pixels.dtype == np.uint8
    assert (prepared.pixels[:16] == (0, 255, 0)).all()
    assert (prepared.pixels[16:] == (255, 0, 0)).all()
    assert np.array_equal(prepared.steps[-1].image, prepared.pixels)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (32, 20), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_frames(height, width, channels):
    picture = shirt("white", (90, 40, 40))
    shape = prepare(picture, height=height, width=width, channels=channels).pixels.shape
    assert shape == ((height, width) if channels == 1 else (height, width, 3))


def test_the_naive_way_only_squeezes():
    image = Image.new("RGB", (300, 100), "white")
    assert (naive(image) == 255).all() and naive(image, channels=3).shape == (28, 28, 3)


@pytest.mark.parametrize("kind", Kind)
def test_for_a_data_set_on_a_light_ground_the_input_is_dark_on_light(kind):
    picture, options = shirt((255, 255, 255), (90, 40, 40)), Options(kind=kind)
    dark, light = prepare(picture, options), prepare(picture, options, light=True)
    assert (light.pixels == 255 - dark.pixels).all()
    assert (light.steps[-1].image == light.pixels).all()
    assert (light.mask == dark.mask).all() and stages(light) == stages(dark)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 23])
def test_a_window_counts_what_is_true_in_it_and_nothing_outside(size):
    mask = np.random.default_rng(size).random((17, 11)) < 0.4
    found, before = window_sum(mask, size), size // 2
    for row, column in np.ndindex(mask.shape):
        top, left = max(0, row - before), max(0, column - before)
        part = mask[top : max(0, row - before + size), left : max(0, column - before + size)]
        assert found[row, column] == part.sum()
