"""A PostgreSQL server for tests: Debian's, on a socket in a folder of its own, and no port."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "atelier"
# Nothing that it keeps is needed after the tests.
QUICKLY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""


class Server:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        """Note where its socket is."""
        self.folder = folder
        self._made = 0
        self._free: list[str] = []

    def url(self, name: str, **changes: str) -> str:
        """Return the address of one of its databases."""
        user = changes.get("user", USER)
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def ask(self, query: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """Return what a query gives, by a connection of its own."""
        import psycopg

        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the name of an empty database, which is emptied again: sooner than a new one."""
        if self._free:
            name = self._free.pop()
        else:
            self._made += 1
            name = f"test_{self._made}"
            self.ask(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self.ask(EMPTY, name)
            self._free.append(name)


@contextmanager
def running() -> Iterator[Server]:
    """Start a server and yield it.

    Without PostgreSQL the tests are skipped, but fail where CI should have it.
    """
    programs = _programs()
    # Of root's folders for tests nobody else may enter one, and the server does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="atelier-postgresql-"))
    user = _other_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = None if user is None else user.pw_uid
    group = None if user is None else user.pw_gid
    others = None if user is None else ()
    data = folder / "data"
    make: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "-N",
    ]
    start: list[str | Path] = [
        programs / "postgres",
        "-D",
        data,
        "-k",
        folder,
        "-c",
        "listen_addresses=",
    ]
    try:
        subprocess.run(
            [*make, "--no-locale"],
            check=True,
            capture_output=True,
            cwd=folder,
            user=who,
            group=group,
            extra_groups=others,
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*start, *(word for option in QUICKLY for word in ("-c", option))],
                stdout=log,
                stderr=log,
                cwd=folder,
                user=who,
                group=group,
                extra_groups=others,
            )
        try:
            server = Server(folder)
            _wait(server, process)
            yield server
        finally:
            process.terminate()  # no new connections, and an end when the last one is closed
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """Return the folder with the server's programs, which Debian has in none of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb")
    if path is not None:
        found.append(Path(path).resolve())
    if not found:
        reason = "There is no PostgreSQL: install Debian's package postgresql."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found[-1].parent


def _other_user() -> pwd.struct_passwd | None:
    """Return who runs the server where the tests run as root, which it refuses."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    import psycopg

    end = time.monotonic() + 60
    while True:
        try:
            server.ask("SELECT 1")
            return
        except psycopg.OperationalError:
            log = (server.folder / "log").read_text(errors="replace")
            assert process.poll() is None and time.monotonic() < end, log
            time.sleep(0.05)
