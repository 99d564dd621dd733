"""The run folder: making one, reading its state while it is written, and what people ask of it."""

import contextlib
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeGuard

from core import datasets
from core.datasets.imported import COMMAND_LINE
from core.errors import AtelierError, RunDamaged, RunNotFound, SettingsError
from core.processes.identity import HOST, OWN_START, is_process
from core.runs.config import TrainingConfig
from core.runs.files import read_json, remove_temporary, write_json
from core.settings import ASSETS, settings

# The runs that come with the app, by id. The first answers wherever nobody chose another.
BUNDLED, BUNDLED_ACCURATE = "bundled", "bundled-accurate"
BUNDLED_FOLDERS = {
    BUNDLED: ASSETS / "models" / "fashion-mnist",
    BUNDLED_ACCURATE: ASSETS / "models" / "fashion-mnist-accurate",
}
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
STALE_AFTER = 10.0  # seconds without a heartbeat after which nobody believes that a worker lives
DELETED_KEPT = 600.0  # seconds in which a deletion can be undone
NAME_LENGTH = 60  # characters of the name that people give a run


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
    """

    pid: int
    host: str
    phase: str = "starting"
    epoch: float = 0.0
    images_per_second: float | None = None
    seconds: float = 0.0
    left: float | None = None
    started: int | None = None


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
        name: what its owner calls it, or None.
        starred: whether its owner marked it.
        shared: whether everyone may look at it.
        resumable: whether ``resume`` would let it go on.
        opened: when its owner opened the test set, with the guess; None while it is sealed.
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
    starred: bool = False
    shared: bool = False
    resumable: bool = False
    opened: Opening | None = None

    @property
    def test_opened(self) -> bool:
        """Whether its test results may be shown: its owner has opened the test set.

        Of a run of the command line, as the bundled model's is, the command or the card has
        told them already.
        """
        return self.opened is not None or self.visitor == COMMAND_LINE

    @property
    def told(self) -> Result | None:
        """How it ended, without the test figures while the test set is sealed."""
        if self.result is None or self.test_opened:
            return self.result
        return replace(self.result, test_accuracy=None, test_loss=None)

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
        self.validation = path / "validation.npz"
        self.evaluation = path / "evaluation.npz"
        self.checkpoint = path / "checkpoint.npz"
        self.result = path / "result.json"
        self.log = path / "worker.log"
        self.lock = path / "lock"
        self.stop = path / "stop"
        self.pause = path / "pause"
        self.notes = path / "notes.json"

    def write_heartbeat(self, beat: Heartbeat) -> None:
        """Replace the sign of life."""
        write_json(self.heartbeat, asdict(beat), durable=False)

    def write_result(self, result: Result) -> None:
        """End the run."""
        write_json(self.result, asdict(result))

    def remove_temporary(self) -> None:
        """Remove half-written files of a worker process that was ended in the middle."""
        remove_temporary(self.path)


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
            making.write_heartbeat(Heartbeat(os.getpid(), HOST, started=OWN_START))
        making.path.rename(runs / run_id)
    except OSError as error:
        shutil.rmtree(making.path, ignore_errors=True)
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
    if is_bundled(run_id):
        return RunFolder(BUNDLED_FOLDERS[run_id])
    if isinstance(run_id, str) and ID.fullmatch(run_id):
        folder = RunFolder(settings().runs / run_id)
        if _changed(folder) is not None:
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


def is_bundled(run_id: object) -> bool:
    """Tell whether an id is that of a run that comes with the app."""
    return isinstance(run_id, str) and run_id in BUNDLED_FOLDERS


def list_bundled() -> list[Run]:
    """Return the runs that come with the app; one that is missing has the state DAMAGED."""
    return [read(run_id) for run_id in BUNDLED_FOLDERS]


def list_runs() -> list[Run]:
    """Return all runs but the bundled ones, newest first.

    One broken folder does not hide the others.
    Ten thousand runs take some 50 ms: of a folder in which nothing changed, only that is looked at.
    """
    folder, runs = settings().runs, []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_bundled(entry.name):
                    continue  # made by hand: the bundled runs are not of this folder
                with contextlib.suppress(RunNotFound, FileNotFoundError):  # no run, or just deleted
                    # What ``read`` would find out too, without ten thousand sets of paths.
                    changed = entry.stat(follow_symlinks=False).st_mtime_ns
                    known = _known.get(folder / entry.name)
                    if known and known[0] == changed and known[1].state is not State.RUNNING:
                        runs.append(known[1])
                    else:
                        runs.append(read(entry.name))
    except OSError:
        return []
    if len(_known) > 2 * len(runs) + 100:
        with _known_lock:
            _known.clear()  # of runs deleted, and of folders of other settings
    return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)


def request_stop(run_id: str) -> None:
    """Leave the wish that a run stops; its worker, or the queue, sees to the rest.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the folder cannot be written.
    """
    _mark(folder_of(run_id), "stop")


def request_pause(run_id: str) -> None:
    """Leave the wish that a run pauses: it keeps its place and goes on with ``resume``.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the folder cannot be written.
    """
    _mark(folder_of(run_id), "pause")


def resume(run_id: str, *, claimed: bool = False) -> None:
    """Put a run that did not come to its end back into the queue.

    It goes on from its latest checkpoint: same schedule, same order of images, same curves.

    Args:
        run_id: of the run.
        claimed: whether this process trains it itself; else the queue gives it to a worker.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: it is not such a run, or the folder cannot be written.
    """
    run = read(run_id)
    if not run.resumable:
        raise SettingsError(
            f"The run {run_id} cannot go on: it is {run.state}. Start a new run with its settings."
        )
    folder = run.folder
    with _writing(folder, "The run could not be resumed"):
        for file in (folder.stop, folder.pause):
            file.unlink(missing_ok=True)
        if claimed:
            folder.write_heartbeat(Heartbeat(os.getpid(), HOST, started=OWN_START))
        else:
            folder.heartbeat.unlink(missing_ok=True)
        # Last: without a result, and without a heartbeat, a run is queued.
        folder.result.unlink(missing_ok=True)


def annotate(
    run_id: str,
    *,
    name: str | None = None,
    starred: bool | None = None,
    shared: bool | None = None,
) -> None:
    """Note what the owner of a run says about it; what is None stays as it is.

    Args:
        run_id: of the run.
        name: what to call it, up to 60 characters in one line; empty for no name.
        starred: whether it is marked.
        shared: whether everyone may look at it.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the run cannot be changed.
    """
    with _changing_notes(_own(run_id)) as notes:
        if name is not None:
            notes["name"] = _line(name)
        if starred is not None:
            notes["starred"] = starred
        if shared is not None:
            notes["shared"] = shared


def open_test(
    run_id: str, *, accuracy: float | None = None, pair: tuple[int, int] | None = None
) -> bool:
    """Open the test set of a finished run, for good.

    Args:
        run_id: of the run.
        accuracy: the test accuracy that its owner guesses, 0 to 1.
        pair: the two classes, as labels, that the owner guesses are confused most.

    Returns:
        Whether it was sealed until now; if not, the first guess stays.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: it has not finished, the guess is none, or the run cannot be changed.
    """
    run = read(run_id)
    if run.test_opened:
        return False
    if run.state is not State.FINISHED or run.config is None:
        raise SettingsError(
            f"The run {run_id} has no test results to open: it is {run.state}. Let it finish first."
        )
    value = {"at": time.time(), "accuracy": accuracy, "pair": pair and list(pair)}
    classes = _class_count(run.config)
    opening = _opening(value, classes)
    if opening is None or (opening.accuracy, opening.pair) != (accuracy, pair):
        raise SettingsError(
            f"The guess {accuracy}, {pair} is none: guess an accuracy from 0 to 1, and two "
            f"different classes from 0 to {classes - 1}."
        )
    with _changing_notes(run.folder) as notes:
        sealed = _opening(notes.get("opened"), classes) is None
        if sealed:
            notes["opened"] = value
    return sealed


def delete(run_id: str) -> None:
    """Delete a run that is not active; ``restore`` brings it back within ten minutes.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: it is active, or the folder cannot be written.
    """
    folder = _own(run_id)
    if read(run_id).state.active:
        raise SettingsError("The run is still waiting or training. Stop it first, then delete it.")
    with _writing(folder, "The run could not be deleted"):
        target = folder.path.with_name(f"{_DELETED}{run_id}")
        folder.path.rename(target)
        os.utime(target)  # the time of the deletion, for purge_deleted


def restore(run_id: str) -> None:
    """Bring a deleted run back.

    Raises:
        RunNotFound: it was not deleted, or is gone for good by now.
        SettingsError: the folder cannot be written.
    """
    known = isinstance(run_id, str) and ID.fullmatch(run_id)
    deleted = RunFolder(settings().runs / f"{_DELETED}{run_id}")
    if not known or _changed(deleted) is None:
        raise RunNotFound(
            "The deleted run is gone for good: a deletion can be undone for ten minutes."
        )
    with _writing(deleted, "The run could not be brought back"):
        deleted.path.rename(settings().runs / run_id)


def list_deleted() -> list[tuple[Run, float]]:
    """Return the runs that ``restore`` brings back, each with its deletion's time, latest first.

    The time is in seconds since the epoch, as ``Run.created``.
    """
    deleted = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(settings().runs):
            run_id = entry.name.removeprefix(_DELETED)
            if run_id == entry.name or not ID.fullmatch(run_id):
                continue
            moment = entry.stat(follow_symlinks=False).st_mtime
            if time.time() - moment <= DELETED_KEPT:
                deleted.append((_read_files(RunFolder(Path(entry.path)), run_id), moment))
    return sorted(deleted, key=lambda pair: pair[1], reverse=True)


def purge_deleted(older: float = DELETED_KEPT) -> None:
    """Remove for good what was deleted longer ago than so many seconds.

    And what was worked out on runs that are gone, whoever removed them.
    """
    with contextlib.suppress(OSError):
        for entry in os.scandir(settings().runs):
            if entry.name.startswith((_DELETED, _NEW)):
                age = time.time() - entry.stat(follow_symlinks=False).st_mtime
                if age > older:
                    shutil.rmtree(entry.path, ignore_errors=True)
    runs = settings().runs
    with contextlib.suppress(OSError):
        for entry in os.scandir(settings().analysis):
            kept = (runs / entry.name, runs / f"{_DELETED}{entry.name}")
            if not is_bundled(entry.name) and not any(os.path.lexists(path) for path in kept):
                shutil.rmtree(entry.path, ignore_errors=True)


_DELETED, _NEW = ".deleted-", ".new-"

# What was read of a folder, with the time of its latest change: a file that is made, replaced or
# removed changes it, and nothing that counts is changed in any other way.
_known: dict[Path, tuple[int, Run]] = {}
_known_lock = threading.Lock()
_notes_lock = threading.Lock()
_LAST_TIME = 250_000_000_000  # seconds, in the year 9892; calendars end soon after
_SETTLED = 2_500_000_000  # ns; the coarsest file systems count time in steps of two seconds

# When a heartbeat was last seen to change: its time, and ours, by a clock that never jumps.
_seen: dict[Path, tuple[int, float]] = {}


def _changed(folder: RunFolder) -> int | None:
    """Return when something was last made or removed in the folder, in ns; None if it is none."""
    try:
        status = os.lstat(folder.path)
    except OSError:
        return None
    return status.st_mtime_ns if stat.S_ISDIR(status.st_mode) else None


def _read(folder: RunFolder, run_id: str) -> Run:
    changed = _changed(folder)
    known = _known.get(folder.path)
    # Whether a run still runs is not for the folder's time to say.
    if known is not None and known[0] == changed and known[1].state is not State.RUNNING:
        return known[1]
    run = _read_files(folder, run_id)
    # What is damaged may be mended in place, which leaves the folder's time as it was.
    settled = changed is not None and abs(time.time_ns() - changed) > _SETTLED
    if changed is not None and settled and run.state is not State.DAMAGED:
        with _known_lock:
            _known[folder.path] = (changed, run)
    return run


def _read_files(folder: RunFolder, run_id: str) -> Run:
    try:
        header = _json(folder.config)
        if header is None:
            raise RunDamaged("The file config.json is missing.")
        config = TrainingConfig.from_dict(header.get("config"))
        visitor, created = str(header.get("visitor", "")), float(header.get("created", 0))
        result = _result(folder)
        # The result is written last: if there is none now, a heartbeat read now is still in force.
        beat = _heartbeat(folder)
        if not 0 <= created < _LAST_TIME:
            raise ValueError
    except (AtelierError, TypeError, ValueError, OverflowError) as error:
        return _damaged(folder, run_id, error)
    notes = _notes(folder)
    if result is not None:
        state, reason = result.state, result.reason
    else:
        state, reason = _state_without_result(folder, beat), None
    if state is State.INTERRUPTED:
        reason = "Its process ended before the training did. Resume it to go on from where it was."
    resumable = state in (State.PAUSED, State.INTERRUPTED, State.STOPPED) or (
        state is State.FAILED and folder.checkpoint.exists()
    )
    return Run(
        run_id,
        folder.path,
        state,
        reason,
        config,
        visitor,
        created,
        beat,
        result,
        stopping=state.active and (folder.stop.exists() or folder.pause.exists()),
        name=notes.get("name"),
        starred=notes.get("starred", False),
        shared=notes.get("shared", False),
        resumable=resumable and not is_bundled(run_id),
        opened=_opening(notes.get("opened"), _class_count(config)),
    )


def _state_without_result(folder: RunFolder, beat: Heartbeat | None) -> State:
    paused = folder.pause.exists()
    if beat is None:
        return State.PAUSED if paused else State.QUEUED
    if _lives(folder, beat):
        return State.RUNNING
    if folder.result.exists():
        return State.RUNNING  # written between our two looks, and read at the next
    return State.PAUSED if paused else State.INTERRUPTED


def _lives(folder: RunFolder, beat: Heartbeat) -> bool:
    """Tell whether the worker behind a heartbeat is there.

    On this machine its process is looked for; elsewhere the heartbeat has to change. Clocks may
    jump, and differ from machine to machine, so only the first look believes a file's time.
    """
    if beat.host == HOST:
        found = is_process(beat.pid, beat.started)
        if found is not None:
            return found
    try:
        written = folder.heartbeat.stat().st_mtime_ns
    except OSError:
        return False
    now = time.monotonic()
    known = _seen.get(folder.path)
    if known is None:
        known = (written, now - max(0.0, time.time() - written / 1e9))
    elif known[0] != written:
        known = (written, now)
    _seen[folder.path] = known
    return now - known[1] <= STALE_AFTER


def _own(run_id: str) -> RunFolder:
    folder = folder_of(run_id)
    if is_bundled(run_id):
        raise SettingsError("A bundled model comes with the app and stays as it is.")
    return folder


def _mark(folder: RunFolder, marker: str) -> None:
    if folder.result.exists() or folder.path in BUNDLED_FOLDERS.values():
        return
    with _writing(folder, f"The run could not be asked to {marker}"):
        (folder.path / marker).touch()


@contextlib.contextmanager
def _changing_notes(folder: RunFolder) -> Iterator[dict[str, Any]]:
    """Yield what is noted, and write what has become of it; one at a time in this process."""
    with _notes_lock, _writing(folder, "The run could not be changed"):
        notes = _notes(folder)
        yield notes
        write_json(folder.notes, notes)


@contextlib.contextmanager
def _writing(folder: RunFolder, failure: str) -> Iterator[None]:
    """Turn a disk's refusal into a sentence that begins with ``failure``."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"{failure}: {error.strerror or error}. Make {folder.path} writable or free some space."
        ) from error


def _notes(folder: RunFolder) -> dict[str, Any]:
    """Return what the owner noted; notes that cannot be read are none: nothing depends on them."""
    try:
        values = read_json(folder.notes)
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    name = values.get("name")
    return {
        "name": _line(name) if isinstance(name, str) else None,
        "starred": values.get("starred") is True,
        "shared": values.get("shared") is True,
        "opened": values.get("opened"),
    }


def _opening(value: object, classes: int) -> Opening | None:
    """Return what notes say of the opening; None if that is nothing, or nonsense.

    A guess that is nonsense is none; the test set is open all the same.
    """
    if not isinstance(value, dict):
        return None
    at, accuracy, pair = (value.get(name) for name in ("at", "accuracy", "pair"))
    if not (_is_number(at) and 0 <= at < _LAST_TIME):
        return None
    if not (_is_number(accuracy) and 0 <= accuracy <= 1):
        accuracy = None
    labels = pair if isinstance(pair, list) and len(pair) == 2 else []
    fits = all(type(label) is int and 0 <= label < classes for label in labels)
    if not labels or not fits or labels[0] == labels[1]:
        return Opening(at, accuracy)
    return Opening(at, accuracy, (labels[0], labels[1]))


def _class_count(config: TrainingConfig) -> int:
    return len(datasets.find(config.dataset).classes)


def _line(name: str) -> str | None:
    """Return a name as one line of text that can be shown; None if nothing is left."""
    words = "".join(c if c.isprintable() else " " for c in name).split()
    return " ".join(words)[:NAME_LENGTH].rstrip() or None


def _damaged(folder: RunFolder, run_id: str, error: Exception) -> Run:
    reason = str(error) if isinstance(error, AtelierError) else "A value is of the wrong kind."
    return Run(run_id, folder.path, State.DAMAGED, reason, None, "", (_changed(folder) or 0) / 1e9)


def _json(path: Path) -> dict[str, Any] | None:
    """Return what a file holds, or None if there is none (it may just have been removed)."""
    try:
        value = read_json(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunDamaged(f"The file {path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError):
        raise RunDamaged(f"The file {path.name} is not the JSON that it should be.") from None
    if not isinstance(value, dict):
        raise RunDamaged(f"The file {path.name} does not hold a set of named values.")
    return value


def _result(folder: RunFolder) -> Result | None:
    values = _json(folder.result)
    if values is None:
        return None
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
        if value is not None and not (isinstance(value, str) if text else _is_number(value)):
            raise RunDamaged(f"The file result.json has a {field.name} of the wrong kind.")
    return result


def _heartbeat(folder: RunFolder) -> Heartbeat | None:
    values = _json(folder.heartbeat)
    if values is None:
        return None
    known = {field.name for field in fields(Heartbeat)}
    beat = Heartbeat(**{name: value for name, value in values.items() if name in known})
    numbers = (beat.epoch, beat.seconds, beat.left or 0, beat.images_per_second or 0)
    if (
        not isinstance(beat.pid, int)
        or not isinstance(beat.started, int | None)
        or not isinstance(beat.host, str)
        or not isinstance(beat.phase, str)
        or not all(map(_is_number, numbers))
    ):
        raise RunDamaged("The file heartbeat has a value of the wrong kind.")
    return beat


def _is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value can be shown as a number: no infinity, nothing beyond all floats."""
    return isinstance(value, int | float) and abs(value) < 1e15
