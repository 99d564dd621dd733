"""Parts of a page that draw themselves again every few seconds, as long as something goes on."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")


def ticking(view: Callable[P, None], pace: Callable[[], float | None]) -> Callable[P, None]:
    """Return a view as a fragment that ticks while ``pace`` says so.

    Streamlit fixes how often a fragment runs when the whole page does. So the page is drawn anew
    whenever the pace is another one than then: to begin, to end, or to tick faster.

    Args:
        view: draws; it runs as a fragment.
        pace: returns the seconds between two draws, None for no ticking. It is asked before and
            after each draw and has to be quick.
    """
    begun = pace()

    @wraps(view)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        if pace() != begun:
            st.rerun()
        view(*args, **kwargs)
        if pace() != begun:
            st.rerun()

    return st.fragment(drawn, run_every=begun)
