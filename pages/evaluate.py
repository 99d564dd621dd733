"""Evaluate: what a finished network gets right and wrong on the test images."""

import numpy as np
import streamlit as st

from core import datasets, evaluation, runs
from core.errors import RunDamaged
from core.evaluation import Report
from pages.components import data, frame
from pages.components.confusion_grid import confusion_grid
from pages.components.curves import curves_of
from pages.components.gallery import gallery
from pages.components.live_chart import live_chart
from pages.components.pixels import pixel_image
from pages.components.probability_bars import probability_bars
from pages.components.run_picker import run_picker
from pages.components.wording import number, percent

COUNTS, SHARES = "Counts", "Share of the true class"
SHOWN = 48  # images of a cell
THREE = 3


def main() -> None:
    """Draw the page."""
    st.title("Evaluate", anchor=False)
    st.markdown("How good is a network on images it has never seen, and where does it go wrong?")
    run = run_picker("Network")
    if run.config is None:
        raise RunDamaged(f"This run cannot be shown: {run.reason}")
    spec = datasets.find(run.config.dataset)
    test = data.split(spec.name, "test")
    try:
        written = run.folder.evaluation.stat().st_mtime_ns
    except OSError:
        written = 0
    probabilities, report = data.evaluated(run.id, written)
    _figures(report, spec, len(test))
    with st.container(border=True):
        _confusion(run, spec, test, probabilities, report)
    with st.container(border=True):
        _three(run, spec, test, probabilities)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        _report(report)
    with right, st.container(border=True, height="stretch"):
        st.subheader("Curves", anchor=False)
        live_chart(curves_of(run), key=f"curves_{run.id}", height=230)


def _figures(report: Report, spec: datasets.DatasetSpec, count: int) -> None:
    matrix = np.array(report.matrix)
    pairs = matrix + matrix.T
    np.fill_diagonal(pairs, 0)
    first, second = np.unravel_index(np.triu(pairs).argmax(), pairs.shape)
    with st.grid(4, min_column_width=170):
        st.metric("Test accuracy", percent(report.accuracy, 2), border=True, height="stretch")
        st.metric("Test loss", number(report.loss), border=True, height="stretch")
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


def _confusion(
    run: runs.Run,
    spec: datasets.DatasetSpec,
    test: datasets.Split,
    probabilities: np.ndarray,
    report: Report,
) -> None:
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
            np.array(report.matrix),
            spec.classes,
            normalised=shown == SHARES,
            key=f"confusion_{run.id}",
            selected=None,
        )
    with images:
        if chosen is None:
            st.subheader("Images of a cell", anchor=False)
            st.caption("Nothing chosen yet. Try the strongest orange cell: the commonest mistake.")
            return
        _cell(spec, test, probabilities, *chosen)


def _cell(
    spec: datasets.DatasetSpec,
    test: datasets.Split,
    probabilities: np.ndarray,
    true: int,
    predicted: int,
) -> None:
    inside = evaluation.cell(probabilities, test.labels, true, predicted)
    verdict = "rightly" if true == predicted else "wrongly"
    st.subheader(f"{spec.classes[true]} taken for {spec.classes[predicted]}", anchor=False)
    st.caption(
        f"{len(inside):,} images, {verdict}. The surest answers first"
        + (f"; the first {SHOWN} are shown." if len(inside) > SHOWN else ".")
        if len(inside)
        else "No image is in this cell."
    )
    indices = inside[:SHOWN]
    captions = [percent(float(probabilities[index, predicted]), 0) for index in indices]
    gallery(
        data.pictures(test.images[indices]),
        captions,
        labels=[
            f"Test image {index}, {sure} sure"
            for index, sure in zip(indices, captions, strict=True)
        ],
        marked=[true != predicted] * len(indices),
        key="cell_images",
        tile=2 * spec.shape[0],
    )


def _three(
    run: runs.Run, spec: datasets.DatasetSpec, test: datasets.Split, probabilities: np.ndarray
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Three test images", anchor=False)
        if st.button("Three others", icon=":material/casino:"):
            st.session_state["three_seed"] = st.session_state.get("three_seed", 0) + 1
    chosen = evaluation.examples(test.labels, st.session_state.get("three_seed", 0), THREE)
    with st.grid(THREE, min_column_width=230):
        for place, index in enumerate(chosen):
            truth, answer = int(test.labels[index]), int(probabilities[index].argmax())
            with st.container():
                pixel_image(test.images[index], f"Test image {index}", width=112)
                right = answer == truth
                st.markdown(
                    f"**{spec.classes[answer]}** "
                    + ("✓ right" if right else f":red[✗ it is: {spec.classes[truth]}]")
                )
                probability_bars(
                    spec.classes,
                    probabilities[index].tolist(),
                    key=f"three_{place}",
                    truth=truth,
                )


def _report(report: Report) -> None:
    st.subheader("Classification report", anchor=False)
    rows = [*report.rows, *report.averages]
    share = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        {
            "Class": [row.name for row in rows],
            "Precision": [row.precision for row in rows],
            "Recall": [row.recall for row in rows],
            "F1": [row.f1 for row in rows],
            "Support": [row.support for row in rows],
        },
        hide_index=True,
        height="content",
        column_config={"Precision": share, "Recall": share, "F1": share},
    )


frame.draw(main)
