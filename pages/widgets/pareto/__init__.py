"""What explains what share, the largest first: rows to pick from, with the share so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.widgets.shared import register

_PARETO = register(__file__, "pareto", uses=("arrow_keys",))


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        title: what it counts.
        count: how many.
        share: of all, 0 to 1.
        cumulative: share of this row and those above it.
        words: what a screen reader says and the mouse shows.
    """

    title: str
    count: int
    share: float
    cumulative: float
    words: str


def pareto(
    rows: Sequence[Row],
    *,
    key: str,
    label: str,
    selected: int | None,
    on_pick: Callable[[int], None],
) -> None:
    """Show rows as a Pareto chart in which each row is a button.

    Args:
        rows: the largest first.
        key: the element's key.
        label: what a screen reader says of the whole.
        selected: index of the row that is chosen.
        on_pick: is called with the index of the row that was pressed, before the page reruns.
    """

    def picked() -> None:
        # What the browser sends is not to be trusted: an index of these rows or nothing.
        index = st.session_state[key].picked
        if type(index) is int and 0 <= index < len(rows):
            on_pick(index)

    _PARETO(
        key=key,
        data={
            "rows": [
                {
                    "title": row.title,
                    "count": row.count,
                    "share": round(row.share, 5),
                    "cumulative": round(row.cumulative, 5),
                    "words": row.words,
                }
                for row in rows
            ],
            "selected": selected,
            "label": label,
        },
        on_picked_change=picked,
    )
