"""The emulated systems are what they say, also to the children of a process."""

import sys
from pathlib import Path

import pytest
from running import python

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the other systems are emulated on Linux"
)

CHILD = (
    "import subprocess, sys; print(subprocess.run([sys.executable, '-c', sys.argv[1]]).returncode)"
)


def raised(system: str, code: str, *arguments: str) -> str:
    """Return the name of the error that a line of code ends with, or what it prints."""
    told = f"try:\n  {code}\nexcept Exception as error: print(type(error).__name__)"
    return python(system, f"import os, sys\n{told}", *arguments).strip()


@pytest.mark.parametrize(
    ("system", "name", "platform"), [("windows", "nt", "win32"), ("macos", "posix", "darwin")]
)
def test_the_system_has_its_name_for_us_and_not_for_libraries(system, name, platform):
    code = "import os, sys, psutil; print(os.name, sys.platform, psutil.LINUX)"
    assert python(system, code).split() == [name, platform, "True"]


@pytest.mark.parametrize("module", ["fcntl", "resource", "pwd", "grp", "termios"])
def test_windows_lacks_modules_that_macos_has(module):
    assert raised("windows", f"import {module}") == "ModuleNotFoundError"
    assert raised("windows", f"__import__('importlib').import_module('{module}')") in (
        "ModuleNotFoundError",
        "",  # it was loaded by a library before: then only ``import`` itself is refused
    )
    assert raised("macos", f"import {module}") == ""


@pytest.mark.parametrize(
    "name",
    """os.statvfs os.sysconf os.sched_getaffinity os.O_NOFOLLOW os.O_CLOEXEC os.mkfifo os.killpg
    os.setsid os.nice os.readv os.set_blocking signal.SIGKILL signal.SIGXCPU select.poll
    time.tzset""".split(),  # noqa: SIM905
)
def test_windows_lacks_names(name):
    module = name.partition(".")[0]
    assert raised("windows", f"import {module}; {name}") == "AttributeError"


def test_macos_lacks_a_few_names():
    assert raised("macos", "os.sched_getaffinity(0)") == "AttributeError"
    assert raised("macos", "os.O_NOFOLLOW, os.statvfs('/')") == ""


@pytest.mark.parametrize("system", ["windows", "macos"])
def test_what_only_linux_has_cannot_be_opened(system):
    assert raised(system, "open('/proc/self/stat')") == "FileNotFoundError"
    assert raised(system, "__import__('pathlib').Path('/proc/stat').read_text()") == (
        "FileNotFoundError"
    )
    assert raised(system, "import psutil; psutil.Process().memory_info()") == ""


@pytest.mark.parametrize(
    "action",
    ["os.replace('b', 'a')", "os.remove('a')", "os.rename('a', 'c')", "Path('b').replace('a')"],
)
@pytest.mark.parametrize(
    "held", ["", "held = mmap.mmap(file.fileno(), 0, access=1); file.close();"]
)
def test_a_file_in_use_stays_on_windows(tmp_path, action, held):
    code = (
        "import mmap; from pathlib import Path; os.chdir(sys.argv[1]); "
        "Path('a').write_bytes(b'1'); "
        f"Path('b').touch(); file = open('a'); {held} {action}"
    )
    assert raised("windows", code, str(tmp_path)) == "PermissionError"
    assert raised("macos", code, str(tmp_path)) == ""


def test_a_file_that_another_process_has_open_stays_too(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"1")
    child = "import sys; file = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    code = (
        "import subprocess; from subprocess import PIPE; "
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}, sys.argv[1]], stdin=PIPE, "
        "stdout=PIPE); child.stdout.readline(); os.remove(sys.argv[1])"
    )
    assert raised("windows", code, str(file)) == "PermissionError"
    assert file.exists()


@pytest.mark.parametrize("name", ["a:b", "what?", "CON", "nul.txt", "end.", "end ", "x" * 300])
def test_windows_refuses_names(tmp_path, name):
    assert raised("windows", "open(sys.argv[1], 'wb')", str(tmp_path / name)) in (
        "OSError",
        "FileNotFoundError",
    )
    assert list(tmp_path.iterdir()) == []


def test_rename_replaces_nothing_on_windows(tmp_path):
    for name in "ab":
        (tmp_path / name).touch()
    code = "os.chdir(sys.argv[1]); os.rename('a', 'b')"
    assert raised("windows", code, str(tmp_path)) == "FileExistsError"
    assert raised("macos", code, str(tmp_path)) == ""


def test_text_is_in_the_code_page_of_windows(tmp_path):
    file = tmp_path / "a"
    python("windows", "import sys; open(sys.argv[1], 'w').write('ä\\n')", str(file))
    assert file.read_bytes() == b"\xe4\r\n"
    code = "import sys; open(sys.argv[1], 'w', encoding='utf-8', newline='\\n').write('ä\\n')"
    python("windows", code, str(file))
    assert file.read_bytes() == "ä\n".encode()


@pytest.mark.parametrize("option", ["start_new_session=True", "preexec_fn=print", "pass_fds=(0,)"])
def test_windows_refuses_what_only_unix_can_start(option):
    code = f"import subprocess; subprocess.run([sys.executable, '-c', ''], {option})"
    assert raised("windows", code) == "ValueError"
    assert raised("macos", code) == ""


def test_a_process_that_is_killed_has_code_1_on_windows():
    code = (
        "import subprocess, sys; each = subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(60)']); each.{}(); print(each.wait())"
    )
    assert python("windows", code.format("kill")).strip() == "1"
    assert python("windows", code.format("terminate")).strip() == "1"
    assert python("macos", code.format("kill")).strip() == "-9"


def test_pipes_cannot_be_selected_on_windows():
    code = "import select; reading, _ = os.pipe(); select.select([open(reading)], [], [], 0)"
    assert raised("windows", code) == "OSError"
    assert raised("macos", code) == ""


@pytest.mark.parametrize("system", ["windows", "macos"])
def test_children_are_on_the_same_system(system):
    inner = "import os, sys; print(sys.platform, hasattr(os, 'sched_getaffinity'))"
    expected = {"windows": "win32 False", "macos": "darwin False"}[system]
    assert expected in python(system, CHILD, inner)


def test_a_misspelt_system_is_refused():
    with pytest.raises(AssertionError, match="must be windows or macos"):
        python("amiga", "")


def test_the_emulation_does_not_reach_this_process():
    assert sys.platform.startswith("linux") and Path("/proc/self/stat").exists()
