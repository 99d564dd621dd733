"""The seal on the test images: closed for a class from the opening of a task until its end.

While a task that is placed by the test images has not been revealed, the test set of its data is
closed for the runs of the class's members, by the times in the database. ``closed.watch`` lets
``core.runs`` ask here, so that every page and the command line keep to it; ``sealed`` says it of
who looks.
"""

import hashlib
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import datasets, runs
from core.classroom import database as databases
from core.classroom.given import given
from core.classroom.schema import LookRow, MemberRow, TaskRow
from core.datasets import imported
from core.datasets.sources import Found
from core.errors import ClassroomUnavailable, DataUnavailable, SourceRejected
from core.runs import COMMAND_LINE, Run

KEPT = 1.0  # seconds in which an answer of the database is believed
_BLOCK = 4096  # images that are looked at at a time


def sealed(visitor: str, dataset: str) -> str | None:
    """Return why the test images are closed for a visitor and their runs, as a sentence, or None.

    Where the database does not answer, nobody can tell that they are open.

    Args:
        visitor: the secret id; of a member of a class the member's.
        dataset: the name of the data set; one with corrected labels has the test images of another.
    """
    if not visitor or visitor == COMMAND_LINE or not databases.exists():
        return None
    try:
        title = _sealed().get((visitor, imported.origin_of(dataset)))
    except ClassroomUnavailable as error:
        return str(error)
    if title is None:
        return None
    return (
        f"The test images are closed for your class until the teacher reveals the end of "
        f"“{title}”. Look at the validation images until then."
    )


def open_test(
    run_id: str, *, accuracy: float | None = None, pair: tuple[int, int] | None = None
) -> bool:
    """Open the test set of a run as ``runs.open_test`` does, and count it for a member of a class.

    Raises:
        RunNotFound, SettingsError: as there; the latter also while it is closed for the class.
        ClassroomUnavailable: the database cannot be used; then it stays sealed.
    """
    run = runs.read(run_id)
    forget()  # a task may have been opened a moment ago
    if run.config is not None and databases.exists():
        _count(run, imported.origin_of(run.config.dataset))
    return runs.open_test(run_id, accuracy=accuracy, pair=pair)


def looks(visitor: str, dataset: str) -> int:
    """Return of how many runs on a data set somebody has opened the test set; also deleted ones.

    Data sets with the same test images are one.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    found = all_looks([visitor] if visitor else []).get(visitor, {})
    return found.get(imported.origin_of(dataset), 0)


def all_looks(visitors: Collection[str]) -> dict[str, dict[str, int]]:
    """Return that number for several visitors, by data set; who has opened none is left out.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    if not visitors:
        return {}
    found = {
        (run.visitor, imported.origin_of(run.config.dataset), run.id)
        for run in (*runs.list_runs(), *(run for run, _ in runs.list_deleted()))
        if run.visitor in visitors and run.opened is not None and run.config is not None
    }
    if databases.exists():
        query = (
            select(MemberRow.visitor, LookRow.dataset, LookRow.run_id)
            .join(MemberRow, MemberRow.id == LookRow.member_id)
            .where(MemberRow.visitor.in_(visitors))
        )
        with databases.database().read() as session:
            found |= {(row[0], row[1], row[2]) for row in session.execute(query)}
    counts: dict[str, dict[str, int]] = {}
    for visitor, dataset, _ in sorted(found):
        of_visitor = counts.setdefault(visitor, {})
        of_visitor[dataset] = of_visitor.get(dataset, 0) + 1
    return counts


def check_import(folder: Path, found: Found, visitor: str) -> None:
    """Refuse files that hold test images which are closed for a visitor.

    Only images that are the same pixel by pixel are found: also mirrored, turned, negative, or grey
    in colour. Those that the training split has as well are nobody's secret.

    Args:
        folder: with the arrays of ``found``, as ``imported.stage`` made it.
        found: what was read.
        visitor: who imports it.

    Raises:
        SourceRejected: there are such images.
        ClassroomUnavailable: the database cannot be used.
    """
    if not visitor or not databases.exists():
        return
    closed = {name: title for (whose, name), title in _sealed().items() if whose == visitor}
    for name, title in closed.items():
        try:
            secret = _hashes(name)
        except DataUnavailable:
            continue  # nobody here has them
        shape = datasets.find(name).shape
        count = sum(hashed in secret for hashed in _of(imported.images_of(folder, found), shape))
        if count:
            images = (
                "1 image is a test image" if count == 1 else f"{count:,} images are test images"
            )
            raise SourceRejected(
                f"{images} of {datasets.find(name).title}, and these are closed for your class "
                f"until the teacher reveals the end of “{title}”. Leave them out of the files."
            )


_known: tuple[float, object, dict[tuple[str, str], str]] | None = None
_lock = threading.Lock()


def _sealed() -> dict[tuple[str, str], str]:
    """Return the title of the task that closes a data set for a visitor, by both.

    One query a second, whoever asks and how often.
    """
    global _known
    with _lock:
        now, database = time.monotonic(), databases.database()
        if _known is None or _known[1] is not database or now - _known[0] > KEPT:
            query = (
                select(MemberRow.visitor, TaskRow)
                .select_from(TaskRow)
                .join(MemberRow, MemberRow.class_id == TaskRow.class_id)
                .where(TaskRow.blind, TaskRow.opened.is_not(None), TaskRow.revealed.is_(None))
            )
            with database.read() as session:
                rows = session.execute(query.order_by(TaskRow.opened.desc())).all()
            found = {(visitor, row.dataset): given(row).task.title for visitor, row in rows}
            _known = (now, database, found)
        return _known[2]


def forget() -> None:
    """Ask the database anew at the next question; for what has just been opened or revealed."""
    global _known
    with _lock:
        _known = None


def _count(run: Run, dataset: str) -> None:
    """Note that a member opens the test set of a run, if it can be opened now."""
    if run.test_opened or not run.testable or sealed(run.visitor, dataset) is not None:
        return
    try:
        with databases.database().begin() as session:
            query = select(MemberRow.id).where(MemberRow.visitor == run.visitor)
            member_id = session.scalar(query)
            if member_id is not None:
                session.add(
                    LookRow(member_id=member_id, dataset=dataset, run_id=run.id, at=time.time())
                )
    except IntegrityError:
        pass  # counted already


@lru_cache(maxsize=4)
def _hashes(name: str) -> frozenset[int]:
    """Return the hashes of the test images of a data set, in all positions; a second, once."""
    train, test = (datasets.load(name, split).images for split in ("train", "test"))
    known = set(_of([train], train.shape[1:]))
    secret = np.array([hashed not in known for hashed in _of([test], test.shape[1:])], bool)
    images = test[secret]
    found: set[int] = set()
    for base in (images, 255 - images):
        for mirrored in (base, base[:, :, ::-1]):
            for turns in range(4):
                found.update(_of([np.rot90(mirrored, turns, (1, 2))], test.shape[1:]))
    return frozenset(found)


def _of(blocks: Iterable[np.ndarray], shape: tuple[int, ...]) -> Iterator[int]:
    """Return the hash of each image, uint8 (n, height, width, channels), that has the shape."""
    for images in blocks:
        if images.shape[1:3] != shape[:2]:
            return
        for first in range(0, len(images), _BLOCK):
            block = np.ascontiguousarray(images[first : first + _BLOCK])
            if block.shape[3] == 3 and shape[2] == 1:
                # Grey pictures are often saved in colour.
                grey = (block == block[..., :1]).all(axis=(1, 2, 3))
                block = np.ascontiguousarray(block[grey][..., :1])
            if block.shape[3] != shape[2]:
                return
            for image in block:
                digest = hashlib.blake2b(image.tobytes(), digest_size=8).digest()
                yield int.from_bytes(digest, "little")
