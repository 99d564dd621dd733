"""Accuracies with their intervals under each other, all on one axis."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.evaluation import Share
from pages.widgets.shared import register
from pages.words import percent

_INTERVAL_PLOT = register(__file__, "interval_plot", uses=("theme", "run_mark"))


def interval_plots(
    letters: Sequence[str], accuracies: Mapping[str, Sequence[Share | None]]
) -> None:
    """Draw accuracies with their intervals under each other, all on one axis.

    Args:
        letters: of the runs.
        accuracies: by what they are called, one a run or None; nothing is drawn of all None.
    """
    ends = [
        end for shares in accuracies.values() for each in shares if each for end in each.interval
    ]
    for label, shares in accuracies.items():
        if any(shares):
            st.markdown(f"**{label}** and its 95 % confidence interval")
            _interval_plot(label, letters, shares, (min(ends), max(ends)))


def _interval_plot(
    label: str,
    letters: Sequence[str],
    shares: Sequence[Share | None],
    axis: tuple[float, float],
) -> None:
    rows = []
    for place, (letter, share) in enumerate(zip(letters, shares, strict=True)):
        if share is not None:
            low, high = share.interval
            words = f"{percent(share.value, 2)} ({share.interval_words})"
            rows.append(
                {
                    "letter": letter,
                    "place": place,
                    "low": low,
                    "high": high,
                    "at": share.value,
                    "words": words,
                }
            )
    _INTERVAL_PLOT(key=f"intervals_{label}", data={"label": label, "rows": rows, "axis": axis})
