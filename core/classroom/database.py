"""The database of the classes: a file in ``ATELIER_HOME``, or PostgreSQL by its setting.

What was confirmed stays: a transaction is on the disk before ``begin`` returns. A database that
cannot be used is never changed to make it so; ``ClassroomUnavailable`` says what is wrong with it.
"""

import atexit
import contextlib
import functools
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    create_engine,
    event,
    exc,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from core import machine
from core.classroom import migrations
from core.classroom.schema import VERSION, AboutRow, Base
from core.errors import ClassroomUnavailable
from core.settings import settings

BUSY_SECONDS = 5.0  # that a write waits for another one
REACH_SECONDS = 5  # that a server on the network has to answer
AGAIN_SECONDS = 3.0  # after which a database that could not be opened is tried again
CONNECTIONS = 5  # kept; three times as many at the busiest moment
_ADVISORY = 0x61746C72  # PostgreSQL's lock while one server makes or changes the tables

_READING = {"atelier_reading": True, "postgresql_readonly": True}


class Database:
    """One database, opened: its tables are there and of this version."""

    def __init__(self, url: URL | str) -> None:
        """Open the database, and make or migrate its tables.

        Args:
            url: of SQLAlchemy; ``sqlite`` with a path, or ``postgresql``.

        Raises:
            ClassroomUnavailable: it cannot be used; the sentence says why, and what to do.
        """
        try:
            self.url = make_url(url)
        except exc.ArgumentError as error:
            raise ClassroomUnavailable(
                "ATELIER_DATABASE_URL cannot be read. Write it as "
                "postgresql://user:password@host:5432/database, with %40 for an @ in the password."
            ) from error
        self.file = Path(self.url.database or "") if self._is_sqlite else None
        if self.file is not None:
            _check_place(self.file)
        self._writing, self._inside = threading.Lock(), threading.local()
        self._engine = _sqlite(self.url) if self.file is not None else _postgresql(self.url)
        self._reader = self._engine.execution_options(**_READING)
        # A single query is a transaction by itself; to SQLite, which is no way off, the
        # beginning of one costs less than the change of mode.
        self._single = self._reader
        if self.file is None:
            self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self._telling():
                self._prepare()
                self.server_key = self._key()
        except BaseException:
            self.close()
            raise

    @property
    def _is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """Where it is, fit to be shown: without user and password."""
        if self.file is not None:
            return str(self.file)
        return f"{self.url.host or 'this computer'}, database {self.url.database}"

    @contextlib.contextmanager
    def begin(self) -> Iterator[Session]:
        """Yield a session in one transaction that may write, and commit it at the end.

        On SQLite one at a time, so what is read in it stays so until it ends: nothing slow is
        done in it, and no other one is begun.

        Raises:
            ClassroomUnavailable: the database refuses; nothing of the transaction was kept.
        """
        with (
            self._telling(),
            self._turn(),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads of this process write one after the other, where only one can anyway.

        SQLite would have each look now and then whether it may, and let some wait for long.
        """
        if getattr(self._inside, "writing", False):
            raise RuntimeError("a transaction within another would wait for its own end")
        if self.file is not None and not self._writing.acquire(timeout=BUSY_SECONDS):
            raise ClassroomUnavailable(_BUSY)
        self._inside.writing = True
        try:
            yield
        finally:
            self._inside.writing = False
            if self.file is not None:
                self._writing.release()

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that only reads, and waits for nobody.

        Raises:
            ClassroomUnavailable: the database cannot be read.
        """
        with self._telling(), Session(self._reader, autoflush=False) as session:
            yield session

    def one(self, query: Select[Any]) -> Row[Any] | None:
        """Return the one row that a query finds, in the quickest way; None if it finds none.

        Raises:
            ClassroomUnavailable: the database cannot be read.
        """
        with self._telling(), self._single.connect() as connection:
            return connection.execute(query).one_or_none()

    def close(self) -> None:
        """Close all connections; of SQLite also what is beside the file while it is open."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what the driver raises into a sentence, but for what is a mistake of the code."""
        try:
            yield
        except exc.DBAPIError as error:
            mistake = isinstance(error, exc.IntegrityError | exc.ProgrammingError)
            if mistake and not _kind(error.orig):
                raise
            raise ClassroomUnavailable(_sentence(error.orig, self)) from error
        except exc.TimeoutError as error:
            raise ClassroomUnavailable(_BUSY) from error

    def _prepare(self) -> None:
        with self._engine.connect() as connection:
            if self.file is not None:
                _check_sound(connection, self)
            with connection.begin():
                if self.file is None:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY})
                self._make(connection)

    def _make(self, connection: Connection) -> None:
        """Make the tables, or bring those of an older version up to this one's."""
        tables = set(inspect(connection).get_table_names())
        about = AboutRow.__tablename__
        if about not in tables and tables & set(Base.metadata.tables):
            raise ClassroomUnavailable(
                f"The database {self.name} has tables that are not Atelier's. Use an empty one."
            )
        version = _read_version(connection, self) if about in tables else None
        if version is not None and version > VERSION:
            raise ClassroomUnavailable(
                f"The classes in {self.name} were written by a newer Atelier (version {version} of "
                f"the tables; this one knows {VERSION}). Start the newer Atelier again; nothing "
                "was changed."
            )
        if version is not None and version < VERSION:
            if self.file is not None:
                _keep_copy(self.file, version)
            for step in range(version, VERSION):
                migrations.STEPS[step](connection)
        if set(Base.metadata.tables) - tables:
            Base.metadata.create_all(connection)
        if version is None:
            now = [
                {"name": "version", "value": str(VERSION)},
                {"name": "server_key", "value": secrets.token_hex(32)},
            ]
            connection.execute(insert(AboutRow), now)
        elif version < VERSION:
            connection.execute(
                text("UPDATE about SET value = :version WHERE name = 'version'"),
                {"version": str(VERSION)},
            )

    def _key(self) -> bytes:
        with self._reader.connect() as connection:
            found = connection.scalar(select(AboutRow.value).where(AboutRow.name == "server_key"))
        if found is None:
            raise ClassroomUnavailable(_damaged(self))
        return bytes.fromhex(found)


# -- SQLite ------------------------------------------------------------------------------------


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=2 * CONNECTIONS,
        pool_timeout=BUSY_SECONDS,
        # Transactions are begun here, not by Python, which would read outside of them.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        # A commit is on the disk, also where the power fails, and not only when a process does.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what was deleted is not in the file

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("atelier_reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _check_place(file: Path) -> None:
    """Make the folder of the file, and refuse one where SQLite could lose something."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)  # nobody else on this computer reads it; SQLite goes by that
    except OSError as error:
        raise ClassroomUnavailable(
            f"The classes cannot be kept in {file.parent}: {error.strerror or error}. Make the "
            "folder writable, or set ATELIER_HOME to another folder, "
            "and restart."
        ) from error
    kind = machine.network_disk(file.parent)
    if kind is not None:
        raise ClassroomUnavailable(
            f"Classes cannot be kept in {file.parent}: it is on a network drive ({kind}), where "
            "two servers could damage the file. Set ATELIER_DATABASE_URL to a PostgreSQL "
            "database, or ATELIER_HOME to a folder on a disk of this computer, and restart."
        )


def _check_sound(connection: Connection, database: Database) -> None:
    """Look through the whole file, and have it write ahead, so that readers wait for nobody."""
    raw: Any = connection.connection.driver_connection
    try:
        found = raw.execute("PRAGMA quick_check(1)").fetchone()
        if found[0] != "ok":
            raise ClassroomUnavailable(_damaged(database))
        if raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            raw.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:  # below SQLAlchemy, which would begin a transaction
        raise ClassroomUnavailable(_sentence(error, database)) from error


def _keep_copy(file: Path, version: int) -> None:
    """Keep the file as it is before its tables are changed, beside it."""
    copy = file.with_name(f"{file.name}.version-{version}")
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(copy)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise ClassroomUnavailable(
            f"The classes in {file} are of an older version, and no copy could be kept before "
            f"they are changed: {error}. Free some space, and restart; nothing was changed."
        ) from error


# -- PostgreSQL --------------------------------------------------------------------------------


def _postgresql(url: URL) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ClassroomUnavailable(
            "ATELIER_DATABASE_URL asks for PostgreSQL, whose driver is not installed. Install "
            "requirements-postgres.txt, or unset the variable to keep classes in a file."
        ) from error
    options = f"-c lock_timeout={BUSY_SECONDS:g}s -c statement_timeout={2 * BUSY_SECONDS:g}s"
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=2 * CONNECTIONS,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,  # the server may have been restarted
        connect_args={"connect_timeout": REACH_SECONDS, "options": options},
    )


# -- Sentences ---------------------------------------------------------------------------------

_BUSY = (
    "The classes are busy: somebody else has kept the database for too long. Nothing was changed; "
    "try again in a moment."
)
_FULL = (
    "The disk with the classes is full, so nothing was saved. Free some space, then do it again; "
    "what was there is safe."
)
# SQLite's kinds of errors, by their names without the details.
_SQLITE = {
    "BUSY": "busy",
    "LOCKED": "busy",
    "CORRUPT": "damaged",
    "NOTADB": "damaged",
    "FORMAT": "damaged",
    "FULL": "full",
    "READONLY": "readonly",
    "PERM": "readonly",
    "CANTOPEN": "readonly",
    "AUTH": "readonly",
}
# PostgreSQL's, by the beginning of their codes.
_POSTGRESQL = {
    "08": "unreached",
    "57P": "unreached",
    "53300": "busy",
    "28": "password",
    "3D": "password",
    "42501": "readonly",
    "25006": "readonly",
    "531": "full",
    "5310": "full",
    "40": "busy",
    "55P03": "busy",
    "57014": "busy",
    "XX001": "damaged",
    "XX002": "damaged",
    "42P01": "damaged",
}


def _kind(error: BaseException | None) -> str:
    """Return which kind of trouble a driver's error tells about; empty for another."""
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
        return _SQLITE.get(name.partition("_")[0], "")
    code = getattr(error, "sqlstate", None)
    if code is None:  # before there is a connection, when a refusal is in the text only
        return "password" if "FATAL:" in str(error) else "unreached"
    longest = sorted((each for each in _POSTGRESQL if code.startswith(each)), key=len)
    return _POSTGRESQL[longest[-1]] if longest else ""


def _damaged(database: Database) -> str:
    return (
        f"The database of the classes in {database.name} is damaged. Put a copy of it in its "
        "place, or move it away to begin with none, and restart; Atelier has left it as it is."
    )


def _sentence(error: BaseException | None, database: Database) -> str:
    kind = _kind(error)
    if kind == "busy":
        return _BUSY
    if kind == "full":
        return _FULL
    if kind == "damaged":
        return _damaged(database)
    if kind == "readonly":
        return (
            f"The classes in {database.name} cannot be changed: Atelier may not write there. Make "
            "the database and its folder writable for the user that runs Atelier."
        )
    if kind == "password":
        return (
            f"The database server at {database.name} does not let Atelier in. Check user, "
            "password and name of the database in ATELIER_DATABASE_URL, and whether the server "
            "is ready and takes more connections."
        )
    if kind == "unreached":
        return (
            f"The database server at {database.name} does not answer. Start it, or check "
            "ATELIER_DATABASE_URL; what was saved before is safe."
        )
    reason = " ".join(str(error).split())[:200]
    return (
        f"The classes in {database.name} cannot be used now: {reason}. Nothing was changed; try "
        "again, and look at the disk if it stays so."
    )


def _read_version(connection: Connection, database: Database) -> int:
    found = connection.scalar(select(AboutRow.value).where(AboutRow.name == "version"))
    if found is None or not found.isdecimal() or int(found) < 1:
        raise ClassroomUnavailable(_damaged(database))
    return int(found)


# -- The database of this process --------------------------------------------------------------

_lock = threading.Lock()
_database: Database | None = None
_failure: tuple[float, str] | None = None  # when opening failed last, and why


def database() -> Database:
    """Return the database of this process, opened at the first call.

    Raises:
        ClassroomUnavailable: it cannot be used. For some seconds the same is then said at once,
            so that pages do not each wait for a server that does not answer.
    """
    global _database, _failure
    found = _database
    if found is not None:
        return found
    with _lock:
        if _database is None:
            if _failure is not None and time.monotonic() - _failure[0] < AGAIN_SECONDS:
                raise ClassroomUnavailable(_failure[1])
            try:
                _database = Database(_url())
            except ClassroomUnavailable as error:
                _failure = (time.monotonic(), str(error))
                raise
            _failure = None
            _close_at_exit()
        return _database


def exists() -> bool:
    """Tell whether there may be classes, without making a database for them."""
    found = settings()
    return (
        _database is not None or found.database_url is not None or os.path.lexists(found.classroom)
    )


def use(database: Database | None) -> Database | None:
    """Put a database in the place of this process's, and return the one of before.

    With None the next call of ``database`` opens one by the settings. Neither is closed here.
    """
    global _database, _failure
    with _lock:
        before, _database, _failure = _database, database, None
        return before


def _url() -> URL | str:
    found = settings()
    return found.database_url or URL.create("sqlite", database=str(found.classroom))


@functools.cache
def _close_at_exit() -> None:
    """Have the database closed when the process ends, by a server that is told to end too."""
    atexit.register(_close)


def _close() -> None:
    database = use(None)
    if database is not None:
        database.close()
