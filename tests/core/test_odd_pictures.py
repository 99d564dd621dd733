"""Pictures as people have them, gathered beside the project: each has its right outcome."""

import gzip

import pytest

from core import classify, networks, runs
from core.classify import Answer, Verdict
from core.errors import ImageRejected
from core.imaging.gate import Picture, open_picture
from core.settings import ROOT

ODD = next(
    (
        folder
        for folder in (above / "shared" / "data" / "odd-data" for above in ROOT.parents)
        if folder.is_dir()
    ),
    None,
)
pytestmark = pytest.mark.skipif(ODD is None, reason="the odd files are not beside the project")

TEE, TROUSER, BOOT = "T-shirt/top", "Trouser", "Ankle boot"
WHITE, DARK = "put on white", "put on dark grey"
# What the network says where a file is read, and a word of a note beside it.
READ = {
    "pic_16bit.png": (TEE, "16-bit"),
    "pic_16bit.tif.gz": (TEE, "16-bit"),
    "pic_anim.gif": (TEE, "only its first frame is"),
    "pic_anim.webp": (TEE, "only its first frame is"),
    "pic_anim_first_frame_blank.gif": (TEE, "first frame that shows something"),
    "pic_black_ink_on_transparent_tablet.png": (TEE, WHITE),
    "pic_blue_tee_on_transparent.png": (TEE, WHITE),
    "pic_chalk_on_green_board.png": (TEE, ""),
    "pic_cmyk.jpg": (TEE, ""),
    "pic_cutout_white_tee_transparent.png": (TEE, DARK),
    "pic_cutout_white_trouser_transparent.png": (TROUSER, DARK),
    "pic_drawing_1px_pen.png": (TEE, ""),
    "pic_drawing_hair_pen.png": (TEE, ""),
    "pic_drawing_on_squared_paper.png": (TEE, ""),
    "pic_drawing_with_frame.png": (TEE, ""),
    "pic_drawing_yellow_pen.png": (TEE, ""),
    "pic_exif_orientation_3.jpg": (TEE, "Turned upright"),
    "pic_exif_orientation_6.jpg": (TEE, "Turned upright"),
    "pic_exif_orientation_6.png": (TEE, "Turned upright"),
    "pic_exif_orientation_6.webp": (TEE, "Turned upright"),
    "pic_exif_orientation_8.jpg": (TEE, "Turned upright"),
    "pic_grey_progressive.jpg": (TEE, ""),
    "pic_jpeg_leading_garbage.jpg": (TEE, ""),
    "pic_jpeg_named.png": (TEE, ""),
    "pic_palette.png": (TEE, ""),
    "pic_palette_alpha.png": (TEE, WHITE),
    "pic_panorama_8to1.jpg": (TEE, ""),
    "pic_paper_lined_boot.jpg": (BOOT, ""),
    "pic_paper_lined_tee.jpg": (TEE, ""),
    "pic_paper_lined_trouser.jpg": (TROUSER, ""),
    "pic_paper_plain_boot.jpg": (BOOT, ""),
    "pic_paper_plain_tee.jpg": (TEE, ""),
    "pic_paper_plain_trouser.jpg": (TROUSER, ""),
    "pic_paper_squared_boot.jpg": (BOOT, ""),
    "pic_paper_squared_tee.jpg": (TEE, ""),
    "pic_paper_squared_trouser.jpg": (TROUSER, ""),
    "pic_paper_squared_faint_boot.jpg": (BOOT, ""),
    "pic_paper_squared_faint_tee.jpg": (TEE, ""),
    "pic_paper_squared_faint_trouser.jpg": (TROUSER, ""),
    "pic_phone_mpo.jpg": (TEE, ""),
    "pic_phone_screenshot_black_bars.png": (TEE, ""),
    "pic_phone_screenshot_shop_button.png": (TEE, ""),
    "pic_png_named.jpg": (TEE, ""),
    "pic_scan_2400_hairline.png": (TEE, ""),
    "pic_tee.avif": (TEE, ""),
    "pic_tee.tif.gz": (TEE, ""),
    "pic_tee.webp": (TEE, ""),
    "pic_tee_black_on_black.png": (TEE, ""),
    "pic_tee_blue_on_white.png": (TEE, ""),
    "pic_tee_off_centre_small.png": (TEE, ""),
    "pic_tee_white_on_white.png": (TEE, ""),
    "pic_tee_white_on_white_shop.jpg": (TEE, ""),
    "pic_tee_yellow_on_white.png": (TEE, ""),
    "pic_white_ink_on_transparent_tablet.png": (TEE, DARK),
    "pic_white_tee_on_transparent.png": (TEE, DARK),
}
# The quarters of a turn to the right that are offered, and what the network says then.
TURNED = {
    "pic_no_exif_lying_trouser.jpg": ({1, 3}, TROUSER),
    "pic_tee_sideways.png": ({1}, TEE),
    "pic_tee_upside_down.png": ({2}, TEE),
    "pic_trouser_sideways.png": ({1, 3}, TROUSER),
}
# What is said of a picture that is read, but shows more or other than it should.
ADVISED = {
    "pic_sheet_three_drawings.png": "There are 3 things",
    "pic_trouser_45deg.png": "lies at a slant",
    "pic_two_tees.png": "There are 2 things",
}
# Words of the sentence where a file is refused.
REFUSED = {
    "pic_1x1.png": "1 × 1 pixels",
    "pic_heic_named.jpg": "is a HEIC picture that is damaged",  # a head without a picture
    "pic_iphone_truncated.jpg": "damaged or incomplete",
    "pic_svg_long_comment.svg": "is an SVG drawing",
    "pic_tee.heic": "is a HEIC picture that is damaged",
    "pic_tee.ico": "is an icon (ICO)",
    "pic_tee.jp2": "is a JPEG 2000 picture",
    "pic_tee.jxl": "is a JPEG XL picture",
    "pic_tee.psd": "is a Photoshop document",
    "pic_tee.svg": "is an SVG drawing",
    "pic_tee_container.jxl": "is a JPEG XL picture",
    "pic_very_wide_blank.png": "single colour",
}


def opened(name: str) -> Picture:
    assert ODD is not None
    data = (ODD / name).read_bytes()
    return open_picture(gzip.decompress(data) if name.endswith(".gz") else data, name)


def answer(name: str) -> Answer:
    return classify.classify_picture(opened(name), networks.find(runs.BUNDLED))


@pytest.mark.parametrize("name", READ)
def test_it_is_read_and_recognised(name):
    expected, note = READ[name]
    picture, said = opened(name), answer(name)
    assert said.name == expected and said.verdict() in (Verdict.SURE, Verdict.GUESS)
    assert note in " ".join(picture.notes) and bool(note) == bool(picture.notes)


@pytest.mark.parametrize("name", TURNED)
def test_a_turn_is_offered(name):
    quarters, expected = TURNED[name]
    said = answer(name)
    turn = classify.better_turned(said, opened(name), networks.find(runs.BUNDLED))
    assert said.verdict() is not Verdict.SURE
    assert turn is not None and turn.quarters in quarters and turn.answer.name == expected


@pytest.mark.parametrize("name", ADVISED)
def test_what_it_shows_is_said_in_words(name):
    said = answer(name)
    assert said.verdict() is Verdict.NONE and ADVISED[name] in (said.hint or "")


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_what_to_do(name):
    with pytest.raises(ImageRejected) as caught:
        answer(name)
    assert REFUSED[name] in str(caught.value)


def test_every_picture_has_its_outcome():
    assert ODD is not None
    found = {path.name for path in ODD.glob("pic_*")}
    assert found == {*READ, *TURNED, *ADVISED, *REFUSED}
