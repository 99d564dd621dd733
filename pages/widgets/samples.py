"""Pictures for those who have none at hand, as tiles to click; see ``?sample=``."""

from functools import cache

import numpy as np
import streamlit as st
from PIL import Image

from core.imaging.gate import Picture, open_picture
from core.settings import ASSETS
from pages.session.guard import check_url
from pages.widgets.gallery import gallery, sprite_sheet

# Where they come from and their licences: assets/samples/README.md.
FOLDER = ASSETS / "samples"
SAMPLES = {
    "t-shirt.jpg": "T-shirt",
    "trouser.jpg": "Jeans",
    "pullover.jpg": "Pullover",
    "dress.jpg": "Dress",
    "coat.jpg": "Coat",
    "sandal.jpg": "Sandal",
    "shirt.jpg": "Shirt",
    "sneaker.jpg": "Sneaker",
    "bag.jpg": "Bag",
    "ankle-boot.jpg": "Ankle boot",
    "drawn-t-shirt.png": "Drawn T-shirt",
    "drawn-bag.png": "Drawn bag",
    "drawn-boot.png": "Drawn boot",
    "cup.jpg": "Cup",
    "cap.jpg": "Cap",
}
THUMB = 144  # px; twice a tile's picture, for dense screens
TILE = 72  # CSS pixels

_OPENED = "sample_opened"  # session: name and picture of the sample that was opened last


def samples() -> Picture | None:
    """Draw the tiles and return the picture of the one that was clicked, None before."""
    check_url("sample", SAMPLES)
    names = list(SAMPLES)
    asked = st.query_params.get("sample", "")
    chosen = asked if asked in SAMPLES else _named(asked)
    st.caption(
        "Click one. Cup and cap are not classes of Fashion-MNIST; its networks should say so."
    )
    gallery(
        _thumbs(),
        list(SAMPLES.values()),
        key="samples",
        tile=TILE,
        smooth=True,
        selected=None if chosen is None else names.index(chosen),
        sprite=_sheet(),
        on_pick=lambda index: st.query_params.__setitem__("sample", SAMPLES[names[index]]),
    )
    if chosen is None:
        return None
    kept = st.session_state.get(_OPENED)
    if kept is None or kept[0] != chosen:
        kept = (chosen, open_picture((FOLDER / chosen).read_bytes(), SAMPLES[chosen]))
        st.session_state[_OPENED] = kept
    picture: Picture = kept[1]
    return picture


def _named(title: str) -> str | None:
    return next((name for name, each in SAMPLES.items() if each == title), None)


@cache
def _thumbs() -> np.ndarray:
    """Return the samples as uint8 (n, THUMB, THUMB, 3)."""
    thumbs = []
    for name in SAMPLES:
        with Image.open(FOLDER / name) as picture:
            thumbs.append(np.asarray(picture.convert("RGB").resize((THUMB, THUMB))))
    return np.stack(thumbs)


@cache
def _sheet() -> bytes:
    return sprite_sheet(_thumbs())
