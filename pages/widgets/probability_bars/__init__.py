"""The probabilities of one prediction as bars that glide from one prediction to the next."""

import math
from collections.abc import Sequence

from pages.widgets.shared import register

_PROBABILITY_BARS = register(__file__, "probability_bars")


def probability_bars(
    classes: Sequence[str], probabilities: Sequence[float], *, key: str, truth: int | None = None
) -> None:
    """Show one horizontal bar a class, in the order of the classes, the likeliest one coloured.

    Args:
        classes: The n class names.
        probabilities: Their n probabilities, 0 to 1 (an array will do). What is not a number is
            shown as 0.
        key: The element's key. Keep it between predictions, so that the bars move.
        truth: Index of the class the picture is known to belong to; it gets a check mark.
    """
    if len(classes) != len(probabilities):
        raise ValueError(f"{len(classes)} classes but {len(probabilities)} probabilities")
    _PROBABILITY_BARS(
        key=key,
        data={
            "classes": list(classes),
            "probabilities": [_clean(value) for value in probabilities],
            "truth": None if truth is None else int(truth),
        },
    )


def _clean(value: float) -> float:
    """A probability as it is sent: a plain float in [0, 1] of four digits."""
    return round(min(1.0, max(0.0, float(value))), 4) if math.isfinite(value) else 0.0
