"""Evaluate, report: precision, recall and F1 by class, and how the run came there."""

import streamlit as st

from core.evaluation import Report
from pages.components import data
from pages.components.curves import curves_of
from pages.components.evaluate.looked import Looked
from pages.components.live_chart import live_chart
from pages.components.table import table


def draw(looked: Looked) -> None:
    """Draw the view."""
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        _report(data.report(looked.run, looked.answers.part))
    with right, st.container(border=True, height="stretch"):
        st.subheader("Curves", anchor=False)
        live_chart(curves_of(looked.run), key=f"curves_{looked.run.id}", height=230)


def _report(report: Report) -> None:
    st.subheader("Classification report", anchor=False)
    rows = [*report.rows, *report.averages]
    share = st.column_config.NumberColumn(format="%.3f")
    table(
        {
            "Class": [row.name for row in rows],
            "Precision": [row.precision for row in rows],
            "Recall": [row.recall for row in rows],
            "F1": [row.f1 for row in rows],
            "Support": [row.support for row in rows],
        },
        key="report",
        name="classification-report",
        column_config={"Precision": share, "Recall": share, "F1": share},
    )
