"""Tables that can be taken away as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.files import csv_text


def table(
    columns: Mapping[str, Sequence[Any]],
    *,
    key: str,
    name: str,
    csv_columns: Mapping[str, Sequence[Any]] | None = None,
    **options: Any,
) -> Any:
    """Show a table with a CSV button under it.

    Args:
        columns: values by heading, all of the same length.
        key: the element's key.
        name: of the saved file, without a suffix.
        csv_columns: what the file holds instead, where the table's words hide plain numbers.
        **options: of ``st.dataframe``; by default it has no index and is as high as its rows.

    Returns:
        What ``st.dataframe`` returns: the selection, where there is one.
    """
    words = name.replace("-", " ").capitalize()
    all_options: dict[str, Any] = {"hide_index": True, "height": "content", "alt": words} | options
    held = columns if csv_columns is None else csv_columns
    with st.container(gap="xxsmall"):
        shown = st.dataframe(columns, key=key, **all_options)
        with st.container(horizontal=True, horizontal_alignment="right"):
            csv_button(list(held), zip(*held.values(), strict=True), key=f"{key}_csv", name=name)
    return shown


def csv_button(head: Sequence[str], rows: Iterable[Iterable[Any]], *, key: str, name: str) -> None:
    """Draw a button that saves rows under a head as ``name``.csv."""
    lines = list(rows)
    st.download_button(
        "CSV",
        lambda: csv_text(head, lines),  # made when it is asked for
        f"{name}.csv",
        "text/csv",
        key=key,
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        help=f"Save as {name}.csv, for a spreadsheet",
    )
