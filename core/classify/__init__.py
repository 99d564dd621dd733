"""One picture: prepare it, ask a network, refuse what it does not know, explain the answer."""

from core.classify.picture import (
    Answer,
    answers_of,
    classify_files,
    classify_picture,
    naive_answer,
    prepare_for,
)
from core.classify.rejection import THRESHOLD, Verdict, verdict
from core.classify.turning import Turn, better_turned

__all__ = [
    "THRESHOLD",
    "Answer",
    "Turn",
    "Verdict",
    "answers_of",
    "better_turned",
    "classify_files",
    "classify_picture",
    "naive_answer",
    "prepare_for",
    "verdict",
]
