"""Explore, classes: what the images of each class have in common, and how far apart they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import datasets
from core.analysis.statistics import VALUES, Distances
from pages.session import data
from pages.views.explore.images import ALL, class_control, first_page
from pages.views.explore.split import SPLIT_TITLES, split_control
from pages.widgets import palette
from pages.widgets.chart import chart
from pages.widgets.choice import choice
from pages.widgets.class_pictures import class_pictures
from pages.widgets.distance_grid import distance_grid
from pages.widgets.table import csv_button, table
from pages.words import literal, percent

MEASURES = {"images": "Images", "means": "Mean images"}
MANY = 20  # classes; more than these scroll within a box of their own
BOX = 460  # pixels, the height of that box
NAME = 18  # characters of a class's name beside a bar
DOMINATES = 0.2  # share of one pixel value from which the others are lost on a linear axis
SPLIT_COLOURS = {"train": palette.GOOD, "test": palette.BAD}
CHANNELS = {
    1: (("value", palette.GOOD),),
    3: (("red", palette.CLASSES[3]), ("green", palette.CLASSES[8]), ("blue", palette.CLASSES[5])),
}


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = split_control(spec.name, first_page)
        label = class_control(spec)
    data.split(spec.name, split)  # with a spinner, where it has to be read
    with st.container(border=True):
        _pictures(spec, split, label)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        _balance(spec)
    with right, st.container(border=True, height="stretch"):
        _values(spec, split, label)
    with st.container(border=True):
        _distances(spec, split, label)
    with st.container(border=True):
        _figures(spec, split)


def _pictures(spec: datasets.DatasetSpec, split: str, label: int | None) -> None:
    of = data.moments(spec.name, split)
    st.subheader("Mean and spread", anchor=False)
    off = np.where(of.counts > 1, _off_mean(of.spreads), np.nan)  # one image is its own mean
    st.markdown(spread_words(off, spec.classes))

    def choose(pressed: int) -> None:
        # Pressed again, a class is let go.
        st.session_state["class"] = ALL if pressed == label else spec.classes[pressed]
        first_page()

    with _box(spec):
        class_pictures(
            data.class_sheet(spec.name, split),
            spec.shape[:2],
            spec.classes,
            of.counts.tolist(),
            chosen=label,
            on_choose=choose,
            key=f"class_pictures_{spec.name}_{split}",
        )
    st.caption(
        "Left: the mean of all images of the class. Right: the standard deviation of each pixel, "
        "from 0 (black) to 127.5, the largest possible (white). It is bright where the images "
        "differ. Press a class to see its pixel values, and to show only this class under Images."
    )


def _box(spec: datasets.DatasetSpec) -> Any:
    return st.container(height=BOX if len(spec.classes) > MANY else "content", border=False)


def _off_mean(spreads: np.ndarray) -> np.ndarray:
    """Return how far an image is from its class's mean image (root mean square), by class."""
    found: np.ndarray = np.sqrt((spreads.reshape(len(spreads), -1) ** 2).mean(axis=1))
    return found


def spread_words(off: np.ndarray, classes: Sequence[str]) -> str:
    """Say which class's images are most alike.

    Args:
        off: how far an image is from its class's mean image, by class; NaN where that says nothing.
        classes: names, by class.
    """
    known = np.flatnonzero(~np.isnan(off))
    if len(known) < 2:
        return "Fewer than two classes have several images to compare."
    low, high = known[off[known].argmin()], known[off[known].argmax()]
    return (
        f"The images of **{literal(classes[low])}** are most alike: a pixel is typically "
        f"{off[low]:.1f} (of 255) away from the mean. Those of "
        f"**{literal(classes[high])}** differ most: {off[high]:.1f}."
    )


def _balance(spec: datasets.DatasetSpec) -> None:
    counts = {name: data.class_counts(spec.name, name) for name in datasets.SPLITS}
    st.subheader("Class balance", anchor=False)
    st.markdown(balance_words(counts, spec.classes))
    with _box(spec):
        chart(
            balance_figure(counts, spec.classes),
            key=f"balance_{spec.name}",
            name=f"class-balance-{spec.name}",
            height=max(220, 80 + 32 * len(spec.classes)),
            label="Class balance of both splits",
        )


def balance_figure(counts: Mapping[str, Sequence[int]], classes: Sequence[str]) -> go.Figure:
    """Return bars of each class's share of each split.

    Args:
        counts: images of each class, by split.
        classes: names, by class.
    """
    places = list(range(len(classes)))
    bars = [
        go.Bar(
            orientation="h",
            name=SPLIT_TITLES[name],
            x=np.array(of_class) / max(1, sum(of_class)),
            y=places,
            text=[f"{count:,}" for count in of_class],
            textposition="outside",
            textfont={"size": 10, "color": palette.MUTED},
            cliponaxis=False,
            hovertext=classes,
            hovertemplate="%{hovertext}: %{text} images (%{x:.1%})",
            marker={"color": SPLIT_COLOURS[name]},
        )
        for name, of_class in counts.items()
    ]
    return go.Figure(
        bars,
        go.Layout(
            barmode="group",
            bargap=0.3,
            xaxis={
                "tickformat": ".0%",
                "rangemode": "tozero",
                "title": {"text": "share of the split"},
            },
            yaxis={
                "autorange": "reversed",
                "tickvals": places,
                "ticktext": [
                    f"{each[: NAME - 1]}…" if len(each) > NAME else each for each in classes
                ],
                "showgrid": False,
            },
            margin={"l": 8, "r": 36, "t": 12, "b": 8},
        ),
    )


def balance_words(counts: Mapping[str, Sequence[int]], classes: Sequence[str]) -> str:
    """Say how many images a class has, and what always guessing the most frequent is worth.

    Args:
        counts: images of each class, by split.
        classes: names, by class.
    """
    if all(min(each) == max(each) for each in counts.values()):
        each = " and ".join(
            f"{of_class[0]:,} {SPLIT_TITLES[name].lower()} images"
            for name, of_class in counts.items()
        )
        return (
            f"Every class has {each}: always guessing the same class is right in "
            f"{percent(1 / len(classes), 0)} of cases."
        )
    return " ".join(_split_words(each, classes, name) for name, each in counts.items())


def _split_words(counts: Sequence[int], classes: Sequence[str], split: str) -> str:
    low, high = min(counts), max(counts)
    rarest, commonest = (literal(classes[counts.index(each)]) for each in (low, high))
    kind = SPLIT_TITLES[split].lower()
    return (
        f"The {kind} split has {low:,} images of {rarest} and {high:,} of {commonest}: always "
        f"guessing {commonest} is right in {percent(high / max(1, sum(counts)))} of its cases."
        if low < high
        else f"The {kind} split has {low:,} images of each class."
    )


def _values(spec: datasets.DatasetSpec, split: str, label: int | None) -> None:
    counts = data.histogram(spec.name, split)
    overall = counts.sum(axis=0)
    st.subheader("Pixel values", anchor=False)
    said = [f"**All classes**: {values_words(overall)}"]
    if label is not None:
        said.append(f"**{literal(spec.classes[label])}**: {values_words(counts[label])}")
    st.markdown("  \n".join(said))
    figure, logarithmic = values_figure(
        overall,
        None if label is None else counts[label],
        "" if label is None else spec.classes[label],
    )
    chart(
        figure,
        key=f"values_{spec.name}",
        name=f"pixel-values-{spec.name}-{split}",
        height=330,
        label="Histogram of the pixel values",
    )
    st.caption(
        "Logarithmic axis: one value is so frequent that the others would be invisible."
        if logarithmic
        else "How often each value from 0 to 255 occurs."
    )


def values_figure(
    overall: np.ndarray, of_class: np.ndarray | None, name: str
) -> tuple[go.Figure, bool]:
    """Return the histogram of the pixel values, and whether its axis is logarithmic.

    Args:
        overall: how often each value occurs in all images, (channels, 256).
        of_class: the same of one class's images, if one is chosen.
        name: of that class.
    """
    shares = _shares(overall)
    logarithmic = bool(np.nanmax(shares, initial=0.0) >= DOMINATES)
    lines = CHANNELS[len(overall)]
    traces = _lines(shares, lines, "all classes", faint=of_class is not None)
    if of_class is not None:
        traces += _lines(_shares(of_class), lines, name, faint=False)
    layout = go.Layout(
        xaxis={
            "range": [-4, 259],
            "tickvals": [0, 64, 128, 192, 255],
            "title": {"text": "pixel value"},
        },
        yaxis={"title": {"text": "share of the pixels"}},
        showlegend=len(traces) > 1,
        hovermode="x",
    )
    layout.yaxis.update(
        {"type": "log", "dtick": 1, "tickformat": "~%"}
        if logarithmic
        else {"rangemode": "tozero", "tickformat": ".1~%"}
    )
    return go.Figure(traces, layout), logarithmic


def _shares(counts: np.ndarray) -> np.ndarray:
    """Return counts (channels, 256) as shares of each channel; NaN for values that do not occur."""
    return np.where(counts, counts / np.maximum(1, counts.sum(axis=1, keepdims=True)), np.nan)


def _lines(
    shares: np.ndarray, lines: Sequence[tuple[str, str]], name: str, *, faint: bool
) -> list[go.Scatter]:
    return [
        go.Scatter(
            mode="lines",
            x=list(range(VALUES)),
            y=share,
            name=name if len(lines) == 1 else f"{channel}, {name}",
            line={
                "color": palette.MUTED if faint and len(lines) == 1 else colour,
                "width": 1 if faint else 2,
                "dash": "dot" if faint else "solid",
            },
            hovertemplate="%{x}: %{y:.2~%}",
        )
        for share, (channel, colour) in zip(shares, lines, strict=True)
    ]


def values_words(counts: np.ndarray) -> str:
    """Say what pixel values are like.

    Args:
        counts: how often each value occurs, (channels, 256).
    """
    total = counts.sum()
    if not total:
        return "no image, so no values."
    means = counts @ np.arange(VALUES) / counts.sum(axis=1)
    black, white = (percent(counts[:, value].sum() / total) for value in (0, VALUES - 1))
    if len(means) == 1:
        return f"the mean is {means[0]:.0f}; {black} are 0 (black) and {white} are 255 (white)."
    red, green, blue = (f"{mean:.0f}" for mean in means)
    return (
        f"the mean is {red} in red, {green} in green and {blue} in blue; {black} of the values "
        f"are 0 and {white} are 255."
    )


def _distances(spec: datasets.DatasetSpec, split: str, label: int | None) -> None:
    found = data.distances(spec.name, split)
    st.subheader("How far apart the classes are", anchor=False)
    measure = choice("Distance of", MEASURES, "distance")
    values = found.images if measure == "images" else found.means
    st.markdown(
        " ".join(
            each
            for each in (
                pair_words(values, spec.classes),
                within_words(found, spec.classes, label) if measure == "images" else "",
            )
            if each
        )
    )
    name = f"distances-{measure}-{spec.name}-{split}"
    with st.container(gap="xxsmall"):
        distance_grid(
            values,
            spec.classes,
            key=f"distances_{spec.name}",
            name=name,
            label=f"Distances of the {MEASURES[measure].lower()} of the classes",
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            csv_button(
                ["Class", *spec.classes],
                (
                    [each, *("" if np.isnan(value) else round(value, 3) for value in row)]
                    for each, row in zip(spec.classes, values.tolist(), strict=True)
                ),
                key="distances_csv",
                name=name,
            )
    st.caption(
        "The closer, the stronger the colour. "
        r"Two images $x$ and $y$ of $m$ values are $\sqrt{\sum_i (x_i - y_i)^2 / m}$ apart: 0 is "
        "the same image, 255 black and white. "
        + (
            r"Between classes $a$ and $b$ it is the root of the mean square over all pairs, which "
            r"is exactly $\sqrt{(\lVert\mu_a - \mu_b\rVert^2 + v_a + v_b) / m}$ with the mean "
            r"images $\mu$ and the variances $v$, summed over the values. On the diagonal are two "
            r"different images of one class with $n$ images: $\sqrt{2 v n / ((n - 1) m)}$."
            if measure == "images"
            else "Here it is the distance between the mean images of two classes."
        )
    )


def pair_words(values: np.ndarray, classes: Sequence[str]) -> str:
    """Say which two classes are closest, and which farthest.

    Args:
        values: symmetric distances, (classes, classes); NaN where there is none.
        classes: names, by class.
    """
    rows, columns = np.triu_indices(len(classes), 1)
    each = values[rows, columns]
    known = np.flatnonzero(~np.isnan(each))
    if not len(known):
        return "There are no two classes with images."

    def pair(at: int) -> str:
        first, second = literal(classes[rows[at]]), literal(classes[columns[at]])
        return f"**{first} and {second}** ({each[at]:.1f})"

    near, far = known[each[known].argmin()], known[each[known].argmax()]
    if len(known) == 1:
        return f"There is only one pair: {pair(near)}."
    return f"The closest are {pair(near)}; the farthest apart are {pair(far)}."


def within_words(found: Distances, classes: Sequence[str], label: int | None) -> str:
    """Say how distances within a class compare with those to the nearest other class.

    Args:
        found: distances of the classes.
        classes: names, by class.
        label: the class to say it of; None for all together.
    """
    own, nearest, to_nearest = compared(found)
    if label is not None:
        name = literal(classes[label])
        if np.isnan(own[label]):
            return f"There are no two images of **{name}** to compare."
        said = f"Two images of **{name}** are typically {own[label]:.1f} apart"
        if nearest[label] < 0:
            return f"{said}."
        other = literal(classes[nearest[label]])
        return f"{said}; from an image of {other}, the nearest other class, it is " + (
            f"{to_nearest[label]:.1f}."
        )
    known = ~np.isnan(own) & ~np.isnan(to_nearest)
    if not known.any():
        return ""
    farther = np.flatnonzero(known & (own >= to_nearest))
    if not len(farther):
        tightest = int(np.where(known, to_nearest - own, np.inf).argmin())
        return (
            "In every class two images are typically closer to each other than to another class; "
            f"it is tightest for **{literal(classes[tightest])}** ({own[tightest]:.1f}, to "
            f"{literal(classes[nearest[tightest]])} {to_nearest[tightest]:.1f})."
        )
    most = farther[(own - to_nearest)[farther].argmax()]
    name, other = literal(classes[most]), literal(classes[nearest[most]])
    return (
        f"Two images of **{name}** are typically farther apart ({own[most]:.1f}) than one of "
        f"{name} and one of {other} ({to_nearest[most]:.1f})"
        + (
            f"; the same is true of {len(farther)} of {known.sum()} classes"
            if len(farther) > 1
            else ""
        )
        + ". Pixel distance alone does not tell such classes apart."
    )


def compared(found: Distances) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, by class, the distance within it, its nearest other class and the distance to that.

    Without an image there is NaN, and the class -1.
    """
    own = np.diag(found.images).copy()
    others = np.where(np.isnan(found.images), np.inf, found.images)
    np.fill_diagonal(others, np.inf)
    to_nearest = others.min(axis=1)
    none = np.isinf(to_nearest)
    return own, np.where(none, -1, others.argmin(axis=1)), np.where(none, np.nan, to_nearest)


def _figures(spec: datasets.DatasetSpec, split: str) -> None:
    st.subheader("In figures", anchor=False)
    of = data.moments(spec.name, split)
    own, nearest, to_nearest = compared(data.distances(spec.name, split))
    columns: dict[str, list[Any]] = {
        "Class": list(spec.classes),
        **{SPLIT_TITLES[name]: data.class_counts(spec.name, name) for name in datasets.SPLITS},
        "Mean value": _numbers(of.means.reshape(len(of.means), -1).mean(axis=1)),
        "To the mean image": _numbers(_off_mean(of.spreads)),
        "Within the class": _numbers(own),
        "Nearest class": [spec.classes[each] if each >= 0 else "–" for each in nearest.tolist()],
        "To the nearest": _numbers(to_nearest),
    }
    number = st.column_config.NumberColumn
    table(
        columns,
        key=f"class_figures_{spec.name}",
        name=f"classes-{spec.name}-{split}",
        height=BOX if len(spec.classes) > MANY else "content",
        column_config={
            "Class": st.column_config.TextColumn(pinned=True),
            "Mean value": number(format="%.1f", help="Of all pixels, 0 to 255."),
            "To the mean image": number(
                format="%.1f", help="Distance of an image from the mean image of its class."
            ),
            "Within the class": number(format="%.1f", help="Distance of two of its images."),
            "To the nearest": number(
                format="%.1f", help="Distance of one of its images and one of the nearest class."
            ),
        },
    )
    st.caption(
        f"Of the {SPLIT_TITLES[split].lower()} images. Distances are root mean square differences "
        "of pixel values, 0 to 255."
    )


def _numbers(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 3) for value in values]
