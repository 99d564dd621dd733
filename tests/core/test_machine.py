"""What a container may take of its machine, read from control groups made up for the test."""

import os
from pathlib import Path

import psutil
import pytest

from core import machine
from core.settings import default_workers

GIGABYTE = 10**9


def place(folder: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """Write the files of made-up control groups; return their folder, and who is in which."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder / "groups", folder / "own"


def few(count: int, monkeypatch) -> None:
    """Let the machine have so many cores and 128 GB of memory."""
    bound = list(range(count))
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda process: bound, raising=False)
    memory = psutil.virtual_memory()._replace(total=128 * GIGABYTE, available=100 * GIGABYTE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)


NOTHING = {"own": "0::/\n"}
TWO = {"groups/cpu.max": "200000 100000\n", "groups/memory.max": f"{8 * GIGABYTE}\n"}
OLD = {
    "own": "4:memory:/\n3:cpu,cpuacct:/\n0::/\n",
    "groups/cpu,cpuacct/cpu.cfs_quota_us": "200000",
    "groups/cpu,cpuacct/cpu.cfs_period_us": "100000",
    "groups/memory/memory.limit_in_bytes": str(8 * GIGABYTE),
}
NO_LIMIT = {"groups/cpu.max": "max 100000", "groups/memory.max": "max"}
OLD_NO_LIMIT = {
    "own": "3:cpu:/docker/abc\n",  # a folder that cannot be seen from inside
    "groups/cpu/cpu.cfs_quota_us": "-1",
    "groups/cpu/cpu.cfs_period_us": "100000",
    "groups/memory/memory.limit_in_bytes": "9223372036854771712",
}
INNER = {
    "own": "0::/user.slice/run-1.scope\n",
    "groups/user.slice/cpu.max": "400000 100000",
    "groups/user.slice/run-1.scope/cpu.max": "max 100000",
    "groups/user.slice/run-1.scope/memory.max": str(3 * GIGABYTE),
    "groups/user.slice/other.scope/cpu.max": "10000 100000",  # somebody else's
}


@pytest.mark.parametrize(
    ("files", "cores", "gigabytes"),
    [
        (NOTHING, 32, 128),
        (TWO, 2, 8),
        (OLD, 2, 8),
        (NO_LIMIT, 32, 128),
        (OLD_NO_LIMIT, 32, 128),
        (INNER, 4, 3),
        ({"groups/cpu.max": "150000 100000"}, 1, 128),
        ({"groups/cpu.max": "50000 100000"}, 1, 128),
        ({"groups/cpu.max": "nonsense", "groups/memory.max": "0"}, 32, 128),
        ({"groups/cpu.max": "1 0", "groups/memory.max": "-7"}, 32, 128),
    ],
)
def test_a_container_gets_its_share(files, cores, gigabytes, tmp_path, monkeypatch):
    few(32, monkeypatch)
    where = place(tmp_path, files)
    assert machine.cores(*where) == cores
    assert machine.memory(*where) == gigabytes * GIGABYTE


def test_two_processors_of_thirty_two_are_one_worker(tmp_path, monkeypatch):
    few(32, monkeypatch)
    where = place(tmp_path, {"groups/cpu.max": "200000 100000"})
    assert default_workers(machine.cores(*where), machine.memory(*where)) == 1


def test_files_that_were_read_lately_do_not_count_as_taken(tmp_path, monkeypatch):
    few(32, monkeypatch)
    files = TWO | {
        "groups/memory.current": str(6 * GIGABYTE),
        "groups/memory.stat": f"anon 1\ninactive_file {GIGABYTE}\nactive_file 5\n",
    }
    assert machine.free_memory(*place(tmp_path, files)) == 3 * GIGABYTE


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not bound here")
def test_a_process_bound_to_one_core_has_one():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_this_machine_has_cores_and_memory():
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)
    assert 10**8 < machine.free_memory() <= machine.memory() < 10**14
