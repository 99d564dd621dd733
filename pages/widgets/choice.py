"""One of a few options, as buttons side by side, kept in the URL."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar

import streamlit as st

from pages.session.guard import check_url
from pages.session.streamlit_internals import DeltaGenerator

Option = TypeVar("Option")


def choice(
    caption: str,
    titles: Mapping[Option, str],
    key: str,
    *,
    default: Option | None = None,
    on_change: Callable[[], None] | None = None,
    notes: DeltaGenerator | None = None,
    former: Mapping[str, Option] | None = None,
    **options: Any,
) -> Option:
    """Draw the options and return the chosen one; the URL may name it, and is told of it.

    Args:
        caption: of the widget.
        titles: what is shown, by option.
        key: of the widget, and of the query parameter.
        default: what is chosen at first; by default the first option.
        on_change: called when another one is chosen.
        notes: where a sentence on the link has room, if not here.
        former: options by titles that earlier versions wrote into links.
        **options: of ``st.segmented_control``, such as ``help`` and ``label_visibility``.
    """
    first = next(iter(titles)) if default is None else default
    with notes or nullcontext():
        check_url(key, titles, former)
    chosen = st.segmented_control(
        caption,
        list(titles),
        default=first,
        required=True,
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        on_change=on_change,
        **options,
    )
    # What is in the session may be of other options than there are now.
    return chosen if chosen in titles else first
