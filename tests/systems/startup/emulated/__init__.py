"""This Linux behaves like Windows or macOS towards our code, so that tests notice what would fail.

``ATELIER_TEST_SYSTEM`` says which: ``windows`` or ``macos``; ``sitecustomize`` switches it on in
every process. Our code is ``core``, ``pages``, ``benchmarks``, ``streamlit_app.py``, the tests and
what ``python -c`` gets. Libraries and the standard library see Linux as it is: they have their
own code for each system, and Linux has only the one for Linux. So ``filelock`` holds its real lock,
which ends with its process as the one on Windows does, and ``psutil`` reads ``/proc``.

What our code meets on **windows**

- ``sys.platform`` is ``win32`` and ``os.name`` is ``nt``.
- ``fcntl``, ``resource``, ``pwd``, ``grp`` and other modules of Unix cannot be imported.
- ``os``, ``signal``, ``select``, ``time`` and ``socket`` lack what Windows lacks. ``select`` takes
  sockets only.
- ``/proc``, ``/sys`` and ``/dev`` are not there, also not through ``pathlib``.
- A file that any Python process on this machine has open or mapped cannot be replaced, renamed or
  removed; nor can the folder that it is in, or that is some process's working folder. Nor can a
  file that must not be written. ``rename`` replaces nothing. A folder cannot be opened.
- Names that Windows refuses (``a:b``, ``what?``, ``CON``, ``nul.txt``, ``end.``) and paths of 260
  characters cannot be opened or made.
- Text files without an encoding are in Windows-1252, and lines that are written end with CR LF. So
  does what a child process prints.
- Of ``subprocess.Popen``: ``start_new_session``, ``preexec_fn`` and ``pass_fds`` are refused (the
  first is ignored on the real system, which hides the mistake), ``creationflags`` are taken. A
  process that is asked to end is killed, and a killed one has the code 1.
- Writing to a pipe that nobody reads is ``EINVAL``.
- ``psutil`` has priority classes instead of numbers, and its ``boot_time`` is not twice the same.

What it meets on **macos**

- ``sys.platform`` is ``darwin``; ``/proc`` and ``/sys`` are not there.
- ``os`` lacks what macOS lacks. ``RLIMIT_AS`` cannot be set. ``psutil`` has no ``cpu_affinity``,
  and its ``boot_time`` moves with the clock.

What is **not** emulated, and so only the real systems show: disks that do not tell upper from lower
case, ``\\`` and drive letters in paths, links that need a right, when NTFS notes a folder's time,
the virus scanner that opens what was just written, how fast processes start, modules that only
Windows has (``msvcrt``), how a console passes Ctrl-C on, and the wheels of the libraries.
"""

from emulated import absent, files, libraries, processes


def switch_on(system: str) -> None:
    """Behave like a system from now on, for the rest of this process.

    Args:
        system: ``windows`` or ``macos``.

    Raises:
        ValueError: it is neither.
    """
    if system not in ("windows", "macos"):
        raise ValueError(f"ATELIER_TEST_SYSTEM is {system!r}, but must be windows or macos")
    absent.take(system)
    files.behave(system)
    libraries.behave(system)
    if system == "windows":
        processes.behave()
