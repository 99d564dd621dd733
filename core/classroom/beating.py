"""Beat the network: a class and a network say of the same test images what they see.

The teacher opens a round on a data set; its images are drawn then, as many of each class as can be,
and what the network says of them is kept, whatever becomes of its run. Each student gets the images
in an order of their own, and has ``SECONDS`` for each by the server's clock. What an image is
leaves the server when the round is closed, and not before: a neighbour may still be looking at it.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import architectures, datasets, evaluation, runs
from core.classroom import presence
from core.classroom.access import Action, check
from core.classroom.activities import check_taking_part, clear_wall, put_on_wall
from core.classroom.crowd import crowd_share, paired_gap
from core.classroom.database import database
from core.classroom.guessing import own_member
from core.classroom.log import record
from core.classroom.people import Person, State
from core.classroom.rows import class_row, row_of
from core.classroom.schema import BeatAnswerRow, BeatRow, MemberRow, TaskRow
from core.classroom.scores import Gap
from core.errors import ClassroomRefused
from core.evaluation import Paired, Share, mcnemar
from core.runs import Run

IMAGES = 20  # of a round
SECONDS = 10.0  # for an image
GRACE = 1.5  # seconds more, in which the picture and the answer are on their way
NO_ROUND = "There is no such round any more. Reload the page."
OVER = "The round is closed, so this answer does not count. Look at the results."


@dataclass(frozen=True)
class Opponent:
    """A network that a round can be played against.

    Attributes:
        run_id: of its run.
        title: what it is called.
    """

    run_id: str
    title: str


@dataclass(frozen=True)
class Round:
    """A round, without what must not be known while it is open.

    Attributes:
        id: in the database.
        class_id: of the class.
        dataset: that the images are of.
        network: what the network is called.
        count: images.
        opened: when, in seconds of the epoch.
        closed: when; None while students answer.
        on_wall: whether the board shows it.
    """

    id: int
    class_id: int
    dataset: str
    network: str
    count: int
    opened: float
    closed: float | None
    on_wall: bool

    @property
    def is_open(self) -> bool:
        """Whether students answer now."""
        return self.closed is None


@dataclass(frozen=True)
class Turn:
    """Where a student is in a round.

    Attributes:
        number: of the image that was shown last, from 1; 0 before the first.
        count: images of the round.
        left: seconds for that image; None if there is none to be answered now.
        image: its index in the test split, which stays on the server; None as ``left``.
        missed: whether the last one was not answered in time.
        right: how many were right, once all were shown; None before that.
    """

    number: int
    count: int
    left: float | None
    image: int | None
    missed: bool
    right: int | None

    @property
    def done(self) -> bool:
        """Whether all images were shown and their time is over."""
        return self.left is None and self.number == self.count


@dataclass(frozen=True)
class Tile:
    """What an image was called.

    Attributes:
        image: its index in the test split.
        truth: its class.
        right: the share of the class that was right, 0 to 1.
        count: students who were shown it.
        said: students by what they called it, the most first; those without an answer in none.
        network: what the network called it.
    """

    image: int
    truth: int
    right: float
    count: int
    said: tuple[tuple[int, int], ...]
    network: int


@dataclass(frozen=True)
class Said:
    """What a student called an image, or that they called it nothing in time.

    Attributes:
        member_id: of the student.
        turn: which image of the student's it was, from 1.
        image: its index in the test split.
        truth: its class.
        answer: what it was called; None for nothing.
        at: when it was answered, in seconds of the epoch, or was shown if it was not.
    """

    member_id: int
    turn: int
    image: int
    truth: int
    answer: int | None
    at: float


@dataclass(frozen=True)
class Vote:
    """What the class says by its commonest answer; where two are as common, by none.

    Attributes:
        share: the accuracy.
        paired: beside the network's.
    """

    share: Share
    paired: Paired


@dataclass(frozen=True)
class Figures:
    """How a class does beside the network, on the images that students have been shown.

    Attributes:
        round: the round.
        players: students who were shown an image.
        done: those of them who are through.
        answers: images that were answered or whose time is over, of all students.
        missed: those of them that have no answer.
        crowd: the accuracy of the class, the mean over the images; None before the first answer.
        network: the accuracy of the network on the same images.
        gap: class minus network, paired by image.
        vote: what the class says together.
        matrix: answers of the class, int (classes, classes); rows are the truth.
        network_matrix: answers of the network on the same images.
        tiles: the images, hardest for the class first; none while the round is open, or while the
            test images are closed for the class by a task.
    """

    round: Round
    players: int
    done: int
    answers: int
    missed: int
    crowd: Share | None
    network: Share | None
    gap: Gap | None
    vote: Vote | None
    matrix: np.ndarray
    network_matrix: np.ndarray
    tiles: tuple[Tile, ...]


# -- The teacher -----------------------------------------------------------------------------------


def opponents(by: Person, class_id: int, dataset: str) -> list[Opponent]:
    """Return the networks that a round can be played against, the bundled ones first.

    Of the class it is the finished run with the highest validation accuracy.

    Raises:
        ClassroomRefused: not a teacher.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_BEAT, class_id)
    found = [
        Opponent(run.id, f"Bundled model ({_title(run)})")
        for run in runs.list_bundled()
        if _has_answers(run, dataset)
    ]
    members = {member.visitor for member in presence.members(class_id)}
    own = [
        run
        for run in runs.list_runs()
        if run.visitor in members and not run.unfinished and _has_answers(run, dataset)
    ]
    best = max(own, key=_validation, default=None)
    if best is not None and _validation(best) >= 0:
        words = f"{_title(best)}, {100 * _validation(best):.1f} % on validation images"
        found.append(Opponent(best.id, f"Best run of the class: {words}"))
    return found


def open_round(
    by: Person, class_id: int, dataset: str, run_id: str, seed: int | None = None
) -> Round:
    """Open a round: draw its images, ask the network, and let the class answer.

    Args:
        by: the teacher.
        class_id: of the class.
        dataset: one of the built-in data sets.
        run_id: of one of ``opponents``.
        seed: to draw with; None for a fresh one.

    Raises:
        ClassroomRefused: not a teacher, a round is open, the test images are closed for the class,
            or there is no such network.
        DataUnavailable: the images are not on this machine.
        RunDamaged: the network's answers cannot be read.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_BEAT, class_id)
    if dataset not in datasets.DATASETS:
        raise ClassroomRefused("A round is played on a data set that comes with the app.")
    chosen = {each.run_id: each for each in opponents(by, class_id, dataset)}.get(run_id)
    if chosen is None:
        raise ClassroomRefused(
            "This network cannot play: it is not for this data set, or its run is gone. Choose "
            "another one."
        )
    seed = secrets.randbelow(2**31) if seed is None else seed
    answers = evaluation.answers_of(runs.read(run_id), evaluation.TEST)
    images = draw(answers.labels, seed)
    row = BeatRow(
        class_id=class_id,
        dataset=dataset,
        seed=seed,
        images=images,
        truth=answers.labels[images].tolist(),
        network=chosen.title,
        said=answers.predicted[images].tolist(),
        opened=time.time(),
        closed=None,
        on_wall=True,
    )
    with database().begin() as session:
        class_row(session, class_id, alone=True)
        if _is_sealed(session, class_id, dataset):
            raise ClassroomRefused(
                f"The test images of {datasets.find(dataset).title} are closed for the class until "
                "you reveal the end of its task. Reveal it first, or choose another data set."
            )
        for each in session.scalars(select(BeatRow).where(BeatRow.class_id == class_id)):
            if each.closed is None:
                raise ClassroomRefused("A round is open already. Close it first.")
        clear_wall(session, class_id)
        session.add(row)
        session.flush()
        title = datasets.find(dataset).title
        record(session, class_id, f"Opened a round of Beat the network on {title}.")
        return _round(row)


def close_round(by: Person, round_id: int) -> Round:
    """Close a round: no answer counts any more, and all see what the images are.

    So it cannot be undone.

    Raises:
        ClassroomRefused: not a teacher, or no such round.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_BEAT)
    with database().begin() as session:
        row = _row(session, round_id, alone=True)
        if row.closed is None:
            row.closed = time.time()
            record(session, row.class_id, "Closed a round of Beat the network.")
        return _round(row)


def show_on_wall(by: Person, round_id: int, shown: bool) -> Round:
    """Let the board show a round, or not; errors as of ``close_round``."""
    check(by, Action.RUN_BEAT)
    with database().begin() as session:
        row = _row(session, round_id, alone=True)
        put_on_wall(session, row, shown)
        return _round(row)


def draw(labels: np.ndarray, seed: int, count: int = IMAGES) -> list[int]:
    """Draw images with a seed, as many of each class as can be, in a mixed order.

    Args:
        labels: int (n,), the truth of all images.
        seed: of the draw: the same one draws the same.
        count: images; fewer where there are not so many.
    """
    random = np.random.default_rng(seed)
    queues = [
        random.permutation(np.flatnonzero(labels == label)).tolist() for label in np.unique(labels)
    ]
    drawn: list[int] = []
    count = min(count, len(labels))
    while len(drawn) < count:
        # One of each class, in an order of its own: it matters in the last turn alone.
        for which in random.permutation(len(queues)):
            if queues[which] and len(drawn) < count:
                drawn.append(queues[which].pop())
    return [drawn[place] for place in random.permutation(count)]


# -- A student -------------------------------------------------------------------------------------


def rounds_of(by: Person, class_id: int) -> list[Round]:
    """Return the rounds of a class, the newest first.

    Raises:
        ClassroomRefused: not of the class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SEE_BEAT, class_id)
    query = select(BeatRow).where(BeatRow.class_id == class_id).order_by(BeatRow.id.desc())
    with database().read() as session:
        return [_round(row) for row in session.scalars(query)]


def turn(by: Person, round_id: int) -> Turn:
    """Return where a student is in a round.

    Raises:
        ClassroomRefused: not of the class, or no such round.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        row = _row(session, round_id)
        check(by, Action.SEE_BEAT, row.class_id)
        return _turn(row, _answers(session, row.id, member.id), time.time())


def show_next(by: Person, round_id: int) -> Turn:
    """Show a student the next image: its time begins. One that is being shown stays.

    Raises:
        ClassroomRefused: not of the class, or the round is closed.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    try:
        with database().begin() as session:
            row = _playing(session, by, round_id)
            known = _answers(session, row.id, member.id)
            now = time.time()
            at = _turn(row, known, now)
            if at.left is None and not at.done:
                order = np.random.default_rng([row.seed, member.id]).permutation(len(row.images))
                new = BeatAnswerRow(
                    beat_id=row.id,
                    member_id=member.id,
                    turn=at.number + 1,
                    place=int(order[at.number]),
                    shown=now,
                    answer=None,
                    at=None,
                )
                session.add(new)
                session.flush()
                known = [*known, new]
            return _turn(row, known, now)
    except IntegrityError:
        return turn(by, round_id)  # another server was quicker


def answer(by: Person, round_id: int, number: object, label: object) -> None:
    """Keep what a student calls an image; the first answer counts, if it is in time.

    Args:
        by: the student.
        round_id: of the round.
        number: which image it is about, as ``Turn`` says.
        label: the class; None for none, which ends the time for this image. Both may be anything.

    Raises:
        ClassroomRefused: it does not count; the sentence says why.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().begin() as session:
        row = _playing(session, by, round_id)
        classes = len(datasets.find(row.dataset).classes)
        if label is not None and not (type(label) is int and 0 <= label < classes):
            raise ClassroomRefused("This answer is none of the classes, so it does not count.")
        known = _answers(session, row.id, member.id)
        if type(number) is not int or not 1 <= number <= len(known):
            raise ClassroomRefused(
                "This answer is about an image that you have not been shown, so it does not count."
            )
        asked, now = known[number - 1], time.time()
        if asked.at is not None and asked.answer is not None:
            raise ClassroomRefused(
                f"Image {number} has your answer already. The first answer counts."
            )
        late = now - asked.shown - SECONDS
        if late > GRACE or asked.at is not None:
            raise ClassroomRefused(
                f"Too late: by the server's clock the {SECONDS:g} s for image "
                f"{number} were over, so this answer does not count."
            )
        asked.answer, asked.at = label, now


# -- How it went -----------------------------------------------------------------------------------


def sees(by: Person, round_id: int) -> bool:
    """Tell whether somebody may see figures of a round: when it is over for them, a teacher always.

    Raises:
        ClassroomRefused: not of the class, or no such round.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        row = _row(session, round_id)
        check(by, Action.SEE_BEAT, row.class_id)
        if by.teacher or row.closed is not None:
            return True
        return _turn(row, _answers(session, row.id, own_member(by).id), time.time()).done


def figures(by: Person, round_id: int) -> Figures:
    """Return how a class does beside the network.

    Raises:
        ClassroomRefused: not of the class, no such round, or it is not over yet for who asks.
        ClassroomUnavailable: the database cannot be used.
    """
    if not sees(by, round_id):
        raise ClassroomRefused("Answer all images first: then you see how the class does.")
    here = MemberRow.state != State.REMOVED.value
    query = (
        select(BeatAnswerRow)
        .join(MemberRow, MemberRow.id == BeatAnswerRow.member_id)
        .where(BeatAnswerRow.beat_id == round_id, here)
    )
    with database().read() as session:
        row = _row(session, round_id)
        rows = session.scalars(query.order_by(BeatAnswerRow.turn)).all()
        sealed = _is_sealed(session, row.class_id, row.dataset)
    found = _figures(row, rows, time.time())
    return replace(found, tiles=()) if sealed else found


def answers(by: Person, round_id: int) -> list[Said]:
    """Return all answers of a round for the teacher, by student and turn.

    None while it is open, or while the test images are closed for the class by a task: what an
    image is would be among them.

    Raises:
        ClassroomRefused: not a teacher, or no such round.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT)
    query = select(BeatAnswerRow).where(BeatAnswerRow.beat_id == round_id)
    with database().read() as session:
        row = _row(session, round_id)
        if row.closed is None or _is_sealed(session, row.class_id, row.dataset):
            return []
        rows = session.scalars(query.order_by(BeatAnswerRow.member_id, BeatAnswerRow.turn)).all()
    return [
        Said(
            each.member_id,
            each.turn,
            row.images[each.place],
            row.truth[each.place],
            each.answer,
            each.shown if each.at is None else each.at,
        )
        for each in rows
    ]


def _figures(row: BeatRow, rows: Sequence[BeatAnswerRow], now: float) -> Figures:
    classes, count = len(datasets.find(row.dataset).classes), len(row.images)
    truth, said = np.asarray(row.truth), np.asarray(row.said)
    over = [each for each in rows if row.closed is not None or _is_over(each, now)]
    votes = np.zeros((count, classes), int)  # students by image and by what they called it
    shown = np.zeros(count, int)
    by_member: dict[int, int] = {}
    for each in over:
        shown[each.place] += 1
        by_member[each.member_id] = by_member.get(each.member_id, 0) + 1
        if each.answer is not None:
            votes[each.place, each.answer] += 1
    right = votes[np.arange(count), truth]
    seen = np.flatnonzero(shown)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, truth, votes)
    network_matrix = np.zeros((classes, classes), int)
    np.add.at(network_matrix, (truth[seen], said[seen]), 1)
    crowd = network = gap = vote = None
    if len(seen):
        shares, net = right[seen] / shown[seen], said[seen] == truth[seen]
        crowd = crowd_share(shares, int(shown.sum()))
        network = Share(float(net.mean()), len(seen))
        gap = paired_gap(shares, net, int(shown.sum()))
        together = _voted(votes[seen])
        vote = Vote(
            Share(float((together == truth[seen]).mean()), len(seen)),
            mcnemar(together, said[seen], truth[seen]),
        )
    tiles = [
        Tile(
            image=row.images[place],
            truth=int(truth[place]),
            right=float(right[place] / shown[place]),
            count=int(shown[place]),
            said=_counted(votes[place]),
            network=int(said[place]),
        )
        for place in seen.tolist()
        if row.closed is not None
    ]
    tiles.sort(key=lambda tile: (tile.right, tile.network == tile.truth))
    return Figures(
        round=_round(row),
        players=len({each.member_id for each in rows}),
        done=sum(number == count for number in by_member.values()),
        answers=int(shown.sum()),
        missed=int(shown.sum() - votes.sum()),
        crowd=crowd,
        network=network,
        gap=gap,
        vote=vote,
        matrix=matrix,
        network_matrix=network_matrix,
        tiles=tuple(tiles),
    )


def _voted(votes: np.ndarray) -> np.ndarray:
    """Return the commonest answer for each image; -1 where two are as common."""
    most = votes.max(axis=1, keepdims=True)
    alone = (votes == most).sum(axis=1) == 1
    found: np.ndarray = np.where(alone, votes.argmax(axis=1), -1)
    return found


def _counted(votes: np.ndarray) -> tuple[tuple[int, int], ...]:
    order = np.argsort(-votes, kind="stable").tolist()
    return tuple((label, int(votes[label])) for label in order if votes[label])


# -- Rows ------------------------------------------------------------------------------------------


def _turn(row: BeatRow, known: Sequence[BeatAnswerRow], now: float) -> Turn:
    count, last = len(row.images), known[-1] if known else None
    left = None
    if last is not None and row.closed is None and not _is_over(last, now):
        left = max(0.0, last.shown + SECONDS - now)
    through = left is None and len(known) == count
    return Turn(
        number=len(known),
        count=count,
        left=left,
        image=row.images[last.place] if last is not None and left is not None else None,
        missed=last is not None and left is None and last.answer is None,
        right=_right(row, known) if through or (known and row.closed is not None) else None,
    )


def _right(row: BeatRow, known: Sequence[BeatAnswerRow]) -> int:
    return sum(each.answer == row.truth[each.place] for each in known)


def _is_over(row: BeatAnswerRow, now: float) -> bool:
    return row.at is not None or now > row.shown + SECONDS + GRACE


def _playing(session: Session, by: Person, round_id: int) -> BeatRow:
    """Return an open round for one of its students, who does nothing else until the end."""
    member = own_member(by)
    row = _row(session, round_id)
    check(by, Action.PLAY_BEAT, row.class_id, member.id)
    check_taking_part(session, row, member.id, OVER)
    return row


def _answers(session: Session, round_id: int, member_id: int) -> list[BeatAnswerRow]:
    query = select(BeatAnswerRow).where(
        BeatAnswerRow.beat_id == round_id, BeatAnswerRow.member_id == member_id
    )
    return list(session.scalars(query.order_by(BeatAnswerRow.turn)))


def _row(session: Session, round_id: int, *, alone: bool = False) -> BeatRow:
    return row_of(session, BeatRow, round_id, NO_ROUND, alone=alone)


def _round(row: BeatRow) -> Round:
    return Round(
        id=row.id,
        class_id=row.class_id,
        dataset=row.dataset,
        network=row.network,
        count=len(row.images),
        opened=row.opened,
        closed=row.closed,
        on_wall=row.on_wall,
    )


def _is_sealed(session: Session, class_id: int, dataset: str) -> bool:
    """Tell whether the test images are closed for the class until the end of a task."""
    query = select(TaskRow.id).where(
        TaskRow.class_id == class_id,
        TaskRow.dataset == dataset,
        TaskRow.blind,
        TaskRow.opened.is_not(None),
        TaskRow.revealed.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


# -- Networks --------------------------------------------------------------------------------------


def _has_answers(run: Run, dataset: str) -> bool:
    config = run.config
    return config is not None and config.dataset == dataset and run.folder.evaluation.exists()


def _validation(run: Run) -> float:
    accuracy = runs.validation_so_far(run)
    return -1.0 if accuracy is None else accuracy


def _title(run: Run) -> str:
    assert run.config is not None, "only runs with settings are offered"
    return architectures.find(run.config.architecture).title
