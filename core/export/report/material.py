"""What a report is written from, and what a part of it says where there is nothing to write."""

from dataclasses import dataclass

from core import evaluation
from core.errors import AtelierError
from core.evaluation import TEST, VALIDATION, Answers
from core.export.told import Told
from core.tasks.pool import answers_file


@dataclass(frozen=True)
class Missing:
    """What a report does not have, and where to get it, as a sentence or two."""

    text: str


@dataclass(frozen=True)
class Material:
    """What a report is written from.

    Attributes:
        told: of the run.
        visitor: who gets it; "" for anybody who may see the run.
        part: the images that the answers are of: the test images once the test set is open.
        answers: what the network said about them, or why there is none.
        other: of a run that it is compared with, or None.
    """

    told: Told
    visitor: str
    part: str
    answers: Answers | Missing
    other: Told | None = None


def gathered(told: Told, visitor: str, other: Told | None = None) -> Material:
    """Return what there is on a run; see ``Material``."""
    for part in (TEST, VALIDATION):
        if part == TEST and not told.run.test_opened:
            continue
        found = answers_on(told, part)
        if part == VALIDATION or isinstance(found, Answers):
            return Material(told, visitor, part, found, other)
    raise AssertionError("the validation images are the last part")


def answers_on(told: Told, part: str) -> Answers | Missing:
    """Return what a network said about a part, which must not be sealed, or why there is none."""
    assert part == VALIDATION or told.run.test_opened, "what is sealed is not read"
    path = answers_file(told.run, part)
    if not path.exists():
        return Missing(
            f"The predictions for the {part} images: they have not been computed yet. Open the "
            f"Evaluate page, choose the {part} images, and compute them there."
        )
    try:
        return evaluation.answers_of(told.run, part, path)
    except AtelierError as error:  # the rest of the report is there all the same
        return Missing(f"Figures on the {part} images: {error}")
