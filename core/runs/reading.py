"""Reading run folders while they are written: one, or all of them, each with its derived state."""

import contextlib
import os
import stat
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeGuard

from core import datasets
from core.errors import AtelierError, RunDamaged, RunNotFound
from core.files import status_of
from core.processes.identity import HOST, is_process
from core.runs.config import TrainingConfig
from core.runs.files import open_regular, read_json
from core.runs.records import (
    BUNDLED_FOLDERS,
    GROUP,
    ID,
    SERVER_ALLOWS,
    Allowance,
    Brought,
    Heartbeat,
    Opening,
    Result,
    Run,
    RunFolder,
    State,
    Stretch,
    is_bundled,
)
from core.settings import settings

STALE_AFTER = 10.0  # seconds without a heartbeat after which nobody believes that a worker lives
DELETED_KEPT = 600.0  # seconds in which a deletion can be undone
NAME_LENGTH = 60  # characters of the name that people give a run
DELETED, NEW = ".deleted-", ".new-"  # how names of folders begin that are no run, or none any more

_LAST_TIME = 250_000_000_000  # seconds, in the year 9892; calendars end soon after
_SETTLED = 2_500_000_000  # ns; the coarsest file systems count time in steps of two seconds

# What was read of a folder, with the time of its latest change: a file that is made, replaced or
# removed changes it, and nothing that counts is changed in any other way.
_known: dict[Path, tuple[int, Run]] = {}
_known_lock = threading.Lock()

# When a heartbeat was last seen to change: its time, and ours, by a clock that never jumps.
_seen: dict[Path, tuple[int, float]] = {}


def folder_of(run_id: str) -> RunFolder:
    """Return the folder of a run.

    Raises:
        RunNotFound: no run has this id.
    """
    if is_bundled(run_id):
        return RunFolder(BUNDLED_FOLDERS[run_id])
    if isinstance(run_id, str) and ID.fullmatch(run_id):
        folder = RunFolder(settings().runs / run_id)
        if exists(folder):
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


def goes_on(run_id: str) -> bool:
    """Tell whether a run waits, trains or is paused; one that is gone does not."""
    try:
        state = read(run_id).state
    except RunNotFound:
        return False
    return state.active or state is State.PAUSED


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
                    changed = status_of(entry).st_mtime_ns
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


def list_deleted() -> list[tuple[Run, float]]:
    """Return the runs that ``restore`` brings back, each with its deletion's time, latest first.

    The time is in seconds since the epoch, as ``Run.created``.
    """
    deleted = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(settings().runs):
            run_id = entry.name.removeprefix(DELETED)
            if run_id == entry.name or not ID.fullmatch(run_id):
                continue
            moment = status_of(entry).st_mtime
            if time.time() - moment <= DELETED_KEPT:
                deleted.append((_read_files(RunFolder(Path(entry.path)), run_id), moment))
    return sorted(deleted, key=lambda pair: pair[1], reverse=True)


def exists(folder: RunFolder) -> bool:
    """Tell whether there is such a folder, and no link or file in its place."""
    return _changed(folder) is not None


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
    # What follows another run says what that one's folder does.
    apart = run.state is not State.DAMAGED and (run.same_as is None or run.result is not None)
    if changed is not None and settled and apart:
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
        group, allowance = _group(header.get("group")), _allowance(header.get("allowance"))
        same_as = _same_as(folder, run_id) if group else None
        result = _result(folder)
        # The result is written last: if there is none now, a heartbeat read now is still in force.
        beat = _heartbeat(folder)
        if not 0 <= created < _LAST_TIME:
            raise ValueError
    except (AtelierError, TypeError, ValueError, OverflowError) as error:
        return _damaged(folder, run_id, error)
    leader = None
    if same_as is not None and result is None:
        leader = _leader(same_as, group)
        beat = leader.heartbeat if leader is not None else None
        folder = RunFolder(folder.path, leader.path if leader is not None else None)
    notes = read_notes(folder)
    if result is not None:
        state, reason = result.state, result.reason
    elif same_as is not None:
        state, reason = _state_of_follower(leader), None
    else:
        state, reason = _state_without_result(folder, beat), None
    if state is State.INTERRUPTED:
        reason = (
            "Its process ended before the training finished. Resume it to continue from where it "
            "stopped."
        )
    epochs = _epochs(folder, state, result)
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
        name=None if notes.get("name_hidden") else notes.get("name"),
        hidden_name=notes.get("name") if notes.get("name_hidden") else None,
        note_hidden=notes.get("note_hidden", False),
        starred=notes.get("starred", False),
        shared=notes.get("shared", False),
        resumable=resumable and not is_bundled(run_id),
        opened=as_opening(notes.get("opened"), class_count(config)),
        epochs=epochs,
        network=_network(folder, state, epochs),
        group=group,
        allowance=allowance,
        stretches=read_stretches(folder),
        same_as=same_as,
        source=leader.path if leader is not None else None,
        brought=_brought(folder),
    )


def _leader(run_id: str, group: str) -> Run | None:
    """Return the run that another of its class follows; None if there is nothing to follow."""
    folder = RunFolder(settings().runs / run_id)
    if not exists(folder):
        return None
    own = RunFolder(folder.path)
    if own.same.exists() and not own.result.exists():
        return None  # it follows another itself, or the two each other
    leader = _read(folder, run_id)
    return leader if leader.state is not State.DAMAGED and leader.group == group else None


def _state_of_follower(leader: Run | None) -> State:
    """Return the state of a run that follows another.

    What befalls the training befalls both. What its owner does with the other run does not: then
    this one is about to wait for a training of its own. What the training leaves at its end is
    about to be this run's too.
    """
    if leader is None or leader.state in (State.PAUSED, State.STOPPED):
        return State.QUEUED
    if leader.state in (State.FINISHED, State.FAILED):
        return State.RUNNING
    return leader.state


def _same_as(folder: RunFolder, run_id: str) -> str | None:
    """Return the id of the run whose training serves this one too, if one does."""
    values = _json(folder.same)
    other = values.get("run") if values is not None else None
    if isinstance(other, str) and ID.fullmatch(other) and other != run_id:
        return other
    return None


def _group(value: object) -> str:
    return value if isinstance(value, str) and GROUP.fullmatch(value) else ""


def _allowance(value: object) -> Allowance:
    """Return what a run may take; a value that is nonsense is none, as the server's limits hold."""
    if not isinstance(value, dict):
        return SERVER_ALLOWS
    known = {field.name: value.get(field.name) for field in fields(Allowance)}
    return Allowance(**{name: most for name, most in known.items() if _is_most(most)})


def _is_most(value: object) -> bool:
    return _is_number(value) and not isinstance(value, bool) and value > 0


def _brought(folder: RunFolder) -> Brought | None:
    """Return that a run was brought from elsewhere, if it was; odd details of it are left out."""
    try:
        values = read_json(folder.brought)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return Brought(0.0)
    values = values if isinstance(values, dict) else {}
    at, created, accuracy = (values.get(name) for name in ("at", "created", "val_accuracy"))
    run = values.get("run")
    return Brought(
        at if _is_time(at) else 0.0,
        run if isinstance(run, str) and ID.fullmatch(run) else "",
        created if _is_time(created) else 0.0,
        accuracy if _is_number(accuracy) and 0 <= accuracy <= 1 else None,
    )


def _is_time(value: object) -> TypeGuard[float]:
    """Tell whether a value is a time that calendars know, in seconds since the epoch."""
    return _is_number(value) and 0 <= value < _LAST_TIME


def read_stretches(folder: RunFolder) -> tuple[Stretch, ...]:
    """Return by which processes a run was trained; what cannot be read is not known."""
    try:
        return as_stretches(read_json(folder.stretches))
    except (OSError, ValueError, RecursionError):
        return ()


def as_stretches(values: object) -> tuple[Stretch, ...]:
    """Return what a list of stretches says; nothing if anything in it is odd."""
    found = []
    for each in values if isinstance(values, list) else ():
        if not isinstance(each, dict):
            return ()
        epoch, threads, engine = (each.get(name) for name in ("epoch", "threads", "engine"))
        if not _is_number(epoch) or type(threads) is not int or not isinstance(engine, str):
            return ()
        found.append(Stretch(float(epoch), threads, engine[:80]))
    return tuple(found)


def _epochs(folder: RunFolder, state: State, result: Result | None) -> int:
    """Return how many epochs a run that is not active has done."""
    if result is not None:
        return int(result.epochs)
    if state.active:
        return 0
    try:
        with open_regular(folder.epochs) as file:
            return sum(line.endswith(b"\n") for line in file)
    except OSError:
        return 0


def _network(folder: RunFolder, state: State, epochs: int) -> Path | None:
    """Return the file that holds what a run has learned; None while it learns, or if none is there.

    A worker that is asked to stop may be ended before it writes the model file, and one that is
    paused or cut off never does: the latest checkpoint has the weights too.
    """
    if state is State.FINISHED:
        return folder.model
    if state.active or epochs < 1:
        return None
    files = [folder.checkpoint]
    if state is State.STOPPED:
        files.insert(0, folder.model)
    return next((file for file in files if file.is_file()), None)


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


def read_notes(folder: RunFolder) -> dict[str, Any]:
    """Return what the owner noted; notes that cannot be read are none: nothing depends on them."""
    try:
        values = read_json(folder.notes)
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    name = values.get("name")
    return {
        "name": as_line(name) if isinstance(name, str) else None,
        "name_hidden": values.get("name_hidden") is True,
        "note_hidden": values.get("note_hidden") is True,
        "starred": values.get("starred") is True,
        "shared": values.get("shared") is True,
        "opened": values.get("opened"),
    }


def as_opening(value: object, classes: int) -> Opening | None:
    """Return what notes say of the opening; None if that is nothing, or nonsense.

    A guess that is nonsense is none; the test set is open all the same.
    """
    if not isinstance(value, dict):
        return None
    at, accuracy, pair = (value.get(name) for name in ("at", "accuracy", "pair"))
    if not _is_time(at):
        return None
    if not (_is_number(accuracy) and 0 <= accuracy <= 1):
        accuracy = None
    labels = pair if isinstance(pair, list) and len(pair) == 2 else []
    fits = all(type(label) is int and 0 <= label < classes for label in labels)
    if not labels or not fits or labels[0] == labels[1]:
        return Opening(at, accuracy)
    return Opening(at, accuracy, (labels[0], labels[1]))


def class_count(config: TrainingConfig) -> int:
    """Return how many classes a run's network answers with."""
    return len(datasets.find(config.dataset).classes)


def as_line(name: str) -> str | None:
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
    return None if values is None else as_result(values)


def as_result(values: dict[str, Any]) -> Result:
    """Return the result that named values tell; unknown names are left out.

    Raises:
        RunDamaged: a value is missing or of the wrong kind.
    """
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
        or not isinstance(beat.device, str)
        or not all(map(_is_number, numbers))
    ):
        raise RunDamaged("The file heartbeat has a value of the wrong kind.")
    return beat


def _is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value can be shown as a number: no infinity, nothing beyond all floats."""
    return isinstance(value, int | float) and abs(value) < 1e15
