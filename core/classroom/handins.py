"""Working on a task: runs that belong to it, what is handed in, the boards, and the end.

While a task is open there are two boards. The live one has the best validation accuracy of each
student's runs. The other has what was handed in, placed by the test images that are for the board
under the rule of ``scores.ladder``, or by what else the task counts. On the images for the end all
are placed at once, when the teacher reveals it (``given.reveal``).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import datasets, jobs, runs
from core.classroom import scores, training
from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.given import NO_TASK, Given, Phase, given, task_row
from core.classroom.guessing import own_member
from core.classroom.judging import (
    Pair,
    best_of,
    bits_of,
    by_member,
    ladder_of,
    measure_of,
    measured,
    pairs_of,
    parts_of,
    right_of,
    settle,
)
from core.classroom.people import Member, Person, State
from core.classroom.rows import member as member_of_row
from core.classroom.rows import member_row
from core.classroom.schema import GuessRow, HandInRow, MemberRow, TaskRow, TaskRunRow
from core.classroom.scores import Measure, Revealed, Standing
from core.classroom.tasks import What
from core.classroom.texts import line
from core.errors import ClassroomRefused, RunNotFound, SettingsError
from core.evaluation import Share, share_of
from core.runs import Run, TrainingConfig
from core.runs.access import owned

MOST = 3  # hand-ins of a student for a task
SENTENCE = 280  # characters
FEWEST = 10  # test images that can be divided into some for the board and some for the end


@dataclass(frozen=True)
class HandIn:
    """What a student handed in, with what the student may know of it.

    Attributes:
        id: in the database.
        member: who.
        number: 1 for the first, at most ``MOST``.
        run_id: of the run, whose folder may be gone by now.
        sentence: what the student says about it.
        answer: to the question, where one counts.
        at: when, in seconds of the epoch.
        config: the settings of the run.
        validation: the validation accuracy; None if it was not measured.
        parameters: of the network.
        seconds: that the run took.
        moved: whether it moved the student's line on the board.
        board: the accuracy on the board's images, if it moved.
        measure: what else counts; None where that is the accuracy, or not yet known.
        right: whether the answer is right, once that is revealed.
    """

    id: int
    member: Member
    number: int
    run_id: str
    sentence: str
    answer: str | float | None
    at: float
    config: Mapping[str, Any]
    validation: Share | None
    parameters: int
    seconds: float
    moved: bool
    board: Share | None
    measure: Measure | None
    right: bool | None


@dataclass(frozen=True)
class Line:
    """A line of a board.

    Attributes:
        member: whose.
        standing: place, figure and bands.
        run_id: of the run that stands for the student.
        count: hand-ins of the student, or on the live board runs.
    """

    member: Member
    standing: Standing
    run_id: str
    count: int


@dataclass(frozen=True)
class EndLine:
    """A line of the end: what stood on the board, and what it is worth on other images."""

    member: Member
    revealed: Revealed
    run_id: str


@dataclass(frozen=True)
class Progress:
    """How far a student is with a task.

    Attributes:
        given: the task.
        guessed: whether the guess is given; True where none is asked.
        runs: started.
        hand_ins: given.
    """

    given: Given
    guessed: bool
    runs: int
    hand_ins: int

    @property
    def runs_left(self) -> int | None:
        """How many more runs the task allows; None for as many as one likes."""
        most = self.given.task.limits.runs
        return None if most is None else max(0, most - self.runs)

    @property
    def hand_ins_left(self) -> int:
        """How many more may be handed in."""
        return MOST - self.hand_ins


# -- Runs ----------------------------------------------------------------------------------------


def start(by: Person, task_id: int, config: TrainingConfig) -> str:
    """Start a run of a task, and return its id. The guess cannot be changed from now on.

    Args:
        by: the student.
        task_id: of the task.
        config: what the run is to do.

    Raises:
        ClassroomRefused: not of the class, the task is not open, the guess is missing, the settings
            are not the task's, or there were as many runs as it allows.
        DataUnavailable, SettingsError: the run cannot be started (``training.start``).
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().begin() as session:
        found = _open(session, by, task_id, Action.RUN_TASK, "started")
        member_row(session, member.id, alone=True)
        task, progress = found.task, _progress(session, found, member.id)
        if not progress.guessed:
            raise ClassroomRefused("Make your guess first: the task asks for it before the run.")
        if progress.runs_left == 0:
            raise ClassroomRefused(
                f"You have started {progress.runs} runs, as many as this task allows. Hand in the "
                "best of them."
            )
        if problem := task.refusal(config):
            raise ClassroomRefused(problem)
        minutes, expected = task.limits.minutes, jobs.expected_seconds(config)
        if minutes is not None and expected > 60 * minutes:
            raise ClassroomRefused(
                f"This run would take about {expected / 60:.0f} minutes, and the task allows "
                f"{minutes:g}. Choose fewer epochs or images, or a smaller network."
            )
        run_id = training.start(config, by, minutes=minutes)
        session.add(TaskRunRow(task_id=task_id, member_id=member.id, run_id=run_id, at=time.time()))
    return run_id


def progress(by: Person) -> list[Progress]:
    """Return how far a student is with each open task of the class, in order; costs four queries.

    Raises:
        ClassroomRefused: in no class.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    query = select(TaskRow).where(
        TaskRow.class_id == member.class_id,
        TaskRow.opened.is_not(None),
        TaskRow.closed.is_(None),
    )
    with database().read() as session:
        found = [given(row) for row in session.scalars(query.order_by(TaskRow.place, TaskRow.id))]
        return [_progress(session, each, member.id) for each in found]


def runs_of(by: Person, task_id: int, member_id: int | None = None) -> list[str]:
    """Return the ids of the runs that a student started for a task, in order.

    Args:
        by: who asks.
        task_id: of the task.
        member_id: whose; None for one's own.

    Raises:
        ClassroomRefused: not of the class, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    member_id = own_member(by).id if member_id is None else member_id
    with database().read() as session:
        check(by, Action.SEE_BOARD, task_row(session, task_id).class_id)
        query = select(TaskRunRow.run_id).where(
            TaskRunRow.task_id == task_id, TaskRunRow.member_id == member_id
        )
        return list(session.scalars(query.order_by(TaskRunRow.id)))


# -- Hand-ins ------------------------------------------------------------------------------------


def hand_in(by: Person, task_id: int, run_id: str, sentence: str, answer: Any = None) -> HandIn:
    """Hand in a finished run of one's own, and return what may be known of it.

    Args:
        by: the student.
        task_id: of the task.
        run_id: of the run.
        sentence: what the student says about it, at most ``SENTENCE`` characters.
        answer: to the question, where one counts.

    Raises:
        ClassroomRefused: not of the class, the task is not open, three were handed in, this one
            was, or the run is not one of the task; the sentence says why.
        SettingsError, RunNotFound: not one's own run, or no answer to the question.
        RunDamaged: the run's answers are missing.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        found = _open(session, by, task_id, Action.HAND_IN, "handed in")
    task = found.task
    sentence = line(sentence, SENTENCE, "sentence")
    if task.counts.question is not None:
        answer = task.counts.question.check(answer)
    elif answer is not None:
        raise SettingsError("This task asks no question. Leave the answer out.")
    run = owned(run_id, member.visitor)
    config = _check_run(run, found)
    # Before the transaction: others wait while it lasts.
    row = HandInRow(
        task_id=task_id,
        member_id=member.id,
        run_id=run.id,
        sentence=sentence,
        answer=answer,
        at=time.time(),
        config=config.to_dict(),
        val_accuracy=run.told.val_accuracy if run.told is not None else None,
        val_count=config.validation_count,
        parameters=config.parameters,
        seconds=run.told.seconds if run.told is not None else 0.0,
        measure=None,
        right=right_of(run) if task.counts.blind else None,
    )
    row.measure = measure_of(task.counts, row, run)
    try:
        with database().begin() as session:
            found = _open(session, by, task_id, Action.HAND_IN, "handed in")
            member_row(session, member.id, alone=True)
            before = _rows(session, task_id, member.id)
            if any(each.run_id == run.id for each in before):
                raise ClassroomRefused("You have handed in this run already. Choose another one.")
            if len(before) >= MOST:
                raise ClassroomRefused(
                    f"You have handed in {MOST} runs for this task, as many as there may be."
                )
            row.number = 1 + max((each.number for each in before), default=0)
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise ClassroomRefused(
            "This was handed in twice at the same moment, and counts once. Reload the page."
        ) from error
    pairs = [(each, member) for each in (*before, row)]
    settle(found, pairs)
    return _hand_ins(found, pairs)[-1]


def hand_ins(by: Person, task_id: int, member_id: int | None = None) -> list[HandIn]:
    """Return what was handed in for a task, in order; a student sees their own.

    Args:
        by: who asks.
        task_id: of the task.
        member_id: whose; None for all, or of a student their own.

    Raises:
        ClassroomRefused: not one's own, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    if member_id is None and not by.teacher:
        member_id = own_member(by).id
    with database().read() as session:
        found = given(task_row(session, task_id))
        check(by, Action.SEE_HAND_INS, found.class_id, member_id)
        pairs = pairs_of(session, task_id, member_id)
    settle(found, pairs)
    return _hand_ins(found, pairs)


# -- Boards --------------------------------------------------------------------------------------


def live(by: Person, task_id: int) -> list[Line]:
    """Return the live board: each student's best validation accuracy so far, the best first.

    Raises:
        ClassroomRefused: not of the class, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        found = given(task_row(session, task_id))
        check(by, Action.SEE_BOARD, found.class_id)
        query = (
            select(TaskRunRow.run_id, MemberRow)
            .join(MemberRow, MemberRow.id == TaskRunRow.member_id)
            .where(TaskRunRow.task_id == task_id, MemberRow.state != State.REMOVED.value)
        )
        rows = session.execute(query.order_by(TaskRunRow.id)).all()
        pairs = [(run_id, member_of_row(row)) for run_id, row in rows]
    best: dict[str, tuple[Share, str]] = {}
    members = {member.public_id: member for _, member in pairs}
    counts: dict[str, int] = dict.fromkeys(members, 0)
    for run_id, member in pairs:
        counts[member.public_id] += 1
        share = validation_of(run_id)
        known = best.get(member.public_id)
        if share is not None and (known is None or share.value > known[0].value):
            best[member.public_id] = (share, run_id)
    lines = scores.ranked({key: Measure.of(share) for key, (share, _) in best.items()})
    return [Line(members[each.key], each, best[each.key][1], counts[each.key]) for each in lines]


def board(by: Person, task_id: int) -> list[Line]:
    """Return the board of what was handed in, the best first.

    Where the answer counts, figures are told when the end is revealed, and all share a place until
    then.

    Raises:
        ClassroomRefused: not of the class, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        found = given(task_row(session, task_id))
        check(by, Action.SEE_BOARD, found.class_id)
        members, key = _asked(session, found)
        known = _boards.get(key)
        pairs = pairs_of(session, task_id) if known is None else []
    if known is None:
        settle(found, pairs)
        known = _worked_out(found, pairs)
        if found.task.counts.what is not What.ROBUST or all(row.measure for row, _ in pairs):
            _keep(_boards, key, known)
    return [
        Line(members[standing.key], standing, run_id, count)
        for standing, run_id, count in known
        if standing.key in members  # joined or left between two queries
    ]


def end(by: Person, task_id: int) -> list[EndLine]:
    """Return how all are placed by the images for the end, once the teacher has revealed it.

    Raises:
        ClassroomRefused: not of the class, not revealed yet, or the task has no such images.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        found = given(task_row(session, task_id))
        check(by, Action.SEE_BOARD, found.class_id)
        if found.phase is not Phase.REVEALED:
            raise ClassroomRefused(
                "The end of this task has not been revealed yet. The teacher does that for all at "
                "once."
            )
        if not found.task.counts.blind:
            raise ClassroomRefused(
                "This task is not placed by the test images, so there is nothing to reveal of "
                "them. Look at the board."
            )
        members, key = _asked(session, found)
        known = _ends.get(key)
        pairs = pairs_of(session, task_id) if known is None else []
    if known is None:
        best = {name: best_of(found, rows) for name, (_, rows) in by_member(pairs).items()}
        entries = {
            name: scores.Entry(bits_of(row, found), share_of(row.val_accuracy, row.val_count))
            for name, row in best.items()
        }
        known = [
            (each, best[each.key].run_id)
            for each in scores.reveal(entries, parts_of(found.task.dataset))
        ]
        _keep(_ends, key, known)
    return [
        EndLine(members[each.key], each, run_id) for each, run_id in known if each.key in members
    ]


def validation_of(run_id: str) -> Share | None:
    """Return the validation accuracy of a run, of one that trains the latest; None if none."""
    try:
        run = runs.read(run_id)
    except RunNotFound:
        return None  # deleted since
    if run.config is None:
        return None
    return share_of(runs.validation_so_far(run), run.config.validation_count)


# -- How it is worked out ------------------------------------------------------------------------

# Boards and ends by what they were worked out of: everybody who looks sees the same.
_KEPT = 64
Key = tuple[Any, ...]
_boards: dict[Key, list[tuple[Standing, str, int]]] = {}
_ends: dict[Key, list[tuple[Revealed, str]]] = {}


def _asked(session: Session, found: Given) -> tuple[dict[str, Member], Key]:
    """Return who has handed in, by public id, and what tells this board from those of before.

    It is little, for each tick; the answers to all test images are read after a hand-in only.
    """
    query = (
        select(HandInRow.id, HandInRow.measure, MemberRow)
        .join(MemberRow, MemberRow.id == HandInRow.member_id)
        .where(HandInRow.task_id == found.id, MemberRow.state != State.REMOVED.value)
    )
    rows = session.execute(query.order_by(HandInRow.id)).all()
    state = tuple((row_id, None if each is None else tuple(each)) for row_id, each, _ in rows)
    members = {row.public_id: member_of_row(row) for _, _, row in rows}
    return members, (database().server_key, found.id, found.phase, state)


def _keep(kept: dict[Key, Any], key: Key, value: Any) -> None:
    kept[key] = value
    while len(kept) > _KEPT:
        kept.pop(next(iter(kept)), None)


def _worked_out(found: Given, pairs: Sequence[Pair]) -> list[tuple[Standing, str, int]]:
    """Return the lines of a board: place, run and number of hand-ins of each student."""
    counts, of_member = found.task.counts, by_member(pairs)
    best = {key: best_of(found, rows) for key, (_, rows) in of_member.items()}
    if counts.blind:
        part = parts_of(found.task.dataset).board
        lines = scores.standings({key: bits_of(row, found)[part] for key, row in best.items()})
    else:
        lines = scores.ranked(
            {key: measured(found, row) for key, row in best.items()},
            lower_is_better=counts.lower_is_better,
        )
    return [(each, best[each.key].run_id, len(of_member[each.key][1])) for each in lines]


def _open(session: Session, by: Person, task_id: int, action: Action, done: str) -> Given:
    """Return a task that is open for a student."""
    found = given(task_row(session, task_id))
    check(by, action, found.class_id, own_member(by).id)
    if found.opened is None:
        raise ClassroomRefused(NO_TASK)
    if found.phase is not Phase.OPEN:
        raise ClassroomRefused(
            f"The task “{found.task.title}” is closed: nothing can be {done} now. Ask the teacher."
        )
    return found


def _progress(session: Session, found: Given, member_id: int) -> Progress:
    def count(kind: Any) -> int:
        of_member = (kind.task_id == found.id, kind.member_id == member_id)
        return session.scalar(select(func.count()).select_from(kind).where(*of_member)) or 0

    guessed = found.task.guess is None or count(GuessRow) > 0
    return Progress(found, guessed, count(TaskRunRow), count(HandInRow))


def _check_run(run: Run, found: Given) -> TrainingConfig:
    """Return the config of a run that may be handed in for a task, or say why it may not."""
    if run.state is not runs.State.FINISHED or run.config is None:
        raise ClassroomRefused(
            f"The run is {run.state}. Only a finished one can be handed in: let it finish."
        )
    if problem := found.task.refusal(run.config):
        raise ClassroomRefused(problem)
    if found.task.counts.blind and run.test_opened:
        raise ClassroomRefused(
            "You have seen the test results of this run, so the board would tell nothing new. "
            "Hand in a run whose test set is sealed."
        )
    if found.task.counts.blind and datasets.find(run.config.dataset).counts["test"] < FEWEST:
        raise ClassroomRefused(
            f"This data set has fewer than {FEWEST} test images, too few for a board and an end."
        )
    return run.config


def _rows(session: Session, task_id: int, member_id: int) -> list[HandInRow]:
    query = select(HandInRow).where(HandInRow.task_id == task_id, HandInRow.member_id == member_id)
    return list(session.scalars(query.order_by(HandInRow.number)))


def _hand_ins(found: Given, pairs: Sequence[Pair]) -> list[HandIn]:
    """Return hand-ins with what their students may know of them, in order."""
    counts, hand_ins = found.task.counts, []
    for member, rows in by_member(pairs).values():
        steps = ladder_of(found, rows) if counts.blind else None
        for index, row in enumerate(rows):
            board = None
            moved = steps[index].moved if steps else best_of(found, rows[: index + 1]) is row
            if steps and moved:
                right = bits_of(row, found)[parts_of(found.task.dataset).board]
                board = Share(float(right.mean()), len(right))
            told = counts.question is not None and found.phase is Phase.REVEALED
            hand_ins.append(
                HandIn(
                    id=row.id,
                    member=member,
                    number=row.number,
                    run_id=row.run_id,
                    sentence=row.sentence,
                    answer=row.answer,
                    at=row.at,
                    config=row.config,
                    validation=share_of(row.val_accuracy, row.val_count),
                    parameters=row.parameters,
                    seconds=row.seconds,
                    moved=moved,
                    board=board,
                    measure=None if counts.blind or row.measure is None else measured(found, row),
                    right=counts.is_right(row.answer) if told else None,
                )
            )
    return sorted(hand_ins, key=lambda each: each.id)
