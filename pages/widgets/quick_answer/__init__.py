"""One image and a question about it: large buttons with keys, against the clock if there is one."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from pages.widgets.picture import png_url
from pages.widgets.shared import register

_QUICK_ANSWER = register(__file__, "quick_answer")


def quick_answer(
    image: np.ndarray,
    answers: Sequence[str],
    *,
    number: int,
    count: int,
    on_answer: Callable[[object, object], None],
    key: str,
    left: float | None = None,
    most: float = 0.0,
    first_key: int = 0,
    attempt: int = 0,
) -> None:
    """Ask what an image is, and count the seconds if there is a limit.

    The clock here is for the eye. What counts is when the answer arrives, by who takes it.

    Args:
        image: uint8 (height, width) or (height, width, 3).
        answers: in the order of the buttons; those up to the key 9 have one.
        number: of the image, from 1.
        count: images.
        on_answer: gets the number of the image and that of the button, before the script runs; None
            as the button when the time was over. Both come from the browser: anything may be there.
        key: the element's key.
        left: seconds from now; None for no limit, and a larger picture.
        most: seconds that there were for it.
        first_key: the key of the first button, 0 or 1.
        attempt: another one lets the same image be answered again, after a refusal.
    """

    def answered() -> None:
        said = (st.session_state.get(key) or {}).get("said")
        if isinstance(said, dict):
            on_answer(said.get("number"), said.get("label"))

    _QUICK_ANSWER(
        key=key,
        data={
            "picture": png_url(image),
            "answers": list(answers),
            "number": number,
            "count": count,
            "left": left,
            "most": most,
            "first": first_key,
            "attempt": attempt,
        },
        on_said_change=answered,
    )
