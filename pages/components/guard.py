"""Errors that a person can do something about become a sentence on the page, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import AtelierError, DataUnavailable


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


def unknown_in_url(options: dict[str, list[str]]) -> None:
    """Say so where the URL asks for a value that there is not; call before the widgets.

    Widgets bound to the URL drop such a value without a word and show their default.

    Args:
        options: the values there are, by the name of the query parameter.
    """
    for name, values in options.items():
        for asked in st.query_params.get_all(name):
            if asked and asked not in values:
                st.warning(
                    f"The link asks for {name} “{asked[:60]}”, which does not exist. What you see "
                    f"is the default. There are: {', '.join(values)}.",
                    icon=":material/link_off:",
                )
