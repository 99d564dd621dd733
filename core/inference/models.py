"""Which trained networks there are: the bundled one, and those of runs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import datasets
from core.errors import ModelUnavailable
from core.runs import Run, folder_of, read
from core.training.pretrain import FOLDER


@dataclass(frozen=True)
class Model:
    """A trained network on disk, written by this app.

    Attributes:
        name: for people.
        path: of the ``.keras`` file.
        dataset: the data set it was trained on, whose classes it answers with.
        test_accuracy: 0 to 1, None if it was never tested.
        run: id of its run, None for the bundled model.
    """

    name: str
    path: Path
    dataset: datasets.DatasetSpec
    test_accuracy: float | None
    run: str | None = None


def bundled() -> Model:
    """Return the model that comes with the app.

    Raises:
        ModelUnavailable: its files are missing or damaged.
    """
    try:
        card: dict[str, Any] = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
        spec = datasets.DATASETS[card["dataset"]]
        accuracy, name = float(card["test_accuracy"]), str(card["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            "The bundled model's card is missing or damaged. Restore it with 'git checkout -- "
            "assets/models', or train it anew with 'python -m core pretrain'."
        ) from error
    return Model(name, FOLDER / "model.keras", spec, accuracy)


def of_run(run: Run) -> Model:
    """Return the model of a run that has one.

    Raises:
        ModelUnavailable: the run is damaged or has no model yet.
    """
    path = folder_of(run.id).model
    if run.config is None or not path.is_file():
        raise ModelUnavailable(
            f"The run {run.id} has no trained model: it is {run.state}. Choose another, or train "
            "it to the end."
        )
    accuracy = run.result.test_accuracy if run.result else None
    return Model(run.id, path, datasets.find(run.config.dataset), accuracy, run.id)


def find(run_id: str | None) -> Model:
    """Return the model of the run with this id, or the bundled one for None.

    Raises:
        RunNotFound: no run has this id.
        ModelUnavailable: it has no model.
    """
    return bundled() if run_id is None else of_run(read(run_id))
