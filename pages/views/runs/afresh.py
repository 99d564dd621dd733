"""Runs, start afresh: the next one at a shared computer does not go on as the last one."""

from collections.abc import Sequence

import streamlit as st

from core.runs import Run
from core.runs.access import owns
from pages.session.browser import start_afresh
from pages.session.person import person

EXPLANATION = (
    "Runs belong to a browser, and this one has some already. On a shared computer, start afresh: "
    "what you train from then on is yours alone. The runs of before stay on the server. From here "
    "nobody can change, share or delete them any more, and those that are not shared are no longer "
    "shown. This cannot be undone."
)


def afresh(seen: Sequence[Run], visitor: str) -> None:
    """Offer it where the browser owns runs. A member of a class leaves the class instead.

    Args:
        seen: the runs that the visitor sees.
        visitor: who looks.
    """
    if person().member is not None or not any(owns(run, visitor) for run in seen):
        return
    with st.popover("Not you?", icon=":material/person_off:"):
        st.markdown(EXPLANATION)
        st.button("Start afresh", type="primary", on_click=start_afresh)
