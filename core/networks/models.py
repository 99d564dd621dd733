"""Which trained networks there are: those of runs, the bundled ones among them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import datasets
from core.errors import ModelUnavailable
from core.runs import Run, State, is_bundled, read

REPAIR = "Restore it with 'git restore assets/models'."


@dataclass(frozen=True)
class Model:
    """A trained network on disk, written by this app.

    Attributes:
        run: id of the run that trained it.
        path: of the ``.keras`` file, or of the checkpoint of a run that did not finish.
        dataset: the data set it was trained on, whose classes it answers with.
        test_accuracy: 0 to 1, None if it was never tested, or its test set is sealed.
    """

    run: str
    path: Path
    dataset: datasets.DatasetSpec
    test_accuracy: float | None

    @property
    def frame(self) -> dict[str, Any]:
        """What ``prepare`` must know of its input."""
        return self.dataset.frame


def of_run(run: Run) -> Model:
    """Return the network of a run that has one.

    Raises:
        ModelUnavailable: the run is damaged or has no network yet.
    """
    path = run.network
    if is_bundled(run.id) and (run.config is None or path is None or not path.is_file()):
        raise ModelUnavailable(f"The bundled model is missing or damaged. {REPAIR}")
    if run.config is None or path is None or not path.is_file():
        if run.state is State.FINISHED:
            raise ModelUnavailable(
                f"The network file of the run {run.id} is missing. Choose another, or train it "
                "again."
            )
        raise ModelUnavailable(
            f"The run {run.id} has no network to use: it is {run.state}. Choose another, or let "
            "it train for at least an epoch."
        )
    accuracy = run.told.test_accuracy if run.told else None
    return Model(run.id, path, datasets.find(run.config.dataset), accuracy)


def find(run_id: str) -> Model:
    """Return the network of the run with this id, a bundled one too.

    Raises:
        RunNotFound: no run has this id.
        ModelUnavailable: it has none.
    """
    return of_run(read(run_id))


def unusable(run_id: str, what: str) -> str:
    """Return the sentence on a model file that "is missing" or "cannot be read"."""
    if is_bundled(run_id):
        return f"The file of the bundled model {what}. {REPAIR}"
    return f"The network of {run_id} {what}. Choose another, or train it again."
