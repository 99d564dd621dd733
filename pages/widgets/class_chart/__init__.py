"""The curves of a whole class in one chart, a line each, the leader marked; for the wall."""

import contextlib
from collections.abc import Sequence

from core import runs
from core.classroom.overview import Overview, ranked
from core.classroom.people import Member
from core.classroom.tasks import Task
from core.errors import RunDamaged
from core.runs import Run
from pages.widgets.curves import thinned
from pages.widgets.live_chart import clean
from pages.widgets.shared import register
from pages.words import count

POINTS = 60  # of each curve by batch: thirty share the chart

_CLASS_CHART = register(
    __file__, "class_chart", uses=("address", "theme", "save_buttons", "plotly_chart")
)


Line = dict[str, object]


def class_chart(lines: Sequence[Line], *, key: str, height: int = 420, wall: bool = False) -> None:
    """Draw accuracy by epoch: validation as dots on a line, and training faint behind it.

    Call it again with the same key, from a fragment with ``run_every``, and the lines grow in
    place.

    Args:
        lines: from ``lines_of``.
        key: the element's key.
        height: in pixels.
        wall: letters and lines for the back row.
    """
    _CLASS_CHART(key=key, data={"lines": [*lines], "height": height, "wall": wall, "name": "class"})


def lines_of(now: Overview, task: Task | None = None) -> list[Line]:
    """Return a line for each student who has a run: the one that trains, or else the best.

    It has the student's public id, which the line keeps when the run behind it changes. A run
    whose curves are damaged has none, and hides nobody else's.

    Args:
        now: the class.
        task: only runs with this task's settings; None for all.
    """
    students = now.students if task is None else [each.of_task(task) for each in now.students]
    leader = next(iter(ranked(students)), None)
    lines = []
    for student in students:
        run = student.active or student.best or student.latest
        if student is leader:
            run = student.best  # the line that leads is the one that is named
        if run is not None and run.config is not None:
            with contextlib.suppress(RunDamaged):
                lines.append(_line(student.member, run, leads=student is leader))
    return lines


def numbers(now: Overview) -> str:
    """Say how many are here, train and wait."""
    return " · ".join(
        [
            f"{now.here} of {count(len(now.students), 'student')} here",
            f"{len(now.running)} training",
            f"{len(now.waiting)} waiting",
        ]
    )


def _line(member: Member, run: Run, *, leads: bool) -> Line:
    assert run.config is not None, "a damaged run has no curves"
    curves = runs.read_curves(run.folder)
    training = thinned(curves.batches, POINTS)
    epochs = curves.epochs
    return {
        "id": member.public_id,
        "name": member.name,
        "leads": leads,
        "planned": run.config.recipe.epochs,
        "active": run.state.active,
        "training": clean({"x": training["x"], "y": training["accuracy"]}),
        "validation": clean({"x": epochs["epoch"], "y": epochs["val_accuracy"]}),
    }
