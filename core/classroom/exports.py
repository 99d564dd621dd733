"""What a teacher takes home from a class: a spreadsheet of all, and what was handed in as a ZIP.

The secret id of nobody is in them: whose it is says the name in the class and the public id.
"""

import io
import json
import re
import time
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from core import datasets, runs
from core.architectures.settings import SETTINGS
from core.classroom import beating, given, handins
from core.classroom.access import Action, check
from core.classroom.beating import Round
from core.classroom.database import database
from core.classroom.given import Given, Phase
from core.classroom.handins import HandIn
from core.classroom.keys import group_of
from core.classroom.people import Member, Person
from core.classroom.rows import class_row
from core.classroom.rows import member as member_of_row
from core.classroom.schema import GuessRow, MemberRow, TaskRunRow
from core.errors import AtelierError
from core.files import csv_text
from core.runs import Run
from core.runs.curves import EPOCH_COLUMNS

COLUMNS = (
    "task",
    "student",
    "public_id",
    "guess",
    "runs",
    "hand_in",
    "run",
    "handed_in",
    "sentence",
    "answer",
    "answer_right",
    "architecture",
    "settings",
    "validation_accuracy",
    "validation_images",
    "parameters",
    "seconds",
    "measure",
    "moved_the_board",
    "board_accuracy",
    "end_accuracy",
    "end_place",
    "turn",
    "image",
    "image_is",
)
_DATE = (2000, 1, 1, 0, 0, 0)  # of the entries: the same hand-ins make the same file


def spreadsheet(by: Person, class_id: int) -> str:
    """Return all tasks, students, guesses and hand-ins of a class as CSV, and what was answered in
    Beat the network.

    A student has a line for each hand-in, and one for a task without; of a closed round of Beat
    the network one for each image.

    Raises:
        ClassroomRefused: not a teacher, or no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT, class_id)
    with database().read() as session:
        class_row(session, class_id)
        query = select(MemberRow).where(MemberRow.class_id == class_id).order_by(MemberRow.id)
        members = [member_of_row(row) for row in session.scalars(query)]
    lines: list[Sequence[Any]] = []
    for task in given.tasks_of(by, class_id):
        if task.opened is not None:
            lines += _lines(by, task, members)
    for each in reversed(beating.rounds_of(by, class_id)):
        lines += _beat_lines(by, each, members)
    return csv_text(COLUMNS, lines)


def archive(by: Person, class_id: int) -> bytes:
    """Return what was handed in in a class as a ZIP: a folder a hand-in, and the spreadsheet.

    A folder has the sentence, the settings, and the curve if the run is still there.

    Raises:
        ClassroomRefused: not a teacher, or no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT, class_id)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:

        def put(name: str, text: str) -> None:
            file.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED)

        put("hand-ins.csv", spreadsheet(by, class_id))
        for task in given.tasks_of(by, class_id):
            if task.opened is None:
                continue
            folder = f"{task.place:02}-{task.task.id}"
            put(f"{folder}/task.toml", task.task.to_toml())
            for each in handins.hand_ins(by, task.id):
                within = f"{folder}/{_slug(each.member)}/{each.number}"
                put(f"{within}/sentence.txt", f"{each.sentence}\n")
                put(f"{within}/settings.json", json.dumps(dict(each.config), indent=2) + "\n")
                curve = _curve(each.run_id)
                if curve is not None:
                    put(f"{within}/epochs.csv", curve)
    return content.getvalue()


def runs_of(by: Person, class_id: int) -> list[tuple[Run, str]]:
    """Return the runs of a class that are not under way, each with its owner's handle.

    Raises:
        ClassroomRefused: not a teacher, or no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.EXPORT, class_id)
    with database().read() as session:
        class_row(session, class_id)
        query = select(MemberRow).where(MemberRow.class_id == class_id)
        handles = {row.visitor: row.handle for row in session.scalars(query)}
    return [
        (run, handles.get(run.visitor, ""))
        for run in reversed(runs.list_runs())
        if run.group == group_of(class_id) and not run.state.active
    ]


def _lines(by: Person, task: Given, members: Sequence[Member]) -> Iterable[Sequence[Any]]:
    with database().read() as session:
        guesses = dict(
            tuple(row)
            for row in session.execute(
                select(GuessRow.member_id, GuessRow.value).where(GuessRow.task_id == task.id)
            )
        )
        started = list(
            session.scalars(select(TaskRunRow.member_id).where(TaskRunRow.task_id == task.id))
        )
    of_member: dict[int, list[HandIn]] = {}
    for each in handins.hand_ins(by, task.id):
        of_member.setdefault(each.member.id, []).append(each)
    ends = {}
    if task.phase is Phase.REVEALED and task.task.counts.blind:
        ends = {(line.member.id, line.run_id): line.revealed for line in handins.end(by, task.id)}
    for member in members:
        known: Sequence[HandIn | None] = of_member.get(member.id) or (None,)
        for hand_in in known:
            end = None if hand_in is None else ends.get((member.id, hand_in.run_id))
            yield [
                task.task.title,
                member.handle,
                member.public_id,
                _words(guesses.get(member.id)),
                started.count(member.id),
                *_values(hand_in),
                None if end is None else end.end_share.value,
                None if end is None else end.end.place,
                *(None, None, None),  # of Beat the network
            ]


def _beat_lines(by: Person, found: Round, members: Sequence[Member]) -> Iterable[Sequence[Any]]:
    by_id = {member.id: member for member in members}
    spec = datasets.find(found.dataset)
    for each in beating.answers(by, found.id):
        values = {
            "task": f"Beat the network on {spec.title}",
            "student": by_id[each.member_id].handle,
            "public_id": by_id[each.member_id].public_id,
            "handed_in": _moment(each.at),
            "answer": None if each.answer is None else spec.classes[each.answer],
            "answer_right": int(each.answer == each.truth),
            "turn": each.turn,
            "image": each.image,
            "image_is": spec.classes[each.truth],
        }
        yield [values.get(name) for name in COLUMNS]


def _values(hand_in: HandIn | None) -> Sequence[Any]:
    if hand_in is None:
        return [None] * (len(COLUMNS) - 10)
    config = dict(hand_in.config)
    flat = {**config, **config.get("recipe", {})}
    settings = "; ".join(f"{name}={flat[name]}" for name in SETTINGS if name in flat)
    validation, measure = hand_in.validation, hand_in.measure
    return [
        hand_in.number,
        hand_in.run_id,
        _moment(hand_in.at),
        hand_in.sentence,
        hand_in.answer,
        None if hand_in.right is None else int(hand_in.right),
        flat.get("architecture"),
        settings,
        None if validation is None else validation.value,
        None if validation is None else validation.count,
        hand_in.parameters,
        hand_in.seconds,
        None if measure is None else measure.value,
        int(hand_in.moved),
        None if hand_in.board is None else hand_in.board.value,
    ]


def _curve(run_id: str) -> str | None:
    """Return the curve of a run as CSV, an epoch a line; None if the run is gone."""
    try:
        epochs = runs.read_curves(runs.folder_of(run_id)).epochs
    except AtelierError:
        return None
    rows = zip(*(epochs[name] for name in EPOCH_COLUMNS), strict=True)
    return csv_text(EPOCH_COLUMNS, list(rows))


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _words(value: Any) -> Any:
    return " ".join(f"{each:g}" for each in value) if isinstance(value, list) else value


def _slug(member: Member) -> str:
    """Return a name of a folder for a student: two may have names that differ by an accent."""
    name = re.sub("[^a-z0-9]+", "-", member.handle.lower()).strip("-")
    return f"{name or 'student'}-{member.public_id[:4]}"
