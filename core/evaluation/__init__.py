"""Reading what a run says of images it did not learn from: NumPy in, plain data out."""

from core.evaluation.answers import TEST, VALIDATION, Answers, answers_of, in_common
from core.evaluation.comparison import (
    Paired,
    Setting,
    accuracy_interval,
    difference_interval,
    differences,
    mcnemar,
)
from core.evaluation.report import (
    ClassRow,
    Report,
    cell,
    confused_pairs,
    confusion,
    examples,
    report,
    report_of,
    row_normalised,
    top_accuracy,
)

__all__ = [
    "TEST",
    "VALIDATION",
    "Answers",
    "ClassRow",
    "Paired",
    "Report",
    "Setting",
    "accuracy_interval",
    "answers_of",
    "cell",
    "confused_pairs",
    "confusion",
    "difference_interval",
    "differences",
    "examples",
    "in_common",
    "mcnemar",
    "report",
    "report_of",
    "row_normalised",
    "top_accuracy",
]
