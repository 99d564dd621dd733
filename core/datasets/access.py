"""Whose imported data set it is: who may use it, and who may delete it."""

from core.datasets.imported import COMMAND_LINE, Imported, list_imported


def usable_datasets(visitor: str) -> list[Imported]:
    """Return the imported data sets that a visitor may explore and train on, newest first.

    One's own, and those of the command line. Who looks at a run that somebody shared sees its test
    images, but cannot train on them.
    """
    return [
        each
        for each in list_imported()
        if each.visitor == COMMAND_LINE or owns_dataset(each, visitor)
    ]


def owns_dataset(dataset: Imported, visitor: str) -> bool:
    """Tell whether an imported data set is the visitor's own, to delete."""
    return bool(visitor) and dataset.visitor == visitor
