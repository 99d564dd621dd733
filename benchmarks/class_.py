"""How a class fares on this machine: ``python -m core benchmark class``.

Starts a server of its own with an empty ``ATELIER_HOME`` and limits as for a lesson, opens a class,
and sends it students over the websocket, as browsers would come but without browsers: they join one
after the other, press Train on the same settings at once, then each on settings of their own, and
go from page to page while that trains. A teacher and a board look on. Then many more sessions
come. The students take from the same cores. Run it on a machine that does nothing else.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks._server import Server, server, together
from benchmarks._sessions import Session, SessionFailed
from core import runs
from core.classroom import classes, joining, teachers
from core.classroom.people import SERVER, Classroom, Joined, Limits
from core.runs import State
from core.settings import forget_settings

PAGES = {
    "train": "Train",
    "runs": "Runs",
    "explore": "Explore",
    "evaluate": "Evaluate",
    "classroom": "Class",
}
HOUR = 3600.0  # seconds
# A training of some seconds, and one that lasts as long as everything else here does.
TASK = "architecture=basic-cnn&epochs=1&seed={seed}"
PEAK = "architecture=basic-cnn&epochs=20&seed=0"
SEED = 7
PATIENCE = 600.0  # seconds for any one thing
LESSON = {"ATELIER_MAX_MINUTES": "3", "ATELIER_MAX_QUEUED": "3"}


@dataclass
class Times:
    """Seconds of each time that something was done, and what went wrong."""

    what: str
    goal: str
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def of(self, done: Awaitable[float]) -> None:
        """Wait for something that says how long it took."""
        try:
            self.seconds.append(await done)
        except (SessionFailed, OSError) as error:
            self.failures.append(str(error))

    def row(self) -> str:
        """Return a row of the table."""
        figures = "– | – | –"
        if self.seconds:
            high = float(np.quantile(self.seconds, 0.95))
            figures = f"{statistics.median(self.seconds):.2f} | {high:.2f} "
            figures += f"| {max(self.seconds):.2f}"
        counts = f"{len(self.seconds)} | {len(self.failures)}"
        return f"| {self.what} | {figures} | {counts} | {self.goal} |"


def every_page(times: Mapping[str, Times], what: str, goal: str) -> Times:
    """Return the times of all pages together."""
    every = Times(what, goal)
    for each in times.values():
        every.seconds += each.seconds
        every.failures += each.failures
    return every


class Lesson:
    """A class at work, and what is measured of it."""

    def __init__(self, app: Server, room: Classroom, teacher: str) -> None:
        """Take a server, a class and a teacher's cookie."""
        self.app, self.room, self.teacher = app, room, teacher
        self.chance = random.Random(SEED)
        self.students: list[Session] = []
        self.watching: list[Session] = []
        self.joins = Times("A join: the page of the code, the cookie, the class", "1")
        self.board = Times("A change on the board: someone joined", "2")
        self.presses = Times("Train pressed by all at once, to the page of the run", "–")
        self.first = Times("From there to the first point of the curve", "10")
        self.pages = {
            page: Times(f"{title} while a training runs", "0.5") for page, title in PAGES.items()
        }
        self.crowd = {
            page: Times(f"{title}, the many sessions open", "–") for page, title in PAGES.items()
        }
        self.drained = ""
        self.served = 0
        self.ticked = 0

    async def look_on(self) -> None:
        """Let the teacher and the board come."""
        cookies = {"atelier_teacher": self.teacher}
        for page in ("classroom", "board"):
            session = Session(self.app.address, cookies)
            await session.open(page, f"class={self.room.code}")
            self.watching.append(session)

    async def join(self) -> Joined:
        """Let a student come in, and measure how long that takes and when the board shows it."""
        before = Session(self.app.address)
        started = time.monotonic()
        await before.open("classroom", f"code={self.room.code}")
        joined = await asyncio.to_thread(joining.join, self.room.code)
        ticket = await asyncio.to_thread(joining.ticket, joined.token)
        cookies = await asyncio.to_thread(_enter, self.app.address, ticket)
        await before.close()
        session = Session(self.app.address, cookies)
        await session.open("classroom")
        self.joins.seconds.append(time.monotonic() - started)
        self.students.append(session)
        await self.board.of(self.watching[1].until(joined.member.name, 10))
        return joined

    async def peak(self) -> None:
        """Have all press Train on the same settings at once, and see who trains."""
        for session in self.students:
            await session.open("train", PEAK)
        begun = time.monotonic()
        await asyncio.gather(*(self.presses.of(each.press("Train")) for each in self.students))
        started: dict[str, float] = {}
        while len(started) < len(self.students):
            for run in runs.list_runs():
                if run.id not in started and runs.read_curves(run.folder).batches["loss"]:
                    started[run.id] = time.monotonic() - begun
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"Only {len(started)} runs have a point: {runs.list_runs()}")
            await asyncio.sleep(0.05)
        self.first.seconds = list(started.values())
        self.served = sum(1 for run in runs.list_runs() if run.folder.lock.exists())

    async def walk(
        self, times: Mapping[str, Times], sessions: Sequence[Session], rounds: int
    ) -> None:
        """Have students go from page to page, each with a pause as people make them."""

        async def one(session: Session) -> None:
            for _ in range(rounds):
                await asyncio.sleep(self.chance.uniform(2, 12))
                page = self.chance.choice(list(PAGES))
                await times[page].of(session.open(page))

        await asyncio.gather(*(one(each) for each in sessions))

    async def tasks(self) -> None:
        """Have each start a run of their own, go on looking, and wait until all are trained."""
        known = {run.id for run in runs.list_runs()}
        for run in runs.list_runs():
            if run.state.active:
                runs.request_stop(run.id)
        for seed, session in enumerate(self.students, 1):
            await session.open("train", TASK.format(seed=seed))
        await asyncio.gather(*(each.press("Train") for each in self.students))
        walking = asyncio.create_task(self.walk(self.pages, self.students, 3))
        begun: dict[str, float] = {}
        ended: dict[str, float] = {}
        started = time.monotonic()
        while len(ended) < len(self.students):
            now = time.monotonic()
            for run in runs.list_runs():
                if run.id in known or run.id in ended:
                    continue
                if run.heartbeat is not None:
                    begun.setdefault(run.id, now)
                if run.state is State.FINISHED:
                    ended[run.id] = now
            if now - started > PATIENCE:
                raise SystemExit(f"{len(ended)} of {len(self.students)} runs came to their end")
            await asyncio.sleep(0.05)
        await walking
        beginnings, ends = sorted(begun.values())[1:], sorted(ended.values())
        gaps = [max(0.0, begin - end) for begin, end in zip(beginnings, ends, strict=False)]
        self.drained = (
            f"{len(ended)} tasks were trained one after the other in "
            f"{max(ended.values()) - started:.0f} s, the largest gap between two {max(gaps):.2f} s."
        )

    async def many(self, count: int) -> None:
        """Let more sessions come, until there are so many, and all of them look around."""
        more = [Session(self.app.address) for _ in range(count - len(self.students) - 2)]
        for session in more:
            await self.crowd["explore"].of(session.open("explore"))
        await self.walk(self.crowd, [*self.students, *more], 2)
        await asyncio.gather(*(each.close() for each in more))

    async def hour(self) -> None:
        """Let the teacher, the board and a third of the students watch for an hour's worth."""
        watching = [*self.watching, *self.students[::3]]
        for session in self.students[::3]:
            await session.open("classroom", "view=class")
        self.ticked = sum(await asyncio.gather(*(each.hurry(HOUR) for each in watching)))

    async def close(self) -> None:
        """Close all tabs."""
        await asyncio.gather(*(each.close() for each in (*self.students, *self.watching)))


def _enter(address: str, ticket: str) -> dict[str, str]:
    """Redeem a ticket as a browser does, and return the cookies that it gives."""
    cookies = {}

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    request = urllib.request.Request(f"{address}/enter/{ticket}", method="POST", data=b"")
    try:
        answer = urllib.request.build_opener(Stay).open(request, timeout=30)
    except urllib.error.HTTPError as error:  # the redirect, which is not followed
        answer = error
    with answer:
        for header in answer.headers.get_all("set-cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            cookies[name] = value
    if "atelier_class" not in cookies:
        raise SessionFailed(f"no cookie for the ticket: {answer.status} {dict(answer.headers)}")
    return cookies


async def lesson(
    app: Server, room: Classroom, teacher: str, students: int, many: int
) -> tuple[Lesson, list[float]]:
    """Hold a lesson; return what was measured, and the server's gigabytes at four moments."""
    held, memory = Lesson(app, room, teacher), []
    tell = sys.stderr.write
    try:
        await held.look_on()
        for _ in range(students):
            await held.join()
        tell("all have joined\n")
        memory.append(together(app.memory()) / 1e9)
        await held.peak()
        tell("all watch the training of one\n")
        await held.walk(held.pages, held.students, 2)
        await held.tasks()
        tell(f"{held.drained}\n")
        memory.append(together(app.memory()) / 1e9)
        await held.hour()
        tell(f"{held.ticked} ticks\n")
        memory.append(together(app.memory()) / 1e9)
        await held.many(many)
        memory.append(together(app.memory()) / 1e9)
    finally:
        await held.close()
    return held, memory


def main() -> None:
    """Hold a lesson and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--sessions", type=int, default=200, help="open at a time in the end")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"ATELIER_HOME": folder, **LESSON}
        forget_settings()
        limits = Limits(seconds=180, waiting=3)
        room = classes.open_class(SERVER, "The benchmark's class", most=200, limits=limits)
        teacher = teachers.check(teachers.teacher_token())
        with server(Path(folder), **LESSON) as app:
            held, memory = asyncio.run(
                lesson(app, room, teacher, options.students, options.sessions)
            )
    every = (
        *(held.joins, held.board, held.presses, held.first),
        *(every_page(held.pages, "A page while a training runs", "0.5"), *held.pages.values()),
        *(every_page(held.crowd, "A page, the many sessions open", "–"), *held.crowd.values()),
    )
    ticks = [tick for session in (*held.students, *held.watching) for tick in session.ticks]
    lines = [
        f"{describe()}; {options.students} students, a teacher and a board; "
        f"{options.sessions} sessions in the end",
        "",
        "| what | median s | p95 s | max s | times | errors | wanted p95 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(each.row() for each in every),
        "",
        f"{len(held.students)} equal runs were trained {held.served} "
        f"{'time' if held.served == 1 else 'times'}. {held.drained} A look at a run that trains "
        f"took {statistics.median(ticks):.3f} s in the median of {len(ticks):,}. The server with "
        f"its processes took {memory[0]:.2f} GB when all had joined, {memory[1]:.2f} GB after the "
        f"tasks, {memory[2]:.2f} GB after an hour's worth of ticks ({held.ticked:,} looks at the "
        f"class, without a pause) and {memory[3]:.2f} GB after the many sessions.",
    ]
    for each in every:
        for failure in sorted(set(each.failures)):
            print(f"{each.what}: {failure}", file=sys.stderr)
    publish("class", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
