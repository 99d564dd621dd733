"""A report, put together: every part that there is, and at the end what there is not."""

import time

from core.errors import SettingsError
from core.export import versions
from core.export.report import results, training
from core.export.report.document import Document, Paragraph, Section
from core.export.report.material import Material, Missing, gathered
from core.export.told import told
from core.runs import Run

_PARTS = (
    training.question,
    training.settings,
    training.network,
    training.curves,
    results.figures,
    results.matrix,
    results.mistakes,
    results.robustness,
    results.comparison,
    training.notes,
    training.again,
)


def write(run: Run, visitor: str = "", other: Run | None = None) -> Document:
    """Return the report on a run.

    Args:
        run: that whoever asks may see.
        visitor: who asks; "" for anybody who may see the run.
        other: to compare it with; also to be seen by them.

    Raises:
        SettingsError: the other is on another data set.
        AtelierError: what a run says cannot be read.
    """
    known = gathered(told(run), visitor, None if other is None else told(other))
    if known.other is not None and known.other.spec.name != known.told.spec.name:
        raise SettingsError(
            "The two runs are on different data sets and cannot be compared. Name another run."
        )
    parts = [part(known) for part in _PARTS]
    sections = [each for each in parts if isinstance(each, Section)]
    lacking = [Paragraph(each.text) for each in parts if isinstance(each, Missing)]
    lacking += [Paragraph(text) for text in _sealed(known)]
    if lacking:
        sections.append(Section("Not in this report", tuple(lacking)))
    began = time.strftime("%d %B %Y", time.localtime(run.created))
    lead = "" if results.named(known.told) == known.told.title else f"{known.told.title}. "
    return Document(
        results.named(known.told),
        f"{lead}Lab report on a network that was trained on {began}.",
        tuple(results.facts(known)),
        tuple(sections),
        f"Made with {versions.in_words().partition(',')[0]} from the run {run.id}.",
    )


def _sealed(known: Material) -> list[str]:
    """Say that the test set is sealed, if it is."""
    run = known.told.run
    if run.test_opened:
        return []
    closed = run.closed or "It is opened once, at the end, on the Evaluate page."
    return [f"Figures on test images: the test set of this run is sealed. {closed}"]
