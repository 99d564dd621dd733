"""Runs: one training each, and the folder that is the whole truth about it.

Layout of ``ATELIER_HOME/runs/<id>``:

| file | written by | what |
| --- | --- | --- |
| ``config.json`` | whoever starts the run | ``TrainingConfig``, the visitor, when, the class |
| ``heartbeat`` | the worker, twice a second | that it lives, and how far it is |
| ``batches.jsonl`` | the worker, about every 250 ms | one point of the training curve a line |
| ``epochs.jsonl`` | the worker | one epoch a line, validation included |
| ``checkpoint.npz`` | the worker | all that is needed to go on, at the latest complete epoch |
| ``model.keras`` | the worker | the network, at the end |
| ``validation.npz`` | the worker | the probabilities of every validation image |
| ``evaluation.npz`` | the worker | the probabilities of every test image |
| ``stretches.json`` | the worker | with how many threads and which versions it computed |
| ``result.json`` | the worker | how it ended; its presence ends the run |
| ``worker.log`` | the worker | what TensorFlow and Python had to say |
| ``events.out.*`` | the worker | TensorBoard's event files, if asked for |
| ``lock`` | the worker | held while it works, so that there is one writer |
| ``stop``, ``pause`` | a page | the wish that the run stops or pauses |
| ``notes.json`` | a page | the owner's name for it, star, sharing, opening of the test set |
| ``note.txt`` | a page | what the owner wrote about it |
| ``brought.json`` | the import | that it was brought from elsewhere, and what its file claimed |
| ``same.json`` | the server | the run of the class whose training serves this one too |

The bundled models are such folders too, under ``assets/models``, with ids of their own.

The state of a run is derived from these files and never stored twice, so a folder can be copied,
moved or deleted at any time. A run with ``same.json`` and without a result is shown what the other
one's folder says (``core.runs.following``).
"""

from core.datasets.imported import COMMAND_LINE
from core.runs.changing import (
    annotate,
    create,
    delete,
    hide_note,
    moderate,
    open_test,
    purge_deleted,
    request_pause,
    request_stop,
    restore,
    resume,
    write_note,
)
from core.runs.config import TrainingConfig
from core.runs.curves import Curves, read_curves, validation_so_far
from core.runs.division import held_out, learned
from core.runs.evaluation import Evaluation, read_evaluation, write_evaluation
from core.runs.note import read_note
from core.runs.reading import (
    DELETED_KEPT,
    folder_of,
    goes_on,
    list_bundled,
    list_deleted,
    list_runs,
    read,
)
from core.runs.records import (
    BUNDLED,
    BUNDLED_ACCURATE,
    BUNDLED_FOLDERS,
    SERVER_ALLOWS,
    Allowance,
    Brought,
    Heartbeat,
    Opening,
    Result,
    Run,
    RunFolder,
    State,
    Stretch,
    is_bundled,
)
from core.runs.using import using, why_needed

__all__ = [
    "BUNDLED",
    "BUNDLED_ACCURATE",
    "BUNDLED_FOLDERS",
    "COMMAND_LINE",
    "DELETED_KEPT",
    "SERVER_ALLOWS",
    "Allowance",
    "Brought",
    "Curves",
    "Evaluation",
    "Heartbeat",
    "Opening",
    "Result",
    "Run",
    "RunFolder",
    "State",
    "Stretch",
    "TrainingConfig",
    "annotate",
    "create",
    "delete",
    "folder_of",
    "goes_on",
    "held_out",
    "hide_note",
    "is_bundled",
    "learned",
    "list_bundled",
    "list_deleted",
    "list_runs",
    "moderate",
    "open_test",
    "purge_deleted",
    "read",
    "read_curves",
    "read_evaluation",
    "read_note",
    "request_pause",
    "request_stop",
    "restore",
    "resume",
    "using",
    "validation_so_far",
    "why_needed",
    "write_evaluation",
    "write_note",
]
