"""Runs into a ZIP; TensorFlow is not needed, and a run takes some 100 ms."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import datasets, runs
from core.classroom.closed import why_closed
from core.datasets.fingerprint import fingerprint
from core.errors import RunDamaged, SettingsError
from core.export import versions
from core.export.run_zip import layout
from core.export.run_zip.layout import Header
from core.export.told import told
from core.networks.batches import Report
from core.networks.weights import weights_of
from core.runs import Run, State
from core.runs.checkpoint import Checkpoint, read_checkpoint
from core.runs.curves import BATCH_COLUMNS, EPOCH_COLUMNS, Curve
from core.runs.division import held_out

_DATE = (2000, 1, 1, 0, 0, 0)  # of the entries: the same run makes the same file
_README = """Runs of Atelier: settings, curves, weights and notes. Nothing in here is a program.

To continue with them in another Atelier, open its page Runs and choose "Bring a run", or write

    python -m core import {name}

There every network is built anew from its settings, and measured anew.

To read them in Python, unpack the ZIP. Each run has a folder:

    import json, numpy as np
    settings = json.load(open("{folder}/run.json", encoding="utf-8"))
    kernel = np.load("{folder}/weights/layer2.kernel.npy")  # where there is such a layer

note.txt is what its owner wrote. epochs.jsonl and batches.jsonl are the curves, a point a line.
validation.npy has what the network answers to the images held back, a row an image.
A run that is not finished has what it needs to continue in checkpoint/.

What is in here:

"""


@dataclass(frozen=True)
class Carried:
    """A run that goes into a ZIP.

    Attributes:
        run: that whoever asks may see.
        note: what its owner wrote about it, if whoever asks may read that.
        whose: the handle of its owner, where a class is taken home.
    """

    run: Run
    note: str = ""
    whose: str = ""


def problem(run: Run) -> str | None:
    """Return why a run cannot be taken along, as a sentence with what to do, or None."""
    if runs.is_bundled(run.id):
        return "A bundled model comes with every Atelier, so there is nothing to bring."
    if run.config is None:
        return f"This run is damaged: {run.reason}"
    if run.state.active:
        return "This run is still waiting or training. Let it finish, or pause or stop it first."
    own = run.config.dataset not in datasets.DATASETS
    if own and datasets.find(run.config.dataset).missing() is not None:
        return (
            "The images that it was trained on are not here any more, and without them it cannot "
            "be taken in anywhere."
        )
    if run.network is None and not run.folder.checkpoint.exists() and not run.epochs:
        return "This run has learned nothing yet, so only its settings are there: copy its link."
    return None


def write(
    target: IO[bytes], carried: Sequence[Carried], visitor: str, report: Report, name: str
) -> None:
    """Write runs into a ZIP.

    Args:
        target: open for writing; need not be seekable.
        carried: the runs; none of them has a ``problem``.
        visitor: who takes them; of test images that are closed for them nothing is told.
        report: told the share done.
        name: of the file, for its README.

    Raises:
        AtelierError: a run cannot be read.
        OSError: the file cannot be written.
    """
    folders = [
        f"{number}-{_config(each.run).network.slug}" for number, each in enumerate(carried, 1)
    ]
    manifest = {
        "format": layout.FORMAT,
        "version": layout.VERSION,
        "atelier": versions.atelier(),
        "runs": folders,
    }
    with zipfile.ZipFile(target, "w") as archive:
        _text(archive, layout.MANIFEST, _json(manifest))
        readme = _README.format(name=name, folder=folders[0])
        _text(archive, layout.README, readme + _listed(folders, carried, visitor))
        for number, (folder, each) in enumerate(zip(folders, carried, strict=True)):
            report(number / len(carried))
            _run(archive, folder, each, visitor)
    report(1.0)


def _config(run: Run) -> runs.TrainingConfig:
    reason = problem(run)
    if reason is not None or run.config is None:
        raise SettingsError(reason or f"The run {run.id} is damaged.")
    return run.config


def _listed(folders: Sequence[str], carried: Sequence[Carried], visitor: str) -> str:
    """Return the runs and their figures in words, a line each."""
    lines = []
    for folder, each in zip(folders, carried, strict=True):
        said = told(_as_told(each.run, visitor))
        words = [said.title, *(f"{title} {value}" for title, value in said.figures.items())]
        lines.append(f"{folder}: {', '.join(words)}\n")
    return "".join(lines)


def _as_told(run: Run, visitor: str) -> Run:
    """Return a run without its test figures where these are closed for who takes it home."""
    if run.result is None or (
        run.test_opened and why_closed(visitor, _config(run).dataset) is None
    ):
        return run
    return replace(run, result=replace(run.result, test_accuracy=None, test_loss=None))


def _run(archive: zipfile.ZipFile, folder: str, carried: Carried, visitor: str) -> None:
    run, config = _as_told(carried.run, visitor), _config(carried.run)
    spec = datasets.find(config.dataset)
    header = Header(
        run.id,
        config.to_dict(),
        spec.title,
        fingerprint(config.dataset),
        run.name,
        carried.whose,
        run.created,
        State.PAUSED if run.state is State.INTERRUPTED else run.state,
        run.result,
        run.stretches,
    )
    _text(archive, f"{folder}/{layout.HEADER}", _json(header.to_dict()))
    if carried.note:
        _text(archive, f"{folder}/{layout.NOTE}", carried.note)
    curves = runs.read_curves(run.folder)
    _text(archive, f"{folder}/{layout.EPOCHS}", _lines(curves.epochs, EPOCH_COLUMNS))
    _text(archive, f"{folder}/{layout.BATCHES}", _lines(curves.batches, BATCH_COLUMNS))
    if run.network is not None and run.network.suffix == ".keras":
        _arrays(archive, f"{folder}/{layout.WEIGHTS}", weights_of(run))
    if run.state is not State.FINISHED:
        _checkpoint(archive, folder, read_checkpoint(run.folder.checkpoint))
    parts = {layout.VALIDATION: (run.folder.validation, len(held_out(config)))}
    if run.result is not None and run.result.test_accuracy is not None:
        parts[layout.TEST] = (run.folder.evaluation, spec.counts["test"])
    for name, (path, count) in parts.items():
        probabilities = _answers(path, count, len(spec.classes))
        if probabilities is not None:
            _array(archive, f"{folder}/{name}", probabilities)


def _answers(path: Path, count: int, classes: int) -> np.ndarray | None:
    """Return what the network answered, or None: where that is gone it is asked again."""
    if not path.is_file():
        return None
    try:
        return runs.read_evaluation(path, count, classes).probabilities
    except RunDamaged:
        return None


def _checkpoint(archive: zipfile.ZipFile, folder: str, checkpoint: Checkpoint | None) -> None:
    if checkpoint is None:
        return
    progress = {**vars(checkpoint.progress), "history": list(checkpoint.progress.history)}
    _text(archive, f"{folder}/{layout.PROGRESS}", _json(progress))
    _arrays(archive, f"{folder}/{layout.STATE}", checkpoint.state)
    best = {str(number): array for number, array in enumerate(checkpoint.best)}
    _arrays(archive, f"{folder}/{layout.BEST}", best)


def _lines(curve: Curve, columns: Sequence[str]) -> str:
    rows = zip(*(curve[name] for name in columns), strict=True)
    return "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def _text(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(_entry(name), text.encode(), zipfile.ZIP_DEFLATED)


def _arrays(archive: zipfile.ZipFile, folder: str, arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        _array(archive, f"{folder}/{name}{layout.ARRAY}", array)


def _array(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    # Not compressed: of random digits a tenth could be saved, for most of the time.
    with archive.open(_entry(name), "w") as file:
        np.lib.format.write_array(file, np.asarray(array, order="C"), allow_pickle=False)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = 0o644 << 16
    return entry
