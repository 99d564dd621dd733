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
    good = [(run.id, whose) for run, whose in found if run.id not in odd]
    for run, why in [(run, why) for run, why in problems if why is not None][:SAID]:
        st.caption(f":material/block: {title_markdown(run)}: {literal(why or '')}")
    if len(odd) > SAID:
        st.caption(f":material/block: {count(len(odd) - SAID, 'more run')} cannot go along.")
    if not good:
        st.caption("There is no run to take home yet.")
        return
    parts = [good[at : at + layout.MOST_RUNS] for at in range(0, len(good), layout.MOST_RUNS)]
    if len(parts) > 1:
        st.caption(f"One ZIP holds at most {layout.MOST_RUNS} runs, so there are {len(parts)}.")
    for number, part in enumerate(parts, 1):
        file = name if len(parts) == 1 else f"{name.removesuffix('.zip')}-{number}.zip"
        made_file(
            f"Make a ZIP of {count(len(part), 'run')}",
            PROGRAM,
            asked(part, visitor_id(), file),
            file,
            key=key if number == 1 else f"{key}_{number}",
            help="For another Atelier: settings, curves and weights. Takes a second for ten runs.",
        )
