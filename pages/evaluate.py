"""Evaluate: what a finished network gets right and wrong on images it did not learn from."""

import streamlit as st

from core import datasets, runs
from core.errors import DataUnavailable, RunDamaged
from core.evaluation import TEST, VALIDATION, Answers
from pages.session import data, frame
from pages.session.closed import closed_to, tell
from pages.session.guard import sentences
from pages.views.evaluate import confidence, confusion, examples, mistakes, report, robustness
from pages.views.evaluate.figures import compared, figures, gap
from pages.views.evaluate.looked import Looked
from pages.views.evaluate.seal import sealed
from pages.widgets.choice import choice
from pages.widgets.copy_link import copy_link
from pages.widgets.run_picker import other_picker, run_picker
from pages.widgets.take_home import take_home
from pages.widgets.task import task
from pages.words import title_markdown

PARTS = {VALIDATION: "Validation", TEST: "Test"}
VIEWS = {
    "confusion": ("Confusion", confusion.draw),
    "report": ("Report", report.draw),
    "confidence": ("Confidence", confidence.draw),
    "mistakes": ("Mistakes", mistakes.draw),
    "examples": ("Examples", examples.draw),
    "robustness": ("Robustness", robustness.draw),
}


def main() -> None:
    """Draw the page."""
    st.title("Evaluate", anchor=False)
    st.markdown("How good is a network on images it has never seen, and where does it go wrong?")
    # The part first: it decides which runs there are to compare with.
    notes = st.container()
    network, other_network, images = st.columns([5, 5, 3])
    with images:
        part = choice(
            "Images",
            PARTS,
            "part",
            notes=notes,
            help="Tune on the validation images. The test images come last, once.",
        )
    with network:
        run = run_picker("Network", notes=notes)
    if run.config is None:
        raise RunDamaged(f"This run cannot be shown: {run.reason}")
    with other_network:
        other = other_picker("Compare with", run, part)
    spec = datasets.find(run.config.dataset)
    reason = spec.missing()
    if reason is not None:  # before the seal, which nobody should break for nothing
        raise DataUnavailable(reason)
    if part == TEST and (closed := closed_to(spec.name, run)) is not None:
        tell(closed)
        return
    if part == TEST and not run.test_opened:
        sealed(run, spec)
        return
    kept = part == TEST and not run.unfinished  # if that file is gone, there is nothing to ask
    there = kept or data.answers_file(run, part).exists()
    if not there and task(part, run) is None:
        return
    if run.unfinished:
        st.caption(
            f":material/hourglass_bottom: This training is unfinished: {run.epochs} of "
            f"{run.config.recipe.epochs} epochs."
        )
    if part == VALIDATION and run.config.recipe.validation is None:
        st.caption(":material/rule: These are validation images that the data set came with.")
    looked = Looked(run, spec, data.answers(run, part), *_second(other, part))
    figures(looked)
    if part == TEST:
        gap(looked)
    compared(looked)
    titles = {name: title for name, (title, _) in VIEWS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choice("View", titles, "view")
        # Their heights differ, and beside each other they have one centre.
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="xsmall"
        ):
            _actions(run, looked.other)
    VIEWS[view][1](looked)


def _actions(run: runs.Run, other: runs.Run | None) -> None:
    st.page_link(
        "pages/inside.py",
        label="Inside",
        icon=":material/layers:",
        query_params={"run": run.id},
    )
    if not runs.is_bundled(run.id):
        st.page_link(
            "pages/train.py",
            label="Training",
            icon=":material/show_chart:",
            query_params={"run": run.id},
        )
    take_home(run, other)
    copy_link(key="evaluate_link")


def _second(other: runs.Run | None, part: str) -> tuple[runs.Run, Answers] | tuple[None, None]:
    """Return the second run with its answers; without them a sentence, and there is no second."""
    if other is not None:
        with sentences():
            try:
                return other, data.answers(other, part)
            except RunDamaged as error:
                raise RunDamaged(
                    f"“{title_markdown(other)}” cannot be compared: {error}"
                ) from error
    return None, None


frame.draw(main)
