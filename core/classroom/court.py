"""Label court: a class judges labels that a network doubts, each for themselves.

The teacher opens a court on a data set: doubtful labels of its training split, and one clear image
in ten to judge the judges. Each student is dealt images, those with the fewest votes first, so that
each image gets at least ``VOTES``; the four answers (the given label, the suspected one, both,
neither) stand in another order for each student and image. Which of them is the given one never
leaves the server before the court is closed, nor does a vote. The test split has no part in it.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import datasets
from core.classroom import docket
from core.classroom.access import Action, check
from core.classroom.activities import check_taking_part, clear_wall, put_on_wall
from core.classroom.database import database
from core.classroom.docket import CLEAR_IN, FEWEST, MOST
from core.classroom.guessing import own_member
from core.classroom.log import record
from core.classroom.people import Person, State
from core.classroom.rows import class_row, row_of
from core.classroom.schema import CourtRow, JudgementRow, MemberRow
from core.errors import ClassroomRefused

VOTES = 3  # that an image needs for a verdict
SHARE = 15  # images of one judge, as it is offered
IMAGES = 30
PATIENCE = 120.0  # seconds in which a vote may still come for an image that was dealt
NO_COURT = "There is no such court any more. Reload the page."
OVER = "The court is closed, so this vote does not count. Look at what the class said."
BOTH, NEITHER = "Both fit", "Neither fits"


class Answer(IntEnum):
    """What may be said of an image."""

    GIVEN = 0  # the label that the data set has
    SUSPECTED = 1  # the other class that is the most probable
    BOTH = 2
    NEITHER = 3


@dataclass(frozen=True)
class Court:
    """A court, without what must not be known while it is open.

    Attributes:
        id: in the database.
        class_id: of the class.
        dataset: that the labels are of.
        source: where the doubts come from, in words.
        count: images, clear ones included.
        share: images of one judge.
        opened: when, in seconds of the epoch.
        closed: when; None while students judge.
        on_wall: whether the board shows it.
        corrected: the data set that was made of its verdicts; None before that.
    """

    id: int
    class_id: int
    dataset: str
    source: str
    count: int
    share: int
    opened: float
    closed: float | None
    on_wall: bool
    corrected: str | None

    @property
    def is_open(self) -> bool:
        """Whether students judge now."""
        return self.closed is None


@dataclass(frozen=True)
class Turn:
    """Where a student is in a court.

    Attributes:
        number: of the image that was dealt last, from 1; 0 before the first.
        count: images that the student is to judge.
        image: the index of the image that waits for their vote, which stays on the server; None if
            none does.
        answers: the four answers to it, in the order of the student's buttons; empty without one.
        more: whether they are through, but images still lack votes that they could give.
    """

    number: int
    count: int
    image: int | None
    answers: tuple[str, ...]
    more: bool

    @property
    def done(self) -> bool:
        """Whether all was judged that they were to judge."""
        return self.image is None and self.number >= self.count


# -- The teacher -----------------------------------------------------------------------------------


def open_court(
    by: Person,
    class_id: int,
    dataset: str,
    source: str,
    images: int = IMAGES,
    share: int = SHARE,
    seed: int | None = None,
) -> Court:
    """Open a court: draw its images, and let the class judge.

    Args:
        by: the teacher.
        class_id: of the class.
        dataset: built in, or imported by the teacher or the class.
        source: of the doubts, the key of one of ``docket.sources``.
        images: 5 to 100, clear ones included; fewer are drawn where fewer labels are doubtful.
        share: images that each student judges; all, if there are fewer.
        seed: of the draw; None for a fresh one.

    Raises:
        ClassroomRefused: not a teacher, a court is open, or it cannot be; the sentence says why.
        DataUnavailable, DataDamaged, RunDamaged: the images or the doubts cannot be read.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT, class_id)
    for number, what in ((images, "images"), (share, "images a judge")):
        if type(number) is not int or not FEWEST <= number <= MOST:
            raise ClassroomRefused(f"A court has {FEWEST} to {MOST} {what}. Choose another number.")
    words, indices, found = docket.doubts(by, class_id, dataset, source)
    given = datasets.load(dataset, "train").labels[indices]
    seed = secrets.randbelow(2**31) if seed is None else seed
    with database().begin() as session:
        class_row(session, class_id, alone=True)
        others = session.scalars(select(CourtRow).where(CourtRow.class_id == class_id)).all()
        if any(each.closed is None for each in others):
            raise ClassroomRefused("A court is open already. Close it first.")
        had = {image for each in others if each.dataset == dataset for image in each.images}
        drawn = docket.draw(indices, given, found, images, seed, had)
        clear_wall(session, class_id)
        row = CourtRow(
            class_id=class_id,
            dataset=dataset,
            source=words[:200],
            seed=seed,
            share=min(share, len(drawn.images)),
            images=drawn.images,
            given=drawn.given,
            suspected=drawn.suspected,
            doubt=drawn.doubt,
            clear=drawn.clear,
            opened=time.time(),
            closed=None,
            on_wall=True,
            corrected=None,
        )
        session.add(row)
        session.flush()
        title = datasets.find(dataset).title
        record(session, class_id, f"Opened a label court on {title}.")
        return court_of_row(row)


def close_court(by: Person, court_id: int) -> Court:
    """Close a court: no vote counts any more, and all see the verdicts.

    Raises:
        ClassroomRefused: not a teacher, or no such court.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT)
    with database().begin() as session:
        row = court_row(session, court_id, alone=True)
        if row.closed is None:
            row.closed = time.time()
            record(session, row.class_id, "Closed a label court.")
        return court_of_row(row)


def show_on_wall(by: Person, court_id: int, shown: bool) -> Court:
    """Let the board show a court, or not; errors as of ``close_court``."""
    check(by, Action.RUN_COURT)
    with database().begin() as session:
        row = court_row(session, court_id, alone=True)
        put_on_wall(session, row, shown)
        return court_of_row(row)


# -- A student -------------------------------------------------------------------------------------


def courts_of(by: Person, class_id: int) -> list[Court]:
    """Return the courts of a class, the newest first.

    Raises:
        ClassroomRefused: not of the class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SEE_COURT, class_id)
    query = select(CourtRow).where(CourtRow.class_id == class_id).order_by(CourtRow.id.desc())
    with database().read() as session:
        return [court_of_row(row) for row in session.scalars(query)]


def turn(by: Person, court_id: int) -> Turn:
    """Return where a student is in a court.

    Raises:
        ClassroomRefused: not of the class, or no such court.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        row = court_row(session, court_id)
        check(by, Action.SEE_COURT, row.class_id)
        return _turn(session, row, member.id)


def show_next(by: Person, court_id: int) -> Turn:
    """Deal a student the next image. One that waits for their vote stays.

    Raises:
        ClassroomRefused: not of the class, or the court is closed.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    try:
        with database().begin() as session:
            row = _judging(session, by, court_id)
            known = _own(session, row.id, member.id)
            if not known or known[-1].at is not None:
                place = _next_place(session, row, known, member.id)
                if place is not None:
                    session.add(
                        JudgementRow(
                            court_id=row.id,
                            member_id=member.id,
                            turn=len(known) + 1,
                            place=place,
                            dealt=time.time(),
                            answer=None,
                            at=None,
                        )
                    )
                    session.flush()
            return _turn(session, row, member.id)
    except IntegrityError:
        return turn(by, court_id)  # another server was quicker


def judge(by: Person, court_id: int, number: object, button: object) -> None:
    """Keep what a student says of an image; the first vote counts.

    Args:
        by: the student.
        court_id: of the court.
        number: which image it is about, as ``Turn`` says.
        button: the place of the answer in ``Turn.answers``, from 0. Both may be anything.

    Raises:
        ClassroomRefused: it does not count; the sentence says why.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().begin() as session:
        row = _judging(session, by, court_id)
        known = _own(session, row.id, member.id)
        if type(number) is not int or not 1 <= number <= len(known):
            raise ClassroomRefused(
                "This vote is about an image that you have not been dealt, so it does not count."
            )
        if type(button) is not int or not 0 <= button < len(Answer):
            raise ClassroomRefused("This vote is none of the four answers, so it does not count.")
        asked = known[number - 1]
        if asked.at is not None:
            raise ClassroomRefused(f"Image {number} has your vote already. The first vote counts.")
        asked.answer = int(_order(row, member.id, asked.place)[button])
        asked.at = time.time()


def on_trial(visitor: str, dataset: str) -> str | None:
    """Return why a visitor is not to look at the doubtful labels of a data set now, or None.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    query = (
        select(CourtRow.id)
        .join(MemberRow, MemberRow.class_id == CourtRow.class_id)
        .where(MemberRow.visitor == visitor, CourtRow.dataset == dataset, CourtRow.closed.is_(None))
    )
    with database().read() as session:
        if session.scalar(query.limit(1)) is None:
            return None
    return (
        "Your class judges these labels in a court, and this list says which they are. Look here "
        "when the teacher has closed the court."
    )


# -- Dealing ---------------------------------------------------------------------------------------


def _next_place(
    session: Session, row: CourtRow, known: Sequence[JudgementRow], member_id: int
) -> int | None:
    """Return which image a student is dealt next; None if there is none (any more)."""
    number = len(known) + 1
    votes = _votes(session, row)
    own = {each.place for each in known}
    if number > row.share:
        free = _lacking(row, votes, own)
    else:
        free = [place for place in range(len(row.images)) if place not in own]
        wanted = _is_clear_turn(row, member_id, number)
        free = [place for place in free if row.clear[place] == wanted] or free
    if not free:
        return None
    fewest = min(votes[place] for place in free)
    random = np.random.default_rng([row.seed, member_id, number])
    return int(random.choice([place for place in free if votes[place] == fewest]))


def _lacking(row: CourtRow, votes: np.ndarray, own: set[int]) -> list[int]:
    """Return the doubtful images that need more votes, and that a student has not been dealt."""
    return [
        place
        for place in range(len(row.images))
        if votes[place] < VOTES and not row.clear[place] and place not in own
    ]


def _is_clear_turn(row: CourtRow, member_id: int, number: int) -> bool:
    """Tell whether a student's turn is the one of its ten that has a clear image."""
    block, place = divmod(number - 1, CLEAR_IN)
    length = min(CLEAR_IN, row.share - block * CLEAR_IN)
    return place == int(np.random.default_rng([row.seed, member_id, block]).integers(length))


def _votes(session: Session, row: CourtRow) -> np.ndarray:
    """Return how many votes each image has, int (images,), those that may come in a moment too."""
    query = (
        select(JudgementRow.place, func.count())
        .join(MemberRow, MemberRow.id == JudgementRow.member_id)
        .where(
            JudgementRow.court_id == row.id,
            MemberRow.state != State.REMOVED.value,
            or_(JudgementRow.at.is_not(None), JudgementRow.dealt > time.time() - PATIENCE),
        )
        .group_by(JudgementRow.place)
    )
    votes = np.zeros(len(row.images), int)
    for place, number in session.execute(query):
        votes[place] = number
    return votes


def _order(row: CourtRow, member_id: int, place: int) -> np.ndarray:
    """Return the answers in the order of a student's buttons for an image, int (4,)."""
    return np.random.default_rng([row.seed, member_id, place, 1]).permutation(len(Answer))


def _names(row: CourtRow, place: int) -> tuple[str, ...]:
    """Return the answers to an image in words, in the order of ``Answer``."""
    classes = datasets.find(row.dataset).classes
    return classes[row.given[place]], classes[row.suspected[place]], BOTH, NEITHER


# -- Rows ------------------------------------------------------------------------------------------


def _turn(session: Session, row: CourtRow, member_id: int) -> Turn:
    known = _own(session, row.id, member_id)
    last = known[-1] if known else None
    image, answers, more = None, tuple[str, ...](), False
    if last is not None and last.at is None and row.closed is None:
        names = _names(row, last.place)
        image = row.images[last.place]
        answers = tuple(names[which] for which in _order(row, member_id, last.place))
    elif row.closed is None and len(known) >= row.share:
        more = bool(_lacking(row, _votes(session, row), {each.place for each in known}))
    return Turn(len(known), max(row.share, len(known)), image, answers, more)


def _judging(session: Session, by: Person, court_id: int) -> CourtRow:
    """Return an open court for one of its students, who does nothing else until the end."""
    member = own_member(by)
    row = court_row(session, court_id)
    check(by, Action.JUDGE, row.class_id, member.id)
    check_taking_part(session, row, member.id, OVER)
    return row


def _own(session: Session, court_id: int, member_id: int) -> list[JudgementRow]:
    query = select(JudgementRow).where(
        JudgementRow.court_id == court_id, JudgementRow.member_id == member_id
    )
    return list(session.scalars(query.order_by(JudgementRow.turn)))


def court_row(session: Session, court_id: int, *, alone: bool = False) -> CourtRow:
    """Return the row of a court; ``alone`` and errors as of ``rows.row_of``."""
    return row_of(session, CourtRow, court_id, NO_COURT, alone=alone)


def court_of_row(row: CourtRow) -> Court:
    """Return a court as all of its class may know it."""
    return Court(
        id=row.id,
        class_id=row.class_id,
        dataset=row.dataset,
        source=row.source,
        count=len(row.images),
        share=row.share,
        opened=row.opened,
        closed=row.closed,
        on_wall=row.on_wall,
        corrected=row.corrected,
    )
