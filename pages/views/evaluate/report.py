"""Evaluate, report: figures by class, ROC and precision-recall curves, and how training went."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.evaluation import Ranking, Report
from pages.session import data
from pages.session.guard import sentences
from pages.views.evaluate.looked import Looked
from pages.widgets import palette
from pages.widgets.chart import chart
from pages.widgets.curves import curves_of, gap_words
from pages.widgets.live_chart import live_chart
from pages.widgets.table import table
from pages.words import literal, number, percent, title_markdown

DRAWN = 10  # classes whose curves are drawn at first; more lines would be unreadable
DRAWN_OF_TWO = 3  # of each, where two networks are drawn
PLOT, LEGEND_LINE = 380, 16  # pixels
MARKED = 12  # markers on a curve, where it has any

HELP = {
    "Precision": "Of the images that got this answer, the share that were of this class.",
    "Recall": "Of the images of this class, the share that got this answer.",
    "F1": "The harmonic mean of precision and recall: between the two, closer to the smaller.",
    "ROC AUC": "Area under the ROC curve: how often an image of this class gets a higher "
    "probability for it than an image of another class does. 0.5 is chance, 1 is perfect.",
    "Average precision": "Area under the precision-recall curve: 1 is perfect.",
}
RANKING = (
    "Sort all images by the probability of one class, and lower a threshold from the top. The ROC "
    "(receiver operating characteristic) curve shows how many of the class are found against how "
    "many others slip in; the other curve shows precision against recall."
)

# Of each network: its letter ("" where there is one only), its report and its rankings.
Network = tuple[str, Report, list[Ranking]]


def draw(looked: Looked) -> None:
    """Draw the view."""
    networks = _networks(looked)
    _accuracy(looked, networks)
    with st.container(border=True):
        st.subheader("By class", anchor=False)
        _table(looked, networks)
        st.fragment(_explained)(looked, networks[0])
    with st.container(border=True):
        st.fragment(_curves)(looked, networks)
    with st.container(border=True):
        st.subheader("Training", anchor=False)
        st.caption("Loss and accuracy during training.")
        curves = curves_of(looked.run)
        live_chart(curves, key=f"curves_{looked.run.id}", height=230)
        gap_words(looked.run, curves)


def _networks(looked: Looked) -> list[Network]:
    part = looked.answers.part
    runs = [looked.run] if looked.other is None else [looked.run, looked.other]
    letters = [""] if len(runs) == 1 else ["A", "B"]
    return [
        (letter, data.report(run, part), data.rankings(run, part))
        for letter, run in zip(letters, runs, strict=True)
    ]


def _accuracy(looked: Looked, networks: Sequence[Network]) -> None:
    """Say what the accuracy is worth."""
    part = looked.answers.part
    lines = []
    for letter, report, _ in networks:
        matrix = np.array(report.matrix)
        low, high = report.interval
        who = f"**{letter}** is right" if letter else "Right"
        lines.append(
            f"{who} on {np.trace(matrix):,} of {matrix.sum():,} {part} images: "
            f"**{percent(report.accuracy, 2)}**, 95 % interval {100 * low:.2f} to "
            f"{percent(high, 2)}. The true class is among the two most likely answers in "
            f"**{percent(report.top_two, 2)}** (top-2 accuracy)."
        )
    if looked.other is not None:
        lines.insert(0, f"A is {title_markdown(looked.run)}, B is {title_markdown(looked.other)}.")
    st.markdown("  \n".join(lines))
    st.caption(
        "The interval (Wilson) shows how much the accuracy could vary on other images of the same "
        "kind."
    )


def _table(looked: Looked, networks: Sequence[Network]) -> None:
    """Show every figure by class, those of a second network beside the first's."""
    first = networks[0][1]
    columns: dict[str, list[Any]] = {
        "Class": [
            f"{row.name} (left out)" if row.name in first.left_out else row.name
            for row in (*first.rows, *first.averages)
        ],
    }
    config: dict[str, Any] = {"Class": st.column_config.TextColumn(pinned=True)}
    for heading, values in (
        ("Precision", lambda report, _: _rows(report, "precision")),
        ("Recall", lambda report, _: _rows(report, "recall")),
        ("F1", lambda report, _: _rows(report, "f1")),
        ("ROC AUC", lambda report, ranks: _areas([rank.auc for rank in ranks], report)),
        (
            "Average precision",
            lambda report, ranks: _areas([rank.average_precision for rank in ranks], report),
        ),
    ):
        for letter, report, ranks in networks:
            name = f"{heading} {letter}".strip()
            columns[name] = values(report, ranks)
            config[name] = st.column_config.NumberColumn(format="%.3f", help=HELP[heading])
    columns["Support"] = _rows(first, "support")
    table(
        columns,
        key="report",
        name=f"report-{looked.answers.part}-{looked.run.id}",
        column_config=config,
    )
    if first.left_out:
        names = ", ".join(f"“{literal(each)}”" for each in first.left_out)
        st.caption(
            f"The macro averages leave out {names}. Training has no image of such a class, or the "
            f"{looked.answers.part} images have none, so its figures say nothing about the "
            "network. "
            "The accuracy and the weighted averages count every image."
        )


def _rows(report: Report, name: str) -> list[Any]:
    return [getattr(row, name) for row in (*report.rows, *report.averages)]


def _areas(areas: Sequence[float | None], report: Report) -> list[float | None]:
    """Return areas by class, then their macro and weighted means over the classes that have one.

    The macro mean leaves out what that of the report leaves out.
    """
    known = [
        (area, row.support)
        for area, row in zip(areas, report.rows, strict=True)
        if area is not None
    ]
    if not known:
        return [*areas, None, None]
    values, support = np.array(known).T
    counted = [
        area
        for area, row in zip(areas, report.rows, strict=True)
        if area is not None and row.name not in report.left_out
    ]
    return [*areas, float(np.mean(counted or values)), float(np.average(values, weights=support))]


def _explained(looked: Looked, network: Network) -> None:
    """Say what the figures of one class mean, with its own numbers."""
    with sentences():
        letter, report, ranks = network
        weakest = min(range(len(report.rows)), key=lambda index: report.rows[index].f1)
        index = st.selectbox(
            "Explain a class",
            range(len(report.rows)),
            index=weakest,
            format_func=lambda index: report.rows[index].name,
            key="explained",
            help="What the figures of a class mean. At first: the class with the lowest F1.",
        )
        st.markdown(explanation(report, ranks[index], index, letter))


def explanation(report: Report, rank: Ranking, index: int, letter: str = "") -> str:
    """Return what precision, recall, F1 and the areas say of one class, as a Markdown list.

    Args:
        report: of the network.
        rank: of the class.
        index: of the class.
        letter: what the network is called, if there are two.
    """
    matrix, row = np.array(report.matrix), report.rows[index]
    name = literal(row.name)
    network = f"network {letter}" if letter else "the network"
    hits, answered = int(matrix[index, index]), int(matrix[:, index].sum())
    lines = [
        f"**Precision {number(row.precision)}**: of {answered:,} images that {network} called "
        f"“{name}”, {hits:,} were. The others were something else."
        if answered
        else f"**Precision**: {network} never answered “{name}”, so it is undefined "
        "and counts as 0.",
        f"**Recall {number(row.recall)}**: of {row.support:,} images of “{name}”, {network} "
        f"found {hits:,}."
        if row.support
        else f"**Recall**: no image is of “{name}”, so there is none, and the macro "
        "averages leave the class out.",
        f"**F1 {number(row.f1)}** is between the two, nearer to the smaller (their harmonic mean).",
    ]
    if rank.auc is not None:
        lines.append(
            f"**ROC AUC {number(rank.auc)}**: take one image of “{name}” and one of another "
            f"class; in {percent(rank.auc)} of such pairs {network} gives the first the higher "
            f"probability for “{name}”."
        )
    return "\n".join(f"- {line}" for line in lines)


def _curves(looked: Looked, networks: Sequence[Network]) -> None:
    with sentences():
        st.subheader("Ranking curves", anchor=False, help=RANKING)
        st.caption(
            "Each class against all others, from the surest images to the least sure. The closer a "
            "curve gets to the corner with the dot, the better."
            + (" A is drawn solid, B dotted." if len(networks) > 1 else "")
        )
        classes = looked.spec.classes
        shown = st.pills(
            "Classes",
            range(len(classes)),
            selection_mode="multi",
            default=_weakest(networks[0][2], DRAWN if len(networks) == 1 else DRAWN_OF_TWO),
            format_func=lambda index: literal(classes[index]),
            key=f"ranked_{looked.spec.name}_{len(networks)}",
        )
        near = st.toggle("Enlarge the corner", key="near", bind="query-params")
        # Room for the legend below the curves, in two columns.
        height = PLOT + LEGEND_LINE * (1 + len(shown) * len(networks) // 2)
        left, right = st.columns(2)
        part = looked.answers.part
        with left:
            st.markdown("**ROC**: hits against false alarms, with the area under the curve (AUC)")
            chart(
                curves(networks, shown, "roc", near=near),
                key="roc",
                name=f"roc-{part}-{looked.run.id}",
                height=height,
                label="ROC curves by class",
            )
        with right:
            st.markdown("**Precision and recall**, with the average precision")
            chart(
                curves(networks, shown, "precision_recall", near=near),
                key="precision_recall",
                name=f"precision-recall-{part}-{looked.run.id}",
                height=height,
                label="Precision-recall curves by class",
            )


def _weakest(ranks: Sequence[Ranking], most: int) -> list[int]:
    """Return the classes drawn at first: all, or of more than ``most`` the worst ranked."""
    if len(ranks) <= most:
        return list(range(len(ranks)))
    known = [index for index, rank in enumerate(ranks) if rank.auc is not None]
    return sorted(sorted(known, key=lambda index: ranks[index].auc or 0)[:most])


def curves(
    networks: Sequence[Network], shown: Sequence[int], kind: str, *, near: bool
) -> go.Figure:
    """Return the curves of the classes shown.

    Args:
        networks: whose curves; the second's are dotted.
        shown: classes, by index. From the eleventh class on, colours repeat and markers tell.
        kind: ``"roc"`` or ``"precision_recall"``, as ``Ranking`` has them.
        near: show the fifth next to the best corner only: good curves differ there.
    """
    is_roc = kind == "roc"
    across, up = ("false alarms", "hits") if is_roc else ("recall", "precision")
    figure = go.Figure()
    for index in shown:
        marker = palette.class_marker(index)
        for letter, _, ranks in networks:
            rank = ranks[index]
            x, y = getattr(rank, kind)
            area = rank.auc if is_roc else rank.average_precision
            figure.add_scatter(
                x=x,
                y=y,
                mode="lines+markers" if marker else "lines",
                marker={"symbol": marker, "size": 7, "maxdisplayed": MARKED} if marker else None,
                name=f"{rank.name} {letter}".strip() + f" {number(area)}",
                line={
                    "color": palette.class_colour(index),
                    "width": 1.75,
                    "dash": "dot" if letter == "B" else "solid",
                },
                hovertemplate=f"{across} %{{x:.1%}}, {up} %{{y:.1%}}",
            )
    figure.add_scatter(
        x=[0 if is_roc else 1],
        y=[1],
        mode="markers",
        marker={"color": palette.MUTED, "size": 9},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    if is_roc:
        figure.add_scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name="chance 0.500",
            line={"color": palette.MUTED, "width": 1, "dash": "dash"},
            hoverinfo="skip",
        )
    up_range = [0.796, 1.004] if near else [-0.02, 1.02]
    across_range = [-0.004, 0.204] if near and is_roc else up_range
    across_title = "false alarms (share of the other images)" if is_roc else "recall"
    up_title = "hits (recall)" if is_roc else "precision"
    figure.update_layout(
        xaxis={"range": across_range, "tickformat": ".0%", "title": {"text": across_title}},
        yaxis={"range": up_range, "tickformat": ".0%", "title": {"text": up_title}},
        showlegend=True,
        legend={"y": -0.2, "yanchor": "top"},
    )
    return figure
