"""Evaluate, confusion: which classes are taken for which, and the images behind each cell."""

import re
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import evaluation
from core.evaluation import Answers
from pages.session.guard import sentences
from pages.views.evaluate import one_image
from pages.views.evaluate.looked import Looked
from pages.widgets.choice import choice
from pages.widgets.confusion_grid import Cell, Numbers, confusion_grid
from pages.widgets.gallery import gallery
from pages.widgets.table import csv_button
from pages.words import literal, sure_by, title_markdown

NUMBERS = {
    Numbers.COUNTS: "Counts",
    Numbers.ROWS: "% of the class",
    Numbers.COLUMNS: "% of the answers",
    Numbers.DIFFERENCE: "B − A",
}
SAID = {
    Numbers.COUNTS: "Rows are the true classes, columns the answers.",
    Numbers.ROWS: "Each row adds up to 100 %: how the images of a class were answered (recall).",
    Numbers.COLUMNS: "Each column adds up to 100 %: what the images with that answer really are "
    "(precision).",
    Numbers.DIFFERENCE: "How many more images B has in a cell than A, on the images that both "
    "answered. Violet: B is better there; orange: A is.",
}
GIVEN, SIMILAR = "given", "similar"
ORDERS = {GIVEN: "As in the data set", SIMILAR: "By similarity"}
SUREST, LEAST_SURE = "surest", "unsure"
SURE = {SUREST: "Surest first", LEAST_SURE: "Least sure first"}
TILES = 24  # images of a cell on a page
_CELL = re.compile(r"(\d{1,3})-(\d{1,3})", re.ASCII)


def draw(looked: Looked) -> None:
    """Draw the view; what is pressed in it reruns nothing else."""
    st.fragment(_draw)(looked)


def _draw(looked: Looked) -> None:
    with sentences():
        size = len(looked.spec.classes)
        first, second = _compared(looked)
        numbers, order = _controls(with_other=second is not None)
        grid, images = st.columns([3, 2], gap="medium")
        with grid:
            if numbers is not Numbers.DIFFERENCE:
                first, second = looked.answers, None
            matrix = evaluation.confusion(first.labels, first.predicted, size)
            other = None
            if second is not None:
                other = evaluation.confusion(second.labels, second.predicted, size)
            chosen = _chosen(matrix if other is None else np.abs(other - matrix))
            _grid(looked, numbers, order, matrix, other, chosen)
        with images:
            _cell(looked, first, second, chosen)


def _compared(looked: Looked) -> tuple[Answers, Answers | None]:
    """Return the answers of both networks on the images that both were asked about, if any."""
    if looked.other_answers is not None:
        first, second = evaluation.in_common(looked.answers, looked.other_answers)
        if len(first):
            return first, second
    return looked.answers, None


def _controls(*, with_other: bool) -> tuple[Numbers, str]:
    """Draw what the cells say and the order of the classes; both are in the URL."""
    titles = {
        each: title
        for each, title in NUMBERS.items()
        if with_other or each is not Numbers.DIFFERENCE
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        numbers = choice("Numbers", titles, "numbers")
        order = choice(
            "Order of the classes",
            ORDERS,
            "order",
            help="By similarity, classes that are often confused are neighbours.",
        )
    return Numbers(numbers), order


def _chosen(matrix: np.ndarray) -> Cell:
    """Return the cell that the URL asks for; else the commonest mistake."""
    asked = st.query_params.get("cell")
    if asked is not None:
        found = _CELL.fullmatch(asked)
        if found and max(cell := (int(found[1]), int(found[2]))) < len(matrix):
            return cell
        st.warning(
            f"The link asks for the cell “{asked[:20]}”, which does not exist. Showing the "
            f"most common mistake. A cell is written as 6-0: true class 6, answer 0, each from 0 "
            f"to {len(matrix) - 1}.",
            icon=":material/link_off:",
        )
    return evaluation.commonest_mistake(matrix)


def _choose(cell: Cell) -> None:
    st.query_params["cell"] = f"{cell[0]}-{cell[1]}"


def _grid(
    looked: Looked,
    numbers: Numbers,
    order: str,
    matrix: np.ndarray,
    other: np.ndarray | None,
    chosen: Cell,
) -> None:
    classes = looked.spec.classes
    indices = evaluation.similar_order(matrix) if order == SIMILAR else list(range(len(classes)))
    said = SAID[numbers]
    if numbers is Numbers.DIFFERENCE and looked.other is not None:
        said += f" A is {title_markdown(looked.run)}, B is {title_markdown(looked.other)}."
    st.caption(f"{said} Press a cell to see its images.")
    name = f"confusion-{numbers}-{looked.answers.part}-{looked.run.id}"
    with st.container(gap="xxsmall"):
        confusion_grid(
            matrix,
            classes,
            numbers=numbers,
            chosen=chosen,
            on_choose=_choose,
            key=f"confusion_{looked.run.id}",
            name=name,
            order=indices,
            other=other,
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            values = _values(numbers, matrix, other)[np.ix_(indices, indices)]
            names = [classes[index] for index in indices]
            rows = [[name, *line] for name, line in zip(names, values.tolist(), strict=True)]
            csv_button(["true class", *names], rows, key="confusion_csv", name=name)


def _values(numbers: Numbers, matrix: np.ndarray, other: np.ndarray | None) -> np.ndarray:
    """Return the numbers of the cells: counts, differences of counts, or shares of 0 to 1."""
    if other is not None:
        found: np.ndarray = other - matrix
        return found
    if numbers is Numbers.ROWS:
        return evaluation.row_normalised(matrix)
    return evaluation.column_normalised(matrix) if numbers is Numbers.COLUMNS else matrix


@dataclass(frozen=True)
class _Group:
    """Images behind a cell: places in the answers of the network that put them there."""

    title: str
    answers: Answers
    places: np.ndarray


def _groups(first: Answers, second: Answers | None, cell: Cell) -> dict[str, _Group]:
    """Return the images of a cell, the surest first; of two networks, which of them has which."""
    one = evaluation.cell(first.probabilities, first.labels, *cell)
    if second is None:
        return {"all": _Group("", first, one)}
    two = evaluation.cell(second.probabilities, second.labels, *cell)
    return {
        "b": _Group("Only B", second, two[~np.isin(two, one)]),
        "a": _Group("Only A", first, one[~np.isin(one, two)]),
        "both": _Group("Both", first, one[np.isin(one, two)]),
    }


def _cell(looked: Looked, first: Answers, second: Answers | None, cell: Cell) -> None:
    true, predicted = cell
    classes = [literal(name) for name in looked.spec.classes]
    st.subheader(
        f"{classes[true]}, correctly recognised"
        if true == predicted
        else f"{classes[true]} called {classes[predicted]}",
        anchor=False,
    )
    groups = _groups(first, second, cell)
    with st.container(horizontal=True):
        group = groups[_whose(groups)] if second is not None else groups["all"]
        sure = st.segmented_control(
            "Order of the images",
            list(SURE),
            default=SUREST,
            required=True,
            format_func=SURE.__getitem__,
            key="sure",
            label_visibility="collapsed",
        )
    places = group.places if sure != LEAST_SURE else group.places[::-1]
    if not len(places):
        st.caption("No images in this cell.")
        return
    count = f"{len(places):,} image{'s' if len(places) > 1 else ''}"
    st.caption(f"{count}. Below each: how sure the network was. Press one to enlarge it.")
    above = st.container()
    page = 1
    if len(places) > TILES:
        # A key of its own for each list: page 9 of one is not a page of another.
        key = f"cell_page_{true}_{predicted}_{group.title}_{sure}"
        with st.container(horizontal=True, horizontal_alignment="center"):
            page = st.pagination(-(-len(places) // TILES), width=440, key=key)
    shown = places[(page - 1) * TILES : page * TILES]
    with above:
        picked = _gallery(looked, group.answers.at(shown), cell)
    if picked is not None:
        _open_image(looked, group.answers.at(shown[picked : picked + 1]))


def _whose(groups: dict[str, _Group]) -> str:
    titles = {key: f"{group.title} · {len(group.places):,}" for key, group in groups.items()}
    whose = st.segmented_control(
        "Whose images",
        list(titles),
        default="b",
        required=True,
        format_func=titles.__getitem__,
        key="whose_images",
        label_visibility="collapsed",
    )
    return whose if whose in titles else "b"


def _gallery(looked: Looked, shown: Answers, cell: Cell) -> int | None:
    true, predicted = cell
    captions = [sure_by(float(sure)) for sure in shown.probabilities[:, predicted]]
    return gallery(
        looked.images(shown),
        captions,
        labels=[
            f"{shown.part.capitalize()} image {index}, {sure} sure"
            for index, sure in zip(shown.indices, captions, strict=True)
        ],
        marked=[true != predicted] * len(shown),
        key="cell_images",
    )


def _open_image(looked: Looked, one: Answers) -> None:
    one_image.open_dialog(looked, int(np.flatnonzero(looked.answers.indices == one.indices[0])[0]))
