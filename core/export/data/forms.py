"""Writing a data set in each form, in blocks."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.datasets.sources.class_folders import folder_names
from core.export.data.wanted import Chosen, Form, Wanted, Wrong
from core.files import harmless
from core.networks.batches import Report

BLOCK = 1000  # images at a time
CLASSES, README, JUDGEMENTS = "classes.txt", "README.txt", "judgements.json"
_DATE = (2000, 1, 1, 0, 0, 0)  # of the entries: the same images make the same file
_DIGITS = [str(value) for value in range(256)]
_LEVEL = 3  # of compression: digits become four times smaller in a third of the usual time
_HOW = {
    Form.CSV: "Each CSV file has a line an image: its label, then its pixels row by row, 0 to 255"
    "{colour}. The label is a number; classes.txt has the name of each, from 0.",
    Form.FOLDERS: "Each image is a PNG, in a folder for its class. Its name is its place in the "
    "split that it is from, from 0. classes.txt has the classes in the order of their numbers.",
    Form.NPZ: "train_images and test_images are uint8 (n, height, width, channels), train_labels "
    "and test_labels int64 (n,), class_names text.",
}
_WRONG = {
    Wrong.KEPT: "The labels are as they were.",
    Wrong.LEFT_OUT: "Images whose label was judged wrong are left out.",
    Wrong.CHANGED: "Labels that were judged wrong are those of the class the image looks like.",
}


def file_name(wanted: Wanted) -> str:
    """Return what the file is called; the name of a data set has no character that is odd."""
    part = "" if wanted.images is None else f"-{wanted.images}-seed-{wanted.seed}"
    fixed = "" if wanted.wrong is Wrong.KEPT else "-corrected"
    suffix = ".npz" if wanted.form is Form.NPZ else f"-{wanted.form}.zip"
    # By that word in a name, the import knows images that lie on their side; these no longer do.
    name = wanted.dataset.replace("emnist", "e-mnist")
    return f"{name}{part}{fixed}{suffix}"


def write(path: Path, wanted: Wanted, chosen: Chosen, report: Report) -> None:
    """Write the file.

    Args:
        path: of it.
        wanted: the form, and what it says of the rest.
        chosen: the images.
        report: told the share done.

    Raises:
        DataUnavailable, DataDamaged: the images cannot be read.
        OSError: the file cannot be written.
    """
    writers = {Form.CSV: _csv, Form.FOLDERS: _folders, Form.NPZ: _npz}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        writers[wanted.form](archive, wanted, chosen, report)
    report(1.0)


def _csv(archive: zipfile.ZipFile, wanted: Wanted, chosen: Chosen, report: Report) -> None:
    pixels = int(np.prod(chosen.spec.shape))
    head = ",".join(["label", *(f"pixel{number}" for number in range(1, pixels + 1))])
    with_progress = _Progress(report, chosen)
    for part in chosen.rows:
        with archive.open(_entry(f"{part}.csv"), "w") as file:
            file.write(f"{head}\n".encode())
            for images, labels, _ in _blocks(chosen, part):
                file.write(_lines(images.reshape(len(images), -1), labels).encode())
                with_progress.add(len(labels))
    _beside(archive, wanted, chosen)


def _lines(rows: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> str:
    lines = [
        f"{label}," + ",".join(map(_DIGITS.__getitem__, row))
        for label, row in zip(labels.tolist(), rows.tolist(), strict=True)
    ]
    return "\n".join(lines) + "\n"


def _folders(archive: zipfile.ZipFile, wanted: Wanted, chosen: Chosen, report: Report) -> None:
    names = folder_names(chosen.spec.classes)
    with_progress = _Progress(report, chosen)
    for part in chosen.rows:
        for images, labels, rows in _blocks(chosen, part):
            for image, label, row in zip(images, labels.tolist(), rows.tolist(), strict=True):
                content = io.BytesIO()
                picture = image[..., 0] if image.shape[2] == 1 else image
                Image.fromarray(picture).save(content, "PNG")
                entry = _entry(f"{part}/{names[label]}/{row:06}.png")
                archive.writestr(entry, content.getvalue(), zipfile.ZIP_STORED)
            with_progress.add(len(labels))
    _beside(archive, wanted, chosen)


def _npz(archive: zipfile.ZipFile, wanted: Wanted, chosen: Chosen, report: Report) -> None:
    with_progress = _Progress(report, chosen)
    for part, rows in chosen.rows.items():
        with archive.open(_entry(f"{part}_images.npy"), "w") as file:
            _header(file, "|u1", (len(rows), *chosen.spec.shape))
            for images, labels, _ in _blocks(chosen, part):
                file.write(np.ascontiguousarray(images).data)
                with_progress.add(len(labels))
        _array(archive, f"{part}_labels", chosen.labels[part])
    _array(archive, "class_names", np.array(chosen.spec.classes))
    _array(archive, "about", np.array(_told(wanted, chosen)))
    _array(archive, "judgements", np.array(_judged(chosen)))


class _Progress:
    """Tells how many of the images are written."""

    def __init__(self, report: Report, chosen: Chosen) -> None:
        self._report, self._total, self._done = report, max(1, chosen.count), 0

    def add(self, count: int) -> None:
        self._done += count
        self._report(self._done / self._total)


def _blocks(
    chosen: Chosen, part: str
) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield images with their labels and their indices in the split."""
    images = chosen.spec.load(chosen.split_of(part)).images
    rows, labels = chosen.rows[part], chosen.labels[part]
    for first in range(0, len(rows), BLOCK):
        block = slice(first, first + BLOCK)
        yield images[rows[block]], labels[block], rows[block]


def _beside(archive: zipfile.ZipFile, wanted: Wanted, chosen: Chosen) -> None:
    names = "".join(f"{harmless(each)}\n" for each in chosen.spec.classes)
    texts = {CLASSES: names, README: _told(wanted, chosen)}
    if chosen.judgements:
        texts[JUDGEMENTS] = _judged(chosen)
    for name, text in texts.items():
        archive.writestr(_entry(name), text.encode(), zipfile.ZIP_DEFLATED)


def _told(wanted: Wanted, chosen: Chosen) -> str:
    """Return what the file is, in words."""
    spec, colour = chosen.spec, ", red, green and blue for each pixel"
    counts = ", ".join(f"{len(rows):,} {part}" for part, rows in chosen.rows.items())
    drawn = "All training images."
    if wanted.images is not None:
        drawn = (
            f"{wanted.images:,} of the {spec.counts['train'] - spec.validation:,} training images, "
            f"drawn evenly over the classes with the seed {wanted.seed}."
        )
    lines = [
        f"{harmless(spec.title)}: {counts} images of {' x '.join(map(str, spec.shape))}.",
        drawn,
        _WRONG[wanted.wrong],
        f"Source: {harmless(spec.credit, 300)}.",
        _HOW[wanted.form].format(colour=colour if spec.shape[2] == 3 else ""),
    ]
    if chosen.closed is not None:
        lines.append(f"Without test images. {harmless(chosen.closed, 300)}")
    if chosen.judgements:
        lines.append("judgements.json has what was judged of doubtful labels by hand.")
    lines.append(
        "Atelier reads this file again: choose it on the page Explore, under Your data, or write "
        "python -m core import FILE."
    )
    return "\n\n".join(lines) + "\n"


def _judged(chosen: Chosen) -> str:
    """Return the visitor's judgements as JSON, with the labels that they are about.

    ``index`` is the image's place in its split here, ``part`` and ``place`` are where it stands in
    this file; of a sample, or with images left out, these differ. All count from 0.
    """
    classes = chosen.spec.classes
    given = {each.split: chosen.spec.load(each.split).labels for each in chosen.judgements}
    places = {
        (chosen.split_of(part), row): (part, place)
        for part, found in chosen.rows.items()
        for place, row in enumerate(found.tolist())
    }
    rows: list[dict[str, Any]] = [
        {
            "split": each.split,
            "index": each.index,
            "part": places[each.split, each.index][0],
            "place": places[each.split, each.index][1],
            "label": classes[given[each.split][each.index]],
            "verdict": str(each.verdict),
            "looks_like": classes[each.other],
        }
        for each in chosen.judgements
    ]
    return json.dumps(rows, indent=1) + "\n"


def _array(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    with archive.open(_entry(f"{name}.npy"), "w") as file:
        np.lib.format.write_array(file, array, allow_pickle=False)


def _header(file: IO[bytes], kind: str, shape: tuple[int, ...]) -> None:
    """Write the header of an array whose values follow block by block."""
    values = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, values)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = _LEVEL  # type: ignore[attr-defined]
    entry.external_attr = 0o644 << 16
    return entry
