"""Parts of a page that draw themselves again every few seconds, as long as something goes on."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from pages.session.streamlit_internals import session_id
from pages.session.watchers import watchers

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


def watching(view: Callable[P, None], usual: float | None) -> Callable[P, None]:
    """Return a view as a fragment that looks again and again at what others do.

    The more of them there are in this process, the less often each looks, so that a class that
    watches leaves the cores to what it watches.

    Args:
        view: draws; it runs as a fragment.
        usual: seconds between two looks while few watch; None for no second look.
    """
    if usual is None:
        return st.fragment(view)
    every, who = usual, (session_id(), view.__module__, view.__qualname__)
    pace = watchers().pace(every)

    @wraps(view)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        watchers().look(who, pace)
        if not watchers().fits(pace, every):
            st.rerun()
        view(*args, **kwargs)

    return st.fragment(drawn, run_every=pace)
