"""Why a network answers as it does: where it looked, and what would change its answer.

Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) follows the answer back to the last feature maps
of the convolutions. Where those are too small to say where anything is, LayerCAM (Jiang et al.
2021, doi:10.1109/TIP.2021.3089943) does so with earlier ones: it weighs each place of a map by its
own slope, as the mean slope of a map says something of the last ones only. Occlusion (Zeiler and
Fergus 2014, arXiv:1311.2901) covers one part of the picture after the other and asks again: slower,
coarser, and true of any network. All speak of the prepared picture; ``onto_picture`` lays them over
what the person brought.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.classify.picture import Answer, answer_of, classify_picture
from core.errors import ImageRejected
from core.imaging.gate import Picture
from core.imaging.prepare import SWITCHES, Kind, Options, Prepared, Stage
from core.networks import Model, load
from core.networks.gaze import resized

PATCH = 0.25  # side of the part that is covered, as a share of the picture's
PLACES = 7  # along each side that it is put at: with two fills at most 98 pictures
LIT = 24  # levels from the ground; where nothing is further there is nothing to cover


@dataclass(frozen=True)
class Gaze:
    """Which parts of the prepared picture an answer hangs on.

    Attributes:
        heat: float32 (height, width), 0 to 1; 1 for the most important part.
        method: ``"grad-cam"``, ``"layer-cam"``, or ``"gradient"`` for a network without
            convolutions: there the heat is of pixels, |gradient x input|.
    """

    heat: np.ndarray
    method: str


@dataclass(frozen=True)
class Occlusion:
    """What a network says when parts of the prepared picture are covered.

    Each part is covered once with the ground, black or white, of a grey data set, and once with the
    mean of what stands on it; in colour with the mean only.

    Attributes:
        boxes: int (n, 4), top, left, bottom and right of each covered part, in px.
        probabilities: float32 (n, fills, classes).
        pictures: uint8 (n, fills, height, width, channels), what was shown.
        whole: float32 (classes,), the probabilities of the picture itself.
    """

    boxes: np.ndarray
    probabilities: np.ndarray
    pictures: np.ndarray
    whole: np.ndarray

    def drop(self, label: int) -> np.ndarray:
        """Return by how much covering each pixel lowers the probability of a class.

        Returns:
            float32 (height, width), -1 to 1: the mean over the covers that hide the pixel; above 0
            the pixel speaks for the class, below 0 against it.
        """
        return self._spread(self.whole[label] - self.probabilities[..., label].mean(axis=1))

    def between(self, label: int, other: int) -> np.ndarray:
        """Return what each pixel says of two classes: above 0 for the first, below for the second.

        Returns:
            float32 (height, width): by how much covering the pixel lowers the lead of the first.
        """
        lead = self.probabilities[..., label] - self.probabilities[..., other]
        return self._spread(self.whole[label] - self.whole[other] - lead.mean(axis=1))

    def turning(self) -> tuple[int, int] | None:
        """Return which cover changes the answer most surely, as its place and fill; None if none.

        Of several it is the one after which the other class is most probable.
        """
        answer = int(self.whole.argmax())
        others = np.delete(self.probabilities, answer, axis=2).max(axis=2, initial=0)
        turned = self.probabilities.argmax(axis=2) != answer
        if not turned.any():
            return None
        place, fill = np.unravel_index(np.where(turned, others, -1).argmax(), turned.shape)
        return int(place), int(fill)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        height, width = self.pictures.shape[2:4]
        total, times = np.zeros((2, height, width), np.float32)
        for (top, left, bottom, right), value in zip(self.boxes, values, strict=True):
            total[top:bottom, left:right] += value
            times[top:bottom, left:right] += 1
        return total / np.maximum(times, 1)


@dataclass(frozen=True)
class Change:
    """Another preparation of the same picture, and what the network says then.

    Where neither a stage nor a kind is named, the prepared picture was mirrored.

    Attributes:
        stage: the step that was left out; None if none was.
        kind: as what the picture was prepared instead; None if as before.
        answer: the answer then.
        distance: how different the network's input is, root mean square, 0 to 255.
    """

    stage: Stage | None
    kind: Kind | None
    answer: Answer
    distance: float


def look(model: Model, pixels: np.ndarray, label: int) -> Gaze:
    """Return where the network looked when it thought of a class.

    Args:
        model: the network.
        pixels: uint8, what it was shown: ``Prepared.pixels``.
        label: the class.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    return Gaze(*load(model).look(pixels.reshape(1, *model.dataset.shape), label))


def occlude(model: Model, pixels: np.ndarray) -> Occlusion:
    """Cover one part of a prepared picture after the other, and ask each time.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    image = pixels.reshape(model.dataset.shape)
    height, width, channels = image.shape
    ground = 255 if model.dataset.light else 0
    lit = np.abs(image.astype(int) - ground).max(axis=2) > LIT
    boxes = np.array([box for box in _places(height, width) if _part(lit, box).any()], int)
    boxes = boxes.reshape(-1, 4)
    mean = image[lit].mean(axis=0) if lit.any() else np.full(channels, 128.0)
    fills = [np.full(channels, ground), mean] if channels == 1 else [mean]
    pictures = np.repeat(image[None, None], len(boxes), axis=0).repeat(len(fills), axis=1)
    for place, box in enumerate(boxes):
        for index, fill in enumerate(fills):
            _part(pictures[place, index], box)[:] = fill.round()
    shown = np.concatenate([image[None], pictures.reshape(-1, *image.shape)])
    told = load(model).probabilities(shown)
    answers = told[1:].reshape(len(boxes), len(fills), told.shape[1])
    return Occlusion(boxes, answers, pictures, told[0])


def changes(
    answer: Answer, picture: Picture, model: Model, options: Options | None = None
) -> list[Change]:
    """Prepare a picture in every way that is one decision away, and ask each time.

    The decisions are each step that can be left out, photo or sketch, and left or right. A way that
    leads to the same pixels is not in the list.

    Args:
        answer: to the picture as it was prepared.
        picture: that passed the gate.
        model: the network.
        options: what it was prepared with.

    Returns:
        The changes, the one with the least different input first.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    options = options or Options()
    before = answer.prepared
    ways: list[tuple[Stage | None, Kind | None, Answer]] = []
    for stage, kind, other in _other_ways(before, options):
        # Nothing may be left of the picture that way.
        with contextlib.suppress(ImageRejected):
            ways.append((stage, kind, classify_picture(picture, model, other, before)))
    if not before.mirrored:
        mirrored = replace(before, pixels=before.pixels[:, ::-1], mirrored=True)
        ways.append((None, None, answer_of(mirrored, model)))
    found = [
        Change(stage, kind, then, _difference(then.prepared.pixels, before.pixels))
        for stage, kind, then in ways
    ]
    return sorted(
        (change for change in found if change.distance), key=lambda change: change.distance
    )


def onto_picture(heat: np.ndarray, prepared: Prepared) -> np.ndarray:
    """Lay values over a prepared picture's pixels back over the picture they came from.

    Args:
        heat: float (height, width), a value for each pixel of the network's input.
        prepared: how the picture became that.

    Returns:
        float32 of the shape of ``prepared.mask``, the whole picture at working size; 0 outside of
        the crop.
    """
    height, width = prepared.mask.shape
    edges = np.array(prepared.box) * (width, height, width, height)
    left, top, right, bottom = edges.round().astype(int)
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    right, bottom = min(max(right, left + 1), width), min(max(bottom, top + 1), height)
    if prepared.kind is not None:  # else the crop fills the frame
        heat = _part(heat, _fitted(bottom - top, right - left, *heat.shape))
    if prepared.mirrored:
        heat = heat[:, ::-1]
    laid = np.zeros(prepared.mask.shape, np.float32)
    laid[top:bottom, left:right] = resized(heat, bottom - top, right - left)
    return laid


def _places(height: int, width: int) -> Iterator[tuple[int, int, int, int]]:
    high, wide = max(1, round(PATCH * height)), max(1, round(PATCH * width))
    for top in np.unique(np.linspace(0, height - high, PLACES).round().astype(int)):
        for left in np.unique(np.linspace(0, width - wide, PLACES).round().astype(int)):
            yield int(top), int(left), int(top) + high, int(left) + wide


def _part(values: np.ndarray, box: "np.ndarray | tuple[int, ...]") -> np.ndarray:
    top, left, bottom, right = box
    return values[top:bottom, left:right]


def _fitted(high: int, wide: int, height: int, width: int) -> tuple[int, int, int, int]:
    """Return where in a frame a crop of this shape lies, as ``prepare`` fits it."""
    scale = min(height / high, width / wide)
    down, across = max(1, round(high * scale)), max(1, round(wide * scale))
    top, left = (height - down) // 2, (width - across) // 2
    return top, left, top + down, left + across


def _other_ways(
    before: Prepared, options: Options
) -> Iterator[tuple[Stage | None, Kind | None, Options]]:
    if before.kind is None:
        return
    # What was decided by looking stays decided: each way differs in one thing.
    decided = replace(options, kind=before.kind)
    for stage in SWITCHES[before.kind]:
        if stage not in options.off:
            yield stage, None, replace(decided, off=options.off | {stage})
    other = Kind.SKETCH if before.kind is Kind.PHOTO else Kind.PHOTO
    yield None, other, replace(options, kind=other)


def _difference(pixels: np.ndarray, others: np.ndarray) -> float:
    return float(np.sqrt(np.square(pixels.astype(np.float32) - others).mean()))
