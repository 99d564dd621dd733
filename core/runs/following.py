"""Runs of a class that one training serves: what is written when one begins and ceases to follow.

A run that follows another has ``same.json``, which names it, and no training files of its own:
whoever reads it is shown the other's (``core.runs.reading``). At the end of the training it gets
all files, and is a run like any other from then on; ``same.json`` stays, to say so. When an owner
stops or pauses either of the two, the one that follows gets what has been trained so far, and no
longer follows: it can go on from there. Every step can be done again, after a crash in the middle.

Only the server that gives out the runs of a folder calls this, and ``resume``.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from core.errors import RunNotFound
from core.files import remove, take_over
from core.runs.files import write_json
from core.runs.reading import DELETED, exists, read, read_stretches
from core.runs.records import Result, Run, RunFolder, State, Stretch
from core.settings import settings

# What a training leaves, and what it needs to go on. The curves grow in place: never the same file.
_LEFT = ("model", "validation", "evaluation", "checkpoint")
_GROWING = ("batches", "epochs", "stretches", "snapshots")
_EVENTS = "events.out.*"


def follow(folder: RunFolder, other: str) -> None:
    """Let a run that waits follow another one; what it has of a training of its own goes.

    Args:
        folder: of the run.
        other: id of the one to follow, which does not follow any itself.

    Raises:
        OSError: the disk refused.
    """
    write_json(folder.same, {"run": other})
    for name in (*_LEFT, *_GROWING):
        remove(getattr(folder, name))


def finish(folder: RunFolder, leader: Run) -> None:
    """Give a run all that a training has left which has ended, and its result.

    Args:
        folder: of the run.
        leader: the run that was trained; it has a result.

    Raises:
        OSError: the disk refused.
    """
    assert leader.result is not None, "the training has not ended"
    follow(folder, leader.same_as or leader.id)
    left = _LEFT if leader.state is State.FAILED else _LEFT[:-1]  # which may go on from there
    _take(RunFolder(leader.path), folder, (*left, *_GROWING))
    folder.write_result(leader.result)


def let_go(folder: RunFolder, end: Callable[[], Result] | None = None) -> None:
    """Let a run no longer follow another; what was trained so far becomes its own.

    Args:
        folder: of the run.
        end: says how it ends, once it has what was trained; without, it waits, or is paused.

    Raises:
        OSError: the disk refused.
    """
    run = read(folder.path.name)
    if run.same_as is None:
        return
    if run.follows:
        # A run that its owner has just deleted is there for ten minutes.
        for name in (run.same_as, f"{DELETED}{run.same_as}"):
            other = RunFolder(settings().runs / name)
            if exists(other):
                _take(other, folder, ("checkpoint", *_GROWING))
                break
        if end is not None:
            folder.write_result(end())
    remove(folder.same)


def note_stretch(folder: RunFolder, stretch: Stretch) -> None:
    """Write down which process trains a run from here on, unless one like it did before.

    Raises:
        OSError: the disk refused.
    """
    known = [each for each in read_stretches(folder) if each.epoch < stretch.epoch]
    if not known or not known[-1].like(stretch):
        write_json(folder.stretches, [asdict(each) for each in (*known, stretch)])


def leader_of(run: Run) -> Run | None:
    """Return the run that another follows, or None if it is gone."""
    if run.same_as is None:
        return None
    try:
        return read(run.same_as)
    except RunNotFound:
        return None


def _take(source: RunFolder, target: RunFolder, names: tuple[str, ...]) -> None:
    """Put what is in one folder into another too, without taking the room twice."""
    for name in names:
        file: Path = getattr(source, name)
        if file.is_file():
            take_over(file, getattr(target, name), share=name not in _GROWING)
    for file in source.path.glob(_EVENTS):
        take_over(file, target.path / file.name, share=False)
