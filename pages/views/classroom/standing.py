"""How a class fares at this moment: everybody's curves, who leads, what trains and waits."""

import streamlit as st

from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.widgets.class_chart import class_chart, numbers
from pages.widgets.ranking import of_students, ranking

TICK = 2.0  # seconds between two looks


def standing(class_id: int, *, mine: str | None = None) -> None:
    """Draw it, and keep it up to date.

    Args:
        class_id: of the class.
        mine: public id of the student who looks, None for a teacher.
    """
    watching(_standing, TICK)(class_id, mine)


def _standing(class_id: int, mine: str | None) -> None:
    with sentences():
        now = data.class_overview(class_id)
        st.caption(numbers(now))
        lines = data.class_lines(class_id)
        if not lines:
            st.info(
                "Nobody has trained yet. The first curve appears here.",
                icon=":material/show_chart:",
            )
            return
        chart, board = st.columns([3, 2], gap="medium")
        with chart:
            st.markdown("**Everybody's curves**")
            class_chart(lines, key=f"class_chart_{class_id}", height=380)
            st.caption("Dots: validation accuracy after each epoch. Faint lines: training.")
        with board:
            st.markdown("**Best validation accuracy**")
            st.html(ranking(of_students(now.ranked), mine=mine))
