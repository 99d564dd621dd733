"""The parts of a report on what a network can do: figures, mistakes, robustness, comparison."""

import io
import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from core import architectures, evaluation
from core.architectures.settings import RECIPE_TITLES, SETTINGS, count
from core.errors import AtelierError
from core.evaluation import CORRUPTIONS, SEVERITIES, TEST, VALIDATION, Answers, Share, share_of
from core.evaluation.paired import NONE_IN_COMMON, paired_words
from core.evaluation.report import LEFT_OUT
from core.export.report import charts
from core.export.report.document import (
    Block,
    Fact,
    Figure,
    Gallery,
    Paragraph,
    Picture,
    Section,
    Table,
)
from core.export.report.material import Material, Missing, answers_on
from core.export.report.svg import clipped
from core.export.told import Told
from core.tasks import pool
from core.words import duration, number, percent, sure_by

WORST = 12  # mistakes that are shown
_PAIRS = 5  # of classes
_LETTERS = 30  # of a class's name in a line of others
_EDGE = 96  # pixels that a picture has at least


def facts(known: Material) -> Iterator[Fact]:
    """Yield the figures for the top."""
    told, result = known.told, known.told.run.told
    shares = _shares(told)
    for part, share in shares.items():
        yield Fact(f"{part} accuracy", percent(share.value, 2), _interval(share))
    yield Fact("Parameters", f"{told.parameters:,}", "")
    if result is not None and result.seconds:
        yield Fact("Training time", duration(result.seconds), count(result.epochs, "epoch"))


def figures(known: Material) -> Section | Missing:
    """Return accuracy and loss of each part, and the figures of each class."""
    if isinstance(known.answers, Missing):
        return known.answers
    told = known.told
    unseen = evaluation.unseen_classes(told.spec)
    report = evaluation.report(
        known.answers.probabilities, known.answers.labels, told.classes, known.answers.loss, unseen
    )
    share = Share(report.accuracy, len(known.answers))
    rows = [*_result_rows(known, share, report)]
    head = ("Images", "Accuracy", "95 % interval", "Loss", "Top 2")
    classes = [_class_row(row) for row in report.rows]
    averages = [_class_row(row, mean=True) for row in report.averages]
    class_head = ("Class", "Precision", "Recall", "95 % interval", "F1", "Images")
    blocks: list[Block] = [
        Table(head, tuple(rows)),
        Paragraph(f"Of each class, on the {known.part} images:"),
        Table(class_head, (*classes, *averages)),
        Paragraph(
            "Intervals are Wilson’s, of accuracy or recall: another sample of as many images would "
            "move the figure by about so much. Loss is the cross-entropy in nats. Top 2: the true "
            "class is one of the two likeliest answers.",
            quiet=True,
        ),
    ]
    if report.left_out:
        blocks.append(Paragraph(f"{', '.join(report.left_out)}: {LEFT_OUT}"))
    return Section("Figures", tuple(blocks))


def _result_rows(
    known: Material, share: Share, report: evaluation.Report
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each part; of the one that the answers are of, all is known."""
    result = known.told.run.told
    if result is not None and not known.told.run.unfinished:
        yield "Training", percent(result.train_accuracy, 2), "", number(result.train_loss), ""
        validation = share_of(result.val_accuracy, known.told.config.validation_count)
        if known.part == TEST and validation is not None:
            shown = percent(validation.value, 2)
            yield "Validation", shown, f"{validation.interval_words} %", number(result.val_loss), ""
    yield (
        known.part.capitalize(),
        percent(share.value, 2),
        f"{share.interval_words} %",
        number(report.loss),
        percent(report.top_two, 2),
    )


def _class_row(row: evaluation.ClassRow, *, mean: bool = False) -> tuple[str, ...]:
    share = None if mean or not row.support else Share(row.recall, row.support)
    interval = "" if share is None else _range(share)
    return (
        row.name.capitalize() if mean else row.name,
        number(row.precision),
        number(row.recall),
        interval,
        number(row.f1),
        f"{row.support:,}",
    )


def _range(share: Share) -> str:
    low, high = share.interval
    return f"{low:.3f} to {high:.3f}"


def matrix(known: Material) -> Section | Missing:
    """Return the confusion matrix and the pairs that are confused most."""
    if isinstance(known.answers, Missing):
        return Missing("The confusion matrix: it needs the predictions named here.")
    told, answers = known.told, known.answers
    blocks: list[Block] = []
    if len(told.classes) <= charts.MOST_CLASSES:
        counts = evaluation.confusion(answers.labels, answers.predicted, len(told.classes)).tolist()
        caption = (
            f"The {len(answers):,} {known.part} images. A row is a true class, a column what it "
            "was called; the darker, the larger the share of its row."
        )
        blocks.append(Figure((charts.matrix(counts, told.classes),), caption))
    pairs = evaluation.pairs(answers.labels, answers.predicted, len(told.classes))[:_PAIRS]
    if pairs:
        rows = tuple(
            (
                f"{_inside(told.classes[each.first])} and {_inside(told.classes[each.second])}",
                f"{each.count:,}",
                percent(each.share),
            )
            for each in pairs
        )
        blocks.append(Table(("Most confused", "Errors", "Of all errors"), rows))
    return Section("Confusion matrix", tuple(blocks))


def mistakes(known: Material) -> Section | Missing:
    """Return the wrong answers that the network was surest of, with their images."""
    if isinstance(known.answers, Missing):
        return Missing("The worst mistakes: they need the predictions named here.")
    told, answers = known.told, known.answers
    found = evaluation.sure_and_wrong(answers)
    if not len(found):
        words = f"All {len(answers):,} {known.part} images were answered correctly."
        return Section("Worst mistakes", (Paragraph(words),))
    worst = answers.at(found.places[:WORST])
    images = told.spec.load(answers.split).images[worst.indices]
    pictures = tuple(
        Picture(
            _png(image),
            f"{_inside(told.classes[label])}, called {_inside(told.classes[called])} "
            f"({sure_by(probability)})",
        )
        for image, label, called, probability in zip(
            images,
            worst.labels.tolist(),
            worst.predicted.tolist(),
            worst.probabilities.max(axis=1).tolist(),
            strict=True,
        )
    )
    words = (
        f"{len(found):,} of {len(answers):,} {known.part} images were answered wrongly. These are "
        "the ones that the network was surest of."
    )
    return Section("Worst mistakes", (Paragraph(words), Gallery("mistake", pictures)))


def _inside(name: str) -> str:
    """Return a class's name for the middle of a line: short, and isolated if it runs to the left.

    Without that, what stands after it would be shown before it.
    """
    short = clipped(name, _LETTERS)
    leftwards = any(unicodedata.bidirectional(each) in ("R", "AL") for each in short)
    return f"\u2068{short}\u2069" if leftwards else short


def _png(image: np.ndarray) -> bytes:
    """Return an image as PNG, its pixels enlarged to squares."""
    height, width, channels = image.shape
    times = max(1, -(-_EDGE // max(height, width)))
    picture = Image.fromarray(image[..., 0] if channels == 1 else image)
    target = io.BytesIO()
    picture.resize((width * times, height * times), Image.Resampling.NEAREST).save(target, "PNG")
    return target.getvalue()


def robustness(known: Material) -> Section | Missing:
    """Return the accuracy on images made worse, if it has been measured."""
    path = pool.result("robustness", known.told.run)
    if path is None:
        return Missing(
            "Robustness: it has not been measured. Open the Evaluate page, choose Robustness, and "
            "start it there; it takes up to a minute."
        )
    try:
        found = evaluation.read_robustness(path)
    except AtelierError as error:
        return Missing(f"Robustness: {error}")
    titles = [CORRUPTIONS[name].title for name in found.names]
    means = found.accuracy.mean(axis=1)
    order = np.argsort(-means, kind="stable").tolist()
    drawing = charts.bars(
        [titles[place] for place in order],
        [float(means[place]) for place in order],
        found.clean_accuracy,
        "robustness",
    )
    rows = tuple(
        (titles[place], *(percent(float(share)) for share in found.accuracy[place]))
        for place in order
    )
    words = (
        f"{found.count:,} validation images, each made worse in {len(titles)} ways at "
        f"{len(SEVERITIES)} severities. Unchanged, {percent(found.clean_accuracy)} are answered "
        f"correctly; on average over all corruptions, {percent(found.mean)}. Chance alone moves "
        f"each figure by up to {100 * found.uncertainty:.1f} percentage points."
    )
    caption = "Mean over the severities. The dashed line is the accuracy on unchanged images."
    head = ("Corruption", *(f"Severity {each}" for each in SEVERITIES))
    return Section("Robustness", (Paragraph(words), Figure((drawing,), caption), Table(head, rows)))


def comparison(known: Material) -> Section | Missing | None:
    """Return what tells the run from another, and whether the difference could be chance.

    None if no other was named.
    """
    if known.other is None:
        return None
    own, other = known.told, known.other
    rows = [
        (_title(row.name), *(_value(row.name, value) for value in row.values))
        for row in evaluation.differences([own.config, other.config])
        if row.differs
    ]
    rows.append(("Parameters", f"{own.parameters:,}", f"{other.parameters:,}"))
    shares = _shares(own), _shares(other)
    for part in dict.fromkeys([*shares[0], *shares[1]]):
        values = (_both(each.get(part)) for each in shares)
        rows.append((f"{part} accuracy", *values))
    blocks: list[Block] = [
        Paragraph(f"A is this run, B another: {named(other)}."),
        Table(("", "A, this run", "B, the other"), tuple(rows), numbers=False),
        Paragraph(_paired(known)),
    ]
    return Section("Comparison", tuple(blocks))


def _paired(known: Material) -> str:
    """Say whether the two differ by more than chance, on the images that both were asked about."""
    assert known.other is not None, "there is one to compare with"
    part = TEST if known.part == TEST and known.other.run.test_opened else VALIDATION
    both = [answers_on(each, part) for each in (known.told, known.other)]
    lacking = [each.text for each in both if isinstance(each, Missing)]
    if lacking:
        return f"They cannot be compared image by image. {lacking[0]}"
    first, second = evaluation.in_common(*(each for each in both if isinstance(each, Answers)))
    if not len(first):
        return NONE_IN_COMMON
    what = f"{part} images" + (" that both held back" if part == VALIDATION else "")
    paired = evaluation.mcnemar(first.predicted, second.predicted, first.labels)
    return paired_words(paired, "A", "B", what).replace("**", "")


def named(told: Told) -> str:
    """Return what a run is called: by its owner, or by its network and data."""
    return told.run.name or told.title


def _shares(told: Told) -> dict[str, Share]:
    """Return the accuracies that may be told, by part; as ``Told.figures`` has them in words."""
    result = told.run.told
    if result is None or told.run.unfinished:
        return {}
    found = {
        "Validation": share_of(result.val_accuracy, told.config.validation_count),
        "Test": share_of(result.test_accuracy, told.spec.counts["test"]),
    }
    return {part: share for part, share in found.items() if share is not None}


def _interval(share: Share) -> str:
    return f"95 % interval {share.interval_words}, {share.count:,} images"


def _both(share: Share | None) -> str:
    return "–" if share is None else f"{percent(share.value, 2)} ({share.interval_words})"


def _title(name: str) -> str:
    return SETTINGS[name].title if name in SETTINGS else name.removesuffix("_name").capitalize()


def _value(name: str, value: Any) -> str:
    if name == "architecture":
        return architectures.find(value).title
    if name == "recipe_name":
        return RECIPE_TITLES[value]
    return SETTINGS[name].words(value)
