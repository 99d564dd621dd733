"""A run as one HTML file that answers offline and without a server."""

import base64
import hashlib
import html
import json
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from core.errors import AtelierError, ModelUnavailable
from core.export import versions
from core.export.format import Format
from core.export.told import Told, told
from core.networks.batches import Report
from core.networks.browser import ENGINE, layer_plans
from core.networks.weights import weights_of
from core.runs import Run

LARGEST = 25_000_000  # bytes of the file
ROOM = 200_000  # bytes of it for all but the weights
MOST_WORK = 3_000_000_000  # multiplications for one picture: some seconds in a browser

_FOLDER = Path(__file__).parent
# One after the other in one script.
_SCRIPTS = (
    ENGINE,
    _FOLDER / "imaging.js",
    _FOLDER / "salience.js",
    _FOLDER / "page.js",
)
_COLOUR = (
    "The middle of the picture is kept and shrunk to the size of the images that the network "
    "learned from, as in Atelier.",
)
_GREY = (
    "A drawing is cut to what was drawn, its lines become white on black and not thinner than "
    "a pen, and it is shrunk to the size of the images that the network learned from. This is "
    "exactly what Atelier does.",
    "Of a photo, the object is cut out and turned into such shades as the images have. On an even "
    "background this is what Atelier does, too; answers can differ a little, since browsers and "
    "Atelier read photo files with different programs. On an uneven background, such as a floor, "
    "Atelier cuts the object out with a method (GrabCut) that this page lacks, and sometimes "
    "the class differs. What is transparent in a picture becomes white here; Atelier takes it as "
    "the outline.",
)
_ON_LIGHT = "In the end the picture is negated: the network learned from dark on light."


def refuses(run: Run) -> str | None:
    """Return why the network of a run does not fit into a page, as a sentence, or None."""
    try:
        return _too_large(told(run))
    except AtelierError as error:
        return str(error)


def make(run: Run, report: Report) -> bytes:
    """Return the page.

    Raises:
        ModelUnavailable: the file of the network cannot be read, or is of another network.
        AtelierError: what the run says cannot be read.
    """
    return written(told(run)).encode()


def written(known: Told) -> str:
    """Return the page's text; what comes from people is escaped for where it stands.

    Raises:
        ModelUnavailable: the file of the network cannot be read, or is of another network.
        AtelierError: the images of the data set cannot be read.
    """
    layers = known.config.network.network(len(known.spec.classes))
    plan: dict[str, Any] = {
        "shape": known.spec.shape,
        "scale": known.config.network.scale,
        "networks": _networks(known),
        "layers": list(layer_plans(layers)),
        "classes": known.classes,
        "frame": known.spec.frame,
    }
    script = "\n".join(_text(path) for path in _SCRIPTS)
    style = _text(_FOLDER / "page.css")
    facts = {"Parameters": f"{known.parameters:,}", **known.figures}
    words = (f"{title}: {value}." for title, value in facts.items())
    return Template(_text(_FOLDER / "template.html")).substitute(
        title=html.escape(known.title),
        facts=html.escape(" ".join(words).replace(" %", "\u00a0%")),
        preparation="".join(f"<p>{sentence}</p>" for sentence in _preparation(plan["frame"])),
        version=html.escape(versions.atelier()),
        run=html.escape(known.run.id),
        # In a script element nothing but "<" could end it.
        plan=json.dumps(plan).replace("<", "\\u003c"),
        weights=_weights(known),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _too_large(known: Told) -> str | None:
    most = (LARGEST - ROOM) * 3 // 4 // 4  # base64 has 4 characters for 3 bytes
    if known.parameters > most:
        return (
            f"This network has {known.parameters:,} parameters, too many for a page that is to be "
            f"sent around: at most {most:,} fit. Train one of less width."
        )
    networks = _networks(known)
    askings = 1 if networks == 1 else 2 * networks  # each for the image and its mirror image
    work = known.config.network.multiplications(known.spec.shape, len(known.spec.classes))
    if askings * work > MOST_WORK:
        return (
            "This network is too slow for a page: it would take a browser many seconds for each "
            "picture. Train one of less width, or on smaller images."
        )
    return None


def _weights(known: Told) -> str:
    """Return all weights one after the other, float32, in base64."""
    arrays = weights_of(known.run).values()
    flat = np.concatenate([np.ravel(array) for array in arrays]).astype("<f4")
    if flat.size != known.parameters:
        raise ModelUnavailable(
            f"The network file of the run {known.run.id} has {flat.size:,} parameters, where its "
            f"settings say {known.parameters:,}. Train it again."
        )
    return base64.b64encode(flat.tobytes()).decode()


def _networks(known: Told) -> int:
    return 1 if known.run.result is None else known.run.result.networks


def _preparation(frame: dict[str, Any]) -> tuple[str, ...]:
    if frame["channels"] == 3:
        return _COLOUR
    return (*_GREY, _ON_LIGHT) if frame["light"] else _GREY


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which the page's policy knows its own script and style."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


FORMAT = Format(
    key="page",
    title="Web page",
    purpose="For a phone or a friend: one file that opens in any browser, offline, and answers "
    "to drawings and photos.",
    suffix=".html",
    make=make,
    quick=True,
    refuses=refuses,
)
