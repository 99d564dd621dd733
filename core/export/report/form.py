"""The lab report of a run, as formats among others."""

from core.export.archive import zipped
from core.export.format import Format
from core.export.report.page import as_html
from core.export.report.text import as_files
from core.export.report.write import write
from core.runs import Run


def html(run: Run, visitor: str, other: Run | None = None) -> bytes:
    """Return the report as one HTML file; as ``write`` raises."""
    return as_html(write(run, visitor, other)).encode()


def markdown(run: Run, visitor: str, other: Run | None = None) -> bytes:
    """Return the report as a ZIP of Markdown and pictures; as ``write`` raises."""
    return zipped(as_files(write(run, visitor, other)))


FORMATS = (
    Format(
        key="report",
        title="Lab report",
        purpose="For handing in or printing: one page with settings, curves, figures, mistakes and "
        "your notes. It opens without the internet.",
        suffix=".html",
        make=lambda run, report: html(run, ""),
        quick=True,
        personal=html,
        compares=html,
    ),
    Format(
        key="report-markdown",
        title="Lab report to edit",
        purpose="For your own text around it: the same in Markdown, with drawings and pictures as "
        "files.",
        suffix=".zip",
        make=lambda run, report: markdown(run, ""),
        quick=True,
        personal=markdown,
        compares=markdown,
    ),
)
