"""Reading the test results of a run: NumPy in, plain data out."""

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
    "Report",
    "cell",
    "confusion",
    "examples",
    "predictions_of",
    "report",
    "report_of",
    "row_normalised",
]
