"""Trained networks at work: finding them, loading them once, asking them.

The server loads TensorFlow in a thread of its own (``warm``), after the first page has painted;
until then ``state`` says how far it is.
"""

from core.inference.engine import EngineState, load, state, warm
from core.inference.models import Model, find, of_run
from core.inference.picture import (
    Answer,
    answers_of,
    classify_files,
    classify_picture,
    naive_answer,
)

__all__ = [
    "Answer",
    "EngineState",
    "Model",
    "answers_of",
    "classify_files",
    "classify_picture",
    "find",
    "load",
    "naive_answer",
    "of_run",
    "state",
    "warm",
]
