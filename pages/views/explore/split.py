"""The choice between training and test images, bound to ``?split=``."""

from collections.abc import Callable

import streamlit as st

from pages.session.closed import closed_to
from pages.widgets.choice import choice

SPLIT_TITLES = {"train": "Training", "test": "Test"}


def split_control(dataset: str, on_change: Callable[[], None] | None = None) -> str:
    """Draw the choice and return the split's name.

    While the test images are closed for who looks, there is nothing to choose, and a lock says why.
    """
    closed = closed_to(dataset)
    if closed is None:
        return choice("Split", SPLIT_TITLES, "split", on_change=on_change)
    st.segmented_control(
        "Split",
        ["train"],
        default="train",
        required=True,
        format_func=SPLIT_TITLES.__getitem__,
        key="split_open",
        help=closed,
    )
    return "train"
