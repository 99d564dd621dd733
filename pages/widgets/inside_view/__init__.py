"""A network laid open for one picture: the maps of every layer, and the arithmetic of each value.

The browser works all of it out from the network's weights, which it fetches once
(``pages.session.weights``). What was chosen there stands in the address: ``?at=``, the value whose
arithmetic is shown (layer, map, row, column); ``?off=``, the maps that are switched off; and
``?order=own``, where maps keep the layer's own order.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.networks import browser
from pages.widgets.shared import register

_PARTS = Path(__file__).parent / "parts"

_INSIDE_VIEW = register(
    __file__,
    "inside_view",
    uses=("address", "theme", "arrow_keys"),
    parts=(
        browser.ENGINE,
        browser.PROGRAM,
        _PARTS / "telling.js",
        _PARTS / "colouring.js",
        _PARTS / "frames.js",
        _PARTS / "arithmetic.js",
        _PARTS / "layers.js",
        _PARTS / "panel.js",
    ),
)


@dataclass(frozen=True)
class Reactions:
    """To how many images the parts of each layer react.

    Attributes:
        shares: of the images, 0 to 1, one a map or unit, by the layer's number; only of layers
            whose values are zero where they do not react.
        images: how many validation images there were.
    """

    shares: Mapping[int, Sequence[float]]
    images: int


def inside_view(
    plan: Mapping[str, Any],
    address: str,
    size: int,
    classes: Sequence[str],
    pixels: np.ndarray,
    name: str,
    *,
    others: Sequence[str] = (),
    label: int | None = None,
    reactions: Reactions | None = None,
    query: Mapping[str, str] | None = None,
    linked: bool = True,
    twin: bool = False,
    key: str,
) -> None:
    """Show the inside of a network.

    Args:
        plan: of ``core.networks.browser.network_plan``.
        address: where the browser gets the weights; another one for another network.
        size: of the weights, in bytes.
        classes: names in label order.
        pixels: the picture, uint8 of the plan's shape.
        name: of the picture.
        others: where the browser gets the weights of the networks that answer along with this one.
        label: its class, where it has one.
        reactions: what is known of parts that never react.
        query: what links to this network have in the address: its run, and of several networks
            that answer together which one.
        linked: whether what is chosen stands in the address; of two views, one at most.
        twin: whether it shows the network of a linked view, and so begins and goes on as that does.
        key: the element's key.
    """
    _INSIDE_VIEW(
        key=key,
        data={
            "plan": plan,
            "address": address,
            "bytes": size,
            "others": [{"address": each, "bytes": size} for each in others],
            "classes": list(classes),
            "picture": {
                "pixels": base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode(),
                "name": name,
                "label": label,
            },
            "reacts": None
            if reactions is None
            else {
                str(layer): [round(float(share), 4) for share in shares]
                for layer, shares in reactions.shares.items()
            },
            "images": 0 if reactions is None else reactions.images,
            "query": dict(query or {}),
            "linked": linked,
            "twin": twin,
        },
    )
