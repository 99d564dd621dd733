"""The run folder: making one, reading its state while it is written, and asking it to stop."""

import json
import os
import re
import secrets
import socket
import threading
import time
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import AtelierError, RunDamaged, RunNotFound, SettingsError
from core.runs.config import TrainingConfig
from core.runs.files import remove_temporary, write_json
from core.settings import ASSETS, settings

BUNDLED = "bundled"  # the id of the run behind the bundled model, which comes with the app
BUNDLED_FOLDER = ASSETS / "models" / "fashion-mnist"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
STALE_AFTER = 10.0  # seconds without a heartbeat after which nobody believes that a worker lives
HOST = socket.gethostname()


class State(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
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
class Heartbeat:
    """The sign of life that a worker writes twice a second.

    Attributes:
        pid, host: the worker's process.
        phase: ``"starting"``, ``"training"`` or ``"evaluating"``.
        epoch: epochs done, with fraction.
        images_per_second: training speed over the last few seconds, None before it is known.
        seconds: since the worker took the run.
        left: seconds that the rest will take at this speed, None before that is known.
    """

    pid: int
    host: str
    phase: str = "starting"
    epoch: float = 0.0
    images_per_second: float | None = None
    seconds: float = 0.0
    left: float | None = None


@dataclass(frozen=True)
class Result:
    """How a run ended. Accuracies are 0 to 1 and None where they were never measured.

    Attributes:
        state: finished, stopped or failed.
        reason: why it did not finish, as a sentence.
        epochs: complete epochs.
        best_epoch: the epoch (from 1) that the figures below are of; with early stopping, the
            one whose weights the model has.
        train_accuracy, train_loss: mean over that epoch's batches, while the weights changed.
        val_accuracy, val_loss: on the images held back, after that epoch.
        test_accuracy, test_loss: on the whole test split, once, at the end.
        seconds: from taking the run to its end.
        images_per_second: training images a second of training time.
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
        result: how it ended, if it has.
        stopping: whether it is active and was asked to stop.
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

    @property
    def folder(self) -> "RunFolder":
        """The files of the run."""
        return RunFolder(self.path)


class RunFolder:
    """The files of one run, by name."""

    def __init__(self, path: Path) -> None:
        """Take the folder at ``path``, which need not exist yet."""
        self.path = path
        self.config = path / "config.json"
        self.heartbeat = path / "heartbeat"
        self.batches = path / "batches.jsonl"
        self.epochs = path / "epochs.jsonl"
        self.model = path / "model.keras"
        self.evaluation = path / "evaluation.npz"
        self.result = path / "result.json"
        self.log = path / "worker.log"
        self.stop = path / "stop"

    def write_heartbeat(self, beat: Heartbeat) -> None:
        """Replace the sign of life."""
        write_json(self.heartbeat, asdict(beat), durable=False)

    def write_result(self, result: Result) -> None:
        """End the run."""
        write_json(self.result, asdict(result))

    def remove_temporary(self, pid: int) -> None:
        """Remove half-written files of a worker process that was ended in the middle."""
        remove_temporary(self.path, pid)


def create(config: TrainingConfig, visitor: str, *, claimed: bool = False) -> str:
    """Make the folder of a new run and return its id.

    Args:
        config: what the run is to do.
        visitor: anonymous id of who starts it.
        claimed: whether this process trains it itself; else the queue gives it to a worker.

    Raises:
        SettingsError: the runs folder cannot be written; the message names it.
    """
    runs = settings().runs
    stamp = time.strftime("%Y%m%d-%H%M%S")
    run_id = f"{stamp}-{config.architecture}-{secrets.token_hex(3)}"
    # Under a name that is no run id first, so that nobody sees a folder without its config.
    making = RunFolder(runs / f".new-{run_id}")
    try:
        making.path.mkdir(parents=True)
        value = {"config": config.to_dict(), "visitor": visitor, "created": time.time()}
        write_json(making.config, value)
        if claimed:
            making.write_heartbeat(Heartbeat(os.getpid(), HOST))
        making.path.rename(runs / run_id)
    except OSError as error:
        raise SettingsError(
            f"The run could not be saved in {runs}: {error.strerror or error}. Make the folder "
            "writable or free some space, or set ATELIER_HOME to another folder and restart."
        ) from error
    return run_id


def folder_of(run_id: str) -> RunFolder:
    """Return the folder of a run.

    Raises:
        RunNotFound: no run has this id.
    """
    if run_id == BUNDLED:
        return RunFolder(BUNDLED_FOLDER)
    if isinstance(run_id, str) and ID.fullmatch(run_id):
        folder = RunFolder(settings().runs / run_id)
        if folder.path.is_dir():
            return folder
    raise RunNotFound(
        f"There is no run {str(run_id)[:80]!r} here. It may have been deleted, or the link is from "
        "another server. Choose one from the list."
    )


def read(run_id: str) -> Run:
    """Return what a run's folder says now; a folder that cannot be read has the state DAMAGED.

    Raises:
        RunNotFound: no run has this id.
    """
    return _read(folder_of(run_id), run_id)


def list_runs() -> list[Run]:
    """Return all runs, newest first; one broken folder does not hide the others."""
    try:
        names = sorted((entry.name for entry in os.scandir(settings().runs)), reverse=True)
    except OSError:
        return []
    runs = []
    for name in names:
        try:
            runs.append(read(name))
        except RunNotFound:
            continue  # not a run, or deleted since the listing
    return sorted(runs, key=lambda run: run.created, reverse=True)


def request_stop(run_id: str) -> None:
    """Leave the wish that a run stops; its worker, or the queue, sees to the rest.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the folder cannot be written.
    """
    folder = folder_of(run_id)
    if folder.result.exists():
        return
    try:
        folder.stop.touch()
    except OSError as error:
        raise SettingsError(
            f"The run could not be asked to stop: {error.strerror}. Make {folder.path} writable."
        ) from error


# What has ended never changes: by folder, the time of its result and what was read.
_ended: dict[Path, tuple[int, Run]] = {}
_ended_lock = threading.Lock()


def _read(folder: RunFolder, run_id: str) -> Run:
    try:
        ended_at: int | None = folder.result.stat().st_mtime_ns
    except OSError:
        ended_at = None
    known = _ended.get(folder.path)
    if known is not None and known[0] == ended_at:
        return known[1]
    try:
        header = _json(folder.config)
        config = TrainingConfig.from_dict(header.get("config"))
        visitor, created = str(header.get("visitor", "")), float(header.get("created", 0))
        result = _result(folder) if ended_at is not None else None
        # The result is written last: if there is none now, a heartbeat read now is still in force.
        beat = _heartbeat(folder)
    except (AtelierError, TypeError, ValueError, OverflowError) as error:
        return _damaged(folder, run_id, error)
    if result is not None and ended_at is not None:
        run = Run(
            run_id,
            folder.path,
            result.state,
            result.reason,
            config,
            visitor,
            created,
            beat,
            result,
        )
        with _ended_lock:
            _ended[folder.path] = (ended_at, run)
        return run
    state = _state_without_result(folder, beat)
    reason = None
    if state is State.INTERRUPTED:
        reason = "Its process ended before the training did. Start it again to train it anew."
    stopping = state.active and folder.stop.exists()
    return Run(run_id, folder.path, state, reason, config, visitor, created, beat, None, stopping)


def _state_without_result(folder: RunFolder, beat: Heartbeat | None) -> State:
    if beat is None:
        return State.QUEUED
    try:
        age = time.time() - folder.heartbeat.stat().st_mtime
    except OSError:
        return State.INTERRUPTED
    if age > STALE_AFTER or (beat.host == HOST and not _alive(beat.pid)):
        # The worker may have written its result and ended between our two looks.
        return State.RUNNING if folder.result.exists() else State.INTERRUPTED
    return State.RUNNING


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _damaged(folder: RunFolder, run_id: str, error: Exception) -> Run:
    reason = str(error) if isinstance(error, AtelierError) else "A value is of the wrong kind."
    try:
        created = folder.path.stat().st_mtime
    except OSError:
        created = 0.0
    return Run(run_id, folder.path, State.DAMAGED, reason, None, "", created)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunDamaged(f"The file {path.name} is missing.") from None
    except OSError as error:
        raise RunDamaged(f"The file {path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError):
        raise RunDamaged(f"The file {path.name} is not the JSON that it should be.") from None
    if not isinstance(value, dict):
        raise RunDamaged(f"The file {path.name} does not hold a set of named values.")
    return value


def _result(folder: RunFolder) -> Result:
    values = _json(folder.result)
    known = {field.name for field in fields(Result)}
    values = {name: value for name, value in values.items() if name in known}
    try:
        result = Result(**{**values, "state": State(values.get("state", ""))})
    except (TypeError, ValueError):
        raise RunDamaged("The file result.json does not name a state.") from None
    if result.state not in (State.FINISHED, State.STOPPED, State.FAILED):
        raise RunDamaged("The file result.json does not say how the run ended.")
    for field in fields(Result):
        value = getattr(result, field.name)
        text = field.name in ("state", "reason")
        if value is not None and not isinstance(value, str if text else int | float):
            raise RunDamaged(f"The file result.json has a {field.name} of the wrong kind.")
    return result


def _heartbeat(folder: RunFolder) -> Heartbeat | None:
    if not folder.heartbeat.exists():
        return None
    values = _json(folder.heartbeat)
    known = {field.name for field in fields(Heartbeat)}
    beat = Heartbeat(**{name: value for name, value in values.items() if name in known})
    numbers = (beat.epoch, beat.seconds, beat.left or 0, beat.images_per_second or 0)
    if (
        not isinstance(beat.pid, int)
        or not isinstance(beat.phase, str)
        or not all(isinstance(value, int | float) for value in numbers)
    ):
        raise RunDamaged("The file heartbeat has a value of the wrong kind.")
    return beat
