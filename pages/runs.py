"""Runs: all that was trained, to find, name, star, share, delete and compare."""

import streamlit as st

from core import runs
from core.runs import State
from core.runs.access import may_see
from pages.session import frame
from pages.session.visitor import visitor_id
from pages.views.runs import address
from pages.views.runs.actions import actions
from pages.views.runs.afresh import afresh
from pages.views.runs.bring import bring_runs
from pages.views.runs.compare import comparison
from pages.views.runs.filters import filters, nothing_found
from pages.views.runs.listing import listing
from pages.views.runs.order import in_order, valid_sort
from pages.views.runs.undo import undo


def main() -> None:
    """Draw the page."""
    st.title("Runs", anchor=False)
    visitor = visitor_id()
    asked = address.ids(address.COMPARED)
    if asked:
        comparison(asked, visitor, on_back=_back)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "All runs trained here or brought in. Select two to six to compare them.",
            width="stretch",
        )
        way_in = st.container(width="content")
    address.problems()
    bring_runs(visitor, way_in)
    undo(visitor)
    seen = [run for run in runs.list_runs() if may_see(run, visitor)]
    if not seen:
        with st.container(border=True):
            st.markdown("**No runs yet.** Train a network, and its run appears here.")
            st.page_link("pages/train.py", label="Train a network", icon=":material/show_chart:")
    seen += [run for run in runs.list_bundled() if run.state is State.FINISHED]
    if not seen:
        return
    sort = valid_sort(st.query_params.get("sort"))
    found = in_order(filters().matching(seen, visitor), sort)
    by_id = {run.id: run for run in seen}
    chosen = [by_id[each] for each in address.ids(address.CHOSEN) if each in by_id]
    if chosen:
        # Pinned, so that it stays in sight however long the table is.
        with st.bottom:
            actions(chosen, found, visitor)
    if found:
        listing(found, chosen, sort, visitor)
    else:
        nothing_found()
    afresh(seen, visitor)


def _back() -> None:
    """Leave the comparison; its runs are the selected ones."""
    address.put(runs=[], chosen=address.ids(address.COMPARED))


frame.draw(main)
