"""Runs, undo: what was deleted last can be brought back, also after a reload and in another tab."""

import itertools
import time
from collections.abc import Sequence

import streamlit as st

from core import runs
from core.errors import AtelierError
from core.runs.access import owns
from pages.session.visitor import visitor_id
from pages.views.runs.address import leave_problem
from pages.words import title_markdown

ONE_DELETION = 3.0  # seconds between deletions that one click made


def undo(visitor: str) -> None:
    """Offer to bring back what the visitor deleted last, if there is anything."""
    deleted = [(run, moment) for run, moment in runs.list_deleted() if owns(run, visitor)]
    batch = [run for run, _ in deleted[:1]]
    for (_, later), (run, earlier) in itertools.pairwise(deleted):
        if later - earlier > ONE_DELETION:
            break
        batch.append(run)
    if not batch:
        return
    minutes = max(1, round((deleted[0][1] + runs.DELETED_KEPT - time.time()) / 60))
    what = f"“{title_markdown(batch[0])}”" if len(batch) == 1 else f"{len(batch)} runs"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="runs_undo"):
        st.markdown(
            f":material/delete: Deleted {what}. You can undo this for {minutes} more "
            f"{'minute' if minutes == 1 else 'minutes'}.",
            width="stretch",
        )
        st.button(
            "Undo", icon=":material/undo:", on_click=_restore, args=([run.id for run in batch],)
        )


def _restore(ids: Sequence[str]) -> None:
    visitor = visitor_id()
    own = {run.id for run, _ in runs.list_deleted() if owns(run, visitor)}
    for run_id in ids:
        try:
            if run_id in own:
                runs.restore(run_id)
        except AtelierError as error:
            leave_problem(str(error))
