"""Evaluate, confusion: which classes are taken for which, and the images behind each cell."""

import streamlit as st

from core import evaluation
from pages.components.confusion_grid import confusion_grid
from pages.components.evaluate.looked import Looked
from pages.components.gallery import gallery
from pages.components.wording import percent

COUNTS, SHARES = "Counts", "Share of the true class"
SHOWN = 48  # images of a cell


def draw(looked: Looked) -> None:
    """Draw the view."""
    answers, spec = looked.answers, looked.spec
    matrix = evaluation.confusion(answers.labels, answers.predicted, len(spec.classes))
    grid, images = st.columns([3, 2], gap="large")
    with grid:
        st.subheader("Confusion matrix", anchor=False)
        st.caption(
            "Rows are the true classes, columns the answers. Press a cell to see its images."
        )
        shown = st.segmented_control(
            "Numbers",
            [COUNTS, SHARES],
            default=COUNTS,
            required=True,
            label_visibility="collapsed",
            key="numbers",
        )
        chosen = confusion_grid(
            matrix,
            spec.classes,
            normalised=shown == SHARES,
            key=f"confusion_{looked.run.id}",
            selected=None,
        )
    with images:
        if chosen is None:
            st.subheader("Images of a cell", anchor=False)
            st.caption("Nothing chosen yet. Try the strongest orange cell: the commonest mistake.")
            return
        _cell(looked, *chosen)


def _cell(looked: Looked, true: int, predicted: int) -> None:
    spec, answers = looked.spec, looked.answers
    inside = evaluation.cell(answers.probabilities, answers.labels, true, predicted)
    verdict = "rightly" if true == predicted else "wrongly"
    st.subheader(f"{spec.classes[true]} taken for {spec.classes[predicted]}", anchor=False)
    st.caption(
        f"{len(inside):,} images, {verdict}. The surest answers first"
        + (f"; the first {SHOWN} are shown." if len(inside) > SHOWN else ".")
        if len(inside)
        else "No image is in this cell."
    )
    shown = answers.at(inside[:SHOWN])
    captions = [percent(float(sure), 0) for sure in shown.probabilities[:, predicted]]
    gallery(
        looked.images(shown),
        captions,
        labels=[
            f"{shown.split.capitalize()} image {index}, {sure} sure"
            for index, sure in zip(shown.indices, captions, strict=True)
        ],
        marked=[true != predicted] * len(shown),
        key="cell_images",
        tile=2 * spec.shape[0],
    )
