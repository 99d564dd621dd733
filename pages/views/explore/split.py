"""The choice between training and test images, bound to ``?split=``."""

from collections.abc import Callable

from pages.widgets.choice import choice

SPLIT_TITLES = {"train": "Training", "test": "Test"}


def split_control(on_change: Callable[[], None] | None = None) -> str:
    """Draw the choice and return the split's name."""
    return choice("Split", SPLIT_TITLES, "split", on_change=on_change)
