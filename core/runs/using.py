"""Which runs use a data set, and whether it can be deleted."""

from core.runs.reading import list_runs
from core.runs.records import Run


def using(dataset: str) -> list[Run]:
    """Return the runs on a data set, newest first."""
    return [run for run in list_runs() if run.config and run.config.dataset == dataset]


def why_needed(dataset: str) -> str | None:
    """Return why a data set cannot be deleted, if one of the runs on it may still read it."""
    users = using(dataset)
    if any(run.state.active for run in users):
        return (
            "A run that uses it is waiting or training. Stop and delete that run first, or let it "
            "finish."
        )
    if any(run.resumable for run in users):
        return (
            "A run that uses it can still continue. Resume that run and let it finish, or delete "
            "it first."
        )
    return None
