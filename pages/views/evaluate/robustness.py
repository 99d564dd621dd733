"""Evaluate, robustness: what is left of the accuracy when pictures get worse."""

import html
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import evaluation, networks, runs
from core.evaluation import CORRUPTIONS, SEVERITIES, Answers, Robustness
from pages.session import data, engine
from pages.session.guard import sentences
from pages.session.ticking import ticking
from pages.views.evaluate.looked import Looked
from pages.widgets import palette
from pages.widgets.chart import chart
from pages.widgets.choice import choice
from pages.widgets.gallery import gallery
from pages.widgets.table import csv_button
from pages.widgets.task import task
from pages.words import percent, title_markdown

MARKERS = ("circle", "square", "diamond", "x", "cross") * 2
DRAWN = 3  # corruptions that the chart begins with when two networks are compared
FEW = 500  # images below which only large differences count
SEVERITY_WORDS = {1: "1 slight", 2: "2", 3: "3", 4: "4", 5: "5 strong"}

STYLE = """<style>
.robustness { border-collapse: separate; border-spacing: 2px; width: 100%;
  font-variant-numeric: tabular-nums; font-size: .87rem; }
.robustness th { font-weight: 600; text-align: right; padding: 3px 6px; }
.robustness th:first-child { text-align: left; padding-left: 0; }
.robustness th[scope=row] { font-weight: 500; }
.robustness td { text-align: right; padding: 4px 6px; border-radius: 4px; }
.robustness td:last-child { font-weight: 600; }
@media (max-width: 640px) {
  .robustness { font-size: .78rem; }
  .robustness td, .robustness th { padding: 4px 3px; }
}
</style>"""


def draw(looked: Looked) -> None:
    """Draw the view."""
    networks.warm()
    with st.container(border=True):
        ticking(_pictures, engine.pace)(looked)
    first = _measured(looked.run)
    second = _measured(looked.other) if looked.other is not None else None
    if first is None:
        return
    with st.container(border=True):
        st.subheader("Accuracy on corrupted images", anchor=False)
        st.markdown(_verdict(first, len(looked.spec.classes)))
        _figures(first, second)
        _table(looked, first, second)
    with st.container(border=True):
        _curves(looked, first, second)


def _pictures(looked: Looked) -> None:
    """Show one image under every corruption, with the network's answers."""
    with sentences():
        st.subheader("Corrupted images", anchor=False)
        severity = _severity()
        shown = _chosen(looked.answers)
        split = data.split(looked.spec.name, shown.split)
        image = split.images[shown.indices]
        worse = [evaluation.corrupt(image, name, severity) for name in CORRUPTIONS]
        _strip(looked, np.concatenate([image, *worse]), shown)
        st.markdown(_explanation(severity))


def _severity() -> int:
    """Draw the choice of a severity, and of another picture."""
    notes = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        severity = choice("Severity", SEVERITY_WORDS, "severity", default=3, notes=notes)
        if st.button("Another image", icon=":material/casino:"):
            st.session_state["worse_picture"] = st.session_state.get("worse_picture", 0) + 1
    return severity


def _chosen(answers: Answers) -> Answers:
    """Return the answer on one image, which is right if any is: what follows is the damage's."""
    places = np.flatnonzero(answers.right) if answers.right.any() else np.arange(len(answers))
    turn = np.random.default_rng(st.session_state.get("worse_picture", 0))
    return answers.at(turn.choice(places, 1))


def _strip(looked: Looked, images: np.ndarray, shown: Answers) -> None:
    """Draw a picture as it is and under every corruption, with what the network says of each."""
    classes, titles = looked.spec.classes, [each.title for each in CORRUPTIONS.values()]
    captions = ["Unchanged", *titles]
    answers = _answers(looked.run, images)
    labels, marked, said = captions, None, "The network’s answers appear once TensorFlow is loaded."
    if answers is not None:
        names = [classes[answer] for answer in answers]
        labels = [f"{does}: called {name}" for does, name in zip(captions, names, strict=True)]
        captions = [f"{does}\n{name}" for does, name in zip(captions, names, strict=True)]
        marked = [answer != shown.labels[0] for answer in answers]
        said = "Below each: the network’s answer; wrong ones are red."
    picked = gallery(
        data.pictures(images),
        captions,
        labels=labels,
        marked=marked,
        selected=st.session_state.get("worse_chosen"),
        key="worse_pictures",
        tile=3 * looked.spec.shape[0],
    )
    if picked is not None:
        st.session_state["worse_chosen"] = picked
        st.rerun(scope="fragment")
    name = f"{shown.part.capitalize()} image {shown.indices[0]}"
    st.caption(f"{name}: {classes[shown.labels[0]]}. {said}")


def _explanation(severity: int) -> str:
    """Return what was done to the picture that was pressed last."""
    chosen = st.session_state.get("worse_chosen")
    if chosen is None:
        return "Press a picture to read how it was changed."
    if chosen == 0:
        return "**Unchanged**: the image as it is."
    corruption = list(CORRUPTIONS.values())[chosen - 1]
    level = f"{corruption.levels[severity - 1]:g} {corruption.unit}"
    return (
        f"**{corruption.title}**: {corruption.summary} At severity {severity}: {level}. After "
        "[ImageNet-C](https://arxiv.org/abs/1903.12261) and "
        "[MNIST-C](https://arxiv.org/abs/1906.02337)."
    )


def _answers(run: runs.Run, images: np.ndarray) -> list[int] | None:
    """Return the classes that the network answers; None while TensorFlow is not loaded."""
    if networks.state().phase == "resting":
        networks.warm()
    if networks.state().phase != "ready":
        return None
    found: list[int] | None = (
        networks.load(networks.of_run(run)).probabilities(images).argmax(axis=1).tolist()
    )
    return found


def _measured(run: runs.Run) -> Robustness | None:
    """Return the figures of a run, or draw what it takes to get them."""
    path = task("robustness", run)
    return None if path is None else evaluation.read_robustness(path)


def _verdict(found: Robustness, classes: int) -> str:
    """Return the weakest spot in words."""
    mean = found.accuracy.mean(axis=1)
    weakest, strongest = found.names.index(found.weakest), found.names.index(found.strongest)
    row, clean = found.accuracy[weakest], found.clean_accuracy
    few = (severity for severity, left in zip(SEVERITIES, row, strict=True) if 2 * left < clean)
    half = next(few, None)
    words = (
        f"It is weakest against **{CORRUPTIONS[found.weakest].title.lower()}**: accuracy falls "
        f"from {percent(clean)} on unchanged images to {percent(row[0])} at severity 1 and "
        f"{percent(row[-1])} at severity 5 (guessing gives "
        f"{percent(1 / classes, 0)})."
    )
    if half is not None:
        words += f" From severity {half} on, more than half of the right answers are lost."
    best = _in_sentence(found.strongest)
    return f"{words} It is most robust to **{best}**: {percent(mean[strongest])} on average."


def _in_sentence(name: str) -> str:
    words = CORRUPTIONS[name].title
    return words if words.isupper() else words.lower()


def _figures(first: Robustness, second: Robustness | None) -> None:
    def figure(name: str, value: float, other: float | None) -> None:
        note = None if other is None else f"B: {percent(other)}"
        st.metric(
            name, percent(value), delta=note, delta_color="off", delta_arrow="off", border=True
        )

    with st.grid(2, min_column_width=130):
        clean = second.clean_accuracy if second else None
        figure("Unchanged", first.clean_accuracy, clean)
        figure("Corrupted, mean", first.mean, second.mean if second else None)


def _table(looked: Looked, first: Robustness, second: Robustness | None) -> None:
    """Draw accuracy by corruption and severity, shaded; of either network, or the difference."""
    shown = "first"
    if second is not None and looked.other is not None:
        titles = {
            "first": title_markdown(looked.run),
            "second": title_markdown(looked.other),
            "gap": "Difference",
        }
        shown = st.segmented_control(
            "Table of",
            list(titles),
            default="first",
            required=True,
            format_func=titles.__getitem__,
            key="robustness_table",
        )
    if second is not None and shown == "gap":
        values, whole = _in_order(first) - _in_order(second, first.names), "difference in points"
    else:
        found = second if second is not None and shown == "second" else first
        values, whole = _in_order(found, first.names), "accuracy in percent"
    st.html(STYLE + _html_table(first.names, values, whole, signed=shown == "gap"))
    st.caption(_honesty(first, second))
    head, rows = _plain(first, second)
    csv_button(head, rows, key="robustness_csv", name=f"robustness-{looked.run.id}")


def _in_order(found: Robustness, names: tuple[str, ...] | None = None) -> np.ndarray:
    """Return the accuracies in the order of some names: (corruptions, severities)."""
    rows = dict(zip(found.names, found.accuracy, strict=True))
    empty = np.full(len(SEVERITIES), np.nan)
    return np.array([rows.get(name, empty) for name in names or found.names])


def _html_table(names: tuple[str, ...], values: np.ndarray, whole: str, *, signed: bool) -> str:
    columns = np.column_stack([values, values.mean(axis=1)])
    everything = np.vstack([columns, columns.mean(axis=0)])
    heads = ["1", "2", "3", "4", "5", "Mean"]
    lines = [f"<caption hidden>Robustness: {whole}</caption><tr><th scope=col>Severity</th>"]
    lines += [f"<th scope=col>{head}</th>" for head in heads]
    titles = [*(CORRUPTIONS[name].title for name in names), "Mean"]
    for name, row in zip(titles, everything, strict=True):
        cells = "".join(_html_cell(float(value), signed=signed) for value in row)
        lines.append(f"</tr><tr><th scope=row>{html.escape(name)}</th>{cells}")
    return f'<table class="robustness">{"".join(lines)}</tr></table>'


def _html_cell(value: float, *, signed: bool) -> str:
    if np.isnan(value):
        return "<td>–</td>"
    if signed:
        # Violet is better, orange is worse, stronger the larger; full at 30 points.
        colour, strength = palette.GOOD if value > 0 else palette.BAD, min(1.0, abs(value) / 0.3)
        return f'<td style="{_shade(colour, 0.5 * strength)}">{100 * value:+.1f}</td>'
    # The less is left, the stronger the colour.
    return f'<td style="{_shade(palette.BAD, 0.55 * (1 - value))}">{100 * value:.1f}</td>'


def _shade(colour: str, strength: float) -> str:
    red, green, blue = palette.rgb(colour)
    return f"background:rgba({red},{green},{blue},{strength:.2f})"


def _honesty(first: Robustness, second: Robustness | None) -> str:
    found = [first] if second is None else [first, second]
    count, off = min(each.count for each in found), max(each.uncertainty for each in found)
    whose = "the" if second is None else "each network's own"
    words = (
        f"Accuracy in percent on {count:,} of {whose} validation images, the same in every cell; "
        f"by chance, a figure may be off by up to ± {100 * off:.1f} points (95 % interval)."
    )
    if count < FEW:
        words += " With so few images, only large differences mean something."
    return words


def _plain(first: Robustness, second: Robustness | None) -> tuple[list[str], list[list[Any]]]:
    """Return head and rows of the table as a file, one row a cell."""
    head = ["corruption", "severity", "level", "images", "accuracy"]
    accuracy = {("none", 0): first.clean_accuracy} | _cells(first)
    compared: dict[tuple[str, int], float] = {}
    if second is not None:
        head.append("accuracy compared")
        compared = {("none", 0): second.clean_accuracy} | _cells(second)
    rows = []
    for (name, severity), value in accuracy.items():
        level = CORRUPTIONS[name].levels[severity - 1] if severity else ""
        row = [name, severity, level, first.count, round(value, 6)]
        if second is not None:
            other = compared.get((name, severity))
            row.append("" if other is None else round(other, 6))
        rows.append(row)
    return head, rows


def _cells(found: Robustness) -> dict[tuple[str, int], float]:
    return {
        (name, severity): float(value)
        for name, row in zip(found.names, found.accuracy, strict=True)
        for severity, value in zip(SEVERITIES, row, strict=True)
    }


def _curves(looked: Looked, first: Robustness, second: Robustness | None) -> None:
    st.subheader("Accuracy by severity", anchor=False)
    drawn = set(first.names)
    if second is not None and looked.other is not None:
        gaps = np.abs(_in_order(first) - _in_order(second, first.names)).mean(axis=1)
        drawn = {first.names[row] for row in np.argsort(-np.nan_to_num(gaps))[:DRAWN]}
        st.caption(
            f"Solid: {title_markdown(looked.run)}. Dotted: {title_markdown(looked.other)}. The "
            f"chart shows the {DRAWN} corruptions in which they differ most; press others in the "
            "legend to add them."
        )
    else:
        st.caption(
            "Severity 0 is the unchanged image. Press a name in the legend to hide its line; press "
            "it twice to see it alone."
        )
    chart(
        _figure(looked, first, second, drawn),
        key=f"robustness_{looked.run.id}",
        name=f"robustness-{looked.run.id}",
        height=430,
        label="Accuracy by severity, one line per corruption",
    )


def _figure(
    looked: Looked, first: Robustness, second: Robustness | None, drawn: set[str]
) -> go.Figure:
    """Return a line a corruption, the second network’s dotted; ``drawn`` are seen at first."""
    figure = go.Figure()
    for place, name in enumerate(first.names):
        for found, dash in ((first, "solid"), (second, "dot")):
            if found is None or name not in found.names:
                continue
            row = found.accuracy[found.names.index(name)]
            figure.add_scatter(
                x=[0, *SEVERITIES],
                y=[found.clean_accuracy, *row],
                name=CORRUPTIONS[name].title,
                legendgroup=name,
                showlegend=dash == "solid",
                visible=True if name in drawn else "legendonly",
                mode="lines+markers",
                line={"color": palette.class_colour(place), "dash": dash, "width": 2},
                marker={"symbol": MARKERS[place % len(MARKERS)], "size": 7},
                hovertemplate="%{y:.1%}",
            )
    figure.add_hline(
        1 / len(looked.spec.classes),
        line={"dash": "dash", "width": 1, "color": palette.MUTED},
        annotation={
            "text": "guessing",
            "xanchor": "left",
            "yanchor": "top",
            "x": 0,
            "font": {"size": 11, "color": palette.MUTED},
        },
    )
    figure.update_layout(
        hovermode="x unified",
        xaxis={"title": {"text": "severity"}, "dtick": 1},
        yaxis={"tickformat": ".0%", "range": [0, 1.02]},
        legend={"y": -0.22, "yanchor": "top"},
    )
    return figure
