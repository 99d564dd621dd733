"""What a network was like at moments of its training: small records in the run folder.

A training takes one at its start, several within the first epoch, when most is learned, and one
after later epochs, at most ``MOST`` in all. Each is a line of ``snapshots.jsonl`` of some 5 to 80
kB. What the records are of: ``probes``, images of the validation part that nobody learns from.

This module knows the form of a record and nothing of TensorFlow: ``core.training.snapshots`` takes
them.
"""

import base64
import binascii
import json
import math
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import RunDamaged
from core.runs.curves import lines_until
from core.runs.files import open_regular, write_atomic
from core.runs.records import RunFolder

PROBES = 200  # images that are followed one by one
MOST = 48
WITHIN_FIRST = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)  # of the first epoch
BINS = 40  # of a distribution
KERNELS = 64  # that are kept of the first layer
UNITS = 16  # the same, where that layer is dense and a kernel is as large as an image
PIXELS = 50_000  # of these together: of large images there are fewer
MOST_BYTES = 8 << 20  # of a file; 48 records of 80 kB are half of it
# What reading a line that is no record may raise.
NO_RECORD = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
Pack = Callable[[npt.NDArray[Any], npt.DTypeLike], str]
_KEPT = 16  # runs whose records stay in memory


@dataclass(frozen=True)
class Spread:
    """How numbers are distributed.

    Attributes:
        low, high: the smallest and the largest.
        counts: uint8 (BINS,), how many are in each of equal steps between them, the most being 255.
    """

    low: float
    high: float
    counts: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> "Spread":
        """Return the distribution of finite numbers, at least one."""
        low, high = float(values.min()), float(values.max())
        if not high > low:
            high = low + 1e-12
        places = ((values.ravel() - low) * (BINS / (high - low))).astype(np.int64)
        counts = np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)
        # What is rare is drawn all the same: rounded up.
        return cls(low, high, np.ceil(counts * (255 / counts.max())).astype(np.uint8))


@dataclass(frozen=True)
class LayerRecord:
    """A layer that learns: a convolution or a dense layer, with what normalises and bends it.

    Attributes:
        weights: of its kernel.
        activations: what comes out of it for the probes, after batch normalisation and activation;
            None where there was no time for it.
        gradients: of the mean loss of some of the probes with respect to its kernel, or None.
        change: by how much one step changed the kernel, as a share of it: the L2 norm of the
            change to that of the kernel; None at the start.
        silent: share of its units (channels of a convolution) whose ReLU gives 0 for every probe,
            0 to 1; None for other activations, and where there was no time.
    """

    weights: Spread
    activations: Spread | None = None
    gradients: Spread | None = None
    change: float | None = None
    silent: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """A moment of a training.

    Attributes:
        epoch: epochs done, with fraction.
        answers: uint8 (probes, classes), the probabilities of the probes times 255.
        confusion: uint32 (classes, classes), how many validation images of a class (row) were given
            which answer (column): of all at the end of an epoch, of the probes within one.
        kernels: float32 (n, height, width, channels) of the first layer that learns: the filters of
            a convolution, or the weights of the first units of a dense layer as images.
        layers: in their order.
        places: float32 (probes, 2), what the last hidden layer says of the probes, turned so that
            it lies as the record before does, -1 to 1; None where there was no time, or no such
            layer.
    """

    epoch: float
    answers: npt.NDArray[np.uint8]
    confusion: npt.NDArray[np.uint32]
    kernels: npt.NDArray[np.float32]
    layers: tuple[LayerRecord, ...]
    places: npt.NDArray[np.float32] | None = None


def moments(epochs: int, per_epoch: int) -> list[int]:
    """Return after how many steps of a training a record is due, ascending, from 0 on.

    Args:
        epochs: planned.
        per_epoch: steps an epoch.
    """
    first = {round(part * per_epoch) for part in WITHIN_FIRST}
    stride = math.ceil(epochs / (MOST - len(first) - 2))
    ends = {epoch * per_epoch for epoch in range(stride, epochs + 1, stride)}
    return sorted({0} | first | ends | {per_epoch, epochs * per_epoch})


def followed(labels: npt.NDArray[Any], classes: int) -> npt.NDArray[np.int64]:
    """Return which validation images are followed one by one: places of up to ``PROBES``, by class.

    Each class has as many as the others, as far as there are enough.

    Args:
        labels: int (n,), of the validation images in their order.
        classes: how many there are.
    """
    one = max(1, PROBES // classes)
    places = (np.flatnonzero(labels == label)[:one] for label in range(classes))
    return np.concatenate([*places, np.zeros(0, np.int64)])[:PROBES]


# -- The file ----------------------------------------------------------------------------------


def _squeezed(values: npt.NDArray[Any], kind: npt.DTypeLike) -> str:
    content = np.ascontiguousarray(values, kind).tobytes()
    return base64.b64encode(zlib.compress(content)).decode()


def line_of(snapshot: Snapshot, pack: Pack = _squeezed) -> dict[str, Any]:
    """Return a record as plain values for JSON.

    Args:
        snapshot: the record.
        pack: makes text of an array's bytes; by default as the file has them.
    """

    def spread_line(spread: Spread | None) -> dict[str, Any] | None:
        if spread is None:
            return None
        low, high = _short(spread.low), _short(spread.high)
        return {"low": low, "high": high, "counts": pack(spread.counts, np.uint8)}

    kernels = snapshot.kernels
    scale = float(np.abs(kernels).max(initial=0)) or 1.0  # some networks have none to show
    return {
        "epoch": round(snapshot.epoch, 6),
        "probes": len(snapshot.answers),
        "answers": pack(snapshot.answers, np.uint8),
        "confusion": pack(snapshot.confusion, "<u4"),
        "kernels": {
            "shape": list(kernels.shape),
            "scale": _short(scale),
            "values": pack(np.round(kernels * (127 / scale)), np.int8),
        },
        "places": None
        if snapshot.places is None
        else pack(np.round(snapshot.places * 127), np.int8),
        "layers": [
            {
                "weights": spread_line(layer.weights),
                "activations": spread_line(layer.activations),
                "gradients": spread_line(layer.gradients),
                "change": None if layer.change is None else _short(layer.change),
                "silent": None if layer.silent is None else _short(layer.silent),
            }
            for layer in snapshot.layers
        ],
    }


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def snapshot_of(line: bytes, classes: int) -> Snapshot:
    """Return the record that a line of the file holds.

    Args:
        line: of JSON.
        classes: of the data set.

    Raises:
        RunDamaged: it is no record, or not one of such a data set.
    """
    try:
        row = json.loads(line)
        count = _whole(row["probes"], PROBES)
        kernels = row["kernels"]
        shape = [_whole(each, 4096) for each in kernels["shape"]]
        if len(shape) != 4 or shape[0] > KERNELS or math.prod(shape) > 10_000_000:
            raise ValueError("kernels")
        scale = _number(kernels["scale"]) / 127
        packed = row["places"]
        places = None
        if packed is not None:
            places = np.asarray(_unpacked(packed, np.int8, (count, 2)) / 127, np.float32)
        return Snapshot(
            epoch=_number(row["epoch"]),
            answers=_unpacked(row["answers"], np.uint8, (count, classes)),
            confusion=_unpacked(row["confusion"], "<u4", (classes, classes)),
            kernels=_unpacked(kernels["values"], np.int8, tuple(shape)).astype(np.float32) * scale,
            layers=tuple(_layer(each) for each in row["layers"]),
            places=places,
        )
    except NO_RECORD as error:
        raise RunDamaged(
            "The file snapshots.jsonl has a line that is no record of a training."
        ) from error


def _layer(row: Mapping[str, Any]) -> LayerRecord:
    weights = _spread(row["weights"])
    if weights is None:
        raise ValueError("weights")
    change, silent = row["change"], row["silent"]
    return LayerRecord(
        weights=weights,
        activations=_spread(row["activations"]),
        gradients=_spread(row["gradients"]),
        change=None if change is None else _number(change),
        silent=None if silent is None else _number(silent),
    )


def _spread(row: Mapping[str, Any] | None) -> Spread | None:
    if row is None:
        return None
    counts = _unpacked(row["counts"], np.uint8, (BINS,))
    return Spread(_number(row["low"]), _number(row["high"]), counts)


def _unpacked(text: str, kind: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    size = math.prod(shape) * np.dtype(kind).itemsize
    try:
        # No further than expected: a few bytes can hold gigabytes.
        content = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("not packed") from error
    return np.frombuffer(content, kind).reshape(shape)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("not a whole number in range")
    return value


def _number(value: Any) -> float:
    number = float(value)
    if not abs(number) <= 1e30:
        raise ValueError("not a number in range")
    return number


# -- Reading -----------------------------------------------------------------------------------

_read: OrderedDict[Path, tuple[tuple[int, int], list[Snapshot]]] = OrderedDict()
_lock = threading.Lock()


def read_snapshots(folder: RunFolder, classes: int) -> list[Snapshot]:
    """Return the records of a run so far, in their order; an unchanged file is read once.

    Args:
        folder: of the run.
        classes: of its data set.

    Returns:
        [] for a run without any, such as those of before version 0.5.

    Raises:
        RunDamaged: a line is no record, or there are far too many.
    """
    path = folder.snapshots
    try:
        with open_regular(path) as file:
            status = path.stat()
            stamp = (status.st_ino, status.st_size)
            with _lock:
                known = _read.get(path)
            if known is not None and known[0] == stamp:
                return list(known[1])
            content = file.read(MOST_BYTES + 1)
    except OSError:
        return []
    if len(content) > MOST_BYTES:
        raise RunDamaged("The file snapshots.jsonl is larger than any that the app writes.")
    complete = content[: content.rfind(b"\n") + 1]  # the last line may be being written
    found = [snapshot_of(line, classes) for line in complete.splitlines()]
    with _lock:
        _read[path] = (stamp, found)
        _read.move_to_end(path)
        while len(_read) > _KEPT:
            _read.popitem(last=False)
    return list(found)


def rewind_snapshots(folder: RunFolder, done: float) -> None:
    """Cut the records of a run back to ``done`` epochs, so that what follows repeats nothing.

    Raises:
        OSError: the disk refused; the file is the old one or the new one.
    """
    if folder.snapshots.exists():
        kept = lines_until(folder.snapshots, done)
        write_atomic(folder.snapshots, lambda file: file.write_bytes(kept))
