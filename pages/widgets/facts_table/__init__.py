"""Facts of several runs side by side, one column a run."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets.shared import register
from pages.widgets.table import csv_button

_FACTS_TABLE = register(__file__, "facts_table", uses=("theme", "run_mark"))

Heads = Sequence[tuple[str, str]]
"""Letter and title of each run."""


def facts_table(
    heads: Heads, caption: str, rows: Sequence[Mapping[str, Any]], *, key: str, name: str
) -> None:
    """Show rows of facts, one column a run, with a CSV button under them."""
    _FACTS_TABLE(
        key=key,
        data={
            "caption": caption,
            "runs": [{"letter": letter, "title": title} for letter, title in heads],
            "rows": rows,
        },
    )
    lines = []
    for row in rows:
        lines.append([row["name"], *row["values"]])
        if "notes" in row:
            lines.append([f"{row['name']}, 95 % interval", *row["notes"]])
    with st.container(horizontal=True, horizontal_alignment="right"):
        csv_button(["", *(title for _, title in heads)], lines, key=f"{key}_csv", name=name)
