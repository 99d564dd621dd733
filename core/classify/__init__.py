"""One picture: prepare it, ask a network, refuse what it does not know, explain the answer."""

from core.classify.picture import (
    Answer,
    answers_of,
    classify_files,
    classify_picture,
    naive_answer,
)

__all__ = ["Answer", "answers_of", "classify_files", "classify_picture", "naive_answer"]
