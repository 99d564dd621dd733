"""Runs, address: the runs that the URL names, and how they change there."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.errors import AtelierError
from core.runs import Run
from core.runs.access import owned
from pages.session.visitor import visitor_id

CHOSEN, COMPARED = "chosen", "runs"  # query parameters: runs with a tick, and those compared
CHOSEN_MOST = 100  # what a URL can carry
_PROBLEMS = "runs_problems"  # session state: sentences that a callback left for the page


def ids(name: str) -> list[str]:
    """Return the ids that a query parameter names, each once."""
    asked = st.query_params.get(name, "").split(",")
    return list(dict.fromkeys(each.strip() for each in asked if each.strip()))[:CHOSEN_MOST]


def put(**lists: Sequence[str]) -> None:
    """Change the URL in one step, which the browser's Back takes back in one step.

    Removing a name would be a second step, so an empty list stays there as one.
    """
    known = {name: some for name, some in lists.items() if some or name in st.query_params}
    st.query_params.update({name: ",".join(some[:CHOSEN_MOST]) for name, some in known.items()})


def choose(some: Sequence[str]) -> None:
    """Let these be the runs with a tick."""
    put(chosen=some)


def first_page() -> None:
    """Go back to the first page of the list, as what is listed is about to change."""
    st.session_state["runs_page"] = 1


def each_own(some: Sequence[str], action: Callable[[Run], None]) -> None:
    """Do something with runs of one's own; what fails becomes a sentence, the rest is done."""
    for run_id in some:
        try:
            action(owned(run_id, visitor_id()))
        except AtelierError as error:
            leave_problem(str(error))


def leave_problem(sentence: str) -> None:
    """Leave a sentence for the page that is drawn next: what a callback writes is not kept."""
    st.session_state.setdefault(_PROBLEMS, []).append(sentence)


def problems() -> None:
    """Show the sentences that callbacks have left."""
    for problem in st.session_state.pop(_PROBLEMS, []):
        st.error(problem, icon=":material/error:")
