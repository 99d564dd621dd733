"""Loaded networks, shared by all visitors of a server (TF when called)."""

import gc
import os
import threading
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import ModelUnavailable
from core.networks.inside import look_inside
from core.networks.models import REPAIR, Model, find
from core.networks.unfinished import from_checkpoint
from core.runs import BUNDLED, is_bundled

_KEPT = 4  # loaded networks; the one unused for longest goes first

# Answers are asked for in batches of these sizes, padded: each size is compiled once.
_BATCHES = (1, 8, 64)


@dataclass(frozen=True)
class EngineState:
    """How far the engine is.

    Attributes:
        phase: ``"cold"``, ``"loading"``, ``"ready"`` or ``"failed"``.
        seconds: how long loading took; 0 before its end.
        problem: why it failed, as a sentence.
        begun: when loading began, by ``time.monotonic``.
    """

    phase: str = "cold"
    seconds: float = 0.0
    problem: str | None = None
    begun: float = 0.0

    def seconds_now(self) -> float:
        """Return how long loading took, or has taken so far."""
        return time.monotonic() - self.begun if self.phase == "loading" else self.seconds


class Network:
    """A loaded network; asking it is safe from any thread.

    Attributes:
        model: which it is.
        inside: what it works out on the way; hold ``lock`` while asking that.
    """

    def __init__(self, model: Model) -> None:
        """Load the file and compile it for the batch sizes.

        Raises:
            ModelUnavailable: the file is missing or damaged.
        """
        # One answer needs little; the cores belong to training. Read when TensorFlow starts.
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras
        import tensorflow as tf

        # Streamlit calls this after every script run where Keras is loaded. It would collect all
        # garbage, and clear Keras's state under a network that another thread is loading.
        keras.backend.clear_session = lambda free_memory=True: None
        self.model = model
        self.inside = look_inside(load_file(model))
        self.lock = threading.Lock()
        self._answer: Callable[[Any], Any] = tf.function(
            lambda pixels: self.inside.hidden(pixels, training=False), reduce_retracing=True
        )
        self.probabilities(np.zeros((1, *model.dataset.shape), np.uint8))

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return float32 probabilities (n, classes) for uint8 images (n, height, width, channels).

        Raises:
            ValueError: the images do not have the shape that the network was trained on.
        """
        return self.ask(images)[0]

    def ask(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities, as above, and the last hidden layer, float32 (n, features).

        Raises:
            ValueError: the images do not have the shape that the network was trained on.
        """
        if images.shape[1:] != self.model.dataset.shape:
            raise ValueError(f"images of {self.model.dataset.shape}, got {images.shape[1:]}")
        parts = [[np.zeros((0, shape[1]), np.float32)] for shape in self.inside.hidden.output_shape]
        start = 0
        while start < len(images):
            left = len(images) - start
            size = next((size for size in _BATCHES if size >= left), _BATCHES[-1])
            part = images[start : start + size].astype(np.float32)
            padded = np.zeros((size, *part.shape[1:]), np.float32)
            padded[: len(part)] = part
            with self.lock:
                for found, told in zip(parts, self._answer(padded), strict=True):
                    found.append(np.asarray(told)[: len(part)])
            start += size
        probabilities, hidden = (np.concatenate(found) for found in parts)
        return probabilities, hidden


_networks: OrderedDict[tuple[str, int], Network] = OrderedDict()
_lock = threading.Lock()
_state = EngineState()
_started = threading.Event()


def load(model: Model) -> Network:
    """Return the loaded network, from memory if it was asked for lately.

    Raises:
        ModelUnavailable: the file is missing or damaged.
    """
    try:
        key = (str(model.path), model.path.stat().st_mtime_ns)
    except OSError as error:
        raise ModelUnavailable(_unusable(model, "it is missing")) from error
    # One lock for all: two visitors who ask for the same model must not load it twice.
    with _lock:
        network = _networks.get(key)
        if network is None:
            network = _networks[key] = Network(model)
            while len(_networks) > _KEPT:
                _networks.popitem(last=False)
        _networks.move_to_end(key)
        return network


def warm() -> None:
    """Start loading TensorFlow and the bundled model in the background; returns at once.

    Only the first call does anything, unless loading failed.
    """
    if not _started.is_set():
        _started.set()
        threading.Thread(target=_warm, name="inference", daemon=True).start()


def state() -> EngineState:
    """Return how far ``warm`` is; takes no time."""
    return _state


def _warm() -> None:
    global _state
    begun = time.monotonic()
    _state = EngineState("loading", begun=begun)
    try:
        load(find(BUNDLED))
        # The Evaluate page needs it, and it takes a second.
        import sklearn.metrics  # noqa: F401

        # TensorFlow's million objects stay for ever: the garbage collector need not look at them.
        gc.freeze()
    except (ModelUnavailable, ImportError, OSError, MemoryError) as error:
        _state = EngineState("failed", time.monotonic() - begun, str(error))
        _started.clear()
        return
    _state = EngineState("ready", time.monotonic() - begun)


def load_file(model: Model) -> Any:
    """Return the Keras model in a file, for a program that asks it by itself.

    Raises:
        ModelUnavailable: the file is missing or damaged.
    """
    import keras

    if model.path.suffix == ".npz":
        return from_checkpoint(model.path, model.run)
    try:
        # Only files that this app wrote come here, and even they may hold no code.
        return keras.models.load_model(model.path, compile=False, safe_mode=True)
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ModelUnavailable(_unusable(model, "it cannot be read")) from error


def _unusable(model: Model, what: str) -> str:
    way_out = REPAIR if is_bundled(model.run) else "Choose another, or train it again."
    return f"The model of {model.run} is of no use: {what}. {way_out}"
