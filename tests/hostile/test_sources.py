"""What people may bring as a data set to do harm, or by mistake; each costs a sentence."""

import gzip
import io
import json
import os
import stat
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from core.datasets import imported
from core.datasets.sources import Found, SourceFile
from core.datasets.sources import check as checking
from core.datasets.sources.check import check
from core.datasets.sources.found import LEFT_OUT
from core.errors import SettingsError, SourceRejected
from core.settings import ROOT

PIXELS = "label," + ",".join(f"pixel{i}" for i in range(1, 65))
ROW = ",".join(["1"] * 65)


@pytest.fixture(autouse=True)
def nothing_outside(tmp_path: Path, home: Path) -> Iterator[None]:
    """See that a reading writes nothing but arrays, and nowhere but into its folder."""
    beside = tmp_path / "beside.txt"
    beside.write_text("as it was", encoding="utf-8")
    yield
    assert beside.read_text(encoding="utf-8") == "as it was"
    assert {path.name for path in tmp_path.iterdir()} <= {"beside.txt", "home", "brought", "out"}
    assert {path.name for path in home.iterdir()} <= {"datasets"}
    names = {"images.npy", "labels.npy"}
    for path in (home / "datasets").rglob("*"):
        assert path.is_dir() or path.name == LEFT_OUT or path.name.partition("-")[2] in names


def reading(path: Path, name: str, **options) -> Found:
    folder = imported.stage()
    *_, last = check([SourceFile(path, name)], folder, **{"room": 500_000_000, **options})
    assert isinstance(last, Found)
    return last


def left_out(path: Path, **options) -> str:
    """Return what is said about the one picture of an archive that is not read."""
    found = reading(path, "x.zip", **options)
    assert found.total == 24
    assert found.left_out.count == 1
    ((name, reason),) = found.left_out.first
    return f"“{name}”: {reason}"


def refused(path: Path, name: str = "x.zip", **options) -> str:
    with pytest.raises(SourceRejected) as caught:
        reading(path, name, **options)
    return str(caught.value)


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    return tmp_path / "brought"


def png(size: int = 8) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.arange(size * size, dtype=np.uint8).reshape(size, size)).save(content, "PNG")
    return content.getvalue()


def good() -> dict[str, bytes]:
    return {f"{name}/{i}.png": png() for name in ("cat", "dog") for i in range(12)}


def pack(path: Path, entries: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, kind)


def test_a_good_archive_passes(brought):
    pack(brought, good())
    assert reading(brought, "x.zip").total == 24


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../evil.png", "The entry “../evil.png” leaves its folder"),
        ("cat/../../evil.png", "The entry “cat/../../evil.png” leaves its folder"),
        ("cat\\..\\..\\evil.png", "leaves its folder"),
        ("/etc/evil.png", "The entry “/etc/evil.png” has an absolute name"),
        ("C:\\evil.png", "has an absolute name"),
        ("c:evil.png", "has an absolute name"),
        ("\\\\server\\evil.png", "has an absolute name"),
        ("a/" * 600 + "evil.png", "has a name of more than 1,000 characters"),
        ("cat/inner.zip", "The entry “cat/inner.zip” is an archive inside the archive"),
        ("__import__.tar.gz", "is an archive inside the archive"),
    ],
)
def test_a_bad_name_is_told(brought, name, problem):
    pack(brought, good() | {name: png()})
    assert problem in refused(brought)


def test_a_nested_archive_by_another_name(brought, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.png", png())
    pack(brought, good() | {"cat/00.png": inner.getvalue()})
    assert "“cat/00.png”: it is an archive inside the archive" in left_out(brought)


@pytest.mark.parametrize(
    "content", [b"hello, I am text", b"<svg onload='x'/>", b"MZ\x90\0", b"\x80\x04cos\nsystem\n."]
)
def test_text_or_a_program_named_png(brought, content):
    pack(brought, good() | {"dog/7x.png": content})
    said = left_out(brought)
    assert "“dog/7x.png”: it is not a picture" in said and "whatever its name" in said


def test_a_link_is_not_followed(brought):
    pack(brought, good())
    with zipfile.ZipFile(brought, "a") as archive:
        entry = zipfile.ZipInfo("cat/link.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    assert "The entry “cat/link.png” is a link, which is never followed" in refused(brought)


def test_the_same_name_twice(brought):
    pack(brought, good())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(brought, "a") as archive:
        archive.writestr("cat/3.png", png())
    assert "The entry “cat/3.png” appears twice" in refused(brought)


def test_an_encrypted_entry(brought):
    pack(brought, good())
    content = bytearray(brought.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    brought.write_bytes(content)
    assert "The entry “cat/0.png” is encrypted" in refused(brought)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_way_of_packing(brought, kind):
    pack(brought, good(), kind)
    assert "compressed in a way that cannot be read here" in refused(brought)


def test_a_hundred_thousand_entries(brought):
    with zipfile.ZipFile(brought, "w") as archive:
        for i in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{i % 9}/{i}.png"), b"")
    assert "has 100,000 entries; at most 80,000 can be read" in refused(brought)


def test_a_bomb_of_one_large_entry(brought):
    with zipfile.ZipFile(brought, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good():
            archive.writestr(name, png())
        with archive.open("cat/bomb.png", "w") as entry:
            for _ in range(200):
                entry.write(bytes(1_000_000))
    assert brought.stat().st_size < 1_000_000
    assert "“cat/bomb.png”: unpacks to 200 MB; at most 10 MB" in left_out(brought)


def test_a_bomb_of_many_entries(brought):
    zeros = bytes(9_000_000)
    with zipfile.ZipFile(brought, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for i in range(120):
            archive.writestr(f"{i % 2}/{i}.png", zeros)
    assert "unpacks to 1.1 GB; at most 1 GB can be read" in refused(brought)


def test_a_bomb_of_a_table(brought):
    pack(brought, {"train.csv": PIXELS.encode() + bytes(1_000_000)})
    content = bytearray(brought.read_bytes())
    at = content.rindex(b"train.csv") - 46 + 24  # where the directory says its size
    content[at : at + 4] = struct.pack("<I", 2_010_000_000)
    brought.write_bytes(content)
    assert "The entry “train.csv” unpacks to 2,010 MB; at most 2,000 MB" in refused(brought)


def test_an_entry_whose_size_is_a_lie(brought):
    """The directory says 100 bytes, and the data goes on: no more than said is unpacked."""
    pack(brought, good() | {"cat/lie.png": bytes(50_000_000)})
    content = bytearray(brought.read_bytes())
    at = content.rindex(b"cat/lie.png") - 46 + 24
    content[at : at + 4] = struct.pack("<I", 100)
    brought.write_bytes(content)
    assert "“cat/lie.png”: it is" in left_out(brought)


def test_entries_that_overlap(brought):
    """As in the bombs of David Fifield (2019): many names for the same packed bytes."""
    pack(brought, good())
    content = brought.read_bytes()
    start = content.index(b"PK\x01\x02")
    size = 46 + len("cat/0.png")
    first = content[start : start + size]
    directory = b"".join(
        first.replace(b"cat/0.png", f"{i % 2}/{i:07}.png".encode(), 1).replace(
            struct.pack("<H", 9), struct.pack("<H", 13), 1
        )
        for i in range(50)
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50, 50, len(directory), start, 0)
    brought.write_bytes(content[:start] + directory + end)
    assert "The entry “0/0000000.png” is damaged in the archive" in refused(brought)


def test_a_picture_that_claims_to_be_immense(brought):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    bomb += chunk(b"IDAT", zlib.compress(bytes(9_000_000))) + chunk(b"IEND", b"")
    pack(brought, good() | {"cat/big.png": bomb})
    assert "“cat/big.png”: it has more than 16 megapixels" in left_out(brought)


@pytest.mark.parametrize("keep", [4, 100, 0.5, -1])
def test_an_archive_that_is_cut_off(brought, keep):
    pack(brought, good())
    content = brought.read_bytes()
    brought.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    assert "is not a ZIP file, or it is cut off" in refused(brought)


def test_three_gigabytes_are_not_even_read(brought):
    with brought.open("wb") as file:
        file.write(PIXELS.encode() + b"\n")
        file.truncate(3_000_000_000)
    started = time.monotonic()
    assert "“big.csv” has 3,000 MB; at most 2,000 MB" in refused(brought, "big.csv")
    assert time.monotonic() - started < 5


def test_a_table_of_nothing_but_zeros(brought):
    with brought.open("wb") as file:
        file.truncate(400_000_000)
    assert "is not a CSV file" in refused(brought, "zeros.csv")


def test_a_line_without_an_end(brought):
    with brought.open("wb") as file:
        file.write(PIXELS.encode() + b"\n" + b"1," * 10)
        file.truncate(400_000_000)
    assert "a line of more than 1,048,576 bytes after line 1" in refused(brought, "x.csv")


NO_PIPES = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")


@pytest.mark.parametrize(
    "what", ["folder", "link", pytest.param("pipe", marks=NO_PIPES), "device", "nothing"]
)
def test_what_is_no_plain_file_is_not_opened(brought, what):
    match what:
        case "folder":
            brought.mkdir()
        case "link":
            brought.symlink_to("/etc/passwd")
        case "pipe":
            os.mkfifo(brought)
        case "device":
            brought.symlink_to("/dev/zero")
    assert "cannot be read" in refused(brought, "x.csv")


def test_a_hostile_file_name_is_harmless_in_the_sentence(brought):
    brought.write_text("x", encoding="utf-8")
    said = refused(brought, "[click](http://evil)\n<script>‮.csv")
    assert not set("[]<>\n‮") & set(said)


def test_nothing_executable_is_imported_to_read(brought):
    """A pickle calls whatever it likes when it is opened: nothing here opens one."""
    marker = brought.with_name("out")
    code = f"cos\nsystem\n(S'touch {marker}'\ntR."
    brought.write_bytes(code.encode())
    refused(brought, "data.npy")
    pack(brought, good() | {"cat/data.pkl": code.encode()})
    assert "“cat/data.pkl”: it is not a picture" in left_out(brought)
    pack(brought, good() | {"data.npy": code.encode()})
    assert "data.npy" in left_out(brought)
    assert not marker.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of address space")
def test_memory_is_bounded(brought):
    """A full Kaggle file in 300 MB of address space beyond Python's and NumPy's own."""
    with brought.open("w", encoding="utf-8") as file:
        file.write(PIXELS + "\n" + (f"{ROW}\n{ROW.replace('1', '2')}\n" * 100_000))
    code = (
        "import resource, sys; from pathlib import Path; import core.datasets.sources as s;"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * 4096;"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000,) * 2);"
        "print(s.read([s.SourceFile(Path(sys.argv[1]), 'x.csv')], Path(sys.argv[2])).total)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, str(brought), str(imported.stage())],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        timeout=60,
        encoding="utf-8",
    )
    assert process.stdout == "200000\n", process.stderr


def test_too_long_is_ended(brought):
    pack(brought, good())
    assert "took too long and was stopped" in refused(brought, seconds=0.01)


def test_a_reader_that_ends_without_an_answer_is_a_sentence(brought, monkeypatch):
    monkeypatch.setattr(checking, "COMMAND", [sys.executable, "-c", "import sys; sys.exit(9)"])
    brought.write_text("x", encoding="utf-8")
    assert "ended without an answer (status 9)" in refused(brought, "x.csv")


def test_leaving_the_page_ends_the_reader_and_gives_the_turn_to_the_next(brought):
    with brought.open("w", encoding="utf-8") as file:
        file.write(PIXELS + "\n" + (f"{ROW}\n{ROW.replace('1', '2')}\n" * 200_000))
    events = check([SourceFile(brought, "x.csv")], imported.stage(), room=500_000_000)
    assert isinstance(next(events), tuple)
    readers = children()
    assert len(readers) == 1
    events.close()
    assert not children()
    pack(brought, good())
    assert reading(brought, "x.zip").total == 24


def test_the_room_is_what_there_is_when_it_is_ones_turn(brought):
    """Whoever was read before may have taken it."""
    pack(brought, good())

    def room() -> int:
        with pytest.raises(SettingsError, match="Others are importing"):
            reading(brought, "x.zip", wait=0)
        return 1000

    assert "all the room" in refused(brought, room=room)


def test_one_reading_at_a_time(brought):
    pack(brought, good())
    first = check([SourceFile(brought, "x.zip")], imported.stage(), room=500_000_000)
    next(first)
    with pytest.raises(SettingsError, match="Others are importing"):
        reading(brought, "x.zip", wait=0.05)
    first.close()
    assert reading(brought, "x.zip", wait=0.05).total == 24


def test_the_reader_ends_with_the_server(brought):
    """It holds the other end of its standard input."""
    with brought.open("w", encoding="utf-8") as file:
        file.write(PIXELS + "\n" + (f"{ROW}\n{ROW.replace('1', '2')}\n" * 200_000))
    reader = subprocess.Popen(
        checking.COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    request = {
        "files": [[str(brought), "x.csv"]],
        "folder": str(imported.stage()),
        "shape": None,
        "room": 10**9,
    }
    reader.stdin.write(json.dumps(request).encode() + b"\n")
    reader.stdin.flush()
    assert b"share" in reader.stdout.readline()
    reader.stdin.close()
    assert reader.wait(timeout=10) == 1
    reader.stdout.close()


def children() -> list[int]:
    """Return the processes of readers that this process started."""
    ours = psutil.Process().children()
    return [each.pid for each in ours if "core.datasets.sources.worker" in each.cmdline()]


def tar(path: Path, *more: tarfile.TarInfo, kind: str = "gz") -> None:
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, content in good().items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info, io.BytesIO(bytes(info.size)))


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        (entry("cat/x.png", tarfile.SYMTYPE, "/etc/passwd"), "is a link, which is never followed"),
        (entry("cat/x.png", tarfile.LNKTYPE, "cat/0.png"), "is a link, which is never followed"),
        (entry("cat/x.png", tarfile.FIFOTYPE), "is no ordinary file"),
        (entry("cat/x.png", tarfile.CHRTYPE), "is no ordinary file"),
        (entry("../x.png"), "leaves its folder"),
        (entry("/etc/x.png"), "has an absolute name"),
    ],
)
def test_a_tar_with_what_has_no_place_in_it(brought, info, problem):
    tar(brought, info)
    assert problem in refused(brought, "x.tar.gz")


def test_a_packed_tar_that_is_a_bomb(brought):
    with gzip.open(brought, "wb", compresslevel=1) as file:
        file.write(tarfile.TarInfo("x").tobuf())
        for _ in range(1010):
            file.write(bytes(1_000_000))
    assert "unpacks to 1.0 GB; at most 1 GB" in refused(brought, "x.tar.gz")


def test_an_array_that_claims_to_be_immense(brought):
    """The header alone says so, and nothing of that size is asked of memory."""
    text = "{'descr': '|u1', 'fortran_order': True, 'shape': (900000, 4096, 4096), }".ljust(117)
    brought.write_bytes(b"\x93NUMPY\1\0\x76\0" + text.encode() + b"\n")
    assert "holds more than 500 MB" in refused(brought, "x.npy")


def test_an_npz_that_is_a_bomb(brought):
    with zipfile.ZipFile(brought, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for index in range(3):
            with archive.open(f"{index}.npy", "w") as file:
                for _ in range(400):
                    file.write(bytes(1_000_000))
    assert "unpacks to 1.2 GB; at most 1 GB" in refused(brought, "x.npz")


def test_a_pickle_that_asks_for_all_memory(brought):
    """Lists that double themselves: 40 bytes that would be terabytes of array."""
    code = b"\x80\x02]q\0(K\1K\1K\1K\1e" + b"q\1(" + b"h\1" * 64 + b"l"
    brought.write_bytes(code + b".")
    assert "is not a batch" in refused(brought, "data_batch_1")
