"""Confusion matrix, classification report and the images behind them.

The figures are scikit-learn's; it is imported when first needed, as it takes a second.
"""

import importlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import datasets
from core.architectures.layers import Dropout, Layer, Residual
from core.evaluation.answers import TEST, answers_of
from core.evaluation.comparison import accuracy_interval
from core.evaluation.ranking import top_accuracy
from core.runs import BUNDLED, Run, TrainingConfig

LEFT_OUT = (
    "Left out of the macro average: training has no image of this class, or these images have none."
)


def get_ready() -> None:
    """Import what the first report would wait for."""
    importlib.import_module("sklearn.metrics")


@dataclass(frozen=True)
class ClassRow:
    """One row of the classification report; all but support are 0 to 1."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Report:
    """What a network got right and wrong on some images.

    Attributes:
        accuracy: share of images that were right, 0 to 1.
        interval: 95 % confidence interval of the accuracy (Wilson), both ends 0 to 1.
        top_two: share of images whose class is one of the two likeliest answers.
        loss: mean cross-entropy in nats.
        matrix: confusion matrix, ``matrix[true][predicted]`` images.
        rows: one a class, in label order.
        averages: the rows "macro average" (each class counts the same) and "weighted average"
            (each image counts the same).
        left_out: names of the classes that the macro average leaves out: those that training has
            no image of, and those that these images have none of.
    """

    accuracy: float
    interval: tuple[float, float]
    top_two: float
    loss: float
    matrix: tuple[tuple[int, ...], ...]
    rows: tuple[ClassRow, ...]
    averages: tuple[ClassRow, ...]
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def to_text(self, part: str) -> str:
        """Return the report as a table for a terminal; ``part`` says what the images are."""
        head = f"{'':18}{'precision':>10}{'recall':>10}{'F1':>10}{'support':>10}"
        rows = [
            replace(row, name=f"{row.name} *") if row.name in self.left_out else row
            for row in (*self.rows, *self.averages)
        ]
        lines = [
            f"{row.name:18}{row.precision:10.3f}{row.recall:10.3f}{row.f1:10.3f}{row.support:10}"
            for row in rows
        ]
        if self.left_out:
            lines += ["", f"* {LEFT_OUT}"]
        accuracy = f"{part.capitalize()} accuracy {self.accuracy:.2%}, loss {self.loss:.4f}"
        low, high = self.interval
        more = f"95 % interval {low:.2%} to {high:.2%}, top-2 accuracy {self.top_two:.2%}"
        return "\n".join([accuracy, more, "", head, *lines])


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return the confusion matrix, int array (classes, classes): true by predicted."""
    from sklearn.metrics import confusion_matrix

    found: np.ndarray = confusion_matrix(labels, predicted, labels=range(classes))
    return found


def row_normalised(matrix: np.ndarray) -> np.ndarray:
    """Return each row divided by its sum, float array; a row of zeros stays zero."""
    found: np.ndarray = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return found


def column_normalised(matrix: np.ndarray) -> np.ndarray:
    """Return each column divided by its sum, float array; a column of zeros stays zero."""
    found: np.ndarray = matrix / np.maximum(matrix.sum(axis=0, keepdims=True), 1)
    return found


def commonest_mistake(matrix: np.ndarray) -> tuple[int, int]:
    """Return the (true, predicted) cell off the diagonal with the most images.

    Where there is no mistake at all, it is the largest cell.
    """
    mistakes = np.array(matrix)
    np.fill_diagonal(mistakes, 0)
    largest = int((mistakes if mistakes.any() else np.asarray(matrix)).argmax())
    return divmod(largest, len(matrix))


def report(
    probabilities: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    loss: float,
    unseen: Collection[int] = (),
) -> Report:
    """Return the report on predictions.

    Args:
        probabilities: float array (n, classes).
        labels: int array (n,), the truth.
        classes: class names in label order.
        loss: mean cross-entropy in nats.
        unseen: labels of the classes that training has no image of.
    """
    from sklearn.metrics import classification_report

    predicted = probabilities.argmax(axis=1)
    values = classification_report(
        labels,
        predicted,
        labels=range(len(classes)),
        target_names=[str(index) for index in range(len(classes))],
        output_dict=True,
        zero_division=0,
    )

    def row(key: str, name: str) -> ClassRow:
        value = values[key]
        return ClassRow(
            name,
            float(value["precision"]),
            float(value["recall"]),
            float(value["f1-score"]),
            int(value["support"]),
        )

    rows = tuple(row(str(index), name) for index, name in enumerate(classes))
    averages = (row("macro avg", "macro average"), row("weighted avg", "weighted average"))
    counted = [each for i, each in enumerate(rows) if each.support and i not in unseen]
    if counted and len(counted) < len(rows):
        # scikit-learn counts the others as 0, for which no network can do anything.
        precision, recall, f1 = np.mean([(r.precision, r.recall, r.f1) for r in counted], axis=0)
        macro = replace(averages[0], precision=float(precision), recall=float(recall), f1=float(f1))
        averages = (macro, averages[1])
    matrix = confusion(labels, predicted, len(classes))
    right = int((predicted == labels).sum())
    return Report(
        accuracy=right / len(labels),
        interval=accuracy_interval(right, len(labels)),
        top_two=top_accuracy(probabilities, labels, 2),
        loss=loss,
        matrix=tuple(tuple(int(count) for count in line) for line in matrix),
        rows=rows,
        averages=averages,
        left_out=tuple(each.name for each in rows if each not in counted) if counted else (),
    )


def report_of(run: Run, part: str = TEST, path: Path | None = None) -> Report:
    """Return the report on a finished run's answers on its validation or on the test images.

    Args:
        run: a finished run.
        part: ``"validation"`` or ``"test"``.
        path: of the file with the answers, if it is not the one in the run's folder.

    Raises:
        RunDamaged: the run has no such answers, or they cannot be read.
        DataUnavailable, DataDamaged: its data set cannot be read.
    """
    answers = answers_of(run, part, path)
    assert run.config is not None, "answers_of refuses a damaged run"
    spec = datasets.find(run.config.dataset)
    unseen = unseen_classes(spec)
    return report(answers.probabilities, answers.labels, spec.classes, answers.loss, unseen)


def unseen_classes(spec: datasets.DatasetSpec) -> frozenset[int]:
    """Return the labels that no training image of an imported data set has.

    Raises:
        DataUnavailable, DataDamaged: the images cannot be read.
    """
    if not spec.kin:  # the built-in ones have them all
        return frozenset()
    labels = spec.load("train").labels[: spec.counts["train"] - spec.validation]
    counts = np.bincount(labels, minlength=len(spec.classes))
    return frozenset(np.flatnonzero(counts == 0).tolist())


def training_loss_note(run: Run) -> str:
    """Return in a few words what raises a run's training loss beside its others; "" if nothing.

    Label smoothing never lets it come to 0, however sure and right the network is, and varied
    images are harder than those that it is evaluated on.
    """
    if run.config is None:
        return ""
    raised = _raised_by(run.config, harder=run.id == BUNDLED)
    return f"raised by {', '.join(raised)}" if raised else ""


def training_gap(config: TrainingConfig, *, harder: bool = False) -> str:
    """Say in two sentences why a training loss can be higher than the validation loss beside it.

    Args:
        config: of the run.
        harder: whether it also learned from harder pictures than it is evaluated on.
    """
    raised = _raised_by(config, harder=harder)
    listed = " and ".join([", ".join(raised[:-1]), raised[-1]] if raised[1:] else raised)
    also = f"; {listed} {'raises' if len(raised) == 1 else 'raise'} it further"
    return (
        "The training loss is a mean over the whole epoch, while the network was still learning"
        f"{also if raised else ''}. The validation loss is measured at the end of the epoch"
        f"{', without any of this' if raised else ''}, so it can be lower."
    )


def _raised_by(config: TrainingConfig, *, harder: bool) -> list[str]:
    """Return what raises the training loss only."""
    recipe = config.recipe
    causes = {
        "dropout": _has_dropout(config.network.layers),
        f"label smoothing {recipe.label_smoothing:g}": bool(recipe.label_smoothing),
        "augmentation": bool(recipe.augmentation),
        "harder pictures": harder,
    }
    return [name for name, there in causes.items() if there]


def _has_dropout(layers: Sequence[Layer]) -> bool:
    return any(
        isinstance(layer, Dropout) or (isinstance(layer, Residual) and _has_dropout(layer.layers))
        for layer in layers
    )


def cell(probabilities: np.ndarray, labels: np.ndarray, true: int, predicted: int) -> np.ndarray:
    """Return the indices of the images in one cell of the matrix, the most confident first."""
    answers = probabilities.argmax(axis=1)
    inside = np.flatnonzero((labels == true) & (answers == predicted))
    return inside[np.argsort(-probabilities[inside, predicted], kind="stable")]


def examples(labels: np.ndarray, seed: int, count: int = 3) -> np.ndarray:
    """Return the indices of ``count`` test images of different classes, drawn with ``seed``."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(labels))
    _, first = np.unique(labels[order], return_index=True)
    found: np.ndarray = order[generator.permutation(first)[:count]]
    return found
