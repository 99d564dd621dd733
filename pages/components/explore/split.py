"""The choice between training and test images, bound to ``?split=``."""

from collections.abc import Callable

import streamlit as st

from core import datasets
from pages.components.guard import check_url

SPLIT_TITLES = {"train": "Training", "test": "Test"}


def split_control(on_change: Callable[[], None] | None = None) -> str:
    """Draw the choice and return the split's name."""
    check_url("split", SPLIT_TITLES)
    name = st.segmented_control(
        "Split",
        datasets.SPLITS,
        default="train",
        required=True,
        format_func=SPLIT_TITLES.__getitem__,
        key="split",
        bind="query-params",
        on_change=on_change,
    )
    return name if name in datasets.SPLITS else "train"
