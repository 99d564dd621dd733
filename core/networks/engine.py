"""The networks that this process has loaded, shared by all who ask (TF when called).

Whether pages ask here or a process of its own says ``core.networks.place``.
"""

import gc
import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from core.errors import ModelUnavailable
from core.networks.models import Model, find, unusable
from core.networks.network import Network
from core.processes.loading import all_kept
from core.runs import BUNDLED

KEPT = 4  # loaded networks; the one unused for longest goes first


@dataclass(frozen=True)
class EngineState:
    """How far the engine is.

    Attributes:
        phase: ``"cold"``, ``"loading"``, ``"ready"`` or ``"failed"``; ``"resting"`` when the
            process that asks has ended, and begins again with the next wish.
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


@dataclass
class _Engine:
    """What this process has loaded; ``lock`` is for ``state``, ``loading`` for ``networks``."""

    state: EngineState = field(default_factory=EngineState)
    networks: "OrderedDict[tuple[str, int], Network]" = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    loading: threading.Lock = field(default_factory=threading.Lock)


_engine = _Engine()


def load(model: Model) -> Network:
    """Return the loaded network, from memory if it was asked for lately.

    Raises:
        ModelUnavailable: the file is missing or damaged.
    """
    try:
        key = (str(model.path), model.path.stat().st_mtime_ns)
    except OSError as error:
        raise ModelUnavailable(unusable(model.run, "is missing")) from error
    # One lock for all: two visitors who ask for the same network must not load it twice.
    with _engine.loading:
        network = _engine.networks.get(key)
        if network is None:
            network = _engine.networks[key] = _loaded(model)
            while len(_engine.networks) > KEPT:
                _engine.networks.popitem(last=False)
        _engine.networks.move_to_end(key)
        return network


def state() -> EngineState:
    """Return how far ``warm`` is; takes no time."""
    return _engine.state


def warm() -> None:
    """Start loading TensorFlow and the bundled model in the background; returns at once.

    Nothing happens while that goes on or is done; after a failure it is tried again.
    """
    with _engine.lock:
        if _engine.state.phase in ("loading", "ready"):
            return
        _engine.state = EngineState("loading", begun=time.monotonic())
    threading.Thread(target=warm_now, name="inference", daemon=True).start()


def warm_now() -> None:
    """Load TensorFlow and the bundled model, and return when that is done or has failed."""
    begun = time.monotonic()
    _engine.state = EngineState("loading", begun=begun)
    try:
        load(find(BUNDLED))
        # TensorFlow's million objects stay for ever: the garbage collector need not look at them.
        gc.freeze()
    except (ModelUnavailable, ImportError, OSError, MemoryError) as error:
        _engine.state = EngineState("failed", time.monotonic() - begun, str(error))
        return
    _engine.state = EngineState("ready", time.monotonic() - begun)


def begin(state: EngineState | None = None) -> None:
    """Say how far the engine is: cold, as on a fresh server. What is loaded stays.

    For tests, and for programs that load TensorFlow by themselves.
    """
    _engine.state = state or EngineState()


def forget() -> None:
    """Let go of all loaded networks."""
    with _engine.loading:
        _engine.networks.clear()


def _loaded(model: Model) -> Network:
    # One answer needs little; the cores belong to training. Read when TensorFlow starts.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with all_kept():
        import keras

    # Streamlit calls this after every script run where Keras is loaded. It would collect all
    # garbage, and clear Keras's state under a network that another thread is loading.
    keras.backend.clear_session = lambda free_memory=True: None
    network = Network(model)
    network.probabilities(np.zeros((1, *model.dataset.shape), np.uint8))  # compiles it
    return network
