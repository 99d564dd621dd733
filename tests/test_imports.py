"""The rules of the map: imports go one way, and TensorFlow loads only where it is announced."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT

# A package of core imports those before it and none after it.
ORDER = (
    "errors",
    "machine",
    "settings",
    "processes",
    "files",
    "words",
    "datasets",
    "architectures",
    "runs",
    "networks",
    "training",
    "jobs",
    "imaging",
    "classify",
    "evaluation",
    "analysis",
    "tasks",
    "bundled",
    "classroom",
    "export",
    "__main__",
)
# What core may import besides the standard library.
LIBRARIES = {"numpy", "PIL", "cv2", "sklearn", "scipy", "keras", "tensorflow", "psutil", "filelock"}
LIBRARIES |= {"segno", "sqlalchemy", "tomli_w", "h5py", "nbformat", "pillow_heif"}
TENSORFLOW = {"keras", "tensorflow"}


def modules(folder: str) -> list[str]:
    """Return the names of the modules below a folder; a package is the module in its __init__."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names]


def source(module: str) -> tuple[Path, str]:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path, path.read_text(encoding="utf-8")


def imports(code: str, package: str = "", *, top_level: bool = False) -> set[str]:
    """Return the dotted names that ``code`` imports, those inside functions included.

    ``from a import b`` counts as ``a.b``, as ``b`` may be a module.
    """
    tree = ast.parse(code)
    found = set()
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of(module: str) -> set[str]:
    path, code = source(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return imports(code, package)


def loads_tensorflow(module: str) -> bool:
    """Tell whether the module's docstring announces that importing it imports TensorFlow."""
    return bool(re.search(r"\(TF[:)]", ast.get_docstring(ast.parse(source(module)[1])) or ""))


def loaded_by(names: list[str], then: str = "") -> set[str]:
    """Return the top-level modules that a fresh Python has after importing ``names``.

    ``then`` is what it does before it looks.
    """
    code = f"import sys, {', '.join(names)}; {then or 0}"
    code += "; print(*(name.split('.')[0] for name in sys.modules))"
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    return set(process.stdout.split())


CORE = modules("core")
VIEWS, WIDGETS = modules("pages/views"), modules("pages/widgets")
SESSION, WORDS = modules("pages/session"), modules("pages/words")
ROOMS = [*VIEWS, *WIDGETS, *SESSION, *WORDS]
PAGES = sorted({*modules("pages")} - {*ROOMS})
ANNOUNCED = [name for name in CORE if loads_tensorflow(name)]
WITHOUT_TENSORFLOW = sorted({*CORE} - {*ANNOUNCED})


def test_imports_inside_functions_and_relative_ones_are_seen():
    code = "import a.b\ndef f():\n from core import jobs\n from . import c\n from ..d import e"
    assert imports(code, "x.y") == {"a.b", "core.jobs", "x.y.c", "x.d.e"}


@pytest.mark.parametrize("module", CORE)
def test_core_imports_upwards_only(module):
    package = [*module.split("."), ""][1]
    assert package in ("", *ORDER), f"core.{package} is not in the map: give it its place there"
    allowed = ORDER[: ORDER.index(package) + 1] if package else ()
    used = {name.split(".")[1] for name in imports_of(module) if name.startswith("core.")}
    assert used <= set(allowed)


@pytest.mark.parametrize("module", CORE)
def test_core_imports_no_streamlit_and_no_page(module):
    used = {name.split(".")[0] for name in imports_of(module)}
    # Ray, from requirements-cluster.txt, is only ever in a program of its own.
    special = {"ray"} if module == "core.jobs.ray_driver" else set()
    # Streamlit brings it, and without it a sentence says so.
    special |= {"pyarrow"} if module == "core.datasets.sources.parquet" else set()
    # From requirements-postgres.txt, and without it a sentence says so.
    special |= {"psycopg"} if module == "core.classroom.database" else set()
    # From requirements-analysis.txt, and only ever inside functions of the analyse command.
    special |= {"umap", "cleanlab"} if module.startswith("core.analysis") else set()
    # From requirements-export.txt, and without them a sentence says so.
    special |= {"onnxruntime", "ai_edge_litert"} if module == "core.export.model_files" else set()
    assert used <= LIBRARIES | set(sys.stdlib_module_names) | {"core"} | special


def used_of_pages(module: str) -> set[str]:
    """Return what a module imports of the pages."""
    return {name for name in imports_of(module) if name.split(".")[0] in ("pages", "streamlit_app")}


def within(names: set[str], *rooms: str) -> bool:
    return all(f"{name}.".startswith(tuple(f"pages.{room}." for room in rooms)) for name in names)


@pytest.mark.parametrize("module", WORDS)
def test_words_import_words_alone(module):
    assert within(used_of_pages(module), "words")


@pytest.mark.parametrize("module", [*WIDGETS, *SESSION])
def test_widgets_and_session_import_each_other_and_words(module):
    assert within(used_of_pages(module), "widgets", "session", "words"), used_of_pages(module)


@pytest.mark.parametrize("module", VIEWS)
def test_a_view_imports_no_page_and_no_view_of_another_page(module):
    own = ".".join(module.split(".")[1:3])
    assert within(used_of_pages(module), own, "widgets", "session", "words"), used_of_pages(module)


@pytest.mark.parametrize("module", PAGES)
def test_a_page_imports_its_own_views_and_no_other_page(module):
    own = f"views.{module.rpartition('.')[2]}"
    assert within(used_of_pages(module), own, "widgets", "session", "words"), used_of_pages(module)


# Who knows which system this is. All others call them, and do the same on every system.
SYSTEM = ("core.processes", "core.files", "core.machine")
NOT_EVERYWHERE = """
subprocess filelock fcntl resource select selectors pwd grp pty termios tty msvcrt winreg ctypes
"""
# Of ``os`` and ``sys``: what tells systems apart, or lacks on one of them.
OF_SYSTEM = """
platform name uname nice fork kill killpg setsid getuid geteuid getgid chown statvfs sysconf
sched_getaffinity getloadavg mkfifo readv writev set_blocking pipe2 O_NOFOLLOW O_NONBLOCK O_CLOEXEC
O_DIRECTORY O_BINARY O_NOINHERIT symlink link fchmod fdatasync
"""
EVERY_SIGNAL = {"SIGINT", "SIGTERM"}


def of_system(code: str) -> set[str]:
    """Return what code uses that is not the same on every system."""
    found = {name.split(".")[0] for name in imports(code)} & set(NOT_EVERYWHERE.split())
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} if node.value.startswith(("/proc", "/sys/", "/dev/")) else set()
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        module, name = node.value.id, node.attr
        if module in ("os", "sys") and name in OF_SYSTEM.split():
            found.add(f"{module}.{name}")
        if module == "signal" and name.startswith("SIG") and name not in EVERY_SIGNAL:
            found.add(f"{module}.{name}")
    return found


def test_what_differs_between_systems_is_seen():
    code = "import os, signal, fcntl\nopen('/proc/stat')\nos.nice(os.O_RDONLY)\nsignal.SIGKILL"
    assert of_system(code) == {"fcntl", "/proc/stat", "os.nice", "signal.SIGKILL"}
    assert all(of_system(source(module)[1]) for module in ("core.processes.child", "core.files"))


@pytest.mark.parametrize("module", [*CORE, *PAGES, *ROOMS, "streamlit_app"])
def test_few_modules_know_which_system_this_is(module):
    """CONTRIBUTING.md says where what differs belongs."""
    if not f"{module}.".startswith(tuple(f"{each}." for each in SYSTEM)):
        assert not of_system(source(module)[1])


@pytest.mark.parametrize("module", [*PAGES, *ROOMS, "streamlit_app"])
def test_pages_leave_tensorflow_to_core(module):
    for name in imports_of(module):
        assert name.split(".")[0] not in TENSORFLOW
        assert not {name, name.rpartition(".")[0]} & set(ANNOUNCED)


@pytest.mark.parametrize("module", ANNOUNCED)
def test_an_announced_import_of_tensorflow_is_there(module):
    direct = {name.split(".")[0] for name in imports(source(module)[1], top_level=True)}
    assert direct & TENSORFLOW


def test_importing_core_loads_neither_tensorflow_nor_streamlit():
    assert {"core.training.worker", "core.networks.engine", "core.__main__"} <= set(
        WITHOUT_TENSORFLOW
    )
    assert not loaded_by(WITHOUT_TENSORFLOW) & (TENSORFLOW | {"streamlit", "sklearn", "scipy"})


def test_importing_the_rooms_of_the_pages_does_not_load_tensorflow():
    assert all((VIEWS, WIDGETS, SESSION, WORDS))
    assert not loaded_by(ROOMS) & TENSORFLOW


def test_a_server_loads_what_the_first_visitors_would_wait_for():
    assert "sklearn" in loaded_by(["pages.session.web"], "pages.session.web._load()")


def test_streamlit_loads_plotly_itself():
    """If it no longer does, modules that draw should import it inside functions."""
    assert "plotly" in loaded_by(["streamlit"])
