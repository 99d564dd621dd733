"""Runs: one training each, and the folder that is the whole truth about it.

Layout of ``ATELIER_HOME/runs/<id>``:

| file | written by | what |
| --- | --- | --- |
| ``config.json`` | whoever starts the run | ``TrainingConfig``, the visitor, when |
| ``heartbeat`` | the worker, twice a second | that it lives, and how far it is |
| ``batches.jsonl`` | the worker, about every 250 ms | one point of the training curve a line |
| ``epochs.jsonl`` | the worker | one epoch a line, validation included |
| ``checkpoint.npz`` | the worker | all that is needed to go on, at the latest complete epoch |
| ``model.keras`` | the worker | the network, at the end |
| ``validation.npz`` | the worker | the probabilities of every validation image |
| ``evaluation.npz`` | the worker | the probabilities of every test image |
| ``result.json`` | the worker | how it ended; its presence ends the run |
| ``worker.log`` | the worker | what TensorFlow and Python had to say |
| ``events.out.*`` | the worker | TensorBoard's event files, if asked for |
| ``lock`` | the worker | held while it works, so that there is one writer |
| ``stop``, ``pause`` | a page | the wish that the run stops or pauses |
| ``notes.json`` | a page | the owner's name for it, star, sharing, opening of the test set |

The bundled models are such folders too, under ``assets/models``, with ids of their own.

The state of a run is derived from these files and never stored twice, so a folder can be copied,
moved or deleted at any time.
"""

from core.datasets.imported import COMMAND_LINE
from core.runs.changing import (
    annotate,
    create,
    delete,
    open_test,
    purge_deleted,
    request_pause,
    request_stop,
    restore,
    resume,
)
from core.runs.config import TrainingConfig
from core.runs.curves import Curves, read_curves
from core.runs.division import held_out
from core.runs.evaluation import Evaluation, read_evaluation, write_evaluation
from core.runs.reading import (
    DELETED_KEPT,
    folder_of,
    list_bundled,
    list_deleted,
    list_runs,
    read,
)
from core.runs.records import (
    BUNDLED,
    BUNDLED_ACCURATE,
    BUNDLED_FOLDERS,
    Heartbeat,
    Opening,
    Result,
    Run,
    RunFolder,
    State,
    is_bundled,
)

__all__ = [
    "BUNDLED",
    "BUNDLED_ACCURATE",
    "BUNDLED_FOLDERS",
    "COMMAND_LINE",
    "DELETED_KEPT",
    "Curves",
    "Evaluation",
    "Heartbeat",
    "Opening",
    "Result",
    "Run",
    "RunFolder",
    "State",
    "TrainingConfig",
    "annotate",
    "create",
    "delete",
    "folder_of",
    "held_out",
    "is_bundled",
    "list_bundled",
    "list_deleted",
    "list_runs",
    "open_test",
    "purge_deleted",
    "read",
    "read_curves",
    "read_evaluation",
    "request_pause",
    "request_stop",
    "restore",
    "resume",
    "write_evaluation",
]
