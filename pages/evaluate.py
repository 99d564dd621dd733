"""Evaluate: what a finished network gets right and wrong on images it did not learn from."""

import numpy as np
import streamlit as st

from core import datasets, evaluation
from core.errors import RunDamaged
from core.evaluation import Report
from pages.components import data, frame
from pages.components.evaluate import confidence, confusion, examples, mistakes, report
from pages.components.evaluate.looked import Looked
from pages.components.guard import check_url
from pages.components.run_picker import run_picker
from pages.components.wording import number, percent

VIEWS = {
    "confusion": ("Confusion", confusion.draw),
    "report": ("Report", report.draw),
    "confidence": ("Confidence", confidence.draw),
    "mistakes": ("Mistakes", mistakes.draw),
    "examples": ("Examples", examples.draw),
}


def main() -> None:
    """Draw the page."""
    st.title("Evaluate", anchor=False)
    st.markdown("How good is a network on images it has never seen, and where does it go wrong?")
    run = run_picker("Network")
    if run.config is None:
        raise RunDamaged(f"This run cannot be shown: {run.reason}")
    part = evaluation.TEST
    spec = datasets.find(run.config.dataset)
    looked = Looked(run, spec, data.answers(run, part))
    _figures(data.report(run, part), looked)
    titles = {name: title for name, (title, _) in VIEWS.items()}
    check_url("view", titles)
    view = st.segmented_control(
        "View",
        list(titles),
        default="confusion",
        required=True,
        format_func=titles.__getitem__,
        key="view",
        bind="query-params",
    )
    VIEWS[view if view in VIEWS else "confusion"][1](looked)


def _figures(report: Report, looked: Looked) -> None:
    spec, count, part = looked.spec, len(looked.answers), looked.answers.part.capitalize()
    matrix = np.array(report.matrix)
    pairs = matrix + matrix.T
    np.fill_diagonal(pairs, 0)
    first, second = np.unravel_index(np.triu(pairs).argmax(), pairs.shape)
    with st.grid(4, min_column_width=170):
        st.metric(f"{part} accuracy", percent(report.accuracy, 2), border=True, height="stretch")
        st.metric(f"{part} loss", number(report.loss), border=True, height="stretch")
        wrong = count - int(np.trace(matrix))
        st.metric(
            "Wrong answers",
            f"{wrong:,}",
            delta=f"of {count:,} images",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        st.metric(
            "Most confused",
            f"{pairs[first, second]:,} times",
            delta=f"{spec.classes[first]} / {spec.classes[second]}",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )


frame.draw(main)
