"""Explore, doubtful labels: what may be labelled wrong, and what is in the data twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core import datasets, evaluation
from core.analysis import duplicates, files, judgements, labels
from core.analysis.duplicates import Duplicates, Kind
from core.analysis.judgements import Judgement, Judgements, Verdict
from core.classroom.closed import why_on_trial
from core.errors import DataUnavailable
from pages.session import data
from pages.session.closed import closed_to, tell
from pages.session.guard import check_url, sentences
from pages.session.visitor import visitor_id
from pages.views.explore.opening import open_button
from pages.views.explore.split import SPLIT_TITLES
from pages.widgets.choice import choice
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.run_picker import finished_runs
from pages.widgets.table import csv_button
from pages.words import percent, sure_by, title_markdown

CARDS = 12  # a page
LISTS = {"labels": "Labels", "duplicates": "Near-duplicates"}
ANY = "Any class"
BOTH = "Both splits"
VERDICTS = {
    Verdict.WRONG: "Wrong",
    Verdict.RIGHT: "Right",
    Verdict.UNCLEAR: "Cannot tell",
}
PLACES = {
    "across": "One in each split",
    "train": "Both in training",
    "test": "Both in test",
}
ALL_PAIRS = "All pairs"

Row = dict[str, Any]
"""One line of the CSV file, and what a card shows."""


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    if (closed := closed_to(spec.name)) is not None:
        tell(closed)  # both lists have test images in them
        return
    if choice("List", LISTS, "list", label_visibility="collapsed") == "duplicates":
        _duplicates(spec)
    elif (trial := why_on_trial(visitor_id(), spec.name)) is not None:
        tell(trial)
    else:
        _labels(spec)


def _missing(spec: datasets.DatasetSpec, what: str, name: str) -> DataUnavailable:
    return DataUnavailable(
        f"The {what} of {spec.title} have not been computed on this machine. Where the "
        f"app is installed, run '{files.command(spec, name)}', then look again."
    )


def _labels(spec: datasets.DatasetSpec) -> None:
    found = {name: data.labels_of(spec.name, name) for name in datasets.SPLITS}
    if any(each is None for each in found.values()):
        raise _missing(spec, "doubtful labels", labels.NAME)
    known = {name: each for name, each in found.items() if each is not None}
    rows = _doubtful(spec, known)
    total = sum(spec.counts.values())
    counts = Counter(row["split"] for row in rows)
    st.markdown(
        f"**{len(rows):,} of {total:,} labels are doubtful** ({percent(len(rows) / total)}): "
        f"{counts['train']:,} in the training split and {counts['test']:,} in the test split. The "
        "most doubtful come first. Look at each and judge for yourself: many are merely hard, and "
        "some are right."
    )
    _method(known["train"])
    shown = _filtered(spec, rows)
    if not shown:
        st.info("No doubtful label is of this kind. Choose other classes or splits.")
        return
    verdicts = judgements.judgements_of(visitor_id(), spec)
    with st.container(horizontal=True, vertical_alignment="center"):
        judged = sum((row["split"], row["index"]) in verdicts for row in shown)
        st.markdown(
            f"**{len(shown):,} labels** · {judged:,} judged by you"
            + (", kept for you; they go along when you take the data home" if judged else "")
        )
        _csv(
            [
                {
                    **row,
                    "label": spec.classes[row["label"]],
                    "looks_like": spec.classes[row["looks_like"]],
                    "your_verdict": _told(verdicts, row),
                }
                for row in shown
            ],
            f"{spec.name}-doubtful-labels",
        )
    _page(shown, "doubtful_page", lambda row: _card(spec, row, verdicts))


def _told(verdicts: Judgements, row: Row) -> str:
    """Return what the visitor judged of a label, for the CSV file; empty if nothing."""
    judged = verdicts.get((row["split"], row["index"]))
    return "" if judged is None else str(judged.verdict)


def _doubtful(spec: datasets.DatasetSpec, known: dict[str, labels.Labels]) -> list[Row]:
    """Return one row a doubtful label of either split, the most doubtful first."""
    rows = []
    for name, each in known.items():
        given = data.split(spec.name, name).labels
        for index in each.ranked().tolist():
            rows.append(
                {
                    "split": name,
                    "index": index,
                    "label": int(given[index]),
                    "looks_like": int(each.suggested[index]),
                    "probability_of_label": round(float(each.own[index]), 4),
                    "probability_of_other": round(float(each.other[index]), 4),
                    "suspicion": round(float(each.suspicion[index]), 4),
                }
            )
    return sorted(rows, key=lambda row: -row["suspicion"])


def _method(known: labels.Labels) -> None:
    with st.expander("How they were found, and how far to trust this"):
        st.markdown(
            f"Each image was classified by a network that had not learned from it: {known.method}, "
            f"over both splits together; {percent(known.accuracy)} of these answers agree with the "
            "labels. Confident learning (Northcutt, Jiang and Chuang, arXiv:1911.00068, with "
            "cleanlab) then looks for images where another class is more probable than the usual "
            "confidence for that class explains. It also estimates how many such labels each "
            "class should have.\n\n"
            "A doubtful label is a suspicion, not a verdict. The networks confuse what people "
            "confuse, and pictures this small often do not say which it is. A mistake that all "
            "networks learned cannot be found in this way. `docs/RESULTS.md` tells what a person "
            "found who looked through the list."
        )


def _filtered(spec: datasets.DatasetSpec, rows: list[Row]) -> list[Row]:
    splits = {BOTH: BOTH} | SPLIT_TITLES
    classes = {each: each for each in (ANY, *spec.classes)}
    chosen = []
    for column, key, title, titles in zip(
        st.columns(3),
        ("of", "labelled", "looks"),
        ("Split", "Labelled", "Looks like"),
        (splits, classes, classes),
        strict=True,
    ):
        with column:
            chosen.append(_choice(title, titles, key, "doubtful_page"))
    name, label, other = chosen
    return [
        row
        for row in rows
        if name in (BOTH, row["split"])
        and label in (ANY, spec.classes[row["label"]])
        and other in (ANY, spec.classes[row["looks_like"]])
    ]


def _card(spec: datasets.DatasetSpec, row: Row, verdicts: Judgements) -> None:
    label, other = spec.classes[row["label"]], spec.classes[row["looks_like"]]
    name, index = row["split"], row["index"]
    kind = SPLIT_TITLES[name]
    image = data.split(spec.name, name).images[index]
    pixel_image(image, f"{kind} image {index}, labelled {label}", width=140)
    st.markdown(
        f"Labelled **{label}**, looks like **{other}** ({sure_by(row['probability_of_other'])})  \n"
        f":gray[A network that had not seen it gives {label} "
        f"{percent(row['probability_of_label'])}. The label is:]"
    )
    key, judged = f"verdict_{spec.name}_{name}_{index}", verdicts.get((name, index))
    st.segmented_control(
        f"{kind} image {index}: the label {label} is",
        list(VERDICTS),
        default=judged.verdict if judged is not None else None,
        format_func=VERDICTS.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_judge,
        args=(spec, name, index, row["looks_like"], key),
    )
    open_button(name, index)


def _without(spec: datasets.DatasetSpec, leaked: np.ndarray) -> None:
    """Say what a network's test accuracy is without the test images that have a near-duplicate."""
    for run in finished_runs(visitor_id(), spec.name):
        if not run.test_opened:
            continue
        with sentences():
            right = data.answers(run, evaluation.TEST).right
            kept = np.ones(len(right), bool)
            kept[leaked] = False
            st.markdown(
                f"What removing them does: “{title_markdown(run)}” is right on "
                f"**{percent(float(right.mean()), 2)}** of all test images, and on "
                f"**{percent(float(right[kept].mean()), 2)}** of the {int(kept.sum()):,} without a "
                "near-duplicate."
            )
            return
    st.caption("Open the test set of a run to see here what removing them does.")


def _judge(spec: datasets.DatasetSpec, name: str, index: int, other: int, key: str) -> None:
    """Keep what the visitor has just judged, or take it back."""
    verdict = st.session_state.get(key)
    with sentences():
        if verdict in VERDICTS:
            judged = Judgement(name, index, Verdict(verdict), other)
            judgements.judge(visitor_id(), spec, judged)
        else:
            judgements.take_back(visitor_id(), spec, name, index)


def _duplicates(spec: datasets.DatasetSpec) -> None:
    found = data.duplicates_of(spec.name)
    if found is None:
        raise _missing(spec, "near-duplicates", duplicates.NAME)
    train = spec.counts["train"]
    rows = _pairs(spec, found)
    _, in_test = found.leaked(train)
    close = sum(row["kind"] != Kind.SIMILAR for row in rows)
    st.markdown(
        f"**{close:,} pairs are nearly the same image** "
        f"({sum(row['kind'] == Kind.IDENTICAL for row in rows):,} of them in every pixel), and "
        f"{len(rows) - close:,} more are very similar. {len(in_test):,} of the "
        f"{spec.counts['test']:,} test images have a near-duplicate among the training images: "
        "a network may have memorised their answers."
    )
    with st.expander("How they were found, and what they do to the test accuracy"):
        st.markdown(
            "Every image was compared with every other one of both splits by the correlation of "
            "their pixels, which does not depend on brightness or contrast. The kinds are after "
            "Barz and Denzler (arXiv:1902.00423); Geier searched Fashion-MNIST in a similar way "
            "(arXiv:1906.08255). The thresholds come from looking at pairs: "
            f"{found.limits.words} Moved, turned or mirrored copies are not found."
        )
        _without(spec, in_test)
    shown = _filtered_pairs(rows)
    if not shown:
        st.info("No pair is of this kind. Choose another kind or place.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(shown):,} {'pair' if len(shown) == 1 else 'pairs'}**")
        _csv(shown, f"{spec.name}-near-duplicates")
    _page(shown, "pairs_page", lambda row: _pair(spec, row))


def _pairs(spec: datasets.DatasetSpec, found: Duplicates) -> list[Row]:
    """Return one row a pair, the most alike first."""
    given = {name: data.split(spec.name, name).labels for name in datasets.SPLITS}
    rows = []
    for first, second, correlation, kind in zip(
        found.first, found.second, found.correlation, found.kinds, strict=True
    ):
        one, two = duplicates.place(spec, int(first)), duplicates.place(spec, int(second))
        rows.append(
            {
                "kind": str(kind),
                "correlation": round(float(correlation), 5),
                "split": one[0],
                "index": one[1],
                "label": spec.classes[given[one[0]][one[1]]],
                "other_split": two[0],
                "other_index": two[1],
                "other_label": spec.classes[given[two[0]][two[1]]],
            }
        )
    return rows


def _filtered_pairs(rows: list[Row]) -> list[Row]:
    kinds = {ALL_PAIRS: ALL_PAIRS} | {
        str(kind): str(kind).capitalize() for kind in Kind if any(r["kind"] == kind for r in rows)
    }
    places = {ALL_PAIRS: "Anywhere"} | PLACES
    left, right = st.columns(2)
    with left:
        kind = _choice("Similarity", kinds, "kind", "pairs_page")
    with right:
        where = _choice("Where", places, "where", "pairs_page")
    return [
        row
        for row in rows
        if kind in (ALL_PAIRS, row["kind"]) and where in (ALL_PAIRS, _where(row))
    ]


def _choice(title: str, titles: dict[str, str], key: str, page: str) -> str:
    """Draw a choice that is kept in the URL; another choice goes back to the first page."""
    check_url(key, titles)
    chosen = st.selectbox(
        title,
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        on_change=_first,
        args=(page,),
    )
    return chosen or next(iter(titles))


def _where(row: Row) -> str:
    return row["split"] if row["split"] == row["other_split"] else "across"


def _pair(spec: datasets.DatasetSpec, row: Row) -> None:
    one = data.split(spec.name, row["split"]).images[row["index"]]
    two = data.split(spec.name, row["other_split"]).images[row["other_index"]]
    gap = np.full((one.shape[0], 1, one.shape[2]), 128, np.uint8)
    both = np.concatenate([one, gap, two], axis=1)
    pixel_image(both, f"{row['label']} and {row['other_label']}, {row['kind']}", width=228)
    same = row["label"] == row["other_label"]
    st.markdown(
        f"**{row['kind'].capitalize()}** · correlation {row['correlation']:.4f}  \n"
        + (
            f":gray[Both labelled {row['label']}.]"
            if same
            else f":red[Labelled {row['label']} and {row['other_label']}.]"
        )
    )
    with st.container(horizontal=True):
        pair = f"{row['split']}{row['index']}{row['other_split']}{row['other_index']}"
        open_button(row["split"], row["index"], pair)
        open_button(row["other_split"], row["other_index"], pair)


def _page(rows: Sequence[Row], key: str, draw: Callable[[Row], None]) -> None:
    """Draw a page of cards, and under it the numbers of the pages."""
    pages = -(-len(rows) // CARDS)
    if int(st.session_state.get(key) or 1) > pages:
        st.session_state[key] = 1
    cards = st.container()
    page = 1
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            page = st.pagination(pages, width=440, key=key)
    with cards, st.grid(3, min_column_width=250):
        for row in rows[(page - 1) * CARDS : page * CARDS]:
            with st.container(border=True):
                draw(row)


def _first(key: str) -> None:
    st.session_state[key] = 1


def _csv(rows: Sequence[Row], name: str) -> None:
    csv_button(list(rows[0]), (row.values() for row in rows), key="list_csv", name=name)
