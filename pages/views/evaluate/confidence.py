"""Evaluate, confidence: may one believe a network's percentages, and what if it may refuse?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import evaluation
from core.errors import RunDamaged
from core.evaluation import FEWEST, Bin, Calibration, Refusal, Tempered
from pages.session import data
from pages.session.guard import check_url_number, sentences
from pages.views.evaluate.looked import Looked
from pages.widgets import palette
from pages.widgets.chart import chart
from pages.widgets.choice import choice
from pages.widgets.gallery import gallery
from pages.widgets.table import table
from pages.words import mistake, number, percent, sure_by

PLAIN, SCALED = "trained", "scaled"
ANSWERS = {PLAIN: "As trained", SCALED: "Temperature scaled"}
WIDTHS, COUNTS = "width", "count"
BINS = {WIDTHS: "Equal width", COUNTS: "Equal counts"}
FORMER_BINS = {"Equally wide": WIDTHS, "Equally many answers": COUNTS}  # in links of version 0.4
SHARES = (0.0, 0.05, 0.1, 0.2)  # refused, in the table
MOST_REFUSED = 90  # percent
POINTS = 250  # of a refusal curve: more than a screen shows apart
SHOWN = 20  # refused images
NINETY = (0.85, 0.95)
ENOUGH_TO_SAY = 30  # answers, for a sentence about some of them
PALE = 0.35  # opacity of bars with fewer

CALIBRATED = (
    "A network is calibrated if, of the answers that it is 90 % sure of, 90 % are right. The "
    "expected calibration error (ECE) is the mean distance from that, weighted by the number of "
    "answers; the maximum calibration error (MCE) is the largest one of a bin."
)
REFUSING = (
    "Answers are refused from the least sure one on. The curve shows the accuracy on the rest: "
    "the higher it rises, the better the network knows its mistakes."
)
TEMPERATURE = (
    "Temperature scaling divides the network’s logits, the numbers before the softmax, by one "
    "number, the temperature, fitted on the validation images. It changes how sure the answers "
    "are, never which they are."
)


def draw(looked: Looked) -> None:
    """Draw the view."""
    answers = looked.answers
    if len(answers) < FEWEST:
        st.info(
            f"{len(answers):,} {answers.part} images are too few to judge how far the network’s "
            f"percentages can be trusted. At least {FEWEST} are needed: train with more "
            "validation images, or open the test set when the tuning is done.",
            icon=":material/scatter_plot:",
        )
        return
    scaled = _scaled(looked)
    left, right = st.columns(2, gap="large")
    with left:
        chosen = _reliability(looked, scaled)
    with right:
        if chosen == SCALED and isinstance(scaled, Tempered):
            _refusal(looked, scaled.confidence)
        else:
            _refusal(looked, None)


def _scaled(looked: Looked) -> Tempered | str:
    """Return the answers after temperature scaling, or the sentence why there are none."""
    try:
        validation = data.answers(looked.run, evaluation.VALIDATION)
    except RunDamaged as error:
        return f"Temperature scaling needs this run's answers on its validation images. {error}"
    fewest = evaluation.fewest_to_fit(looked.answers.part)
    if len(validation) < fewest:
        return (
            f"Temperature scaling is left out: there are {len(validation):,} validation images, "
            f"and fitting a temperature takes {fewest} or more."
        )
    found = data.tempered(looked.run, looked.answers.part)
    return found or (
        "Temperature scaling is left out: no temperature fits, as this network makes no mistake on "
        "the validation images, or knows nothing about them."
    )


def _reliability(looked: Looked, scaled: Tempered | str) -> str:
    """Draw the reliability diagram and return which answers the visitor looks at."""
    st.subheader("Can you trust its percentages?", anchor=False, help=CALIBRATED)
    said = st.container()
    with st.container(horizontal=True, gap="medium"):
        chosen = PLAIN
        if isinstance(scaled, Tempered):
            chosen = choice("Answers", ANSWERS, "answers", default=PLAIN)
        bins = choice(
            "Bins",
            BINS,
            "bins",
            default=WIDTHS,
            former=FORMER_BINS,
            help="Answers are sorted into 15 bins by confidence: bins of equal width, as is "
            "usual, or bins with the same number of answers.",
        )
    adaptive = bins == COUNTS
    answers = looked.answers
    plain = evaluation.confidence_of(answers.probabilities)
    before = evaluation.calibration(plain, answers.right, adaptive=adaptive)
    chance = evaluation.chance_error(plain, adaptive=adaptive)
    after = None
    if isinstance(scaled, Tempered):
        after = evaluation.calibration(scaled.confidence, answers.right, adaptive=adaptive)
    with said:
        st.markdown(calibration_words(before, chance, plain, answers.right))
        st.markdown(scaled if isinstance(scaled, str) else scaling_words(before, after, scaled))
    shown = after if chosen == SCALED and after else before
    other = None
    if looked.other_answers is not None and len(looked.other_answers) >= FEWEST:
        other = evaluation.calibration(
            evaluation.confidence_of(looked.other_answers.probabilities),
            looked.other_answers.right,
            adaptive=adaptive,
        )
    chart(
        _diagram(shown, other, adaptive),
        key="reliability",
        name=f"reliability-{looked.run.id}",
        height=420,
        label="Reliability diagram: how often answers are right, by how sure they are",
    )
    if not adaptive and any(0 < each.count < ENOUGH_TO_SAY for each in shown.bins):
        st.caption(f"Pale bars have fewer than {ENOUGH_TO_SAY} answers: mostly chance.")
    _measures(looked, before, after, other, scaled)
    if isinstance(scaled, Tempered):
        st.caption(TEMPERATURE)
    smoothing = looked.run.config.recipe.label_smoothing if looked.run.config else 0.0
    if smoothing:
        st.caption(
            f"This run was trained with label smoothing {smoothing:g}: its target was to be "
            f"{percent(1 - smoothing + smoothing / len(looked.spec.classes), 1)} sure of the "
            "truth, never 100 %. That reduces overconfidence, and often makes the network less "
            "sure than it could be."
        )
    with st.expander("The bins as a table"):
        _bins(shown, looked)
    return chosen or PLAIN


def calibration_words(
    found: Calibration, chance: float, confidence: np.ndarray, right: np.ndarray
) -> str:
    """Say in words how far a network's confidence is from how often it is right.

    Args:
        found: the calibration of the answers.
        chance: the error that a perfectly calibrated network would rarely exceed.
        confidence, right: arrays (n,), of the answers.
    """
    near = (confidence > NINETY[0]) & (confidence <= NINETY[1])
    words = []
    if near.sum() >= ENOUGH_TO_SAY:
        words.append(
            f"When this network is about {percent(float(confidence[near].mean()), 0)} sure, it is "
            f"right in **{percent(float(right[near].mean()), 0)}** of cases "
            f"({near.sum():,} answers)."
        )
    words.append(
        f"Over all {found.count:,} answers it is {percent(found.confidence)} sure and right in "
        f"{percent(found.accuracy)}:"
    )
    difference = found.confidence - found.accuracy
    if found.error <= chance:
        words.append("**well calibrated**, as far as these images can tell.")
    elif abs(difference) < found.error / 2:
        words.append("**too sure in some places, not sure enough in others**.")
    elif difference > 0:
        words.append("**overconfident**.")
    else:
        words.append("**underconfident**.")
    words.append(
        f"Its calibration error is **{_points(found.error)}**; chance alone would give a perfectly "
        f"calibrated network up to {_points(chance)}."
    )
    return " ".join(words)


def scaling_words(before: Calibration, after: Calibration | None, scaled: Tempered) -> str:
    """Say in words what temperature scaling does."""
    assert after is not None, "scaled answers have a calibration"
    effect = "more hesitant" if scaled.temperature > 1 else "more certain"
    words = (
        f"Temperature **{scaled.temperature:.2f}** makes its answers {effect}, and takes the error "
        f"from {_points(before.error)} to **{_points(after.error)}**."
    )
    if scaled.halves:
        first, second = scaled.halves
        return (
            f"{words} To be fair, each half of the validation images was scaled with the "
            f"temperature that fits the other half ({second:.2f} and {first:.2f})."
        )
    return f"{words} It was fitted on the validation images, not on these."


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _diagram(shown: Calibration, other: Calibration | None, adaptive: bool) -> go.Figure:
    full = [each for each in shown.bins if each.count]
    middle = [(each.low + each.high) / 2 for each in full]
    width = [each.high - each.low for each in full]
    held = [each.accuracy for each in full]
    # What few answers say is mostly chance: pale.
    strength = [1.0 if each.count >= ENOUGH_TO_SAY else PALE for each in full]
    edge = {"color": palette.PAPER, "width": 1}
    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name="as it claims",
            line={"color": palette.MUTED, "dash": "dot", "width": 1.5},
            hoverinfo="skip",
        )
    )
    if adaptive:
        # As bars, those near 100 % would be hairlines.
        figure.add_trace(_line(full, "A" if other else "right", palette.CLASSES[0]))
    else:
        bars = {"x": middle, "hovertext": _hover(full), "hoverinfo": "text"}
        figure.add_bar(
            **bars,
            y=held,
            width=width,
            name="right",
            marker={"color": palette.CLASSES[0], "opacity": strength, "line": edge},
        )
        figure.add_bar(
            **bars,
            y=[each.gap for each in full],
            base=held,
            width=[0.5 * each for each in width],
            name="gap to its claim",
            marker={
                "color": palette.CLASSES[1],
                "opacity": [0.8 * each for each in strength],
                "line": {"color": palette.CLASSES[1], "width": 1},
            },
        )
    if other:
        others = [each for each in other.bins if each.count]
        figure.add_trace(_line(others, "B", palette.CLASSES[2], "B "))
    figure.update_layout(
        barmode="overlay",
        margin={"l": 8, "r": 20, "t": 12, "b": 8},  # room for "100%"
        xaxis={
            "title": {"text": "how sure it is"},
            "range": [0, 1.01],
            "dtick": 0.2,
            "tickformat": ".0%",
        },
        yaxis={
            "title": {"text": "how often it is right"},
            "range": [0, 1.02],
            "dtick": 0.2,
            "tickformat": ".0%",
        },
    )
    if not adaptive:
        figure.add_bar(
            **bars,
            y=[each.count for each in full],
            width=width,
            yaxis="y2",
            name="answers",
            showlegend=False,
            marker={"color": palette.MUTED, "line": edge},
        )
        figure.update_layout(
            xaxis={"anchor": "y2"},
            yaxis={"domain": [0.3, 1]},
            yaxis2={"domain": [0, 0.2], "title": {"text": "answers"}, "nticks": 3, "anchor": "x"},
        )
    return figure


def _hover(bins: Sequence[Bin], whose: str = "") -> list[str]:
    return [
        f"{whose}says {percent(each.confidence)}<br>right {percent(each.accuracy)}<br>"
        f"{each.count:,} answers"
        for each in bins
    ]


def _line(bins: Sequence[Bin], name: str, colour: str, whose: str = "") -> go.Scatter:
    return go.Scatter(
        x=[each.confidence for each in bins],
        y=[each.accuracy for each in bins],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2},
        marker={"size": 7},
        hovertext=_hover(bins, whose),
        hoverinfo="text",
    )


def _measures(
    looked: Looked,
    before: Calibration,
    after: Calibration | None,
    other: Calibration | None,
    scaled: Tempered | str,
) -> None:
    columns: dict[str, list[Any]] = {
        "Measure": [
            "Calibration error (ECE), points",
            "Largest error of a bin (MCE), points",
            "Mean confidence",
            "Accuracy",
            "Loss, nats",
        ]
    }
    shown: list[tuple[str, Calibration, float]] = [("As trained", before, looked.answers.loss)]
    if after and isinstance(scaled, Tempered):
        shown = [("As trained", before, scaled.loss_before), ("Scaled", after, scaled.loss)]
    if other and looked.other_answers is not None:
        shown.append(("B, as trained", other, looked.other_answers.loss))
    plain = {"Measure": columns["Measure"]}
    for head, found, loss in shown:
        columns[head] = [
            f"{100 * found.error:.2f}",
            f"{100 * found.worst:.2f}",
            percent(found.confidence, 2),
            percent(found.accuracy, 2),
            number(loss, 4),
        ]
        plain[head] = [
            100 * found.error,
            100 * found.worst,
            found.confidence,
            found.accuracy,
            loss,
        ]
    table(columns, key="calibration", name=f"calibration-{looked.run.id}", csv_columns=plain)


def _bins(shown: Calibration, looked: Looked) -> None:
    share = st.column_config.NumberColumn(format="percent")
    table(
        {
            "Above": [each.low for each in shown.bins],
            "Up to": [each.high for each in shown.bins],
            "Answers": [each.count for each in shown.bins],
            "Says": [each.confidence for each in shown.bins],
            "Is right": [each.accuracy for each in shown.bins],
        },
        key="reliability_bins",
        name=f"reliability-{looked.run.id}",
        column_config=dict.fromkeys(("Above", "Up to", "Says", "Is right"), share),
    )


@st.fragment
def _refusal(looked: Looked, scaled: np.ndarray | None) -> None:
    """Draw what accuracy is left if the network may refuse; ``scaled`` are its confidences."""
    with sentences():
        answers = looked.answers
        confidence = scaled
        if confidence is None:
            confidence = evaluation.confidence_of(answers.probabilities)
        found = evaluation.refusal(confidence, answers.right)
        other = None
        if looked.other_answers is not None and len(looked.other_answers) >= FEWEST:
            other = evaluation.refusal(
                evaluation.confidence_of(looked.other_answers.probabilities),
                looked.other_answers.right,
            )
        st.subheader("What if it may refuse?", anchor=False, help=REFUSING)
        said = st.container()
        check_url_number("refuse", 0, MOST_REFUSED)
        share = (
            st.slider(
                "Share refused",
                0,
                MOST_REFUSED,
                10,
                format="%d %%",
                key="refuse",
                bind="query-params",
                help="The images that the network is least sure of. In practice a person "
                "would look at them.",
            )
            / 100
        )
        said.markdown(refusal_words(found, share, answers.right))
        chart(
            _curve(found, other, share),
            key="refusal",
            name=f"refusal-{looked.run.id}",
            height=330,
            label="Accuracy on the rest, by share of images refused",
        )
        _shares(found, other, looked)
        _refused(looked, found, share, confidence)


def refusal_words(found: Refusal, share: float, right: np.ndarray) -> str:
    """Say in words what refusing a share of the images brings."""
    answered = found.answered(share)
    refused = found.order[answered:]
    words = (
        f"Without the {len(refused):,} least sure answers, it is right in "
        f"**{percent(found.at(share), 2)}** of the other {answered:,}, instead of "
        f"{percent(found.at(0), 2)}."
    )
    if len(refused):
        wrong = int((~right[refused]).sum())
        words += (
            f" Of those refused, {wrong:,} ({percent(wrong / len(refused), 0)}) would have been "
            "wrong."
        )
    needed = found.refused_for(0.99)
    if needed is None or needed > MOST_REFUSED / 100:
        return f"{words} It cannot reach 99 % in this way."
    if needed == 0:
        return words
    return f"{words} To reach 99 %, it has to refuse {percent(needed, 0)}."


def _curve(found: Refusal, other: Refusal | None, share: float) -> go.Figure:
    shares = np.linspace(0, MOST_REFUSED / 100, POINTS)

    def line(refusal: Refusal, values: np.ndarray, name: str, **style: Any) -> go.Scatter:
        return go.Scatter(
            x=shares,
            y=[values[refusal.answered(float(each)) - 1] for each in shares],
            mode="lines",
            name=name,
            line=style,
            hovertemplate="refuses %{x:.0%}<br>right in %{y:.2%}",
        )

    own = palette.CLASSES[0]
    figure = go.Figure(
        [
            line(found, found.ideal, "if it knew its mistakes", color=palette.MUTED, dash="dot"),
            line(found, found.accuracy, "A" if other else "accuracy", color=own, width=2.5),
        ]
    )
    if other:
        figure.add_trace(line(other, other.accuracy, "B", color=palette.CLASSES[2], width=2))
    figure.add_scatter(
        x=[share],
        y=[found.at(share)],
        mode="markers",
        marker={"size": 11, "color": own, "line": {"color": palette.PAPER, "width": 2}},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_vline(share, line={"color": own, "width": 1, "dash": "dot"})
    figure.update_layout(
        xaxis={
            "title": {"text": "share refused"},
            "range": [-0.01, MOST_REFUSED / 100 + 0.01],
            "tickformat": ".0%",
        },
        yaxis={"title": {"text": "right among the rest"}, "tickformat": "~%"},
    )
    return figure


def _shares(found: Refusal, other: Refusal | None, looked: Looked) -> None:
    heads = ["Refused", "Answered", "Right among them"]
    rows: list[list[Any]] = [[share, found.answered(share), found.at(share)] for share in SHARES]
    if other:
        heads.append("B right among them")
        rows = [[*row, other.at(row[0])] for row in rows]
    column = st.column_config.NumberColumn(format="percent")
    table(
        {head: [row[place] for row in rows] for place, head in enumerate(heads)},
        key="refusal_table",
        name=f"refusal-{looked.run.id}",
        column_config={head: column for head in heads if head != "Answered"},
    )
    areas = f"Area under the risk-coverage curve (AURC): {number(found.risk_area, 4)}"
    st.caption(
        areas + (f", B: {number(other.risk_area, 4)}." if other else ".") + " Lower is better."
    )


def _refused(looked: Looked, found: Refusal, share: float, confidence: np.ndarray) -> None:
    places = found.order[found.answered(share) :][::-1]  # the least sure first
    if not len(places):
        return
    st.markdown(f"**Refused first** (least sure) · {min(SHOWN, len(places)):,} of {len(places):,}")
    names = looked.spec.classes
    shown = looked.answers.at(places[:SHOWN])
    sure = [sure_by(float(each)) for each in confidence[places[:SHOWN]]]
    gallery(
        looked.images(shown),
        [
            names[truth] + f"\n({sure_by(float(each))})"
            if truth == answer
            else mistake(names[truth], names[answer], float(each))
            for truth, answer, each in zip(
                shown.labels, shown.predicted, confidence[places[:SHOWN]], strict=True
            )
        ],
        labels=[
            f"{shown.part.capitalize()} image {index}, {names[truth]}, called {names[answer]}, "
            f"{each} sure"
            for index, truth, answer, each in zip(
                shown.indices, shown.labels, shown.predicted, sure, strict=True
            )
        ],
        marked=(~shown.right).tolist(),
        key="refused",
        tile=looked.tile,
    )
