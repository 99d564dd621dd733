"""What the tests of all parts share."""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, runs
from core.settings import forget_settings

# As the worker and the command line do: TensorFlow's notes on the machine are not results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# As a background task does: on a busy machine, threads that wait for each other take ten times as
# long. Read when scikit-learn is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Data sets are unpacked once, not again for the home of each test.
os.environ.setdefault("ATELIER_CACHE", str(Path(tempfile.gettempdir()) / "atelier-test-data"))


# Minutes each: they run other tests once more.
LONGEST = ("systems/test_windows.py", "systems/test_macos.py")

# What ``make quick`` leaves out, beside the browser and single tests marked slow: files whose tests
# start processes, train, or wait for what other processes do. Each takes more than ten seconds.
SLOW = {
    "core/test_apart.py",
    "core/test_cifar10.py",
    "core/test_class_handins.py",
    "core/test_class_seal.py",
    "core/test_classroom_hard.py",
    "core/test_command_line.py",
    "core/test_evaluation_worker.py",
    "core/test_export.py",
    "core/test_export_models.py",
    "core/test_export_page.py",
    "core/test_export_report.py",
    "core/test_export_script.py",
    "core/test_gpus.py",
    "core/test_inference.py",
    "core/test_limits.py",
    "core/test_local_backend.py",
    "core/test_loop.py",
    "core/test_pretrain.py",
    "core/test_pretraining.py",
    "core/test_queue_scale.py",
    "core/test_ray_backend.py",
    "core/test_resume.py",
    "core/test_run_zip.py",
    "core/test_shared_runs.py",
    "core/test_snapshots.py",
    "core/test_stack_training.py",
    "core/test_steps.py",
    "core/test_tasks.py",
    "core/test_unfinished.py",
    "core/test_worker.py",
    "hostile/test_decoding.py",
    "hostile/test_full_disk.py",
    "hostile/test_images.py",
    "hostile/test_kills.py",
    "hostile/test_run_zips.py",
    "hostile/test_sources.py",
    "pages/test_evaluate_mistakes.py",
    "pages/test_train_page.py",
    "systems/test_emulation.py",
    *LONGEST,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, and put the longest first.

    Where files are tested side by side, none of them is then left alone at the end.
    """
    names = {item: item.path.relative_to(Path(__file__).parent).as_posix() for item in items}
    for item, name in names.items():
        if name in SLOW:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: (names[item] not in LONGEST, names[item] not in SLOW))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test a folder of its own for all that the app writes, which does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ATELIER_HOME", str(folder))
    forget_settings()
    yield folder
    forget_settings()
    # What a test opened in its home is not the next one's.
    used = sys.modules.get("core.classroom.database")
    database = used.use(None) if used else None
    if database is not None:
        database.close()


@pytest.fixture
def only_bundled() -> Iterator[Callable[[dict[str, Path]], None]]:
    """Return a function that takes the folders of other bundled runs, and no others, by id."""
    usual = dict(runs.BUNDLED_FOLDERS)

    def only_bundled(folders: dict[str, Path]) -> None:
        runs.BUNDLED_FOLDERS.clear()
        runs.BUNDLED_FOLDERS.update(folders)

    yield only_bundled
    only_bundled(usual)  # in their order, which counts


@pytest.fixture(scope="session")
def picture() -> bytes:
    """Return a test image as a shop would show it, large and dark on white, as a PNG."""
    image = datasets.load("fashion-mnist", "test").images[1, ..., 0]
    file = io.BytesIO()
    Image.fromarray(255 - np.kron(image, np.ones((16, 16), np.uint8))).save(file, "PNG")
    return file.getvalue()
