"""Explore, take home: the data set as a file, whole or a sample, with the labels as judged."""

import streamlit as st

from core import datasets
from core.analysis.judgements import Verdict, judgements_of
from core.datasets import DatasetSpec
from core.export.data.forms import file_name
from core.export.data.wanted import Form, Wanted, Wrong
from core.export.data.worker import PROGRAM
from pages.session.guard import sentences
from pages.session.visitor import visitor_id
from pages.widgets.made_file import made_file

FORMS = {
    Form.CSV: "CSV, as on Kaggle",
    Form.FOLDERS: "ZIP of folders",
    Form.NPZ: "NumPy (.npz)",
}
FOR = {
    Form.CSV: "For spreadsheets and other programs: a line an image, its label and its pixels.",
    Form.FOLDERS: "For looking at and sorting by hand: a PNG an image, a folder a class.",
    Form.NPZ: "For Python: numpy.load reads images, labels and class names.",
}
WRONG = {
    Wrong.KEPT: "As they are",
    Wrong.LEFT_OUT: "Left out",
    Wrong.CHANGED: "As they look",
}


def take_data(spec: DatasetSpec) -> None:
    """Draw the button that opens the dialog."""
    if st.button(
        "Take home",
        icon=":material/download:",
        type="tertiary",
        key="take_data",
        help="This data set as a file: CSV, pictures in folders, or NumPy.",
    ):
        st.dialog("Take the data home", width="medium")(_dialog)(spec.name)


def _dialog(name: str) -> None:
    with sentences():
        spec, visitor = datasets.find(name), visitor_id()
        form = st.segmented_control(
            "Form", list(FORMS), default=Form.CSV, format_func=FORMS.__getitem__, key="data_form"
        )
        form = form or Form.CSV
        st.caption(FOR[form])
        images, seed = _sample(spec)
        wanted = Wanted(name, form, images, seed, _wrong(spec, visitor))
        made_file(
            "Make the file",
            PROGRAM,
            {"wanted": wanted.to_dict(), "visitor": visitor},
            file_name(wanted),
            key="data",
            help="Takes a few seconds to half a minute. The file can be downloaded for an hour.",
        )
        st.caption("Atelier reads each form again, under “Your data”.")


def _sample(spec: DatasetSpec) -> tuple[int | None, int]:
    """Let the visitor choose how many training images, and the seed of a sample."""
    most = spec.counts["train"] - spec.validation
    left, right = st.columns(2)
    images = left.number_input(
        "Training images",
        1,
        most,
        most,
        key=f"data_images_{spec.name}",
        help=f"All {most:,}, or a sample drawn evenly over the classes. All test images go along.",
    )
    seed = right.number_input(
        "Seed of the sample",
        0,
        2**31 - 1,
        0,
        key="data_seed",
        disabled=images == most,
        help="The same seed draws the same images.",
    )
    return (None, 0) if images == most else (int(images), int(seed))


def _wrong(spec: DatasetSpec, visitor: str) -> Wrong:
    """Let a visitor who called labels wrong choose what becomes of them."""
    judged = judgements_of(visitor, spec).values()
    wrong = sum(each.verdict is Verdict.WRONG for each in judged)
    if not wrong:
        return Wrong.KEPT
    chosen = st.segmented_control(
        f"Labels that you called wrong ({wrong:,})",
        list(WRONG),
        default=Wrong.KEPT,
        format_func=WRONG.__getitem__,
        key="data_wrong",
        help="Your judgements on Doubtful labels. As they look: the class that the networks see.",
    )
    return chosen or Wrong.KEPT
