"""From a picture to an answer: the one path for uploads, camera, drawings and the command line."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.classify.hints import hint
from core.classify.rejection import THRESHOLD, Verdict, unknown, verdict
from core.errors import ImageRejected
from core.imaging.gate import MAX_BYTES, Picture, open_picture
from core.imaging.prepare import Options, Prepared, naive, prepare
from core.networks import Model, load
from core.settings import settings

BATCH = 64  # files that the network is asked about at once


@dataclass(frozen=True)
class Answer:
    """What a network says of one picture.

    Attributes:
        label: the most probable class, from 0.
        name: its name.
        probabilities: float32 array (classes,), sums to 1.
        unknown: 0 to 1, the higher the less likely the picture shows any of the classes.
        prepared: what the network was shown, and how it came about.
        hint: how to take a better picture, as a sentence; None if nothing speaks for one.
    """

    label: int
    name: str
    probabilities: np.ndarray
    unknown: float
    prepared: Prepared
    hint: str | None = None

    @property
    def probability(self) -> float:
        """The probability of the most probable class, 0 to 1."""
        return float(self.probabilities[self.label])

    def verdict(self, limit: float = THRESHOLD) -> Verdict:
        """Return what the answer is worth; from the doubt ``limit`` on it is refused."""
        return verdict(self.probability, self.unknown, limit)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "label": self.label,
            "class": self.name,
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "kind": self.prepared.kind,
            "unknown": round(self.unknown, 6),
        }


def prepare_for(
    model: Model,
    picture: Picture,
    options: Options | None = None,
    before: Prepared | None = None,
) -> Prepared:
    """Prepare a picture that passed the gate for a network; as ``prepare.prepare``.

    Raises:
        ImageRejected: there is nothing in the picture.
    """
    return prepare(picture.rgb, options, alpha=picture.alpha, before=before, **model.frame)


def classify_picture(
    picture: Picture,
    model: Model,
    options: Options | None = None,
    before: Prepared | None = None,
) -> Answer:
    """Prepare a picture that passed the gate for ``model``, and ask it; as ``prepare.prepare``.

    Raises:
        ImageRejected: there is nothing in the picture.
        ModelUnavailable: the model cannot be loaded.
    """
    return answer_of(prepare_for(model, picture, options, before), model)


def answer_of(prepared: Prepared, model: Model) -> Answer:
    """Ask ``model`` about a picture that was prepared for it.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    return answers_of([prepared], model)[0]


def answers_of(prepareds: Sequence[Prepared], model: Model) -> list[Answer]:
    """Ask ``model`` about pictures that were prepared for it, all at once.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    pixels = np.zeros((len(prepareds), *model.dataset.shape), np.uint8)
    for index, each in enumerate(prepareds):
        pixels[index] = each.pixels.reshape(model.dataset.shape)
    answers = []
    for each, probabilities in zip(prepareds, load(model).probabilities(pixels), strict=True):
        label = int(probabilities.argmax())
        share = float(unknown(probabilities))
        advice = hint(probabilities, each, model.dataset)
        name = model.dataset.classes[label]
        answers.append(Answer(label, name, probabilities, share, each, advice))
    return answers


def naive_answer(picture: Picture, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Return what most demos show the network, and its probabilities (classes,) for that.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    height, width, channels = model.dataset.shape
    pixels = naive(picture.rgb, height=height, width=width, channels=channels)
    return pixels, _probabilities(pixels, model)


def open_file(path: Path) -> Picture:
    """Read a picture file.

    Raises:
        ImageRejected: the file cannot be read, or is not a picture of use.
    """
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to see that a file is too large.
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise ImageRejected(
            f"{path.name} cannot be read ({reason}). Check the name and try again."
        ) from error
    return open_picture(data, path.name)


def classify_files(
    paths: Iterable[Path], model: Model, options: Options | None = None
) -> Iterator[Answer | ImageRejected]:
    """Classify any number of picture files, in their order; a bad one costs nothing but itself.

    While the network answers for one batch, the next is prepared on all cores. No more than two
    batches are held at a time.

    Yields:
        The answer for each file, or why there is none.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    left = iter(paths)
    begun: deque[Future[Prepared | ImageRejected]] = deque()
    pool = ThreadPoolExecutor(settings().cores, thread_name_prefix="pictures")
    try:
        while True:
            for path in islice(left, 2 * BATCH - len(begun)):
                begun.append(pool.submit(_prepare_file, path, model, options))
            if not begun:
                return
            batch = [begun.popleft().result() for _ in range(min(BATCH, len(begun)))]
            good = [each for each in batch if isinstance(each, Prepared)]
            answers = iter(answers_of(good, model))
            for each in batch:
                yield next(answers) if isinstance(each, Prepared) else each
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare_file(path: Path, model: Model, options: Options | None) -> Prepared | ImageRejected:
    try:
        return prepare_for(model, open_file(path), options)
    except ImageRejected as error:
        return error


def _probabilities(pixels: np.ndarray, model: Model) -> np.ndarray:
    found: np.ndarray = load(model).probabilities(pixels.reshape(1, *model.dataset.shape))[0]
    return found
