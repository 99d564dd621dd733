"""Servers that are killed while they write, and disks that fill up: for real."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from class_support import member_of
from sqlalchemy import select

from core.classroom import classes, joining, log, nicknames, presence
from core.classroom.database import database, use
from core.classroom.people import SERVER
from core.classroom.schema import MemberRow, TokenRow
from core.errors import ClassroomUnavailable
from core.settings import ROOT, forget_settings

# Says on a line of its own what was confirmed, as soon as it was.
WRITER = """
import sys
from core.classroom import classes, joining, messages
from core.classroom.people import SERVER

def confirmed(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()

room = classes.open_class(SERVER, "8b", most=500)
confirmed("class", room.code)
while True:
    joined = joining.join(room.code)
    confirmed("joined", joined.member.id, joined.token)
    renamed = joining.rename(SERVER, joined.member.id)
    confirmed("renamed", joined.member.id, renamed.handle.replace(" ", "_"))
    text = messages.say(SERVER, room.id, f"Message {joined.member.id}").message
    confirmed("said", text.replace(" ", "_"))
    other = classes.open_class(SERVER, "gone")
    joining.join(other.code)
    classes.delete_class(SERVER, other.id)
    confirmed("deleted", other.id)
"""
KILLS = 6


def killed_after(lines: int, delay: float) -> list[list[str]]:
    """Start a server that writes, kill it at some moment, and return what it had confirmed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    found: list[bytes] = []
    enough = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            found.append(line)
            if len(found) >= lines:
                enough.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert enough.wait(120)
    threading.Event().wait(delay)
    process.kill()
    process.wait()
    reader.join()
    with process:  # closes the pipes
        assert process.stderr is not None and process.stderr.read() == b""
    assert all(line.endswith(b"\n") for line in found)
    return [line.decode().split() for line in found]


@pytest.mark.usefixtures("stored")
def test_a_kill_at_any_moment_loses_nothing_that_was_confirmed():
    chance = random.Random(14)
    for _ in range(KILLS):
        said = killed_after(chance.randint(1, 25), chance.uniform(0, 0.03))
        code = said[0][1]
        room = classes.find(code)
        members = {each.id: each for each in presence.members(room.id)}
        handles = {}
        for word, *rest in said[1:]:
            if word == "joined":
                assert member_of(rest[1]).id == int(rest[0])
            elif word == "renamed":
                handles[int(rest[0])] = rest[1].replace("_", " ")
            elif word == "said":
                last = rest[0].replace("_", " ")
            elif word == "deleted":
                assert int(rest[0]) not in {each.id for each in classes.all_classes(SERVER)}
        for member_id, handle in handles.items():
            assert members[member_id].handle == handle
        if "said" in {each[0] for each in said}:
            # The next may have been on the disk already, but not on the line.
            assert room.message in (last, f"Message {max(members)}")
        # Nothing is there by half: of each member a token, of each rename a line in the log.
        with database().read() as session:
            ids = set(session.scalars(select(TokenRow.member_id)))
            assert {each.id for each in session.scalars(select(MemberRow))} == ids
        renamed = sum("Renamed" in each.sentence for each in log.actions(SERVER, room.id, 10_000))
        assert 0 <= renamed - len(handles) <= 1
        # And it goes on.
        assert joining.join(code).classroom.id == room.id
        found = use(None)
        assert found is not None
        found.close()


# One of two servers that share the database: it says whom it let in, and who was refused.
SERVER_OF_TWO = """
import sys, threading
from core.classroom import joining
from core.errors import ClassroomRefused

said = []

def work(number):
    for n in range(5):
        try:
            said.append(f"joined {joining.join(sys.argv[1], f'Ana {chr(97 + n)}').member.id}")
        except ClassroomRefused as error:
            said.append(f"refused {error}")
        try:
            said.append(f"joined {joining.join(sys.argv[1]).member.id}")
        except ClassroomRefused as error:
            said.append(f"refused {error}")

threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
sys.stdin.readline()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("\\n".join(said))
"""


@pytest.mark.usefixtures("stored")
def test_two_servers_at_once_give_each_name_and_each_place_once():
    room = classes.open_class(SERVER, "8b", nicknames=True, most=30)
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SERVER_OF_TWO, room.code],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    said = []
    for server in servers:
        assert server.stdin is not None
        server.stdin.write("go\n")
        server.stdin.flush()
    for server in servers:
        out, err = server.communicate(timeout=120)
        assert err == ""
        said += out.splitlines()
    assert len(said) == 80
    joined = [line for line in said if line.startswith("joined")]
    assert len(joined) == len(set(joined)) == 30
    here = presence.members(room.id)
    assert len(here) == len({nicknames.key(each.handle) for each in here}) == 30
    assert 1 <= sum(each.handle.startswith("Ana") for each in here) <= 5
    refused = {line.partition(": ")[0] for line in said if line.startswith("refused")}
    assert refused <= {"refused The class is full", f"refused {joining.TAKEN}"}


SIZE = 600_000  # bytes


@pytest.fixture
def disk(tmp_path, monkeypatch) -> Iterator[Path]:
    """Make a small file system the app's home, and return it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"mounting needs root: {mounted.stderr.strip()}")
    monkeypatch.setenv("ATELIER_HOME", str(folder))
    forget_settings()
    yield folder
    found = use(None)
    if found is not None:
        found.close()
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_gets_a_sentence_and_loses_nothing_that_was_confirmed(disk):
    room = classes.open_class(SERVER, "8b", most=500)
    joined = [joining.join(room.code)]
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    assert shutil.disk_usage(disk).free < 4096
    with pytest.raises(ClassroomUnavailable, match="The disk with the classes is full"):
        while len(joined) < 500:
            joined.append(joining.join(room.code))
    # Reading goes on, and what was refused has left nothing.
    members = {each.id for each in presence.members(room.id)}
    assert members == {each.member.id for each in joined}
    assert all(member_of(each.token) == each.member for each in joined)
    with pytest.raises(ClassroomUnavailable):
        classes.open_class(SERVER, "8c" * 20)
        for _ in range(500):
            joining.join(room.code)
    filler.unlink()
    joined.append(joining.join(room.code))
    assert classes.close_class(SERVER, room.id).closed is not None


def test_a_disk_that_is_full_at_the_start_gets_a_sentence(disk):
    with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(ClassroomUnavailable):
        database()
    (disk / "filler").unlink()
    use(None)
    assert classes.all_classes(SERVER) == []


# As a quota or a limit of the system: no file grows beyond it.
LIMITED = """
import resource
from core.classroom import classes, joining
from core.classroom.people import SERVER
from core.errors import ClassroomUnavailable

room = classes.open_class(SERVER, "8b", most=500)
resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))
number = 0
try:
    while number < 500:
        joining.join(room.code)
        number += 1
except ClassroomUnavailable as error:
    print(number, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit of Linux")
def test_a_file_that_may_not_grow_gets_a_sentence(home):
    process = subprocess.run(
        [sys.executable, "-c", LIMITED],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    number, _, sentence = process.stdout.partition(" ")
    assert "Nothing was changed" in sentence
    (room,) = classes.all_classes(SERVER)
    assert len(presence.members(room.id)) == int(number) > 0
