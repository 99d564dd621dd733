"""The colours of what is drawn: of classes, of runs, of good and bad, on light and on dark.

They stand in ``assets/palette.json`` and nowhere else. Python reads them here, and for files that
leave Atelier in ``core.export.report``; ``widgets.shared.register``
hands them to the JavaScript of every component as ``PALETTE`` and to its CSS as ``--good``,
``--class-0``, ...; ``.streamlit/config.toml`` repeats those that Streamlit itself draws with. The
tests hold all of it together, and measure contrast and what colour-blind eyes see.

A Python constant is the colour on light, so that a figure made with it is whole without a browser.
In the browser a component turns it into its counterpart on dark.
"""

import json
from typing import Any, Final

from core.settings import ASSETS

_SCHEMES = ("light", "dark")
_ALL: Final[dict[str, Any]] = json.loads((ASSETS / "palette.json").read_text(encoding="utf-8"))

PAPER: Final[str] = _ALL["paper"]["light"]
TEXT: Final[str] = _ALL["text"]["light"]
MUTED: Final[str] = _ALL["muted"]["light"]
GRID: Final[str] = _ALL["grid"]["light"]
GOOD: Final[str] = _ALL["good"]["light"]
BAD: Final[str] = _ALL["bad"]["light"]
CLASSES: Final[tuple[str, ...]] = tuple(_ALL["classes"]["light"])
"""Of the classes 0 to 9, and of other lines that need telling apart."""
RUNS: Final[tuple[str, ...]] = tuple(_ALL["runs"]["light"])
"""Of the runs A to F."""
ON_PICTURES: Final[str] = _ALL["bad"]["dark"]
"""Of marks that lie on a picture, whatever the page's theme: the orange that is bright."""

MARKERS: Final = ("", "circle", "square", "diamond", "x", "cross", "triangle-up", "star")
"""Plotly's, for ``class_marker``; the first ten classes need none."""


def class_colour(label: int) -> str:
    """Return a class's colour; from the eleventh class on the colours come again."""
    return CLASSES[label % len(CLASSES)]


def class_marker(label: int) -> str:
    """Return the marker on a class's line, which tells apart the classes that share a colour.

    It is empty for those that have the colour first. The dash stays free: it says whose line it is,
    network A's or B's.
    """
    return MARKERS[label // len(CLASSES) % len(MARKERS)]


def rgb(colour: str) -> tuple[int, int, int]:
    """Return a colour such as ``"#5b5bd6"`` as three values of 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def counterparts() -> dict[str, str]:
    """Return the colour on dark by that on light."""
    found: dict[str, str] = {}
    for each in _ALL.values():
        light, dark = (each[scheme] for scheme in _SCHEMES)
        pairs = [(light, dark)] if isinstance(light, str) else zip(light, dark, strict=True)
        found.update(pairs)
    return found


def in_javascript() -> str:
    """Return the declaration of ``PALETTE``: ``{light: {good, classes, ...}, dark: {...}}``."""
    by_scheme = {scheme: {name: each[scheme] for name, each in _ALL.items()} for scheme in _SCHEMES}
    return f"const PALETTE = {json.dumps(by_scheme, separators=(',', ':'))}"


def in_css() -> str:
    """Return the custom properties ``--good``, ``--bad``, ``--muted``, ... of a component's root.

    ``light-dark()`` follows the ``color-scheme`` that Streamlit gives the page.
    """
    lines = []
    for name, each in _ALL.items():
        light, dark = (each[scheme] for scheme in _SCHEMES)
        if isinstance(light, str):
            lines.append(f"  --{name}: light-dark({light}, {dark});")
        else:
            one = "class" if name == "classes" else "run"
            for number, (on_light, on_dark) in enumerate(zip(light, dark, strict=True)):
                lines.append(f"  --{one}-{number}: light-dark({on_light}, {on_dark});")
    return ".root {\n" + "\n".join(lines) + "\n}"
