"""The boards of a task: what was handed in, and the end with what changed."""

import streamlit as st

from core.classroom import handins
from core.classroom.given import Given
from core.classroom.handins import EndLine, Line
from core.classroom.people import Person
from core.classroom.questions import What
from core.classroom.scores import Measure
from pages.widgets.ranking import place_words
from pages.widgets.table import table
from pages.words import percent

BANDS = (
    "Students whose difference may be chance share a place. A hand-in moves its line only where "
    "it is better by more than chance (the Ladder rule), so trying often does not climb."
)


def hand_in_board(who: Person, given: Given, *, mine: str | None = None) -> None:
    """Draw the board of what was handed in."""
    lines = handins.board(who, given.id)
    if not lines:
        st.caption("Nobody has handed in yet.")
        return
    st.markdown("**The board**")
    what = given.task.counts.what
    _table([_row(line, what, mine) for line in lines], key=f"board_{given.id}")
    if given.task.counts.blind:
        st.caption(f"Accuracy on the board's part of the test images, with its interval. {BANDS}")


def end_board(who: Person, given: Given, *, mine: str | None = None) -> None:
    """Draw the end: places on images that no board has shown, and who had fitted the board."""
    lines = handins.end(who, given.id)
    if not lines:
        st.caption("Nobody had handed in.")
        return
    st.markdown("**The end**, on images that no board has shown")
    _table([_end_row(line, mine) for line in lines], key=f"end_{given.id}")
    st.caption(
        "Board minus end: how much of the accuracy was of the board's images alone, with its "
        "interval; where that holds 0, chance explains it. Where intervals overlap and the paired "
        "test finds no difference, the places are a tie."
    )


def _row(line: Line, what: What, mine: str | None) -> dict[str, str]:
    standing = line.standing
    return {
        "Place": place_words(standing),
        "Name": _name(line, mine),
        _COLUMN[what]: measure_words(standing.measure, what),
        "Hand-ins": str(line.count),
    }


def _end_row(line: EndLine, mine: str | None) -> dict[str, str]:
    found = line.revealed
    moved = found.change
    change = "" if not moved else f" ({'up' if moved > 0 else 'down'} {abs(moved)})"
    low, high = found.end_share.interval
    return {
        "Place": f"{place_words(found.end)}{change}",
        "Name": _name(line, mine),
        "End": f"{percent(found.end_share.value, 2)} ({_between(low, high)})",
        "Board": percent(found.board_share.value, 2),
        "Board minus end": (
            f"{100 * found.gap.value:+.1f} ({100 * found.gap.low:+.1f} to "
            f"{100 * found.gap.high:+.1f}) points"
        ),
        "Validation": percent(found.validation.value, 2) if found.validation else "–",
    }


_COLUMN = {
    What.VALIDATION: "Test accuracy (board)",
    What.ROBUST: "Accuracy on worse images",
    What.PER_PARAMETER: "Accuracy per 1,000 parameters",
    What.TIME: "Seconds to the goal",
    What.ANSWER: "Answer",
}


def measure_words(measure: Measure, what: What) -> str:
    """Return what counts in words, with its interval where it has one."""
    if measure.value is None:
        return "–"
    if what is What.ANSWER:
        return "right" if measure.value else "wrong"
    if what is What.TIME:
        return f"{measure.value:.1f}"
    if what is What.PER_PARAMETER:
        return f"{measure.value:.4f}"
    if measure.low is None or measure.high is None:
        return percent(measure.value, 2)
    return f"{percent(measure.value, 2)} ({_between(measure.low, measure.high)})"


def _between(low: float, high: float) -> str:
    """Return an interval of shares in per cent, short enough for a phone."""
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _name(line: Line | EndLine, mine: str | None) -> str:
    name = line.member.name
    return f"{name} (you)" if line.member.public_id == mine else name


def _table(rows: list[dict[str, str]], *, key: str) -> None:
    columns = {head: [row[head] for row in rows] for head in rows[0]}
    table(columns, key=key, name="board")
