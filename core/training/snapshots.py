"""Takes the records of a training that ``core.runs.snapshots`` describes (TF when used).

All that is asked of the network is asked layer by layer, without compiling anything, since each
record is small, and compiling would take longer than all of them. It changes no number of the
training: nothing random is drawn, and no weight is written.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.datasets import Split
from core.runs.snapshots import (
    KERNELS,
    PIXELS,
    UNITS,
    LayerRecord,
    Snapshot,
    Spread,
    followed,
)

SHARE = 0.02  # of a training's time that records may take
GRACE = 0.2  # seconds that they may take anyway
MOST_NUMBERS = 1e8  # of the layers' outputs that are held at a time: 400 MB
VALUES = 50_000  # numbers of a layer that its distributions are made of
ITERATIONS = 12  # to the principal directions; the next record begins where this one ended
GRADED = 50  # probes that gradients are of

Weights = list[npt.NDArray[np.float32]]


class SnapshotTaker:
    """Takes records of one network while it learns."""

    def __init__(
        self,
        model: Any,
        split: Split,
        held_out: npt.NDArray[np.int64],
        classes: int,
        keep: Callable[[Snapshot], None],
        latest: Snapshot | None = None,
    ) -> None:
        """Look at the network.

        Args:
            model: from ``core.architectures.build.build``.
            split: the training split.
            held_out: indices in it of the validation images.
            classes: number of classes.
            keep: takes each record; may raise OSError, which ends the taking and nothing else.
            latest: the record before the next one, if the training was resumed.
        """
        from core.architectures.build import leaves

        self._model, self._classes, self._keep = model, classes, keep
        labels = split.labels[held_out]
        self._labels, self._followed = labels, followed(labels, classes)
        self._images = split.images[held_out[self._followed]]
        layers = [layer for _, layer in leaves(model)]
        self._learning = [layer for layer in layers if hasattr(layer, "kernel")]
        numbers = sum(math.prod(layer.output.shape[1:]) for layer in layers)
        self._room = max(1, int(MOST_NUMBERS // max(1, numbers)))
        self._latest = latest
        self._spent = self._costs = 0.0  # seconds, of all so far and of a whole one
        self._lost = not len(self._followed)

    def kernels(self) -> Weights:
        """Return the kernels as they are, to tell later by how much a step changes them."""
        return [layer.kernel.numpy() for layer in self._learning]

    def take(
        self,
        epoch: float,
        seconds: float,
        before: Weights | None = None,
        answers: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Take a record of the network as it is.

        Args:
            epoch: epochs done, with fraction.
            seconds: that the whole training will take, as far as is known.
            before: the kernels before the latest step.
            answers: float32 (n, classes), probabilities of all validation images, if they were
                just asked for; else the probes are, where there is time.
        """
        if epoch == 0 and self._latest is not None:  # paused before its first step, and resumed
            return
        begun = time.monotonic()
        room = SHARE * seconds + GRACE
        # The first epoch has many moments: they leave half of the time to the others.
        whole = self._spent + self._costs <= (room if epoch >= 1 else room / 2)
        if self._lost or (answers is None and not whole):
            return
        try:
            snapshot = self._snapshot(epoch, before, answers, whole)
            if snapshot is not None:
                self._keep(snapshot)
                self._latest = snapshot
        except OSError:
            self._lost = True  # the disk is full: the run itself will say so, or needs no more room
        if epoch:  # the first one loads code, which tells nothing of the others
            taken = time.monotonic() - begun
            self._spent += taken
            if whole:  # the quickest: others met code that had to be loaded, or a busy machine
                self._costs = min(taken, self._costs or taken)

    def _snapshot(
        self,
        epoch: float,
        before: Weights | None,
        answers: npt.NDArray[np.float32] | None,
        whole: bool,
    ) -> Snapshot | None:
        kernels = self.kernels()
        if not all(np.isfinite(kernel).all() for kernel in kernels):
            return None
        layers = [LayerRecord(Spread.of(_some(kernel))) for kernel in kernels]
        if before is not None:
            layers = [
                replace(layer, change=_change(old, new))
                for layer, old, new in zip(layers, before, kernels, strict=True)
            ]
        places = None
        probabilities: npt.NDArray[np.float32] | None = None
        if whole:
            seen = self._seen(self._images, self._labels[self._followed])
            layers = [
                replace(
                    layer,
                    activations=part.activations,
                    gradients=part.gradients,
                    silent=part.silent,
                )
                for layer, part in zip(layers, seen.layers, strict=True)
            ]
            probabilities = seen.answers
            places = self._placed(seen.features)
        told, labels = probabilities, self._labels[self._followed]
        if answers is not None:
            told, labels = answers, self._labels
        if told is None or not np.isfinite(told).all():
            return None
        shown = told if answers is None else told[self._followed]
        confusion = np.zeros((self._classes, self._classes), np.uint32)
        np.add.at(confusion, (labels, told.argmax(axis=1)), 1)
        return Snapshot(
            epoch=epoch,
            answers=np.round(shown * 255).astype(np.uint8),
            confusion=confusion,
            kernels=_pictures(kernels[0], self._images.shape[1:]),
            layers=tuple(layers),
            places=places,
        )

    def _seen(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> "_Seen":
        """Ask about the probes, and note what comes out of each layer that learns."""
        import tensorflow as tf

        share = self._room / len(images)
        answers, features = [], []
        noted: list[list[tuple[Any, Any]]] = []
        for start in range(0, len(images), self._room):
            notes: list[_Note] = []
            out = _through(
                self._model.layers, tf.constant(images[start : start + self._room]), notes
            )
            answers.append(np.asarray(out))
            features.append(tf.reshape(notes[-1].entered, [out.shape[0], -1]).numpy())
            noted.append([each.reduced(VALUES * min(1.0, share)) for each in notes])
        layers = []
        for parts, gradient in zip(
            zip(*noted, strict=True), self._gradients(images, labels), strict=True
        ):
            largest = [part[1] for part in parts if part[1] is not None]
            silent = float((np.max(largest, axis=0) <= 0).mean()) if largest else None
            activations = _spread(np.concatenate([part[0] for part in parts]))
            layers.append(_Part(activations, _spread(_numbers(gradient, VALUES)), silent))
        hidden = len(self._learning) > 1
        return _Seen(np.concatenate(answers), layers, np.concatenate(features) if hidden else None)

    def _gradients(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> list[Any]:
        """Return the gradients of the mean loss of some probes: the first of each class, and on."""
        import tensorflow as tf

        turns = [np.count_nonzero(labels[:place] == label) for place, label in enumerate(labels)]
        # The backward pass keeps every layer's output, and as much again for its gradient.
        some = np.argsort(turns, kind="stable")[: max(1, min(GRADED, self._room // 4))]
        watched = [layer.kernel.value for layer in self._learning]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for each in watched:
                tape.watch(each)
            probabilities = _through(self._model.layers, tf.constant(images[some]), [])
            truths = tf.constant(labels[some], tf.int32)
            truth = tf.gather(probabilities, truths, axis=1, batch_dims=1)
            loss = -tf.reduce_mean(tf.math.log(tf.maximum(truth, 1e-7)))
        found: list[Any] = tape.gradient(loss, watched)
        return found

    def _placed(self, features: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32] | None:
        """Return the probes on a plane: the two directions in which they differ most.

        A principal component analysis, turned and mirrored to lie as the record before does
        (orthogonal Procrustes: P. Schönemann, Psychometrika 31, 1966), so that points travel.
        """
        if features is None or len(features) < 3 or not np.isfinite(features).all():
            return None
        if features.shape[1] < 2:
            return None
        centred = features.astype(np.float64) - features.mean(axis=0)
        before = self._latest.places if self._latest is not None else None
        start = np.random.default_rng(0).normal(size=(len(features), 2))
        plane = _plane(centred, start if before is None else before + 0.01 * start)
        if before is not None:
            turned = np.linalg.svd(plane.T @ before)
            plane = plane @ (turned[0] @ turned[2])
        # The farthest probes may lie at the edge; the rest is what one wants to see.
        radius = np.quantile(np.abs(plane), 0.99) or 1.0
        return np.asarray(np.clip(plane / radius, -1, 1), np.float32)


@dataclass(frozen=True)
class _Part:
    activations: Spread | None
    gradients: Spread | None
    silent: float | None


@dataclass(frozen=True)
class _Seen:
    answers: npt.NDArray[np.float32]
    layers: list[_Part]
    features: npt.NDArray[np.float32] | None


@dataclass
class _Note:
    """What a layer that learns gave.

    Attributes:
        entered: what went into it.
        out: what came out, after the normalisation and the activation that belong to it.
        bent: what its ReLU gave, (..., units); None if it has none.
    """

    entered: Any
    out: Any
    bent: Any = None

    def reduced(self, count: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """Return about ``count`` of the numbers that came out, and each unit's largest, if bent."""
        import tensorflow as tf

        if self.bent is None:
            return _numbers(self.out, count), None
        largest = tf.reduce_max(self.bent, axis=list(range(self.bent.shape.rank - 1)))
        return _numbers(self.out, count), largest.numpy()


def _bends(layer: Any) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") == "relu"


def _through(layers: Sequence[Any], x: Any, notes: list[_Note]) -> Any:
    """Return what comes out of the layers, and note what each that learns gave."""
    # Whether normalisation or an activation would belong to the latest layer that learns: one
    # behind the sum at the end of a residual block does not.
    belongs = False
    for layer in layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        if kind == "Functional":  # a residual block: from its input to the sum at its end
            x = x + _through(layer.layers[1:-1], x, notes)
            belongs = False
            continue
        entered = x
        x = layer(x, training=False) if kind in ("Dropout", "BatchNormalization") else layer(x)
        if hasattr(layer, "kernel"):
            notes.append(_Note(entered, x, x if _bends(layer) else None))
            belongs = True
        elif belongs and kind in ("BatchNormalization", "Activation"):
            notes[-1].out = x
            if _bends(layer):
                notes[-1].bent = x
    return x


def _some(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values.ravel()[:: -(-values.size // VALUES)]


def _numbers(tensor: Any, count: float) -> npt.NDArray[Any]:
    """Return about so many numbers of a tensor, evenly spread over it."""
    import tensorflow as tf

    flat = tf.reshape(tensor, [-1])
    # An odd stride meets all channels in turn.
    numbers: npt.NDArray[Any] = flat[
        :: math.ceil(int(flat.shape[0]) / max(1, int(count))) | 1
    ].numpy()
    return numbers


def _spread(numbers: npt.NDArray[Any]) -> Spread | None:
    """Return how numbers are distributed; None where one of them is no number."""
    return Spread.of(numbers) if np.isfinite(numbers).all() else None


def _plane(centred: npt.NDArray[np.float64], start: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return points (n, d) in their two principal directions, by orthogonal iteration from a start.

    Beside a training it is many times quicker than all directions at once, whose threads wait for
    each other.
    """
    found, _ = np.linalg.qr(start)
    for _ in range(ITERATIONS):
        found, _ = np.linalg.qr(centred @ (centred.T @ found))
    directions, _ = np.linalg.qr(centred.T @ found)
    return np.asarray(centred @ directions)


def _change(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float | None:
    size = float(np.linalg.norm(before))
    return float(np.linalg.norm(after - before)) / size if size else None


def _pictures(kernel: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return kernels of the first layer as images, float32 (n, height, width, channels)."""
    if kernel.ndim == 4:
        return np.ascontiguousarray(kernel.transpose(3, 0, 1, 2)[:KERNELS])
    columns = kernel.T[: max(1, min(UNITS, PIXELS // kernel.shape[0]))]
    if columns.shape[1] != math.prod(shape):  # behind a pooling, its weights are no image
        return np.zeros((0, 1, 1, 1), np.float32)
    return np.ascontiguousarray(columns.reshape(len(columns), *shape))
