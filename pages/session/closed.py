"""The test images that are closed for a class: said wherever they would be."""

import streamlit as st

from core.classroom.closed import why_closed
from core.runs import Run
from pages.session.visitor import visitor_id


def closed_to(dataset: str, run: Run | None = None) -> str | None:
    """Return why the test images of a data set are closed for who looks, as a sentence, or None.

    Args:
        dataset: the name of the data set.
        run: whose answers would be shown; they may be closed for everybody.
    """
    reason = why_closed(visitor_id(), dataset)
    return reason if reason is not None or run is None else run.closed


def tell(reason: str) -> None:
    """Draw the sentence."""
    st.info(reason, icon=":material/lock:")
