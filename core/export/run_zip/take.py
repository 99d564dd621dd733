"""From a run in a ZIP to a run folder of this Atelier (TF when called).

The network is built from the config, as a training builds it, and gets its weights as numbers.
"""

import json
import math
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import datasets, runs
from core.architectures.settings import count
from core.datasets.access import usable_datasets
from core.datasets.fingerprint import fingerprint
from core.datasets.imported import COMMAND_LINE
from core.errors import DataUnavailable, SettingsError, SourceRejected
from core.export.run_zip import layout
from core.export.run_zip.gate import Packed
from core.export.run_zip.layout import Header
from core.networks.batches import Report, answers
from core.runs import Evaluation, State, TrainingConfig
from core.runs.changing import appearing
from core.runs.checkpoint import Checkpoint, Progress, as_progress, write_checkpoint
from core.runs.curves import BATCH_COLUMNS, EPOCH_COLUMNS
from core.runs.division import divide
from core.runs.evaluation import write_evaluation
from core.runs.files import write_atomic, write_json
from core.runs.reading import as_line
from core.runs.records import Result, RunFolder
from core.settings import settings

if TYPE_CHECKING:
    import keras

_ROOM = 4096  # bytes that the headers of an array may take beside its numbers
_MOST_POINTS = 500_000  # of a curve; a training of a day has 350,000


@dataclass(frozen=True)
class Curves:
    """The points of the curves of a run that is being brought, by column."""

    epochs: list[dict[str, Any]]
    batches: list[dict[str, Any]]


@dataclass(frozen=True)
class Learned:
    """What a run that is being brought has learned.

    Attributes:
        model: with its weights; None if there are none.
        complete: whether these came as a network, and not as a part of the checkpoint.
        checkpoint: what it needs to continue, or None.
    """

    model: "keras.Model | None"
    complete: bool
    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class Measured:
    """How a network does on images that are here: its answers, and the share that is right."""

    evaluation: Evaluation
    accuracy: float


def check_room(visitor: str) -> int:
    """Return how many further runs a visitor may bring.

    Raises:
        SettingsError: none.
    """
    if visitor == COMMAND_LINE:
        return layout.MOST_RUNS
    most = settings().limits.brought
    own = sum(run.brought is not None and run.visitor == visitor for run in runs.list_runs())
    if own >= most:
        raise SettingsError(
            f"You have brought {count(own, 'run')}, and a visitor may bring {most}. Delete one "
            "first."
            if most
            else "Bringing runs is turned off on this server (ATELIER_MAX_BROUGHT is 0)."
        )
    return most - own


def title_of(header: Header, number: int) -> str:
    """Return what to call a run in a sentence, before anything about it has been checked.

    Args:
        header: of the run.
        number: of the run in its file, from 1.
    """
    return " · ".join(filter(None, (header.whose, header.name))) or f"run {number}"


def take(packed: Packed, visitor: str, report: Report, circle: Collection[str] = ()) -> str:
    """Take a run in: it belongs to the visitor from then on. Return its id.

    Args:
        packed: as ``gate.opened`` found it.
        visitor: who brings it.
        report: told the share done.
        circle: ids of the classes whose data sets the visitor may use.

    Raises:
        SourceRejected: it is not what it should be.
        SettingsError: its settings cannot be used here, or the folder cannot be written.
        DataUnavailable, DataDamaged: its data set is not here, or cannot be read.
    """
    config = _config(packed.header, visitor, circle)
    curves = _curves(packed, config)
    report(0.05)
    learned = _learned(packed, config)
    report(0.3)
    state = packed.header.state
    measured = _measured(learned, config, state, lambda share: report(0.3 + 0.6 * share))
    with appearing(config) as (run_id, folder):
        _write_told(folder, packed, config, visitor, curves)
        _write_learned(folder, learned)
        if state is State.FINISHED:
            write_evaluation(folder.validation, measured["train"].evaluation)
            write_evaluation(folder.evaluation, measured["test"].evaluation)
        if packed.header.result is None:
            folder.pause.touch()
        else:
            folder.write_result(_result(packed.header.result, measured))
    report(1.0)
    return run_id


def _config(header: Header, visitor: str, circle: Collection[str]) -> TrainingConfig:
    """Return the config of a run, on the data set that is the same here."""
    dataset = _dataset(header, visitor, circle)
    config = TrainingConfig.from_dict(header.config | {"dataset": dataset})
    result = header.result
    if result is not None and result.epochs > config.recipe.epochs:
        raise SourceRejected(
            f"It says that it had {count(result.epochs, 'epoch')}, but was to have "
            f"{config.recipe.epochs}."
        )
    most = settings().limits.epochs
    if header.state not in (State.FINISHED, State.FAILED) and config.recipe.epochs > most:
        raise SettingsError(
            f"It is to be trained for {count(config.recipe.epochs, 'epoch')}, and this server "
            f"allows {most}. Let it finish where it was begun, then bring it."
        )
    return config


def _dataset(header: Header, visitor: str, circle: Collection[str]) -> str:
    """Return the name that the data set of a run has here.

    Raises:
        DataUnavailable: it is not here.
    """
    asked = header.config.get("dataset")
    if isinstance(asked, str) and asked in datasets.DATASETS:
        reason = datasets.find(asked).missing()
        if reason is not None:
            raise DataUnavailable(f"Its figures cannot be measured here. {reason}")
        return asked
    for each in usable_datasets(visitor, circle):
        if each.spec.missing() is None and fingerprint(each.spec.name) == header.fingerprint:
            return each.spec.name
    title = header.dataset or "without a title"
    raise DataUnavailable(
        f"It was trained on the data set “{title}”, which is not among yours here. Take that data "
        "set home as NumPy or CSV too, import it on the page Explore, then bring the run again."
    )


def _curves(packed: Packed, config: TrainingConfig) -> Curves:
    """Return the curves of a run: as its file says, but points of this training."""
    epochs = packed.curve(layout.EPOCHS, EPOCH_COLUMNS)
    batches = packed.curve(layout.BATCHES, BATCH_COLUMNS)
    most = config.recipe.epochs
    if len(epochs) > most or [row["epoch"] for row in epochs] != list(range(1, len(epochs) + 1)):
        raise SourceRejected("The epochs of its curve are not 1, 2, 3 and so on to its last.")
    if len(batches) > _MOST_POINTS or not all(
        row["epoch"] is not None and 0 <= row["epoch"] <= most for row in batches
    ):
        raise SourceRejected("Its curve has points that are not of its training.")
    return Curves(epochs, batches)


def _learned(packed: Packed, config: TrainingConfig) -> Learned:
    """Return network and checkpoint of a run, of the names, shapes and types of its config."""
    from core.architectures.build import build, make_optimizer, variables

    spec = datasets.find(config.dataset)
    parameters = config.network.parameters(spec.shape, len(spec.classes))
    _check_size(packed, parameters)
    model = build(config.network, spec.shape, len(spec.classes), config.seed)
    weights = _arrays(packed, layout.WEIGHTS, variables(model))
    state = packed.header.state
    checkpoint = None
    if state is not State.FINISHED and (told := packed.progress()) is not None:
        steps = math.ceil(config.training_count / config.recipe.batch_size)
        optimizer = make_optimizer(config.recipe, steps * config.recipe.epochs)
        optimizer.build(model.trainable_variables)
        arrays = _arrays(packed, layout.STATE, variables(model, optimizer))
        if arrays is None:
            raise SourceRejected("Its checkpoint has no arrays.")
        checkpoint = Checkpoint(_progress(told, config, steps), arrays, _best(packed, model))
    if state is State.FINISHED and weights is None:
        raise SourceRejected("It is finished, but has no weights.")
    if state is State.PAUSED and checkpoint is None:
        raise SourceRejected("It is paused, but has no checkpoint to continue from.")
    known = weights
    if known is None and checkpoint is not None and checkpoint.progress.epoch:
        known = {name: checkpoint.state[name] for name in variables(model)}
    if known is None:
        return Learned(None, False, checkpoint)
    for name, variable in variables(model).items():
        variable.assign(known[name])
    return Learned(model, weights is not None, checkpoint)


def _check_size(packed: Packed, parameters: int) -> None:
    """Refuse arrays that are larger than those of the network can be, before one is read."""
    # Of a weight an optimizer keeps two more numbers at most, beside some of its own.
    for folder, copies in ((layout.WEIGHTS, 1), (layout.STATE, 3), (layout.BEST, 1)):
        most = copies * 4 * parameters + _ROOM * (len(packed.names(folder)) + 1)
        if packed.size(folder) > most:
            raise SourceRejected(
                f"Its {folder} takes {packed.size(folder) / 1e6:,.1f} MB, but the network of its "
                f"settings has {count(parameters, 'parameter')}."
            )


def _arrays(packed: Packed, folder: str, expected: dict[str, Any]) -> dict[str, np.ndarray] | None:
    """Return the arrays of a folder, which are those of variables by name; None without any."""
    names = packed.names(folder)
    if not names:
        return None
    odd = sorted(set(names) ^ expected.keys())
    if odd:
        raise SourceRejected(
            f"Its {folder} and the network of its settings differ in “{odd[0]}”: it is of another "
            "network."
        )
    return {
        name: packed.array(
            f"{folder}/{name}", np.dtype(variable.dtype.as_numpy_dtype), tuple(variable.shape)
        )
        for name, variable in expected.items()
    }


def _best(packed: Packed, model: "keras.Model") -> list[np.ndarray]:
    """Return the weights of the best epoch, with early stopping; none without."""
    names = packed.names(layout.BEST)
    weights = model.get_weights() if names else []
    if sorted(names) != sorted(str(number) for number in range(len(weights))):
        raise SourceRejected("The weights of its best epoch are those of another network.")
    return [
        packed.array(f"{layout.BEST}/{number}", array.dtype, array.shape)
        for number, array in enumerate(weights)
    ]


def _progress(told: Any, config: TrainingConfig, steps: int) -> Progress:
    try:
        found = as_progress(told)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceRejected("How far its training is cannot be read.") from error
    if found.epoch > config.recipe.epochs or found.step > steps or found.seconds > 1e9:
        raise SourceRejected("Its training is further than its settings let it come.")
    return found


def _measured(
    learned: Learned, config: TrainingConfig, state: State, report: Report
) -> dict[str, Measured]:
    """Return how the network does here, by split: on the validation images of ``"train"``.

    On those of ``"test"`` a finished run only: as after a training they are sealed until its owner
    opens them. Of a paused run the figures are those of its curve, as everywhere.
    """
    if learned.model is None or state in (State.PAUSED, State.FAILED):
        return {}
    parts = {"train": divide(datasets.load(config.dataset, "train"), config).validation}
    if state is State.FINISHED:
        parts["test"] = datasets.load(config.dataset, "test")
    total = sum(map(len, parts.values()))
    found: dict[str, Measured] = {}
    before = 0
    for name, part in parts.items():

        def tell(share: float, before: int = before, size: int = len(part)) -> None:
            report((before + share * size) / total)

        probabilities = answers(learned.model, part.images, tell)
        if not np.isfinite(probabilities).all():
            raise SourceRejected("Its network answers with values that are no numbers.")
        right = probabilities.argmax(axis=1) == part.labels
        found[name] = Measured(Evaluation.of(probabilities, part.labels), float(right.mean()))
        before += len(part)
    datasets.let_go()
    return found


def _result(told: Result, measured: dict[str, Measured]) -> Result:
    """Return how a run ended, with the accuracies measured here and none that were not."""
    validation, test = measured.get("train"), measured.get("test")
    return replace(
        told,
        val_accuracy=validation.accuracy if validation else None,
        val_loss=validation.evaluation.loss if validation else None,
        test_accuracy=test.accuracy if test else None,
        test_loss=test.evaluation.loss if test else None,
    )


def _write_told(
    folder: RunFolder, packed: Packed, config: TrainingConfig, visitor: str, curves: Curves
) -> None:
    """Write what needs no network."""
    header, now = packed.header, time.time()
    write_json(folder.config, {"config": config.to_dict(), "visitor": visitor, "created": now})
    brought = {
        "at": now,
        "run": header.id,
        "created": header.created,
        "val_accuracy": header.result.val_accuracy if header.result is not None else None,
    }
    write_json(folder.brought, brought)
    write_json(folder.stretches, [vars(each) for each in header.stretches])
    name = as_line(": ".join(filter(None, (header.whose, header.name))))
    if name is not None:
        write_json(folder.notes, {"name": name})
    note = packed.note()
    if note.strip():
        _write_bytes(folder.note, note.encode())
    for path, points in ((folder.epochs, curves.epochs), (folder.batches, curves.batches)):
        _write_bytes(path, "".join(json.dumps(point) + "\n" for point in points).encode())


def _write_learned(folder: RunFolder, learned: Learned) -> None:
    from core.training.lifecycle import save_model

    if learned.checkpoint is not None:
        write_checkpoint(folder.checkpoint, learned.checkpoint)
    if learned.model is not None and learned.complete:
        save_model(learned.model, folder.model)


def _write_bytes(path: Path, content: bytes) -> None:
    write_atomic(path, lambda file: file.write_bytes(content))
