"""Set Atelier up and start it, on every system: ``python run.py``; more: ``python run.py --help``.

Standard library only. The source is kept to what Python 3.6 can read (no newer syntax, and no newer
names before the checks have passed), so that an old Python answers with a sentence that names the
right one, not with a SyntaxError. ``tests/test_run.py`` holds that.
"""

import argparse
import contextlib
import ctypes
import errno
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import FrameType
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parent
WINDOWS = sys.platform == "win32"

# For which Python and which systems requirements.lock has wheels: by TensorFlow, but for macOS and
# glibc, where opencv-python-headless asks for more.
OLDEST, NEWEST = (3, 11), (3, 13)
MACOS = (13,)
GLIBC = (2, 28)
PROCESSORS = {"x86_64", "amd64", "aarch64", "arm64"}
# What TensorFlow loads on Windows and brings not along.
DLLS = ("msvcp140.dll", "msvcp140_1.dll")
# MB, on Linux, where they take the most: 2,900 for the environment, 600 for what pip unpacks it
# from while it does, 900 for the copies of the downloads that it keeps.
DISK = 4400
# Characters of the longest path below the environment, and what Windows takes of a whole one.
LONGEST = len(r"\Lib\site-packages" + "\\") + 163
WINDOWS_PATH = 259

UV = "uv==0.13.9"
# Side by side, as many tests as there are cores; a file stays in one process, as its fixtures do.
# Their order is that of tests/conftest.py.
PARALLEL = ("--numprocesses", "auto", "--dist", "loadfile", "--no-loadscope-reorder")


class Stop(Exception):
    """The reason why there is nothing to start, as a sentence with what to do."""


# -- What this computer is ---------------------------------------------------------------------


class Facts(NamedTuple):
    """What decides whether the packages can be installed here and will work."""

    system: str = "Linux"  # or Windows, Darwin
    python: Tuple[int, int] = NEWEST
    implementation: str = "CPython"
    free_threaded: bool = False
    bits: int = 64
    built_for: str = "linux-x86_64"  # as sysconfig calls it, of Python, not of the computer
    processor: str = "x86_64"
    apple_chip: bool = False  # also where Python runs in Apple's translation for Intel
    macos: Tuple[int, ...] = ()
    glibc: Tuple[int, ...] = ()  # none: a Linux with another C library, as Alpine's musl
    avx: Optional[bool] = None  # None: cannot be found out
    modules: Tuple[str, ...] = ()  # of the standard library, that are missing
    dlls: Tuple[str, ...] = ()  # of Windows, that are missing
    conda: bool = False

    @property
    def command(self) -> str:
        """What people type to run this file here."""
        if self.conda:
            return "python run.py"
        return "py run.py" if self.system == "Windows" else "python3 run.py"


def facts() -> Facts:
    """Find out what this Python and this computer are."""
    system, processor = platform.system(), platform.machine()
    return Facts(
        system=system,
        python=(sys.version_info[0], sys.version_info[1]),
        implementation=platform.python_implementation(),
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        bits=64 if sys.maxsize > 2**32 else 32,
        built_for=sysconfig.get_platform(),
        processor=processor,
        apple_chip=system == "Darwin"
        and (processor == "arm64" or _sysctl("hw.optional.arm64") == "1"),
        macos=_numbers(platform.mac_ver()[0]),
        glibc=_glibc(),
        avx=_avx(system),
        modules=tuple(
            name for name in ("venv", "ensurepip", "ssl") if importlib.util.find_spec(name) is None
        ),
        dlls=tuple(name for name in DLLS if not _loads(name)),
        conda="CONDA_PREFIX" in os.environ,
    )


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _sysctl(name: str) -> str:
    try:
        return (
            subprocess.check_output(["sysctl", "-n", name], stderr=subprocess.DEVNULL)
            .decode()
            .strip()
        )
    except (OSError, subprocess.CalledProcessError):
        return ""


def _glibc() -> Tuple[int, ...]:
    if sys.platform == "win32":
        return ()
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):  # a name that other C libraries do not know
        return ()
    return _numbers(version) if name == "glibc" else ()


def _avx(system: str) -> Optional[bool]:
    """Return whether processor and system know AVX, as far as they tell; on macOS none is asked."""
    if sys.platform == "win32":
        # Knows AVX since Windows 7; IsProcessorFeaturePresent says no to it before Windows 10 2004.
        enabled = ctypes.windll.kernel32.GetEnabledXStateFeatures
        enabled.restype = ctypes.c_uint64
        return bool(enabled() & 4)
    if system == "Linux":
        try:
            return knows_avx(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return None
    return None


def knows_avx(cpuinfo: str) -> Optional[bool]:
    """Return whether AVX is among the flags in ``/proc/cpuinfo``; None where it lists no flags."""
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    return None if flags is None else "avx" in flags.group(1).split()


def _loads(name: str) -> bool:
    if sys.platform != "win32":
        return True
    try:
        ctypes.WinDLL(name)
    except OSError:
        return False
    return True


# -- What can be wrong with it -----------------------------------------------------------------

ELSEWHERE = (
    "use another computer, or open in the browser an Atelier that runs on one (see docs/DEPLOY.md)."
)


def dotted(version: Sequence[int]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


def wrong_with_python(found: Facts) -> Optional[str]:
    """Return why this Python cannot run Atelier, where another on the same computer may."""
    name, get = f"This is Python {dotted(found.python)}", _get(found)
    if found.python > NEWEST:
        return f"{name}, for which TensorFlow has no package yet. {get}"
    if found.python < OLDEST:
        needed = f"Atelier needs Python {dotted(OLDEST)} to {dotted(NEWEST)}"
        return f"{name}, which is too old: {needed}. {get}"
    if found.implementation != "CPython" or found.free_threaded:
        kind = "a free-threaded Python" if found.free_threaded else found.implementation
        return f"This is {kind}, for which TensorFlow has no package. {get}"
    if found.bits != 64:
        return f"This is a 32-bit Python, for which TensorFlow has no package. {get}"
    if found.built_for == "win-arm64":
        return (
            "This Python is for ARM processors, for which TensorFlow has no package on Windows. "
            f"{get} Take the “Windows installer (64-bit)”, not the one for ARM64: Windows 11 runs "
            "it on ARM processors, too."
        )
    if found.system == "Darwin" and found.apple_chip and found.processor != "arm64":
        return (
            "This Mac has an Apple chip, but this Python is one for Intel, for which TensorFlow "
            f"has no package. {get}"
        )
    if found.modules:
        incomplete = f"This Python is incomplete: {' and '.join(found.modules)} is missing."
        if found.system == "Linux":
            return (
                f"{incomplete} Install it, on Debian and Ubuntu with sudo apt install "
                f"python{dotted(found.python)}-venv, and run this again."
            )
        return f"{incomplete} {get}"
    return None


def _get(found: Facts) -> str:
    """Return where the right Python is and how to start with it."""
    wanted = dotted(NEWEST)
    if found.conda:
        return (
            f"Make an environment with the right one: conda create -n atelier python={wanted}, "
            "then conda activate atelier, then python run.py."
        )
    if found.system == "Windows":
        return (
            f"Install Python {wanted} (64-bit) from https://www.python.org/downloads/windows/, "
            f"open a new terminal and run: py -{wanted} run.py."
        )
    if found.system == "Darwin":
        return (
            f"Install Python {wanted} from https://www.python.org/downloads/macos/, open a new "
            f"terminal and run: python{wanted} run.py."
        )
    return (
        f"Install Python {wanted} with the packages of your Linux (Debian and Ubuntu: sudo apt "
        f"install python{wanted} python{wanted}-venv) or, where they do not have it, with uv "
        f"(https://docs.astral.sh/uv/): uv python install {wanted}. Then: python{wanted} run.py."
    )


def wrong_with_computer(found: Facts) -> Optional[str]:
    """Return why no Python on this computer can run Atelier, or what it lacks."""
    if found.system == "Darwin":
        if not found.apple_chip:
            return (
                "This Mac has an Intel processor, for which TensorFlow has no package any more: "
                f"{ELSEWHERE}"
            )
        if found.macos < MACOS:
            return (
                f"This is macOS {dotted(found.macos)}, and Atelier's packages need macOS "
                f"{dotted(MACOS)} or newer. Update it in System Settings, or {ELSEWHERE}"
            )
    if found.system == "Linux":
        if not found.glibc:
            return (
                "This Linux does not have the C library glibc (Alpine has musl instead), and "
                "TensorFlow has packages for no other. Use Debian, Ubuntu, Fedora or a container "
                "of one of them."
            )
        if found.glibc < GLIBC:
            return (
                f"This Linux is too old: it has glibc {dotted(found.glibc)}, and Atelier's "
                f"packages need {dotted(GLIBC)} or newer (Debian 10, Ubuntu 20.04 and later have "
                "it). Update it, or use a container of a newer one."
            )
    processor = found.processor.lower()
    if processor not in PROCESSORS:
        return (
            f"TensorFlow has no package for this kind of processor ({found.processor}): {ELSEWHERE}"
        )
    # A Python for Intel on a Windows with an ARM processor has what Windows translates.
    intel = processor in ("x86_64", "amd64") or found.built_for == "win-amd64"
    if found.avx is False and intel:
        return (
            "This computer's processor does not know AVX, and TensorFlow does not start without "
            "it. Processors since about 2011 know it; in a virtual machine it may have to be "
            f"switched on. Else {ELSEWHERE}"
        )
    if found.dlls:
        return (
            f"Windows lacks {' and '.join(found.dlls)}, which TensorFlow needs. Install the "
            "Microsoft Visual C++ Redistributable (x64) from "
            "https://aka.ms/vs/17/release/vc_redist.x64.exe, and run this again."
        )
    return None


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that exists."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), folder)


def wrong_with_place(
    folder: Path, windows: bool = WINDOWS, long_paths: bool = False, separator: str = os.pathsep
) -> Optional[str]:
    """Return why an environment cannot be made in ``folder``, which need not exist yet."""
    room = WINDOWS_PATH - LONGEST
    if windows and not long_paths and len(str(folder)) > room:
        return (
            f"The path of this folder is too long for Windows: {folder} has {len(str(folder))} "
            f"characters, and Atelier's packages leave room for {room}. Move the folder of "
            "Atelier, for example to C:\\atelier."
        )
    if separator in str(folder):
        return (
            f"Python cannot make an environment in a folder with “{separator}” in its path: "
            f"{folder}. Rename the folder."
        )
    there = _existing(folder)
    try:
        # Trying is the only way to know: Windows and network drives have rights of their own.
        with tempfile.TemporaryDirectory(dir=str(there), prefix=".atelier-"):
            pass
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _full(there, 0)
        return (
            f"Nothing can be written into {there} ({error.strerror}). Move the folder of Atelier "
            "to where your own files are, or name another folder for its packages: --venv FOLDER."
        )
    return None


def _full(folder: Path, free: int) -> str:
    return (
        f"The disk of {folder} is too full: {free:,} MB are free, and Atelier's packages need "
        f"{DISK:,} MB. Free some room, or name a folder on another disk: --venv FOLDER."
    )


def wrong_with_disk(folder: Path, needed: int = DISK) -> Optional[str]:
    """Return why the packages, ``needed`` MB, do not fit on the disk of ``folder``."""
    there = _existing(folder)
    free = shutil.disk_usage(str(there)).free // 10**6
    return _full(there, free) if free < needed else None


def in_a_cloud(folder: Path, environ: Dict[str, str]) -> Optional[str]:
    """Return the folder whose files are copied to a cloud, if it holds ``folder``."""
    clouds = [Path(environ[name]) for name in environ if name.startswith("OneDrive")]
    library = Path.home() / "Library"
    clouds += [library / "CloudStorage", library / "Mobile Documents"]
    found = [cloud for cloud in clouds if cloud == folder or cloud in folder.parents]
    return str(found[0]) if found else None


def _long_paths() -> bool:
    """Return whether Windows takes paths of more than 260 characters."""
    if sys.platform != "win32":
        return True
    import winreg

    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem"
        ) as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False


# -- The port ----------------------------------------------------------------------------------


def wrong_with_port(port: int, address: str, command: str) -> Optional[str]:
    """Return why no server can listen there, with the next port where one can."""
    try:
        trouble = _listen(port, address)
    except socket.gaierror:
        trouble = errno.EADDRNOTAVAIL
    if trouble is None:
        return None
    if trouble == errno.EADDRNOTAVAIL:
        return (
            f"This computer does not have the address {address}. Leave --address out for this "
            "computer alone, or take --address 0.0.0.0 for everyone on its network."
        )
    others = range(max(port, 1023) + 1, 65536)
    other = next((each for each in others if _listen(each, address) is None), None)
    instead = "end one of them." if other is None else f"{command} --port {other}"
    if trouble == errno.EADDRINUSE:
        shown = "localhost" if address in ("0.0.0.0", "::", "") else address
        return (
            f"Port {port} is in use. If Atelier runs there already, open http://{shown}:{port}. "
            f"Otherwise take the next free port: {instead}"
        )
    return f"The system keeps port {port} for others. Take another one: {instead}"


def _listen(port: int, address: str) -> Optional[int]:
    """Return the error number of listening there, or None. Raises socket.gaierror."""
    troubles = []  # type: List[Optional[int]]
    for family, kind, _, _, place in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        if sys.platform != "win32":
            # Here, two programs may listen on one port at two addresses: ask whether one does.
            with contextlib.closing(socket.socket(family, kind)) as probe:
                probe.settimeout(1)
                here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(place[0]), place[0])
                with contextlib.suppress(OSError):
                    probe.connect((here, *place[1:]))
                    return errno.EADDRINUSE
        with contextlib.closing(socket.socket(family, kind)) as probe:
            if sys.platform == "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:  # a server that has just ended does not hold its port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(place)
            except OSError as error:
                troubles.append(error.errno)
            else:
                troubles.append(None)
    # localhost has two addresses; a computer without IPv6 cannot use one of them.
    real = [each for each in troubles if each != errno.EADDRNOTAVAIL]
    return next((each for each in real if each), None) if real else errno.EADDRNOTAVAIL


# -- Programs ----------------------------------------------------------------------------------


def call(command: Sequence[str], environ: Optional[Dict[str, str]] = None) -> int:
    """Run a program in the folder of Atelier, wait for its end and return its code.

    Ctrl-C reaches it, too: this waits until it has ended, and raises KeyboardInterrupt then. A
    request to end (SIGTERM) is passed on.
    """
    process = subprocess.Popen(list(command), cwd=str(ROOT), env=environ)

    def end(_number: int, _frame: Optional[FrameType]) -> None:
        process.terminate()

    before = signal.signal(signal.SIGTERM, end)
    interrupted = False
    try:
        while True:
            try:
                code = process.wait(15 if interrupted else None)
                break
            except KeyboardInterrupt:
                interrupted = True
            except subprocess.TimeoutExpired:
                process.terminate()
    finally:
        signal.signal(signal.SIGTERM, before)
    if interrupted:
        raise KeyboardInterrupt
    return code if code >= 0 else 128 - code


# -- The environment ---------------------------------------------------------------------------


class Environment:
    """A folder of packages with a Python of its own, in the layout of this system.

    What was installed is noted in small files in it, one a step, so that a later start installs
    again only what changed, and needs no network.
    """

    def __init__(self, folder: Path, windows: bool = WINDOWS) -> None:
        """Take the folder, which need not exist yet."""
        self.folder = folder
        self._windows = windows
        self.programs = folder / ("Scripts" if windows else "bin")
        self.python = self.program("python")
        self._version = ()  # type: Tuple[int, ...]
        self._making = folder / ".making"
        self._place = folder / ".place"

    def program(self, name: str) -> Path:
        """Return where a program of the environment is."""
        return self.programs / (name + ".exe" if self._windows else name)

    def environ(self) -> Dict[str, str]:
        """Return the variables for programs of the environment, and of no other."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
        }
        environ["VIRTUAL_ENV"] = str(self.folder)
        environ["PATH"] = str(self.programs) + os.pathsep + environ.get("PATH", os.defpath)
        environ["PIP_USER"] = "0"
        environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        return environ

    def version(self) -> Tuple[int, ...]:
        """Return the version of its Python with pip, () where either does not work."""
        if self._version:
            return self._version
        asked = "import pip, sys; print(*sys.version_info[:2])"
        try:
            told = subprocess.check_output(
                [str(self.python), "-c", asked], env=self.environ(), stderr=subprocess.DEVNULL
            )
        except (OSError, subprocess.CalledProcessError):
            return ()
        self._version = _numbers(told.decode())
        return self._version

    def exists(self) -> bool:
        """Return whether there is anything in its folder."""
        return self.folder.is_dir() and any(self.folder.iterdir())

    def wrong(self) -> Optional[str]:
        """Return why what is there has to be made anew, None if it can be used."""
        if self._making.exists():
            return "was not finished"
        version = self.version()
        if not version:
            return "does not work any more: its Python was removed, or it came from another system"
        if not OLDEST <= version <= NEWEST:
            return f"was made by Python {dotted(version)}"
        if self._place.exists() and self._place.read_text(encoding="utf-8") != self._here():
            return "was made in another folder"
        return None

    def _here(self) -> str:
        return os.path.normcase(str(self.folder.resolve()))

    def remove(self) -> None:
        """Delete it. Raises Stop where it is in use or is no environment."""
        if not self.exists():
            return
        if not any((self.folder / name).exists() for name in ("pyvenv.cfg", ".making")):
            raise Stop(
                f"{self.folder} is no environment of Python. Name another folder: --venv FOLDER."
            )
        if Path(sys.prefix).resolve() == self.folder.resolve():
            raise Stop(
                f"{self.folder} cannot be removed by the Python in it. Run deactivate, or open a "
                "new terminal, and run this again."
            )
        try:
            shutil.rmtree(str(self.folder))
        except OSError as error:
            raise Stop(
                f"{self.folder} cannot be removed ({error}). End Atelier and what else uses it, "
                "and run this again."
            ) from None

    def make(self) -> None:
        """Make it, with pip and nothing else. Raises Stop."""
        self.remove()
        self._version = ()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._making.touch()
        process = subprocess.Popen(
            [sys.executable, "-m", "venv", str(self.folder)],
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        told = process.communicate()[0].decode(errors="replace").strip()
        if process.returncode:
            full = wrong_with_disk(self.folder, needed=100)  # venv does not say what pip told it
            raise Stop(trouble(told) or full or f"Python could not make an environment:\n{told}")
        self._place.write_text(self._here(), encoding="utf-8")
        self._making.unlink()

    def _stamp(self, step: str, files: Sequence[Path]) -> Tuple[Path, str]:
        digest = hashlib.sha256(dotted(self.version()).encode())
        for file in files:
            digest.update(file.read_bytes())
        return self.folder / ("." + step), digest.hexdigest()

    def has(self, step: str, files: Sequence[Path]) -> bool:
        """Return whether a step was done with these files, as they are now."""
        stamp, now = self._stamp(step, files)
        return stamp.exists() and stamp.read_text(encoding="utf-8") == now

    def done(self, step: str, files: Sequence[Path]) -> None:
        """Note that it was."""
        stamp, now = self._stamp(step, files)
        stamp.write_text(now, encoding="utf-8")

    def undone(self, step: str) -> None:
        """Note that it is under way, and must be done again if it does not end. Raises Stop."""
        why = wrong_with_place(self.folder, long_paths=_long_paths())
        if why:
            raise Stop(why)
        stamp = self.folder / ("." + step)
        if stamp.exists():
            stamp.unlink()

    def _cut_off(self) -> Iterator[Path]:
        """Yield the notes of packages whose installation was cut off.

        pip copies the notes that come with a package in any order, and adds INSTALLER after all
        else is in place.
        """
        libraries = "Lib" if self._windows else "lib/python*"
        for found in self.folder.glob(libraries + "/site-packages/*.dist-info"):
            if not (found / "INSTALLER").exists():
                yield found

    def install(self, arguments: Sequence[str]) -> None:
        """Let pip install. Raises Stop with a sentence, for what is not known with pip's own."""
        for notes in list(self._cut_off()):
            shutil.rmtree(str(notes))  # pip would take the package for whole
        command = [str(self.python), "-m", "pip", "install"]
        if not sys.stdout.isatty():
            command.append("--quiet")
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                command + list(arguments), cwd=str(ROOT), env=self.environ(), stderr=errors
            )
            try:
                code = process.wait()
            except KeyboardInterrupt:
                process.wait()
                raise
            errors.seek(0)
            told = errors.read().decode(errors="replace").strip()
        if code:
            raise Stop(trouble(told) or f"pip could not install the packages:\n{told[-2000:]}")


TROUBLES = (
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The packages cannot be downloaded: the connection is not safe. The clock of this computer "
        "may be wrong, or a school's network reads along. Set the clock, or use another network, "
        "and run this again.",
    ),
    (
        r"ProxyError|Tunnel connection failed",
        "The packages cannot be downloaded: the proxy of this network refuses. Ask for its address "
        "and set it as HTTPS_PROXY, or use another network, and run this again.",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Read timed out"
        r"|getaddrinfo|Connection ?Reset|Connection aborted|ProtocolError|IncompleteRead"
        r"|Network is unreachable|connection broken|Max retries exceeded|from versions: none",
        "The packages cannot be downloaded: there is no network, or the package index does not "
        "answer. Connect this computer and run this again. Once all is installed, Atelier needs no "
        "network.",
    ),
    (
        r"No space left|Errno 28|WinError 112|Disk quota exceeded",
        f"The disk is full: Atelier's packages need {DISK:,} MB. Free some, and run this again.",
    ),
    (
        r"Long Path support|WinError 206|File name too long",
        "The path of this folder is too long. Move the folder of Atelier, for example to "
        "C:\\atelier, and run this again.",
    ),
    (
        r"WinError (5|32)\b|Permission ?(E|d)|Access is denied|Read-only file system",
        "A file cannot be written. Another program may hold it (Atelier in another window, a "
        "virus scanner, OneDrive): close it, and run this again. Or the folder belongs to another "
        "person: move the folder of Atelier to where your own files are.",
    ),
    (
        r"No matching distribution|Could not find a version",
        "The package index has no package that fits this computer and this Python. Its address may "
        "be set to another one (pip config list shows it).",
    ),
)


def trouble(told: str) -> Optional[str]:
    """Return what an error of pip or venv means, as a sentence; None for one not known."""
    for pattern, sentence in TROUBLES:
        if re.search(pattern, told, re.IGNORECASE):
            return sentence
    return None


# -- The commands ------------------------------------------------------------------------------

EVERYWHERE = ("0.0.0.0", "::")  # what a server listens at that all others are to reach
# What a run and a student may take in a lesson. The default training takes some 15 seconds, so one
# long run must not hold the only worker of a laptop for an hour. Who sets these, knows better.
LESSON = {"ATELIER_MAX_MINUTES": "3", "ATELIER_MAX_QUEUED": "3", "ATELIER_MAX_RUNNING": "1"}

LOCK, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.txt"
PACKAGES = ROOT / "package-lock.json"


def prepare(environment: Environment, found: Facts) -> None:
    """Make the environment, if there is none that works. Raises Stop before anything is written."""
    folder = environment.folder
    reason = environment.wrong() if environment.exists() else None
    if environment.exists() and reason is None:
        return
    why = wrong_with_place(folder, long_paths=_long_paths()) or wrong_with_python(found)
    if why:
        raise Stop(why)
    if reason:
        print(f"The environment in {folder} {reason}: it is made anew.")
        environment.remove()
    why = wrong_with_disk(folder)
    if why:
        raise Stop(why)
    cloud = in_a_cloud(folder, dict(os.environ))
    if cloud:
        print(
            f"Note: {cloud} is copied to a cloud, and so all packages will be, which takes long. A "
            f"better place for the folder of Atelier is {Path.home()}."
        )
    other = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if other:
        print(f"Atelier has an environment of its own; {other} stays as it is.")
    print(f"Making an environment for Atelier in {folder}", flush=True)
    environment.make()


def install(environment: Environment) -> None:
    """Install what the app needs, if that has changed. Raises Stop."""
    if environment.has("run", [LOCK]):
        return
    print("Installing the packages. The first time, this takes several minutes.", flush=True)
    environment.undone("run")
    environment.install(["-r", str(LOCK)])
    environment.done("run", [LOCK])


def install_all(environment: Environment) -> int:
    """Install what checks and tests need, too, and return npm's code. Raises Stop."""
    files = [DEVELOPMENT, LOCK]
    if not environment.has("test", files):
        print("Installing the packages for the tests.", flush=True)
        environment.undone("run")
        environment.undone("test")
        environment.install(["-r", str(DEVELOPMENT), "-c", str(LOCK)])
        environment.done("run", [LOCK])
        environment.done("test", files)
    if environment.has("node", [PACKAGES]) and (ROOT / "node_modules").is_dir():
        return 0
    environment.undone("node")
    code = npm(environment, "ci", "--silent", "--no-audit", "--no-fund")
    if code == 0:
        environment.done("node", [PACKAGES])
    return code


def module(environment: Environment, *arguments: str) -> int:
    """Run a module of the environment's Python and return its code."""
    return call([str(environment.python), "-m", *arguments], environment.environ())


def npm(environment: Environment, *arguments: str) -> int:
    """Run npm of the environment and return its code."""
    return call([str(environment.program("npm")), *arguments], environment.environ())


def start(environment: Environment, port: int, address: str) -> int:
    """Run the app until it ends or Ctrl-C ends it."""
    where = ["--server.port", str(port), "--server.address", address]
    if address in EVERYWHERE:
        # Else Streamlit asks the internet for this computer's address, and waits where there is
        # no internet.
        os.environ.setdefault("STREAMLIT_BROWSER_SERVER_ADDRESS", network_address())
    try:
        return module(environment, "streamlit", "run", "streamlit_app.py", *where)
    except KeyboardInterrupt:
        print("\nAtelier has ended.")
        return 0


def lesson(environment: Environment, port: int, address: str) -> int:
    """Open a class, say how to join it, and run the app with limits that suit a lesson."""
    for name, value in LESSON.items():
        os.environ.setdefault(name, value)
    where = ["--port", str(port), "--address", address]
    code = module(environment, "core", "class", "open", *where)
    return code or start(environment, port, address)


def network_address() -> str:
    """Return this computer's address on its network; localhost if it is on none.

    Nothing is sent: the system only says which of its addresses it would send from.
    """
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that nobody has (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return "localhost"


def lint(environment: Environment) -> int:
    """Check the code: style, types and the JavaScript. The list of what ``lint`` runs."""
    return (
        module(environment, "ruff", "check", ".")
        or module(environment, "ruff", "format", "--check", ".")
        or types(environment)
        or npm(environment, "run", "--silent", "lint")
        or npm(environment, "run", "--silent", "types")
        or npm(environment, "run", "--silent", "test")
    )


def types(environment: Environment) -> int:
    """Check the types of all, and of what people run as they are on Windows and on macOS."""
    code = module(environment, "mypy")
    for system in ("win32", "darwin"):
        code = code or module(
            *(environment, "mypy", "--platform", system, "--cache-dir", f".mypy_cache/{system}"),
            *("core", "pages", "streamlit_app.py", "run.py"),
        )
    return code


def quick(environment: Environment) -> int:
    """Check, and run the tests that need no browser and are not called slow by conftest.py."""
    return lint(environment) or module(
        environment, "pytest", *PARALLEL, "-m", "not browser and not slow"
    )


def test(environment: Environment) -> int:
    """Run all checks and tests; the browser's one after the other, as on a desk."""
    code = lint(environment) or browser()
    code = code or module(environment, "pytest", *PARALLEL, "-m", "not browser")
    if code or not sys.platform.startswith("linux"):
        return code
    return module(environment, "pytest", "-m", "browser")


def browser() -> int:
    """Install Debian's chromium, and in CI nginx and PostgreSQL, for tests that run on Linux only.

    Where that cannot be done, they are skipped with a word on a desk, and fail in CI. On a desk
    nginx and PostgreSQL are left alone, as their packages start servers.
    """
    wanted = {"chromium": "chromium"}  # programs, and the packages that bring them
    if os.environ.get("CI"):
        wanted.update({"nginx": "nginx", "initdb": "postgresql"})
    places = [os.environ.get("PATH", os.defpath), "/usr/sbin"]
    places += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    path = os.pathsep.join(places)
    missing = [package for name, package in wanted.items() if not shutil.which(name, path=path)]
    if not missing:
        return 0
    if not sys.platform.startswith("linux"):
        print("The tests in the browser run on Linux only, and are left out.")
        return 0
    may = []  # type: Optional[List[str]]
    if os.geteuid():
        ask = ["sudo", "-n", "true"]
        may = ["sudo"] if shutil.which("sudo") and not call(ask) else None
    if may is not None and shutil.which("apt-get"):
        # "env", as sudo hands no variables on.
        quietly = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        return call([*quietly, "update"]) or call([*quietly, "install", "-y", *missing])
    names = " ".join(missing)
    print(names + " cannot be installed from here: sudo apt-get install " + names)
    return 1 if os.environ.get("CI") else 0


def lock(environment: Environment) -> int:
    """Pin all packages of requirements.txt, for every system and Python that Atelier supports."""
    environment.install([UV])
    name = ["--custom-compile-command", "python run.py lock"]
    python = ["--python-version", dotted(OLDEST)]
    files = ["--output-file", LOCK.name, "requirements.txt"]
    quietly = ["pip", "compile", "--quiet", "--universal", "--no-emit-index-url"]
    return module(environment, "uv", *(quietly + python + name + files))


def clean(environment: Environment) -> int:
    """Delete the environment and what the checks keep."""
    environment.remove()
    for name in ("node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"):
        shutil.rmtree(str(ROOT / name), ignore_errors=True)
    return 0


COMMANDS = {
    "run": "start the app (what happens without a command)",
    "class": "open a class, and start the app for all on the network, with limits for a lesson",
    "check": "say whether this computer can run Atelier, and change nothing",
    "test": "run all checks and tests",
    "quick": "run the checks and the fast tests",
    "lint": "run the checks alone",
    "browser": "install the browser that the tests use",
    "lock": "pin the packages of requirements.txt in requirements.lock",
    "clean": "delete the environment and what the checks keep",
}


def other_pythons(system: str) -> Iterator[List[str]]:
    """Yield the commands of other Pythons on this computer that may fit, the newest first."""
    launcher = shutil.which("py") if system == "Windows" else None
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        if launcher:
            yield [launcher, f"-3.{minor}"]
        path = shutil.which(f"python3.{minor}")
        if path and system != "Windows":
            yield [path]


def one_that_fits(system: str) -> Optional[List[str]]:
    """Return the command of another Python on this computer that passes the checks."""
    for command in other_pythons(system):
        with contextlib.suppress(OSError):
            checked = subprocess.call(
                [*command, str(ROOT / "run.py"), "check", "--this-python"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if checked == 0:
                return command
    return None


def port_number(text: str) -> int:
    """Return a port. Raises argparse.ArgumentTypeError with a sentence."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a whole number from 1 to 65535")
    return int(text)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    told = "\n".join(f"  {name:8} {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Set Atelier up and start it.",
        epilog="commands:\n" + told,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs="?", choices=list(COMMANDS), default="run", metavar="COMMAND"
    )
    parser.add_argument("--port", type=port_number, default=8501, help="8501 if not given")
    parser.add_argument(
        "--address",
        help="localhost, this computer alone, if not given; 0.0.0.0 for everyone on its network, "
        "which class takes",
    )
    parser.add_argument(
        "--venv", default=".venv", help="the folder for the packages; .venv if not given"
    )
    parser.add_argument("--this-python", action="store_true", help="look for no other Python")
    options = parser.parse_args(given)
    if options.address is None:
        options.address = "0.0.0.0" if options.command == "class" else "localhost"
    return options


def carry_out(given: Sequence[str]) -> int:
    """Do what the command line says and return the code to end with. Raises Stop."""
    options = arguments(given)
    environment = Environment(ROOT / options.venv)
    if options.command == "clean":
        return clean(environment)
    if options.command == "browser":
        return browser()
    missing = [each.name for each in (LOCK, ROOT / "streamlit_app.py") if not each.exists()]
    if missing:
        raise Stop(
            f"run.py needs {' and '.join(missing)} beside it. If Atelier came as a ZIP file, "
            "unpack all of it first, and use the run.py in the new folder."
        )
    found = facts()
    unfit = wrong_with_python(found)
    if unfit and (options.command == "check" or environment.wrong() is not None):
        other = None if options.this_python else one_that_fits(found.system)
        if other is None:
            raise Stop(unfit)
        print(
            f"This is Python {dotted(found.python)}. Atelier takes {' '.join(other)}.",
            flush=True,
        )
        return call([*other, str(ROOT / "run.py"), "--this-python", *given])
    why = wrong_with_computer(found)
    if options.command in ("run", "class", "check"):
        why = why or wrong_with_port(options.port, options.address, found.command)
    if why:
        raise Stop(why)
    if options.command == "check":
        folder = environment.folder
        if not environment.exists() or environment.wrong() or not environment.has("run", [LOCK]):
            why = wrong_with_place(folder, long_paths=_long_paths())
            if why is None and not environment.exists():
                why = wrong_with_disk(folder)
            if why:
                raise Stop(why)
        free = shutil.disk_usage(str(_existing(folder))).free // 10**6
        print("This computer can run Atelier.")
        print(f"Room for its packages: {DISK:,} MB; free on this disk: {free:,} MB.")
        return 0
    prepare(environment, found)
    if options.command in ("run", "class"):
        install(environment)
        begin = lesson if options.command == "class" else start
        return begin(environment, options.port, options.address)
    if options.command == "lock":
        return lock(environment)
    return install_all(environment) or {"test": test, "quick": quick, "lint": lint}[
        options.command
    ](environment)


def main(given: Sequence[str]) -> int:
    """Do what the command line says; what is wrong is told as a sentence."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # since Python 3.7
            stream.reconfigure(
                errors="replace"
            )  # a folder's name may not fit the terminal's letters
    try:
        return carry_out(given)
    except Stop as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to continue.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
