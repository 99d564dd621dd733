"""What this machine, or the container on it, gives us: cores, memory, and room for a path.

A container sees all cores and all memory of its machine; what it may take of them stands in the
files of its control group (Linux has two versions of them). Other systems have no such files.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
# Names of the folders of version 1 that hold the limits of processors and of memory.
_CPU = ("cpu", "cpu,cpuacct", "cpuacct,cpu")
_MEMORY = ("memory",)


def cores(groups: Path = GROUPS, own: Path = OWN_GROUPS) -> int:
    """Return how many cores this process may keep at work, at least 1.

    Args:
        groups: the folder of the control groups.
        own: the file that says in which of them this process is.
    """
    found = [_affinity() or psutil.cpu_count() or 1]
    for folder in _folders(groups, own, _CPU):
        share = _share(folder)
        if share is not None:
            found.append(int(share))  # half a core would only be fought for
    return max(1, min(found))


def memory(groups: Path = GROUPS, own: Path = OWN_GROUPS) -> int:
    """Return the bytes of memory that this machine or container has; arguments as of ``cores``."""
    found = [int(psutil.virtual_memory().total)]
    for folder in _folders(groups, own, _MEMORY):
        found += _memory_limit(folder)
    return min(found)


def free_memory(groups: Path = GROUPS, own: Path = OWN_GROUPS) -> int:
    """Return the bytes of memory that programs could still get; arguments as of ``cores``."""
    found = [int(psutil.virtual_memory().available)]
    for folder in _folders(groups, own, _MEMORY):
        for limit in _memory_limit(folder):
            used = _numbers(folder, "memory.current") or _numbers(folder, "memory.usage_in_bytes")
            if used:
                # Files that were read lately count as used, but give way when memory is wanted.
                found.append(max(0, limit - max(0, used[0] - _cached(folder))))
    return min(found)


def longest_path() -> int | None:
    """Return how many characters a path may have; None where that is more than anybody needs."""
    if sys.platform != "win32":
        return None
    with contextlib.suppress(ImportError, OSError):  # no such entry: an old Windows
        import winreg

        place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            if winreg.QueryValueEx(key, "LongPathsEnabled")[0]:
                return None
    return 259


# Where files of one folder may be changed from several computers, so that what a program of this
# one keeps in memory about them is not the whole truth; as ``psutil`` calls them.
_NETWORK_NAMES = """
nfs nfs3 nfs4 cifs smb smbfs smb2 smb3 afs afpfs webdav davfs 9p ncpfs ceph glusterfs lustre
gpfs beegfs orangefs ocfs2 gfs2 fuse.sshfs fuse.glusterfs fuse.ceph fuse.davfs2 fuse.s3fs
fuse.rclone fuse.gcsfuse fuse.juicefs vboxsf fuse.vmhgfs-fuse
"""
_NETWORK = frozenset(_NETWORK_NAMES.split())


def network_disk(path: Path) -> str | None:
    """Return of which kind the network drive is that a folder lies on; None for a local disk."""
    path = Path(os.path.realpath(path))
    found: tuple[int, str, str] = (-1, "", "")
    for disk in psutil.disk_partitions(all=True):
        place = Path(disk.mountpoint)
        # Of two at the same place the later one lies on top.
        if path.is_relative_to(place) and len(place.parts) >= found[0]:
            found = (len(place.parts), disk.fstype.lower(), disk.opts)
    _, kind, options = found
    if sys.platform == "win32" and (str(path).startswith("\\\\") or "remote" in options.split(",")):
        return kind or "network drive"
    return kind if kind in _NETWORK else None


def _affinity() -> int:
    """Return the cores that this process is bound to; 0 where the system has no such thing."""
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):  # macOS
        return 0
    with contextlib.suppress(psutil.Error, OSError):
        return len(process.cpu_affinity() or ())
    return 0


def _folders(groups: Path, own: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield the folders whose limits hold for this process: of its group, and of all above it.

    Inside a container its own group often is the topmost one that can be seen.
    """
    try:
        lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # another system, or nobody may look
        lines = []
    paths = {"": "/"} | dict.fromkeys(names, "/")
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            paths[""] = path
        elif set(controllers.split(",")) & set(names):
            paths |= dict.fromkeys(names, path)
    for name, path in paths.items():
        top = groups / name
        parts = [part for part in path.split("/") if part not in ("", "..", ".")]
        for depth in range(len(parts) + 1):
            folder = top.joinpath(*parts[:depth])
            if folder.is_dir():
                yield folder


def _share(folder: Path) -> float | None:
    """Return how many cores' time a group may take; None if it has no limit."""
    # Version 2: "200000 100000" or "max 100000"; version 1: two files, and -1 for no limit.
    numbers = _numbers(folder, "cpu.max") or (
        _numbers(folder, "cpu.cfs_quota_us") + _numbers(folder, "cpu.cfs_period_us")
    )
    if len(numbers) != 2 or min(numbers) <= 0:
        return None
    return numbers[0] / numbers[1]


def _memory_limit(folder: Path) -> list[int]:
    """Return the bytes that a group may take, if it has a limit, as a list of one."""
    found = _numbers(folder, "memory.max") or _numbers(folder, "memory.limit_in_bytes")
    return [limit for limit in found if limit > 0]


def _cached(folder: Path) -> int:
    """Return the bytes of a group's memory that hold files nobody used lately."""
    with contextlib.suppress(OSError, ValueError):
        for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name in ("inactive_file", "total_inactive_file"):
                return int(value)
    return 0


def _numbers(folder: Path, name: str) -> list[int]:
    """Return the numbers in a file; none if there is no such file, or a word in it."""
    try:
        return [int(word) for word in (folder / name).read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return []
