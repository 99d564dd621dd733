"""The pages in AppTest: no browser, no worker processes, a folder of its own for each test."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from making import VISITOR, config
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core import datasets, jobs, networks, runs
from core.classroom import classes, given, joining, seal, tasks
from core.classroom.database import database
from core.classroom.given import Given
from core.classroom.people import SERVER, Classroom, Joined
from core.classroom.schema import MemberRow
from core.classroom.teachers import start_session
from core.datasets import fashion_mnist
from core.errors import SettingsError
from core.runs import SERVER_ALLOWS, Allowance, State
from core.settings import ASSETS, ROOT, forget_settings, settings
from core.training.lifecycle import train_in_process
from pages import words as wording
from pages.session.cookies import MEMBER, TEACHER

OpenPage = Callable[..., AppTest]
OnlyBundled = Callable[[dict[str, Path]], None]


@dataclass
class Queue:
    """A backend that remembers what pages ask of it, and trains nothing."""

    submitted: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def submit(self, run_id: str) -> None:
        self.submitted.append(run_id)

    def stop(self, run_id: str) -> None:
        runs.request_stop(run_id)
        self.stopped.append(run_id)

    def pause(self, run_id: str) -> None:
        runs.request_pause(run_id)

    def resume(self, run_id: str) -> None:
        runs.resume(run_id)
        self.submit(run_id)

    def wait(self, run_id: str) -> float | None:
        return 95.0 if run_id in self.submitted else None

    def check_waiting(self, visitor: str, allowance: Allowance = SERVER_ALLOWS) -> None:
        if len(self.submitted) >= 3:
            raise SettingsError("You have 3 runs waiting, as many as this server allows.")

    def position(self, run_id: str) -> int | None:
        return self.submitted.index(run_id) if run_id in self.submitted else None

    def companions(self, run_id: str) -> int:
        return 0

    def waiting(self, visitor: str) -> int:
        return len(self.submitted)

    def close(self) -> None:
        pass

    def engine(self) -> jobs.Engine:
        return jobs.Engine(workers=1, warm=True)


@pytest.fixture(autouse=True)
def queue(home: Path) -> Iterator[Queue]:
    """Put a queue that trains nothing in the place of the backend."""
    queue = Queue()
    before = jobs.use(queue)
    yield queue
    jobs.use(before)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Put the main module back, which a script that runs takes the place of.

    A later test that starts processes of Python's own kind would start the app in each.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def cold(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a fresh server does, and keep it so: TensorFlow is not loaded in the background."""
    monkeypatch.setattr(networks, "warm", lambda: None)
    monkeypatch.setattr(networks, "live_apart", lambda: None)
    networks.begin()
    # A choice by its label is lost in AppTest, but not in a browser, when the label changes.
    monkeypatch.setattr(wording, "ago", lambda moment: "some time ago")
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def jar(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the cookies of the browser, which a test may fill."""
    jar: dict[str, str] = {}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: jar))
    return jar


@pytest.fixture
def classroom() -> Classroom:
    """Return an open class."""
    return classes.open_class(SERVER, "Tuesday, room 12")


@pytest.fixture
def joined(classroom: Classroom, jar: dict[str, str]) -> Joined:
    """Return the browser's place in the class."""
    joined = joining.join(classroom.code)
    jar[MEMBER] = joined.token
    return joined


@pytest.fixture
def teacher(jar: dict[str, str]) -> None:
    """Let the browser be a teacher's."""
    jar[TEACHER] = start_session()


@pytest.fixture
def open_page() -> OpenPage:
    """Return a function that opens a page as a link does: its name, and what the URL holds."""

    def open_page(name: str, /, **query: str) -> AppTest:
        app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
        app.session_state["atelier_visitor"] = VISITOR
        app.query_params.update(query)
        return app.switch_page(f"pages/{name}.py").run()

    return open_page


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """Train a small network once, as the command line would, and return its run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("trained")))
        forget_settings()
        run = train_in_process(config())
    forget_settings()
    assert run.state is State.FINISHED, run.reason
    return run


@pytest.fixture
def every_state(home: Path, trained: runs.Run) -> dict[State, str]:
    """Put a run of each state into the folder and return their ids by state.

    The finished one was really trained (by the command line); the others are the visitor's own.
    """
    ids = {state: runs.create(config(), VISITOR) for state in State if state is not State.FINISHED}
    shutil.copytree(trained.path, settings().runs / trained.id)
    for state in (State.RUNNING, State.INTERRUPTED):
        folder = runs.folder_of(ids[state])
        shutil.copy(trained.folder.batches, folder.batches)
        beat = runs.Heartbeat(
            os.getpid(), "elsewhere", "training", 0.5, 9_500.0, 1.0, 12.0, device="GPU 0: *T4*"
        )
        folder.write_heartbeat(beat)
    hour_ago = time.time() - 3600
    os.utime(runs.folder_of(ids[State.INTERRUPTED]).heartbeat, (hour_ago, hour_ago))
    runs.request_pause(ids[State.PAUSED])
    runs.folder_of(ids[State.FAILED]).write_result(
        runs.Result(State.FAILED, "The memory ran out. Use a smaller batch.")
    )
    runs.folder_of(ids[State.STOPPED]).write_result(
        runs.Result(State.STOPPED, "Stopped on request.", epochs=1, val_accuracy=0.5)
    )
    runs.folder_of(ids[State.DAMAGED]).config.write_text('{"config": 7', encoding="utf-8")
    return ids | {State.FINISHED: trained.id}


@pytest.fixture
def put_run(home: Path, trained: runs.Run) -> Callable[..., str]:
    """Return a function that makes a finished run, really trained, with another seed and owner."""

    def put_run(
        visitor: str = VISITOR, *, seed: int = 0, opened: bool = False, **notes: Any
    ) -> str:
        run_id = f"{trained.id}-{len(list(settings().runs.glob('*')))}"
        folder = settings().runs / run_id
        shutil.copytree(trained.path, folder)
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        values |= {"visitor": visitor, "config": values["config"] | {"seed": seed}}
        (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
        if notes:
            runs.annotate(run_id, **notes)
        if opened:
            runs.open_test(run_id)
        return run_id

    return put_run


@pytest.fixture(scope="session")
def small(trained: runs.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder such as the bundled model's, with the network trained for these tests."""
    return shutil.copytree(trained.path, tmp_path_factory.mktemp("models") / "fashion-mnist")


@pytest.fixture
def bundled(small: Path, only_bundled: OnlyBundled) -> None:
    """Let the network trained for these tests be the bundled one, loaded and ready."""
    only_bundled({runs.BUNDLED: small})
    networks.warm_now()


@pytest.fixture
def no_bundled(tmp_path: Path, only_bundled: OnlyBundled) -> None:
    """Take the bundled model away; the server has tried to load it."""
    only_bundled({runs.BUNDLED: tmp_path / "nowhere"})
    networks.warm_now()


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let Fashion-MNIST be read anew, from an empty folder, and return that folder."""
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    monkeypatch.setattr(fashion_mnist, "FOLDER", folder)
    loaded = datasets.find("fashion-mnist")._loaded
    kept = dict(loaded)
    loaded.clear()
    yield folder
    loaded.clear()
    loaded.update(kept)


@pytest.fixture
def damaged_data(no_data: Path) -> None:
    """Let Fashion-MNIST be a copy in which one bit of each file of images is another."""
    for name in fashion_mnist.SHA256:
        content = bytearray((ASSETS / "fashion-mnist" / name).read_bytes())
        if "images" in name:
            content[1000] ^= 1
        (no_data / name).write_bytes(content)


@pytest.fixture
def of_class(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], Given]:
    """Let the visitor be of a class, and return a function that opens and reveals its task."""
    monkeypatch.setattr(seal, "KEPT", -1.0)
    room = classes.open_class(SERVER, "Class 7b")
    joining.join(room.code)
    with database().begin() as session:
        session.execute(update(MemberRow).values(visitor=VISITOR))
    task = given.give(SERVER, room.id, tasks.find("luck"))

    def change(open: bool) -> Given:
        action = given.open_task if open else given.reveal
        return action(SERVER, task.id)

    return change
