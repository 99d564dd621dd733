"""Take home, several: runs in one ZIP that another Atelier takes in."""

from collections.abc import Sequence

import streamlit as st

from core.export.run_zip import layout
from core.export.run_zip.pack import PROGRAM, asked
from core.export.run_zip.write import problem
from core.runs import Run
from pages.session.visitor import visitor_id
from pages.widgets.made_file import made_file
from pages.words import count, literal, title_markdown

SAID = 3  # runs that cannot go along and are named


def several_home(found: Sequence[tuple[Run, str]], name: str, *, key: str) -> None:
    """Draw what makes the ZIP, and what cannot go along.

    Args:
        found: the runs, each with the handle of its owner where that is to go along, else "".
        name: of the file.
        key: tells it from others.
    """
    problems = [(run, problem(run)) for run, _ in found]
    odd = {run.id for run, why in problems if why is not None}
    whole = [(run.id, whose) for run, whose in found if run.id not in odd]
    good = whole[: layout.MOST_RUNS]
    for run, why in [(run, why) for run, why in problems if why is not None][:SAID]:
        st.caption(f":material/block: {title_markdown(run)}: {literal(why or '')}")
    if len(odd) > SAID:
        st.caption(f":material/block: {count(len(odd) - SAID, 'more run')} cannot go along.")
    if len(good) < len(whole):
        st.caption(
            f":material/info: One ZIP has at most {count(layout.MOST_RUNS, 'run')}: these are the "
            f"first of {len(whole):,}. Choose the others on the page Runs, and take them in another."
        )
    if not good:
        st.caption("There is no run to take home yet.")
        return
    made_file(
        f"Make a ZIP of {count(len(good), 'run')}",
        PROGRAM,
        asked(good, visitor_id(), name),
        name,
        key=key,
        help="For another Atelier: settings, curves and weights. Takes a second for ten runs.",
    )
