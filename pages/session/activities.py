"""Which activities of a class are open: a line for each, where a student is told what to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pages.session import data


class _Activity(Protocol):
    @property
    def is_open(self) -> bool: ...


@dataclass(frozen=True)
class Call:
    """An activity that is open, and how students are called to it.

    Attributes:
        title: of the view on the page Class.
        words: what is open, as a sentence.
        icon: of it.
    """

    title: str
    words: str
    icon: str


_ACTIVITIES: tuple[tuple[Callable[[int], Sequence[_Activity]], Call], ...] = (
    (
        data.class_rounds,
        Call("Beat the network", "A round of Beat the network is open.", ":material/timer:"),
    ),
    (
        data.class_experiments,
        Call(
            "One experiment",
            "The class does an experiment, and one run of it is yours.",
            ":material/science:",
        ),
    ),
    (
        data.class_courts,
        Call("Label court", "A label court is open.", ":material/gavel:"),
    ),
    (
        data.class_collections,
        Call("Our photos", "The class collects photos of its own.", ":material/add_a_photo:"),
    ),
)


def calls(class_id: int) -> list[Call]:
    """Return the activities of a class that are open.

    Raises:
        ClassroomRefused: there is no such class (any more).
        ClassroomUnavailable: the database does not answer.
    """
    return [call for found, call in _ACTIVITIES if any(each.is_open for each in found(class_id))]
