"""What a run folder says, as values, and the names of its files."""

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from core.datasets.imported import COMMAND_LINE
from core.runs import blind
from core.runs.config import TrainingConfig
from core.runs.files import remove_temporary, write_json
from core.settings import ASSETS

# The runs that come with the app, by id. The first answers wherever nobody chose another.
BUNDLED, BUNDLED_ACCURATE = "bundled", "bundled-accurate"
BUNDLED_FOLDERS = {
    BUNDLED: ASSETS / "models" / "fashion-mnist",
    BUNDLED_ACCURATE: ASSETS / "models" / "fashion-mnist-accurate",
}
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
GROUP = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class State(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    DAMAGED = "damaged"

    @property
    def active(self) -> bool:
        """Whether the run will go on by itself."""
        return self in (State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Allowance:
    """What a run may take where that is less than the server allows; None where it is not.

    Attributes:
        epochs: of the run.
        seconds: that processes may work on it.
        waiting: runs that its owner may have waiting.
    """

    epochs: int | None = None
    seconds: float | None = None
    waiting: int | None = None


SERVER_ALLOWS = Allowance()


@dataclass(frozen=True)
class Stretch:
    """A part of a training that one process did.

    The same settings and seed give the same curves only with the same of these.

    Attributes:
        epoch: epochs done when it began, with fraction.
        threads: that the processor computed with.
        engine: versions of what computes.
    """

    epoch: float
    threads: int
    engine: str

    def like(self, other: "Stretch") -> bool:
        """Tell whether both compute the same from the same."""
        return (self.threads, self.engine) == (other.threads, other.engine)


@dataclass(frozen=True)
class Heartbeat:
    """The sign of life that a worker writes twice a second.

    Attributes:
        pid, host: the worker's process.
        phase: ``"starting"``, ``"training"`` or ``"evaluating"``.
        epoch: epochs done, with fraction.
        images_per_second: training speed over the last few seconds, None before it is known.
        seconds: since the worker took the run.
        left: seconds that the rest will take at this speed, None before that is known.
        started: when the process started, in clock ticks since its machine did.
        device: what it trains on, such as ``2 cores``; empty before that is known.
    """

    pid: int
    host: str
    phase: str = "starting"
    epoch: float = 0.0
    images_per_second: float | None = None
    seconds: float = 0.0
    left: float | None = None
    started: int | None = None
    device: str = ""


@dataclass(frozen=True)
class Result:
    """How a run ended. Accuracies are 0 to 1 and None where they were never measured.

    Attributes:
        state: finished, stopped or failed.
        reason: why it did not come to its planned end, as a sentence.
        epochs: complete epochs.
        best_epoch: the epoch (from 1) that the figures below are of; with early stopping, the
            one whose weights the model has.
        train_accuracy, train_loss: mean over that epoch's batches, while the weights changed.
        val_accuracy, val_loss: on the images held back, after that epoch.
        test_accuracy, test_loss: on the whole test split, once, at the end.
        seconds: that processes worked on the run.
        images_per_second: training images a second of training time, start-up left out.
        networks: how many answer together; more than one in bundled models only.
    """

    state: State
    reason: str | None = None
    epochs: int = 0
    best_epoch: int | None = None
    train_accuracy: float | None = None
    train_loss: float | None = None
    val_accuracy: float | None = None
    val_loss: float | None = None
    test_accuracy: float | None = None
    test_loss: float | None = None
    seconds: float = 0.0
    images_per_second: float | None = None
    networks: int = 1


@dataclass(frozen=True)
class Opening:
    """That a run's owner has opened its test set, which happens once.

    Attributes:
        at: when, in seconds since the epoch.
        accuracy: the test accuracy that the owner had guessed before, 0 to 1, or None.
        pair: the two classes, as labels, that the owner thought are confused most, or None.
    """

    at: float
    accuracy: float | None = None
    pair: tuple[int, int] | None = None


@dataclass(frozen=True)
class Brought:
    """That a run was not trained here, but brought from elsewhere (``core.export.carried``).

    Its validation and test figures were measured again here; its curves, its figures on training
    images, its times and what is below are as its file said, and nobody here has seen that.

    Attributes:
        at: when it was brought, in seconds since the epoch.
        run: its id there.
        created: when it was started there, in seconds since the epoch.
        val_accuracy: what the file said of the validation images, 0 to 1, or None.
    """

    at: float
    run: str = ""
    created: float = 0.0
    val_accuracy: float | None = None


@dataclass(frozen=True)
class Run:
    """What a run folder says at one moment.

    Attributes:
        id: what the URL and the command line call it.
        path: of its folder.
        state: derived from the files.
        reason: why it failed, was interrupted or is damaged, as a sentence; else None.
        config: what it was asked to do; None only if damaged.
        visitor: anonymous id of who started it; empty if damaged.
        created: seconds since the epoch.
        heartbeat: the latest sign of life, if it has been taken by a worker.
        result: how it ended, if it has; what people are shown is ``told``.
        stopping: whether it is active and was asked to stop or pause.
        name: what its owner calls it, or None; None also while a teacher has hidden it.
        hidden_name: the name that is hidden from all, for the teacher who may show it again.
        note_hidden: whether a teacher keeps what its owner wrote from all others.
        starred: whether its owner marked it.
        shared: whether everyone may look at it.
        resumable: whether ``resume`` would let it go on.
        opened: when its owner opened the test set, with the guess; None while it is sealed.
        epochs: complete epochs of a run that is not active.
        network: the file with what it learned, ``model.keras`` or, of a run that did not come to
            its end, perhaps ``checkpoint.npz``; None if there is nothing to use.
        group: public id of the class that its owner started it in; empty for none.
        allowance: what it may take.
        stretches: the parts that processes did, in order; empty in runs of before version 0.5.
        same_as: id of the run of the class whose training serves this one too, or None.
        source: folder of that run, while this one has no files of its own yet.
        brought: that it was brought from elsewhere, or None.
    """

    id: str
    path: Path
    state: State
    reason: str | None
    config: TrainingConfig | None
    visitor: str
    created: float
    heartbeat: Heartbeat | None = None
    result: Result | None = None
    stopping: bool = False
    name: str | None = None
    hidden_name: str | None = None
    note_hidden: bool = False
    starred: bool = False
    shared: bool = False
    resumable: bool = False
    opened: Opening | None = None
    epochs: int = 0
    network: Path | None = None
    group: str = ""
    allowance: Allowance = SERVER_ALLOWS
    stretches: tuple[Stretch, ...] = ()
    same_as: str | None = None
    source: Path | None = None
    brought: Brought | None = None

    @property
    def follows(self) -> bool:
        """Whether it goes along with the training of another run, and has no end of its own yet."""
        return self.same_as is not None and self.result is None

    @property
    def unfinished(self) -> bool:
        """Whether there is a network to use, but of a training that did not come to its end."""
        return self.network is not None and self.state is not State.FINISHED

    @property
    def testable(self) -> bool:
        """Whether its test set can be opened: the training is over, and has left a network.

        Of a run that waits to go on it cannot: the test images come after all choices.
        """
        return self.state is State.FINISHED or (
            self.state is State.STOPPED and self.network is not None
        )

    @property
    def test_opened(self) -> bool:
        """Whether its test results may be shown: its owner has opened the test set.

        Of a run of the command line, as the bundled model's is, the command or the card has
        told them already. Nothing is shown while the test set is closed for a class.
        """
        if self.visitor == COMMAND_LINE:
            return True
        return self.opened is not None and self.closed is None

    @property
    def closed(self) -> str | None:
        """Why nobody can open or see its test results for now, as a sentence, or None."""
        return None if self.config is None else blind.closed(self.visitor, self.config.dataset)

    @property
    def told(self) -> Result | None:
        """How it ended, without the test figures while the test set is sealed."""
        if self.result is None or self.test_opened:
            return self.result
        return replace(self.result, test_accuracy=None, test_loss=None)

    @property
    def folder(self) -> "RunFolder":
        """The files of the run, to read; those of the training that it follows while it does."""
        return RunFolder(self.path, self.source)


class RunFolder:
    """The files of one run, by name."""

    def __init__(self, path: Path, source: Path | None = None) -> None:
        """Take the folder at ``path``, which need not exist yet.

        Args:
            path: of the folder.
            source: the folder of the run whose training this one follows, to read from.
        """
        self.path = path
        training = source or path
        self.config = path / "config.json"
        self.heartbeat = path / "heartbeat"
        self.batches = training / "batches.jsonl"
        self.epochs = training / "epochs.jsonl"
        self.stretches = training / "stretches.json"
        self.snapshots = training / "snapshots.jsonl"
        self.checkpoint = training / "checkpoint.npz"
        self.model = path / "model.keras"
        self.validation = path / "validation.npz"
        self.evaluation = path / "evaluation.npz"
        self.result = path / "result.json"
        self.log = path / "worker.log"
        self.lock = path / "lock"
        self.stop = path / "stop"
        self.pause = path / "pause"
        self.notes = path / "notes.json"
        self.note = path / "note.txt"
        self.brought = path / "brought.json"
        self.same = path / "same.json"

    def write_heartbeat(self, beat: Heartbeat) -> None:
        """Replace the sign of life."""
        write_json(self.heartbeat, asdict(beat), durable=False)

    def write_result(self, result: Result) -> None:
        """End the run."""
        write_json(self.result, asdict(result))

    def remove_temporary(self) -> None:
        """Remove half-written files of a worker process that was ended in the middle."""
        remove_temporary(self.path)


def is_bundled(run_id: object) -> bool:
    """Tell whether an id is that of a run that comes with the app."""
    return isinstance(run_id, str) and run_id in BUNDLED_FOLDERS
