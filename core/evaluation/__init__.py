"""Reading what a run says of images it did not learn from: NumPy in, plain data out."""

from core.evaluation.answers import TEST, VALIDATION, Answers, answers_of, in_common
from core.evaluation.comparison import (
    Paired,
    Setting,
    accuracy_interval,
    differences,
    mcnemar,
)
from core.evaluation.ranking import Ranking, rankings, top_accuracy
from core.evaluation.report import (
    ClassRow,
    Report,
    cell,
    column_normalised,
    commonest_mistake,
    confusion,
    examples,
    report,
    report_of,
    row_normalised,
)
from core.evaluation.similarity import similar_order

__all__ = [
    "TEST",
    "VALIDATION",
    "Answers",
    "ClassRow",
    "Paired",
    "Ranking",
    "Report",
    "Setting",
    "accuracy_interval",
    "answers_of",
    "cell",
    "column_normalised",
    "commonest_mistake",
    "confusion",
    "differences",
    "examples",
    "in_common",
    "mcnemar",
    "rankings",
    "report",
    "report_of",
    "row_normalised",
    "similar_order",
    "top_accuracy",
]
