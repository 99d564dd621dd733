"""What a teacher asks of many runs at once: of one student, of a class, of everyone."""

from collections.abc import Callable, Iterable

from core.errors import AtelierError, RunNotFound
from core.jobs.backend import Backend
from core.runs import Run, State, list_runs


def stop_all(
    backend: Backend, *, group: str | None = None, visitor: str | None = None
) -> list[str]:
    """Stop the runs that wait, train or are paused, and return their ids.

    Args:
        backend: that gives them out.
        group: only those that were started in this class.
        visitor: only those of this visitor.

    Raises:
        SettingsError: a folder cannot be written; the other runs have been stopped.
    """
    return _each(_of(group, visitor, paused=True), backend.stop)


def pause_all(
    backend: Backend, *, group: str | None = None, visitor: str | None = None
) -> list[str]:
    """Pause the runs that wait or train, and return their ids, for ``resume_all``.

    As for ``stop_all``.
    """
    asked = [run for run in _of(group, visitor) if not run.stopping]  # whoever stops one means it
    return _each(asked, backend.pause)


def resume_all(backend: Backend, ids: Iterable[str], *, group: str | None = None) -> list[str]:
    """Let runs go on that are paused still, and return their ids.

    Args:
        backend: that gives them out.
        ids: of the runs.
        group: only those that were started in this class.

    Raises:
        SettingsError: one cannot go on, such as of a student who has too many waiting by now; the
            others do.
    """
    wanted = set(ids)
    found = [
        run
        for run in reversed(list_runs())
        if run.id in wanted and run.state is State.PAUSED and group in (None, run.group)
    ]
    return _each(found, backend.resume)


def _of(group: str | None, visitor: str | None, *, paused: bool = False) -> list[Run]:
    """Return the runs that are under way.

    Those that wait, or go along with another's training, come first: none of them is to start now.
    """
    found = [
        run
        for run in list_runs()
        if (run.state.active or (paused and run.state is State.PAUSED))
        and (group is None or run.group == group)
        and (visitor is None or run.visitor == visitor)
    ]
    return sorted(found, key=lambda run: not (run.follows or run.state is State.QUEUED))


def _each(some: Iterable[Run], action: Callable[[str], None]) -> list[str]:
    """Do something with each run; what fails is raised at the end."""
    done, problem = [], None
    for run in some:
        try:
            action(run.id)
        except RunNotFound:
            continue  # deleted since we looked
        except AtelierError as error:
            problem = error
        else:
            done.append(run.id)
    if problem is not None:
        raise problem
    return done
