"""Runs, facts: what the table, the file and the comparison say of a run, each worked out once."""

from core import architectures, runs
from core.runs import COMMAND_LINE, Run
from core.runs.access import owns
from pages.words import dataset_title
from pages.words.telling import changes_words

SEALED = "sealed"


def detail(run: Run) -> str:
    """Return the second line of a run: what its title does not say."""
    if run.config is None:
        return run.reason or ""
    bundled = runs.is_bundled(run.id)
    architecture = architectures.find(run.config.architecture).title
    words = []
    if run.name or bundled:
        words.append(f"{architecture} on {dataset_title(run.config.dataset)}")
    if not bundled:  # its recipe is nobody's to change
        words.append(changes_words(run.config))
    if run.brought is not None:
        words.append("brought from elsewhere")
    return " · ".join(words)


def whose(run: Run, visitor: str) -> str:
    """Say whose a run is."""
    if owns(run, visitor):
        return "You, shared" if run.shared else "You"
    if runs.is_bundled(run.id):
        return "The app"
    return {COMMAND_LINE: "Command line", "": "Unknown"}.get(run.visitor, "Shared")


def epochs_done(run: Run) -> int:
    """Return the complete epochs of a run, as far as it has told."""
    if run.result is not None:
        return run.result.epochs
    # One that was brought from elsewhere and waits to continue has had no process here.
    return int(run.heartbeat.epoch) if run.heartbeat else run.epochs


def seconds(run: Run) -> float | None:
    """Return how long processes have worked on a run; None if none has."""
    if run.result is not None:
        return run.result.seconds
    return run.heartbeat.seconds if run.heartbeat else None


def test_set(run: Run) -> str | None:
    """Say whether the test set of a run was opened or is sealed; None if it has no test results."""
    if run.result is None or run.result.test_accuracy is None:
        return None
    return "opened" if run.test_opened else SEALED


def parameters(run: Run) -> int | None:
    """Return the number of parameters of a run's network, or of its networks."""
    if run.config is None:
        return None
    return run.config.parameters * (run.result.networks if run.result else 1)
