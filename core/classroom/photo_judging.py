"""What the networks of a class are worth on the class's own photos.

Every finished network of the class for the data set, and those that come with the app, are asked
about the approved photos, one network after the other in the background. What they say is kept by
photo, so that a network is asked once about each: a new label or a hidden photo needs no asking.

Photos of one student are alike, so the intervals are of students (``crowd.clustered_share``). The
best network is the one with the highest validation accuracy, and not the one that the photos happen
to suit: these are a test set.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import architectures, networks, runs
from core.classroom import photos, presence
from core.classroom.access import Action, check
from core.classroom.crowd import clustered_share
from core.classroom.database import database
from core.classroom.people import SERVER, Member, Person, State
from core.classroom.photos import Collection, Photo
from core.classroom.rows import member as member_of_row
from core.classroom.schema import MemberRow, PhotoAnswersRow, PhotoRow
from core.classroom.scores import Gap
from core.errors import AtelierError, ClassroomRefused
from core.evaluation import Share, share_of
from core.files import csv_text
from core.runs import Run

COLUMNS = (
    "photo",
    "student",
    "label",
    "called",
    "right",
    "network_of",
    "architecture",
    "run",
    "validation_accuracy",
)
MOST = 200  # networks of a class that are asked; those with the best validation accuracy
BROKE_OFF = "The judging broke off. Start it again: what was worked out is kept."


@dataclass(frozen=True)
class Judged:
    """A network on the photos of a class.

    Attributes:
        run_id: of its run.
        title: what its architecture is called.
        owner: whose it is; None if it comes with the app.
        validation: its accuracy on its validation images; None if that was not measured.
        photos: its accuracy on the photos, with as many photos as its interval is worth.
        right: how many photos it got right.
        gap: photos minus validation; None as ``validation``.
        matrix: int (classes, classes); rows are the labels of the photos.
    """

    run_id: str
    title: str
    owner: Member | None
    validation: Share | None
    photos: Share
    right: int
    gap: Gap | None
    matrix: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Figures:
    """How networks do on the photos of a class.

    Attributes:
        collection: of photos.
        approved: photos that there are.
        students: who took those, how many.
        judged: photos that every network here was asked about, and that the figures are of.
        networks: the highest validation accuracy first.
        best: the first one of the class; of those that come with the app, if it has none.
    """

    collection: Collection
    approved: int
    students: int
    judged: int
    networks: tuple[Judged, ...]

    @property
    def best(self) -> Judged | None:
        """The network that the result is told by."""
        own = [each for each in self.networks if each.owner is not None]
        return next(iter(own or self.networks), None)


@dataclass(frozen=True)
class Progress:
    """How far the judging of a collection is.

    Attributes:
        going: whether it goes on.
        done: networks that were asked.
        total: networks to be asked; 0 while they are looked for.
        failed: networks that could not be asked.
        problem: why it ended before its end, as a sentence.
    """

    going: bool
    done: int
    total: int
    failed: int
    problem: str | None


class _Work:
    """One judging, and the thread that does it."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.end = threading.Event()
        self.done = self.total = self.failed = 0
        self.problem: str | None = BROKE_OFF
        name = f"photos-{collection.id}"
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def progress(self) -> Progress:
        going = self.thread.is_alive()
        problem = None if going else self.problem
        return Progress(going, self.done, self.total, self.failed, problem)

    def _run(self) -> None:
        try:
            self._judge()
            self.problem = None
        except AtelierError as error:
            self.problem = str(error)

    def _judge(self) -> None:
        found = photos.approved(SERVER, self.collection.id)
        asked = _networks(self.collection)
        self.total = len(asked)
        with database().begin() as session:
            _forget_others(session, self.collection.id, {run.id for run, _ in asked})
        for run, member in asked:
            if self.end.is_set():
                return
            try:
                _ask(self.collection, run, member, found)
            except ClassroomRefused:  # the collection was removed meanwhile
                return
            except AtelierError:  # its network cannot be loaded, or its run is gone
                self.failed += 1
            self.done += 1


_lock = threading.Lock()
_works: dict[int, _Work] = {}  # the last judging of each collection in this process


def judge(by: Person, collection_id: int) -> None:
    """Have the networks of the class asked about the photos; returns at once.

    Does nothing where that goes on already.

    Raises:
        ClassroomRefused: not a teacher, no such collection, or no photo has been approved.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_PHOTOS)
    collection = _find(collection_id)
    if not photos.numbers(by, collection_id)[photos.Stage.APPROVED]:
        raise ClassroomRefused("There is no approved photo yet. Approve some first.")
    with _lock:
        work = _works.get(collection_id)
        if work is not None and work.thread.is_alive():
            return
        work = _works[collection_id] = _Work(collection)
        try:
            work.thread.start()
        except RuntimeError as error:  # no further thread
            del _works[collection_id]
            raise ClassroomRefused(
                "This server is too busy to begin. Judge the networks a little later."
            ) from error


def stop(by: Person, collection_id: int) -> None:
    """Stop the judging after the network that is being asked; what was worked out is kept.

    Raises:
        ClassroomRefused: not a teacher.
    """
    check(by, Action.RUN_PHOTOS)
    work = _works.get(collection_id)
    if work is not None:
        work.end.set()


def progress(collection_id: int) -> Progress | None:
    """Return how far the last judging is, by this server; None if there was none."""
    work = _works.get(collection_id)
    return None if work is None else work.progress()


def figures(by: Person, collection_id: int) -> Figures:
    """Return what the networks are worth on the photos, as far as they were asked.

    Raises:
        ClassroomRefused: not of the class, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    collection = _find(collection_id)
    check(by, Action.SEE_PHOTOS, collection.class_id)
    answers = (
        select(PhotoAnswersRow, MemberRow)
        .outerjoin(MemberRow, MemberRow.id == PhotoAnswersRow.member_id)
        .where(PhotoAnswersRow.collection_id == collection_id)
    )
    with database().read() as session:
        known = photos.counted(collection_id).with_only_columns(
            PhotoRow.id, PhotoRow.label, PhotoRow.member_id
        )
        photo_rows = session.execute(known).all()
        labels = {photo: label for photo, label, _ in photo_rows}
        owners = {photo: whose for photo, _, whose in photo_rows}
        rows = [
            (row, None if who is None else member_of_row(who))
            for row, who in session.execute(answers.order_by(PhotoAnswersRow.id))
            if who is None or who.state != State.REMOVED.value
        ]
    said = [{pair[0]: pair[1] for pair in row.said} for row, _ in rows]
    common = sorted(set(labels).intersection(*said)) if rows else []
    truth = np.array([labels[each] for each in common], int)
    whose = np.array([owners[each] for each in common], int)
    judged = [
        _judged(collection, row, who, truth, np.array([told[each] for each in common], int), whose)
        for (row, who), told in zip(rows, said, strict=True)
        if common
    ]
    judged.sort(key=lambda each: each.validation.value if each.validation else -1.0, reverse=True)
    return Figures(
        collection=collection,
        approved=len(labels),
        students=len(set(owners.values())),
        judged=len(common),
        networks=tuple(judged),
    )


def spreadsheet(by: Person, collection_id: int) -> str:
    """Return what each network says of each photo as CSV, without whose photos they are.

    Students have numbers, in the mixed order of the photos, which have their names of the ZIP.

    Raises:
        ClassroomRefused: not a teacher, or no such collection.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT)
    found = figures(by, collection_id)
    names = found.collection.spec.classes
    with database().read() as session:
        photo_rows = photos.mixed(session, found.collection)
        said = {
            row.run_id: {photo: label for photo, label in row.said}  # noqa: C416 - lists of two
            for row in session.scalars(_answers(collection_id))
        }
    students = dict.fromkeys(row.member_id for _, row in photo_rows)  # in order, each once
    number = {whose: 1 + place for place, whose in enumerate(students)}
    lines: list[tuple[Any, ...]] = []
    for name, row in photo_rows:
        for each in found.networks:
            label = said.get(each.run_id, {}).get(row.id)
            if label is None:  # approved after the network was asked
                continue
            lines.append(
                (
                    f"{name}.png",
                    number[row.member_id],
                    names[row.label],
                    names[label],
                    int(label == row.label),
                    "" if each.owner is None else each.owner.name,
                    each.title,
                    each.run_id,
                    None if each.validation is None else each.validation.value,
                )
            )
    return csv_text(COLUMNS, lines)


def _judged(
    collection: Collection,
    row: PhotoAnswersRow,
    who: Member | None,
    truth: np.ndarray,
    said: np.ndarray,
    whose: np.ndarray,
) -> Judged:
    classes = len(collection.spec.classes)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, said), 1)
    validation = share_of(row.val_accuracy, row.val_count)
    share = clustered_share(said == truth, whose)
    return Judged(
        run_id=row.run_id,
        title=row.title,
        owner=who,
        validation=validation,
        photos=share,
        right=int((said == truth).sum()),
        gap=None if validation is None else Gap.between(share, validation),
        matrix=matrix,
    )


def _find(collection_id: int) -> Collection:
    with database().read() as session:
        return photos.collection_of(session, collection_id)


def _networks(collection: Collection) -> list[tuple[Run, Member | None]]:
    """Return the runs whose networks are asked, with whose they are: the best first.

    Those that come with the app are last, so that they are the ones that stay loaded.
    """
    members = {
        each.visitor: each
        for each in presence.members(collection.class_id, everybody=True)
        if each.state is not State.REMOVED
    }
    bundled = [run for run in runs.list_bundled() if _is_for(run, collection)]
    own = [run for run in runs.list_runs() if run.visitor in members and _is_for(run, collection)]
    own.sort(key=_validation, reverse=True)
    return [(run, members[run.visitor]) for run in own[:MOST]] + [(run, None) for run in bundled]


def _is_for(run: Run, collection: Collection) -> bool:
    finished = run.state is runs.State.FINISHED and run.network is not None
    return finished and run.config is not None and run.config.dataset == collection.dataset


def _validation(run: Run) -> float:
    accuracy = None if run.told is None else run.told.val_accuracy
    return -1.0 if accuracy is None else accuracy


def _forget_others(session: Session, collection_id: int, kept: set[str]) -> None:
    """Delete what networks said that are gone: they cannot be asked about new photos."""
    for row in session.scalars(_answers(collection_id)):
        if row.run_id not in kept:
            session.delete(row)


def _ask(collection: Collection, run: Run, member: Member | None, found: list[Photo]) -> None:
    """Ask a network about the photos that it has not been asked about, and keep what it says.

    Raises:
        ModelUnavailable, RunNotFound: it cannot be asked.
        ClassroomRefused: the collection is gone.
        ClassroomUnavailable: the database cannot be used.
    """
    assert run.config is not None and run.told is not None, "it has finished"
    with database().read() as session:
        row = session.scalar(_answers(collection.id).where(PhotoAnswersRow.run_id == run.id))
        known = set() if row is None else {photo for photo, _ in row.said}
    new = [each for each in found if each.id not in known]
    if not new:
        return
    told = networks.load(networks.of_run(run)).probabilities(np.stack([p.pixels for p in new]))
    said = [[each.id, int(label)] for each, label in zip(new, told.argmax(axis=1), strict=True)]
    with database().begin() as session:
        photos.collection_of(session, collection.id, alone=True)
        row = session.scalar(_answers(collection.id).where(PhotoAnswersRow.run_id == run.id))
        if row is None:
            row = PhotoAnswersRow(
                collection_id=collection.id,
                run_id=run.id,
                member_id=None if member is None else member.id,
                title=architectures.find(run.config.architecture).title,
                val_accuracy=run.told.val_accuracy,
                val_count=run.config.validation_count,
                said=[],
            )
            session.add(row)
        here = {each.id for each in found}
        # Of photos that were taken back since, nothing is kept.
        row.said = [pair for pair in row.said if pair[0] in here] + said


def _answers(collection_id: int) -> Select[PhotoAnswersRow]:
    return select(PhotoAnswersRow).where(PhotoAnswersRow.collection_id == collection_id)
