"""Whose run it is: who may look at it, and who may change it. Every page asks here.

It rests on the visitor's anonymous id, so it keeps classmates from deleting each other's work by
mistake; it is no protection against somebody who copies an id.
"""

from collections.abc import Collection

from core.datasets.imported import COMMAND_LINE
from core.errors import RunNotFound, SettingsError
from core.runs.reading import read
from core.runs.records import Run, State


def owns(run: Run, visitor: str) -> bool:
    """Tell whether the run is the visitor's own, to stop, rename, share and delete."""
    return bool(visitor) and run.visitor == visitor


def may_see(run: Run, visitor: str, circle: Collection[str] = ()) -> bool:
    """Tell whether a visitor may look at a run.

    One's own in any state, as those of one's circle; of others, those that were shared
    (``may_be_shared``). Runs of the command line (the bundled models are two) belong to everyone
    on the server. Of a damaged run nobody knows whose it was, and nothing can be shown but the
    damage.

    Args:
        run: to look at.
        visitor: who wants to.
        circle: ids of the classes whose runs the visitor may watch: of a student the own one, of
            a teacher all; the caller knows.
    """
    return (
        owns(run, visitor)
        or (run.group != "" and run.group in circle)
        or run.visitor == COMMAND_LINE
        or run.state is State.DAMAGED
        or (run.shared and may_be_shared(run))
    )


def may_read_note(run: Run, visitor: str) -> bool:
    """Tell whether a visitor may read what the owner wrote about a run.

    Others may where the run is shared, unless a teacher has hidden the note or the run's name. That
    classmates watch each other's curves is no reason: what somebody notes while the class works is
    their own.
    """
    if owns(run, visitor) or run.visitor == COMMAND_LINE:
        return True
    hidden = run.note_hidden or run.hidden_name is not None
    return run.shared and may_be_shared(run) and not hidden


def may_be_shared(run: Run) -> bool:
    """Tell whether a run's owner may share it: it has finished, or was stopped after an epoch."""
    return run.testable


def may_open(run: Run, visitor: str) -> bool:
    """Tell whether a visitor may open the test set of a run; ``Run.told`` is what all may see."""
    return owns(run, visitor) and run.testable and not run.test_opened and run.closed is None


def seen(run_id: str, visitor: str, circle: Collection[str] = ()) -> Run:
    """Return a run that the visitor may look at; see ``may_see``.

    Raises:
        RunNotFound: there is no such run, or it is somebody else's and was not shared.
    """
    run = read(run_id)
    if not may_see(run, visitor, circle):
        raise RunNotFound(
            f"The run {run_id} belongs to someone else and is not shared. Ask its owner to share "
            "it on the Runs page."
        )
    return run


def owned(run_id: str, visitor: str, circle: Collection[str] = ()) -> Run:
    """Return a run that the visitor may change; ``circle`` as for ``may_see``.

    Raises:
        RunNotFound: there is no such run, or the visitor may not even look at it.
        SettingsError: it is not the visitor's own.
    """
    run = seen(run_id, visitor, circle)
    if not owns(run, visitor):
        raise SettingsError(
            f"The run {run.name or run.id} is not yours: you can view and compare it, but not "
            "change it."
        )
    return run
