"""The tables of the classes.

Times are seconds of the epoch. Nothing personal has a column: no address of a person or of a
computer, no browser. What opens a door is stored as its SHA-256 hash; only the visitor's id of a
member is as it is, since the run folders say by it whose they are.

A table whose rows belong to a class has a foreign key to it that deletes them with it. One with
``COPIED = True`` and a ``class_id`` is copied when the class is, but for the columns in ``FRESH``.
"""

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = 2  # a new table needs no new one; a changed one does, and a step in ``migrations``

CLASS = "classes.id"
MEMBER = "members.id"
TASK = "tasks.id"


class Base(DeclarativeBase):
    """A table of the classes."""

    COPIED: ClassVar[bool] = False
    FRESH: ClassVar[tuple[str, ...]] = ()
    ONE_OPEN: ClassVar[bool] = False  # of a class, one row at most has no ``closed``
    type_annotation_map: ClassVar = {float: Double}


class AboutRow(Base):
    """What is known about the database itself: its version, and the server's key."""

    __tablename__ = "about"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(100))


class ClassRow(Base):
    """A class; ``people.Classroom`` says what its columns are."""

    __tablename__ = "classes"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id is given once

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    title: Mapped[str] = mapped_column(String(60))
    opened: Mapped[float]
    closed: Mapped[float | None]
    delete_after: Mapped[float] = mapped_column(index=True)
    nicknames: Mapped[bool]
    most: Mapped[int]
    message: Mapped[str | None] = mapped_column(String(500))
    message_at: Mapped[float | None]
    epochs: Mapped[int | None]
    seconds: Mapped[float | None]
    waiting: Mapped[int | None]


class MemberRow(Base):
    """A student in a class; ``people.Member`` says what its columns are."""

    __tablename__ = "members"
    __table_args__ = (
        # Also of those who left or were removed: nobody takes over another's name.
        UniqueConstraint("class_id", "handle_key"),
        UniqueConstraint("class_id", "public_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"))
    visitor: Mapped[str] = mapped_column(String(32), unique=True)
    public_id: Mapped[str] = mapped_column(String(12))
    handle: Mapped[str] = mapped_column(String(40))
    handle_key: Mapped[str] = mapped_column(String(80))  # the same for names that look alike
    joined: Mapped[float]
    seen: Mapped[float]
    page: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    hidden: Mapped[bool]


class TokenRow(Base):
    """What opens a door: a cookie, a ticket, a device code or a teacher's link, as its hash."""

    __tablename__ = "tokens"
    __table_args__ = (Index("tokens_of_member", "member_id"), Index("tokens_from", "parent"))

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    member_id: Mapped[int | None] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"))
    # Of a ticket the token it was made from, and of a token the one before the ticket.
    parent: Mapped[str | None] = mapped_column(String(64))
    made: Mapped[float]
    expires: Mapped[float | None] = mapped_column(index=True)  # None: with the class


class ActionRow(Base):
    """What a teacher did, and how to undo it; ``log`` says more."""

    __tablename__ = "actions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"), index=True)
    at: Mapped[float]
    sentence: Mapped[str] = mapped_column(String(700))
    # The row that was changed, and its columns before and after; None: cannot be undone.
    table: Mapped[str | None] = mapped_column(String(40))
    row_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    undone: Mapped[float | None]


class LeftoverRow(Base):
    """An owner of runs and data sets that are to be deleted: of a deleted class, or the class."""

    __tablename__ = "leftovers"

    visitor: Mapped[str] = mapped_column(String(32), primary_key=True)
    since: Mapped[float]


class TaskRow(Base):
    """A task of a class; ``given.Given`` says what its columns are."""

    __tablename__ = "tasks"
    COPIED = True
    FRESH = ("opened", "closed", "revealed")

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"), index=True)
    place: Mapped[int]
    text: Mapped[str] = mapped_column(Text)  # the task, as TOML: a bundled one may change
    dataset: Mapped[str] = mapped_column(String(60))
    blind: Mapped[bool]  # whether it closes the test set of the data set
    opened: Mapped[float | None]
    closed: Mapped[float | None]
    revealed: Mapped[float | None]


class GuessRow(Base):
    """What a student guessed before the first run of a task."""

    __tablename__ = "guesses"
    __table_args__ = (UniqueConstraint("task_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey(TASK, ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    value: Mapped[Any] = mapped_column(JSON)
    at: Mapped[float]


class TaskRunRow(Base):
    """A run that a student started for a task."""

    __tablename__ = "task_runs"
    __table_args__ = (UniqueConstraint("task_id", "member_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey(TASK, ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    run_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[float]


class HandInRow(Base):
    """A run that a student handed in, with all that places are worked out from.

    The run's folder may be gone by the time when the end is revealed.
    """

    __tablename__ = "hand_ins"
    __table_args__ = (
        UniqueConstraint("task_id", "member_id", "run_id"),
        # Two tabs at once are one hand-in.
        UniqueConstraint("task_id", "member_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey(TASK, ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    number: Mapped[int]  # from 1
    run_id: Mapped[str] = mapped_column(String(80))
    sentence: Mapped[str] = mapped_column(String(280))
    answer: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    at: Mapped[float]
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    val_accuracy: Mapped[float | None]
    val_count: Mapped[int]
    parameters: Mapped[int]
    seconds: Mapped[float]
    # What is placed by another measure: value, low, high; None until it is worked out.
    measure: Mapped[list[float | None] | None] = mapped_column(JSON(none_as_null=True))
    # Which test images it answered rightly, a bit each; None where they do not count.
    right: Mapped[bytes | None] = mapped_column(LargeBinary)


class LookRow(Base):
    """That a student opened the test set of a run."""

    __tablename__ = "looks"
    __table_args__ = (UniqueConstraint("member_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"))
    dataset: Mapped[str] = mapped_column(String(60))
    run_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[float]


class BeatRow(Base):
    """A round of Beat the network; ``beating.Round`` says what of it may be known."""

    __tablename__ = "beats"

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"), index=True)
    dataset: Mapped[str] = mapped_column(String(60))
    seed: Mapped[int]  # that the images were drawn with
    images: Mapped[list[int]] = mapped_column(JSON)  # indices in the test split
    truth: Mapped[list[int]] = mapped_column(JSON)
    network: Mapped[str] = mapped_column(String(120))  # what it is called
    said: Mapped[list[int]] = mapped_column(JSON)  # by the network, when the round was opened
    opened: Mapped[float]
    closed: Mapped[float | None]
    on_wall: Mapped[bool]


class BeatAnswerRow(Base):
    """An image that a student was shown in a round, and what they called it in time."""

    __tablename__ = "beat_answers"
    __table_args__ = (UniqueConstraint("beat_id", "member_id", "turn"),)  # also from two tabs

    id: Mapped[int] = mapped_column(primary_key=True)
    beat_id: Mapped[int] = mapped_column(ForeignKey("beats.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    turn: Mapped[int]  # of the student, from 1
    place: Mapped[int]  # in the round's images, from 0
    shown: Mapped[float]
    answer: Mapped[int | None]
    at: Mapped[float | None]  # None: no answer (yet)


class ExperimentRow(Base):
    """An experiment of a class; ``experiments.Experiment`` says what its columns are."""

    __tablename__ = "experiments"
    ONE_OPEN = True

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"), index=True)
    question: Mapped[str] = mapped_column(String(200))
    setting: Mapped[str] = mapped_column(String(40))
    values: Mapped[list[Any]] = mapped_column(JSON)
    configs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # of a run, one for each value
    opened: Mapped[float]
    closed: Mapped[float | None]
    on_wall: Mapped[bool]


class PartRow(Base):
    """A run of an experiment: a value and a seed, and who is to train it.

    Its result is kept here: the run's folder may be gone later.
    """

    __tablename__ = "experiment_parts"
    __table_args__ = (
        UniqueConstraint("experiment_id", "place", "seed"),
        UniqueConstraint("experiment_id", "member_id"),  # also from two tabs
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    place: Mapped[int]  # of the value, from 0
    seed: Mapped[int]
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    dealt: Mapped[float]  # or its last run failed
    run_id: Mapped[str | None] = mapped_column(String(80))
    failures: Mapped[int]
    accuracy: Mapped[float | None]
    images: Mapped[int]  # that the accuracy was measured on
    ended: Mapped[float | None]  # None while there is no result


class CourtRow(Base):
    """A label court; ``court.Court`` says what of it may be known."""

    __tablename__ = "courts"

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"), index=True)
    dataset: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(200))  # of the doubts, in words
    seed: Mapped[int]  # of the order in which each judge gets images and answers
    share: Mapped[int]  # images of one judge
    images: Mapped[list[int]] = mapped_column(JSON)  # indices in the training split
    given: Mapped[list[int]] = mapped_column(JSON)
    suspected: Mapped[list[int]] = mapped_column(JSON)
    doubt: Mapped[list[float]] = mapped_column(JSON)  # 0 to 1
    clear: Mapped[list[bool]] = mapped_column(JSON)  # whether it is there to judge the judges
    opened: Mapped[float]
    closed: Mapped[float | None]
    on_wall: Mapped[bool]
    corrected: Mapped[str | None] = mapped_column(String(60))  # the data set that was made of it


class JudgementRow(Base):
    """An image that a student was dealt in a court, and what they said of it."""

    __tablename__ = "judgements"
    __table_args__ = (
        UniqueConstraint("court_id", "member_id", "turn"),  # also from two tabs
        UniqueConstraint("court_id", "member_id", "place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    court_id: Mapped[int] = mapped_column(ForeignKey("courts.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    turn: Mapped[int]  # of the student, from 1
    place: Mapped[int]  # in the court's images, from 0
    dealt: Mapped[float]
    answer: Mapped[int | None]  # a ``court.Answer``, not the button
    at: Mapped[float | None]  # None: no answer (yet)


class TrialRow(Base):
    """A run that measures what the corrected labels of a court change.

    Its result is kept here: the run's folder may be gone later.
    """

    __tablename__ = "court_trials"
    __table_args__ = (UniqueConstraint("court_id", "corrected", "seed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    court_id: Mapped[int] = mapped_column(ForeignKey("courts.id", ondelete="CASCADE"))
    corrected: Mapped[bool]  # whether it learns from the corrected labels
    seed: Mapped[int]
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_id: Mapped[str] = mapped_column(String(80))
    by_given: Mapped[float | None]  # accuracy by the given labels of its validation images
    by_corrected: Mapped[float | None]  # and by the corrected ones
    images: Mapped[int]  # validation images
    changed: Mapped[int]  # those of them whose label the court has corrected
    ended: Mapped[float | None]  # None while it goes on


class CollectionRow(Base):
    """A collection of the class's own photos; ``photos.Collection`` says what its columns are."""

    __tablename__ = "photo_collections"

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey(CLASS, ondelete="CASCADE"), index=True)
    dataset: Mapped[str] = mapped_column(String(60))
    originals: Mapped[bool]
    opened: Mapped[float]
    closed: Mapped[float | None]
    on_wall: Mapped[bool]


class PhotoRow(Base):
    """A photo that a student sent to a collection."""

    __tablename__ = "photos"
    __table_args__ = (
        UniqueConstraint("collection_id", "member_id", "digest"),  # also from two tabs
        {"sqlite_autoincrement": True},  # what a network said is of one photo and no later one
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(
        ForeignKey("photo_collections.id", ondelete="CASCADE")
    )
    member_id: Mapped[int] = mapped_column(ForeignKey(MEMBER, ondelete="CASCADE"), index=True)
    label: Mapped[int]
    stage: Mapped[str] = mapped_column(String(10))
    # What the networks see: uint8 of the shape of the data set's images, in C order.
    pixels: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))  # of the pixels
    # The photo itself as a JPEG, where the teacher has asked for it; read only when it is wanted.
    original: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    sent: Mapped[float]


class PhotoAnswersRow(Base):
    """What a network calls the photos of a collection, whatever becomes of its run."""

    __tablename__ = "photo_answers"
    __table_args__ = (UniqueConstraint("collection_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(
        ForeignKey("photo_collections.id", ondelete="CASCADE")
    )
    run_id: Mapped[str] = mapped_column(String(80))
    # Whose network it is; None: it comes with the app.
    member_id: Mapped[int | None] = mapped_column(
        ForeignKey(MEMBER, ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(String(120))
    val_accuracy: Mapped[float | None]
    val_count: Mapped[int]
    said: Mapped[list[list[int]]] = mapped_column(JSON)  # pairs: a photo, what it was called
