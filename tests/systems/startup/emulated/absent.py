"""What is not there: modules, names in modules, and the name of the system itself."""

import importlib.abc
import importlib.machinery
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from emulated import callers

_UNIX = """crypt fcntl grp nis ossaudiodev posix pty pwd readline resource spwd syslog termios tty
curses _posixsubprocess _posixshmem"""
_MODULES = {"windows": frozenset(_UNIX.split()), "macos": frozenset(["spwd", "ossaudiodev"])}

# By the documentation of Python 3.11.
_OF_OS = """
chown chroot confstr ctermid environb eventfd eventfd_read eventfd_write fchdir fchmod fchown
fdatasync fork forkpty fpathconf fstatvfs get_blocking getegid geteuid getgid getgrouplist getgroups
getloadavg getpgid getpgrp getpriority getresgid getresuid getsid getuid getxattr initgroups killpg
lchown listxattr lockf login_tty major makedev memfd_create minor mkfifo mknod nice openpty pathconf
pipe2 posix_fadvise posix_fallocate posix_spawn posix_spawnp pread preadv pwrite pwritev readv
register_at_fork removexattr sched_get_priority_max sched_get_priority_min sched_getaffinity
sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setparam
sched_setscheduler sched_yield sendfile set_blocking setegid seteuid setgid setgroups setns setpgid
setpriority setregid setresgid setresuid setreuid setsid setuid setxattr splice statvfs sync sysconf
sysconf_names tcgetpgrp tcsetpgrp ttyname uname unshare wait wait3 wait4 waitid writev
copy_file_range getrandom WNOHANG WUNTRACED WCONTINUED WIFEXITED WIFSIGNALED WEXITSTATUS WTERMSIG
WIFSTOPPED WSTOPSIG WCOREDUMP O_NOFOLLOW O_CLOEXEC O_NONBLOCK O_DIRECTORY O_NOCTTY O_SYNC O_DSYNC
O_RSYNC O_NDELAY O_ASYNC O_DIRECT O_NOATIME O_PATH O_TMPFILE O_LARGEFILE O_ACCMODE
PRIO_PROCESS RTLD_LAZY RTLD_NOW RTLD_GLOBAL F_LOCK F_ULOCK SCHED_OTHER statvfs_result pidfd_open
"""
_OF_SIGNAL = """
SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT
SIGRTMAX SIGRTMIN SIGSTKFLT SIGSTOP SIGSYS SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2
SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK ITIMER_PROF ITIMER_REAL
ITIMER_VIRTUAL alarm getitimer pause pidfd_send_signal pthread_kill pthread_sigmask setitimer
siginterrupt sigpending sigtimedwait sigwait sigwaitinfo
"""
_NAMES: Mapping[str, Mapping[ModuleType, str]] = {
    "windows": {
        sys: "platform _base_executable",
        os: f"name {_OF_OS}",
        signal: _OF_SIGNAL,
        select: "poll epoll POLLIN POLLOUT POLLERR POLLHUP POLLNVAL POLLPRI EPOLLIN EPOLLOUT",
        socket: "SO_REUSEPORT",  # AF_UNIX is looked up by the module's own functions
        time: """tzset clock_gettime clock_settime CLOCK_MONOTONIC CLOCK_REALTIME
            pthread_getcpuclockid""",
    },
    "macos": {
        sys: "platform",
        os: """sched_getaffinity sched_setaffinity O_TMPFILE O_PATH O_DIRECT O_NOATIME eventfd
            memfd_create pidfd_open posix_fadvise posix_fallocate pipe2 getxattr setxattr listxattr
            splice copy_file_range getrandom getresuid getresgid""",
        select: "epoll EPOLLIN EPOLLOUT",
        signal: """sigtimedwait sigwaitinfo SIGRTMIN SIGRTMAX SIGPWR SIGSTKFLT SIGPOLL
            pidfd_send_signal""",
    },
}
# What is there instead.
_GIVEN: Mapping[str, Mapping[ModuleType, Mapping[str, Any]]] = {
    "windows": {
        sys: {"platform": "win32", "_base_executable": sys.executable},
        os: {"name": "nt", "O_BINARY": 0, "O_NOINHERIT": 0, "O_SEQUENTIAL": 0, "O_RANDOM": 0},
        signal: {"CTRL_C_EVENT": 0, "CTRL_BREAK_EVENT": 1, "SIGBREAK": 21},
    },
    "macos": {sys: {"platform": "darwin"}},
}


def take(system: str) -> None:
    """Take away from our code what a system does not have."""
    sys.meta_path.insert(0, _Refusal(_MODULES[system], system))
    for module, names in _NAMES[system].items():
        _take(module, names.split(), _GIVEN[system].get(module, {}), system)
    if system == "windows":
        select.select = _sockets_only(select.select)  # type: ignore[assignment]


class _Refusal(importlib.abc.MetaPathFinder):
    """Refuses modules to our code, also those that a library has loaded."""

    def __init__(self, names: frozenset[str], system: str) -> None:
        self._names, self._system = names, system
        # A module that is loaded already is never looked for, so ``import`` itself is watched.
        import builtins

        self._import = builtins.__import__
        builtins.__import__ = self._checked  # type: ignore[assignment]

    def _checked(self, name: str, *rest: Any, **named: Any) -> ModuleType:
        if name in self._names and callers.direct(1):
            raise self._error(name)
        return self._import(name, *rest, **named)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Refuse what ``importlib.import_module`` looks for."""
        if name in self._names and callers.acting(1):
            raise self._error(name)
        return None

    def _error(self, name: str) -> ModuleNotFoundError:
        return ModuleNotFoundError(f"No module named {name!r} (on emulated {self._system})")


def _take(module: ModuleType, names: list[str], given: Mapping[str, Any], system: str) -> None:
    """Let a module lack names for our code, and have others."""
    taken = {name: vars(module).pop(name) for name in names if name in vars(module)}
    # Names that the module got from its C part are functions of one, and of the other.
    before = vars(module).get("__getattr__")

    def answer(name: str) -> Any:
        ours = callers.direct(1)
        if name in given and ours:
            return given[name]
        if name in taken and not ours:
            return taken[name]
        if before is not None:
            return before(name)
        where = f" (on emulated {system})" if name in taken else ""
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}{where}")

    vars(module)["__getattr__"] = answer


def _sockets_only(true: Any) -> Any:
    def select(*arguments: Any) -> Any:
        if callers.direct(1):
            for each in (each for group in arguments[:3] for each in group):
                if not isinstance(each, socket.socket):
                    raise OSError(
                        10038, "An operation was attempted on something that is no socket"
                    )
        return true(*arguments)

    return select
