"""Whose imported data set it is: who may use it, and who may delete it."""

from collections.abc import Collection

from core.datasets.imported import COMMAND_LINE, Imported, list_imported


def usable_datasets(visitor: str, circle: Collection[str] = ()) -> list[Imported]:
    """Return the imported data sets that a visitor may explore and train on, newest first.

    One's own, those of one's classes and those of the command line. Who looks at a run that
    somebody shared sees its test images, but cannot train on them.

    Args:
        visitor: who asks.
        circle: ids of the classes whose data sets they may use, as for ``runs.access.may_see``.
    """
    return [
        each
        for each in list_imported()
        if each.visitor == COMMAND_LINE or each.visitor in circle or owns_dataset(each, visitor)
    ]


def owns_dataset(dataset: Imported, visitor: str) -> bool:
    """Tell whether an imported data set is the visitor's own, to delete."""
    return bool(visitor) and dataset.visitor == visitor
