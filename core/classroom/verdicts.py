"""What a class said in a label court: how far it agrees, how good its judges are, the verdicts.

An image has a verdict where more than half of at least ``VOTES`` votes say the same. Votes of a
judge who was wrong on most of two or more clear images do not count. Verdicts are told when the
court is closed, and not before: others may still be looking at the same image.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import datasets
from core.classroom.access import Action, check
from core.classroom.agreement import Agreement, agreement
from core.classroom.court import VOTES, Answer, Court, court_of_row, court_row
from core.classroom.database import database
from core.classroom.guessing import own_member
from core.classroom.people import Person, State
from core.classroom.schema import CourtRow, JudgementRow, MemberRow
from core.errors import ClassroomRefused
from core.evaluation import Share
from core.files import csv_text

CLEAR_FEWEST = 2  # clear images that a judge has to have seen to be left out
COLUMNS = (
    "image",
    "clear_case",
    "given_label",
    "suspected_label",
    "doubt",
    "judge",
    "turn",
    "answer",
    "counted",
)


@dataclass(frozen=True)
class Case:
    """An image that a class has judged.

    Attributes:
        image: its index in the training split.
        given, suspected: classes.
        doubt: of the network in the label, 0 to 1.
        votes: how often each answer was given, in the order of ``Answer``.
        verdict: what more than half said; None where the class is divided.
    """

    image: int
    given: int
    suspected: int
    doubt: float
    votes: tuple[int, ...]
    verdict: Answer | None


@dataclass(frozen=True)
class Figures:
    """How far a court is, and what it has found.

    Attributes:
        court: the court.
        judges: students who gave a vote.
        done: those of them who are through.
        votes: of all of them.
        doubtful: images whose label is doubtful.
        judged: those of them with enough votes.
        unreliable: judges whose votes do not count.
        clear: of the votes on clear images, the share that says the given label; None without one.
        agreement: of the votes on doubtful images that count; None before two are on one image.
        cases: the doubtful images with enough votes, those that speak clearest against their label
            first; none while the court is open.
    """

    court: Court
    judges: int
    done: int
    votes: int
    doubtful: int
    judged: int
    unreliable: int
    clear: Share | None
    agreement: Agreement | None
    cases: tuple[Case, ...]

    def count(self, verdict: Answer | None) -> int:
        """Return how many cases have a verdict."""
        return sum(case.verdict is verdict for case in self.cases)


@dataclass(frozen=True)
class Mine:
    """What one judge said, beside the class.

    Attributes:
        judged: images.
        decided: doubtful ones of them that have a verdict.
        agreed: of those, where the judge said the same.
        clear: clear images.
        clear_right: those of them that the judge called by their label.
    """

    judged: int
    decided: int
    agreed: int
    clear: int
    clear_right: int


def figures(by: Person, court_id: int) -> Figures:
    """Return how far a court is, and once it is closed what the class said.

    Raises:
        ClassroomRefused: not of the class, or no such court.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        row = court_row(session, court_id)
        check(by, Action.SEE_COURT, row.class_id)
        return _figures(row, _votes(session, court_id))


def mine(by: Person, court_id: int) -> Mine:
    """Return what a student said in a closed court, beside the class.

    Raises:
        ClassroomRefused: not of the class, no such court, or it is open.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        row = _closed(session, by, court_id, Action.SEE_COURT)
        votes = _votes(session, court_id)
    verdicts = {case.image: case.verdict for case in _figures(row, votes).cases}
    own = [each for each in votes if each.member_id == member.id]
    clear = [each for each in own if row.clear[each.place]]
    decided = [
        (each.answer, verdict)
        for each in own
        if (verdict := verdicts.get(row.images[each.place])) is not None
    ]
    return Mine(
        judged=len(own),
        decided=len(decided),
        agreed=sum(answer == verdict for answer, verdict in decided),
        clear=len(clear),
        clear_right=sum(each.answer == Answer.GIVEN for each in clear),
    )


def spreadsheet(by: Person, court_id: int) -> str:
    """Return all votes of a closed court as CSV, without names: judges have numbers, mixed.

    Raises:
        ClassroomRefused: not a teacher, no such court, or it is open.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT)
    with database().read() as session:
        row = _closed(session, by, court_id, Action.EXPORT)
        votes = _votes(session, court_id)
    classes = datasets.find(row.dataset).classes
    members = sorted({each.member_id for each in votes})
    mixed = np.random.default_rng(row.seed).permutation(len(members)).tolist()
    number = {member: 1 + mixed[place] for place, member in enumerate(members)}
    left_out = _unreliable(row, votes)
    lines: list[tuple[Any, ...]] = [
        (
            row.images[each.place],
            int(row.clear[each.place]),
            classes[row.given[each.place]],
            classes[row.suspected[each.place]],
            row.doubt[each.place],
            number[each.member_id],
            each.turn,
            Answer(each.answer).name.lower(),
            int(each.member_id not in left_out),
        )
        for each in votes
        if each.answer is not None
    ]
    lines.sort(key=lambda line: (line[5], line[6]))
    return csv_text(COLUMNS, lines)


def corrections(row: CourtRow, session: Session) -> dict[int, int]:
    """Return the labels that a court says are others, by index in the training split."""
    found = _figures(row, _votes(session, row.id))
    return {case.image: case.suspected for case in found.cases if case.verdict is Answer.SUSPECTED}


def _figures(row: CourtRow, votes: Sequence[JudgementRow]) -> Figures:
    left_out = _unreliable(row, votes)
    clear = np.asarray(row.clear, bool)
    table = np.zeros((len(row.images), len(Answer)), int)
    for each in votes:
        if each.member_id not in left_out:
            table[each.place, each.answer] += 1
    on_clear = [each.answer == Answer.GIVEN for each in votes if clear[each.place]]
    of_member = Counter(each.member_id for each in votes)
    enough = ~clear & (table.sum(axis=1) >= VOTES)
    cases = [_case(row, place, table[place]) for place in np.flatnonzero(enough).tolist()]
    cases.sort(key=_clearest_first)
    return Figures(
        court=court_of_row(row),
        judges=len(of_member),
        done=sum(count >= row.share for count in of_member.values()),
        votes=len(votes),
        doubtful=int((~clear).sum()),
        judged=len(cases),
        unreliable=len(left_out),
        clear=Share(sum(on_clear) / len(on_clear), len(on_clear)) if on_clear else None,
        agreement=agreement(table[~clear]),
        cases=tuple(cases) if row.closed is not None else (),
    )


def _case(row: CourtRow, place: int, votes: np.ndarray) -> Case:
    most = int(votes.argmax())
    return Case(
        image=row.images[place],
        given=row.given[place],
        suspected=row.suspected[place],
        doubt=row.doubt[place],
        votes=tuple(votes.tolist()),
        verdict=Answer(most) if 2 * votes[most] > votes.sum() else None,
    )


def _clearest_first(case: Case) -> tuple[float, ...]:
    total = sum(case.votes)
    against, for_it = case.votes[Answer.SUSPECTED] / total, case.votes[Answer.GIVEN] / total
    return case.verdict is not Answer.SUSPECTED, -against, for_it, -total, -case.doubt


def _unreliable(row: CourtRow, votes: Sequence[JudgementRow]) -> set[int]:
    """Return the judges who were wrong on most of their clear images."""
    right: dict[int, list[bool]] = {}
    for each in votes:
        if row.clear[each.place]:
            right.setdefault(each.member_id, []).append(each.answer == Answer.GIVEN)
    return {
        member
        for member, found in right.items()
        if len(found) >= CLEAR_FEWEST and 2 * sum(found) < len(found)
    }


def _votes(session: Session, court_id: int) -> Sequence[JudgementRow]:
    """Return the votes of a court, but for those of students who were removed."""
    query = (
        select(JudgementRow)
        .join(MemberRow, MemberRow.id == JudgementRow.member_id)
        .where(
            JudgementRow.court_id == court_id,
            JudgementRow.answer.is_not(None),
            MemberRow.state != State.REMOVED.value,
        )
    )
    return session.scalars(query.order_by(JudgementRow.id)).all()


def _closed(session: Session, by: Person, court_id: int, action: Action) -> CourtRow:
    row = court_row(session, court_id)
    check(by, action, row.class_id)
    if row.closed is None:
        raise ClassroomRefused(
            "The court is open, and its votes are blind until it is closed. Close it first."
        )
    return row


VERDICTS: Mapping[Answer | None, str] = {
    Answer.SUSPECTED: "The label is wrong",
    Answer.GIVEN: "The label stands",
    Answer.BOTH: "Both fit",
    Answer.NEITHER: "Neither fits",
    None: "Divided",
}
"""What verdicts are called."""
