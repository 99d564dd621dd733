"""What the address of the page Class says on arrival, from ``pages.session.doors``, read once."""

import streamlit as st

from pages.session.person import person
from pages.words.doors import PROBLEMS


def arrival() -> str | None:
    """Return what went wrong on the way here as a sentence, and take it out of the address.

    Raises:
        ClassroomUnavailable: the database does not answer.
    """
    problem = st.query_params.pop("problem", None)
    entered = st.query_params.pop("entered", None)
    if entered is not None and not _is_in(entered):
        problem = "cookies"
    return PROBLEMS.get(problem or "")


def _is_in(entered: str) -> bool:
    who = person()
    return who.teacher if entered == "teacher" else who.member is not None
