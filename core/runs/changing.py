"""Changing run folders: making one, and what people ask of it."""

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core.errors import RunNotFound, SettingsError
from core.files import remove, status_of, when_free
from core.processes.identity import HOST, OWN_START
from core.runs.config import TrainingConfig
from core.runs.files import write_atomic, write_json
from core.runs.following import let_go
from core.runs.note import clean
from core.runs.reading import (
    DELETED,
    DELETED_KEPT,
    NEW,
    as_line,
    as_opening,
    class_count,
    exists,
    folder_of,
    read,
    read_notes,
)
from core.runs.records import (
    BUNDLED_FOLDERS,
    GROUP,
    ID,
    SERVER_ALLOWS,
    Allowance,
    Heartbeat,
    RunFolder,
    is_bundled,
)
from core.settings import settings

_notes_lock = threading.Lock()


def create(
    config: TrainingConfig,
    visitor: str,
    *,
    claimed: bool = False,
    group: str = "",
    allowance: Allowance = SERVER_ALLOWS,
) -> str:
    """Make the folder of a new run and return its id.

    Args:
        config: what the run is to do.
        visitor: anonymous id of who starts it.
        claimed: whether this process trains it itself; else the queue gives it to a worker.
        group: public id of the class that the visitor starts it in; empty for none.
        allowance: what it may take where that is less than the server allows.

    Raises:
        SettingsError: the runs folder cannot be written; the message names it.
    """
    if group and not GROUP.fullmatch(group):
        raise ValueError(f"{group!r} is no id of a class")
    with appearing(config) as (run_id, making):
        value = {"config": config.to_dict(), "visitor": visitor, "created": time.time()}
        if group:
            value |= {"group": group, "allowance": asdict(allowance)}
        write_json(making.config, value)
        if claimed:
            making.write_heartbeat(Heartbeat(os.getpid(), HOST, started=OWN_START))
    return run_id


@contextlib.contextmanager
def appearing(config: TrainingConfig) -> Iterator[tuple[str, RunFolder]]:
    """Make the folder of a run, which appears whole at the end of the block, or not at all.

    Yields:
        The id that the run will have, and the folder to fill.

    Raises:
        SettingsError: the runs folder cannot be written; the message names it.
    """
    runs = settings().runs
    stamp = time.strftime("%Y%m%d-%H%M%S")
    run_id = f"{stamp}-{config.network.slug}-{secrets.token_hex(3)}"
    # Under a name that is no run id first, so that nobody sees a folder without its config.
    making = RunFolder(runs / f"{NEW}{run_id}")
    try:
        making.path.mkdir(parents=True)
        yield run_id, making
        when_free(lambda: making.path.rename(runs / run_id))
    except OSError as error:
        raise SettingsError(
            f"The run could not be saved in {runs}: {error.strerror or error}. Make the folder "
            "writable or free some space, or set ATELIER_HOME to another folder and restart."
        ) from error
    finally:
        shutil.rmtree(making.path, ignore_errors=True)  # of what has appeared, there is nothing


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
            f"The run {run_id} cannot continue: it is {run.state}. Start a new run with its "
            "settings."
        )
    folder = RunFolder(run.path)
    with _writing(folder, "The run could not be resumed"):
        let_go(folder)
        for file in (folder.stop, folder.pause):
            remove(file)
        if claimed:
            folder.write_heartbeat(Heartbeat(os.getpid(), HOST, started=OWN_START))
        else:
            remove(folder.heartbeat)
        # Last: without a result, and without a heartbeat, a run is queued.
        remove(folder.result)


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
        SettingsError: the run cannot be changed, or a teacher has hidden its name.
    """
    with _changing_notes(_own(run_id)) as notes:
        if name is not None:
            if notes.get("name_hidden"):
                raise SettingsError(
                    "Your teacher has hidden the name of this run, so it cannot be changed now. "
                    "Talk to them; they can show it again."
                )
            notes["name"] = as_line(name)
        if starred is not None:
            notes["starred"] = starred
        if shared is not None:
            notes["shared"] = shared


def moderate(run_id: str, name: str | None, *, hidden: bool) -> None:
    """Note what the teacher of a class makes of a run's name; who may is for the caller to say.

    Args:
        run_id: of the run.
        name: what it is called, up to 60 characters in one line; None for no name.
        hidden: whether the name is shown to nobody, and stays as it is.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the run cannot be changed.
    """
    with _changing_notes(_own(run_id)) as notes:
        notes["name"] = None if name is None else as_line(name)
        notes["name_hidden"] = hidden


def hide_note(run_id: str, hidden: bool) -> None:
    """Keep what the owner of a run wrote about it from all others, or not; who may is as above.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the run cannot be changed.
    """
    with _changing_notes(_own(run_id)) as notes:
        notes["note_hidden"] = hidden


def write_note(run_id: str, text: str) -> str:
    """Keep what the owner of a run writes about it, in the place of what was there.

    Args:
        run_id: of the run.
        text: kept as ``note.clean`` makes it; nothing but space is no note.

    Returns:
        What is kept.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: the run cannot be changed.
    """
    folder, kept = _own(run_id), clean(text)
    with _writing(folder, "The note could not be saved"):
        if kept.strip():
            content = kept.encode()
            write_atomic(folder.note, lambda file: file.write_bytes(content))
        else:
            remove(folder.note)
    return kept


def open_test(
    run_id: str, *, accuracy: float | None = None, pair: tuple[int, int] | None = None
) -> bool:
    """Open the test set of a run that has finished or was stopped after an epoch, for good.

    Args:
        run_id: of the run.
        accuracy: the test accuracy that its owner guesses, 0 to 1.
        pair: the two classes, as labels, that the owner guesses are confused most.

    Returns:
        Whether it was sealed until now; if not, the first guess stays.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: its training is not over, the guess is none, the run cannot be changed, or
            the test set is closed for a class.
    """
    run = read(run_id)
    if run.closed is not None:
        raise SettingsError(run.closed)
    if run.test_opened:
        return False
    if not run.testable or run.config is None:
        raise SettingsError(
            f"The test set of {run_id} cannot be opened yet: the run is {run.state}. Let it "
            "finish, or stop it after its first epoch."
        )
    value = {"at": time.time(), "accuracy": accuracy, "pair": pair and list(pair)}
    classes = class_count(run.config)
    opening = as_opening(value, classes)
    if opening is None or (opening.accuracy, opening.pair) != (accuracy, pair):
        raise SettingsError(
            f"The guess {accuracy}, {pair} cannot be used: guess an accuracy from 0 to 1, and two "
            f"different classes from 0 to {classes - 1}."
        )
    with _changing_notes(run.folder) as notes:
        sealed = as_opening(notes.get("opened"), classes) is None
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
        target = folder.path.with_name(f"{DELETED}{run_id}")
        when_free(lambda: folder.path.rename(target))
        os.utime(target)  # the time of the deletion, for purge_deleted


def restore(run_id: str) -> None:
    """Bring a deleted run back.

    Raises:
        RunNotFound: it was not deleted, or is gone for good by now.
        SettingsError: the folder cannot be written.
    """
    known = isinstance(run_id, str) and ID.fullmatch(run_id)
    deleted = RunFolder(settings().runs / f"{DELETED}{run_id}")
    if not known or not exists(deleted):
        raise RunNotFound(
            "The deleted run is gone for good: a deletion can be undone for ten minutes."
        )
    with _writing(deleted, "The run could not be brought back"):
        when_free(lambda: deleted.path.rename(settings().runs / run_id))


def purge_deleted(older: float = DELETED_KEPT) -> None:
    """Remove for good what was deleted longer ago than so many seconds.

    And what was worked out on runs that are gone, whoever removed them.
    """
    with contextlib.suppress(OSError):
        for entry in os.scandir(settings().runs):
            if entry.name.startswith((DELETED, NEW)):
                age = time.time() - status_of(entry).st_mtime
                if age > older:
                    shutil.rmtree(entry.path, ignore_errors=True)
    runs = settings().runs
    with contextlib.suppress(OSError):
        for entry in os.scandir(settings().analysis):
            kept = (runs / entry.name, runs / f"{DELETED}{entry.name}")
            if not is_bundled(entry.name) and not any(os.path.lexists(path) for path in kept):
                shutil.rmtree(entry.path, ignore_errors=True)


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
        notes = read_notes(folder)
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
