"""Evaluate, figures: how good a network is on the part that is looked at, and the gap after it."""

import numpy as np
import streamlit as st

from core import evaluation
from core.evaluation import Report
from pages.components import data
from pages.components.compare import NONE_IN_COMMON, paired_words
from pages.components.compare_tables import Share, share_of
from pages.components.evaluate.looked import Looked
from pages.components.wording import number, percent, title_markdown


def figures(looked: Looked) -> None:
    """Show accuracy, loss, wrong answers and the most confused pair."""
    answers, spec = looked.answers, looked.spec
    report = data.report(looked.run, answers.part)
    count, share = len(answers), Share(report.accuracy, len(answers))
    first, second, times = evaluation.confused_pairs(np.array(report.matrix))[0]
    top = evaluation.top_accuracy(answers.probabilities, answers.labels)
    with st.grid(5, min_column_width=140):
        _figure(
            f"{answers.part.capitalize()} accuracy",
            percent(report.accuracy, 2),
            f"95 %: {share.interval_words}",
        )
        _figure(f"{answers.part.capitalize()} loss", number(report.loss), "cross-entropy")
        wrong = count - int(np.trace(np.array(report.matrix)))
        _figure("Wrong answers", f"{wrong:,}", f"of {count:,} images")
        _figure(
            "Most confused", f"{times:,} times", f"{spec.classes[first]} / {spec.classes[second]}"
        )
        _figure("Right in two tries", percent(top, 2), "top-2 accuracy")


def _figure(label: str, value: str, note: str) -> None:
    st.metric(
        label,
        value,
        delta=note,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )


def compared(looked: Looked) -> None:
    """Say whether the difference to the second run could be chance, if there is one."""
    if looked.other is None or looked.other_answers is None:
        return
    first, second = evaluation.in_common(looked.answers, looked.other_answers)
    if not len(first):
        st.caption(NONE_IN_COMMON)
        return
    names = [f"“{title_markdown(run)}”" for run in (looked.run, looked.other)]
    if names[0] == names[1]:
        names = ["this network", "the other"]
    what = f"{looked.answers.part} images"
    if looked.answers.part == evaluation.VALIDATION:
        what += " that both held back"
    paired = evaluation.mcnemar(first.predicted, second.predicted, first.labels)
    said = paired_words(paired, names[0], names[1], what)
    st.caption(said[0].upper() + said[1:])


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
        said.append(pair_guess_words(opened.pair, report, looked.spec.classes))
    if said:
        st.markdown(f":material/psychology_alt: **The guess:** {' '.join(said)}")


def gap_words(validation: Share, test: Share) -> str:
    """Say how far validation and test accuracy are apart, and whether chance explains it."""
    low, high = evaluation.difference_interval(
        validation.value, validation.count, test.value, test.count
    )
    between = 100 * (validation.value - test.value)
    facts = (
        f":material/difference: **Validation − test: {between:+.2f} percentage points** "
        f"({percent(validation.value, 2)} of {validation.count:,} images against "
        f"{percent(test.value, 2)} of {test.count:,}; 95 % interval {100 * low:+.2f} to "
        f"{100 * high:+.2f})."
    )
    if low <= 0 <= high:
        return f"{facts} Chance explains a gap of this size: two samples of images differ so much."
    if between > 0:
        return (
            f"{facts} That is more than chance explains. What was chosen by looking at the "
            "validation images fits them better than new ones, or the test images are harder."
        )
    return (
        f"{facts} That is more than chance explains: the test images are easier for this network "
        "than those held back."
    )


def accuracy_guess_words(guess: float, test: Share) -> str:
    """Say how close a guessed accuracy was."""
    off = 100 * (guess - test.value)
    said = f"{percent(guess)} was guessed, "
    if abs(off) < 0.05:
        return f"{said}and {percent(test.value)} it is."
    said += f"{abs(off):.1f} points too {'high' if off > 0 else 'low'}"
    low, high = test.interval
    return f"{said}, within the figure's own interval." if low <= guess <= high else f"{said}."


def pair_guess_words(pair: tuple[int, int], report: Report, classes: tuple[str, ...]) -> str:
    """Say at which place a guessed pair of classes is among the most confused ones."""
    pairs = evaluation.confused_pairs(np.array(report.matrix))
    (times,) = (count for first, second, count in pairs if {first, second} == set(pair))
    place = 1 + sum(count > times for _, _, count in pairs)
    said = f"{classes[pair[0]]} / {classes[pair[1]]} as the most confused pair is "
    if place == 1:
        return f"{said}right."
    first, second, most = pairs[0]
    return (
        f"{said}number {place} of {len(pairs)} with {times:,} mix-ups; {classes[first]} / "
        f"{classes[second]} has {most:,}."
    )
