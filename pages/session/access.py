"""Whose run or data set it is: who may look at it, and who may change it. Every page asks here.

It rests on the visitor's anonymous id, so it keeps classmates from deleting each other's work by
mistake; it is no protection against somebody who copies an id.
"""

from core import runs
from core.datasets import imported
from core.errors import RunNotFound, SettingsError
from core.runs import COMMAND_LINE, Run, State
from pages.words import title_markdown


def owns(run: Run, visitor: str) -> bool:
    """Tell whether the run is the visitor's own, to stop, rename, share and delete."""
    return bool(visitor) and run.visitor == visitor


def may_see(run: Run, visitor: str) -> bool:
    """Tell whether a visitor may look at a run.

    One's own in any state; of others, those that finished and were shared. Runs of the command
    line (the bundled models are two) belong to everyone on the server. Of a damaged run nobody
    knows whose it was, and nothing can be shown but the damage.
    """
    return (
        owns(run, visitor)
        or run.visitor == COMMAND_LINE
        or run.state is State.DAMAGED
        or (run.shared and run.state is State.FINISHED)
    )


def may_open(run: Run, visitor: str) -> bool:
    """Tell whether a visitor may open the test set of a run; ``Run.told`` is what all may see."""
    return owns(run, visitor) and run.state is State.FINISHED and not run.test_opened


def seen(run_id: str, visitor: str) -> Run:
    """Return a run that the visitor may look at.

    Raises:
        RunNotFound: there is no such run, or it is somebody else's and was not shared.
    """
    run = runs.read(run_id)
    if not may_see(run, visitor):
        raise RunNotFound(
            f"The run {run_id} is somebody else's and was not shared. Ask its owner to share it: "
            "a finished run can be shared on the Runs page."
        )
    return run


def owned(run_id: str, visitor: str) -> Run:
    """Return a run that the visitor may change.

    Raises:
        RunNotFound: there is no such run, or the visitor may not even look at it.
        SettingsError: it is not the visitor's own.
    """
    run = seen(run_id, visitor)
    if not owns(run, visitor):
        raise SettingsError(
            f"“{title_markdown(run)}” is not your run: you can look at it and compare it, but not "
            "change it."
        )
    return run


def usable_datasets(visitor: str) -> list[imported.Imported]:
    """Return the imported data sets that a visitor may explore and train on, newest first.

    One's own, and those of the command line. Who looks at a run that somebody shared sees its test
    images, but cannot train on them.
    """
    return [
        each
        for each in imported.list_imported()
        if each.visitor == COMMAND_LINE or owns_dataset(each, visitor)
    ]


def owns_dataset(dataset: imported.Imported, visitor: str) -> bool:
    """Tell whether an imported data set is the visitor's own, to delete."""
    return bool(visitor) and dataset.visitor == visitor
