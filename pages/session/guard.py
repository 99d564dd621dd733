"""Errors that a person can do something about become a sentence on the page, never a traceback."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.errors import AtelierError, DataUnavailable
from pages.session.streamlit_internals import seed_widgets_anew


@contextmanager
def sentences() -> Iterator[None]:
    """Show an ``AtelierError`` raised inside as a sentence, and leave the rest of the page alone.

    A fragment needs its own: it reruns outside of the page's.
    """
    try:
        yield
    except DataUnavailable as error:
        st.warning(str(error), icon=":material/cloud_off:")
    except AtelierError as error:
        st.error(str(error), icon=":material/error:")


def check_url(key: str, titles: Mapping[Any, str], former: Mapping[str, Any] | None = None) -> None:
    """Take an option's name from the URL, and say so where the URL asks for none that exists.

    Call it before the widget with this key. Bound to the URL, a widget writes and reads the titles
    that people see (``?architecture=Deep+CNN``), and drops anything else without a word; here the
    names of the command line (``?architecture=deep-cnn``) work too.

    Args:
        key: of the widget, and of the query parameter.
        titles: what the widget shows, by option.
        former: options by titles that earlier versions wrote into links.
    """
    asked = st.query_params.get(key)
    if not asked or key in st.session_state or asked in titles.values():
        return
    names = {f"{each:g}" if isinstance(each, float) else str(each): each for each in titles}
    names |= {each: option for each, option in (former or {}).items() if option in titles}
    if asked in names:
        st.query_params[key] = titles[names[asked]]
        seed_widgets_anew()
        return
    st.warning(
        f"This link's {key.replace('_', ' ')} “{asked[:60]}” is unavailable; showing the default. "
        f"Available: {', '.join(titles.values())}.",
        icon=":material/link_off:",
    )


def check_url_number(key: str, low: float, high: float) -> None:
    """Say so where the URL gives a number that the widget with this key would not take.

    Call it before the widget, which drops such a value without a word.
    """
    asked = st.query_params.get(key)
    if not asked or key in st.session_state:
        return
    try:
        fits = low <= float(asked) <= high and (isinstance(low, float) or float(asked) % 1 == 0)
    except ValueError:
        fits = False
    if not fits:
        kind = "number" if isinstance(low, float) else "whole number"
        st.warning(
            f"This link's {key.replace('_', ' ')} “{asked[:60]}” is not a {kind} from {low:,g} to "
            f"{high:,g}; showing the default.",
            icon=":material/link_off:",
        )
