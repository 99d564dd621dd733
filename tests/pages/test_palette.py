"""The palette: one for Python, CSS and JavaScript, and told apart by all eyes on light and dark."""

import json
import re
import tomllib

import numpy as np
import pytest
import streamlit as st

from core.settings import ROOT
from pages.widgets import palette, shared

SCHEMES = ("light", "dark")
ALL = json.loads((ROOT / "assets/palette.json").read_text(encoding="utf-8"))

# Protanopia, deuteranopia and tritanopia: Machado, Oliveira and Fernandes (2009), severity 1.0, on
# linear RGB.
EYES = {
    "usual": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# The least distance in OKLab (black and white are 1 apart). The palette of version 0.4.1 had 0.003.
APART = 0.07


def linear(colour: str) -> np.ndarray:
    part = np.array(palette.rgb(colour)) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2's ratio, 1 to 21."""
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson (2020), from linear RGB."""
    cones = rgb @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


def nearest(colours: list[str], eyes: str) -> float:
    """The least distance of two of them, as these eyes see them."""
    seen = [oklab(np.clip(EYES[eyes] @ linear(each), 0, 1)) for each in colours]
    return min(
        float(np.linalg.norm(one - other)) for i, one in enumerate(seen) for other in seen[i + 1 :]
    )


def test_the_measures_are_those_of_their_authors():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert oklab(linear("#ffffff")) == pytest.approx([1, 0, 0], abs=1e-3)
    assert oklab(linear("#ff0000")) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)
    # Red and green of one lightness: usual eyes tell them apart, deuteranopic ones hardly.
    assert nearest(["#c04000", "#608000"], "deutan") < 0.4 * nearest(
        ["#c04000", "#608000"], "usual"
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["classes", "runs", "good", "bad"])
def test_what_is_drawn_stands_out_from_its_background(name, scheme):
    colours = ALL[name][scheme]
    for each in [colours] if isinstance(colours, str) else colours:
        assert contrast(each, ALL["paper"][scheme]) >= 3, (name, each)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["text", "muted"])
def test_what_is_written_can_be_read(name, scheme):
    assert contrast(ALL[name][scheme], ALL["paper"][scheme]) >= 4.5
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][
        scheme
    ]
    assert contrast(ALL[name][scheme], theme["secondaryBackgroundColor"]) >= 4.5
    assert contrast(theme["linkColor"], theme["backgroundColor"]) >= 4.5


def test_white_can_be_read_on_the_buttons():
    assert contrast("#ffffff", palette.GOOD) >= 4.5


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["classes", "runs"])
def test_all_eyes_tell_them_apart(name, scheme, eyes):
    assert nearest(ALL[name][scheme], eyes) >= APART
    assert nearest([ALL["good"][scheme], ALL["bad"][scheme]], eyes) >= 2 * APART


def test_classes_that_share_a_colour_have_another_marker():
    looks = {(palette.class_colour(label), palette.class_marker(label)) for label in range(80)}
    assert len(looks) == 80
    assert palette.class_colour(13) == palette.class_colour(3)
    assert not any(palette.class_marker(label) for label in range(len(palette.CLASSES)))


def test_the_theme_has_the_same_colours():
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    for scheme in SCHEMES:
        shared = {
            "backgroundColor": "paper",
            "textColor": "text",
            "primaryColor": "good",
            "orangeColor": "bad",
            "chartCategoricalColors": "classes",
        }
        assert {key: theme[scheme][key] for key in shared} == {
            key: ALL[name][scheme] for key, name in shared.items()
        }


def test_every_colour_on_light_has_one_counterpart_on_dark():
    pairs = set()
    for each in ALL.values():
        light, dark = each["light"], each["dark"]
        pairs |= {(light, dark)} if isinstance(light, str) else set(zip(light, dark, strict=True))
    assert dict(pairs) == palette.counterparts()
    # Good is the first class's colour and bad the second's: the same colour means the same twice.
    assert len(pairs) == len(palette.counterparts())


def test_a_component_gets_the_palette_in_its_script_and_in_its_style(monkeypatch):
    given = {}
    monkeypatch.setattr(st.components.v2, "component", lambda name, **what: given.update(what))
    shared.register(str(ROOT / "pages/widgets/chart/__init__.py"), "chart", uses=("theme",))
    (constant,) = re.findall(r"^const PALETTE = (.*)$", given["js"], re.MULTILINE)
    for scheme in SCHEMES:
        assert json.loads(constant)[scheme] == {name: each[scheme] for name, each in ALL.items()}
    for line in ("--bad: light-dark(#e8590c, #ff9452);", "--run-5: light-dark(#2b2b33, #f0e442);"):
        assert line in given["css"]


def test_no_colour_is_written_by_hand():
    """Black, white and greys are free: masks, strokes and shadows have them on purpose."""
    found = []
    for path in sorted((ROOT / "pages").rglob("*.*")):
        if path.suffix not in (".py", ".js", ".css") or ".test." in path.name:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for colour in re.findall(r"#[0-9a-fA-F]{6}\b", line):
                red, green, blue = palette.rgb(colour)
                if max(red, green, blue) - min(red, green, blue) > 12:
                    found.append(f"{path.relative_to(ROOT)}:{number} {colour}")
    assert [each for each in found if "widgets/palette/" not in each] == []
