"""Reading the test results of a run: NumPy in, plain data out."""

from core.evaluation.comparison import (
    Paired,
    Setting,
    accuracy_interval,
    differences,
    mcnemar,
)
from core.evaluation.report import (
    ClassRow,
    Report,
    cell,
    confusion,
    examples,
    predictions_of,
    report,
    report_of,
    row_normalised,
)

__all__ = [
    "ClassRow",
    "Paired",
    "Report",
    "Setting",
    "accuracy_interval",
    "cell",
    "confusion",
    "differences",
    "examples",
    "mcnemar",
    "predictions_of",
    "report",
    "report_of",
    "row_normalised",
]
