"""``run.py``: what it says before it installs, the environment, the port, the start and the end."""

import ast
import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import run
from core.settings import ROOT

SOURCE = (ROOT / "run.py").read_text(encoding="utf-8")
WINDOWS_PC = run.Facts(system="Windows", built_for="win-amd64", processor="AMD64", avx=True)
MAC = run.Facts(
    system="Darwin",
    built_for="macosx-11.0-universal2",
    processor="arm64",
    apple_chip=True,
    macos=(15, 1),
)
LINUX = run.Facts(glibc=(2, 36), avx=True)


# -- What Python reads it


def test_python_3_6_can_read_it():
    ast.parse(SOURCE, feature_version=(3, 6))
    with pytest.raises(SyntaxError):  # that the parser would mind
        ast.parse("if (n := 1): pass", feature_version=(3, 6))


def test_it_needs_nothing_but_the_standard_library():
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= sys.stdlib_module_names


def python_3(minor: int) -> str:
    """Return a Python of that version which works, or skip the test."""
    pythons = [shutil.which(f"python3.{minor}") or ""]
    pythons += map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
    works = [each for each in pythons if each and subprocess.call([each, "--version"]) == 0]
    if not works:
        pytest.skip(f"There is no Python 3.{minor} on this computer.")
    return works[0]


@pytest.mark.parametrize("minor", [6, 7, 8, 9, 10, 14])
def test_a_real_python_that_does_not_fit_gets_a_sentence(minor: int):
    python = python_3(minor)
    command = [python, str(ROOT / "run.py"), "check", "--this-python"]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 1 and told.stderr.startswith(f"This is Python 3.{minor}, ")
    assert "Traceback" not in told.stderr and "Install Python 3.13" in told.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="There, the launcher py finds them")
@pytest.mark.parametrize("minor", [6, 10])
def test_a_python_that_does_not_fit_hands_over_to_one_that_does(minor: int, tmp_path: Path):
    python = python_3(minor)
    other = tmp_path / f"python3.{sys.version_info[1]}"
    other.symlink_to(Path(sys.executable).resolve())
    told = subprocess.run(
        [python, str(ROOT / "run.py"), "check", "--port", str(free_port())],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert f"This is Python 3.{minor}. Atelier takes {other}." in told.stdout
    assert "This computer can run Atelier." in told.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="It has a launcher of its own")
def test_on_windows_the_launcher_finds_a_python_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A launcher that knows one Python, this one, as ``py -3.11``, and no other."""
    launcher, version = tmp_path / "py", f"-3.{sys.version_info[1]}"
    launcher.write_text(
        f'#!/bin/sh\n[ "$1" = {version} ] || exit 103\nshift\nexec "{sys.executable}" "$@"\n',
        encoding="utf-8",
    )
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert run.one_that_fits("Windows") == [str(launcher), version]


def test_the_project_names_the_same_pythons():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (oldest, newest), (major, minor) = run.OLDEST, run.NEWEST
    assert project["requires-python"] == f">={oldest}.{newest},<{major}.{minor + 1}"


# -- What it says before it installs


@pytest.mark.parametrize("found", [WINDOWS_PC, MAC, LINUX, LINUX._replace(avx=None)])
@pytest.mark.parametrize("python", [(3, 11), (3, 12), (3, 13)])
def test_nothing_is_wrong_with(found: run.Facts, python: tuple[int, int]):
    found = found._replace(python=python)
    assert run.wrong_with_python(found) is None
    assert run.wrong_with_computer(found) is None


def test_nothing_is_wrong_with_where_this_test_runs():
    found = run.facts()
    assert found.python == sys.version_info[:2]
    assert run.wrong_with_python(found) is None
    assert run.wrong_with_computer(found) is None


@pytest.mark.parametrize(
    ("found", "says", "do"),
    [
        (WINDOWS_PC._replace(python=(3, 14)), "no package yet", "downloads/windows/"),
        (WINDOWS_PC._replace(python=(3, 14)), "This is Python 3.14", "py -3.13 run.py"),
        (MAC._replace(python=(3, 9)), "too old", "python3.13 run.py"),
        (LINUX._replace(python=(3, 10)), "too old", "python3.13-venv"),
        (LINUX._replace(python=(3, 15), conda=True), "no package yet", "conda create"),
        (WINDOWS_PC._replace(bits=32, built_for="win32"), "32-bit Python", "(64-bit)"),
        (WINDOWS_PC._replace(built_for="win-arm64", processor="ARM64"), "ARM", "64-bit"),
        (MAC._replace(processor="x86_64"), "one for Intel", "downloads/macos/"),
        (LINUX._replace(free_threaded=True), "free-threaded", "Install Python 3.13"),
        (LINUX._replace(implementation="PyPy"), "This is PyPy", "Install Python 3.13"),
        (
            LINUX._replace(python=(3, 12), modules=("ensurepip",)),
            "ensurepip is missing",
            "sudo apt install python3.12-venv",
        ),
        (MAC._replace(modules=("ssl",)), "ssl is missing", "Install Python 3.13"),
    ],
)
def test_a_python_that_does_not_fit_is_told_which_does(found: run.Facts, says: str, do: str):
    sentence = run.wrong_with_python(found)
    assert sentence and says in sentence and do in sentence
    assert run.wrong_with_computer(found._replace(processor="x86_64", avx=True)) is None


@pytest.mark.parametrize(
    ("found", "says", "do"),
    [
        (MAC._replace(processor="x86_64", apple_chip=False), "Intel processor", "another computer"),
        (MAC._replace(macos=(12, 7)), "macOS 12.7", "macOS 13 or newer"),
        (LINUX._replace(glibc=()), "musl", "Debian"),
        (LINUX._replace(glibc=(2, 27)), "glibc 2.27", "2.28"),
        (LINUX._replace(processor="riscv64"), "riscv64", "another computer"),
        (LINUX._replace(avx=False), "AVX", "another computer"),
        (WINDOWS_PC._replace(avx=False), "AVX", "virtual machine"),
        (WINDOWS_PC._replace(dlls=("msvcp140_1.dll",)), "msvcp140_1.dll", "vc_redist.x64.exe"),
    ],
)
def test_a_computer_that_does_not_fit_is_told_why(found: run.Facts, says: str, do: str):
    sentence = run.wrong_with_computer(found)
    assert sentence and says in sentence and do in sentence
    assert run.wrong_with_python(found._replace(processor="arm64", apple_chip=True)) is None


def test_an_arm_processor_needs_no_avx():
    assert run.wrong_with_computer(LINUX._replace(processor="aarch64", avx=None)) is None


@pytest.mark.parametrize(
    ("cpuinfo", "knows"),
    [
        ("processor\t: 0\nflags\t\t: fpu sse4_2 avx avx2\n", True),
        ("processor\t: 0\nflags\t\t: fpu sse4_2 avx512_not\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", None),
    ],
)
def test_avx_is_read_from_the_flags(cpuinfo: str, knows: bool | None):
    assert run.knows_avx(cpuinfo) is knows


@pytest.mark.parametrize("name", ["plain", "with spaces", "Übung d'été", "模型"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str):
    assert run.wrong_with_place(tmp_path / name / ".venv") is None
    assert not (tmp_path / name).exists(), "a check writes nothing"


def test_a_path_that_is_too_long_for_windows(tmp_path: Path):
    room = run.WINDOWS_PATH - run.LONGEST - len(str(tmp_path / "x"))
    fits, long = tmp_path / ("x" * (room + 1)), tmp_path / ("x" * (room + 2))
    assert run.wrong_with_place(fits, windows=True) is None
    assert "too long for Windows" in (run.wrong_with_place(long, windows=True) or "")
    assert run.wrong_with_place(long, windows=True, long_paths=True) is None
    assert run.wrong_with_place(long, windows=False) is None


def test_the_longest_path_is_not_longer_here():
    """Of the files for Windows, as this environment has those; CUDA's headers are Linux's alone."""
    libraries = Path(next(path for path in sys.path if path.endswith("site-packages")))
    if not (libraries / "tensorflow").is_dir():
        pytest.skip("TensorFlow is elsewhere.")
    lengths = [
        len(str(each.relative_to(libraries)))
        for each in (libraries / "tensorflow" / "include").rglob("*")
        if "cudnn" not in str(each)
    ]
    assert max(lengths) + len(r"\Lib\site-packages" + "\\") <= run.LONGEST


def test_a_path_with_what_separates_paths(tmp_path: Path):
    folder = tmp_path / "a:b"
    assert "Rename" in (run.wrong_with_place(folder, windows=False, separator=":") or "")
    assert run.wrong_with_place(folder, windows=False, separator=";") is None


def test_a_folder_that_cannot_be_written():
    """A file system of the kernel's, so that not even root can."""
    if not Path("/proc/self").is_dir():
        pytest.skip("There is no such folder here.")
    sentence = run.wrong_with_place(Path("/proc/self/.venv"), windows=False)
    assert sentence and "/proc/self" in sentence and "--venv" in sentence


def test_a_disk_that_is_too_full(tmp_path: Path):
    free = shutil.disk_usage(tmp_path).free // 10**6
    assert run.wrong_with_disk(tmp_path / "not yet there", needed=free // 2) is None
    sentence = run.wrong_with_disk(tmp_path / "not yet there", needed=free * 2)
    assert sentence and "too full" in sentence and str(tmp_path) in sentence


def test_a_folder_that_is_copied_to_a_cloud(tmp_path: Path):
    cloud = tmp_path / "OneDrive - Universität"
    variables = {"OneDriveCommercial": str(cloud), "HOME": "elsewhere"}
    assert run.in_a_cloud(cloud / "Dokumente" / ".venv", variables) == str(cloud)
    assert run.in_a_cloud(tmp_path / "OneDrive" / ".venv", variables) is None


# -- The port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_gets_the_next_free_one(taken: int, address: str):
    sentence = run.wrong_with_port(taken, address, "py run.py")
    assert sentence and f"Port {taken} is in use" in sentence
    instead = int(sentence.rpartition("py run.py --port ")[2])
    assert taken < instead and run.wrong_with_port(instead, address, "py run.py") is None


def test_a_port_that_a_server_has_just_left_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            connection, _ = server.accept()
            connection.close()  # the server's end waits in TIME_WAIT from now on
    assert run.wrong_with_port(port, "localhost", "python3 run.py") is None


@pytest.mark.parametrize("address", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_this_computers(address: str):
    sentence = run.wrong_with_port(8501, address, "python3 run.py")
    assert sentence and address in sentence and "--address 0.0.0.0" in sentence


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8501.5"])
def test_what_is_no_port(port: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        run.arguments(["--port", port])
    assert "port" in capsys.readouterr().err


def test_a_class_is_for_all_on_the_network_and_has_limits(monkeypatch: pytest.MonkeyPatch):
    assert run.arguments([]).address == "localhost"
    assert run.arguments(["class"]).address == "0.0.0.0"
    assert run.arguments(["class", "--address", "10.1.2.3"]).address == "10.1.2.3"

    called: list[Sequence[str]] = []
    monkeypatch.setattr(run, "call", lambda command, environ: called.append(command[2:]) or 0)
    monkeypatch.setattr(run, "network_address", lambda: "10.1.2.3")
    for name in (*run.LESSON, "STREAMLIT_BROWSER_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATELIER_MAX_MINUTES", "5")
    assert run.lesson(run.Environment(Path(sys.prefix)), 8502, "0.0.0.0") == 0
    opened, started = called
    assert opened == ["core", "class", "open", "--port", "8502", "--address", "0.0.0.0"]
    assert started[:3] == ["streamlit", "run", "streamlit_app.py"]
    assert started[3:] == ["--server.port", "8502", "--server.address", "0.0.0.0"]
    assert os.environ["ATELIER_MAX_MINUTES"] == "5", "who sets a limit knows better"
    assert os.environ["ATELIER_MAX_QUEUED"] == "3"
    assert os.environ["STREAMLIT_BROWSER_SERVER_ADDRESS"] == "10.1.2.3"


def test_without_a_class_nothing_is_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "call", lambda command, environ: 1 if "core" in command else 0)
    for name in run.LESSON:
        monkeypatch.setenv(name, "1")
    assert run.lesson(run.Environment(Path(sys.prefix)), 8502, "localhost") == 1


def test_the_command_is_what_people_type():
    assert WINDOWS_PC.command == "py run.py" and MAC.command == LINUX.command == "python3 run.py"
    assert WINDOWS_PC._replace(conda=True).command == "python run.py"


# -- The environment


def test_both_layouts(tmp_path: Path):
    here, there = (run.Environment(tmp_path, windows=windows) for windows in (False, True))
    assert here.python == tmp_path / "bin" / "python" and here.program("npm").name == "npm"
    assert there.python == tmp_path / "Scripts" / "python.exe"
    assert there.program("npm") == tmp_path / "Scripts" / "npm.exe"
    assert there.environ()["PATH"].startswith(str(tmp_path / "Scripts") + os.pathsep)


def test_programs_of_the_environment_see_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONHOME", "elsewhere")
    monkeypatch.setenv("VIRTUAL_ENV", "elsewhere")
    environ = run.Environment(tmp_path).environ()
    assert "elsewhere" not in environ.values() and environ["VIRTUAL_ENV"] == str(tmp_path)


def test_a_folder_of_someone_else_is_not_deleted(tmp_path: Path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(run.Stop, match="no environment of Python"):
        run.Environment(tmp_path).remove()
    assert (tmp_path / "thesis.txt").exists()


def test_the_environment_that_runs_this_is_not_deleted():
    environment = run.Environment(Path(sys.prefix))
    if not (Path(sys.prefix) / "pyvenv.cfg").exists():
        pytest.skip("These tests run in no environment.")
    with pytest.raises(run.Stop, match="deactivate"):
        environment.remove()


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by "
            "'NameResolutionError(\"<pip._vendor.urllib3.connection.HTTPSConnection>: Failed to "
            "resolve 'example.org' ([Errno -3] Temporary failure in name resolution)\")'\n"
            "ERROR: No matching distribution found for absl-py==2.5.1",
            "no network",
        ),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "not safe"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407", "proxy"),
        (f"ERROR: Could not install packages due to an OSError: {OSError(28, '')}", "disk is full"),
        ("OSError: [WinError 206] The filename or extension is too long", "too long"),
        ("PermissionError: [WinError 32] The process cannot access the file", "virus scanner"),
        ("ERROR: No matching distribution found for tensorflow==2.21.0", "no package that fits"),
    ],
)
def test_what_pip_says_becomes_a_sentence(told: str, says: str):
    assert says in (run.trouble(told) or "")


def test_what_is_not_known_is_not_explained():
    assert run.trouble("ERROR: something new") is None


@pytest.fixture
def atelier(tmp_path: Path) -> Path:
    """Return a folder with run.py, an odd name, and one tiny package to install, ``tiny``."""
    folder = tmp_path / "Übung d'été"
    folder.mkdir()
    shutil.copy(ROOT / "run.py", folder)
    wheel = pack(folder / "tiny-1.0-py3-none-any.whl")
    (folder / "requirements.lock").write_text(f"./{wheel.name}\n", encoding="utf-8")
    (folder / "streamlit_app.py").touch()
    return folder


def pack(path: Path) -> Path:
    """Write a wheel with one module that says “here”."""
    name, version = path.name.split("-")[:2]
    files = {
        f"{name}.py": b"print('here')\n",
        f"{name}-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        ),
        f"{name}-{version}.dist-info/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = f"{name}-{version}.dist-info/RECORD"
    rows = [
        f"{file},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()[:-1]},"
        for file, data in files.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in files.items():
            archive.writestr(file, data)
        archive.writestr(record, "\n".join([*rows, f"{record},,\n"]))
    return path


# Installs as run.py does, and says in the end whether the package is there.
INSTALL = """
import run, subprocess, sys
environment = run.Environment(run.ROOT / ".venv")
try:
    run.prepare(environment, run.facts())
    run.install(environment)
except run.Stop as reason:
    sys.exit(str(reason))
sys.exit(subprocess.call([str(environment.python), "-c", "import tiny"]))
"""


def installed(atelier: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Install, without any package index."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-c", INSTALL],
        cwd=atelier,
        env=variables | offline | {"PYTHONUTF8": "1"} | environ,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_an_environment_is_made_once_and_mended(atelier: Path):
    first = installed(atelier)
    assert first.returncode == 0, first.stderr
    assert "Making an environment" in first.stdout and first.stdout.endswith("here\n")

    written = (atelier / ".venv").stat().st_mtime_ns
    again = installed(atelier)
    assert again.returncode == 0 and again.stdout == "here\n", "nothing is done twice"
    assert (atelier / ".venv").stat().st_mtime_ns == written, "it may belong to another person"

    # Another lock file, and no package index that answers: a sentence, and the next start mends it.
    lock = atelier / "requirements.lock"
    before = lock.read_text(encoding="utf-8")
    lock.write_text(before + "no-such-package==1.0\n", encoding="utf-8")
    nowhere = {
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    without = installed(atelier, **nowhere)
    assert without.returncode == 1 and "there is no network" in without.stderr
    assert "Traceback" not in without.stderr
    lock.write_text(before, encoding="utf-8")
    assert installed(atelier, **nowhere).returncode == 0, "all is there: no network is needed"

    # Cut off in the middle of the package: its notes are there but for the last, a module is not.
    libraries = next((atelier / ".venv").glob("[Ll]ib/**/site-packages"))
    (libraries / "tiny-1.0.dist-info" / "INSTALLER").unlink()
    (libraries / "tiny.py").unlink()
    (atelier / ".venv" / ".run").unlink()
    mended = installed(atelier)
    assert mended.returncode == 0 and "Making" not in mended.stdout
    assert (libraries / "tiny-1.0.dist-info" / "INSTALLER").exists()


@pytest.mark.slow
def test_an_environment_that_does_not_work_is_made_anew(atelier: Path):
    assert installed(atelier).returncode == 0

    (atelier / ".venv" / ".making").touch()
    assert run.Environment(atelier / ".venv").wrong() == "was not finished"
    (atelier / ".venv" / ".making").unlink()
    assert run.Environment(atelier / ".venv").wrong() is None

    moved = atelier.rename(atelier.parent / "moved")
    environment = run.Environment(moved / ".venv")
    assert environment.wrong() == "was made in another folder"

    environment.python.unlink()
    assert "its Python was removed" in (run.Environment(moved / ".venv").wrong() or "")
    anew = installed(moved)
    assert anew.returncode == 0 and "it is made anew" in anew.stdout, anew.stderr
    assert run.Environment(moved / ".venv").wrong() is None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole console")
def test_ctrl_c_during_the_installation_is_mended_by_the_next_start(atelier: Path):
    process = subprocess.Popen(
        [sys.executable, "run.py", "--port", str(free_port())],
        cwd=atelier,
        env=os.environ | {"PIP_NO_INDEX": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    making = atelier / ".venv" / ".making"
    while not making.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "Run the same command again" in told
    assert "Traceback" not in told
    assert installed(atelier).returncode == 0


# -- The start


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def started(port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the app as run.py does, with the environment of these tests."""
    code = f"""
import run, sys
sys.exit(run.start(run.Environment(run.Path(sys.prefix)), {port}, "localhost"))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=sys.platform != "win32",
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):
                address = f"http://localhost:{port}/_stcore/health"
                with urllib.request.urlopen(address, timeout=5) as answer:
                    assert answer.read() == b"ok"
                    break
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole console")
@pytest.mark.parametrize("how", ["ctrl-c", "kill"])
def test_the_app_starts_and_ends_quietly(how: str):
    port = free_port()
    with started(port) as process:
        sentence = run.wrong_with_port(port, "localhost", "python3 run.py")
        assert sentence and f"open http://localhost:{port}" in sentence
        if how == "ctrl-c":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        told, _ = process.communicate(timeout=60)
        assert "Traceback" not in told
        assert process.returncode == 0, "the server did not end by itself, but was killed"
        assert ("Atelier has ended." in told) == (how == "ctrl-c")
        assert run.wrong_with_port(port, "localhost", "python3 run.py") is None


# -- The commands


def test_what_is_not_unpacked_is_told_so(tmp_path: Path):
    shutil.copy(ROOT / "run.py", tmp_path)
    told = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 1 and "unpack" in told.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["run.py"]


def test_make_knows_the_same_commands():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = makefile.partition(".PHONY:")[2].partition("\n")[0]
    assert sorted(phony.split()) == sorted(run.COMMANDS)


def test_the_code_of_a_program_is_handed_on():
    assert run.call([sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_npm_has_the_checks_that_lint_runs():
    scripts = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["scripts"]
    assert set(scripts) == {"lint", "types", "test"}
