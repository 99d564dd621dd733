"""Our photos: a class makes a test set of its own, photo by photo.

The teacher opens a collection for a data set. Students send photos that came through the gate
(``core.imaging``) and were prepared as on every page, and say what they show; the teacher approves
each before anybody else sees it. Only the prepared picture is kept, unless the collection was
opened with the originals. Who took a photo is told to the teacher and to nobody else. The photos of
a student who was removed are neither shown nor counted, and are there again if that is undone.

What networks say about them is for ``photo_judging``.
"""

import hashlib
import io
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import datasets
from core.architectures.settings import count
from core.classroom.access import Action, check
from core.classroom.activities import check_taking_part, clear_wall, put_on_wall
from core.classroom.database import database
from core.classroom.guessing import own_member
from core.classroom.log import record
from core.classroom.people import Member, Person, State
from core.classroom.rows import class_row, is_id, member_row, row_of
from core.classroom.rows import member as member_of_row
from core.classroom.schema import CollectionRow, MemberRow, PhotoRow
from core.errors import ClassroomRefused

MOST = 10  # photos of one student in a collection
MOST_OF_ALL = 600  # photos in a collection
SIDE = 1024  # px; longest side of an original that is kept
QUALITY = 85  # of its JPEG
NO_COLLECTION = "There is no such collection of photos any more. Reload the page."
NO_PHOTO = "This photo is not there any more: it was taken back. Reload the page."
OVER = "The class does not collect photos now, so yours was not sent. Ask the teacher."
TWICE = "You have sent this photo already. Take another one."
_DATE = (2000, 1, 1, 0, 0, 0)  # of the entries: the same photos make the same file


class Stage(StrEnum):
    """What the teacher has decided about a photo."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"  # or hidden later


@dataclass(frozen=True)
class Collection:
    """A collection of photos.

    Attributes:
        id: in the database.
        class_id: of the class.
        dataset: whose classes the photos are of, and for whose networks they are prepared.
        originals: whether the photos themselves are kept too, for the teacher.
        opened: when, in seconds of the epoch.
        closed: when; None while students send.
        on_wall: whether the board shows it.
    """

    id: int
    class_id: int
    dataset: str
    originals: bool
    opened: float
    closed: float | None
    on_wall: bool

    @property
    def is_open(self) -> bool:
        """Whether students send photos now."""
        return self.closed is None

    @property
    def spec(self) -> datasets.DatasetSpec:
        """The data set."""
        return datasets.find(self.dataset)


@dataclass(frozen=True)
class Photo:
    """A photo as the networks see it.

    Attributes:
        id: in the database.
        collection_id: of the collection.
        label: its class.
        stage: what the teacher has decided.
        sent: when, in seconds of the epoch.
        pixels: uint8 of the shape of the data set's images.
        owner: who sent it; told to the teacher only, else None.
    """

    id: int
    collection_id: int
    label: int
    stage: Stage
    sent: float
    pixels: np.ndarray = field(repr=False, compare=False)
    owner: Member | None = None


# -- The teacher opens and closes ------------------------------------------------------------------


def open_collection(
    by: Person, class_id: int, dataset: str, *, originals: bool = False
) -> Collection:
    """Open a collection: students can send photos from now on.

    Args:
        by: the teacher.
        class_id: of the class.
        dataset: one of the built-in data sets.
        originals: whether the photos themselves are kept too; students are told before they send.

    Raises:
        ClassroomRefused: not a teacher, a collection is open, or there is no such data set.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS, class_id)
    if dataset not in datasets.DATASETS:
        raise ClassroomRefused("Photos are collected for a data set that comes with the app.")
    row = CollectionRow(
        class_id=class_id,
        dataset=dataset,
        originals=bool(originals),
        opened=time.time(),
        closed=None,
        on_wall=True,
    )
    with database().begin() as session:
        class_row(session, class_id, alone=True)
        _check_none_open(session, class_id)
        clear_wall(session, class_id)
        session.add(row)
        session.flush()
        record(session, class_id, f"Opened a collection of photos for {_title(dataset)}.")
        return _collection(row)


def close_collection(by: Person, collection_id: int) -> Collection:
    """Close a collection: nobody sends photos any more. What was sent stays.

    Raises:
        ClassroomRefused: not a teacher, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        row = _row(session, collection_id, alone=True)
        if row.closed is None:
            row.closed = time.time()
            record(session, row.class_id, f"Closed the collection for {_title(row.dataset)}.")
        return _collection(row)


def reopen_collection(by: Person, collection_id: int) -> Collection:
    """Let students send photos again; raises also where another collection is open."""
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        row = _row(session, collection_id)
        class_row(session, row.class_id, alone=True)
        if row.closed is not None:
            _check_none_open(session, row.class_id)
            row.closed = None
            record(session, row.class_id, f"Opened the collection for {_title(row.dataset)} again.")
        return _collection(row)


def show_on_wall(by: Person, collection_id: int, shown: bool) -> Collection:
    """Let the board show a collection, or not; errors as of ``close_collection``."""
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        row = _row(session, collection_id, alone=True)
        put_on_wall(session, row, shown)
        return _collection(row)


def remove_collection(by: Person, collection_id: int) -> None:
    """Delete a collection with all its photos; errors as of ``close_collection``."""
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        row = _row(session, collection_id, alone=True)
        session.delete(row)
        words = f"Removed the collection of photos for {_title(row.dataset)}, photos included."
        record(session, row.class_id, words)


def collections_of(by: Person, class_id: int) -> list[Collection]:
    """Return the collections of a class, the newest first.

    Raises:
        ClassroomRefused: not of the class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SEE_PHOTOS, class_id)
    query = select(CollectionRow).where(CollectionRow.class_id == class_id)
    with database().read() as session:
        return [
            _collection(row) for row in session.scalars(query.order_by(CollectionRow.id.desc()))
        ]


# -- A student -------------------------------------------------------------------------------------


def send(
    by: Person,
    collection_id: int,
    pixels: np.ndarray,
    label: object,
    picture: Image.Image | None = None,
) -> Photo:
    """Send a photo to the teacher.

    Args:
        by: the student.
        collection_id: of the collection.
        pixels: of the prepared picture, as ``core.imaging.prepare`` returns them.
        label: what it shows, a class from 0; may be anything.
        picture: the photo itself, as it came out of the gate; kept only where the collection keeps
            the originals.

    Raises:
        ClassroomRefused: it is not taken; the sentence says why.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        found = _collection(_row(session, collection_id))
    check(by, Action.SEND_PHOTO, found.class_id, member.id)
    content = _content(found, pixels)
    row = PhotoRow(
        collection_id=found.id,
        member_id=member.id,
        label=_label(found, label),
        stage=Stage.WAITING.value,
        pixels=content,
        digest=hashlib.sha256(content).hexdigest(),
        original=_jpeg(picture) if found.originals and picture is not None else None,
        sent=time.time(),
    )
    try:
        with database().begin() as session:
            collection = _row(session, found.id)
            # One at a time of a student: two tabs do not pass the limit together.
            check_taking_part(session, collection, member.id, OVER)
            _check_room(session, collection.id, member.id)
            session.add(row)
            session.flush()
            return _photo(row, found)
    except IntegrityError as error:
        raise ClassroomRefused(TWICE) from error


def take_back(by: Person, photo_id: int) -> None:
    """Delete a photo of one's own, whatever has become of it.

    Raises:
        ClassroomRefused: not one's own, or it is gone.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().begin() as session:
        row = row_of(session, PhotoRow, photo_id, NO_PHOTO)
        collection = _row(session, row.collection_id)
        check(by, Action.TAKE_BACK_PHOTO, collection.class_id, row.member_id)
        session.delete(row)


def own(by: Person, collection_id: int) -> list[Photo]:
    """Return the photos that a student has sent, the newest first.

    Raises:
        ClassroomRefused: not of the class, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        row = _row(session, collection_id)
        check(by, Action.SEE_PHOTOS, row.class_id)
        found = _collection(row)
        query = select(PhotoRow).where(
            PhotoRow.collection_id == found.id, PhotoRow.member_id == member.id
        )
        return [_photo(each, found) for each in session.scalars(query.order_by(PhotoRow.id.desc()))]


def approved(by: Person, collection_id: int) -> list[Photo]:
    """Return the photos that the teacher has approved, the newest first, without who took them.

    Raises:
        ClassroomRefused: not of the class, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        row = _row(session, collection_id)
        check(by, Action.SEE_PHOTOS, row.class_id)
        found = _collection(row)
        pairs = session.execute(counted(found.id).order_by(PhotoRow.id.desc()))
        return [_photo(each, found) for each, _ in pairs]


def counted(collection_id: int) -> Select[PhotoRow, MemberRow]:
    """Return the query of what is shown and counted: approved, and of nobody who was removed."""
    return of_stage(collection_id, Stage.APPROVED)


def of_stage(collection_id: int, stage: Stage) -> Select[PhotoRow, MemberRow]:
    """Return the query of the photos that are so far, with whose they are."""
    return (
        select(PhotoRow, MemberRow)
        .join(MemberRow, MemberRow.id == PhotoRow.member_id)
        .where(
            PhotoRow.collection_id == collection_id,
            PhotoRow.stage == stage.value,
            MemberRow.state != State.REMOVED.value,
        )
    )


# -- The teacher decides ---------------------------------------------------------------------------


def numbers(by: Person, collection_id: int) -> dict[Stage, int]:
    """Return how many photos there are of each stage.

    Raises:
        ClassroomRefused: not a teacher.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    with database().read() as session:
        return {
            stage: session.scalar(
                of_stage(collection_id, stage).with_only_columns(func.count(PhotoRow.id))
            )
            or 0
            for stage in Stage
        }


def queue(
    by: Person, collection_id: int, stage: Stage, *, start: int = 0, most: int = MOST_OF_ALL
) -> list[Photo]:
    """Return photos for the teacher, with who sent them: the waiting ones oldest first.

    Args:
        by: the teacher.
        collection_id: of the collection.
        stage: which photos; of those approved and refused the newest come first.
        start: how many to leave out before.
        most: photos.

    Raises:
        ClassroomRefused: not a teacher, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    order = PhotoRow.id if stage is Stage.WAITING else PhotoRow.id.desc()
    with database().read() as session:
        found = _collection(_row(session, collection_id))
        query = of_stage(found.id, stage).order_by(order).offset(start).limit(most)
        return [_photo(row, found, member_of_row(who)) for row, who in session.execute(query)]


def original(by: Person, photo_id: int) -> bytes | None:
    """Return the photo itself as a JPEG, for the teacher; None if it is not kept.

    Raises:
        ClassroomRefused: not a teacher.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    with database().read() as session:
        return session.scalar(select(PhotoRow.original).where(PhotoRow.id == photo_id))


def approve(by: Person, photo_ids: Sequence[int]) -> int:
    """Approve photos: the class sees them from now on. Those that are gone are left out.

    Returns:
        How many were approved.

    Raises:
        ClassroomRefused: not a teacher.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        known = [each for each in photo_ids if is_id(each)]
        rows = [session.get(PhotoRow, each, with_for_update=True) for each in known]
        changed = [row for row in rows if row is not None and row.stage != Stage.APPROVED.value]
        if len(changed) == 1:
            _change(session, changed[0], {"stage": Stage.APPROVED.value}, "Approved {}.")
        elif changed:
            for row in changed:
                row.stage = Stage.APPROVED.value
            class_id = _row(session, changed[0].collection_id).class_id
            record(session, class_id, f"Approved {count(len(changed), 'photo')}.")
        return len(changed)


def refuse(by: Person, photo_id: int) -> None:
    """Refuse a photo, or hide one that was approved: only who sent it sees it still.

    Its original, if it was kept, is deleted, and undoing this does not bring that back.

    Raises:
        ClassroomRefused: not a teacher, or the photo is gone.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        row = row_of(session, PhotoRow, photo_id, NO_PHOTO, alone=True)
        words = "Hid {}." if row.stage == Stage.APPROVED.value else "Refused {}."
        _change(session, row, {"stage": Stage.REFUSED.value}, words)
        row.original = None


def relabel(by: Person, photo_id: int, label: object) -> None:
    """Give a photo another label.

    Raises:
        ClassroomRefused: not a teacher, the photo is gone, or there is no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    with database().begin() as session:
        row = row_of(session, PhotoRow, photo_id, NO_PHOTO, alone=True)
        found = _collection(_row(session, row.collection_id))
        new = _label(found, label)
        _change(session, row, {"label": new}, f"Relabelled {{}} as {found.spec.classes[new]}.")


def archive(by: Person, collection_id: int, *, originals: bool = False) -> bytes:
    """Return the approved photos as a ZIP, a folder a class, which Explore can import.

    Nothing in it says who took a photo.

    Args:
        by: the teacher.
        collection_id: of the collection.
        originals: the photos themselves, as JPEG, instead of what the networks see, as PNG.

    Raises:
        ClassroomRefused: not a teacher, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT)
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as file,
        database().read() as session,
    ):
        found = _collection(_row(session, collection_id))
        for name, row in mixed(session, found):
            data = row.original if originals else _png(_photo(row, found).pixels)
            if data is not None:
                name += ".jpg" if originals else ".png"
                file.writestr(zipfile.ZipInfo(name, _DATE), data)
    return content.getvalue()


def mixed(session: Session, found: Collection) -> list[tuple[str, PhotoRow]]:
    """Return the photos that are counted, each with its name in the ZIP without the ending.

    In the order of sending, those of one student would lie side by side.
    """
    rows = [row for row, _ in session.execute(counted(found.id).order_by(PhotoRow.digest))]
    folders = [name.replace("/", "-") for name in found.spec.classes]
    return [(f"{folders[row.label]}/{number:04d}", row) for number, row in enumerate(rows, 1)]


# -- Rows ------------------------------------------------------------------------------------------


def _change(session: Session, row: PhotoRow, new: dict[str, Any], sentence: str) -> None:
    """Change columns of a photo so that it can be undone; ``{}`` stands for the photo."""
    before = {name: getattr(row, name) for name in new}
    if before == new:
        return
    found = _collection(_row(session, row.collection_id))
    who = member_of_row(member_row(session, row.member_id)).handle
    photo = f"a photo of {who}: {found.spec.classes[row.label]}"
    for name, value in new.items():
        setattr(row, name, value)
    record(session, found.class_id, sentence.format(photo), row, before, new)


def _check_none_open(session: Session, class_id: int) -> None:
    query = select(CollectionRow.id).where(
        CollectionRow.class_id == class_id, CollectionRow.closed.is_(None)
    )
    if session.scalar(query.limit(1)) is not None:
        raise ClassroomRefused("The class collects photos already. Close that collection first.")


def _check_room(session: Session, collection_id: int, member_id: int) -> None:
    sent = select(func.count(PhotoRow.id)).where(PhotoRow.collection_id == collection_id)
    if (session.scalar(sent.where(PhotoRow.member_id == member_id)) or 0) >= MOST:
        raise ClassroomRefused(
            f"You have sent {MOST} photos, the most for one student. Take one back to send another."
        )
    if (session.scalar(sent) or 0) >= MOST_OF_ALL:
        raise ClassroomRefused(
            f"The collection is full: it has {MOST_OF_ALL} photos. Tell your teacher."
        )


def _content(found: Collection, pixels: np.ndarray) -> bytes:
    """Return what is kept of a prepared picture."""
    shape = found.spec.shape
    if pixels.dtype != np.uint8 or pixels.shape[:2] != shape[:2] or pixels.size != np.prod(shape):
        raise ClassroomRefused(
            f"This photo was not prepared for {_title(found.dataset)}. Choose it again."
        )
    return pixels.tobytes()


def _label(found: Collection, label: object) -> int:
    if type(label) is int and 0 <= label < len(found.spec.classes):
        return label
    raise ClassroomRefused("Say what the photo shows: choose one of the classes.")


def _jpeg(picture: Image.Image) -> bytes:
    """Return a photo as it is kept: small enough, and without where and when it was taken."""
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY, exif=b"")
    return file.getvalue()


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def _title(dataset: str) -> str:
    return datasets.find(dataset).title


def _row(session: Session, collection_id: int, *, alone: bool = False) -> CollectionRow:
    return row_of(session, CollectionRow, collection_id, NO_COLLECTION, alone=alone)


def collection_of(session: Session, collection_id: int, *, alone: bool = False) -> Collection:
    """Return a collection, for ``photo_judging``; arguments and errors as of ``rows.row_of``."""
    return _collection(_row(session, collection_id, alone=alone))


def _collection(row: CollectionRow) -> Collection:
    return Collection(
        id=row.id,
        class_id=row.class_id,
        dataset=row.dataset,
        originals=row.originals,
        opened=row.opened,
        closed=row.closed,
        on_wall=row.on_wall,
    )


def _photo(row: PhotoRow, found: Collection, owner: Member | None = None) -> Photo:
    return Photo(
        id=row.id,
        collection_id=row.collection_id,
        label=row.label,
        stage=Stage(row.stage),
        sent=row.sent,
        pixels=np.frombuffer(row.pixels, np.uint8).reshape(found.spec.shape),
        owner=owner,
    )
