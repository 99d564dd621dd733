"""Child processes: what ``subprocess`` takes, and how they end."""

import os
import signal
import subprocess
from typing import Any

from emulated import callers
from emulated.files import CODE_PAGE, print_as_windows_does

CRASHED = 0xC0000005  # what Windows calls an access violation
FLAGS = {
    "CREATE_NEW_CONSOLE": 0x10,
    "CREATE_NEW_PROCESS_GROUP": 0x200,
    "CREATE_NO_WINDOW": 0x8000000,
    "DETACHED_PROCESS": 0x8,
    "BELOW_NORMAL_PRIORITY_CLASS": 0x4000,
    "IDLE_PRIORITY_CLASS": 0x40,
}
_UNIX_ONLY = ("start_new_session", "preexec_fn", "pass_fds", "process_group", "user", "group")


def behave() -> None:
    """Behave like Windows towards our code."""
    for name, value in FLAGS.items():
        setattr(subprocess, name, value)
    true = subprocess.Popen.__init__

    def start(self: Any, *arguments: Any, **named: Any) -> None:
        self.as_windows = callers.acting(1)
        if self.as_windows:
            for name in _UNIX_ONLY:
                if named.get(name) not in (None, False, (), -1):
                    raise ValueError(f"{name} is for Unix (on emulated Windows)")
            named.pop("creationflags", None)
            text = named.get("text") or named.get("universal_newlines") or named.get("errors")
            if text and named.get("encoding") is None:
                named["encoding"] = CODE_PAGE
        true(self, *arguments, **named)

    subprocess.Popen.__init__ = start  # type: ignore[method-assign]
    subprocess.Popen._handle_exitstatus = _end(  # type: ignore[attr-defined]
        subprocess.Popen._handle_exitstatus  # type: ignore[attr-defined]
    )
    subprocess.Popen.send_signal = _sending(subprocess.Popen.send_signal)  # type: ignore
    _wrap_kill()
    # A child of a test; the test runner itself speaks UTF-8, as it shows our sources.
    if "PYTEST_CURRENT_TEST" in os.environ:
        print_as_windows_does()


def _end(true: Any) -> Any:
    """Let a process that a signal ended have a code that Windows would give it."""

    def note(self: Any, *arguments: Any) -> None:
        true(self, *arguments)
        if getattr(self, "as_windows", False) and (self.returncode or 0) < 0:
            killed = -self.returncode in (9, 15)  # SIGKILL, SIGTERM
            self.returncode = 1 if killed else CRASHED

    return note


def _sending(true: Any) -> Any:
    """Take only what can be sent on Windows: an end by force, and two keys."""
    kill = 9

    def send_signal(self: Any, number: int) -> None:
        if not getattr(self, "as_windows", False):
            return true(self, number)
        if number in (signal.SIGTERM, kill):
            return true(self, kill)  # nobody is asked on Windows
        if number in (0, 1):  # CTRL_C_EVENT, CTRL_BREAK_EVENT
            return true(self, signal.SIGINT)
        raise ValueError(f"Unsupported signal: {number}")

    return send_signal


def _wrap_kill() -> None:
    true = os.kill

    def kill(pid: int, number: int) -> None:
        if not callers.direct(1):
            return true(pid, number)
        if number == 0:
            raise AssertionError("os.kill(pid, 0) ends things on Windows; ask psutil")
        if number == 1:
            return true(pid, signal.SIGINT)
        return true(pid, 9)  # whatever the number is, the process is ended

    os.kill = kill
