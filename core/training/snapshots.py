"""Takes the records of a training that ``core.runs.snapshots`` describes (TF when used).

All that is asked of the network is asked layer by layer, without compiling anything, since each
record is small, and compiling would take longer than all of them. It changes no number of the
training: nothing random is drawn, and no weight is written.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.datasets import Split
from core.runs.snapshots import (
    KERNELS,
    UNITS,
    LayerRecord,
    Snapshot,
    Spread,
    followed,
    sample,
)

SHARE = 0.02  # of a training's time that records may take
GRACE = 0.1  # seconds that they may take anyway
VALUES = 50_000  # numbers of a layer that its distributions are made of
ASKED = 100  # images shown to the network at a time

Weights = list[npt.NDArray[np.float32]]


@dataclass(frozen=True)
class _Learning:
    """A layer that learns: its kernel, and whether a ReLU comes after it."""

    layer: Any
    rectified: bool


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
        self._followed, self._sample = followed(labels, classes), sample(labels, classes)
        self._labels = labels
        self._images = split.images[held_out[self._sample]]
        self._learning = _learning([layer for _, layer in leaves(model)])
        self._latest = latest
        self._spent = self._costs = 0.0  # seconds, of all so far and of a whole one
        self._lost = not len(self._followed)

    def kernels(self) -> Weights:
        """Return the kernels as they are, to tell later by how much a step changes them."""
        return [each.layer.kernel.numpy() for each in self._learning]

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
                just asked for; else a sample of them is, where there is time.
        """
        begun = time.monotonic()
        whole = self._spent + self._costs <= SHARE * seconds + GRACE
        if self._lost or (answers is None and not whole):
            return
        try:
            snapshot = self._snapshot(epoch, before, answers, whole)
            if snapshot is not None:
                self._keep(snapshot)
                self._latest = snapshot
        except OSError:
            self._lost = True  # the disk is full: the run itself will say so, or needs no more room
        taken = time.monotonic() - begun
        self._spent += taken
        if whole:
            self._costs = taken

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
        count = len(self._followed)
        layers = [LayerRecord(Spread.of(_some(kernel))) for kernel in kernels]
        if before is not None:
            layers = [
                replace(layer, change=_change(old, new))
                for layer, old, new in zip(layers, before, kernels, strict=True)
            ]
        places = None
        probabilities: npt.NDArray[np.float32] | None = None
        if whole:
            seen = self._seen(self._images[:count], self._labels[self._followed])
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
        if answers is None:
            rest = self._images if probabilities is None else self._images[count:]
            asked = [
                np.asarray(self._model(rest[start : start + ASKED], training=False))
                for start in range(0, len(rest), ASKED)
            ]
            known = [] if probabilities is None else [probabilities]
            told = np.concatenate([*known, *asked])
            labels, shown = self._labels[self._sample], told[:count]
        else:
            told, labels, shown = answers, self._labels, answers[self._followed]
        if not np.isfinite(told).all():
            return None
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

        watched = [each.layer.kernel.value for each in self._learning]
        noted: list[Any] = []
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for each in watched:
                tape.watch(each)
            probabilities = _through(self._model.layers, tf.constant(images), noted)
            truth = tf.gather(probabilities, tf.constant(labels, tf.int32), axis=1, batch_dims=1)
            loss = -tf.reduce_mean(tf.math.log(tf.maximum(truth, 1e-7)))
        gradients = tape.gradient(loss, watched)
        layers = []
        for each, out, gradient in zip(self._learning, noted, gradients, strict=True):
            silent = None
            if each.rectified:
                largest = tf.reduce_max(out, axis=list(range(out.shape.rank - 1))).numpy()
                silent = float((largest <= 0).mean())
            layers.append(_Part(_spread(out), _spread(gradient), silent))
        features = noted[-2] if len(noted) > 1 else None
        if features is not None and features.shape.rank == 4:
            features = tf.reduce_mean(features, axis=(1, 2))
        return _Seen(
            np.asarray(probabilities), layers, None if features is None else features.numpy()
        )

    def _placed(self, features: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32] | None:
        """Return the probes on a plane: the two directions in which they differ most.

        A principal component analysis, turned and mirrored to lie as the record before does
        (orthogonal Procrustes: P. Schönemann, Psychometrika 31, 1966), so that points travel.
        """
        if features is None or len(features) < 3 or not np.isfinite(features).all():
            return None
        centred = features.astype(np.float64) - features.mean(axis=0)
        left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        plane = left[:, :2] * sizes[:2]
        if plane.shape[1] < 2:
            return None
        if self._latest is not None and self._latest.places is not None:
            turned = np.linalg.svd(plane.T @ self._latest.places)
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


def _learning(layers: Sequence[Any]) -> list[_Learning]:
    """Return the layers that have a kernel, each with whether it is rectified."""
    found: list[_Learning] = []
    for layer in layers:
        if hasattr(layer, "kernel"):
            found.append(_Learning(layer, _bends(layer)))
        elif found and type(layer).__name__ in ("BatchNormalization", "Activation"):
            found[-1] = replace(found[-1], rectified=found[-1].rectified or _bends(layer))
    return found


def _bends(layer: Any) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") == "relu"


def _through(layers: Sequence[Any], x: Any, noted: list[Any]) -> Any:
    """Return what comes out of the layers; ``noted`` gets it for each layer that learns.

    What normalises and bends a layer's output belongs to it: what comes out of that is noted.
    """
    for layer in layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        if kind == "Functional":  # a residual block: from its input to the sum at its end
            x = x + _through(layer.layers[1:-1], x, noted)
            continue
        x = layer(x, training=False) if kind in ("Dropout", "BatchNormalization") else layer(x)
        if hasattr(layer, "kernel"):
            noted.append(x)
        elif noted and kind in ("BatchNormalization", "Activation"):
            noted[-1] = x
    return x


def _some(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values.ravel()[:: -(-values.size // VALUES)]


def _spread(tensor: Any) -> Spread | None:
    """Return how a tensor's numbers are distributed; None where one of them is no number."""
    import tensorflow as tf

    if tensor is None:
        return None
    flat = tf.reshape(tensor, [-1])
    # An odd stride meets all channels in turn.
    values = flat[:: (-(-int(flat.shape[0]) // VALUES)) | 1].numpy()
    return Spread.of(values) if np.isfinite(values).all() else None


def _change(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float | None:
    size = float(np.linalg.norm(before))
    return float(np.linalg.norm(after - before)) / size if size else None


def _pictures(kernel: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return kernels of the first layer as images, float32 (n, height, width, channels)."""
    if kernel.ndim == 4:
        return np.ascontiguousarray(kernel.transpose(3, 0, 1, 2)[:KERNELS])
    columns = kernel.T[:UNITS]
    with contextlib.suppress(ValueError):  # a dense layer behind a pooling is no image
        return np.ascontiguousarray(columns.reshape(-1, *shape))
    return np.zeros((0, 1, 1, 1), np.float32)
