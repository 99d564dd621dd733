"""Evaluate, figures: how good a network is on the part that is looked at, and the gap after it."""

from collections.abc import Sequence

import streamlit as st

from core import evaluation
from core.evaluation import Answers, Pair, Share, share_of
from core.runs import Run
from pages.session import data
from pages.views.evaluate.looked import Looked
from pages.words import number, percent, title_markdown
from pages.words.comparison import NONE_IN_COMMON, paired_words


def figures(looked: Looked) -> None:
    """Show accuracy, loss, wrong answers and the most confused pair, of two networks side by side.

    With a second network each figure says whose it is, and both have all of them.
    """
    if looked.other is None or looked.other_answers is None:
        _row(looked, looked.run, looked.answers, "")
        return
    _row(looked, looked.run, looked.answers, "A · ")
    _row(looked, looked.other, looked.other_answers, "B · ")


def _row(looked: Looked, run: Run, answers: Answers, whose: str) -> None:
    report = data.report(run, answers.part)
    share = Share(report.accuracy, len(answers))
    classes = looked.spec.classes
    pairs = evaluation.pairs(answers.labels, answers.predicted, len(classes))
    # With a letter before it there is no room for the part, which is chosen right above.
    part = "" if whose else f"{answers.part.capitalize()} "
    with st.grid(4, min_column_width=140):
        _figure(
            f"{whose}{part}accuracy",
            percent(report.accuracy, 2),
            share.interval_words,
            "Below: the 95 % confidence interval (Wilson).",
        )
        _figure(
            f"{whose}{part}loss",
            number(report.loss),
            f"top-2: {percent(report.top_two, 2)}",
            "Cross-entropy in nats. Below, the top-2 accuracy: how often the true class is among "
            "the two most likely answers.",
        )
        wrong = int((~answers.right).sum())
        _figure(
            f"{whose}wrong answers" if whose else "Wrong answers",
            f"{wrong:,}",
            f"of {len(answers):,} images",
        )
        if pairs:
            times = "once" if pairs[0].count == 1 else f"{pairs[0].count:,} times"
            _figure(
                f"{whose}most confused" if whose else "Most confused",
                times,
                pair_name((pairs[0].first, pairs[0].second), classes),
            )


def _figure(label: str, value: str, note: str, explanation: str | None = None) -> None:
    st.metric(
        label,
        value,
        delta=note,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=explanation,
    )


def compared(looked: Looked) -> None:
    """Say whether the difference to the second run could be chance, if there is one."""
    if looked.other is None or looked.other_answers is None:
        return
    # Views with something of both call them so too.
    names = [title_markdown(run) for run in (looked.run, looked.other)]
    named = f"**A** is “{names[0]}”, **B** is “{names[1]}”. Unlabelled figures are A’s."
    first, second = evaluation.in_common(looked.answers, looked.other_answers)
    if not len(first):
        st.caption(f"{named} {NONE_IN_COMMON}")
        return
    what = f"{looked.answers.part} images"
    if looked.answers.part == evaluation.VALIDATION:
        what += " that both held back"
    paired = evaluation.mcnemar(first.predicted, second.predicted, first.labels)
    st.caption(f"{named} {paired_words(paired, 'A', 'B', what)}")


def gap(looked: Looked) -> None:
    """Show what the test figure is beside the validation figure, and how good the guess was."""
    config, result = looked.run.config, looked.run.told
    assert config is not None, "a damaged run has no answers"
    report = data.report(looked.run, evaluation.TEST)
    test = Share(report.accuracy, len(looked.answers))
    validation = share_of(result.val_accuracy if result else None, config.validation_count)
    if validation is not None:
        st.markdown(gap_words(validation, test))
    opened = looked.run.opened
    if opened is None:
        return
    said = []
    if opened.accuracy is not None:
        said.append(accuracy_guess_words(opened.accuracy, test))
    if opened.pair is not None:
        pairs = evaluation.pairs(
            looked.answers.labels, looked.answers.predicted, len(looked.spec.classes)
        )
        said.append(pair_guess_words(opened.pair, pairs, looked.spec.classes))
    if said:
        st.markdown(f":material/psychology_alt: **The guess:** {' '.join(said)}")


def gap_words(validation: Share, test: Share) -> str:
    """Say how far validation and test accuracy are apart, and whether chance explains it."""
    low, high = evaluation.difference_interval(
        validation.value, validation.count, test.value, test.count
    )
    between = validation.value - test.value
    facts = (
        f":material/difference: **Validation − test: {_points(between)} percentage points** "
        f"({percent(validation.value, 2)} of {validation.count:,} images against "
        f"{percent(test.value, 2)} of {test.count:,}; 95 % interval {_points(low)} to "
        f"{_points(high)})."
    )
    if low <= 0 <= high:
        return f"{facts} Chance alone could explain a gap of this size."
    if between > 0:
        return (
            f"{facts} That is more than chance explains. Settings chosen by looking at the "
            "validation images fit those better than new images; or the test images are harder."
        )
    return (
        f"{facts} That is more than chance explains: the test images are easier for this network "
        "than those held back."
    )


def _points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.2f}".replace("-", "−")


def accuracy_guess_words(guess: float, test: Share) -> str:
    """Say how close a guessed accuracy was."""
    off = 100 * (guess - test.value)
    said = f"{percent(guess)} was guessed, "
    if abs(off) < 0.05:
        return f"{said}which is right."
    said += f"{abs(off):.1f} points too {'high' if off > 0 else 'low'}"
    low, high = test.interval
    return f"{said}, within the figure’s interval." if low <= guess <= high else f"{said}."


def pair_guess_words(guess: tuple[int, int], pairs: Sequence[Pair], classes: Sequence[str]) -> str:
    """Say at which place a guessed pair of classes is among the confused ones.

    Args:
        guess: two classes.
        pairs: from ``core.evaluation.pairs``.
        classes: names, by class.
    """
    said = f"{pair_name(guess, classes)} as the most confused pair is "
    counts = {frozenset((pair.first, pair.second)): pair.count for pair in pairs}
    times = counts.get(frozenset(guess), 0)
    place = 1 + sum(count > times for count in counts.values())
    if pairs and place == 1:
        return f"{said}right."
    often = "once" if times == 1 else f"{times:,} times"
    said += f"number {place}, mixed up {often}" if times else "never mixed up"
    if not pairs:
        return f"{said}."
    most = pairs[0]
    return f"{said}; {pair_name((most.first, most.second), classes)} is, {most.count:,} times."


def pair_name(pair: tuple[int, int], classes: Sequence[str]) -> str:
    """Return what a pair of classes is called."""
    return f"{classes[pair[0]]} & {classes[pair[1]]}"
