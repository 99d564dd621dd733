import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import pytest
from class_support import known, member_of
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from core import machine
from core.classroom import classes, joining, keys, log, migrations, presence
from core.classroom import database as module
from core.classroom.database import Database, database, use
from core.classroom.people import SERVER, Limits, State
from core.classroom.schema import VERSION, AboutRow, Base, ClassRow, MemberRow
from core.errors import ClassroomRefused, ClassroomUnavailable, SettingsError
from core.settings import ROOT, Settings, forget_settings, settings

both = pytest.mark.usefixtures("stored")


@pytest.fixture
def file(home):
    """Return the file of a database with a class in it, which nobody has open."""
    classes.open_class(SERVER, "8b")
    reopen()
    return home / "classroom.db"


def reopen():
    """Close the database as a server does at its end."""
    found = use(None)
    if found is not None:
        found.close()


def titles():
    return [room.title for room in classes.all_classes(SERVER)]


# -- Transactions ------------------------------------------------------------------------------


@both
def test_there_is_one_database_a_process_made_at_its_first_need():
    found = database()
    assert database() is found
    assert titles() == []
    classes.open_class(SERVER, "8b")
    reopen()
    assert database() is not found
    assert titles() == ["8b"]


@both
def test_threads_that_are_first_at_the_same_moment_get_one():
    found = set()
    threads = [threading.Thread(target=lambda: found.add(database())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


@both
def test_an_error_within_a_transaction_leaves_nothing_of_it():
    room = classes.open_class(SERVER, "8b")

    class Trouble(Exception):
        pass

    with pytest.raises(Trouble), database().begin() as session:
        session.get(ClassRow, room.id).title = "gone"
        session.flush()
        raise Trouble
    assert titles() == ["8b"]


@both
def test_a_transaction_within_another_is_a_mistake_that_shows_at_once():
    with pytest.raises(RuntimeError, match="within another"), database().begin():
        classes.open_class(SERVER, "8b")
    assert classes.open_class(SERVER, "8b")


@both
def test_the_rules_of_the_tables_hold():
    room = classes.open_class(SERVER, "8b")
    member = joining.join(room.code).member
    other = classes.open_class(SERVER, "8c")
    with pytest.raises(IntegrityError), database().begin() as session:
        session.get(ClassRow, other.id).code = room.code
    with pytest.raises(IntegrityError), database().begin() as session:
        session.get(MemberRow, member.id).class_id = 4711  # there is none
    assert known(room, member.id) == member


@both
def test_a_reader_waits_for_no_writer_and_sees_only_what_is_confirmed():
    room = classes.open_class(SERVER, "8b")
    with database().begin() as session:
        session.get(ClassRow, room.id).title = "8c"
        session.flush()
        start = time.monotonic()
        assert titles() == ["8b"]
        assert time.monotonic() - start < 2
    assert titles() == ["8c"]


@both
def test_a_reading_session_writes_nothing():
    room = classes.open_class(SERVER, "8b")
    with database().read() as session:
        session.get(ClassRow, room.id).title = "8c"
    assert titles() == ["8b"]


@both
def test_the_servers_key_stays_and_is_of_this_database_alone(tmp_path):
    key = database().server_key
    assert len(key) == 32
    reopen()
    assert database().server_key == key
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    assert other.server_key != key
    other.close()


@both
def test_a_writer_that_waits_too_long_gets_a_sentence(monkeypatch, home):
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.3)
    room = classes.open_class(SERVER, "8b")
    held, done = threading.Event(), threading.Event()

    def hold():
        with database().begin() as session:
            session.get(ClassRow, room.id, with_for_update=True).title = "8c"
            session.flush()
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        with pytest.raises(ClassroomUnavailable, match="The classes are busy"):
            classes.close_class(SERVER, room.id)
    finally:
        done.set()
        thread.join()
    assert titles() == ["8c"]
    assert classes.close_class(SERVER, room.id).title == "8c"


@both
def test_many_threads_read_and_write_without_an_error():
    room = classes.open_class(SERVER, "8b")
    problems = []

    def work():
        try:
            for _ in range(5):
                joined = joining.join(room.code)
                assert member_of(joined.token) == joined.member
                presence.members(room.id)
        except Exception as error:  # noqa: BLE001  # told below
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(presence.members(room.id)) == 60


# -- Versions ----------------------------------------------------------------------------------


@both
def test_a_newer_database_is_refused_and_left_as_it_is(monkeypatch):
    classes.open_class(SERVER, "8b")
    with database().begin() as session:
        session.get(AboutRow, "version").value = str(VERSION + 1)
    reopen()
    with pytest.raises(ClassroomUnavailable, match="written by a newer Atelier"):
        database()
    use(None)
    monkeypatch.setattr(module, "VERSION", VERSION + 1)
    assert titles() == ["8b"]


VERSIONS = Path(__file__).parent / "versions"
OLDER = range(1, VERSION)


def put_back(stored, version, home, postgresql=None):
    """Make a database as an older version had it, with rows in each of its tables."""
    script = (VERSIONS / f"{version}.{stored}.sql").read_text(encoding="utf-8")
    if stored == "sqlite":
        home.mkdir()
        with contextlib.closing(sqlite3.connect(home / "classroom.db")) as connection:
            connection.executescript(script)
    else:
        postgresql.ask(script, urlsplit(settings().database_url).path[1:])


def shape(connection):
    """Return all that the tables are, but for the order of their columns."""
    found, shape = inspect(connection), {}
    for table in found.get_table_names():
        columns = {
            (each["name"], str(each["type"]), each["nullable"]) for each in found.get_columns(table)
        }
        indexes = {(each["name"], *each["column_names"]) for each in found.get_indexes(table)}
        unique = {tuple(each["column_names"]) for each in found.get_unique_constraints(table)}
        foreign = {
            (*each["constrained_columns"], each["referred_table"], str(each["options"]))
            for each in found.get_foreign_keys(table)
        }
        shape[table] = (columns, indexes, unique, foreign)
    return shape


@pytest.mark.parametrize("version", OLDER)
def test_a_database_of_an_older_version_is_brought_up_with_all_that_is_in_it(
    stored, version, home, request
):
    server = request.getfixturevalue("postgresql") if stored == "postgresql" else None
    put_back(stored, version, home, server)
    gone, room = classes.all_classes(SERVER)
    assert (room.code, room.title, room.message) == ("XWPXRX", "8b, Tuesday", "Eyes on me")
    assert (room.nicknames, room.most, room.limits) == (True, 25, Limits(3, 180.0, 2))
    assert gone.closed is not None and room.closed is None
    token = "m17xrTlL5d2QNQYIuLksiHacB-g6M7FtsrL_80Ek4HU"
    assert joining.place_of(token).member.handle == "Zoë"
    assert keys.public_id("4742a44a44be12fe43489806cc3b9b22") == "ca85f4cb4f6a"
    here = presence.members(room.id, everybody=True)
    assert [(each.handle, each.state, each.hidden) for each in here] == [
        ("Zoë", State.HERE, False),
        ("Mint elk", State.REMOVED, True),
    ]
    # What was done then is undone now, and all goes on.
    done = {each.sentence: each for each in log.actions(SERVER, room.id)}
    assert not done["Opened the class 8b, Tuesday."].can_undo
    log.undo(SERVER, done["Removed Mint elk."].id)
    log.undo(SERVER, done["Sent everyone the message: Eyes on me"].id)
    assert classes.of_id(room.id).message is None
    with pytest.raises(ClassroomRefused, match="Someone"):
        joining.join(room.code, "zoe")
    assert joining.join(room.code).member.id == 4
    joining.leave(token)
    assert classes.open_class(SERVER, "New").id == 3


@pytest.mark.parametrize("version", OLDER)
def test_the_tables_become_what_new_ones_are(stored, version, home, request, tmp_path):
    server = request.getfixturevalue("postgresql") if stored == "postgresql" else None
    put_back(stored, version, home, server)
    with database().read() as session:
        migrated = shape(session.connection())
    if stored == "sqlite":
        new = Database(f"sqlite:///{tmp_path / 'new.db'}")
        with new.read() as session:
            assert migrated == shape(session.connection())
        new.close()
        return
    with server.database() as name:
        new = Database(server.url(name))
        with new.read() as session:
            assert migrated == shape(session.connection())
        new.close()


@pytest.mark.parametrize("version", OLDER)
def test_a_file_is_kept_as_it_was_before_its_tables_are_changed(version, home):
    put_back("sqlite", version, home)
    with contextlib.closing(sqlite3.connect(home / "classroom.db")) as before:
        rows = list(before.iterdump())
    classes.delete_class(SERVER, classes.all_classes(SERVER)[0].id)
    copy = home / f"classroom.db.version-{version}"
    with contextlib.closing(sqlite3.connect(copy)) as kept:
        assert list(kept.iterdump()) == rows


def test_a_server_that_is_killed_while_it_migrates_has_changed_nothing(home):
    put_back("sqlite", 1, home)
    code = (
        "import os; from core.classroom import migrations; step = migrations.STEPS[1]\n"
        "migrations.STEPS[1] = lambda connection: (step(connection), os._exit(9))\n"
        "from core.classroom.database import database; database()"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT)
    assert ended.returncode == 9
    with contextlib.closing(sqlite3.connect(home / "classroom.db")) as found:
        assert found.execute("SELECT value FROM about WHERE name = 'version'").fetchone() == ("1",)
        assert not found.execute(
            "SELECT * FROM sqlite_master WHERE name = 'tokens_from'"
        ).fetchall()
    assert len(classes.all_classes(SERVER)) == 2


@both
@pytest.mark.parametrize("value", ["", "0", "-1", "one", "1.5"])
def test_a_version_that_is_none_is_damage(value):
    with database().begin() as session:
        session.get(AboutRow, "version").value = value
    reopen()
    with pytest.raises(ClassroomUnavailable, match="is damaged"):
        database()


@both
def test_a_failing_migration_changes_nothing(monkeypatch):
    classes.open_class(SERVER, "8b")
    reopen()

    def step(connection):
        connection.exec_driver_sql("UPDATE classes SET title = 'lost'")
        raise ClassroomUnavailable("The step cannot be done.")

    monkeypatch.setattr(module, "VERSION", VERSION + 1)
    monkeypatch.setitem(migrations.STEPS, VERSION, step)
    with pytest.raises(ClassroomUnavailable, match="The step cannot be done"):
        database()
    use(None)
    monkeypatch.setattr(module, "VERSION", VERSION)
    assert titles() == ["8b"]


@both
def test_a_table_that_is_missing_is_made_in_a_database_of_this_version():
    """So a new table needs no new version."""
    classes.open_class(SERVER, "8b")
    with database().begin() as session:
        session.connection().exec_driver_sql("DROP TABLE leftovers")
    reopen()
    classes.delete_class(SERVER, classes.all_classes(SERVER)[0].id)
    assert titles() == []


@both
def test_tables_of_somebody_else_are_left_alone():
    with database().begin() as session:
        session.connection().exec_driver_sql("DROP TABLE about")
    reopen()
    with pytest.raises(ClassroomUnavailable, match="tables that are not Atelier's"):
        database()


# -- SQLite: the file --------------------------------------------------------------------------


def test_the_file_is_for_this_user_alone(home):
    database()
    mode = stat.S_IMODE((home / "classroom.db").stat().st_mode)
    assert mode == 0o600 or sys.platform == "win32"


def test_a_folder_with_odd_characters_is_fine(tmp_path, monkeypatch):
    folder = tmp_path / ("a b#c%20é" + ("" if sys.platform == "win32" else "?mode=ro"))
    monkeypatch.setenv("ATELIER_HOME", str(folder))
    forget_settings()
    classes.open_class(SERVER, "8b")
    assert (folder / "classroom.db").exists()
    reopen()
    assert titles() == ["8b"]


def test_what_was_deleted_is_not_in_the_file(home):
    room = classes.open_class(SERVER, "A title that nobody is to find")
    secret = joining.join(room.code).member.visitor
    classes.delete_class(SERVER, room.id)
    reopen()
    content = b"".join(path.read_bytes() for path in home.glob("classroom.db*"))
    assert b"that nobody is to find" not in content and secret.encode() not in content


@pytest.mark.parametrize("damage", ["not a database", "head", "page", "cut"])
def test_a_damaged_file_gets_a_sentence_and_stays_as_it_is(file, damage):
    content = bytearray(file.read_bytes())
    if damage == "not a database":
        content[:] = b"This is a letter to the headmaster." * 200
    elif damage == "head":
        content[:100] = b"x" * 100
    elif damage == "page":
        content[4096:] = b"\xff" * len(content[4096:])
    else:
        del content[len(content) // 2 :]
    file.write_bytes(content)
    with pytest.raises(ClassroomUnavailable, match=r"is damaged.* Atelier has left it as it is"):
        database()
    assert file.read_bytes() == content


def test_damage_that_comes_while_it_is_open_gets_a_sentence(home):
    room = classes.open_class(SERVER, "8b")
    with contextlib.closing(sqlite3.connect(home / "classroom.db")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (home / "classroom.db").open("r+b") as content:
        content.seek(0)
        content.write(b"\xff" * (home / "classroom.db").stat().st_size)
    with pytest.raises(ClassroomUnavailable):
        classes.close_class(SERVER, room.id)


def test_a_folder_in_place_of_the_file_gets_a_sentence(home):
    (home / "classroom.db").mkdir(parents=True)
    with pytest.raises(ClassroomUnavailable, match="cannot be changed"):
        database()


def test_a_file_in_place_of_the_folder_gets_a_sentence(home):
    home.write_text("x")
    with pytest.raises(ClassroomUnavailable, match="The classes cannot be kept in"):
        database()


def test_a_file_that_another_program_keeps_gets_a_sentence(file, monkeypatch):
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.2)
    other = sqlite3.connect(file, isolation_level=None)
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ClassroomUnavailable, match="busy"):
            database()
        other.execute("ROLLBACK")
    use(None)
    assert titles() == ["8b"]


@pytest.fixture
def read_only(file):
    """Make the disk with the file read-only, for real; root may write whatever the mode is."""
    mount = ["mount", "--bind", str(file.parent), str(file.parent)]
    try:
        mounted = subprocess.run(mount, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"mounting needs root: {mounted.stderr.strip()}")
    again = ["mount", "-o", "remount,ro,bind", str(file.parent)]
    try:
        subprocess.run(again, check=True, capture_output=True)
        yield file
    finally:
        reopen()
        subprocess.run(["umount", "-l", str(file.parent)], check=True)


def test_a_read_only_disk_gets_a_sentence(read_only):
    with pytest.raises(ClassroomUnavailable, match="cannot be changed: Atelier may not write"):
        database()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such modes")
def test_a_read_only_file_gets_a_sentence_and_can_be_read_by_who_has_it_open(file):
    assert titles() == ["8b"]
    database().close()
    file.chmod(0o400)
    if os.access(file, os.W_OK):
        file.chmod(0o600)
        pytest.skip("root may write what nobody may")
    with pytest.raises(ClassroomUnavailable, match="cannot be changed"):
        classes.open_class(SERVER, "8c")
    assert titles() == ["8b"]


def test_a_failure_is_told_again_at_once_and_the_database_tried_again_later(file, monkeypatch):
    content = file.read_bytes()
    file.write_bytes(b"x" * 5000)
    opened = []
    monkeypatch.setattr(module, "Database", lambda url: opened.append(url) or Database(url))
    for _ in range(3):
        with pytest.raises(ClassroomUnavailable, match="damaged"):
            database()
    assert len(opened) == 1
    file.write_bytes(content)
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + module.AGAIN_SECONDS)
    assert titles() == ["8b"]


def test_a_network_drive_is_refused_with_a_sentence_that_asks_for_postgresql(home, monkeypatch):
    monkeypatch.setattr(machine, "network_disk", lambda path: "nfs4")
    with pytest.raises(ClassroomUnavailable, match=r"on a network drive \(nfs4\).*PostgreSQL"):
        database()
    assert not (home / "classroom.db-wal").exists()


def disk(mountpoint, fstype, opts="rw"):
    return SimpleNamespace(mountpoint=mountpoint, fstype=fstype, opts=opts)


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/ana", None),
        ("/school", "nfs4"),
        ("/school/classes/home", "nfs4"),
        ("/school/local/home", None),
        ("/schoolbag", None),
        ("/win", "cifs"),
        ("/over", "fuse.sshfs"),
        ("/mac", "smbfs"),
    ],
)
def test_network_drives_are_told_from_local_disks(monkeypatch, place, kind):
    disks = [
        disk("/", "ext4"),
        disk("/school", "nfs4"),
        disk("/school/local", "ext4"),
        disk("/win", "CIFS"),
        disk("/over", "ext4"),
        disk("/over", "fuse.sshfs"),  # on top of the former
        disk("/mac", "smbfs"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: disks)
    assert machine.network_disk(Path(place)) == kind


def test_the_disk_of_the_tests_is_a_local_one(tmp_path):
    assert machine.network_disk(tmp_path / "not" / "there") is None


def test_a_server_that_ends_leaves_one_file(home):
    classes.open_class(SERVER, "8b")
    assert (home / "classroom.db-wal").exists()
    reopen()
    assert [path.name for path in home.iterdir()] == ["classroom.db"]


def test_a_copy_of_the_file_is_a_backup(file, tmp_path, monkeypatch):
    shutil.copytree(file.parent, tmp_path / "copy")
    classes.delete_class(SERVER, classes.all_classes(SERVER)[0].id)
    reopen()
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "copy"))
    forget_settings()
    assert titles() == ["8b"]


# -- PostgreSQL --------------------------------------------------------------------------------


def test_a_server_that_is_not_there_gets_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("ATELIER_DATABASE_URL", f"postgresql:///classes?host={tmp_path}")
    forget_settings()
    start = time.monotonic()
    with pytest.raises(ClassroomUnavailable, match="does not answer"):
        database()
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("name", "user", "reason"),
    [("nowhere", "atelier", "does not let Atelier in"), ("postgres", "stranger", "let Atelier in")],
)
def test_a_server_that_refuses_gets_a_sentence(postgresql, monkeypatch, name, user, reason):
    monkeypatch.setenv("ATELIER_DATABASE_URL", postgresql.url(name, user=user))
    forget_settings()
    with pytest.raises(ClassroomUnavailable, match=reason):
        database()


@pytest.mark.parametrize("stored", ["postgresql"], indirect=True)
def test_a_server_that_was_restarted_is_used_again(stored, postgresql):
    room = classes.open_class(SERVER, "8b")
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
    name = database().url.database
    with pytest.raises(ClassroomUnavailable, match="what was saved before is safe"):  # noqa: SIM117
        with database().begin() as session:
            session.get(ClassRow, room.id).title = "lost"
            session.flush()
            postgresql.ask(query.format(name))
    assert titles() == ["8b"]
    assert classes.close_class(SERVER, room.id).title == "8b"


@pytest.mark.parametrize("stored", ["postgresql"], indirect=True)
def test_who_may_only_read_gets_a_sentence_and_can_read(stored, postgresql, monkeypatch):
    classes.open_class(SERVER, "8b")
    name = database().url.database
    reopen()
    postgresql.ask("DROP ROLE IF EXISTS reader")
    postgresql.ask("CREATE ROLE reader LOGIN")
    postgresql.ask("GRANT USAGE ON SCHEMA public TO reader", name)
    postgresql.ask("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    monkeypatch.setenv("ATELIER_DATABASE_URL", postgresql.url(name, user="reader"))
    forget_settings()
    assert titles() == ["8b"]
    with pytest.raises(ClassroomUnavailable, match="cannot be changed: Atelier may not write"):
        classes.open_class(SERVER, "8c")
    assert titles() == ["8b"]


@pytest.mark.parametrize("stored", ["postgresql"], indirect=True)
def test_tables_that_are_dropped_meanwhile_get_a_sentence(stored, postgresql):
    classes.open_class(SERVER, "8b")
    postgresql.ask("DROP TABLE classes CASCADE", database().url.database)
    with pytest.raises(ClassroomUnavailable, match="is damaged"):
        titles()


@pytest.mark.parametrize("stored", ["postgresql"], indirect=True)
def test_two_servers_that_start_at_once_make_the_tables_once(stored):
    found, problems = [], []

    def start():
        try:
            found.append(Database(settings().database_url))
        except Exception as error:  # noqa: BLE001  # told below
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = {each.server_key for each in found}
    for each in found:
        each.close()
    assert problems == [] and len(keys) == 1


def test_without_the_driver_a_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setenv("ATELIER_DATABASE_URL", "postgresql:///classes")
    forget_settings()
    with pytest.raises(ClassroomUnavailable, match=r"Install requirements-postgres\.txt"):
        database()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a@b/c",
        "sqlite:///x.db",
        "postgresql",
        "postgresql://",
        "postgresql://host",
        "postgresql://host/",
        "postgresql://host:abc/db",
        "postgresql://host:99999/db",
        "postgresql://host:0/db",
        "postgresql://ho st/db",
        "http://host/db",
        "postgresql://[::1/db",
        "postgresql://h/" + "x" * 1000,
    ],
)
def test_a_url_that_is_none_gets_a_sentence_without_the_password(url):
    with pytest.raises(SettingsError, match="must be the address of a PostgreSQL database"):
        Settings.from_environment({"ATELIER_DATABASE_URL": url})


def test_secrets_of_the_settings_are_not_in_what_is_printed():
    found = Settings.from_environment(
        {
            "ATELIER_DATABASE_URL": "postgresql://ana:geheim@db.school.org:5432/classes",
            "ATELIER_TEACHER_TOKEN": "a-secret-of-our-school",
        }
    )
    assert found.database_url and found.teacher_token
    assert "geheim" not in str(found) and "a-secret" not in str(found)


def test_the_name_of_a_database_has_no_password(monkeypatch):
    url = "postgresql://ana:geheim@127.0.0.1:1/classes"
    with pytest.raises(ClassroomUnavailable) as refusal:
        Database(url)
    assert "127.0.0.1, database classes" in str(refusal.value)
    assert "geheim" not in str(refusal.value) and "ana" not in str(refusal.value)


def test_every_table_is_deleted_with_its_class_or_holds_nothing_of_one():
    free = {"about", "classes", "leftovers", "tokens"}
    for name, table in Base.metadata.tables.items():
        keys = [key for column in table.columns for key in column.foreign_keys]
        assert all(key.ondelete == "CASCADE" for key in keys), name
        assert keys or name in free, name


def test_queries_of_each_page_go_by_keys(home):
    """No page waits longer for a database that has grown."""
    room = classes.open_class(SERVER, "8b")
    token = joining.join(room.code).token
    query = joining._PLACE.where(joining.TokenRow.hash == token)
    with database().read() as session:
        text = str(query.compile(session.connection(), compile_kwargs={"literal_binds": True}))
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    assert plan and all("SEARCH" in row[-1] for row in plan), plan
