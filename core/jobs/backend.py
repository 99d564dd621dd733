"""What a backend is: the verbs that pages and the command line use."""

from dataclasses import dataclass
from typing import Protocol

from core.runs import SERVER_ALLOWS, Allowance


@dataclass(frozen=True)
class Engine:
    """The state of the training engine, for people.

    Attributes:
        workers: how many runs can train at the same time.
        running: how many do.
        queued: how many wait.
        warm: whether the next run starts without loading TensorFlow first; None where the
            backend keeps no worker ready, so that every run loads it.
        problem: why nothing can be trained now, as a sentence, or None.
        device: what a run trains on, such as ``2 cores`` or ``GPU 0: NVIDIA T4``; empty while
            nobody knows.
        elsewhere: whether another server on the same folder gives out the runs of both.
    """

    workers: int
    running: int = 0
    queued: int = 0
    warm: bool | None = None
    problem: str | None = None
    device: str = ""
    elsewhere: bool = False


class Backend(Protocol):
    """Gives queued runs to workers. Every method returns at once."""

    def submit(self, run_id: str) -> None:
        """Queue a run that ``runs.create`` made.

        Raises:
            RunNotFound: no run has this id.
        """

    def stop(self, run_id: str) -> None:
        """Stop a queued or running run within a second, if need be by force.

        Raises:
            RunNotFound: no run has this id.
            SettingsError: the folder cannot be written.
        """

    def pause(self, run_id: str) -> None:
        """Take a queued or running run out, so that it can go on later from where it is.

        A queued run is paused at once; a running one saves a checkpoint first.

        Raises:
            RunNotFound: no run has this id.
            SettingsError: the folder cannot be written.
        """

    def resume(self, run_id: str) -> None:
        """Queue a run that was paused, stopped or cut off; it goes on from its checkpoint.

        Raises:
            RunNotFound: no run has this id.
            SettingsError: it cannot go on, or its visitor has too many runs waiting.
        """

    def position(self, run_id: str) -> int | None:
        """Return how many runs go before this queued one, or None if it is not queued."""
        ...

    def wait(self, run_id: str) -> float | None:
        """Return in how many seconds a queued run will start, or None if it is not queued.

        An estimate, from the speed of finished runs and what the running ones say is left.
        """
        ...

    def waiting(self, visitor: str) -> int:
        """Return how many runs of a visitor are queued."""
        ...

    def check_waiting(self, visitor: str, allowance: Allowance = SERVER_ALLOWS) -> None:
        """Check that a visitor may queue one more run, with what it may take.

        Raises:
            SettingsError: they have as many waiting as this server allows, or their class.
        """

    def companions(self, run_id: str) -> int:
        """Return how many other runs of a class the training of this one serves or served."""
        ...

    def engine(self) -> Engine:
        """Return the engine's state."""
        ...

    def close(self) -> None:
        """End all work in order, within some seconds; runs under way can be resumed."""
