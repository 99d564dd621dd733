"""What the views of all activities have in common, those of students and those of teachers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import streamlit as st

from core.errors import ClassroomRefused, ClassroomUnavailable
from pages.session import data

PROBLEM = "activity_problem"  # session: why what was done last does not count
REFUSED = "activity_refused"  # session: counts what did not

Found = TypeVar("Found")


# -- A student -------------------------------------------------------------------------------------


def newest_first(
    found: Sequence[Found],
    none_yet: str,
    newest: Callable[[Found], None],
    earlier: Callable[[Found], None],
    title: Callable[[Found], str],
) -> None:
    """Draw the activities of one kind that a class had: the newest, and those before it folded.

    Args:
        found: the newest first.
        none_yet: what to say where there is none.
        newest: draws the first one.
        earlier: draws another one.
        title: of another one.
    """
    if not found:
        st.info(none_yet, icon=":material/hourglass_empty:")
        return
    newest(found[0])
    for each in found[1:]:
        with st.expander(title(each)):
            earlier(each)


# -- What is done before the page is drawn ---------------------------------------------------------


@contextmanager
def telling() -> Iterator[None]:
    """Keep what is refused in a callback until the page is drawn, and ``tell`` says it."""
    st.session_state.pop(PROBLEM, None)
    try:
        yield
    except (ClassroomRefused, ClassroomUnavailable) as error:
        st.session_state[PROBLEM] = str(error)
        st.session_state[REFUSED] = refusals() + 1


def tell(icon: str = ":material/info:") -> None:
    """Say once what was refused."""
    if (problem := st.session_state.pop(PROBLEM, None)) is not None:
        st.warning(problem, icon=icon)


def refusals() -> int:
    """Return how often something was refused."""
    number: int = st.session_state.get(REFUSED, 0)
    return number


# -- A teacher -------------------------------------------------------------------------------------


def state_badge(is_open: bool) -> None:
    """Say whether an activity is open."""
    if is_open:
        st.badge("Open", icon=":material/play_arrow:", color="green")
    else:
        st.badge("Closed", icon=":material/lock:", color="orange")


def wall_button(on_wall: bool, key: str, show: Callable[[bool], object]) -> None:
    """Draw the button that shows an activity on the board, or takes it off.

    Args:
        on_wall: whether it is there.
        key: of the button.
        show: lets the board show it, or not.
    """
    words = "Take it off the board" if on_wall else "Show it on the board"
    if st.button(words, icon=":material/co_present:", key=key):
        show(not on_wall)
        drawn_anew()


def drawn_anew() -> NoReturn:
    """Draw the page with what has just been done in the class."""
    data.forget_classes()
    st.rerun()
