"""Whether a training would repeat here exactly, in sentences.

It repeats bit for bit with the same settings, seed, threads and versions. Sums are added up in
another order with another number of threads, which changes their last digits, and then the curves.
"""

from core.architectures.settings import count
from core.runs.records import Run, Stretch


def repeat_words(run: Run, here: Stretch) -> str | None:
    """Say why a run's settings and seed would give other curves here; None if they would not.

    Of a run of before version 0.5 nobody knows.

    Args:
        run: that was trained.
        here: how this computer computes.
    """
    if not run.stretches:
        return None
    first = run.stretches[0]
    if not all(each.like(first) for each in run.stretches):
        parts = ", then ".join(_words(each, run.stretches) for each in run.stretches)
        return f"It was trained with {parts}, so a repeat gives slightly different curves."
    if first.like(here):
        return None
    return (
        f"It was trained with {_words(first, (here,))}, and here it would be with "
        f"{_words(here, (first,))}: the same settings and seed then give slightly different curves."
    )


def resume_words(run: Run, here: Stretch) -> str | None:
    """Say that a run would go on in another way than it began; None if it would not."""
    if not run.stretches or run.stretches[-1].like(here):
        return None
    last = run.stretches[-1]
    return (
        f"So far it was trained with {_words(last, (here,))}; here it continues with "
        f"{_words(here, (last,))}. Its curves will differ slightly from those of a training in one "
        "go."
    )


def _words(stretch: Stretch, others: tuple[Stretch, ...]) -> str:
    """Return in words what sets one apart from others."""
    words = []
    if any(each.threads != stretch.threads for each in others):
        words.append(count(stretch.threads, "thread"))
    if any(each.engine != stretch.engine for each in others):
        words.append(stretch.engine)
    return " and ".join(words)
