"""Would a picture be recognised if it were turned?"""

from dataclasses import dataclass

from core.classify.picture import Answer, answers_of, prepare_for
from core.classify.rejection import Verdict
from core.imaging.gate import Picture
from core.imaging.prepare import Options
from core.networks import Model

CLEARLY = 0.35  # doubt that a turn must take away
LEAST = 0.35  # doubt that may be left: most things that are none of the classes keep more


@dataclass(frozen=True)
class Turn:
    """A better way to hold a picture.

    Attributes:
        quarters: of a full turn to the right, 1 to 3.
        answer: to the picture so turned.
    """

    quarters: int
    answer: Answer


def better_turned(
    answer: Answer, picture: Picture, model: Model, options: Options | None = None
) -> Turn | None:
    """Return the turn by which an unsure answer becomes a sure one; None if none does.

    Args:
        answer: to the picture as it is.
        picture: that it is about.
        model: that gave it.
        options: with which it was prepared; without a crop or a brush, which belong to the
            picture as it lies.

    Raises:
        ImageRejected: there is nothing in the picture.
        ModelUnavailable: the model cannot be loaded.
    """
    if answer.prepared.kind is None or answer.verdict() is Verdict.SURE:
        return None
    turns = (1, 2, 3)
    ways = [prepare_for(model, picture.turned(each), options) for each in turns]
    told = [Turn(*each) for each in zip(turns, answers_of(ways, model), strict=True)]
    best = min(told, key=lambda each: each.answer.unknown)
    left = best.answer.unknown
    return best if left < LEAST and left < answer.unknown - CLEARLY else None
