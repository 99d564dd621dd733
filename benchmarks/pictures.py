"""How well real photos and drawings are recognised: ``python -m core benchmark pictures``.

Reads the manifests of a folder of photos and one of drawings (see ``core.bundled.manifests``), and
counts as they ask: top-1 over all ten outputs; shoes from above apart; ambiguous pictures left out.
Rejection is the area under the ROC curve of ``unknown``, pictures of the ten classes against
others. Beside ours stands the naive way: the picture squeezed into the frame, nothing else. The
ablation leaves out one step of the preparation at a time.

One of the bundled model's two networks learned from all pictures. So with ``--held-out`` the other
one answers alone; the speed is that of both.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import classify, networks, runs
from core.bundled.bundle import unite
from core.bundled.manifests import (
    TOP_VIEW,
    Belongs,
    SharedPicture,
    held_out,
    read_photos,
    read_sketches,
)
from core.classify import rejection
from core.classify.picture import open_file
from core.errors import AtelierError, ImageRejected, SettingsError
from core.imaging.prepare import SWITCHES, Kind, Options
from core.networks.network import load_file

NOT_READ = -1  # label of a picture that was refused: it counts as wrong
PLURAL = {Kind.PHOTO: "photos", Kind.SKETCH: "sketches"}


@dataclass(frozen=True)
class Answers:
    """What was answered for some pictures, in their order.

    Attributes:
        labels: int (n,), ``NOT_READ`` for those that were refused.
        unknown: float (n,), 0 to 1; 1 for those that were refused.
        sketch: bool (n,), which were taken for sketches.
        seconds: how long all of it took.
    """

    labels: np.ndarray
    unknown: np.ndarray
    sketch: np.ndarray
    seconds: float


def ours(
    pictures: Sequence[SharedPicture], model: networks.Model, options: Options | None = None
) -> Answers:
    """Classify pictures as the command line does."""
    begun = time.perf_counter()
    rows = []
    paths = (each.path for each in pictures)
    for answer in classify.classify_files(paths, model, options):
        if isinstance(answer, ImageRejected):
            rows.append((NOT_READ, 1.0, False))
        else:
            sketch = answer.prepared.kind is Kind.SKETCH
            rows.append((answer.label, answer.unknown, sketch))
    labels, unknown, sketches = zip(*rows, strict=True)
    seconds = time.perf_counter() - begun
    return Answers(np.array(labels), np.array(unknown), np.array(sketches), seconds)


def naively(pictures: Sequence[SharedPicture], model: networks.Model) -> Answers:
    """Classify pictures squeezed into the frame.

    A picture that cannot be read counts as wrong here too.
    """
    begun = time.perf_counter()
    labels, unknown = [], []
    for each in pictures:
        try:
            _, probabilities = classify.naive_answer(open_file(each.path), model)
        except ImageRejected:
            labels.append(NOT_READ)
            unknown.append(1.0)
        else:
            labels.append(int(probabilities.argmax()))
            unknown.append(float(rejection.unknown(probabilities)))
    seconds = time.perf_counter() - begun
    return Answers(np.array(labels), np.array(unknown), np.zeros(len(labels), bool), seconds)


class Part:
    """Some pictures of one kind and how they count."""

    def __init__(self, pictures: Sequence[SharedPicture]) -> None:
        """Keep those that count: all but the ambiguous."""
        self.pictures = [each for each in pictures if each.belongs is not Belongs.AMBIGUOUS]
        belongs = np.array([each.belongs for each in self.pictures], dtype=object)
        top = np.array([each.view == TOP_VIEW for each in self.pictures], dtype=bool)
        self.labels = np.array(
            [NOT_READ if each.label is None else each.label for each in self.pictures]
        )
        self.known = (belongs == Belongs.IN) & ~top
        self.above = (belongs == Belongs.IN) & top
        self.near, self.far = belongs == Belongs.NEAR, belongs == Belongs.FAR

    def top_1(self, answers: Answers, where: np.ndarray | None = None) -> float:
        """Return the share of right answers, by default over the known classes."""
        where = self.known if where is None else where
        return _mean(answers.labels[where] == self.labels[where])

    def by_class(self, answers: Answers) -> dict[int, tuple[float, int]]:
        """Return the share of right answers and the number of pictures of each class present."""
        there = np.unique(self.labels[self.known])
        return {
            int(label): (
                self.top_1(answers, self.known & (self.labels == label)),
                int((self.known & (self.labels == label)).sum()),
            )
            for label in there
        }

    def balanced(self, answers: Answers) -> float:
        """Return the mean over the classes present of their shares of right answers."""
        return _mean([share for share, _ in self.by_class(answers).values()])


def auroc(known: np.ndarray, other: np.ndarray) -> float | None:
    """Return how often one of ``other`` is greater than one of ``known``; None without pictures.

    Ties count half: the Mann-Whitney statistic, which is the area under the ROC curve.
    """
    if not len(known) or not len(other):
        return None
    greater = (other[:, None] > known).mean()
    return float(greater + (other[:, None] == known).mean() / 2)


def main() -> int:
    """Classify everything, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark pictures")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="folder with manifest.csv")
    parser.add_argument("--sketches", type=Path, metavar="DIR", help="folder with manifest.csv")
    parser.add_argument("--run", default=runs.BUNDLED, help="whose network (default: %(default)s)")
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="only senders and drawings that training never sees, a third of them",
    )
    parser.add_argument(
        "--ablation", action="store_true", help="leave out each step of the preparation too"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESULTS.md")
    options = parser.parse_args()
    if not options.photos and not options.sketches:
        parser.error("name a folder with --photos, with --sketches, or both")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        model = networks.find(options.run)
        if model.dataset.name != "fashion-mnist":
            raise SettingsError(
                f"The run {options.run} was trained on {model.dataset.title}, whose classes are "
                "others than the manifests'. Choose a run on Fashion-MNIST."
            )
        with tempfile.TemporaryDirectory() as folder:
            alone = options.held_out and options.run == runs.BUNDLED
            judged = _first_network(model, Path(folder)) if alone else model
            text = report(_parts(options), model, judged, ablation=options.ablation)
    except AtelierError as error:
        print(f"atelier: {error}", file=sys.stderr)
        return 1
    which = "held-out senders and drawings only" if options.held_out else "all pictures"
    publish("pictures", f"{describe()}; {which}\n\n{text}", write=options.write)
    return 0


def _parts(options: argparse.Namespace) -> dict[Kind, Part]:
    listed = {}
    if options.photos:
        listed[Kind.PHOTO] = read_photos(options.photos)
    if options.sketches:
        listed[Kind.SKETCH] = read_sketches(options.sketches)
    return {
        kind: Part([each for each in pictures if not options.held_out or held_out(each.group)])
        for kind, pictures in listed.items()
    }


def _first_network(model: networks.Model, folder: Path) -> networks.Model:
    """Write a model of the first network of ``model`` alone into ``folder``, and return it."""
    import keras

    networks = [part for part in load_file(model).layers if isinstance(part, keras.Model)]
    path = folder / "network.keras"
    unite(networks[:1], networks[0].name).save(path)
    return replace(model, path=path)


def report(
    parts: dict[Kind, Part], model: networks.Model, judged: networks.Model, *, ablation: bool
) -> str:
    """Return the tables, as Markdown: how fast ``model`` is, and how right ``judged``."""
    for each in (model, judged):
        networks.load(each)  # or the first would pay for TensorFlow
    answers, seconds = {}, {}
    for kind, part in parts.items():
        sys.stderr.write(f"{len(part.pictures):,} {PLURAL[kind]} ...\n")
        answers[kind] = (ours(part.pictures, judged), naively(part.pictures, judged))
        whole = answers[kind][0] if model == judged else ours(part.pictures, model)
        seconds[kind] = (whole.seconds, answers[kind][1].seconds)
    lines = ["| | pictures | ours | naive |", "| --- | --- | --- | --- |"]
    for kind, part in parts.items():
        lines += _accuracy(kind, part, answers[kind])
    lines += _rejection(parts, answers)
    for kind, part in parts.items():
        mine = answers[kind][0]
        lines.append(
            f"| {PLURAL[kind]} taken for {PLURAL[kind]} | {len(part.pictures):,} | "
            f"{_percent(_mean(mine.sketch == (kind is Kind.SKETCH)))} | |"
        )
        speed = [f"{len(part.pictures) / each:.1f}" for each in seconds[kind]]
        lines.append(f"| {PLURAL[kind]} a second | {len(part.pictures):,} | {' | '.join(speed)} |")
    for kind, part in parts.items():
        lines += ["", *_classes(kind, part, answers[kind], judged)]
    if ablation:
        lines += ["", *_ablation(parts, answers, judged)]
    return "\n".join(lines)


def _accuracy(kind: Kind, part: Part, answers: tuple[Answers, Answers]) -> list[str]:
    number, classes = int(part.known.sum()), len(part.by_class(answers[0]))
    view = "apparel" if kind is Kind.PHOTO else "drawings"
    rows = [
        (f"{view}, {classes} classes, top-1", number, [part.top_1(each) for each in answers]),
        (f"{view}, {classes} classes, balanced", number, [part.balanced(each) for each in answers]),
    ]
    if part.above.any():
        top = [part.top_1(each, part.above) for each in answers]
        rows.append(("shoes from above, top-1", int(part.above.sum()), top))
    return [
        f"| {name} | {count:,} | {' | '.join(map(_percent, values))} |"
        for name, count, values in rows
    ]


def _rejection(parts: dict[Kind, Part], answers: dict[Kind, tuple[Answers, Answers]]) -> list[str]:
    """Return the rows on ``unknown``: of each kind, and of both together."""
    rows = []
    groups = [[kind] for kind in parts] + ([list(parts)] if len(parts) > 1 else [])
    for kinds in groups:
        name = " and ".join(PLURAL[kind] for kind in kinds)
        for words, attribute in (("other clothing", "near"), ("other things", "far")):
            cells, count = [], 0
            for way in range(2):
                known, other = (
                    np.concatenate(
                        [answers[kind][way].unknown[getattr(parts[kind], which)] for kind in kinds]
                    )
                    for which in ("known", attribute)
                )
                area, count = auroc(known, other), len(other)
                cells.append("" if area is None else f"{area:.3f}")
            if count:
                rows.append(
                    f"| rejection, {name} against {words}, AUROC | {count:,} | "
                    f"{' | '.join(cells)} |"
                )
    return rows


def _classes(
    kind: Kind, part: Part, answers: tuple[Answers, Answers], model: networks.Model
) -> list[str]:
    mine, naive = (part.by_class(each) for each in answers)
    lines = [
        f"| {PLURAL[kind]} of | pictures | ours | naive | ours says instead |",
        "| --- | --- | --- | --- | --- |",
    ]
    names = model.dataset.classes
    for label, (share, count) in mine.items():
        said = answers[0].labels[part.known & (part.labels == label)]
        wrong, times = np.unique(said[said != label], return_counts=True)
        first = np.argsort(-times, kind="stable")[:3]
        words = [
            f"{'refused' if wrong[i] == NOT_READ else names[wrong[i]]} {times[i]}" for i in first
        ]
        lines.append(
            f"| {names[label]} | {count:,} | {_percent(share)} | {_percent(naive[label][0])} | "
            f"{', '.join(words)} |"
        )
    return lines


def _ablation(
    parts: dict[Kind, Part],
    answers: dict[Kind, tuple[Answers, Answers]],
    model: networks.Model,
) -> list[str]:
    lines = ["| without | of | top-1 | change |", "| --- | --- | --- | --- |"]
    for kind, part in parts.items():
        known = Part([each for each, kept in zip(part.pictures, part.known, strict=True) if kept])
        whole = part.top_1(answers[kind][0])
        lines.append(f"| nothing | {PLURAL[kind]} | {_percent(whole)} | |")
        for stage in SWITCHES[kind]:
            sys.stderr.write(f"{PLURAL[kind]} without {stage} ...\n")
            share = known.top_1(ours(known.pictures, model, Options(off=frozenset({stage}))))
            points = 100 * (share - whole)
            lines.append(f"| {stage} | {PLURAL[kind]} | {_percent(share)} | {points:+.1f} |")
    return lines


def _mean(values: Iterable[float]) -> float:
    kept = np.asarray(list(values), dtype=float)
    return float(kept.mean()) if len(kept) else float("nan")


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{share:.1%}"


if __name__ == "__main__":
    sys.exit(main())
