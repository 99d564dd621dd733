"""What hand-ins are worth: their figures, which of a student's stands, and who gave which.

Works on rows of the database, as long as these are at hand; ``handins`` says who may see what.
"""

import contextlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import datasets, evaluation, runs
from core.classroom import scores
from core.classroom.database import database
from core.classroom.given import Given, Phase
from core.classroom.people import Member, State
from core.classroom.rows import member as member_of_row
from core.classroom.schema import HandInRow, MemberRow
from core.classroom.scores import Measure
from core.classroom.tasks import Counts, What
from core.errors import AtelierError
from core.evaluation import share_of
from core.runs import Run
from core.runs.analysis import analysis_file, fits
from core.tasks import pool

Pair = tuple[HandInRow, Member]


def right_of(run: Run) -> bytes:
    """Return which test images a finished run answered rightly, a bit each."""
    return np.packbits(evaluation.answers_of(run, evaluation.TEST).right).tobytes()


def bits_of(row: HandInRow, found: Given) -> np.ndarray:
    """Return which test images were answered rightly, bool (n,)."""
    assert row.right is not None, "the test images count"
    count = datasets.find(found.task.dataset).counts["test"]
    return np.unpackbits(np.frombuffer(row.right, np.uint8), count=count).astype(bool)


@lru_cache(maxsize=16)
def parts_of(dataset: str) -> scores.Parts:
    """Return the divided test images of a data set."""
    return scores.divide(datasets.load(dataset, "test").labels)


def measure_of(counts: Counts, row: HandInRow, run: Run) -> list[float | None] | None:
    """Work out what counts besides the accuracy; None if that takes a task in the background."""
    match counts.what:
        case What.PER_PARAMETER:
            share = share_of(row.val_accuracy, row.val_count)
            measure = (
                Measure(None)
                if share is None
                else scores.per_parameter(share, row.parameters, counts.goal or 0.0)
            )
        case What.TIME:
            assert counts.goal is not None, "the task was checked"
            epochs = runs.read_curves(run.folder).epochs
            measure = scores.time_to(epochs["seconds"], epochs["val_accuracy"], counts.goal)
        case What.ANSWER:
            measure = Measure(float(counts.is_right(row.answer)))
        case What.ROBUST:
            path = analysis_file("robustness", run)
            if not fits(path, run):
                return None
            robustness = evaluation.read_robustness(path)
            measure = Measure.of(scores.robust_share(robustness, counts.corruption))
        case _:
            return None
    return [measure.value, measure.low, measure.high]


def settle(found: Given, pairs: Sequence[Pair]) -> None:
    """Fill in what tasks in the background have found by now, and ask for what they have not."""
    known = {}
    for row, member in pairs:
        if found.task.counts.what is not What.ROBUST or row.measure is not None:
            continue
        # The run may be gone, or too much be asked of this server now: then a later look asks.
        with contextlib.suppress(AtelierError):
            run = runs.read(row.run_id)
            row.measure = measure_of(found.task.counts, row, run)
            if row.measure is None:
                pool.start("robustness", run, member.visitor)
            else:
                known[row.id] = row.measure
    if known:
        with database().begin() as session:
            for row_id, measure in known.items():
                stored = session.get(HandInRow, row_id)
                if stored is not None:
                    stored.measure = measure


def measured(found: Given, row: HandInRow) -> Measure:
    """Return what a hand-in is placed by, as far as it may be known now."""
    hidden = found.task.counts.what is What.ANSWER and found.phase is not Phase.REVEALED
    return Measure(None) if hidden or row.measure is None else Measure(*row.measure)


def best_of(found: Given, rows: Sequence[HandInRow]) -> HandInRow:
    """Return the hand-in that stands for a student; ``rows`` are in order."""
    counts = found.task.counts
    if counts.blind:
        return rows[ladder_of(found, rows)[-1].best]
    if counts.what is What.ANSWER:
        return rows[-1]  # who thinks again may change the answer
    sign = -1.0 if counts.lower_is_better else 1.0

    def score(row: HandInRow) -> float:
        value = measured(found, row).value
        return -np.inf if value is None else sign * value

    return max(rows, key=score)


def ladder_of(found: Given, rows: Sequence[HandInRow]) -> list[scores.Step]:
    """Return what each of a student's hand-ins did to the board; ``rows`` are in order."""
    part = parts_of(found.task.dataset).board
    return scores.ladder([bits_of(row, found)[part] for row in rows])


def pairs_of(session: Session, task_id: int, member_id: int | None = None) -> list[Pair]:
    """Return the hand-ins of a task with who gave them, in order; of nobody who was removed.

    Args:
        session: to read with.
        task_id: of the task.
        member_id: whose; None for all.
    """
    query = (
        select(HandInRow, MemberRow)
        .join(MemberRow, MemberRow.id == HandInRow.member_id)
        .where(HandInRow.task_id == task_id, MemberRow.state != State.REMOVED.value)
    )
    if member_id is not None:
        query = query.where(HandInRow.member_id == member_id)
    rows = session.execute(query.order_by(HandInRow.id)).all()
    return [(row, member_of_row(member)) for row, member in rows]


def by_member(pairs: Sequence[Pair]) -> dict[str, tuple[Member, list[HandInRow]]]:
    """Return the hand-ins of each student in order, by public id."""
    found: dict[str, tuple[Member, list[HandInRow]]] = {}
    for row, member in pairs:
        found.setdefault(member.public_id, (member, []))[1].append(row)
    return found
