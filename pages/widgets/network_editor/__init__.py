"""An editor of a network that is a stack of layers; what it makes of an image is seen at once.

The browser works out shapes, parameters, multiplications, receptive fields and the seconds of an
epoch itself (``shared/layer_stack.js``), so that no change waits for the server; the server reads
the stack again before anything is made of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.architectures import is_stack
from core.architectures.stack import MOST_CHARACTERS, MOST_LAYERS, RANGES
from core.architectures.survey import MOST_MULTIPLICATIONS, MOST_PARAMETERS
from core.jobs import EpochCosts
from pages.widgets.shared import register

MOST_NAME = 60  # characters, as of a run's name
_LIMITS = {
    "layers": MOST_LAYERS,
    "parameters": MOST_PARAMETERS,
    "multiplications": MOST_MULTIPLICATIONS,
    "ranges": {name: list(both) for name, both in RANGES.items()},
}

_NETWORK_EDITOR = register(__file__, "network_editor", uses=("layer_stack",))


def network_editor(
    text: str,
    named: str,
    *,
    shape: Sequence[int],
    classes: int,
    costs: EpochCosts,
    starts: Mapping[str, str],
    key: str,
    on_edit: Callable[[str, str], None],
) -> None:
    """Show a network and let a person change it.

    Args:
        text: of the network, as ``core.architectures.stack`` writes it.
        named: what it is called; may be empty.
        shape: of an image: height, width, channels.
        classes: of the answer.
        costs: what an epoch takes.
        starts: texts of networks to begin with, by title.
        key: the element's key.
        on_edit: gets text and name after a change, before the script runs. The text is of at most
            ``MOST_CHARACTERS`` and looks like a network's; whether it is one, is to be found out.
    """

    def edited() -> None:
        told = _told(key)
        if told is not None:
            on_edit(*told)

    _NETWORK_EDITOR(
        key=key,
        data={
            "text": text,
            "named": named,
            "shape": list(shape),
            "classes": classes,
            "costs": {
                "fixed": costs.fixed,
                "multiplication": costs.multiplication,
                "activation": costs.activation,
                "parameter": costs.parameter,
            },
            "limits": _LIMITS,
            "starts": [{"title": title, "text": each} for title, each in starts.items()],
            "at": _edit(key).get("at"),
        },
        on_edit_change=edited,
    )


def _edit(key: str) -> dict[str, Any]:
    # What the browser sends may be anything.
    value = (st.session_state.get(key) or {}).get("edit")
    return value if isinstance(value, dict) else {}


def _told(key: str) -> tuple[str, str] | None:
    """Return what the browser sent last, if it can be a network and a name."""
    text, named = _edit(key).get("text"), _edit(key).get("named")
    if not isinstance(text, str) or not isinstance(named, str):
        return None
    if len(text) > MOST_CHARACTERS or not is_stack(text):
        return None
    return text, named[:MOST_NAME]
