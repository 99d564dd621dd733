"""What students guess before their first run of a task, and what the class believes."""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.given import NO_TASK, Given, Phase, given, task_row
from core.classroom.log import record
from core.classroom.people import Member, Person, State
from core.classroom.rows import member as member_of_row
from core.classroom.rows import member_row
from core.classroom.schema import GuessRow, HandInRow, MemberRow, TaskRunRow
from core.classroom.tasks import Kind, Question
from core.errors import ClassroomRefused

GROUPS = 6  # about so many kinds of a number that was guessed
RISE = 0.05  # of the range, from which on a curve rises or falls

Answer = str | float | list[float]


@dataclass(frozen=True)
class Guess:
    """A guess.

    Attributes:
        value: a choice, a number, or one number an epoch.
        at: when, in seconds of the epoch.
        final: whether a run has been started since, so that it cannot be changed any more.
    """

    value: Answer
    at: float
    final: bool


@dataclass(frozen=True)
class Belief:
    """One thing that some of a class believe.

    Attributes:
        words: what.
        count: of how many students.
        share: of those who said something, 0 to 1.
        right: whether it is right; None where nobody knows, or not yet.
    """

    words: str
    count: int
    share: float
    right: bool | None = None


def guess(by: Person, task_id: int, value: Any) -> Guess:
    """Keep what a student guesses; it can be changed until the first run.

    Raises:
        ClassroomRefused: not of the class, the task is not open or asks for none, or a run was
            started already.
        SettingsError: it is no guess; the sentence says what would be.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        found = given(task_row(session, task_id))
    check(by, Action.GUESS, found.class_id, member.id)
    if found.opened is None:
        raise ClassroomRefused(NO_TASK)
    if found.phase is not Phase.OPEN:
        raise ClassroomRefused(f"The task “{found.task.title}” is closed: it takes no guess now.")
    if found.task.guess is None:
        raise ClassroomRefused(f"The task “{found.task.title}” does not ask for a guess.")
    kept = found.task.guess.check(value)
    with database().begin() as session:
        member_row(session, member.id, alone=True)
        if _started(session, task_id, member.id):
            raise ClassroomRefused(
                "You have started a run since you guessed, so the guess stays as it is."
            )
        row = session.scalar(_of(task_id, member.id))
        if row is None:
            row = GuessRow(task_id=task_id, member_id=member.id)
            session.add(row)
        row.value, row.at = kept, time.time()
        return Guess(kept, row.at, final=False)


def guess_of(by: Person, task_id: int, member_id: int | None = None) -> Guess | None:
    """Return a student's guess; None before there is one.

    Args:
        by: who asks; a student for their own only.
        task_id: of the task.
        member_id: whose; None for one's own.

    Raises:
        ClassroomRefused: not one's own, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    member_id = own_member(by).id if member_id is None else member_id
    with database().read() as session:
        check(by, Action.SEE_HAND_INS, task_row(session, task_id).class_id, member_id)
        row = session.scalar(_of(task_id, member_id))
        final = row is not None and _started(session, task_id, member_id)
    return None if row is None else Guess(row.value, row.at, final)


def beliefs(by: Person, task_id: int) -> list[Belief]:
    """Return what a class guessed, by kind, the commonest first, without names.

    Raises:
        ClassroomRefused: not a teacher, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    found, said = _said(by, task_id, _GUESSES)
    return [] if found.task.guess is None else by_kind(found.task.guess, list(said.values()))


def answers(by: Person, task_id: int) -> list[Belief]:
    """Return the last answer of each student to the question that counts, as ``beliefs``."""
    found, said = _said(by, task_id, _ANSWERS)
    counts = found.task.counts
    if counts.question is None:
        return []
    return by_kind(counts.question, list(said.values()), counts.is_right)


def open_names(by: Person, task_id: int) -> None:
    """Note in the log that a teacher looks who guessed and answered what; errors as ``beliefs``."""
    with database().begin() as session:
        found = given(task_row(session, task_id))
        check(by, Action.SEE_BELIEFS, found.class_id)
        record(session, found.class_id, f"Looked who guessed what in “{found.task.title}”.")


def names(by: Person, task_id: int) -> dict[str, list[Member]]:
    """Return who guessed which kind that ``beliefs`` tells; errors as there.

    For the teacher who opens the names, and ``open_names`` first.
    """
    found, said = _said(by, task_id, _GUESSES)
    return {} if found.task.guess is None else _by_words(found.task.guess, said)


def answer_names(by: Person, task_id: int) -> dict[str, list[Member]]:
    """Return who gave which answer that ``answers`` tells, as ``names``."""
    found, said = _said(by, task_id, _ANSWERS)
    question = found.task.counts.question
    return {} if question is None else _by_words(question, said)


_GUESSES = select(MemberRow, GuessRow.value).join(GuessRow, GuessRow.member_id == MemberRow.id)
_ANSWERS = (
    select(MemberRow, HandInRow.answer)
    .join(HandInRow, HandInRow.member_id == MemberRow.id)
    .where(HandInRow.answer.is_not(None))
    .order_by(HandInRow.number)  # the last one counts
)


def _said(by: Person, task_id: int, query: Select[Any]) -> tuple[Given, dict[Member, Answer]]:
    """Return a task, and what each student said of it; of nobody who was removed."""
    table = GuessRow if query is _GUESSES else HandInRow
    with database().read() as session:
        found = given(task_row(session, task_id))
        check(by, Action.SEE_BELIEFS, found.class_id)
        here = (table.task_id == task_id, MemberRow.state != State.REMOVED.value)
        rows = session.execute(query.where(*here)).all()
        return found, {member_of_row(row): value for row, value in rows}


def _by_words(question: Question, said: Mapping[Member, Answer]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member, words in zip(said, kinds_of(question, list(said.values())), strict=True):
        found.setdefault(words, []).append(member)
    return found


def by_kind(
    question: Question,
    values: Sequence[Answer],
    is_right: Callable[[Answer], bool] | None = None,
) -> list[Belief]:
    """Group answers by kind, the commonest first.

    Args:
        question: that they answer.
        values: one a student.
        is_right: tells whether one is right; None where nobody knows.
    """
    kinds = kinds_of(question, values)
    right: dict[str, bool] = {}
    if is_right is not None and question.kind is Kind.CHOICE:
        right = {kind: is_right(value) for kind, value in zip(kinds, values, strict=True)}
    return [
        Belief(kind, count, count / len(values), right.get(kind))
        for kind, count in Counter(kinds).most_common()
    ]


def kinds_of(question: Question, values: Sequence[Answer]) -> list[str]:
    """Return the kind of each answer in words: the choice, a range of numbers, a curve's shape."""
    if question.kind is Kind.CHOICE:
        return [str(value) for value in values]
    if question.kind is Kind.NUMBER:
        return _ranges([value for value in values if isinstance(value, float | int)], question.unit)
    span = question.high - question.low
    return [shape_of(value, span) for value in values if isinstance(value, list)]


def shape_of(curve: Sequence[float], span: float) -> str:
    """Return the shape of a curve in words.

    Args:
        curve: at least two values.
        span: of the values that could be drawn.
    """
    small = RISE * span
    peak, valley = max(curve), min(curve)
    top, bottom = curve.index(peak), curve.index(valley)
    last, first = curve[-1], curve[0]
    late = curve[int(0.75 * (len(curve) - 1))]
    if peak - valley <= small:
        return "stays the same"
    if peak - last > small and peak - first > small:
        return "rises, then falls"
    if last - valley > small and first - valley > small:
        return "falls, then rises"
    if last > first:
        return (
            "rises to the end" if last - late > small and top > bottom else "rises, then levels off"
        )
    return "falls to the end" if late - last > small else "falls, then levels off"


def own_member(by: Person) -> Member:
    """Return who somebody is in their class.

    Raises:
        ClassroomRefused: they are in none.
    """
    if by.member is None:
        raise ClassroomRefused("Only students of a class can do that. Join one first.")
    return by.member


def _ranges(values: Sequence[float], unit: str) -> list[str]:
    """Return for each number the range of a round width that it is in."""
    if not values:
        return []
    span = max(values) - min(values)
    ending = f" {unit}" if unit else ""
    if span == 0:
        return [f"{value:,.10g}{ending}" for value in values]
    if min(values) > 0 and max(values) > 100 * min(values):  # of several sizes: by powers of ten
        exponents = [math.floor(math.log10(value) + 1e-9) for value in values]
        return [f"{10.0**e:,.10g} to {10.0 ** (e + 1):,.10g}{ending}" for e in exponents]
    width = 10.0 ** math.floor(math.log10(span / GROUPS))
    width *= next(each for each in (1, 2, 5, 10) if width * each >= span / GROUPS * 0.999)
    lows = [math.floor(value / width + 1e-9) * width for value in values]
    return [f"{low:,.10g} to {low + width:,.10g}{ending}" for low in lows]


def _of(task_id: int, member_id: int) -> Any:
    return select(GuessRow).where(GuessRow.task_id == task_id, GuessRow.member_id == member_id)


def _started(session: Session, task_id: int, member_id: int) -> bool:
    query = select(TaskRunRow.id).where(
        TaskRunRow.task_id == task_id, TaskRunRow.member_id == member_id
    )
    return session.scalar(query.limit(1)) is not None
