"""A curve drawn by hand: one value an epoch, by a finger, a mouse or the arrow keys."""

from collections.abc import Sequence

from pages.widgets.shared import register

_GUESS_CURVE = register(__file__, "guess_curve")


def guess_curve(
    epochs: int,
    *,
    low: float,
    high: float,
    title: str,
    key: str,
    unit: str = "",
    start: Sequence[float] | None = None,
    drawn: Sequence[float] | None = None,
    found: Sequence[float] = (),
) -> list[float] | None:
    """Let a person draw a curve, and return it; None before every epoch has a value.

    Args:
        epochs: how many values it has.
        low, high: the range of the values.
        title: what is drawn.
        unit: of the values.
        key: the element's key.
        start: a curve to begin with, which is returned until another is drawn.
        drawn: a curve that was drawn before and is only shown; None to draw one.
        found: the curve that came out, shown beside the one drawn.
    """
    component = _GUESS_CURVE(
        key=key,
        data={
            "epochs": epochs,
            "low": low,
            "high": high,
            "title": title,
            "unit": unit,
            "start": None if start is None else list(start),
            "drawn": None if drawn is None else list(drawn),
            "found": list(found),
        },
        default={"curve": None},
        on_curve_change=lambda: None,
    )
    # It comes from the browser: anything may be there.
    curve = component["curve"] if drawn is None else None
    before = None if start is None else list(start)
    if not isinstance(curve, list | tuple) or len(curve) != epochs:
        return before
    if not all(isinstance(each, int | float) and low <= each <= high for each in curve):
        return before
    return [float(each) for each in curve]
