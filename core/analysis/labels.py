"""Doubtful labels: confident learning over cross-validated probabilities.

Every image, of the training and of the test split, is classified by a network that did not learn
from it: all images are divided into five folds, and the network that answers for a fold learns
from the other four. Where such answers contradict a label more than the class's own confidence
explains, the label is doubtful.

The method is that of Northcutt, Jiang and Chuang, "Confident Learning" (arXiv:1911.00068), as
Northcutt, Athalye and Mueller applied it to test sets (arXiv:2103.14749), by cleanlab, which only
the command needs: pages read the bundled result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import architectures
from core.analysis import files
from core.datasets import SPLITS, DatasetSpec, Split, find
from core.errors import SettingsError
from core.networks import batches
from core.runs.files import NPZ_ERRORS, write_atomic

NAME = "labels"
FOLDS = 5
_FULL = 65535  # a probability of 1 in the file


@dataclass(frozen=True)
class Labels:
    """What cross-validation says of the labels of one split of n images.

    Attributes:
        own: float32 (n,), probability of the given label, 0 to 1: the "self-confidence".
        suggested: uint8 (n,), the most probable other class.
        other: float32 (n,), its probability.
        doubtful: bool (n,), whether confident learning calls the label an error.
        accuracy: of the networks on the images they did not learn from, both splits, 0 to 1.
        method: which networks these were, in words.
    """

    own: np.ndarray
    suggested: np.ndarray
    other: np.ndarray
    doubtful: np.ndarray
    accuracy: float
    method: str

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.own)

    @property
    def suspicion(self) -> np.ndarray:
        """How doubtful each label is, float32 (n,), 0 to 1.

        The normalised margin of confident learning, turned round: 1 where another class is
        certain, 0 where the label is, 0.5 where both are as probable.
        """
        found: np.ndarray = (1 + self.other - self.own) / 2
        return found

    def ranked(self) -> np.ndarray:
        """Return the indices of the doubtful labels, the most doubtful first."""
        found = np.flatnonzero(self.doubtful)
        return found[np.argsort(-self.suspicion[found], kind="stable")]


def labels_of(spec: DatasetSpec, split: str, path: Path | None = None) -> Labels | None:
    """Return the bundled result for one split; None if it was not worked out.

    Raises:
        SettingsError: there is no such split.
        DataDamaged: the file cannot be read or does not fit the data set.
    """
    if split not in SPLITS:
        raise SettingsError(f"There is no split {split[:60]!r}: it is 'train' or 'test'.")
    path = path or files.path_of(spec.name, NAME)
    count = sum(spec.counts[name] for name in SPLITS)
    arrays = files.read(
        path,
        spec,
        {
            "own": (np.uint16, (count,)),
            "suggested": (np.uint8, (count,)),
            "other": (np.uint16, (count,)),
            "doubtful": (np.uint8, (-(-count // 8),)),
            "accuracy": (np.floating, ()),
            "method": (np.str_, ()),
        },
    )
    if arrays is None:
        return None
    if arrays["suggested"].max(initial=0) >= len(spec.classes):
        raise files.damaged(path, spec)
    start = 0 if split == "train" else spec.counts["train"]
    part = slice(start, start + spec.counts[split])
    return Labels(
        own=arrays["own"][part].astype(np.float32) / _FULL,
        suggested=arrays["suggested"][part],
        other=arrays["other"][part].astype(np.float32) / _FULL,
        doubtful=np.unpackbits(arrays["doubtful"], count=count)[part].astype(bool),
        accuracy=float(arrays["accuracy"]),
        method=str(arrays["method"])[:500],
    )


def suspicion(dataset: str, split: str) -> np.ndarray | None:
    """Return how doubtful each label of a split is, float32 (n,), 0 to 1, higher = more doubtful.

    None where it was not worked out for this data set.

    Raises:
        SettingsError: unknown data set or split.
        DataDamaged: the bundled file cannot be read or does not fit.
    """
    found = labels_of(find(dataset), split)
    return None if found is None else found.suspicion


def network_for(spec: DatasetSpec) -> str:
    """Return the network that is good enough to doubt the labels of a data set.

    The long sprint CNN answers 73 % of CIFAR-10 right: what it doubts there is nearly all right.
    """
    return "long-sprint-cnn" if spec.shape[2] == 1 else "atelier-cnn"


def compute(
    spec: DatasetSpec, architecture: str, epochs: int, keep: Path, tell: Callable[[str], None]
) -> dict[str, np.ndarray]:
    """Cross-validate networks over both splits and judge the labels; takes minutes.

    Args:
        spec: the data set.
        architecture: name of the network.
        epochs: of each of the five trainings.
        keep: folder for the answers of each fold, so that the command can go on where it was.
        tell: hears how it goes, a line at a time.

    Returns:
        The arrays of the result's file.

    Raises:
        SettingsError: cleanlab is not installed, or the network is not made for the data.
        DataUnavailable, DataDamaged: the data cannot be read.
    """
    _cleanlab()
    parts = [spec.load(name) for name in SPLITS]
    images = np.concatenate([part.images for part in parts])
    given = np.concatenate([part.labels for part in parts])
    probabilities = cross_validate(spec, Split(images, given), architecture, epochs, keep, tell)
    title = architectures.find(architecture).title
    arrays = judged(given, probabilities, f"{title}, {epochs} epochs, {FOLDS} folds")
    doubtful = np.unpackbits(arrays["doubtful"], count=len(given))
    tell(
        f"{doubtful.sum():,} of {len(given):,} labels are doubtful, "
        f"{doubtful[len(parts[0]) :].sum():,} of them in the test split; {arrays['accuracy']:.2%} "
        "of the answers agree with the labels"
    )
    return arrays


def judged(given: np.ndarray, probabilities: np.ndarray, method: str) -> dict[str, np.ndarray]:
    """Judge labels by probabilities of networks that did not learn from their images.

    Args:
        given: int (n,), the labels.
        probabilities: float (n, classes).
        method: where the probabilities come from, in words.

    Returns:
        The arrays of the result's file.
    """
    everyone = np.arange(len(given))
    others = probabilities.copy()
    others[everyone, given] = -1
    suggested = others.argmax(axis=1)
    # What both ways of pruning agree on ("C+NR" in the paper): by class and by noise rate.
    doubtful = _cleanlab().find_label_issues(given, probabilities, filter_by="both")
    return {
        "own": _quantised(probabilities[everyone, given]),
        "suggested": suggested.astype(np.uint8),
        "other": _quantised(probabilities[everyone, suggested]),
        "doubtful": np.packbits(np.asarray(doubtful, bool)),
        "accuracy": np.array((probabilities.argmax(axis=1) == given).mean()),
        "method": np.array(method),
    }


def doubted(given: np.ndarray, probabilities: np.ndarray) -> Labels:
    """Judge labels by the answers of one network that did not learn from their images.

    What is doubtful is off the diagonal of the confident joint, by which confident learning begins:
    a class is said of an image where its probability reaches the mean of those of the images that
    are labelled so, and the label is doubtful where the most probable such class is another one.
    Needs no cleanlab; ``judged`` prunes further and is for ``compute``.

    Args:
        given: int (n,), the labels.
        probabilities: float (n, classes), rows sum to 1.
    """
    everyone, classes = np.arange(len(given)), probabilities.shape[1]
    usual = np.array(
        [
            probabilities[given == label, label].mean() if (given == label).any() else np.inf
            for label in range(classes)
        ]
    )
    confident = np.where(probabilities >= usual, probabilities, -1.0)
    said = np.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), given)
    others = probabilities.copy()
    others[everyone, given] = -1
    suggested = others.argmax(axis=1)
    return Labels(
        own=probabilities[everyone, given].astype(np.float32),
        suggested=suggested.astype(np.uint8),
        other=probabilities[everyone, suggested].astype(np.float32),
        doubtful=said != given,
        accuracy=float((probabilities.argmax(axis=1) == given).mean()),
        method="",
    )


def cross_validate(
    spec: DatasetSpec,
    whole: Split,
    architecture: str,
    epochs: int,
    keep: Path,
    tell: Callable[[str], None],
) -> np.ndarray:
    """Return float32 probabilities (n, classes), each image's by a network that never saw it."""
    fold_of = folds(whole.labels)
    probabilities = np.zeros((len(whole), len(spec.classes)), np.float32)
    for fold in range(FOLDS):
        held = np.flatnonzero(fold_of == fold)
        path = keep / f"{spec.name}-{architecture}-{epochs}-{fold}.npz"
        found = _kept(path, (len(held), len(spec.classes)))
        if found is None:
            learned = np.flatnonzero(fold_of != fold)
            part = Split(whole.images[learned], whole.labels[learned])
            found = answers(spec, part, whole.images[held], architecture, epochs, seed=fold)
            _keep(path, found)
        probabilities[held] = found
        right = (found.argmax(axis=1) == whole.labels[held]).mean()
        tell(f"Fold {fold + 1} of {FOLDS}: {right:.2%} right of {len(held):,} images")
    return probabilities


def folds(given: np.ndarray) -> np.ndarray:
    """Return the fold of each image, int (n,), drawn class by class and the same every time."""
    random = np.random.default_rng(0)
    fold_of = np.zeros(len(given), np.int64)
    for label in np.unique(given):
        members = np.flatnonzero(given == label)
        fold_of[random.permutation(members)] = np.arange(len(members)) % FOLDS
    return fold_of


def answers(
    spec: DatasetSpec,
    part: Split,
    images: np.ndarray,
    architecture: str,
    epochs: int,
    seed: int,
) -> np.ndarray:
    """Train a network on ``part`` by its own recipe; return its float32 answers to ``images``."""
    from core.architectures.build import build
    from core.training.steps import Steps

    network = architectures.find(architecture)
    recipe = network.recipe_for(spec.name).changed(epochs=epochs)
    model = build(network, spec.shape, len(spec.classes), seed)
    per_epoch = -(-len(part) // recipe.batch_size)
    steps = Steps(model, recipe, part, len(spec.classes), per_epoch * epochs, seed)
    for epoch in range(epochs):
        steps.begin_epoch(epoch)
        steps.run(0, steps.per_epoch)
    return batches.answers(model, images)


def _kept(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """Return the answers of a fold that an earlier command has kept, if they fit."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = file["probabilities"]
    except NPZ_ERRORS:
        return None
    return found if found.shape == shape else None


def _keep(path: Path, probabilities: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, lambda file: np.savez(file, probabilities=probabilities))


def _quantised(probabilities: np.ndarray) -> np.ndarray:
    return np.round(probabilities * _FULL).astype(np.uint16)


def _cleanlab() -> Any:
    try:
        from cleanlab import filter as confident
    except ImportError:
        raise SettingsError(
            "Judging labels needs cleanlab, which is not installed. Run 'pip install -r "
            "requirements-analysis.txt', then this command again."
        ) from None
    return confident
