"""What the tests of all parts share."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.settings import forget_settings

# As the worker and the command line do: TensorFlow's notes on the machine are not results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# As a background task does: on a busy machine, threads that wait for each other take ten times as
# long. Read when scikit-learn is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test a folder of its own for all that the app writes, which does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ATELIER_HOME", str(folder))
    forget_settings()
    yield folder
    forget_settings()


@pytest.fixture(scope="session")
def picture() -> bytes:
    """Return a test image as a shop would show it, large and dark on white, as a PNG."""
    image = datasets.load("fashion-mnist", "test").images[1, ..., 0]
    file = io.BytesIO()
    Image.fromarray(255 - np.kron(image, np.ones((16, 16), np.uint8))).save(file, "PNG")
    return file.getvalue()
